//! Writes down what tries came to: the notifications' next states and the tries themselves, many in one
//! transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use direct_debit::{NotificationCommand, Step};
use storage::merchants::NotificationProfile;
use storage::notification_attempts::{self, Attempt};
use storage::notification_batches::{self, Back, Tried};
use storage::notification_endpoints::{self, Endpoint};
use storage::notifications::{self, StoredNotification};
use storage::{Error, Session};

use super::attempt::{self, Outcome};
use super::endpoints::Key;
use super::schedule::{self, Failed};
use crate::app::App;

/// A try that is over.
pub(super) struct Over {
    pub stored: StoredNotification,
    pub tried: attempt::Tried,
    pub profile: NotificationProfile,
    pub began_at_ms: i64,
    pub took_us: u64,
    /// Its endpoint has to prove itself after that.
    pub on_trial: bool,
}

impl Over {
    /// How long it took.
    pub fn took_ms(&self) -> i64 {
        i64::try_from(self.took_us / 1_000).unwrap_or(i64::MAX)
    }
}

/// What is written together.
#[derive(Default)]
pub(super) struct Batch {
    /// Tries that are over.
    pub tries: Vec<Over>,
    /// What was claimed and not sent, due as it says now.
    pub back: Vec<Back>,
    /// Endpoints whose breakers did something, or that proved themselves or failed to.
    pub endpoints: BTreeMap<Key, Endpoint>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.tries.is_empty() && self.back.is_empty() && self.endpoints.is_empty()
    }

    /// Takes at most so many of each kind out of it, those that came first.
    pub fn split(&mut self, most: usize) -> Self {
        fn first<T>(of: &mut Vec<T>, most: usize) -> Vec<T> {
            let rest = of.split_off(most.min(of.len()));
            std::mem::replace(of, rest)
        }
        let mut endpoints = std::mem::take(&mut self.endpoints);
        if let Some(beyond) = endpoints.keys().nth(most).cloned() {
            self.endpoints = endpoints.split_off(&beyond);
        }
        Self {
            tries: first(&mut self.tries, most),
            back: first(&mut self.back, most),
            endpoints,
        }
    }
}

/// What became of the record of a try.
#[derive(Clone, Copy)]
enum Stored {
    /// It counts as received, or not.
    As { received: bool },
    /// Somebody else took the notification over, and this try changes nothing.
    Overtaken,
}

/// Stores tries. A failure leaves the leases to run out: they are sent again.
pub(super) async fn store(app: Arc<App>, mut batch: Batch) -> Result<(), Error> {
    let Err(error) = store_together(&app, &batch).await else {
        return Ok(());
    };
    let of_the_database = matches!(
        error,
        Error::Unavailable(_) | Error::Contention { .. } | Error::CommitUnknown { .. }
    );
    // One that cannot be stored must not keep the others from it.
    if !of_the_database && batch.tries.len() > 1 {
        while !batch.is_empty() {
            let alone = batch.split(1);
            if let Err(error) = store_together(&app, &alone).await {
                log_failure(&alone, &error);
            }
        }
        return Ok(());
    }
    log_failure(&batch, &error);
    Err(error)
}

async fn store_together(app: &App, batch: &Batch) -> Result<(), Error> {
    let jitters = batch
        .tries
        .iter()
        .map(|_| app.entropy.below(schedule::JITTER));
    let jitters: Vec<u64> = jitters.collect();
    let stored = app
        .store
        .transact("notify: record tries", |s| {
            let jitters = &jitters;
            async move { write(app, &s, batch, jitters).await }
        })
        .await?;
    let pairs = batch.tries.iter().zip(stored);
    pairs.for_each(|(over, stored)| report(over, stored));
    Ok(())
}

fn log_failure(batch: &Batch, error: &Error) {
    let (tries, error) = (batch.tries.len(), crate::flows::chain(error));
    tracing::error!(tries, %error, "tries could not be recorded; they are made again");
}

async fn write(
    app: &App,
    s: &Session,
    batch: &Batch,
    jitters: &[u64],
) -> Result<Vec<Stored>, Error> {
    let mut tried = Vec::with_capacity(batch.tries.len());
    let mut received = Vec::with_capacity(batch.tries.len());
    for (over, jitter) in batch.tries.iter().zip(jitters) {
        let (next, is_received) = after(app, s, over, *jitter).await?;
        received.push(is_received);
        tried.push(Tried {
            attempt: attempt_of(over, next.version.saturating_add(1)),
            next,
            on_trial: over.on_trial,
        });
    }
    let is_stored = notification_batches::store(s, &tried).await?;
    let mut stored = Vec::with_capacity(tried.len());
    for ((over, is_stored), received) in batch.tries.iter().zip(is_stored).zip(received) {
        stored.push(match (is_stored, received) {
            (true, received) => Stored::As { received },
            // That the merchant has it is true whoever found out; a failure is for the one whose turn
            // it is.
            (false, true) => deliver(s, over).await?,
            (false, false) => Stored::Overtaken,
        });
    }
    notification_batches::put_off(s, &batch.back).await?;
    for endpoint in batch.endpoints.values() {
        notification_endpoints::put(s, endpoint).await?;
    }
    Ok(stored)
}

