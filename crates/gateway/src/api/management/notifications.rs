//! Notifications: a list with filters, and one with all its tries.

use direct_debit::{MerchantId, NotificationId, NotificationState};
use serde_json::{Value, json};
use snap::timestamp::format_jakarta;
use snap::{Case, Refusal};
use storage::notification_search::{self, Part};
use storage::notifications::{self, StoredNotification};
use storage::{Session, notification_attempts, payments};

use super::attempts::attempt_json;
use super::query::{first_id_at, is_id};
use super::{Answer, Ask, Trouble, no_such, said};
use crate::request_log::masked;

/// The words that a kind may be.
pub(super) const KINDS: &[&str] = &["payment", "refund", "binding"];
/// Rows that one question reads; what is found in them may be less than a page.
pub(super) const SCANNED: usize = 2_000;
/// Rows that one statement reads.
pub(super) const BATCH: usize = 500;
const STATES: &[&str] = &["due", "delivered", "resting"];
const USUAL: usize = 50;
const MOST: usize = 200;

/// `GET notifications`: newest first.
pub(super) async fn list(ask: Ask) -> Result<Answer, Trouble> {
    let refused = Trouble::Refused;
    let whose = ask.whose().map_err(refused)?;
    let wish = Wish::of(&ask).map_err(refused)?;
    let limit = ask.query.limit(USUAL, MOST).map_err(refused)?;
    let s = ask.app.store.reader();
    let (found, next) = match subject(&ask, &s, whose.as_ref()).await? {
        Some(Subject { merchant, id }) => {
            let mut all = notifications::of_subject(&s, &merchant, &id).await?;
            all.retain(|stored| wish.fits(stored));
            all.reverse();
            (all, None)
        }
        None => scanned(&ask, &s, whose.as_ref(), &wish, limit).await?,
    };
    let shown: Vec<Value> = found.iter().map(notification_json).collect();
    Ok(said(json!({ "notifications": shown, "nextCursor": next })))
}

/// `GET notifications/{id}`: one with its body, personal fields masked, and all its tries.
pub(super) async fn show(ask: Ask) -> Result<Answer, Trouble> {
    let whose = ask.whose().map_err(Trouble::Refused)?;
    let s = ask.app.store.reader();
    let stored = find(&s, whose.as_ref(), &ask.id).await?;
    let notification = &stored.notification;
    let tries =
        notification_attempts::of_notification(&s, &notification.merchant, &notification.id)
            .await?;
    let mut shown = notification_json(&stored);
    if let Value::Object(members) = &mut shown {
        let body = masked(stored.body.as_bytes())
            .and_then(|text| serde_json::from_str::<Value>(&text).ok());
        members.insert("body".to_owned(), json!(body));
        members.insert("triesInAll".to_owned(), json!(tries.len()));
        let tries: Vec<Value> = tries.iter().map(attempt_json).collect();
        members.insert("attempts".to_owned(), json!(tries));
    }
    Ok(said(json!({ "notification": shown })))
}

/// The notification with this id, if it is this merchant's or anybody's.
pub(super) async fn find(
    s: &Session,
    whose: Option<&MerchantId>,
    id: &str,
) -> Result<StoredNotification, Trouble> {
    let nothing = || Trouble::Refused(no_such("notification"));
    if !is_id(id) {
        return Err(nothing());
    }
    let id = NotificationId::new(id);
    let found = match whose {
        Some(merchant) => notifications::by_id(s, merchant, &id).await?,
        None => notification_search::by_id(s, &id).await?,
    };
    found.ok_or_else(nothing)
}

/// What is looked for.
pub(super) struct Wish<'a> {
    pub state: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
}

impl<'a> Wish<'a> {
    pub fn of(ask: &'a Ask) -> Result<Self, Refusal> {
        Ok(Self {
            state: ask.query.word("state", STATES)?,
            kind: ask.query.word("kind", KINDS)?,
            from_ms: ask.query.time("from")?,
            to_ms: ask.query.time("to")?,
        })
    }

