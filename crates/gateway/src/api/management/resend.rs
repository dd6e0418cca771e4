//! Sending again: one notification, or a range of them in batches of one transaction each.
//!
//! What is due already stays as it is, so that asking twice does no harm. A batch goes from old to new
//! and ends with a cursor; whoever repeats a batch finds nothing left in it.

use direct_debit::{MerchantId, NotificationCommand, Step};
use http::header::RETRY_AFTER;
use serde_json::json;
use snap::{Case, Refusal, Service};
use storage::notification_search::{self, Part};
use storage::notifications::{self, StoredNotification};
use storage::{Error, Session};

use super::notifications::{BATCH, KINDS, SCANNED, find, notification_json, rows};
use super::query::first_id_at;
use super::{Answer, Ask, Trouble, said};

/// What can be sent again; what is due is sent anyway.
const STATES: &[&str] = &["resting", "delivered"];
const USUAL: usize = 100;
const MOST: usize = 500;

/// `POST notifications/{id}/resend`.
pub(super) async fn one(ask: Ask) -> Result<Answer, Trouble> {
    ask.caller.demand_change().map_err(Trouble::Refused)?;
    let whose = ask.whose().map_err(Trouble::Refused)?;
    if let Some(wait) = too_many(&ask, 1) {
        return Ok(wait);
    }
    let now_ms = ask.app.clock.business_now_ms();
    let (whose, id) = (whose.as_ref(), ask.id.as_str());
    let (stored, changed) = ask
        .app
        .store
        .transact("management: send one again", |s| async move {
            let stored = find(&s, whose, id).await?;
            Ok::<_, Trouble>(again(&s, stored, now_ms).await?)
        })
        .await?;
    ask.app.workers.poke();
    tracing::info!(
        by = ask.caller.name(),
        notification = id,
        changed,
        "sent again on request"
    );
    Ok(said(json!({
        "resent": u8::from(changed),
        "notification": notification_json(&stored),
    })))
}

/// `POST notifications/resend`: the next batch.
pub(super) async fn batch(ask: Ask) -> Result<Answer, Trouble> {
    ask.caller.demand_change().map_err(Trouble::Refused)?;
    let whose = ask.whose().map_err(Trouble::Refused)?;
    let wish = Wish::of(&ask).map_err(Trouble::Refused)?;
    if let Some(wait) = too_many(&ask, wish.limit) {
        return Ok(wait);
    }
    let whose = whose.as_ref();
    let total = match (&wish.cursor, wish.state) {
        (None, "resting") => {
            let part = wish.part(whose, &wish.from_id);
            let s = ask.app.store.reader();
            Some(notification_search::count_resting(&s, &part, wish.kind).await?)
        }
        _ => None,
    };
    let now_ms = ask.app.clock.business_now_ms();
    let wish = &wish;
    let done = ask
        .app
        .store
        .transact("management: send again", |s| async move {
            send_batch(&s, whose, wish, now_ms).await
        })
        .await?;
    ask.app.workers.poke();
    tracing::info!(
        by = ask.caller.name(),
        resent = done.resent,
        "sent again on request"
    );
    Ok(said(json!({
        "resent": done.resent,
        "nextCursor": done.next,
        "total": total,
    })))
}

/// Over the caller's rate: the answer that says so, and for how long.
fn too_many(ask: &Ask, number: usize) -> Option<Answer> {
    let wait_s = ask.app.limits.resends(&ask.caller.name(), number)?;
    let refusal = Refusal::with(Case::TooManyRequests, "limits.resends_per_minute");
    Some(Answer::refusal(Service::NONE, &refusal).with_header(RETRY_AFTER, &wait_s.to_string()))
}

struct Wish<'a> {
    state: &'a str,
    kind: Option<&'a str>,
    from_id: String,
    before_id: Option<String>,
    cursor: Option<&'a str>,
    limit: usize,
}

impl<'a> Wish<'a> {
    fn of(ask: &'a Ask) -> Result<Self, Refusal> {
        let query = &ask.query;
        let state = query.word("state", STATES)?.unwrap_or("resting");
        let from = query.time("from")?;
        // Everything that ever arrived is never meant.
        if state == "delivered" && from.is_none() {
            return Err(Refusal::mandatory("from"));
        }
        let most = MOST.min(ask.app.config.limits.resends_at_once());
        Ok(Self {
            state,
            kind: query.word("kind", KINDS)?,
            from_id: from.map(first_id_at).unwrap_or_default(),
            before_id: query.time("to")?.map(first_id_at),
            cursor: query.id_cursor()?,
            limit: query.limit(USUAL.min(most), most)?,
        })
    }

    fn part<'b>(&'b self, whose: Option<&'b MerchantId>, from_id: &'b str) -> Part<'b> {
        Part {
            merchant: whose,
            resting: self.state == "resting",
            from_id,
            before_id: self.before_id.as_deref(),
        }
    }

    fn fits(&self, whose: Option<&MerchantId>, stored: &StoredNotification) -> bool {
        stored.notification.state.name() == self.state
            && self.kind.is_none_or(|kind| stored.kind.as_str() == kind)
            && whose.is_none_or(|own| stored.notification.merchant == *own)
    }
}

struct Done {
    resent: usize,
    next: Option<String>,
}

async fn send_batch(
    s: &Session,
    whose: Option<&MerchantId>,
    wish: &Wish<'_>,
    now_ms: i64,
) -> Result<Done, Error> {
    let mut resent: usize = 0;
    let mut after = wish.cursor.unwrap_or(&wish.from_id).to_owned();
    for _ in 0..SCANNED / BATCH {
        let part = wish.part(whose, &after);
        let found = notification_search::oldest(s, &part, rows(BATCH)).await?;
        let ended = found.len() < BATCH;
        for stored in found {
            after = stored.notification.id.to_string();
            if wish.fits(whose, &stored) {
                let (_, changed) = again(s, stored, now_ms).await?;
                resent = resent.saturating_add(usize::from(changed));
            }
            if resent >= wish.limit {
                let next = Some(after);
                return Ok(Done { resent, next });
            }
        }
        if ended {
            return Ok(Done { resent, next: None });
        }
    }
    let next = Some(after);
    Ok(Done { resent, next })
}

/// Makes it due now, and says whether that changed anything.
async fn again(
    s: &Session,
    mut stored: StoredNotification,
    now_ms: i64,
) -> Result<(StoredNotification, bool), Error> {
    let command = NotificationCommand::SendAgain { at_ms: now_ms };
    let Step::Changed(notification) = stored.notification.clone().apply(command) else {
        return Ok((stored, false));
    };
    stored.notification = notification;
    stored.version = notifications::update(s, &stored).await?;
    Ok((stored, true))
}
