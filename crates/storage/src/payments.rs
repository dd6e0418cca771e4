//! Payments. One row decides every race: for the reference, for the outcome, for the last refund.

mod row;

use direct_debit::{BindingId, MerchantId, Payment, PaymentId};

use crate::history::{self, Event, Noun};
use crate::statements::statements;
use crate::{AFTER_ALL_IDS, Error, Lease, Session, Sql, Value};
use row::{TABLE, changeable, columns, read, read_all, written_details, written_parts};

statements! { "payments";
    INSERT = "INSERT INTO payments (merchant_id, id, version, first_answer, bank_reference_no, \
              bank_page, refunded, refund_reserved, state, paid_at, cancel_cause, failure_code, \
              failure_message, settle_at, binding_id, partner_reference_no, reference_no, \
              external_id, external_day, amount, fee, parts, details, created_at, valid_until, \
              page_hash, state_hash, lease_until, lease_owner) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
              $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, 0, '') \
              ON CONFLICT (merchant_id, partner_reference_no) DO NOTHING";
    UPDATE = "UPDATE payments SET version = version + 1, first_answer = $4, \
              bank_reference_no = $5, bank_page = $6, refunded = $7, refund_reserved = $8, \
              state = $9, paid_at = $10, cancel_cause = $11, failure_code = $12, \
              failure_message = $13, settle_at = $14, lease_until = 0, lease_owner = '' \
              WHERE merchant_id = $1 AND id = $2 AND version = $3";
    BY_ID = concat!("SELECT ", columns!(), " FROM payments WHERE merchant_id = $1 AND id = $2");
    BY_ID_ANYWHERE = concat!("SELECT ", columns!(), " FROM payments WHERE id = $1");
    BY_PAGE = concat!("SELECT ", columns!(), " FROM payments WHERE page_hash = $1");
    BY_STATE = concat!("SELECT ", columns!(), " FROM payments WHERE state_hash = $1");
    BY_PARTNER_REFERENCE_NO = concat!("SELECT ", columns!(), " FROM payments \
                              WHERE merchant_id = $1 AND partner_reference_no = $2");
    BY_REFERENCE_NO = concat!("SELECT ", columns!(), " FROM payments \
                      WHERE merchant_id = $1 AND reference_no = $2");
    BY_EXTERNAL_ID = concat!("SELECT ", columns!(), " FROM payments \
                     WHERE merchant_id = $1 AND external_id = $2 ORDER BY created_at DESC LIMIT 1");
    BY_EXTERNAL_ID_AND_DAY = concat!("SELECT ", columns!(), " FROM payments \
                             WHERE merchant_id = $1 AND external_id = $2 AND external_day = $3 \
                             ORDER BY created_at DESC LIMIT 1");
    OPEN_OF_BINDING = concat!("SELECT ", columns!(), " FROM payments \
                      WHERE merchant_id = $1 AND binding_id = $2 \
                      AND state IN ('created', 'awaiting customer', 'unknown') ORDER BY id");
    NEWEST = concat!("SELECT ", columns!(), " FROM payments \
             WHERE merchant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    USE_STATE = "UPDATE payments SET state_used_at = $3 \
                 WHERE merchant_id = $1 AND id = $2 AND state_used_at IS NULL";
    CLAIM_DUE = concat!("UPDATE payments SET lease_until = $2, lease_owner = $3 \
                WHERE (merchant_id, id) IN (SELECT merchant_id, id FROM payments \
                 WHERE settle_at <= $1 AND lease_until <= $1 ORDER BY settle_at LIMIT $4) \
                AND settle_at <= $1 AND lease_until <= $1 RETURNING ", columns!());
    POSTPONE = "UPDATE payments SET settle_at = $4, lease_until = 0, lease_owner = '' \
                WHERE merchant_id = $1 AND id = $2 AND lease_owner = $3 AND settle_at IS NOT NULL";
    HASTEN = "UPDATE payments SET settle_at = $3, lease_until = 0, lease_owner = '' \
              WHERE merchant_id = $1 AND id = $2 \
              AND state IN ('created', 'awaiting customer', 'unknown')";
    HASTEN_OPEN = "UPDATE payments SET settle_at = $3, lease_until = 0, lease_owner = '' \
                   WHERE merchant_id = $1 AND binding_id = $2 \
                   AND state IN ('created', 'awaiting customer', 'unknown')";
    IS_DUE = "SELECT id FROM payments WHERE settle_at <= $1 AND lease_until <= $1 LIMIT 1";
    TOTALS = "SELECT state, CAST(COUNT(*) AS BIGINT) AS n, \
              CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount, \
              CAST(COALESCE(SUM(fee), 0) AS BIGINT) AS fee, \
              CAST(COALESCE(SUM(refunded), 0) AS BIGINT) AS refunded \
              FROM payments WHERE merchant_id = $1 GROUP BY state ORDER BY state";
}

