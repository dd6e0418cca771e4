//! What a copy writes into the settings of both databases.
//!
//! A gateway writes its presence down and then looks for marks; a copy writes its marks and then
//! looks for gateways. Whoever comes second sees the other, so that they never run together.

use crate::{Error, Session, settings};

/// In the source: when it was last read from, by the wall clock.
const READ_AT: &str = "copy_read_at";
/// In the target: where its rows come from.
const ORIGIN: &str = "copy_origin";
/// In the target: how far the copy has come.
pub(super) const CURSOR: &str = "copy_cursor";
/// What the cursor says when all is there and was verified.
const COMPLETE: &str = "complete";

/// An interrupted copy holds gateways off its source for this long; its target for ever.
const HOLDS_MS: i64 = 30_000;

/// True for the settings that belong to a copy and not to a gateway.
pub(super) fn is_mark(name: &str) -> bool {
    [READ_AT, ORIGIN, CURSOR].contains(&name)
}

/// Why no gateway may run on a database at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is being copied elsewhere.
    BeingCopied,
    /// It is a copy that is not complete.
    Incomplete,
}

/// Whether a copy is at work here.
pub async fn held(s: &Session, now_ms: i64) -> Result<Option<Held>, Error> {
    let read_at_ms = number(s, READ_AT).await?;
    if read_at_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) <= HOLDS_MS) {
        return Ok(Some(Held::BeingCopied));
    }
    Ok(match target(s).await? {
        Some(target) if !target.is_complete() => Some(Held::Incomplete),
        _ => None,
    })
}

/// A setting that is a number of milliseconds, where there is one.
pub(super) async fn number(s: &Session, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = settings::get(s, name).await? else {
        return Ok(None);
    };
    let number = text
        .parse()
        .map_err(|_| Error::corrupt("settings", name, "it is no number of milliseconds"));
    number.map(Some)
}

/// What is known of a database as a copy's target.
pub(super) struct Target {
    pub(super) origin: String,
    pub(super) cursor: String,
}

impl Target {
    pub(super) fn is_complete(&self) -> bool {
        self.cursor == COMPLETE
    }
}

pub(super) async fn target(s: &Session) -> Result<Option<Target>, Error> {
    let Some(origin) = settings::get(s, ORIGIN).await? else {
        return Ok(None);
    };
    let cursor = settings::get(s, CURSOR)
        .await?
        .ok_or_else(|| Error::corrupt("settings", CURSOR, "it is not there, and copy_origin is"))?;
    Ok(Some(Target { origin, cursor }))
}

pub(super) async fn begin_target(s: &Session, origin: &str) -> Result<(), Error> {
    settings::put(s, ORIGIN, origin).await?;
    settings::put(s, CURSOR, "").await
}

pub(super) async fn move_cursor(s: &Session, cursor: &str) -> Result<(), Error> {
    settings::put(s, CURSOR, cursor).await
}

pub(super) async fn complete(s: &Session) -> Result<(), Error> {
    settings::put(s, CURSOR, COMPLETE).await
}

/// Zero lets gateways in again.
pub(super) async fn read_at(s: &Session, at_ms: i64) -> Result<(), Error> {
    settings::put(s, READ_AT, &at_ms.to_string()).await
}
