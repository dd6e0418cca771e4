//! One run of the background work: sends what is due, different subjects at the same time.
//!
//! Claiming, sending and recording go on side by side, and each transaction serves many notifications. An
//! endpoint that answers slowly occupies at most a few places, so that the others do not wait for it; see
//! `endpoints`. What finds no place goes back to the outbox for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use direct_debit::NotificationState;
use storage::Error;
use storage::merchants::Merchant;
use storage::notification_batches::Back;
use storage::notification_endpoints;
use storage::notifications::StoredNotification;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::attempt;
use super::claims::{self, Claimed, LONGEST_WAIT_MS, Waiting};
use super::endpoints::{Key, LONG_MS, Standing, Taken, Turn, Went};
use super::record::{self, Batch, Over};
use crate::app::App;
use crate::workers::Ran;

/// No more are claimed while so many wait here.
const ENOUGH: usize = 512;
/// Tries that are recorded in one transaction.
const RECORDED_AT_ONCE: usize = 256;
/// How often the outbox is looked at while something is being sent.
const LOOK_EVERY: Duration = Duration::from_millis(100);
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
            round.more_trials = false;
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
    /// There is more for endpoints that work than was claimed.
    busy: bool,
    /// Not everything was looked at that is for the others.
    more_trials: bool,
    worked: bool,
    failed: Option<Error>,
    waiting: VecDeque<Box<Waiting>>,
    taken: Taken,
    under_way: HashMap<Id, UnderWay>,
    to_record: Batch,
    claiming: JoinSet<Result<Claimed, Error>>,
    sending: JoinSet<Over>,
    recording: JoinSet<Result<(), Error>>,
}

/// A try that is under way.
struct UnderWay {
    key: Key,
    standing: Standing,
    on_trial: bool,
}

impl Round {
    fn is_over(&self) -> bool {
        let nothing_held = self.waiting.is_empty() && self.to_record.is_empty();
        let nothing_runs = self.sending.is_empty() && self.recording.is_empty();
        nothing_held && nothing_runs && self.claiming.is_empty() && !self.more_trials
    }

    /// Claims more in the background, where there may be more and there is room.
    fn claim(&mut self, app: &Arc<App>) {
        if self.look && self.claiming.is_empty() && self.waiting.len() < ENOUGH {
            self.look = false;
            self.count(app);
            let claim = claims::claim(Arc::clone(app), self.taken, self.busy);
            self.claiming.spawn(claim);
        }
    }

    fn accept(&mut self, app: &App, claimed: Result<Result<Claimed, Error>, JoinError>) {
        let claimed = match claimed {
            Ok(Ok(claimed)) => claimed,
            Ok(Err(error)) => {
                self.failed = Some(error);
                return;
            }
            Err(_) => return tracing::error!("a claim ended by a bug; it is over with its lease"),
        };
        let brought = !claimed.waiting.is_empty();
        self.busy = claimed.busy;
        self.more_trials = claimed.more_trials;
        self.look = claimed.busy || claimed.more_trials && brought;
        self.worked |= brought;
        let mut endpoints = app.notifier.endpoints().lock();
        for one in claimed.waiting {
            endpoints.entry(one.key.clone()).or_default().wait();
            self.waiting.push_back(Box::new(one));
        }
    }

    /// Counts the places that are taken.
    fn count(&mut self, app: &App) {
        let slow = &app.notifier.slow;
        let (quick, others) = (
            slow.quick.load(Ordering::Relaxed),
            slow.others.load(Ordering::Relaxed),
        );
        let is_quick = |one: &&UnderWay| one.standing == Standing::Quick;
        let all_quick = self.under_way.values().filter(is_quick).count();
        let all_others = self.under_way.len().saturating_sub(all_quick);
        self.taken.slow = quick.saturating_add(others);
        self.taken.quick = all_quick.saturating_sub(quick);
        self.taken.others = all_others.saturating_sub(others);
    }

    /// Begins to send whatever has a place; what would wait too long goes back.
    fn start(&mut self, app: &Arc<App>) {
        let now_ms = app.clock.business_now_ms();
        self.count(app);
        let mut endpoints = app.notifier.endpoints().lock();
        for one in std::mem::take(&mut self.waiting) {
            let waited = now_ms.saturating_sub(one.since_ms) > LONGEST_WAIT_MS;
            let endpoint = endpoints.entry(one.key.clone()).or_default();
            match endpoint.turn(&mut self.taken, waited, now_ms) {
                Turn::Go(standing) => {
                    let under_way = UnderWay {
                        key: one.key,
                        standing,
                        on_trial: one.on_trial,
                    };
                    let send = send_one(Arc::clone(app), one.stored, one.merchant, standing);
                    let id = self.sending.spawn(send).id();
                    self.under_way.insert(id, under_way);
                }
                Turn::Stay => self.waiting.push_back(one),
                Turn::Back(at_ms) => {
                    let on_trial = endpoint.is_on_trial();
                    self.to_record.put_off(one.stored, at_ms, on_trial);
                }
            }
        }
    }

    /// Everything that waits becomes due again at once, for other processes.
    fn give_up_waiting(&mut self, app: &App) {
        let now_ms = app.clock.business_now_ms();
        let mut endpoints = app.notifier.endpoints().lock();
        for one in self.waiting.drain(..) {
            endpoints.entry(one.key).or_default().leave();
            self.to_record.put_off(one.stored, now_ms, one.on_trial);
        }
    }

    /// A try is over: the endpoint's reputation and breaker hear of it, and it is to be recorded.
    fn sent(&mut self, app: &App, sent: Result<(Id, Over), JoinError>) {
        let (id, over) = match sent {
            Ok((id, over)) => (id, Some(over)),
            Err(error) => (error.id(), None),
        };
        let Some(under_way) = self.under_way.remove(&id) else {
            return;
        };
        let (key, suspect) = (under_way.key, under_way.standing == Standing::Suspect);
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
        let Some(mut over) = over else {
            return tracing::error!("a try ended by a bug; its notification is sent again");
        };
        over.on_trial = endpoint.is_on_trial();
        // What is written from now on is to stand where it belongs.
        let proved_otherwise = alive.is_some_and(|alive| alive == under_way.on_trial);
        if changed || proved_otherwise {
            let told = endpoint.told(&key, &over.tried.in_words(), now_ms);
            if changed {
                report(&told);
            }
            self.to_record.endpoints.insert(key, told);
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

/// One try. When it takes long, it counts among the slow ones from then on.
async fn send_one(
    app: Arc<App>,
    stored: StoredNotification,
    merchant: Option<Arc<Merchant>>,
    standing: Standing,
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
                let slow = &app.notifier.slow;
                let _counted = Counted::one_more(match standing {
                    Standing::Quick => &slow.quick,
                    _ => &slow.others,
                });
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
        on_trial: false,
    }
}

/// Counts as one, as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn one_more(among: &'a AtomicUsize) -> Self {
        among.fetch_add(1, Ordering::Relaxed);
        Self(among)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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

impl Batch {
    /// Makes a notification due again at this time.
    fn put_off(&mut self, mut stored: StoredNotification, at_ms: i64, on_trial: bool) {
        stored.notification.state = NotificationState::Due { at_ms };
        self.back.push(Back { stored, on_trial });
    }
}
