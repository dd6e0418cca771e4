//! Writes down what a try came to: the notification's next state and the try itself, in one transaction.

use direct_debit::{NotificationCommand, Step};
use storage::merchants::NotificationProfile;
use storage::notification_attempts::{self, Attempt};
use storage::notifications::{self, StoredNotification};
use storage::{Error, Session};

use super::attempt::{Outcome, Tried};
use super::schedule::{self, Failed};
use crate::app::App;

/// A try that is over.
pub(super) struct Over {
    pub tried: Tried,
    pub profile: NotificationProfile,
    pub began_at_ms: i64,
    pub took_ms: i64,
}

/// Stores a try. `None` when somebody else took the notification over meanwhile and this try changes
/// nothing; otherwise whether it counts as received.
pub(super) async fn store(
    app: &App,
    sent: &StoredNotification,
    over: &Over,
) -> Result<Option<bool>, Error> {
    let jitter = app.entropy.below(schedule::JITTER);
    app.store
        .transact("notify: record a try", |s| async move {
            write(app, &s, sent, over, jitter).await
        })
        .await
}

async fn write(
    app: &App,
    s: &Session,
    sent: &StoredNotification,
    over: &Over,
    jitter: u64,
) -> Result<Option<bool>, Error> {
    let (merchant, id) = (&sent.notification.merchant, &sent.notification.id);
    let Some(now) = notifications::by_id(s, merchant, id).await? else {
        return Ok(None);
    };
    let tries = notification_attempts::of_notification(s, merchant, id).await?;
    let received = match over.tried.outcome {
        Outcome::Delivered => true,
        Outcome::Repeated => tries
            .iter()
            .any(|earlier| Outcome::may_have_arrived(&earlier.outcome)),
        _ => false,
    };
    // That the merchant has it is true whoever found out; a failure is for the one whose turn it is.
    if now.version != sent.version && !received {
        return Ok(None);
    }
    let command = if received {
        NotificationCommand::Deliver
    } else {
        NotificationCommand::Retry {
            at_ms: next(app, &now, over, &tries, jitter),
        }
    };
    let Step::Changed(notification) = now.notification.clone().apply(command) else {
        return Ok(None);
    };
    let version = notifications::update(
        s,
        &StoredNotification {
            notification,
            ..now
        },
    )
    .await?;
    let tried = &over.tried;
    let attempt = Attempt {
        version,
        at_ms: over.began_at_ms,
        duration_ms: over.took_ms,
        outcome: tried.outcome.as_str().to_owned(),
        http_status: tried.http_status.map(i64::from),
        detail: tried.detail.clone(),
        address: tried.address.clone(),
        key_id: tried.key_id.clone(),
        answer: tried.answer.clone(),
    };
    notification_attempts::insert(s, merchant, id, &attempt).await?;
    Ok(Some(received))
}

/// When to try again. Without a URL there is nothing to wait for.
fn next(
    app: &App,
    now: &StoredNotification,
    over: &Over,
    tries: &[Attempt],
    jitter: u64,
) -> Option<i64> {
    if over.tried.outcome == Outcome::NoUrl {
        return None;
    }
    // Of the tries since it last became due, the first.
    let of_this_round = usize::try_from(now.notification.attempts).unwrap_or(0);
    let first = tries
        .len()
        .checked_sub(of_this_round)
        .and_then(|at| tries.get(at));
    let failed = Failed {
        tries: now.notification.attempts.saturating_add(1),
        first_at_ms: first.map_or(over.began_at_ms, |first| first.at_ms),
        now_ms: app.clock.business_now_ms(),
        retry_after_ms: over.tried.retry_after_ms,
        jitter,
    };
    schedule::next_try(over.profile, &failed)
}
