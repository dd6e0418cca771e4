//! One run of the background work: sends what is due, different subjects at the same time.
//!
//! Claiming, sending and recording go on side by side, and each transaction serves many notifications. An
//! endpoint that answers slowly occupies at most a few places, so that the others do not wait for it; see
//! `endpoints`. What finds no place goes back to the outbox for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use direct_debit::NotificationState;
use storage::merchants::{self, Merchant};
use storage::notification_endpoints;
use storage::notifications::{self, StoredNotification};
use storage::{Error, Lease};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::attempt;
use super::endpoints::{Key, LONG_MS, Taken, Turn, Went};
use super::record::{self, Batch, Over};
use crate::app::App;
use crate::listeners;
use crate::workers::Ran;

/// Notifications that are claimed at once.
const BATCH: usize = 256;
/// No more are claimed while so many wait here.
const ENOUGH: usize = 512;
/// Tries that are recorded in one transaction.
const RECORDED_AT_ONCE: usize = 256;
/// How often the outbox is looked at while something is being sent.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a claimed notification may wait here for a place.
const LONGEST_WAIT_MS: i64 = 10_000;
/// A lease covers the wait, the try and the record of it, and not much more: what a process claimed
/// before it was killed waits until then.
const RECORD_MS: i64 = 5_000;

/// Sends until nothing is due and nothing is under way. When the outbox fails, what is under way is
/// still brought to its end.
pub(super) async fn all_due(app: &Arc<App>) -> Result<Ran, Error> {
    app.notifier.endpoints().learn(app).await?;
    let mut round = Round {
        look: true,
        ..Round::default()
    };
    loop {
        if app.workers.is_stopping() || round.failed.is_some() {
            round.give_up_waiting(app);
        } else {
            round.claim(app);
        }
        round.start(app);
        round.record(app);
        if round.is_over() {
            let ran = if round.worked { Ran::Worked } else { Ran::Idle };
            return round.failed.map_or(Ok(ran), Err);
        }
        tokio::select! {
            Some(claimed) = round.claiming.join_next() => round.accept(app, claimed),
            Some(sent) = round.sending.join_next_with_id() => {
                round.sent(app, sent);
                while let Some(sent) = round.sending.try_join_next_with_id() {
                    round.sent(app, sent);
                }
            }
            Some(recorded) = round.recording.join_next() => round.recorded(recorded),
            () = app.clock.sleep(LOOK_EVERY) => round.look = true,
        }
    }
}

/// What is under way.
#[derive(Default)]
struct Round {
    look: bool,
    worked: bool,
    failed: Option<Error>,
    waiting: VecDeque<Waiting>,
    taken: Taken,
    under_way: HashMap<Id, (Key, bool)>,
    to_record: Batch,
    claiming: JoinSet<Result<Vec<Waiting>, Error>>,
    sending: JoinSet<Over>,
    recording: JoinSet<Result<(), Error>>,
}

/// A claimed notification, its merchant as it is now, where it goes, and when it was claimed.
struct Waiting {
    stored: StoredNotification,
    merchant: Option<Arc<Merchant>>,
    key: Key,
    since_ms: i64,
}

impl Round {
    fn is_over(&self) -> bool {
        let nothing_held = self.waiting.is_empty() && self.to_record.is_empty();
        let nothing_runs = self.sending.is_empty() && self.recording.is_empty();
        nothing_held && nothing_runs && self.claiming.is_empty()
    }

    /// Claims more in the background, where there may be more and there is room.
    fn claim(&mut self, app: &Arc<App>) {
        if self.look && self.claiming.is_empty() && self.waiting.len() < ENOUGH {
            self.look = false;
            self.claiming.spawn(claim(Arc::clone(app)));
        }
    }

    fn accept(&mut self, app: &App, claimed: Result<Result<Vec<Waiting>, Error>, JoinError>) {
        let claimed = match claimed {
            Ok(Ok(claimed)) => claimed,
            Ok(Err(error)) => {
                self.failed = Some(error);
                return;
            }
            Err(_) => return tracing::error!("a claim ended by a bug; it is over with its lease"),
        };
        self.look = claimed.len() >= BATCH;
        self.worked |= !claimed.is_empty();
        let mut endpoints = app.notifier.endpoints().lock();
        for one in &claimed {
            endpoints.entry(one.key.clone()).or_default().wait();
        }
        self.waiting.extend(claimed);
    }

    /// Begins to send whatever has a place; what would wait too long goes back.
    fn start(&mut self, app: &Arc<App>) {
        let now_ms = app.clock.business_now_ms();
        let slow = app.notifier.slow.load(Ordering::Relaxed);
        self.taken.slow = slow;
        self.taken.quick = self.sending.len().saturating_sub(slow);
        let mut endpoints = app.notifier.endpoints().lock();
        for one in std::mem::take(&mut self.waiting) {
            let waited = now_ms.saturating_sub(one.since_ms) > LONGEST_WAIT_MS;
            let endpoint = endpoints.entry(one.key.clone()).or_default();
            match endpoint.turn(&mut self.taken, waited, now_ms) {
                Turn::Go { suspect } => {
                    let send = send_one(Arc::clone(app), one.stored, one.merchant);
                    let id = self.sending.spawn(send).id();
                    self.under_way.insert(id, (one.key, suspect));
                }
                Turn::Stay => self.waiting.push_back(one),
                Turn::Back { at_ms } => self.to_record.put_off(one.stored, at_ms),
            }
        }
    }

