//! Tries: latest first, looked through by what came of them.

use std::collections::HashMap;

use serde_json::{Value, json};
use snap::Refusal;
use snap::timestamp::format_jakarta;
use storage::notification_attempts::Attempt;
use storage::notification_search::{self, FoundTry, Place};
use storage::{Session, notifications};

use super::notifications::{BATCH, SCANNED, rows, told};
use super::query::is_id;
use super::{Answer, Ask, Trouble, said};
use crate::request_log::{masked, names_personal_member};

/// Words that came of tries, as `notify` writes them.
const OUTCOMES: &[&str] = &[
    "delivered",
    "repeated",
    "refused",
    "lost",
    "late",
    "not-sent",
    "no-token",
    "forbidden",
    "no-url",
];
const USUAL: usize = 50;
const MOST: usize = 200;

/// `GET attempts`.
pub(super) async fn list(ask: Ask) -> Result<Answer, Trouble> {
    let whose = ask.whose().map_err(Trouble::Refused)?;
    let wish = Wish::of(&ask).map_err(Trouble::Refused)?;
    let mut before = wish.before.clone();
    let s = ask.app.store.reader();
    let mut found = Vec::new();
    let mut next = None;
    for _ in 0..SCANNED / BATCH {
        let tries =
            notification_search::tries(&s, whose.as_ref(), wish.from_ms, &before, rows(BATCH))
                .await?;
        let ended = tries.len() < BATCH;
        for one in tries {
            before = place_of(&one);
            if wish.fits(&one) {
                found.push(one);
            }
            if found.len() >= wish.limit {
                break;
            }
        }
        let full = found.len() >= wish.limit;
        next = (full || !ended).then(|| cursor_of(&before));
        if full || ended {
            break;
        }
    }
    let shown = with_notifications(&s, &found).await?;
    Ok(said(json!({ "attempts": shown, "nextCursor": next })))
}

/// A try as it is shown.
pub(super) fn attempt_json(attempt: &Attempt) -> Value {
    json!({
        "version": attempt.version,
        "at": format_jakarta(attempt.at_ms),
        "durationMs": attempt.duration_ms,
        "outcome": attempt.outcome,
        "httpStatus": attempt.http_status,
        "detail": attempt.detail,
        "address": attempt.address,
        "keyId": attempt.key_id,
        "answer": attempt.answer.as_deref().map(shown_answer),
    })
}

/// A merchant's answer with personal members masked. What is no JSON is shown as it is, unless it is
/// JSON that was cut off and has such members.
fn shown_answer(answer: &str) -> String {
    match masked(answer.as_bytes()) {
        Some(text) => text,
        None if names_personal_member(answer) => NOT_SHOWN.to_owned(),
        None => answer.to_owned(),
    }
}

const NOT_SHOWN: &str = "(not shown: no whole JSON, with personal members)";

struct Wish<'a> {
    notification: Option<&'a str>,
    outcome: Option<&'a str>,
    http_status: Option<i64>,
    address: Option<&'a str>,
    text: Option<String>,
    from_ms: i64,
    before: Place,
    limit: usize,
}

impl<'a> Wish<'a> {
    fn of(ask: &'a Ask) -> Result<Self, Refusal> {
        let query = &ask.query;
        let to_ms = query.time("to")?.unwrap_or(i64::MAX);
        let before = match query.text("cursor")? {
            None => (to_ms, String::new(), 0),
            Some(cursor) => place_in(cursor).ok_or_else(|| Refusal::format("cursor"))?,
        };
        Ok(Self {
            notification: query.text("notification")?,
            outcome: query.word("outcome", OUTCOMES)?,
            http_status: query.number("httpStatus", 100..=999)?,
            address: query.text("address")?,
            text: query.text("text")?.map(str::to_lowercase),
            from_ms: query.time("from")?.unwrap_or(0),
            before,
            limit: query.limit(USUAL, MOST)?,
        })
    }

    fn fits(&self, found: &FoundTry) -> bool {
        let attempt = &found.attempt;
        let holds = |text: &Option<String>, wanted: &str| {
            text.as_ref()
                .is_some_and(|text| text.to_lowercase().contains(wanted))
        };
        let is = |text: &Option<String>, wanted: &str| {
            text.as_ref().is_some_and(|text| text.contains(wanted))
        };
        self.notification
            .is_none_or(|id| found.notification.as_str() == id)
            && self.outcome.is_none_or(|word| attempt.outcome == word)
            && self
                .http_status
                .is_none_or(|status| attempt.http_status == Some(status))
            && self
                .address
                .is_none_or(|address| is(&attempt.address, address))
            && self
                .text
                .as_ref()
                .is_none_or(|text| holds(&attempt.detail, text) || holds(&attempt.answer, text))
    }
}

/// With what each was to send, which is read once.
async fn with_notifications(s: &Session, found: &[FoundTry]) -> Result<Vec<Value>, Trouble> {
    let mut known = HashMap::new();
    let mut shown = Vec::with_capacity(found.len());
    for one in found {
        let id = &one.notification;
        if !known.contains_key(id) {
            let stored = notifications::by_id(s, &one.merchant, id).await?;
            let members = stored.map(|stored| {
                json!({
                    "kind": stored.kind.as_str(),
                    "subject": stored.subject,
                    "partnerReferenceNo": told(&stored, "originalPartnerReferenceNo"),
                    "state": stored.notification.state.name(),
                })
            });
            known.insert(id, members.unwrap_or(Value::Null));
        }
        let mut members = attempt_json(&one.attempt);
        if let (Value::Object(members), Some(Value::Object(more))) = (&mut members, known.get(id)) {
            members.extend(more.clone());
            members.insert("notificationId".to_owned(), json!(id.as_str()));
            members.insert("merchantId".to_owned(), json!(one.merchant.as_str()));
        }
        shown.push(members);
    }
    Ok(shown)
}

fn place_of(one: &FoundTry) -> Place {
    (
        one.attempt.at_ms,
        one.notification.to_string(),
        one.attempt.version,
    )
}

fn cursor_of((at_ms, notification, version): &Place) -> String {
    format!("{at_ms}.{notification}.{version}")
}

fn place_in(cursor: &str) -> Option<Place> {
    let mut parts = cursor.split('.');
    let at_ms = parts.next()?.parse().ok()?;
    let notification = parts.next().filter(|id| is_id(id))?;
    let version = parts.next()?.parse().ok()?;
    parts
        .next()
        .is_none()
        .then(|| (at_ms, notification.to_owned(), version))
}
