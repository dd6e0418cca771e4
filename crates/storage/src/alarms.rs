//! What somebody must look at: append only, each thing once.

use direct_debit::MerchantId;

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

statements! { "alarms";
    INSERT = "INSERT INTO alarms (merchant_id, id, subject, kind, detail, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (merchant_id, id) DO NOTHING";
    NEWEST = "SELECT merchant_id, id, subject, kind, detail, created_at FROM alarms \
              ORDER BY created_at DESC LIMIT $1";
}

/// One alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The merchant that it concerns.
    pub merchant: MerchantId,
    /// Its id; derived from the event where it may be reported twice.
    pub id: String,
    /// The payment, refund or binding.
    pub subject: String,
    /// What happened, in a word or two.
    pub kind: String,
    /// More words; nothing secret.
    pub detail: String,
    /// When, in Unix milliseconds.
    pub created_at_ms: i64,
}

/// Raises an alarm; false when it was raised before.
pub async fn insert(s: &Session, alarm: &Alarm) -> Result<bool, Error> {
    let values = [
        alarm.merchant.as_str().into(),
        (&alarm.id).into(),
        (&alarm.subject).into(),
        (&alarm.kind).into(),
        (&alarm.detail).into(),
        alarm.created_at_ms.into(),
    ];
    Ok(s.execute(INSERT, &values).await? == 1)
}

/// The newest alarms of all merchants.
pub async fn newest(s: &Session, limit: i64) -> Result<Vec<Alarm>, Error> {
    s.fetch_all(NEWEST, &[limit.into()])
        .await?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &Record) -> Result<Alarm, Error> {
    Ok(Alarm {
        merchant: MerchantId::new(row.text("merchant_id")?),
        id: row.text("id")?,
        subject: row.text("subject")?,
        kind: row.text("kind")?,
        detail: row.text("detail")?,
        created_at_ms: row.int("created_at")?,
    })
}