    /// Everything that waits becomes due again at once, for other processes.
    fn give_up_waiting(&mut self, app: &App) {
        let now_ms = app.clock.business_now_ms();
        let mut endpoints = app.notifier.endpoints().lock();
        for one in self.waiting.drain(..) {
            endpoints.entry(one.key).or_default().leave();
            self.to_record.put_off(one.stored, now_ms);
        }
    }

    /// A try is over: the endpoint's reputation and breaker hear of it, and it is to be recorded.
    fn sent(&mut self, app: &App, sent: Result<(Id, Over), JoinError>) {
        let (id, over) = match sent {
            Ok((id, over)) => (id, Some(over)),
            Err(error) => (error.id(), None),
        };
        let Some((key, suspect)) = self.under_way.remove(&id) else {
            return;
        };
        self.taken.suspect = self.taken.suspect.saturating_sub(usize::from(suspect));
        let now_ms = app.clock.business_now_ms();
        let alive = over
            .as_ref()
            .and_then(|over| over.tried.endpoint_is_alive());
        let went = over.as_ref().zip(alive).map(|(over, alive)| Went {
            alive,
            took_ms: over.took_ms(),
            now_ms,
        });
        let mut endpoints = app.notifier.endpoints().lock();
        let endpoint = endpoints.entry(key.clone()).or_default();
        let changed = endpoint.heard(went);
        let Some(over) = over else {
            return tracing::error!("a try ended by a bug; its notification is sent again");
        };
        if changed {
            let told = endpoint.told(&key, &over.tried.in_words(), now_ms);
            report(&told);
            self.to_record.endpoints.push(told);
        }
        self.to_record.tries.push(over);
    }

    /// Records in the background what there is to record.
    fn record(&mut self, app: &Arc<App>) {
        if self.recording.is_empty() && !self.to_record.is_empty() {
            let batch = self.to_record.split(RECORDED_AT_ONCE);
            self.recording.spawn(record::store(Arc::clone(app), batch));
        }
    }

    fn recorded(&mut self, recorded: Result<Result<(), Error>, JoinError>) {
        match recorded {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.failed = Some(error),
            Err(_) => tracing::error!("a record ended by a bug; its notifications are sent again"),
        }
    }
}

/// Claims what is due, with each merchant as it is stored at this moment.
async fn claim(app: Arc<App>) -> Result<Vec<Waiting>, Error> {
    let now_ms = app.clock.business_now_ms();
    let lease = Lease {
        now_ms,
        until_ms: now_ms.saturating_add(lease_ms(&app)),
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
    let mut ids: Vec<_> = claimed
        .iter()
        .map(|stored| stored.notification.merchant.clone())
        .collect();
    ids.sort();
    ids.dedup();
    let mut found = merchants::some(&app.store.reader(), &ids).await?;
    listeners::stand_in(&app, &app.store.reader(), &mut found).await?;
    let by_id: HashMap<_, _> = found
        .into_iter()
        .map(|merchant| (merchant.id.clone(), Arc::new(merchant)))
        .collect();
    let with_merchant = |stored: StoredNotification| {
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
        }
    };
    Ok(claimed.into_iter().map(with_merchant).collect())
}

/// One try. When it takes long, it counts among the slow ones from then on.
async fn send_one(
    app: Arc<App>,
    stored: StoredNotification,
    merchant: Option<Arc<Merchant>>,
) -> Over {
    let began_at_ms = app.clock.business_now_ms();
    let began_us = app.clock.monotonic_us();
    let deadline = Instant::now() + app.notifier.timeout();
    let tried = {
        let sending = attempt::send(&app, merchant.as_deref(), &stored, deadline);
        let mut sending = std::pin::pin!(sending);
        let long = Duration::from_millis(LONG_MS.unsigned_abs());
        match tokio::time::timeout(long, &mut sending).await {
            Ok(tried) => tried,
            Err(_) => {
                let _counted = Slow::count(&app);
                sending.await
            }
        }
    };
    let took_us = app.clock.monotonic_us().saturating_sub(began_us);
    Over {
        stored,
        tried,
        profile: merchant
            .map(|merchant| merchant.settings.notification_profile.clone())
            .unwrap_or_default(),
        began_at_ms,
        took_us,
    }
}

/// One of the slow tries, as long as it lives.
struct Slow<'a>(&'a App);

impl<'a> Slow<'a> {
    fn count(app: &'a App) -> Self {
        app.notifier.slow.fetch_add(1, Ordering::Relaxed);
        Self(app)
    }
}

impl Drop for Slow<'_> {
    fn drop(&mut self) {
        self.0.notifier.slow.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The URL stays out of the log: a merchant may have put something private into it.
fn report(endpoint: &notification_endpoints::Endpoint) {
    let merchant = &endpoint.merchant;
    match endpoint.probe_at_ms {
        Some(_) => tracing::warn!(
            %merchant, failures = endpoint.failures, reason = endpoint.reason,
            "an endpoint is broken; its notifications wait for a probe"
        ),
        None => tracing::info!(%merchant, "an endpoint works again"),
    }
}

fn lease_ms(app: &App) -> i64 {
    let try_ms = i64::try_from(app.notifier.timeout().as_millis()).unwrap_or(i64::MAX);
    LONGEST_WAIT_MS
        .saturating_add(try_ms)
        .saturating_add(RECORD_MS)
}

impl Batch {
    /// Makes a notification due again at this time.
    fn put_off(&mut self, mut stored: StoredNotification, at_ms: i64) {
        stored.notification.state = NotificationState::Due { at_ms };
        self.back.push(stored);
    }
}