/// What a payment is found by that nobody may read in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// Of its page's id.
    pub page: String,
    /// Of the `state` that the bank's browser brings back.
    pub state: String,
}

impl Hashes {
    /// The two hashes.
    pub fn of(page: impl Into<String>, state: impl Into<String>) -> Self {
        Self {
            page: page.into(),
            state: state.into(),
        }
    }
}

/// What a merchant's payments in one state come to, all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTotal {
    /// The state.
    pub state: String,
    /// How many payments.
    pub count: i64,
    /// Their amounts, in sen.
    pub amount_sen: i64,
    /// Their fees, in sen, whether charged or not.
    pub fee_sen: i64,
    /// What of them went back, in sen.
    pub refunded_sen: i64,
}

/// Writes a new payment, to be settled at `due_ms` if nothing else happens. Where the reference is
/// taken, the transaction runs again and then finds the other payment.
pub async fn insert(
    s: &Session,
    payment: &Payment,
    hashes: &Hashes,
    due_ms: i64,
) -> Result<(), Error> {
    let mut values = changeable(payment, Some(due_ms));
    values.extend([
        payment.binding.as_str().into(),
        (&payment.partner_reference_no).into(),
        (&payment.reference_no).into(),
        (&payment.external_id).into(),
        snap::timestamp::jakarta_day(payment.created_at_ms).into(),
        payment.amount.sen().into(),
        payment.fee.sen().into(),
        written_parts(payment)?.into(),
        written_details(payment)?.into(),
        payment.created_at_ms.into(),
        payment.valid_until_ms.into(),
        (&hashes.page).into(),
        (&hashes.state).into(),
    ]);
    let rows = s.execute(INSERT, &values).await?;
    s.demand_one(rows, TABLE, &payment.id).await?;
    remember(
        s,
        payment,
        payment.version,
        "requested",
        payment.created_at_ms,
    )
    .await
}

/// Stores a changed payment where nobody else changed it since it was read, to be settled at
/// `due_ms`, if at all. The stored version is one more than the given one.
pub async fn update(
    s: &Session,
    payment: &Payment,
    due_ms: Option<i64>,
    cause: &str,
    now_ms: i64,
) -> Result<(), Error> {
    let rows = s.execute(UPDATE, &changeable(payment, due_ms)).await?;
    s.demand_one(rows, TABLE, &payment.id).await?;
    remember(s, payment, payment.version.saturating_add(1), cause, now_ms).await
}

/// The payment with this id.
pub async fn by_id(
    s: &Session,
    merchant: &MerchantId,
    id: &PaymentId,
) -> Result<Option<Payment>, Error> {
    one(s, BY_ID, &key(merchant, id)).await
}

/// The payment with this id, whosever it is: banks know it by nothing else.
pub async fn by_id_anywhere(s: &Session, id: &PaymentId) -> Result<Option<Payment>, Error> {
    one(s, BY_ID_ANYWHERE, &[id.as_str().into()]).await
}

/// The payment with this page.
pub async fn by_page(s: &Session, hash: &str) -> Result<Option<Payment>, Error> {
    one(s, BY_PAGE, &[hash.into()]).await
}

/// The payment with this `state`.
pub async fn by_state(s: &Session, hash: &str) -> Result<Option<Payment>, Error> {
    one(s, BY_STATE, &[hash.into()]).await
}

/// The payment with this reference of the merchant's.
pub async fn by_partner_reference_no(
    s: &Session,
    merchant: &MerchantId,
    number: &str,
) -> Result<Option<Payment>, Error> {
    one(
        s,
        BY_PARTNER_REFERENCE_NO,
        &[merchant.as_str().into(), number.into()],
    )
    .await
}

/// The payment with this reference of ours.
pub async fn by_reference_no(
    s: &Session,
    merchant: &MerchantId,
    number: &str,
) -> Result<Option<Payment>, Error> {
    one(
        s,
        BY_REFERENCE_NO,
        &[merchant.as_str().into(), number.into()],
    )
    .await
}

/// The payment that was asked for under this `X-EXTERNAL-ID` on this day of Jakarta's; without a
/// day, the newest.
pub async fn by_external_id(
    s: &Session,
    merchant: &MerchantId,
    external_id: &str,
    day: Option<&str>,
) -> Result<Option<Payment>, Error> {
    let mut values = vec![merchant.as_str().into(), external_id.into()];
    match day {
        None => one(s, BY_EXTERNAL_ID, &values).await,
        Some(day) => {
            values.push(day.into());
            one(s, BY_EXTERNAL_ID_AND_DAY, &values).await
        }
    }
}

