//! The latest requests of a merchant and why they failed: what this process remembers, see
//! `request_log.rs`. With `wait` the answer comes when there is something new.

use std::time::Duration;

use serde_json::{Value, json};
use snap::Refusal;

use super::{Answer, Ask, Trouble, said};
use crate::request_log::Entry;

const USUAL: usize = 50;
const MOST: usize = 200;
/// Longest wait, in seconds: shorter than what proxies and clients give up after.
const LONGEST_WAIT_S: i64 = 25;
/// How often a waiting answer looks whether the gateway stops.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// `GET requests`: oldest first; without a cursor the latest ones. An operator who names no merchant
/// sees the requests of strangers.
pub(super) async fn list(ask: Ask) -> Result<Answer, Trouble> {
    let whose = ask.whose().map_err(Trouble::Refused)?;
    let wish = Wish::of(&ask).map_err(Trouble::Refused)?;
    let merchant = whose.as_ref().map(|id| id.as_str());
    let log = &ask.app.request_log;
    let give_up_at_ms = ask.app.clock.monotonic_ms().saturating_add(wish.wait_ms);
    let (found, next) = loop {
        let changed = log.changed();
        let entries = log.after(merchant, wish.after);
        let last = entries.last().map(|(number, _)| *number);
        let found: Vec<_> = entries
            .into_iter()
            .filter(|(_, entry)| wish.fits(entry))
            .collect();
        let left_ms = give_up_at_ms.saturating_sub(ask.app.clock.monotonic_ms());
        if !found.is_empty() || left_ms == 0 || ask.app.workers.is_stopping() {
            break (found, last.or(wish.after));
        }
        let pause = LOOK_EVERY.min(Duration::from_millis(left_ms));
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(pause) => {}
        }
    };
    let (found, next) = wish.cut(found, next);
    let shown: Vec<Value> = found.iter().map(|(_, entry)| json!(entry)).collect();
    Ok(said(json!({
        "requests": shown,
        "nextCursor": next.unwrap_or(0).to_string(),
    })))
}

struct Wish<'a> {
    after: Option<i64>,
    limit: usize,
    wait_ms: u64,
    failed: bool,
    method: Option<&'a str>,
    path: Option<&'a str>,
}

impl<'a> Wish<'a> {
    fn of(ask: &'a Ask) -> Result<Self, Refusal> {
        let query = &ask.query;
        let wait_s = query.number("wait", 0..=LONGEST_WAIT_S)?.unwrap_or(0);
        Ok(Self {
            after: query.number("cursor", 0..=i64::MAX)?,
            limit: query.limit(USUAL, MOST)?,
            wait_ms: u64::try_from(wait_s).unwrap_or(0).saturating_mul(1_000),
            failed: query.word("failed", &["true", "false"])? == Some("true"),
            method: query.text("method")?,
            path: query.text("path")?,
        })
    }

    fn fits(&self, entry: &Entry) -> bool {
        (!self.failed || entry.status >= 400)
            && self.method.is_none_or(|method| entry.method == method)
            && self.path.is_none_or(|path| entry.path.starts_with(path))
    }

    /// With a cursor the first ones after it, and the cursor behind them; without one the latest.
    fn cut(
        &self,
        mut found: Vec<(i64, Entry)>,
        next: Option<i64>,
    ) -> (Vec<(i64, Entry)>, Option<i64>) {
        if found.len() <= self.limit {
            return (found, next);
        }
        if self.after.is_none() {
            let rest = found.split_off(found.len().saturating_sub(self.limit));
            return (rest, next);
        }
        found.truncate(self.limit);
        let next = found.last().map(|(number, _)| *number);
        (found, next)
    }
}
