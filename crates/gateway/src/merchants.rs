//! Merchants as the API needs them: read from the database at most every few seconds, unknown ids too.
//!
//! This cache is why a stranger's request costs no database access: an id is looked up at most once in
//! five seconds, and one address may ask for only so many new ids a second. A change to a merchant is
//! therefore seen by every gateway within five seconds. It must never hold what a payment decides by.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use direct_debit::MerchantId;
use snap::{Case, PublicKey, Refusal, Secret};
use storage::merchant_keys::{self, MerchantKeyState};
use storage::merchants::{self, MerchantSettings, MerchantState};

use crate::app::App;

/// Older entries are not used.
const FRESH_MS: u64 = 5_000;
/// From this age on, one request renews an entry while the others go on using it.
const RENEW_MS: u64 = 3_000;
/// Entries kept; unknown ids make room first.
const ENTRIES: usize = 20_000;

/// A merchant, ready to verify its requests.
#[derive(Debug)]
pub struct Merchant {
    /// The merchant as it is stored.
    pub stored: merchants::Merchant,
    keys: Vec<PublicKey>,
}

/// The merchants of one process.
#[derive(Debug, Default)]
pub struct Merchants {
    entries: Mutex<HashMap<String, Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    merchant: Option<Arc<Merchant>>,
    read_at_ms: u64,
    renewing: bool,
}

impl Merchant {
    /// From what is stored; a public key that cannot be read is left out and reported.
    #[must_use]
    pub fn new(stored: merchants::Merchant, keys: &[merchant_keys::MerchantKey]) -> Self {
        let active = keys
            .iter()
            .filter(|key| key.state == MerchantKeyState::Active);
        let keys = active
            .filter_map(|key| match PublicKey::from_pem(&key.public_key) {
                Ok(key) => Some(key),
                Err(error) => {
                    tracing::error!(merchant = %stored.id, key = key.key_id, %error, "unusable public key");
                    None
                }
            })
            .collect();
        Self { stored, keys }
    }

    /// The client id: X-PARTNER-ID, X-CLIENT-KEY.
    #[must_use]
    pub fn id(&self) -> &str {
        self.stored.id.as_str()
    }

    /// The secret that signs what the merchant sends.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.stored.secret
    }

    /// The secrets that are accepted now: the current one, and the one before while it is rotated.
    pub fn secrets(&self, now_ms: i64) -> impl Iterator<Item = &Secret> {
        let previous = self
            .stored
            .previous_secret
            .as_ref()
            .filter(move |previous| now_ms < previous.until_ms);
        std::iter::once(&self.stored.secret).chain(previous.map(|previous| &previous.secret))
    }

    /// The secret that signs what we send to the merchant.
    #[must_use]
    pub const fn notification_secret(&self) -> &Secret {
        &self.stored.inbound_secret
    }

    /// Its active public keys.
    #[must_use]
    pub fn public_keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Tokens of another epoch are dead.
    #[must_use]
    pub const fn epoch(&self) -> i64 {
        self.stored.epoch
    }

    /// What it has its own way.
    #[must_use]
    pub const fn settings(&self) -> &MerchantSettings {
        &self.stored.settings
    }

    /// Whether only the documented forms are accepted.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.stored.settings.strict
    }

    /// URL schemes besides https that customers may be sent back to.
    #[must_use]
    pub fn url_schemes(&self) -> &[String] {
        &self.stored.settings.allowed_url_schemes
    }

    /// Its own limit of requests a second.
    #[must_use]
    pub const fn own_rate(&self) -> Option<u32> {
        self.stored.settings.requests_per_second
    }
}

impl Merchants {
    /// The active merchant with this id, at most five seconds old; `None` for unknown and disabled ones.
    ///
    /// # Errors
    /// Too Many Requests when `address` asks for too many ids that are not cached; 500 01 when the
    /// database does not answer.
    pub async fn find(
        &self,
        app: &App,
        id: &str,
        address: IpAddr,
    ) -> Result<Option<Arc<Merchant>>, Refusal> {
        let now_ms = app.clock.monotonic_ms();
        match self.cached(id, now_ms) {
            Cached::Fresh(merchant) => return Ok(merchant),
            Cached::Renew => {}
            // An id never seen, or not of a merchant: only so many of these may cost a look-up.
            Cached::Unknown if app.limits.lookup(address) => {}
            Cached::Unknown => return Err(Refusal::new(Case::TooManyRequests)),
        }
        match read(app, id).await {
            Ok(merchant) => {
                self.keep(id, merchant.clone(), now_ms);
                Ok(merchant)
            }
            Err(error) => {
                self.not_renewed(id);
                tracing::error!(merchant = id, %error, "a merchant could not be read");
                Err(Refusal::new(Case::InternalServerError))
            }
        }
    }

    /// Forgets everything: the next look-up sees what this process has just changed.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn cached(&self, id: &str, now_ms: u64) -> Cached {
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(id) else {
            return Cached::Unknown;
        };
        let age_ms = now_ms.saturating_sub(entry.read_at_ms);
        if age_ms >= FRESH_MS {
            return if entry.merchant.is_some() {
                Cached::Renew
            } else {
                Cached::Unknown
            };
        }
        if age_ms >= RENEW_MS && entry.merchant.is_some() && !entry.renewing {
            entry.renewing = true;
            return Cached::Renew;
        }
        Cached::Fresh(entry.merchant.clone())
    }

    fn keep(&self, id: &str, merchant: Option<Arc<Merchant>>, read_at_ms: u64) {
        let mut entries = self.lock();
        if entries.len() >= ENTRIES && !entries.contains_key(id) {
            entries.retain(|_, entry| entry.merchant.is_some());
            if entries.len() >= ENTRIES {
                entries.clear();
            }
        }
        entries.insert(
            id.to_owned(),
            Entry {
                merchant,
                read_at_ms,
                renewing: false,
            },
        );
    }

    fn not_renewed(&self, id: &str) {
        if let Some(entry) = self.lock().get_mut(id) {
            entry.renewing = false;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Cached {
    Fresh(Option<Arc<Merchant>>),
    Renew,
    Unknown,
}

async fn read(app: &App, id: &str) -> Result<Option<Arc<Merchant>>, storage::Error> {
    // No client id is longer or holds anything else; such a text need not be looked up.
    if id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(None);
    }
    let (session, id) = (app.store.reader(), MerchantId::new(id));
    let Some(stored) = merchants::by_id(&session, &id).await? else {
        return Ok(None);
    };
    if stored.state != MerchantState::Active {
        return Ok(None);
    }
    let keys = merchant_keys::of_merchant(&session, &id).await?;
    Ok(Some(Arc::new(Merchant::new(stored, &keys))))
}
