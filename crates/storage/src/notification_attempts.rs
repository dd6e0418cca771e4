//! Every try to send a notification: append only.

use direct_debit::{MerchantId, NotificationId};

use crate::session::Record;
use crate::statements::statements;
use crate::{Error, Session};

statements! { "notification_attempts";
    INSERT = "INSERT INTO notification_attempts (merchant_id, notification_id, version, at, \
              duration_ms, outcome, http_status, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OF_NOTIFICATION = "SELECT version, at, duration_ms, outcome, http_status, detail \
                       FROM notification_attempts WHERE merchant_id = $1 AND notification_id = $2 \
                       ORDER BY version";
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
}

/// Records a try.
pub async fn insert(
    s: &Session,
    merchant: &MerchantId,
    notification: &NotificationId,
    attempt: &Attempt,
) -> Result<(), Error> {
    let values = [
        merchant.as_str().into(),
        notification.as_str().into(),
        attempt.version.into(),
        attempt.at_ms.into(),
        attempt.duration_ms.into(),
        (&attempt.outcome).into(),
        attempt.http_status.into(),
        (&attempt.detail).into(),
    ];
    s.execute(INSERT, &values).await.map(drop)
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
        .map(read)
        .collect()
}

fn read(row: &Record) -> Result<Attempt, Error> {
    Ok(Attempt {
        version: row.int("version")?,
        at_ms: row.int("at")?,
        duration_ms: row.int("duration_ms")?,
        outcome: row.text("outcome")?,
        http_status: row.opt_int("http_status")?,
        detail: row.opt_text("detail")?,
    })
}
