//! Every try to send a notification: append only, until retention throws it away.

use direct_debit::{MerchantId, NotificationId};

use crate::cipher::Place;
use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session, Value};

statements! { "notification_attempts";
    INSERT = "INSERT INTO notification_attempts (merchant_id, notification_id, version, at, \
              duration_ms, outcome, http_status, detail, address, key_id, answer) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    OF_NOTIFICATION = "SELECT version, at, duration_ms, outcome, http_status, detail, address, \
                       key_id, answer FROM notification_attempts \
                       WHERE merchant_id = $1 AND notification_id = $2 ORDER BY version";
    PURGE = "DELETE FROM notification_attempts WHERE (merchant_id, notification_id, version) IN \
             (SELECT merchant_id, notification_id, version FROM notification_attempts \
              WHERE at < $1 ORDER BY at LIMIT $2)";
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The notification's version that it led to, as [`crate::notifications::update`] returned it.
    pub version: i64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// What came of it, in one word.
    pub outcome: String,
    /// The merchant's HTTP status, if there was an answer.
    pub http_status: Option<i64>,
    /// More words; nothing secret.
    pub detail: Option<String>,
    /// The address that the merchant's host stood for.
    pub address: Option<String>,
    /// Which of our keys and secrets signed it.
    pub key_id: Option<String>,
    /// The beginning of the merchant's answer; stored encrypted.
    pub answer: Option<String>,
}

/// Records a try.
pub async fn insert(
    s: &Session,
    merchant: &MerchantId,
    notification: &NotificationId,
    attempt: &Attempt,
) -> Result<(), Error> {
    let values = values(s, merchant, notification, attempt)?;
    s.execute(INSERT, &values).await.map(drop)
}

/// A try as a row.
pub(crate) fn values(
    s: &Session,
    merchant: &MerchantId,
    notification: &NotificationId,
    attempt: &Attempt,
) -> Result<Vec<Value>, Error> {
    let row = answer_row(notification, attempt.version);
    let answer = match &attempt.answer {
        Some(text) => Some(s.seal(answer_place(&row), text)?),
        None => None,
    };
    Ok(vec![
        merchant.as_str().into(),
        notification.as_str().into(),
        attempt.version.into(),
        attempt.at_ms.into(),
        attempt.duration_ms.into(),
        (&attempt.outcome).into(),
        attempt.http_status.into(),
        (&attempt.detail).into(),
        (&attempt.address).into(),
        (&attempt.key_id).into(),
        answer.into(),
    ])
}

/// Throws away at most `limit` tries that began before a time, oldest first; returns how many.
pub async fn purge(s: &Session, before_ms: i64, limit: i64) -> Result<u64, Error> {
    s.execute(PURGE, &[before_ms.into(), limit.into()]).await
}

/// The tries of a notification, in order.
pub async fn of_notification(
    s: &Session,
    merchant: &MerchantId,
    notification: &NotificationId,
) -> Result<Vec<Attempt>, Error> {
    let values = [merchant.as_str().into(), notification.as_str().into()];
    s.fetch_all(OF_NOTIFICATION, &values)
        .await?
        .iter()
        .map(|row| read(s, notification, row))
        .collect()
}

pub(crate) fn read(
    s: &Session,
    notification: &NotificationId,
    row: &Record,
) -> Result<Attempt, Error> {
    let version = row.int("version")?;
    let answer = match row.opt_text("answer")? {
        Some(sealed) => {
            let row = answer_row(notification, version);
            Some(s.unseal(answer_place(&row), &sealed)?.expose().to_owned())
        }
        None => None,
    };
    Ok(Attempt {
        version,
        at_ms: row.int("at")?,
        duration_ms: row.int("duration_ms")?,
        outcome: row.text("outcome")?,
        http_status: row.opt_int("http_status")?,
        detail: row.opt_text("detail")?,
        address: row.opt_text("address")?,
        key_id: row.opt_text("key_id")?,
        answer,
    })
}

fn answer_row(notification: &NotificationId, version: i64) -> String {
    format!("{notification}/{version}")
}

fn answer_place(row: &str) -> Place<'_> {
    Place {
        table: "notification_attempts",
        row,
        column: "answer",
    }
}
