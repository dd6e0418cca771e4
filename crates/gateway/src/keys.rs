//! The gateway's own keys: made on the first start, kept sealed in the database, read by every gateway.
//!
//! Of each purpose several may be alive: the newest active one is in use, older ones stay so that what
//! they signed is still known. Rotating is adding one. Nothing here is ever printed but public keys.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use snap::{KeyError, PrivateKey, PublicKey, Secret};
use storage::gateway_keys::{self, GatewayKey, KeyState};
use storage::{Session, Store};

use crate::derive::DeriveKey;
use crate::entropy::Entropy;
use crate::tokens::TokenKey;

/// Signs our token requests at merchants.
const NOTIFY: &str = "notify";
/// Signs our token requests at banks that have no key of their own in the configuration.
const BANK: &str = "bank";
/// Signs access tokens.
const TOKEN: &str = "token";
/// Derives page ids, authCodes and states.
const DERIVE: &str = "derive";
/// Hashes phone numbers for look-ups.
const PHONE: &str = "phone";

const PURPOSES: [&str; 5] = [NOTIFY, BANK, TOKEN, DERIVE, PHONE];

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database failed.
    #[error("the gateway's keys cannot be read or stored")]
    Store(#[from] storage::Error),
    /// A key could not be made or read.
    #[error("the gateway's {purpose} key is unusable")]
    Unusable {
        /// What the key is for.
        purpose: &'static str,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A key is not there although it was just stored, or is not what was stored.
    #[error("the gateway's {0} key is missing or damaged")]
    Damaged(&'static str),
}

/// The keys in use, and the older ones that are still believed.
pub struct Keys {
    notify: Arc<PrivateKey>,
    bank: Arc<PrivateKey>,
    notify_public: PublicKey,
    token: Vec<TokenKey>,
    derive: DeriveKey,
    phone: DeriveKey,
    nobody: Secret,
}

impl Keys {
    /// Reads the keys, making those that are missing first. Gateways that start at the same moment agree:
    /// whoever stores a key first has made it.
    ///
    /// # Errors
    /// When the database fails or a key is unusable.
    pub async fn load(store: &Store, entropy: &Entropy, now_ms: i64) -> Result<Self, KeysError> {
        let stored = gateway_keys::alive(&store.reader()).await?;
        for purpose in PURPOSES {
            if !stored.iter().any(|key| key.purpose == purpose) {
                insert(store, &new_key(purpose, 1, entropy, now_ms).await?).await?;
            }
        }
        Self::from_stored(&gateway_keys::alive(&store.reader()).await?, entropy)
    }

    /// The key that signs our token requests at merchants.
    #[must_use]
    pub fn notify(&self) -> &Arc<PrivateKey> {
        &self.notify
    }

    /// Its public half, for merchants who verify our calls.
    #[must_use]
    pub const fn notify_public(&self) -> &PublicKey {
        &self.notify_public
    }

    /// The key that signs our token requests at banks.
    #[must_use]
    pub fn bank(&self) -> &Arc<PrivateKey> {
        &self.bank
    }

    /// The keys of access tokens, as they were at the start.
    #[must_use]
    pub fn token(&self) -> &[TokenKey] {
        &self.token
    }

    /// Derives page ids, authCodes and states.
    #[must_use]
    pub const fn derive(&self) -> &DeriveKey {
        &self.derive
    }

    /// The hash under which a phone number is looked up.
    #[must_use]
    pub fn phone_hash(&self, phone_no: &str) -> String {
        crate::derive::keyed_hash(&self.phone, PHONE, phone_no)
    }

    /// A secret that belongs to nobody: what a stranger's signature is compared under.
    #[must_use]
    pub const fn nobody_secret(&self) -> &Secret {
        &self.nobody
    }

    fn from_stored(alive: &[GatewayKey], entropy: &Entropy) -> Result<Self, KeysError> {
        let newest = |purpose: &'static str| {
            let mut keys = alive
                .iter()
                .filter(|key| key.purpose == purpose && key.state == KeyState::Active);
            keys.next().ok_or(KeysError::Damaged(purpose))
        };
        let rsa = |purpose: &'static str| {
            PrivateKey::from_pem(newest(purpose)?.material.expose())
                .map_err(|source| KeysError::Unusable { purpose, source })
        };
        let notify = rsa(NOTIFY)?;
        let notify_public = PublicKey::from_pem(&notify.public_key_pem()).map_err(|source| {
            KeysError::Unusable {
                purpose: NOTIFY,
                source,
            }
        })?;
        Ok(Self {
            notify: Arc::new(notify),
            bank: Arc::new(rsa(BANK)?),
            notify_public,
            token: token_keys(alive)?,
            derive: DeriveKey::new(&bytes(newest(DERIVE)?, DERIVE)?),
            phone: DeriveKey::new(&bytes(newest(PHONE)?, PHONE)?),
            nobody: Secret::new(entropy.token()),
        })
    }
}

