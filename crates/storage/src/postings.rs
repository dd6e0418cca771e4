//! The double-entry journal: append only, every entry adds up to zero, every event booked once.
//!
//! There is no balance row: a row that every payment changes would be the slowest in the database.
//! Balances are sums over the journal.

use direct_debit::{Account, MerchantId, Posting};

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

const TABLE: &str = "postings";

statements! { "postings";
    INSERT = "INSERT INTO postings (merchant_id, entry_id, account, subject, amount, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6) \
              ON CONFLICT (merchant_id, entry_id, account) DO NOTHING";
    OF_SUBJECT = "SELECT entry_id, account, subject, amount, created_at FROM postings \
                  WHERE merchant_id = $1 AND subject = $2 ORDER BY created_at, entry_id, account";
    TOTALS = "SELECT account, CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS total FROM postings \
              WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3 \
              GROUP BY account ORDER BY account";
    UNBALANCED = "SELECT entry_id FROM postings WHERE merchant_id = $1 \
                  GROUP BY entry_id HAVING SUM(amount) <> 0 ORDER BY entry_id";
}

/// One event's postings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose money.
    pub merchant: MerchantId,
    /// Derived from the event, so that it is booked once.
    pub id: String,
    /// The payment, or the refund, that it books.
    pub subject: String,
    /// When, in Unix milliseconds.
    pub created_at_ms: i64,
    /// The lines; at most one for an account.
    pub postings: Vec<Posting>,
}

/// Books an entry; one that was booked before is not booked again.
pub async fn insert(s: &Session, entry: &Entry) -> Result<(), Error> {
    let sum = entry
        .postings
        .iter()
        .try_fold(0_i64, |sum, posting| sum.checked_add(posting.amount_sen));
    if entry.postings.is_empty() || sum != Some(0) {
        return Err(Error::Unbalanced {
            entry: entry.id.clone(),
        });
    }
    let mut booked = 0;
    for posting in &entry.postings {
        let values = [
            entry.merchant.as_str().into(),
            (&entry.id).into(),
            posting.account.as_str().into(),
            (&entry.subject).into(),
            posting.amount_sen.into(),
            entry.created_at_ms.into(),
        ];
        booked += s.execute(INSERT, &values).await?;
    }
    match usize::try_from(booked) {
        Ok(lines) if lines == 0 || lines == entry.postings.len() => Ok(()),
        // An entry is written whole or not at all, so half of one means that two events share an
        // id, or that one names an account twice.
        _ => Err(Error::corrupt(
            TABLE,
            &entry.id,
            "an entry was booked in part",
        )),
    }
}

/// The entries of a payment or of a refund, in order of time.
pub async fn of_subject(
    s: &Session,
    merchant: &MerchantId,
    subject: &str,
) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    for row in s
        .fetch_all(OF_SUBJECT, &[merchant.as_str().into(), subject.into()])
        .await?
    {
        let (id, posting) = (row.text("entry_id")?, posting(&row)?);
        match entries.last_mut() {
            Some(entry) if entry.id == id => entry.postings.push(posting),
            _ => entries.push(Entry {
                merchant: merchant.clone(),
                id,
                subject: row.text("subject")?,
                created_at_ms: row.int("created_at")?,
                postings: vec![posting],
            }),
        }
    }
    Ok(entries)
}

/// What each account moved by, from one time until before another.
pub async fn totals(
    s: &Session,
    merchant: &MerchantId,
    from_ms: i64,
    until_ms: i64,
) -> Result<Vec<Posting>, Error> {
    let values = [merchant.as_str().into(), from_ms.into(), until_ms.into()];
    let rows = s.fetch_all(TOTALS, &values).await?;
    rows.iter()
        .map(|row| {
            Ok(Posting {
                account: account(row)?,
                amount_sen: row.int("total")?,
            })
        })
        .collect()
}

/// The entries of a merchant that do not add up to zero: always none.
pub async fn unbalanced(s: &Session, merchant: &MerchantId) -> Result<Vec<String>, Error> {
    let rows = s.fetch_all(UNBALANCED, &[merchant.as_str().into()]).await?;
    rows.iter().map(|row| row.text("entry_id")).collect()
}

fn posting(row: &Record) -> Result<Posting, Error> {
    Ok(Posting {
        account: account(row)?,
        amount_sen: row.int("amount")?,
    })
}

fn account(row: &Record) -> Result<Account, Error> {
    row.named(
        "account",
        Account::ALL,
        Account::as_str,
        TABLE,
        "of an account",
    )
}