/// The notification as the try leaves it, and whether it counts as received.
async fn after(
    app: &App,
    s: &Session,
    over: &Over,
    jitter: u64,
) -> Result<(StoredNotification, bool), Error> {
    let notification = &over.stored.notification;
    let outcome = over.tried.outcome;
    let from_the_first = notification.attempts > 0 && over.profile == NotificationProfile::Doku;
    let earlier = if outcome == Outcome::Repeated || from_the_first {
        notification_attempts::of_notification(s, &notification.merchant, &notification.id).await?
    } else {
        Vec::new()
    };
    let received = match outcome {
        Outcome::Delivered => true,
        Outcome::Repeated => earlier
            .iter()
            .any(|earlier| Outcome::may_have_arrived(&earlier.outcome)),
        _ => false,
    };
    let command = if received {
        NotificationCommand::Deliver
    } else {
        NotificationCommand::Retry {
            at_ms: next(app, over, &earlier, jitter),
        }
    };
    let notification = match notification.clone().apply(command) {
        Step::Changed(next) | Step::Unchanged(next) | Step::LateDebit(next) => next,
    };
    let next = StoredNotification {
        notification,
        ..over.stored.clone()
    };
    Ok((next, received))
}

/// Somebody else changed the notification meanwhile, and the merchant has it.
async fn deliver(s: &Session, over: &Over) -> Result<Stored, Error> {
    let notification = &over.stored.notification;
    let (merchant, id) = (&notification.merchant, &notification.id);
    let Some(now) = notifications::by_id(s, merchant, id).await? else {
        return Ok(Stored::Overtaken);
    };
    let command = NotificationCommand::Deliver;
    let Step::Changed(notification) = now.notification.clone().apply(command) else {
        return Ok(Stored::Overtaken);
    };
    let next = StoredNotification {
        notification,
        ..now
    };
    let version = notifications::update(s, &next).await?;
    notification_attempts::insert(s, merchant, id, &attempt_of(over, version)).await?;
    Ok(Stored::As { received: true })
}

fn attempt_of(over: &Over, version: i64) -> Attempt {
    let tried = &over.tried;
    Attempt {
        version,
        at_ms: over.began_at_ms,
        duration_ms: over.took_ms(),
        outcome: tried.outcome.as_str().to_owned(),
        http_status: tried.http_status.map(i64::from),
        detail: tried.detail.clone(),
        address: tried.address.clone(),
        key_id: tried.key_id.clone(),
        answer: tried.answer.clone(),
    }
}

/// When to try again. Without a URL there is nothing to wait for.
fn next(app: &App, over: &Over, earlier: &[Attempt], jitter: u64) -> Option<i64> {
    if over.tried.outcome == Outcome::NoUrl {
        return None;
    }
    let attempts = over.stored.notification.attempts;
    // Of the tries since it last became due, the first.
    let of_this_round = usize::try_from(attempts).unwrap_or(0);
    let first = earlier
        .len()
        .checked_sub(of_this_round)
        .and_then(|at| earlier.get(at));
    let failed = Failed {
        tries: attempts.saturating_add(1),
        first_at_ms: first.map_or(over.began_at_ms, |first| first.at_ms),
        now_ms: app.clock.business_now_ms(),
        retry_after_ms: over.tried.retry_after_ms,
        jitter,
    };
    schedule::next_try(&over.profile, &failed)
}

fn report(over: &Over, stored: Stored) {
    let notification = &over.stored.notification;
    let (merchant, id) = (&notification.merchant, &notification.id);
    let (outcome, status) = (over.tried.outcome.as_str(), over.tried.http_status);
    let took_us = over.took_us;
    match stored {
        Stored::As { received: true } => {
            tracing::info!(%merchant, notification = %id, status, took_us, "notification delivered");
        }
        Stored::As { received: false } => {
            let detail = over.tried.detail.as_deref();
            tracing::warn!(
                %merchant, notification = %id, outcome, status, took_us, detail,
                "notification not delivered"
            );
        }
        Stored::Overtaken => {
            tracing::info!(%merchant, notification = %id, outcome, "another process has taken it over");
        }
    }
}