/// The keys of access tokens as they are now: those that every gateway should go on with.
///
/// # Errors
/// When they cannot be read.
pub async fn reread_token_keys(store: &Store) -> Result<Vec<TokenKey>, KeysError> {
    token_keys(&gateway_keys::alive(&store.reader()).await?)
}

/// Adds a token key and tells its id. It signs from a minute later on, when every gateway knows it; the
/// older ones are believed until they are retired.
///
/// # Errors
/// When it cannot be stored.
pub async fn rotate_token_key(
    store: &Store,
    entropy: &Entropy,
    now_ms: i64,
) -> Result<String, KeysError> {
    let all = gateway_keys::all(&store.reader()).await?;
    let number = all
        .iter()
        .filter(|key| key.purpose == TOKEN)
        .count()
        .saturating_add(1);
    let key = new_key(TOKEN, number, entropy, now_ms).await?;
    insert(store, &key).await?;
    Ok(key.id)
}

fn token_keys(alive: &[GatewayKey]) -> Result<Vec<TokenKey>, KeysError> {
    let keys = alive.iter().filter(|key| key.purpose == TOKEN);
    keys.map(|key| {
        Ok(TokenKey {
            id: key.id.clone(),
            secret: bytes(key, TOKEN)?,
            signs: key.state == KeyState::Active,
            made_at_ms: key.created_at_ms,
        })
    })
    .collect()
}

fn bytes(key: &GatewayKey, purpose: &'static str) -> Result<Vec<u8>, KeysError> {
    STANDARD
        .decode(key.material.expose())
        .map_err(|_| KeysError::Damaged(purpose))
}

/// Stores a key, unless another gateway stored it first.
async fn insert(store: &Store, key: &GatewayKey) -> Result<(), storage::Error> {
    let insert = |s: Session| {
        let key = key.clone();
        async move { gateway_keys::insert(&s, &key).await.map(drop) }
    };
    store.transact("gateway key", insert).await
}

async fn new_key(
    purpose: &'static str,
    number: usize,
    entropy: &Entropy,
    now_ms: i64,
) -> Result<GatewayKey, KeysError> {
    Ok(GatewayKey {
        id: format!("{purpose}-{number}"),
        purpose: purpose.to_owned(),
        material: make(purpose, entropy.clone()).await?,
        state: KeyState::Active,
        created_at_ms: now_ms,
    })
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys")
            .field("notify", &self.notify_public.fingerprint())
            .finish_non_exhaustive()
    }
}

/// A new key of this purpose as the text that is stored.
async fn make(purpose: &'static str, entropy: Entropy) -> Result<Secret, KeysError> {
    if purpose != NOTIFY && purpose != BANK {
        return Ok(Secret::new(STANDARD.encode(entropy.bytes::<32>())));
    }
    // Making an RSA key takes a while; other work goes on meanwhile.
    let made = tokio::task::spawn_blocking(PrivateKey::generate).await;
    let key = made
        .map_err(|_| KeysError::Damaged(purpose))?
        .map_err(|source| KeysError::Unusable { purpose, source })?;
    Ok(key.to_pkcs8_pem())
}
