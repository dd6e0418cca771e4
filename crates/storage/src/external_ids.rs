//! Claims on `X-EXTERNAL-ID`: who comes first does the work, who repeats hears the first answer.
//!
//! A claim is written in the transaction of the work it stands for. The primary key decides every
//! race: a second claimer waits for the first one's transaction and then finds its row.

use direct_debit::MerchantId;

use crate::cipher::Place;
use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session, Value};

const TABLE: &str = "external_ids";

statements! { "external_ids";
    CLAIM = "INSERT INTO external_ids (merchant_id, scope, day, external_id, fingerprint, \
             claimed_at, in_flight_until, answer_status, answer, subject) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (merchant_id, scope, day, external_id) DO NOTHING";
    BY_KEY = "SELECT fingerprint, claimed_at, in_flight_until, answer_status, answer, subject \
              FROM external_ids \
              WHERE merchant_id = $1 AND scope = $2 AND day = $3 AND external_id = $4";
    ANSWER = "UPDATE external_ids SET answer_status = $5, answer = $6, subject = $7 \
              WHERE merchant_id = $1 AND scope = $2 AND day = $3 AND external_id = $4 \
              AND answer IS NULL";
    LEAD = "UPDATE external_ids SET subject = $5 \
            WHERE merchant_id = $1 AND scope = $2 AND day = $3 AND external_id = $4";
    RELEASE = "DELETE FROM external_ids \
               WHERE merchant_id = $1 AND scope = $2 AND day = $3 AND external_id = $4 \
               AND answer IS NULL";
    PURGE = "DELETE FROM external_ids WHERE (merchant_id, scope, day, external_id) IN \
             (SELECT merchant_id, scope, day, external_id FROM external_ids \
              WHERE claimed_at < $1 ORDER BY claimed_at LIMIT $2)";
}

/// What is unique: an external id of a merchant, in one operation, on one day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimKey {
    /// The merchant.
    pub merchant: MerchantId,
    /// The operation, or one word for all where the merchant is strict.
    pub scope: String,
    /// Jakarta's calendar day of the signed timestamp.
    pub day: String,
    /// The id.
    pub external_id: String,
}

/// The first answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: i64,
    /// The body, byte for byte.
    pub body: String,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub key: ClaimKey,
    /// What the request was, so that a repeat is told from another request.
    pub fingerprint: String,
    /// When, in Unix milliseconds.
    pub claimed_at_ms: i64,
    /// Without an answer, the request counts as being worked on until then.
    pub in_flight_until_ms: i64,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
    /// The payment, refund or binding that it led to.
    pub subject: Option<String>,
}

/// Who came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// We did: do the work.
    First,
    /// Somebody else did, with this.
    Before(Claim),
}

/// Claims an external id, or tells who did.
pub async fn claim(s: &Session, claim: &Claim) -> Result<Claimed, Error> {
    let answer = claim.answer.as_ref();
    let mut values = key_values(&claim.key);
    values.extend([
        (&claim.fingerprint).into(),
        claim.claimed_at_ms.into(),
        claim.in_flight_until_ms.into(),
        answer.map(|answer| answer.status).into(),
        answer
            .map(|answer| seal(s, &claim.key, &answer.body))
            .transpose()?
            .into(),
        (&claim.subject).into(),
    ]);
    if s.execute(CLAIM, &values).await? == 1 {
        return Ok(Claimed::First);
    }
    match by_key(s, &claim.key).await? {
        Some(before) => Ok(Claimed::Before(before)),
        // It was there and is purged or released: the next run will claim it.
        None => Err(s.overtaken(TABLE, &claim.key.external_id).await),
    }
}

/// The claim on a key.
pub async fn by_key(s: &Session, key: &ClaimKey) -> Result<Option<Claim>, Error> {
    let row = s.fetch_optional(BY_KEY, &key_values(key)).await?;
    row.map(|row| read(s, key, &row)).transpose()
}

/// Stores the answer to a claim, with what it led to, and returns the one that stands: an answer that was
/// stored before is never replaced, since somebody may have heard it.
pub async fn answer(
    s: &Session,
    key: &ClaimKey,
    answer: Answer,
    subject: Option<&str>,
) -> Result<Answer, Error> {
    let mut values = key_values(key);
    values.extend([
        answer.status.into(),
        seal(s, key, &answer.body)?.into(),
        subject.into(),
    ]);
    if s.execute(ANSWER, &values).await? == 1 {
        return Ok(answer);
    }
    match by_key(s, key).await?.and_then(|claim| claim.answer) {
        Some(first) => Ok(first),
        None => Err(s.overtaken(TABLE, &key.external_id).await),
    }
}

/// Stores what a claim led to, before it is answered.
pub async fn lead_to(s: &Session, key: &ClaimKey, subject: &str) -> Result<(), Error> {
    let mut values = key_values(key);
    values.push(subject.into());
    let rows = s.execute(LEAD, &values).await?;
    s.demand_one(rows, TABLE, &key.external_id).await
}

/// Gives a claim back that came to nothing; one that was answered stays.
pub async fn release(s: &Session, key: &ClaimKey) -> Result<(), Error> {
    s.execute(RELEASE, &key_values(key)).await.map(drop)
}

/// Throws away at most `limit` claims made before a time. Returns how many.
pub async fn purge(s: &Session, before_ms: i64, limit: i64) -> Result<u64, Error> {
    s.execute(PURGE, &[before_ms.into(), limit.into()]).await
}

fn key_values(key: &ClaimKey) -> Vec<Value> {
    vec![
        key.merchant.as_str().into(),
        (&key.scope).into(),
        (&key.day).into(),
        (&key.external_id).into(),
    ]
}

fn read(s: &Session, key: &ClaimKey, row: &Record) -> Result<Claim, Error> {
    let answer = match (row.opt_int("answer_status")?, row.opt_text("answer")?) {
        (None, None) => None,
        (Some(status), Some(stored)) => {
            let name = row_name(key);
            let body = s.unseal(place(&name), &stored)?.expose().to_owned();
            Some(Answer { status, body })
        }
        _ => return Err(Error::corrupt(TABLE, row_name(key), "half an answer")),
    };
    Ok(Claim {
        key: key.clone(),
        fingerprint: row.text("fingerprint")?,
        claimed_at_ms: row.int("claimed_at")?,
        in_flight_until_ms: row.int("in_flight_until")?,
        answer,
        subject: row.opt_text("subject")?,
    })
}

fn seal(s: &Session, key: &ClaimKey, body: &str) -> Result<String, Error> {
    s.seal(place(&row_name(key)), body)
}

/// Unambiguous, since none of the parts but the last can hold a bar.
fn row_name(key: &ClaimKey) -> String {
    format!(
        "{}|{}|{}|{}",
        key.merchant, key.scope, key.day, key.external_id
    )
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: TABLE,
        row,
        column: "answer",
    }
}
