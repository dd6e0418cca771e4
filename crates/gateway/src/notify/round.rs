//! One run of the background work: sends what is due, different subjects at the same time.
//!
//! A merchant that answers slowly occupies at most a few places, so that the others do not wait for it.
//! What finds no place goes back to the outbox for a moment.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use direct_debit::{MerchantId, NotificationState};
use storage::merchants::{self, Merchant};
use storage::notifications::{self, StoredNotification};
use storage::{Error, Lease};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::attempt;
use super::record::{self, Over};
use crate::app::App;
use crate::workers::Ran;

/// Notifications that are sent at the same time.
const PLACES: usize = 256;
/// Notifications that are claimed at once.
const BATCH: usize = 64;
/// Of these, to one merchant.
const PLACES_OF_A_MERCHANT: usize = 16;
/// Notifications that wait here for a place, of one merchant.
const WAITING_OF_A_MERCHANT: usize = 128;
/// How often the outbox is looked at while something is being sent.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a claimed notification may wait here for a place.
const LONGEST_WAIT_MS: i64 = 10_000;
/// What finds no place is due again after this time.
const COME_BACK_MS: i64 = 2_000;
/// A lease covers the wait, the try and the record of it, and not much more: what a process claimed
/// before it was killed waits until then.
const RECORD_MS: i64 = 5_000;

/// Sends until nothing is due and nothing is under way. When the outbox fails, what is under way is
/// still brought to its end.
pub(super) async fn all_due(app: &Arc<App>) -> Result<Ran, Error> {
    let mut round = Round::default();
    let mut ran = Ran::Idle;
    let mut look = true;
    let mut failed = None;
    loop {
        if app.workers.is_stopping() || failed.is_some() {
            look = false;
            let back = round.give_up_waiting();
            failed = put_back(app, back).await.err().or(failed);
        }
        if look {
            match claim(app).await {
                Ok(claimed) => {
                    look = claimed.len() >= BATCH;
                    ran = if claimed.is_empty() { ran } else { Ran::Worked };
                    round.accept(claimed);
                }
                Err(error) => failed = Some(error),
            }
        }
        let back = round.start(app);
        failed = put_back(app, back).await.err().or(failed);
        if round.sending.is_empty() && round.waiting.is_empty() {
            return failed.map_or(Ok(ran), Err);
        }
        tokio::select! {
            Some(sent) = round.sending.join_next() => {
                look &= round.waiting.is_empty();
                if sent.is_err() {
                    tracing::error!("a try ended by a bug; its notification is sent again");
                }
            }
            () = tokio::time::sleep(LOOK_EVERY) => look = round.sending.len() < PLACES,
        }
    }
}

/// What is under way.
#[derive(Default)]
struct Round {
    merchants: HashMap<MerchantId, Places>,
    waiting: VecDeque<Waiting>,
    sending: JoinSet<()>,
}

struct Places {
    places: Arc<Semaphore>,
    waiting: usize,
}

/// A claimed notification, its merchant as it is now, and when it was claimed.
struct Waiting {
    stored: StoredNotification,
    merchant: Option<Arc<Merchant>>,
    since_ms: i64,
}

impl Round {
    fn accept(&mut self, claimed: Vec<Waiting>) {
        for waiting in claimed {
            let of_merchant = self.of_merchant(&waiting.stored.notification.merchant);
            of_merchant.waiting = of_merchant.waiting.saturating_add(1);
            self.waiting.push_back(waiting);
        }
    }

    /// Begins to send whatever has a place. What would wait too long is returned, to go back.
    fn start(&mut self, app: &Arc<App>) -> Vec<StoredNotification> {
        let too_old_ms = app.clock.business_now_ms().saturating_sub(LONGEST_WAIT_MS);
        let mut back = Vec::new();
        for one in std::mem::take(&mut self.waiting) {
            let free = self.sending.len() < PLACES;
            let of_merchant = self.of_merchant(&one.stored.notification.merchant);
            let place = Arc::clone(&of_merchant.places).try_acquire_owned().ok();
            let place = place.filter(|_| free);
            let too_many = of_merchant.waiting > WAITING_OF_A_MERCHANT;
            if place.is_none() && !too_many && one.since_ms > too_old_ms {
                self.waiting.push_back(one);
                continue;
            }
            of_merchant.waiting = of_merchant.waiting.saturating_sub(1);
            match place {
                Some(place) => {
                    let send = send_one(Arc::clone(app), one.stored, one.merchant, place);
                    self.sending.spawn(send);
                }
                None => back.push(one.stored),
            }
        }
        back
    }

