//! The outbox: every message that a merchant is owed, written in the transaction of what it tells.
//!
//! Sent at least once and in order per subject. A lease keeps two gateways from sending the same
//! one at the same time; it is not needed for correctness, since a repeat is allowed.

use direct_debit::{MerchantId, Notification, NotificationId, NotificationState};

use crate::cipher::Place;
use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Lease, Session};

const TABLE: &str = "notifications";

// What stands before a notification is looked for by its subject alone: where a few merchants have most of
// the rows, PostgreSQL would take the primary key and read all that a merchant was ever sent, so the
// merchant is compared as an expression.

statements! { "notifications";
    INSERT = "INSERT INTO notifications (merchant_id, id, kind, subject, sequence, external_id, \
              body, state, attempts, due_at, lease_until, lease_owner, created_at, version, \
              ip_address, device_id, on_trial) \
              SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), \
              CAST(COALESCE(MAX(sequence), 0) AS BIGINT) + 1, CAST($5 AS TEXT), \
              CAST($6 AS TEXT), 'due', 0, CAST($7 AS BIGINT), 0, '', CAST($8 AS BIGINT), 1, \
              CAST($9 AS TEXT), CAST($10 AS TEXT), \
              CASE WHEN EXISTS (SELECT 1 FROM merchants m JOIN notification_endpoints p \
               ON p.merchant_id = m.id AND p.url = CASE CAST($3 AS TEXT) WHEN 'binding' \
               THEN m.binding_notification_url ELSE m.notification_url END \
               WHERE m.id = $1 AND p.failures = 0) THEN 0 ELSE 1 END \
              FROM notifications WHERE merchant_id = $1 AND subject = $4 \
              ON CONFLICT DO NOTHING";
    BY_ID = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, attempts, \
             due_at, created_at, version, ip_address, device_id FROM notifications WHERE merchant_id = $1 AND id = $2";
    OF_SUBJECT = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, \
                  attempts, due_at, created_at, version, ip_address, device_id FROM notifications \
                  WHERE merchant_id = $1 AND subject = $2 ORDER BY sequence";
    NEWEST = "SELECT merchant_id, id, kind, subject, sequence, external_id, body, state, attempts, \
              due_at, created_at, version, ip_address, device_id FROM notifications \
              WHERE merchant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    CLAIM_DUE = "UPDATE notifications SET lease_until = $2, lease_owner = $3, version = version + 1 \
                 WHERE (merchant_id, id) IN \
                 (SELECT n.merchant_id, n.id FROM notifications n \
                  WHERE n.state = 'due' AND n.on_trial = 0 AND n.due_at <= $1 \
                  AND n.lease_until <= $1 AND NOT EXISTS (SELECT 1 FROM notifications e \
                   WHERE e.subject = n.subject AND ('' || e.merchant_id) = n.merchant_id \
                   AND e.sequence < n.sequence AND e.state = 'due') \
                  ORDER BY n.due_at LIMIT $4) \
                 AND state = 'due' AND lease_until <= $1 \
                 RETURNING merchant_id, id, kind, subject, sequence, external_id, body, state, \
                 attempts, due_at, created_at, version, ip_address, device_id";
    UPDATE = "UPDATE notifications SET state = $4, attempts = $5, due_at = $6, lease_until = 0, \
              lease_owner = '', version = version + 1 \
              WHERE merchant_id = $1 AND id = $2 AND version = $3";
    COUNT_DUE = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM notifications WHERE state = 'due'";
}

/// What a notification tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationKind {
    /// That a payment came to an end.
    Payment,
    /// That a refund did, where the merchant wants to hear of each.
    Refund,
    /// That a binding did.
    Binding,
}

impl NotificationKind {
    const ALL: [Self; 3] = [Self::Payment, Self::Refund, Self::Binding];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Binding => "binding",
        }
    }
}

/// A notification with all that is needed to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNotification {
    /// What the rules know.
    pub notification: Notification,
    /// What it tells.
    pub kind: NotificationKind,
    /// Of which payment or binding; its notifications go out in order.
    pub subject: String,
    /// Its place in that order, from 1.
    pub sequence: i64,
    /// The `X-EXTERNAL-ID` of every try.
    pub external_id: String,
    /// The body of every try, byte for byte.
    pub body: String,
    /// Where the customer was when it began, sent along as `X-IP-ADDRESS`.
    pub ip_address: Option<String>,
    /// With which device, sent along as `X-DEVICE-ID`.
    pub device_id: Option<String>,
    /// When it was written, in Unix milliseconds.
    pub created_at_ms: i64,
    /// Grows by one with every stored change.
    pub version: i64,
}

/// A notification to be written.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// Its id.
    pub id: NotificationId,
    /// Who is owed it.
    pub merchant: MerchantId,
    /// What it tells.
    pub kind: NotificationKind,
    /// Of which payment or binding.
    pub subject: String,
    /// The `X-EXTERNAL-ID` of every try.
    pub external_id: String,
    /// The body of every try.
    pub body: String,
    /// Where the customer was when it began.
    pub ip_address: Option<String>,
    /// With which device.
    pub device_id: Option<String>,
    /// From when it is to be sent, in Unix milliseconds.
    pub due_at_ms: i64,
    /// Now, in Unix milliseconds.
    pub created_at_ms: i64,
}

