//! Refunds. Whether one fits is decided by its payment's row, never by adding refunds up.

use direct_debit::{
    MerchantId, PaymentId, Refund, RefundId, RefundKind, RefundState, RefundStateName,
};

use crate::history::{self, Event, Noun};
use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Lease, Session, Sql, Value};

const TABLE: &str = "refunds";

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "merchant_id, id, payment_id, partner_refund_no, refund_no, kind, amount, reason, created_at, \
         state, refunded_at, failure_code, failure_message, version"
    };
}

statements! { "refunds";
    INSERT = "INSERT INTO refunds (merchant_id, id, version, state, refunded_at, failure_code, \
              failure_message, settle_at, payment_id, partner_refund_no, refund_no, kind, amount, \
              reason, created_at, lease_until, lease_owner) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, '') \
              ON CONFLICT (merchant_id, kind, partner_refund_no) DO NOTHING";
    UPDATE = "UPDATE refunds SET version = version + 1, state = $4, refunded_at = $5, \
              failure_code = $6, failure_message = $7, settle_at = $8, lease_until = 0, \
              lease_owner = '' WHERE merchant_id = $1 AND id = $2 AND version = $3";
    BY_ID = concat!("SELECT ", columns!(), " FROM refunds WHERE merchant_id = $1 AND id = $2");
    BY_PARTNER_REFUND_NO = concat!("SELECT ", columns!(), " FROM refunds \
                           WHERE merchant_id = $1 AND kind = 'merchant' AND partner_refund_no = $2");
    OF_PAYMENT = concat!("SELECT ", columns!(), " FROM refunds \
                 WHERE merchant_id = $1 AND payment_id = $2 ORDER BY id");
    CLAIM_DUE = concat!("UPDATE refunds SET lease_until = $2, lease_owner = $3 \
                WHERE (merchant_id, id) IN (SELECT merchant_id, id FROM refunds \
                 WHERE settle_at <= $1 AND lease_until <= $1 ORDER BY settle_at LIMIT $4) \
                AND settle_at <= $1 AND lease_until <= $1 RETURNING ", columns!());
    POSTPONE = "UPDATE refunds SET settle_at = $4, lease_until = 0, lease_owner = '' \
                WHERE merchant_id = $1 AND id = $2 AND lease_owner = $3 AND settle_at IS NOT NULL";
    IS_DUE = "SELECT id FROM refunds WHERE settle_at <= $1 AND lease_until <= $1 LIMIT 1";
}

/// Writes a new refund, to be settled at `due_ms` if nothing else happens. Where the merchant's
/// refund number is taken, the transaction runs again and then finds the other refund.
pub async fn insert(s: &Session, refund: &Refund, due_ms: i64) -> Result<(), Error> {
    let mut values = changeable(refund, Some(due_ms));
    values.extend([
        refund.payment.as_str().into(),
        (&refund.partner_refund_no).into(),
        (&refund.refund_no).into(),
        refund.kind.as_str().into(),
        refund.amount.sen().into(),
        (&refund.reason).into(),
        refund.created_at_ms.into(),
    ]);
    let rows = s.execute(INSERT, &values).await?;
    s.demand_one(rows, TABLE, &refund.id).await?;
    remember(s, refund, refund.version, "requested", refund.created_at_ms).await
}

/// Stores a changed refund where nobody else changed it since it was read, to be settled at
/// `due_ms`, if at all. The stored version is one more than the given one.
pub async fn update(
    s: &Session,
    refund: &Refund,
    due_ms: Option<i64>,
    cause: &str,
    now_ms: i64,
) -> Result<(), Error> {
    let rows = s.execute(UPDATE, &changeable(refund, due_ms)).await?;
    s.demand_one(rows, TABLE, &refund.id).await?;
    remember(s, refund, refund.version.saturating_add(1), cause, now_ms).await
}

/// The refund with this id.
pub async fn by_id(
    s: &Session,
    merchant: &MerchantId,
    id: &RefundId,
) -> Result<Option<Refund>, Error> {
    one(s, BY_ID, &[merchant.as_str().into(), id.as_str().into()]).await
}