    fn give_up_waiting(&mut self) -> Vec<StoredNotification> {
        self.waiting.drain(..).map(|one| one.stored).collect()
    }

    fn of_merchant(&mut self, id: &MerchantId) -> &mut Places {
        self.merchants.entry(id.clone()).or_insert_with(|| Places {
            places: Arc::new(Semaphore::new(PLACES_OF_A_MERCHANT)),
            waiting: 0,
        })
    }
}

/// Claims what is due, with each merchant as it is stored at this moment.
async fn claim(app: &App) -> Result<Vec<Waiting>, Error> {
    let now_ms = app.clock.business_now_ms();
    let lease = Lease {
        now_ms,
        until_ms: now_ms.saturating_add(lease_ms(app)),
        owner: app.name.clone(),
    };
    let limit = i64::try_from(BATCH).unwrap_or(1);
    let claimed = app
        .store
        .transact("notify: claim", |s| {
            let lease = &lease;
            async move { notifications::claim_due(&s, lease, limit).await }
        })
        .await?;
    let mut known: HashMap<MerchantId, Option<Arc<Merchant>>> = HashMap::new();
    let mut with_merchants = Vec::with_capacity(claimed.len());
    for stored in claimed {
        let id = stored.notification.merchant.clone();
        let merchant = match known.get(&id) {
            Some(merchant) => merchant.clone(),
            None => {
                let merchant = merchants::by_id(&app.store.reader(), &id)
                    .await?
                    .map(Arc::new);
                known.entry(id).or_insert(merchant).clone()
            }
        };
        with_merchants.push(Waiting {
            stored,
            merchant,
            since_ms: now_ms,
        });
    }
    Ok(with_merchants)
}

/// Ends the leases of what found no place, without counting a try.
async fn put_back(app: &App, back: Vec<StoredNotification>) -> Result<(), Error> {
    if back.is_empty() {
        return Ok(());
    }
    let at_ms = app.clock.business_now_ms().saturating_add(COME_BACK_MS);
    app.store
        .transact("notify: put back", |s| {
            let back = &back;
            async move {
                for stored in back {
                    let mut stored = stored.clone();
                    let current = notifications::by_id(
                        &s,
                        &stored.notification.merchant,
                        &stored.notification.id,
                    );
                    if current
                        .await?
                        .is_some_and(|current| current.version == stored.version)
                    {
                        stored.notification.state = NotificationState::Due { at_ms };
                        notifications::update(&s, &stored).await?;
                    }
                }
                Ok(())
            }
        })
        .await
}

/// One try and its record. A failure of the database leaves the lease to run out: it is sent again.
async fn send_one(
    app: Arc<App>,
    stored: StoredNotification,
    merchant: Option<Arc<Merchant>>,
    _place: OwnedSemaphorePermit,
) {
    let id = &stored.notification.id;
    let began_at_ms = app.clock.business_now_ms();
    let began_us = app.clock.monotonic_us();
    let deadline = Instant::now() + app.notifier.timeout();
    let tried = attempt::send(&app, merchant.as_deref(), &stored, deadline).await;
    let took_us = app.clock.monotonic_us().saturating_sub(began_us);
    let over = Over {
        tried,
        profile: merchant
            .map(|merchant| merchant.settings.notification_profile)
            .unwrap_or_default(),
        began_at_ms,
        took_ms: i64::try_from(took_us / 1_000).unwrap_or(i64::MAX),
    };
    let (outcome, status) = (over.tried.outcome.as_str(), over.tried.http_status);
    let merchant = &stored.notification.merchant;
    match record::store(&app, &stored, &over).await {
        Ok(Some(true)) => {
            tracing::info!(%merchant, notification = %id, status, took_us, "notification delivered")
        }
        Ok(Some(false)) => {
            tracing::warn!(
                %merchant, notification = %id, outcome, status, took_us,
                detail = over.tried.detail, "notification not delivered"
            );
        }
        Ok(None) => {
            tracing::info!(%merchant, notification = %id, outcome, "another process has taken it over")
        }
        Err(error) => {
            let error = crate::flows::chain(&error);
            tracing::error!(%merchant, notification = %id, outcome, %error, "a try could not be recorded");
        }
    }
}

fn lease_ms(app: &App) -> i64 {
    let try_ms = i64::try_from(app.notifier.timeout().as_millis()).unwrap_or(i64::MAX);
    LONGEST_WAIT_MS
        .saturating_add(try_ms)
        .saturating_add(RECORD_MS)
}