/// Writes a notification, behind those of the same subject.
pub async fn insert(s: &Session, new: &NewNotification) -> Result<(), Error> {
    let id = new.id.as_str();
    let values = [
        new.merchant.as_str().into(),
        id.into(),
        new.kind.as_str().into(),
        (&new.subject).into(),
        (&new.external_id).into(),
        s.seal(place(id), &new.body)?.into(),
        new.due_at_ms.into(),
        new.created_at_ms.into(),
        (&new.ip_address).into(),
        (&new.device_id).into(),
    ];
    let rows = s.execute(INSERT, &values).await?;
    // Another transaction took the same place in the order; run again behind it.
    s.demand_one(rows, TABLE, id).await
}

/// The notification with this id.
pub async fn by_id(
    s: &Session,
    merchant: &MerchantId,
    id: &NotificationId,
) -> Result<Option<StoredNotification>, Error> {
    let row = s
        .fetch_optional(BY_ID, &[merchant.as_str().into(), id.as_str().into()])
        .await?;
    row.map(|row| read(s, &row)).transpose()
}

/// The notifications of a payment or binding, in order.
pub async fn of_subject(
    s: &Session,
    merchant: &MerchantId,
    subject: &str,
) -> Result<Vec<StoredNotification>, Error> {
    let rows = s
        .fetch_all(OF_SUBJECT, &[merchant.as_str().into(), subject.into()])
        .await?;
    rows.iter().map(|row| read(s, row)).collect()
}

/// A merchant's notifications, newest first; to go on, give the last id. Ids grow with time.
pub async fn newest(
    s: &Session,
    merchant: &MerchantId,
    before: Option<&NotificationId>,
    limit: i64,
) -> Result<Vec<StoredNotification>, Error> {
    let before = before.map_or(crate::AFTER_ALL_IDS, NotificationId::as_str);
    let values = [merchant.as_str().into(), before.into(), limit.into()];
    s.fetch_all(NEWEST, &values)
        .await?
        .iter()
        .map(|row| read(s, row))
        .collect()
}

/// Takes at most `limit` notifications that are due, whose turn it is, and that nobody else is
/// sending; earliest first. Those to endpoints that have not proved themselves are left to
/// [`crate::notification_trials`].
pub async fn claim_due(
    s: &Session,
    lease: &Lease,
    limit: i64,
) -> Result<Vec<StoredNotification>, Error> {
    let rows = s.fetch_all(CLAIM_DUE, &lease.values(limit)).await?;
    let mut claimed = rows
        .iter()
        .map(|row| read(s, row))
        .collect::<Result<Vec<_>, _>>()?;
    sort(&mut claimed);
    Ok(claimed)
}

/// Earliest first, those of one subject in order.
pub(crate) fn sort(claimed: &mut [StoredNotification]) {
    claimed.sort_by_key(|stored| match stored.notification.state {
        NotificationState::Due { at_ms } => (at_ms, stored.sequence),
        NotificationState::Delivered | NotificationState::Resting => (i64::MAX, stored.sequence),
    });
}

/// Stores what a try or a wish for another came to, where nobody else changed it since it was
/// read, and ends the lease. Returns the new version.
pub async fn update(s: &Session, stored: &StoredNotification) -> Result<i64, Error> {
    let notification = &stored.notification;
    let due_at = match notification.state {
        NotificationState::Due { at_ms } => Some(at_ms),
        NotificationState::Delivered | NotificationState::Resting => None,
    };
    let values = [
        notification.merchant.as_str().into(),
        notification.id.as_str().into(),
        stored.version.into(),
        notification.state.name().into(),
        notification.attempts.into(),
        due_at.into(),
    ];
    let rows = s.execute(UPDATE, &values).await?;
    s.demand_one(rows, TABLE, &notification.id).await?;
    Ok(stored.version.saturating_add(1))
}

/// How many notifications are due now or later.
pub async fn count_due(s: &Session) -> Result<i64, Error> {
    s.fetch_one(COUNT_DUE, &[]).await?.int("n")
}

pub(crate) fn read(s: &Session, row: &Record) -> Result<StoredNotification, Error> {
    let id = row.text("id")?;
    let state = match (row.text("state")?.as_str(), row.opt_int("due_at")?) {
        ("due", Some(at_ms)) => NotificationState::Due { at_ms },
        ("delivered", None) => NotificationState::Delivered,
        ("resting", None) => NotificationState::Resting,
        (state, _) => {
            return Err(Error::corrupt(
                TABLE,
                &id,
                format!("state {state} with a wrong due time"),
            ));
        }
    };
    let kind = row.named(
        "kind",
        NotificationKind::ALL,
        NotificationKind::as_str,
        TABLE,
        &id,
    )?;
    let body = s
        .unseal(place(&id), &row.text("body")?)?
        .expose()
        .to_owned();
    Ok(StoredNotification {
        notification: Notification {
            merchant: MerchantId::new(row.text("merchant_id")?),
            attempts: row.int("attempts")?,
            state,
            id: NotificationId::new(id),
        },
        kind,
        subject: row.text("subject")?,
        sequence: row.int("sequence")?,
        external_id: row.text("external_id")?,
        body,
        ip_address: row.opt_text("ip_address")?,
        device_id: row.opt_text("device_id")?,
        created_at_ms: row.int("created_at")?,
        version: row.int("version")?,
    })
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: TABLE,
        row: id,
        column: "body",
    }
}