/// The refund that the merchant asked for under this number.
pub async fn by_partner_refund_no(
    s: &Session,
    merchant: &MerchantId,
    number: &str,
) -> Result<Option<Refund>, Error> {
    one(
        s,
        BY_PARTNER_REFUND_NO,
        &[merchant.as_str().into(), number.into()],
    )
    .await
}

/// The refunds of a payment, oldest first.
pub async fn of_payment(
    s: &Session,
    merchant: &MerchantId,
    payment: &PaymentId,
) -> Result<Vec<Refund>, Error> {
    let rows = s
        .fetch_all(
            OF_PAYMENT,
            &[merchant.as_str().into(), payment.as_str().into()],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Takes at most `limit` refunds that are to be settled and that nobody else is settling.
pub async fn claim_due(s: &Session, lease: &Lease, limit: i64) -> Result<Vec<Refund>, Error> {
    s.fetch_all(CLAIM_DUE, &lease.values(limit))
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Puts a claimed refund off, unless somebody has taken it over since.
pub async fn postpone(
    s: &Session,
    merchant: &MerchantId,
    id: &RefundId,
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

/// Whether a refund is to be settled by this time, in Unix milliseconds, and nobody is settling it.
pub async fn is_due(s: &Session, now_ms: i64) -> Result<bool, Error> {
    Ok(s.fetch_optional(IS_DUE, &[now_ms.into()]).await?.is_some())
}

async fn one(s: &Session, sql: Sql, values: &[Value]) -> Result<Option<Refund>, Error> {
    s.fetch_optional(sql, values)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

async fn remember(
    s: &Session,
    refund: &Refund,
    version: i64,
    cause: &str,
    at_ms: i64,
) -> Result<(), Error> {
    let state = refund.state.name().as_str().to_owned();
    let event = Event {
        noun: Noun::Refund,
        version,
        at_ms,
        state,
        cause: cause.to_owned(),
    };
    history::insert(s, &refund.merchant, refund.id.as_str(), &event).await
}

/// Key, version and what may change, in the order of the statements.
fn changeable(refund: &Refund, due_ms: Option<i64>) -> Vec<Value> {
    let (mut refunded_at, mut reason) = (None, None);
    match &refund.state {
        RefundState::Succeeded { refunded_at_ms } => refunded_at = Some(*refunded_at_ms),
        RefundState::Failed { reason: words } => reason = Some(words),
        RefundState::Created | RefundState::Unknown => {}
    }
    vec![
        refund.merchant.as_str().into(),
        refund.id.as_str().into(),
        refund.version.into(),
        refund.state.name().as_str().into(),
        refunded_at.into(),
        reason.map(|reason| reason.code.as_str()).into(),
        reason.map(|reason| reason.message.as_str()).into(),
        due_ms.into(),
    ]
}

fn read(row: &Record) -> Result<Refund, Error> {
    let id = row.text("id")?;
    Ok(Refund {
        merchant: MerchantId::new(row.text("merchant_id")?),
        payment: PaymentId::new(row.text("payment_id")?),
        partner_refund_no: row.text("partner_refund_no")?,
        refund_no: row.text("refund_no")?,
        kind: row.named("kind", RefundKind::ALL, RefundKind::as_str, TABLE, &id)?,
        amount: row.amount("amount", TABLE, &id)?,
        reason: row.opt_text("reason")?,
        created_at_ms: row.int("created_at")?,
        state: state(row, &id)?,
        version: row.int("version")?,
        id: RefundId::new(id),
    })
}

fn state(row: &Record, id: &str) -> Result<RefundState, Error> {
    use RefundStateName as Is;
    let name = row.named("state", Is::ALL, Is::as_str, TABLE, id)?;
    match (name, row.opt_int("refunded_at")?, row.reason(TABLE, id)?) {
        (Is::Created, None, None) => Ok(RefundState::Created),
        (Is::Unknown, None, None) => Ok(RefundState::Unknown),
        (Is::Succeeded, Some(refunded_at_ms), None) => {
            Ok(RefundState::Succeeded { refunded_at_ms })
        }
        (Is::Failed, None, Some(reason)) => Ok(RefundState::Failed { reason }),
        (name, ..) => Err(Error::corrupt(
            TABLE,
            id,
            format!("{} with foreign data", name.as_str()),
        )),
    }
}
