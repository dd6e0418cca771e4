//! Every state that a binding, a payment or a refund has been in, with its cause: append only.

use direct_debit::MerchantId;

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

const TABLE: &str = "history";

statements! { "history";
    INSERT = "INSERT INTO history (merchant_id, subject, version, noun, at, state, cause) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OF_SUBJECT = "SELECT version, noun, at, state, cause FROM history \
                  WHERE merchant_id = $1 AND subject = $2 ORDER BY version";
}

/// What a history is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A binding.
    Binding,
    /// A payment.
    Payment,
    /// A refund.
    Refund,
}

impl Noun {
    const ALL: [Self; 3] = [Self::Binding, Self::Payment, Self::Refund];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binding => "binding",
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What changed.
    pub noun: Noun,
    /// Its version after the change.
    pub version: i64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The state after the change.
    pub state: String,
    /// Why, in a few words.
    pub cause: String,
}

/// The history of a binding, a payment or a refund, in order.
pub async fn of_subject(
    s: &Session,
    merchant: &MerchantId,
    subject: &str,
) -> Result<Vec<Event>, Error> {
    let rows = s
        .fetch_all(OF_SUBJECT, &[merchant.as_str().into(), subject.into()])
        .await?;
    rows.iter().map(|row| event(row, subject)).collect()
}

/// Written by the files of the nouns, in the transaction of the change.
pub(crate) async fn insert(
    s: &Session,
    merchant: &MerchantId,
    subject: &str,
    event: &Event,
) -> Result<(), Error> {
    let values = [
        merchant.as_str().into(),
        subject.into(),
        event.version.into(),
        event.noun.as_str().into(),
        event.at_ms.into(),
        (&event.state).into(),
        (&event.cause).into(),
    ];
    s.execute(INSERT, &values).await.map(drop)
}

fn event(row: &Record, subject: &str) -> Result<Event, Error> {
    Ok(Event {
        noun: row.named("noun", Noun::ALL, Noun::as_str, TABLE, subject)?,
        version: row.int("version")?,
        at_ms: row.int("at")?,
        state: row.text("state")?,
        cause: row.text("cause")?,
    })
}