/// The payments of a binding whose outcome is not known yet, oldest first.
pub async fn open_of_binding(
    s: &Session,
    merchant: &MerchantId,
    binding: &BindingId,
) -> Result<Vec<Payment>, Error> {
    let values = [merchant.as_str().into(), binding.as_str().into()];
    read_all(s.fetch_all(OPEN_OF_BINDING, &values).await?)
}

/// A merchant's payments, newest first; to go on, give the last id.
pub async fn newest(
    s: &Session,
    merchant: &MerchantId,
    before: Option<&PaymentId>,
    limit: i64,
) -> Result<Vec<Payment>, Error> {
    let before = before.map_or(AFTER_ALL_IDS, PaymentId::as_str);
    read_all(
        s.fetch_all(
            NEWEST,
            &[merchant.as_str().into(), before.into(), limit.into()],
        )
        .await?,
    )
}

/// Notes that the browser came back; true the first time.
pub async fn use_state(
    s: &Session,
    merchant: &MerchantId,
    id: &PaymentId,
    now_ms: i64,
) -> Result<bool, Error> {
    let values = [merchant.as_str().into(), id.as_str().into(), now_ms.into()];
    Ok(s.execute(USE_STATE, &values).await? == 1)
}

/// Takes at most `limit` payments that are to be settled and that nobody else is settling.
pub async fn claim_due(s: &Session, lease: &Lease, limit: i64) -> Result<Vec<Payment>, Error> {
    read_all(s.fetch_all(CLAIM_DUE, &lease.values(limit)).await?)
}

/// Puts a claimed payment off, unless somebody has hastened it or taken it over since.
pub async fn postpone(
    s: &Session,
    merchant: &MerchantId,
    id: &PaymentId,
    owner: &str,
    due_ms: i64,
) -> Result<(), Error> {
    let values = [
        merchant.as_str().into(),
        id.as_str().into(),
        owner.into(),
        due_ms.into(),
    ];
    s.execute(POSTPONE, &values).await.map(drop)
}

/// Has a payment whose outcome is not known settled at this time.
pub async fn hasten(
    s: &Session,
    merchant: &MerchantId,
    id: &PaymentId,
    due_ms: i64,
) -> Result<(), Error> {
    let values = [merchant.as_str().into(), id.as_str().into(), due_ms.into()];
    s.execute(HASTEN, &values).await.map(drop)
}

/// The same for all such payments of a binding.
pub async fn hasten_open(
    s: &Session,
    merchant: &MerchantId,
    binding: &BindingId,
    due_ms: i64,
) -> Result<(), Error> {
    let values = [
        merchant.as_str().into(),
        binding.as_str().into(),
        due_ms.into(),
    ];
    s.execute(HASTEN_OPEN, &values).await.map(drop)
}

/// Whether a payment is to be settled by this time, in Unix milliseconds, and nobody is settling it.
pub async fn is_due(s: &Session, now_ms: i64) -> Result<bool, Error> {
    Ok(s.fetch_optional(IS_DUE, &[now_ms.into()]).await?.is_some())
}

/// What a merchant's payments come to, state by state, for reconciliation with the journal.
pub async fn totals(s: &Session, merchant: &MerchantId) -> Result<Vec<StateTotal>, Error> {
    let rows = s.fetch_all(TOTALS, &[merchant.as_str().into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(StateTotal {
                state: row.text("state")?,
                count: row.int("n")?,
                amount_sen: row.int("amount")?,
                fee_sen: row.int("fee")?,
                refunded_sen: row.int("refunded")?,
            })
        })
        .collect()
}

async fn one(s: &Session, sql: Sql, values: &[Value]) -> Result<Option<Payment>, Error> {
    s.fetch_optional(sql, values)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

async fn remember(
    s: &Session,
    payment: &Payment,
    version: i64,
    cause: &str,
    at_ms: i64,
) -> Result<(), Error> {
    let state = payment.state.name().as_str().to_owned();
    let event = Event {
        noun: Noun::Payment,
        version,
        at_ms,
        state,
        cause: cause.to_owned(),
    };
    history::insert(s, &payment.merchant, payment.id.as_str(), &event).await
}

fn key(merchant: &MerchantId, id: &PaymentId) -> [Value; 2] {
    [merchant.as_str().into(), id.as_str().into()]
}
