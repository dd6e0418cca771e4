//! Links: that a merchant's customer may pay from an account, one per binding id of the gateway.

use snap::{Case, Refusal, ResponseCode, Service};
use sqlx::SqliteConnection;

use crate::Error;

/// Why something ended otherwise than well: a SNAP code and its message.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    pub code: String,
    pub message: String,
}

impl Reason {
    pub fn new(service: Service, case: Case) -> Self {
        Self {
            code: ResponseCode::new(service, case).to_string(),
            message: Refusal::new(case).message(),
        }
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Link {
    pub id: String,
    pub partner_reference_no: String,
    pub fingerprint: String,
    pub account_no: String,
    pub state: String,
    pub merchant_name: String,
    pub return_url: String,
    pub expires_at: i64,
    pub created_at: i64,
    pub reason_code: Option<String>,
    pub reason_message: Option<String>,
}

impl Link {
    pub fn is_pending(&self) -> bool {
        self.state == "pending"
    }

    pub fn is_linked(&self) -> bool {
        self.state == "linked"
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, partner_reference_no, fingerprint, account_no, state, merchant_name, return_url, expires_at, \
             created_at, reason_code, reason_message FROM links ",
            $rest
        )
    };
}

pub(crate) async fn by_id(conn: &mut SqliteConnection, id: &str) -> Result<Link, Error> {
    Ok(sqlx::query_as(select!("WHERE id = $1"))
        .bind(id)
        .fetch_one(conn)
        .await?)
}

pub(crate) async fn by_reference(
    conn: &mut SqliteConnection,
    reference: &str,
) -> Result<Option<Link>, Error> {
    Ok(sqlx::query_as(select!("WHERE partner_reference_no = $1"))
        .bind(reference)
        .fetch_optional(conn)
        .await?)
}

pub(crate) async fn linked_of_account(
    conn: &mut SqliteConnection,
    account_no: &str,
) -> Result<Vec<Link>, Error> {
    let sql = select!("WHERE account_no = $1 AND state = 'linked' ORDER BY id");
    Ok(sqlx::query_as(sql).bind(account_no).fetch_all(conn).await?)
}

/// Pending links whose page has run out.
pub(crate) async fn overdue(conn: &mut SqliteConnection, now_ms: i64) -> Result<Vec<Link>, Error> {
    let sql = select!("WHERE state = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT 200");
    Ok(sqlx::query_as(sql).bind(now_ms).fetch_all(conn).await?)
}

pub(crate) async fn insert(conn: &mut SqliteConnection, link: &Link) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO links (id, partner_reference_no, fingerprint, account_no, state, merchant_name, return_url, \
         expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&link.id)
    .bind(&link.partner_reference_no)
    .bind(&link.fingerprint)
    .bind(&link.account_no)
    .bind(&link.state)
    .bind(&link.merchant_name)
    .bind(&link.return_url)
    .bind(link.expires_at)
    .bind(link.created_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// pending → linked. False when it was no longer pending.
pub(crate) async fn finish(conn: &mut SqliteConnection, id: &str) -> Result<bool, Error> {
    let sql = "UPDATE links SET state = 'linked' WHERE id = $1 AND state = 'pending'";
    Ok(sqlx::query(sql)
        .bind(id)
        .execute(conn)
        .await?
        .rows_affected()
        == 1)
}

/// pending → failed. False when it was no longer pending.
pub(crate) async fn fail(
    conn: &mut SqliteConnection,
    id: &str,
    reason: &Reason,
    now_ms: i64,
) -> Result<bool, Error> {
    let sql = "UPDATE links SET state = 'failed', reason_code = $2, reason_message = $3, ended_at = $4 \
               WHERE id = $1 AND state = 'pending'";
    let done = sqlx::query(sql)
        .bind(id)
        .bind(&reason.code)
        .bind(&reason.message)
        .bind(now_ms)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// linked → unlinked, with its tokens gone. Repeating it changes nothing.
pub(crate) async fn unlink(
    conn: &mut SqliteConnection,
    id: &str,
    now_ms: i64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE links SET state = 'unlinked', ended_at = $2 WHERE id = $1 AND state = 'linked'",
    )
    .bind(id)
    .bind(now_ms)
    .execute(&mut *conn)
    .await?;
    sqlx::query("DELETE FROM tokens WHERE link_id = $1")
        .bind(id)
        .execute(&mut *conn)
        .await?;
    Ok(())
}
