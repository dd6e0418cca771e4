//! Notifications to endpoints that have not proved themselves: looked through page by page without a lock,
//! and claimed only where there is a place for one.
//!
//! An endpoint is proven when its row says that it failed no more since it last answered. A notification is
//! written with what holds then; where that is wrong by now, it is only looked for in the other place.

use direct_debit::{MerchantId, NotificationId};

use crate::notifications::{self, StoredNotification};
use crate::rows::{Column, Sized, rows_text};
use crate::statements::statements;
use crate::{Error, Lease, Session, Value};

/// Merchant, id, now, until when it is leased, by whom.
const CHOSEN: &[Column] = &[
    Column::Text,
    Column::Text,
    Column::Int,
    Column::Int,
    Column::Text,
];

macro_rules! claim {
    ($rows:literal) => {
        rows_text!(
            $rows,
            "UPDATE notifications SET lease_until = given.column4, lease_owner = given.column5, \
             version = version + 1 FROM (VALUES ",
            CHOSEN,
            ") AS given WHERE notifications.merchant_id = given.column1 \
             AND notifications.id = given.column2 AND state = 'due' AND due_at <= given.column3 \
             AND lease_until <= given.column3 \
             AND NOT EXISTS (SELECT 1 FROM notifications e \
             WHERE e.subject = notifications.subject \
             AND ('' || e.merchant_id) = notifications.merchant_id \
             AND e.sequence < notifications.sequence AND e.state = 'due') \
             RETURNING merchant_id, id, kind, subject, sequence, external_id, body, state, \
             attempts, due_at, created_at, version, ip_address, device_id"
        )
    };
}

statements! { "notification_trials";
    AFTER = "SELECT n.merchant_id, n.id, n.due_at, COALESCE((SELECT CASE n.kind \
             WHEN 'binding' THEN l.binding_notification_url ELSE l.notification_url END \
             FROM listeners l WHERE l.merchant_id = n.merchant_id AND l.expires_at > $6), \
             (SELECT CASE n.kind WHEN 'binding' THEN m.binding_notification_url \
             ELSE m.notification_url END FROM merchants m WHERE m.id = n.merchant_id)) AS url \
             FROM notifications n \
             WHERE n.state = 'due' AND n.on_trial = 1 AND n.due_at <= $1 AND n.lease_until <= $1 \
             AND (n.due_at, n.id, n.merchant_id) > ($2, $3, $4) \
             AND NOT EXISTS (SELECT 1 FROM notifications e \
              WHERE e.subject = n.subject AND ('' || e.merchant_id) = n.merchant_id \
              AND e.sequence < n.sequence AND e.state = 'due') \
             ORDER BY n.due_at, n.id, n.merchant_id LIMIT $5";
    CLAIM_64 = claim!(64);
    CLAIM_8 = claim!(8);
    CLAIM_1 = claim!(1);
}

const CLAIM: Sized = Sized {
    many: CLAIM_64,
    some: CLAIM_8,
    one: CLAIM_1,
};

/// A notification that is due, whose turn it is, and that nobody is sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTrial {
    /// Where it stands.
    pub place: Place,
    /// Where it would go.
    pub url: Option<String>,
}

/// A place in the order of what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Since when it is due, in Unix milliseconds.
    pub due_at_ms: i64,
    /// Which notification.
    pub id: NotificationId,
    /// Whose.
    pub merchant: MerchantId,
}

impl Place {
    /// Before all others.
    #[must_use]
    pub fn first() -> Self {
        Self {
            due_at_ms: i64::MIN,
            id: NotificationId::new(""),
            merchant: MerchantId::new(""),
        }
    }
}

/// Now by the clock of business, and by the wall's, which a listener lives by; in Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// When things are due.
    pub business_ms: i64,
    /// When listeners end.
    pub wall_ms: i64,
}

/// At most `limit` of those behind a place, earliest first. Nothing is claimed.
pub async fn after(
    s: &Session,
    now: Now,
    place: &Place,
    limit: i64,
) -> Result<Vec<OnTrial>, Error> {
    let values = [
        now.business_ms.into(),
        place.due_at_ms.into(),
        place.id.as_str().into(),
        place.merchant.as_str().into(),
        limit.into(),
        now.wall_ms.into(),
    ];
    let rows = s.fetch_all(AFTER, &values).await?;
    rows.iter()
        .map(|row| {
            Ok(OnTrial {
                place: Place {
                    due_at_ms: row.int("due_at")?,
                    id: NotificationId::new(row.text("id")?),
                    merchant: MerchantId::new(row.text("merchant_id")?),
                },
                url: row.opt_text("url")?,
            })
        })
        .collect()
}

/// Takes those of the chosen that are still due and that nobody else has taken, earliest first.
pub async fn claim(
    s: &Session,
    lease: &Lease,
    chosen: &[Place],
) -> Result<Vec<StoredNotification>, Error> {
    let row = |place: &Place| -> Vec<Value> {
        vec![
            place.merchant.as_str().into(),
            place.id.as_str().into(),
            lease.now_ms.into(),
            lease.until_ms.into(),
            lease.owner.as_str().into(),
        ]
    };
    let rows: Vec<_> = chosen.iter().map(row).collect();
    let mut claimed = Vec::with_capacity(rows.len());
    for (sql, values) in CLAIM.cut(&rows) {
        for row in s.fetch_all(sql, &values).await? {
            claimed.push(notifications::read(s, &row)?);
        }
    }
    notifications::sort(&mut claimed);
    Ok(claimed)
}
