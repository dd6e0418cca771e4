//! Payments: what is to be paid from which accounts, and what became of it.
//!
//! pending → paid | cancelled | failed, once. Every way out of pending leaves a notification for the gateway in the
//! same transaction.

use sqlx::SqliteConnection;

use crate::faults::{Operation, Outcome, armed, magic};
use crate::ledger::{self, CLEARING, Movement, account_id};
use crate::links::Reason;
use crate::{Error, entropy};

#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Payment {
    pub id: String,
    pub partner_reference_no: String,
    pub fingerprint: String,
    pub link_id: String,
    pub account_no: String,
    pub amount: i64,
    pub state: String,
    pub merchant_name: String,
    pub remarks: String,
    pub return_url: String,
    pub expires_at: i64,
    pub created_at: i64,
    pub ended_at: Option<i64>,
    pub reason_code: Option<String>,
    pub reason_message: Option<String>,
}

impl Payment {
    pub fn is_pending(&self) -> bool {
        self.state == "pending"
    }
}

/// What one account pays, and how much of it went back.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Part {
    pub kind: String,
    pub amount: i64,
    pub refunded: i64,
}

/// How a payment ends without a debit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Cancelled,
    Failed,
}

impl Ending {
    fn state(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, partner_reference_no, fingerprint, link_id, account_no, amount, state, merchant_name, \
             remarks, return_url, expires_at, created_at, ended_at, reason_code, reason_message FROM payments ",
            $rest
        )
    };
}

pub(crate) async fn by_id(conn: &mut SqliteConnection, id: &str) -> Result<Payment, Error> {
    Ok(sqlx::query_as(select!("WHERE id = $1"))
        .bind(id)
        .fetch_one(conn)
        .await?)
}

pub(crate) async fn by_reference(
    conn: &mut SqliteConnection,
    reference: &str,
) -> Result<Option<Payment>, Error> {
    Ok(sqlx::query_as(select!("WHERE partner_reference_no = $1"))
        .bind(reference)
        .fetch_optional(conn)
        .await?)
}

/// Pending payments whose page has run out.
pub(crate) async fn overdue(
    conn: &mut SqliteConnection,
    now_ms: i64,
) -> Result<Vec<Payment>, Error> {
    let sql = select!("WHERE state = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT 200");
    Ok(sqlx::query_as(sql).bind(now_ms).fetch_all(conn).await?)
}

pub(crate) async fn pending_of_link(
    conn: &mut SqliteConnection,
    link_id: &str,
) -> Result<Vec<Payment>, Error> {
    let sql = select!("WHERE link_id = $1 AND state = 'pending' ORDER BY id");
    Ok(sqlx::query_as(sql).bind(link_id).fetch_all(conn).await?)
}

pub(crate) async fn parts(conn: &mut SqliteConnection, id: &str) -> Result<Vec<Part>, Error> {
    let sql =
        "SELECT kind, amount, refunded FROM payment_parts WHERE payment_id = $1 ORDER BY kind";
    Ok(sqlx::query_as(sql).bind(id).fetch_all(conn).await?)
}

pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    payment: &Payment,
    parts: &[Part],
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO payments (id, partner_reference_no, fingerprint, link_id, account_no, amount, state, \
         merchant_name, remarks, return_url, expires_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(&payment.id)
    .bind(&payment.partner_reference_no)
    .bind(&payment.fingerprint)
    .bind(&payment.link_id)
    .bind(&payment.account_no)
    .bind(payment.amount)
    .bind(&payment.state)
    .bind(&payment.merchant_name)
    .bind(&payment.remarks)
    .bind(&payment.return_url)
    .bind(payment.expires_at)
    .bind(payment.created_at)
    .execute(&mut *conn)
    .await?;
    for part in parts {
        sqlx::query("INSERT INTO payment_parts (payment_id, kind, amount) VALUES ($1, $2, $3)")
            .bind(&payment.id)
            .bind(&part.kind)
            .bind(part.amount)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Is there enough in each account?
pub(crate) async fn is_covered(
    conn: &mut SqliteConnection,
    account_no: &str,
    parts: &[Part],
) -> Result<bool, Error> {
    for part in parts {
        if ledger::balance(&mut *conn, account_no, &part.kind).await? < part.amount {
            return Ok(false);
        }
    }
    Ok(true)
}

/// pending → paid, with the money moved. The caller has checked that it is pending and covered.
pub(crate) async fn pay(
    conn: &mut SqliteConnection,
    payment: &Payment,
    now_ms: i64,
) -> Result<(), Error> {
    let mut postings = vec![(CLEARING.to_owned(), payment.amount)];
    for part in parts(conn, &payment.id).await? {
        postings.push((account_id(&payment.account_no, &part.kind), -part.amount));
    }
    let movement = Movement {
        kind: "payment",
        payment_id: Some(&payment.id),
        refund_id: None,
        at: now_ms,
    };
    ledger::post(conn, movement, &postings).await?;
    let sql =
        "UPDATE payments SET state = 'paid', ended_at = $2 WHERE id = $1 AND state = 'pending'";
    let done = sqlx::query(sql)
        .bind(&payment.id)
        .bind(now_ms)
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() != 1 {
        return Err(Error::Corrupt("payments", payment.id.clone()));
    }
    announce(conn, &payment.id, now_ms).await
}

/// pending → cancelled or failed. False when it was no longer pending.
pub(crate) async fn end(
    conn: &mut SqliteConnection,
    id: &str,
    ending: Ending,
    reason: &Reason,
    now_ms: i64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE payments SET state = $2, reason_code = $3, reason_message = $4, ended_at = $5 \
         WHERE id = $1 AND state = 'pending'",
    )
    .bind(id)
    .bind(ending.state())
    .bind(&reason.code)
    .bind(&reason.message)
    .bind(now_ms)
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    announce(conn, id, now_ms).await?;
    Ok(true)
}

/// Queues the notification of a payment that has just ended, with what is to go wrong with it.
async fn announce(conn: &mut SqliteConnection, payment_id: &str, now_ms: i64) -> Result<(), Error> {
    let sen = by_id(conn, payment_id).await?.amount;
    let late = |outcome| matches!(outcome, Outcome::Twice | Outcome::Late(_) | Outcome::Silent);
    let fault = match magic::of_notification(sen) {
        Some(outcome) => Some(outcome).filter(|outcome| late(*outcome)),
        None => armed::take(conn, Operation::Notify, late).await?,
    };
    let (due_at, again) = match fault {
        Some(Outcome::Silent) => return Ok(()),
        Some(Outcome::Late(seconds)) => (now_ms + i64::from(seconds) * 1_000, 0),
        Some(Outcome::Twice) => (now_ms, 1),
        _ => (now_ms, 0),
    };
    sqlx::query(
        "INSERT INTO notifications (id, payment_id, state, due_at, again) VALUES ($1, $2, 'due', $3, $4)",
    )
    .bind(entropy::id("NT")?)
    .bind(payment_id)
    .bind(due_at)
    .bind(again)
    .execute(conn)
    .await?;
    Ok(())
}

/// Queues false notifications of a payment that has just begun.
pub(crate) async fn forge(conn: &mut SqliteConnection, payment: &Payment) -> Result<(), Error> {
    sqlx::query("INSERT INTO forgeries (payment_id, due_at) VALUES ($1, $2)")
        .bind(&payment.id)
        .bind(payment.created_at)
        .execute(conn)
        .await?;
    Ok(())
}
