//! What each merchant's latest requests were and why they failed: a bounded ring per merchant, in this
//! process, for the people who debug them.
//!
//! It holds no secret, no token, no MAC of ours and no personal data: bodies are kept with personal
//! fields masked, and only where somebody will look at them (failures; everything in the sandbox).

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Entries kept per merchant.
const PER_MERCHANT: usize = 200;
/// Merchants that are remembered; strangers share one ring.
const MERCHANTS: usize = 1_000;
/// Longest masked body that is kept.
const BODY_BYTES: usize = 4_096;

/// Members whose values are masked wherever they stand.
const PERSONAL: &[&str] = &[
    "accesstoken",
    "accountno",
    "address",
    "authcode",
    "chargetoken",
    "customername",
    "custidmerchant",
    "dateofbirth",
    "email",
    "idcard",
    "otp",
    "phoneno",
    "pin",
    "refreshtoken",
    "tokenid",
];

/// One request, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it was answered: Unix milliseconds, wall clock.
    pub at_ms: i64,
    /// X-REQUEST-ID of the answer.
    pub trace_id: String,
    /// The merchant, if it is known who it was.
    pub merchant_id: Option<String>,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The `responseCode` of the answer.
    pub response_code: Option<String>,
    /// The `responseMessage` of the answer.
    pub response_message: Option<String>,
    /// How long it took.
    pub took_us: u64,
    /// The string to sign that we built, with the token shortened; only for wrong signatures.
    pub string_to_sign: Option<String>,
    /// What was found to be the cause.
    pub finding: Option<String>,
    /// The body with personal fields masked.
    pub body: Option<String>,
}

/// What is gathered about a request while it is answered.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// The name of this request in our logs.
    pub trace_id: String,
    /// The merchant, once it is known.
    pub merchant_id: Option<String>,
    /// The string to sign that we built, with the token shortened.
    pub string_to_sign: Option<String>,
    /// What was found to be the cause of a failure.
    pub finding: Option<String>,
}

impl Trail {
    /// Notes whose request this is, here and in the log's span.
    pub fn is_from(&mut self, merchant_id: &str) {
        tracing::Span::current().record("merchant", merchant_id);
        self.merchant_id = Some(merchant_id.to_owned());
    }
}

/// The rings of one process.
#[derive(Debug, Default)]
pub struct RequestLog {
    rings: Mutex<Rings>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Rings {
    of_merchants: HashMap<String, VecDeque<(i64, Entry)>>,
    last_number: i64,
}

impl RequestLog {
    /// Adds an entry; the oldest of its merchant makes room.
    pub fn record(&self, entry: Entry) {
        let mut rings = self.lock();
        let mut key = entry.merchant_id.clone().unwrap_or_default();
        if rings.of_merchants.len() >= MERCHANTS && !rings.of_merchants.contains_key(&key) {
            key = String::new();
        }
        // Grows also from one process to the next, so that a cursor outlives a restart.
        let by_time = entry.at_ms.saturating_mul(1_000);
        let number = by_time.max(rings.last_number.saturating_add(1));
        rings.last_number = number;
        let ring = rings.of_merchants.entry(key).or_default();
        if ring.len() >= PER_MERCHANT {
            ring.pop_front();
        }
        ring.push_back((number, entry));
        drop(rings);
        self.changed.notify_waiters();
    }

    /// The entries of a merchant, newest first; `None` for requests of strangers.
    #[must_use]
    pub fn entries(&self, merchant_id: Option<&str>) -> Vec<Entry> {
        let all = self.after(merchant_id, None).into_iter().rev();
        all.map(|(_, entry)| entry).collect()
    }

    /// The entries of a merchant with their numbers, oldest first, from behind a number on.
    #[must_use]
    pub fn after(&self, merchant_id: Option<&str>, number: Option<i64>) -> Vec<(i64, Entry)> {
        let rings = self.lock();
        let ring = rings.of_merchants.get(merchant_id.unwrap_or_default());
        ring.into_iter()
            .flatten()
            .filter(|(at, _)| number.is_none_or(|number| *at > number))
            .cloned()
            .collect()
    }

    /// Waits until there is another entry, of whomever, counted from this call on.
    pub fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    fn lock(&self) -> MutexGuard<'_, Rings> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body as it may be shown: personal values masked, long ones cut, anything but JSON left out.
#[must_use]
pub fn masked(body: &[u8]) -> Option<String> {
    let mut value: serde_json::Value = serde_json::from_slice(body).ok()?;
    mask(&mut value);
    let mut text = value.to_string();
    if text.len() > BODY_BYTES {
        let end = (0..=BODY_BYTES)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    Some(text)
}

/// Whether a text that is no whole JSON has a member that would be masked.
#[must_use]
pub fn names_personal_member(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    PERSONAL
        .iter()
        .any(|name| text.contains(&format!("\"{name}\"")))
}

fn mask(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(mask),
        serde_json::Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if PERSONAL.contains(&name.to_ascii_lowercase().as_str()) && !value.is_null() {
                    *value = serde_json::Value::String("***".to_owned());
                } else {
                    mask(value);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(merchant_id: &str, trace_id: &str) -> Entry {
        Entry {
            at_ms: 0,
            trace_id: trace_id.to_owned(),
            merchant_id: Some(merchant_id.to_owned()),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            status: 200,
            response_code: None,
            response_message: None,
            took_us: 1,
            string_to_sign: None,
            finding: None,
            body: None,
        }
    }

    #[test]
    fn a_ring_keeps_the_latest_and_merchants_do_not_see_each_other() {
        let log = RequestLog::default();
        for number in 0..PER_MERCHANT + 5 {
            log.record(entry("a", &number.to_string()));
        }
        log.record(entry("b", "b"));
        let entries = log.entries(Some("a"));
        assert_eq!(entries.len(), PER_MERCHANT);
        assert_eq!(entries[0].trace_id, (PER_MERCHANT + 4).to_string());
        assert_eq!(log.entries(Some("b")).len(), 1);
        assert!(log.entries(None).is_empty());
    }

    #[test]
    fn personal_fields_are_masked_at_every_depth() {
        let body = br#"{"phoneNo":"628123456789","additionalInfo":{"idCard":"3171","channel":"X","list":[{"email":"a@b"}]}}"#;
        let text = masked(body).unwrap();
        for personal in ["628123456789", "3171", "a@b"] {
            assert!(!text.contains(personal), "{text}");
        }
        assert!(text.contains("\"channel\":\"X\""));
        assert_eq!(masked(b"not json"), None);
        assert!(names_personal_member(r#"{"PhoneNo":"62812"#));
        assert!(!names_personal_member("pin the address"));
    }
}
