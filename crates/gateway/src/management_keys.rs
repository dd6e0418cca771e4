//! The operators' keys: made, and recognised in requests.
//!
//! A key is `gbk_{id}_{secret}`; the database holds the hash of the secret. All keys are read at once and
//! at most once a second, so that strangers who guess cost nothing. A new key is known to every gateway
//! within a second of its first use, a revoked one refused within five.

use aws_lc_rs::constant_time;
use snap::Secret;
use storage::management_keys::{self, KeyScope, ManagementKey};
use tokio::sync::Mutex;

use crate::app::App;
use crate::derive;
use crate::entropy::Entropy;

/// What every key begins with.
pub const PREFIX: &str = "gbk_";
/// Keys this old are read again before one of them is believed.
const FRESH_MS: u64 = 5_000;
/// Keys this old are read again before one is not known.
const SOON_MS: u64 = 1_000;
/// How exactly it is kept when a key was last used.
const USED_EVERY_MS: i64 = 60_000;

/// The keys of one process.
#[derive(Debug, Default)]
pub struct ManagementKeys {
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    keys: Vec<ManagementKey>,
    read_at_ms: u64,
}

/// A new key as it is stored, and the text that is shown once.
#[must_use]
pub fn make(
    entropy: &Entropy,
    name: &str,
    scope: KeyScope,
    now_ms: i64,
) -> (ManagementKey, Secret) {
    let (id, secret) = (entropy.trace_id(), entropy.token());
    let key = ManagementKey {
        hash: derive::hash(&secret),
        name: name.to_owned(),
        scope,
        created_at_ms: now_ms,
        last_used_at_ms: None,
        revoked_at_ms: None,
        id,
    };
    let text = format!("{PREFIX}{}_{secret}", key.id);
    (key, Secret::new(text))
}

impl ManagementKeys {
    /// The key that this text is, unless it is revoked; notes that it was used.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(
        &self,
        app: &App,
        text: &str,
    ) -> Result<Option<ManagementKey>, storage::Error> {
        let Some((id, secret)) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
        else {
            return Ok(None);
        };
        let now_ms = app.clock.monotonic_ms();
        let mut kept = self.kept.lock().await;
        let age_ms = kept
            .as_ref()
            .map_or(u64::MAX, |kept| now_ms.saturating_sub(kept.read_at_ms));
        let is_known = |kept: &Option<Kept>| {
            kept.iter()
                .any(|kept| kept.keys.iter().any(|key| key.id == id))
        };
        if age_ms >= FRESH_MS || (age_ms >= SOON_MS && !is_known(&kept)) {
            let keys = management_keys::all(&app.store.reader()).await?;
            *kept = Some(Kept {
                keys,
                read_at_ms: now_ms,
            });
        }
        let key = kept
            .iter_mut()
            .flat_map(|kept| kept.keys.iter_mut())
            .find(|key| key.id == id);
        let hash = derive::hash(secret);
        let expected = key.as_ref().map_or(NO_HASH, |key| key.hash.as_str());
        let same =
            constant_time::verify_slices_are_equal(hash.as_bytes(), expected.as_bytes()).is_ok();
        let Some(key) = key.filter(|key| same && key.revoked_at_ms.is_none()) else {
            return Ok(None);
        };
        let is_noted =
            |at_ms: i64| app.clock.business_now_ms() < at_ms.saturating_add(USED_EVERY_MS);
        if !key.last_used_at_ms.is_some_and(is_noted) {
            key.last_used_at_ms = Some(app.clock.business_now_ms());
            note_use(app, key).await;
        }
        Ok(Some(key.clone()))
    }
}

/// As long as a hash, and never one.
const NO_HASH: &str = "................................................................";

/// Where it cannot be noted, the request is answered all the same.
async fn note_use(app: &App, key: &ManagementKey) {
    let now_ms = app.clock.business_now_ms();
    let noted = app
        .store
        .transact("management: key used", |s| async move {
            management_keys::used(&s, &key.id, now_ms).await
        })
        .await;
    if let Err(error) = noted {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(error, key = key.id, "the use of a key was not noted");
    }
}
