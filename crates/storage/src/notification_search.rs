//! Notifications and tries as people look for them: pages of rows by id or by time, of one merchant or of
//! all.
//!
//! Every statement here reads a range of an index, at most as many rows as it is asked for. What is looked
//! for in them is the caller's business, so that no search can read a table to its end in one statement.

use direct_debit::{MerchantId, NotificationId};

use crate::notification_attempts::{self, Attempt};
use crate::notifications::{self, StoredNotification};
use crate::statements::{Sql, statements};
use crate::{AFTER_ALL_IDS, Error, Session, Value};

statements! { "notification_search";
    NEWEST_OF_MERCHANT = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, \
                          attempts, due_at, created_at, version, ip_address, device_id FROM notifications \
                          WHERE merchant_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    NEWEST = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, attempts, \
              due_at, created_at, version, ip_address, device_id FROM notifications \
              WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    NEWEST_RESTING = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, \
                      attempts, due_at, created_at, version, ip_address, device_id FROM notifications \
                      WHERE state = 'resting' AND id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OLDEST_OF_MERCHANT = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, \
                          attempts, due_at, created_at, version, ip_address, device_id FROM notifications \
                          WHERE merchant_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4";
    OLDEST = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, attempts, \
              due_at, created_at, version, ip_address, device_id FROM notifications \
              WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3";
    OLDEST_RESTING = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, \
                      attempts, due_at, created_at, version, ip_address, device_id FROM notifications \
                      WHERE state = 'resting' AND id > $1 AND id < $2 ORDER BY id LIMIT $3";
    BY_ID = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, attempts, \
             due_at, created_at, version, ip_address, device_id FROM notifications WHERE id = $1 ORDER BY merchant_id LIMIT 1";
    COUNT_RESTING = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM notifications \
                     WHERE state = 'resting' AND id > $1 AND id < $2 \
                     AND ($3 = '' OR merchant_id = $3) AND ($4 = '' OR kind = $4)";
    TRIES = "SELECT merchant_id, notification_id, version, at, duration_ms, outcome, http_status, \
             detail, address, key_id, answer FROM notification_attempts \
             WHERE at >= $1 AND (at, notification_id, version) < ($2, $3, $4) \
             ORDER BY at DESC, notification_id DESC, version DESC LIMIT $5";
    TRIES_OF_MERCHANT = "SELECT merchant_id, notification_id, version, at, duration_ms, outcome, \
                         http_status, detail, address, key_id, answer FROM notification_attempts \
                         WHERE ('' || merchant_id) = $1 AND at >= $2 \
                         AND (at, notification_id, version) < ($3, $4, $5) \
                         ORDER BY at DESC, notification_id DESC, version DESC LIMIT $6";
}

/// A part of the outbox.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Of this merchant, or of all.
    pub merchant: Option<&'a MerchantId>,
    /// Only those that rest.
    pub resting: bool,
    /// From this id on: included when newest come first, excluded when oldest do.
    pub from_id: &'a str,
    /// Up to this id, excluded. Ids grow with time.
    pub before_id: Option<&'a str>,
}

/// Notifications of a part, newest first.
pub async fn newest(
    s: &Session,
    part: &Part<'_>,
    limit: i64,
) -> Result<Vec<StoredNotification>, Error> {
    page(s, part, limit, [NEWEST_OF_MERCHANT, NEWEST, NEWEST_RESTING]).await
}

/// Notifications of a part, oldest first.
pub async fn oldest(
    s: &Session,
    part: &Part<'_>,
    limit: i64,
) -> Result<Vec<StoredNotification>, Error> {
    page(s, part, limit, [OLDEST_OF_MERCHANT, OLDEST, OLDEST_RESTING]).await
}

/// The notification with this id, whosever it is.
pub async fn by_id(s: &Session, id: &NotificationId) -> Result<Option<StoredNotification>, Error> {
    let row = s.fetch_optional(BY_ID, &[id.as_str().into()]).await?;
    row.map(|row| notifications::read(s, &row)).transpose()
}

/// How many notifications of a part rest, of this kind or of any.
pub async fn count_resting(s: &Session, part: &Part<'_>, kind: Option<&str>) -> Result<i64, Error> {
    let values = [
        part.from_id.into(),
        before(part),
        part.merchant.map_or("", MerchantId::as_str).into(),
        kind.unwrap_or_default().into(),
    ];
    s.fetch_one(COUNT_RESTING, &values).await?.int("n")
}

/// A try and what it was to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTry {
    /// Whose notification it was.
    pub merchant: MerchantId,
    /// The notification.
    pub notification: NotificationId,
    /// The try.
    pub attempt: Attempt,
}

/// A place in the order of tries: time, notification, version.
pub type Place = (i64, String, i64);

/// Tries, latest first: of one merchant or of all, not before a time, and before a place.
pub async fn tries(
    s: &Session,
    merchant: Option<&MerchantId>,
    from_ms: i64,
    before: &Place,
    limit: i64,
) -> Result<Vec<FoundTry>, Error> {
    let (at_ms, notification, version) = before;
    let range = [
        from_ms.into(),
        (*at_ms).into(),
        notification.into(),
        (*version).into(),
        limit.into(),
    ];
    let rows = match merchant {
        Some(merchant) => {
            let mut values = vec![merchant.as_str().into()];
            values.extend(range);
            s.fetch_all(TRIES_OF_MERCHANT, &values).await?
        }
        None => s.fetch_all(TRIES, &range).await?,
    };
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let notification = NotificationId::new(row.text("notification_id")?);
        found.push(FoundTry {
            merchant: MerchantId::new(row.text("merchant_id")?),
            attempt: notification_attempts::read(s, &notification, row)?,
            notification,
        });
    }
    Ok(found)
}

/// One statement for one merchant, one for all, one for all that rest.
async fn page(
    s: &Session,
    part: &Part<'_>,
    limit: i64,
    [of_merchant, of_all, of_resting]: [Sql; 3],
) -> Result<Vec<StoredNotification>, Error> {
    let range = [part.from_id.into(), before(part), limit.into()];
    let rows = match part.merchant {
        Some(merchant) if !part.resting => {
            let mut values = vec![merchant.as_str().into()];
            values.extend(range);
            s.fetch_all(of_merchant, &values).await?
        }
        _ if part.resting => s.fetch_all(of_resting, &range).await?,
        _ => s.fetch_all(of_all, &range).await?,
    };
    rows.iter().map(|row| notifications::read(s, row)).collect()
}

fn before(part: &Part<'_>) -> Value {
    part.before_id.unwrap_or(AFTER_ALL_IDS).into()
}