    pub fn fits(&self, stored: &StoredNotification) -> bool {
        self.state
            .is_none_or(|state| stored.notification.state.name() == state)
            && self.kind.is_none_or(|kind| stored.kind.as_str() == kind)
            && self.from_ms.is_none_or(|from| stored.created_at_ms >= from)
            && self.to_ms.is_none_or(|to| stored.created_at_ms < to)
    }
}

struct Subject {
    merchant: MerchantId,
    id: String,
}

/// The one payment or binding that is asked about. An operator also says whose it is.
async fn subject(
    ask: &Ask,
    s: &Session,
    whose: Option<&MerchantId>,
) -> Result<Option<Subject>, Trouble> {
    let refused = Trouble::Refused;
    let id = ask.query.text("subject").map_err(refused)?;
    let number = ask.query.text("partnerReferenceNo").map_err(refused)?;
    if id.is_none() && number.is_none() {
        return Ok(None);
    }
    let Some(merchant) = whose.cloned() else {
        return Err(Trouble::Refused(Refusal::mandatory("merchant")));
    };
    let id = match (id, number) {
        (Some(_), Some(_)) => {
            let both = "subject and partnerReferenceNo exclude each other";
            return Err(Trouble::Refused(Refusal::with(Case::BadRequest, both)));
        }
        (Some(id), None) => id.to_owned(),
        (None, number) => {
            let number = number.unwrap_or_default();
            let payment = payments::by_partner_reference_no(s, &merchant, number).await?;
            payment
                .ok_or_else(|| Trouble::Refused(no_such("payment")))?
                .id
                .to_string()
        }
    };
    Ok(Some(Subject { merchant, id }))
}

/// What is found in at most [`SCANNED`] rows, and the cursor to go on with.
async fn scanned(
    ask: &Ask,
    s: &Session,
    whose: Option<&MerchantId>,
    wish: &Wish<'_>,
    limit: usize,
) -> Result<(Vec<StoredNotification>, Option<String>), Trouble> {
    let cursor = ask.query.id_cursor().map_err(Trouble::Refused)?;
    let from = wish.from_ms.map(first_id_at).unwrap_or_default();
    let mut before = match cursor {
        Some(cursor) => Some(cursor.to_owned()),
        None => wish.to_ms.map(first_id_at),
    };
    let mut found = Vec::new();
    for _ in 0..SCANNED / BATCH {
        let part = Part {
            merchant: whose,
            resting: wish.state == Some("resting"),
            from_id: &from,
            before_id: before.as_deref(),
        };
        let rows = notification_search::newest(s, &part, rows(BATCH)).await?;
        let ended = rows.len() < BATCH;
        for row in rows {
            before = Some(row.notification.id.to_string());
            if wish.fits(&row) && whose.is_none_or(|own| row.notification.merchant == *own) {
                found.push(row);
            }
            if found.len() >= limit {
                return Ok((found, before));
            }
        }
        if ended {
            return Ok((found, None));
        }
    }
    Ok((found, before))
}

/// A number of rows as the database counts them.
pub(super) fn rows(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a notification's body says that people look for.
pub(super) fn told(stored: &StoredNotification, member: &str) -> Option<String> {
    let body: Value = serde_json::from_str(&stored.body).ok()?;
    Some(body.get(member)?.as_str()?.to_owned())
}

/// A notification as it is shown.
pub(super) fn notification_json(stored: &StoredNotification) -> Value {
    let notification = &stored.notification;
    let next = match notification.state {
        NotificationState::Due { at_ms } => Some(format_jakarta(at_ms)),
        NotificationState::Delivered | NotificationState::Resting => None,
    };
    json!({
        "id": notification.id.as_str(),
        "merchantId": notification.merchant.as_str(),
        "kind": stored.kind.as_str(),
        "subject": stored.subject,
        "partnerReferenceNo": told(stored, "originalPartnerReferenceNo"),
        "transactionStatus": told(stored, "latestTransactionStatus"),
        "sequence": stored.sequence,
        "externalId": stored.external_id,
        "state": notification.state.name(),
        "tries": notification.attempts,
        "nextTryAt": next,
        "createdAt": format_jakarta(stored.created_at_ms),
    })
}
