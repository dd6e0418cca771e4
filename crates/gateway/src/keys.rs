//! The gateway's own keys: made on the first start, kept sealed in the database, read by every gateway.
//!
//! Of each purpose several may be alive: the newest active one is in use, older ones stay so that what
//! they signed is still known. Rotating is adding one. Nothing here is ever printed but public keys.

use std::sync::{Arc, PoisonError, RwLock};

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
    /// A new key cannot be made while another one waits.
    #[error("a new key is waiting to take over already; rotate again when it signs")]
    Rotating,
}

/// A replaced key of ours stays alive this long after the new one began to sign: a merchant that has not
/// yet taken over the new one is still answered by the old one.
pub const NOTIFY_OVERLAP_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// A key that signs our token requests at merchants.
pub struct NotifyKey {
    /// Its id.
    pub id: String,
    /// The key.
    pub private: PrivateKey,
    /// Its public half, for merchants who verify our calls.
    pub public: PublicKey,
    /// From when on it signs, in Unix milliseconds of business time.
    pub signs_from_ms: i64,
}

/// The keys in use, and the older ones that are still believed.
pub struct Keys {
    notify: RwLock<Arc<[NotifyKey]>>,
    bank: Arc<PrivateKey>,
    stranger: PublicKey,
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

    /// The keys that sign our token requests at merchants, newest first, as this process last read them;
    /// there is always one. See [`order`] for which signs.
    #[must_use]
    pub fn notify(&self) -> Arc<[NotifyKey]> {
        let keys = self.notify.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    /// The public key that verifies our calls to merchants now, as PEM.
    #[must_use]
    pub fn notify_public_pem(&self, now_ms: i64) -> String {
        let keys = self.notify();
        let signing = order(&keys, now_ms).next();
        signing.map(|key| key.public.to_pem()).unwrap_or_default()
    }

    /// A public key that belongs to nobody who calls: what a stranger's signature is verified with.
    #[must_use]
    pub const fn nobody_public(&self) -> &PublicKey {
        &self.stranger
    }

    /// Reads again what may have been rotated by another process: returns the token keys.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn reread(&self, store: &Store) -> Result<Vec<TokenKey>, KeysError> {
        let alive = gateway_keys::alive(&store.reader()).await?;
        let notify = notify_keys(&alive)?;
        *self.notify.write().unwrap_or_else(PoisonError::into_inner) = notify;
        token_keys(&alive)
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
        let notify = notify_keys(alive)?;
        let bank = rsa(BANK)?;
        let stranger =
            PublicKey::from_pem(&bank.public_key_pem()).map_err(|source| KeysError::Unusable {
                purpose: BANK,
                source,
            })?;
        Ok(Self {
            notify: RwLock::new(notify),
            bank: Arc::new(bank),
            stranger,
            token: token_keys(alive)?,
            derive: DeriveKey::new(&bytes(newest(DERIVE)?, DERIVE)?),
            phone: DeriveKey::new(&bytes(newest(PHONE)?, PHONE)?),
            nobody: Secret::new(entropy.token()),
        })
    }
}

/// The keys in the order in which a token request is signed with them: the newest whose time has come,
/// then those before it, then those whose time is yet to come.
pub fn order(keys: &[NotifyKey], now_ms: i64) -> impl Iterator<Item = &NotifyKey> {
    let ready = move |key: &&NotifyKey| key.signs_from_ms <= now_ms;
    let early = keys.iter().rev().filter(move |key| !ready(key));
    keys.iter().filter(ready).chain(early)
}

/// Adds a key for token requests at merchants, which signs from `after_ms` on, and returns its public
/// half. The one before it stays alive for [`NOTIFY_OVERLAP_MS`] after that.
///
/// # Errors
/// When another one is still waiting to take over, or it cannot be stored.
pub async fn rotate_notify_key(
    store: &Store,
    entropy: &Entropy,
    now_ms: i64,
    after_ms: i64,
) -> Result<PublicKey, KeysError> {
    let alive = notify_keys(&gateway_keys::alive(&store.reader()).await?)?;
    if alive.iter().any(|key| key.signs_from_ms > now_ms) {
        return Err(KeysError::Rotating);
    }
    let mut key = new_key(NOTIFY, next_number(store, NOTIFY).await?, entropy, now_ms).await?;
    key.signs_from_ms = Some(now_ms.saturating_add(after_ms));
    insert(store, &key).await?;
    Ok(notify_key(&key)?.public)
}

/// Retires what was replaced so long ago that nobody can need it: keys for token requests after their
/// overlap, token keys when the longest token that they signed has ended. Returns how many.
///
/// # Errors
/// When it cannot be stored.
pub async fn retire(store: &Store, now_ms: i64, longest_token_ms: i64) -> Result<usize, KeysError> {
    let alive = gateway_keys::alive(&store.reader()).await?;
    let mut retired: usize = 0;
    for (purpose, overlap_ms) in [(NOTIFY, NOTIFY_OVERLAP_MS), (TOKEN, longest_token_ms)] {
        let keys = alive.iter().filter(|key| key.purpose == purpose);
        let keys: Vec<_> = keys.map(|key| (signs_from_ms(key), &key.id)).collect();
        let over = |from_ms: &i64| from_ms.saturating_add(overlap_ms) <= now_ms;
        let Some(in_use) = keys.iter().map(|(from_ms, _)| *from_ms).filter(over).max() else {
            continue;
        };
        for (_, id) in keys.iter().filter(|(from_ms, _)| *from_ms < in_use) {
            let retire = |s: Session| async move {
                gateway_keys::set_state(&s, id, gateway_keys::KeyState::Retired).await
            };
            retired = retired.saturating_add(usize::from(
                store.transact("retire a gateway key", retire).await?,
            ));
        }
    }
    Ok(retired)
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
    let key = new_key(TOKEN, next_number(store, TOKEN).await?, entropy, now_ms).await?;
    insert(store, &key).await?;
    Ok(key.id)
}

/// Every key that ever was has a number of its own.
async fn next_number(store: &Store, purpose: &str) -> Result<usize, KeysError> {
    let all = gateway_keys::all(&store.reader()).await?;
    let so_far = all.iter().filter(|key| key.purpose == purpose).count();
    Ok(so_far.saturating_add(1))
}

fn notify_keys(alive: &[GatewayKey]) -> Result<Arc<[NotifyKey]>, KeysError> {
    let keys = alive.iter().filter(|key| key.purpose == NOTIFY);
    let mut keys = keys.map(notify_key).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        return Err(KeysError::Damaged(NOTIFY));
    }
    keys.sort_by_key(|key| std::cmp::Reverse(key.signs_from_ms));
    Ok(keys.into())
}

fn notify_key(key: &GatewayKey) -> Result<NotifyKey, KeysError> {
    let unusable = |source| KeysError::Unusable {
        purpose: NOTIFY,
        source,
    };
    let private = PrivateKey::from_pem(key.material.expose()).map_err(unusable)?;
    Ok(NotifyKey {
        id: key.id.clone(),
        public: PublicKey::from_pem(&private.public_key_pem()).map_err(unusable)?,
        private,
        signs_from_ms: signs_from_ms(key),
    })
}

fn signs_from_ms(key: &GatewayKey) -> i64 {
    key.signs_from_ms.unwrap_or(key.created_at_ms)
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
        signs_from_ms: None,
    })
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
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
