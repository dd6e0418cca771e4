//! Takes from the outbox what is to be sent next, in one transaction: first for endpoints that work, then a
//! share for those that have to prove themselves.

use std::collections::HashMap;
use std::sync::Arc;

use storage::merchants::{self, Merchant};
use storage::notification_trials;
use storage::notifications::{self, StoredNotification};
use storage::{Error, Lease};

use super::attempt;
use super::endpoints::{Key, Taken};
use super::trials;
use crate::app::App;
use crate::listeners;

/// Notifications that are claimed at once.
const BATCH: usize = 256;
/// How long a claimed notification may wait here for a place.
pub(super) const LONGEST_WAIT_MS: i64 = 10_000;
/// A lease covers the wait, the try and the record of it, and not much more: what a process claimed
/// before it was killed waits until then.
const RECORD_MS: i64 = 5_000;

/// A claimed notification, its merchant as it is now, where it goes, and when it was claimed.
pub(super) struct Waiting {
    pub stored: StoredNotification,
    pub merchant: Option<Arc<Merchant>>,
    pub key: Key,
    pub since_ms: i64,
    /// It stood among those whose endpoints have to prove themselves.
    pub on_trial: bool,
}

/// What one look at the outbox brought.
pub(super) struct Claimed {
    pub waiting: Vec<Waiting>,
    /// There is more for endpoints that work.
    pub busy: bool,
    /// Some of the others were not looked at.
    pub more_trials: bool,
}

/// Claims what is due, with each merchant as it is stored at this moment. `busy` as the look before said.
pub(super) async fn claim(app: Arc<App>, taken: Taken, busy: bool) -> Result<Claimed, Error> {
    let now_ms = app.clock.business_now_ms();
    let lease = Lease {
        now_ms,
        until_ms: now_ms.saturating_add(lease_ms(&app)),
        owner: app.name.clone(),
    };
    let limit = i64::try_from(BATCH).unwrap_or(1);
    let chosen = trials::choose(&app, taken, busy, BATCH).await?;
    let (proven, on_trial) = app
        .store
        .transact("notify: claim", |s| {
            let (lease, places) = (&lease, &chosen.places);
            async move {
                let proven = notifications::claim_due(&s, lease, limit).await?;
                let on_trial = notification_trials::claim(&s, lease, places).await?;
                Ok::<_, Error>((proven, on_trial))
            }
        })
        .await?;
    let is_full = proven.len() >= BATCH;
    let proven = proven.into_iter().map(|stored| (stored, false));
    let claimed: Vec<_> = proven
        .chain(on_trial.into_iter().map(|stored| (stored, true)))
        .collect();
    Ok(Claimed {
        waiting: with_merchants(&app, claimed, now_ms).await?,
        busy: is_full,
        more_trials: chosen.more,
    })
}

async fn with_merchants(
    app: &App,
    claimed: Vec<(StoredNotification, bool)>,
    now_ms: i64,
) -> Result<Vec<Waiting>, Error> {
    let mut ids: Vec<_> = claimed
        .iter()
        .map(|(stored, _)| stored.notification.merchant.clone())
        .collect();
    ids.sort();
    ids.dedup();
    let mut found = merchants::some(&app.store.reader(), &ids).await?;
    listeners::stand_in(app, &app.store.reader(), &mut found).await?;
    let by_id: HashMap<_, _> = found
        .into_iter()
        .map(|merchant| (merchant.id.clone(), Arc::new(merchant)))
        .collect();
    let with_merchant = |(stored, on_trial): (StoredNotification, bool)| {
        let id = stored.notification.merchant.clone();
        let merchant = by_id.get(&id).cloned();
        let url = merchant
            .as_deref()
            .and_then(|merchant| attempt::url_of(merchant, stored.kind));
        Waiting {
            key: (id, url.unwrap_or_default().to_owned()),
            stored,
            merchant,
            since_ms: now_ms,
            on_trial,
        }
    };
    Ok(claimed.into_iter().map(with_merchant).collect())
}

fn lease_ms(app: &App) -> i64 {
    let try_ms = i64::try_from(app.notifier.timeout().as_millis()).unwrap_or(i64::MAX);
    LONGEST_WAIT_MS
        .saturating_add(try_ms)
        .saturating_add(RECORD_MS)
        .min(storage::LONGEST_LEASE_MS)
}
