//! Double-entry books: every movement is a balanced set of postings, every balance the sum of its postings.
//!
//! Nothing changes a balance but [`post`], and `post` takes only what adds up to zero.

use sqlx::SqliteConnection;

use crate::{Error, entropy};

/// The accounts of a customer, in the order in which money goes back to them.
pub(crate) const KINDS: [&str; 3] = ["BALANCE", "PAYLATER", "POINT"];

/// Where payments go to and refunds come from.
pub(crate) const CLEARING: &str = "bank:CLEARING";
/// Where the demo customers' money comes from.
const CAPITAL: &str = "bank:CAPITAL";

/// The id of one of a customer's accounts.
pub(crate) fn account_id(account_no: &str, kind: &str) -> String {
    format!("{account_no}:{kind}")
}

/// What a movement is for.
pub(crate) struct Movement<'a> {
    pub kind: &'a str,
    pub payment_id: Option<&'a str>,
    pub refund_id: Option<&'a str>,
    pub at: i64,
}

pub(crate) async fn open_bank_accounts(conn: &mut SqliteConnection) -> Result<(), Error> {
    for (id, kind) in [(CLEARING, "CLEARING"), (CAPITAL, "CAPITAL")] {
        sqlx::query(
            "INSERT INTO accounts (id, account_no, kind, balance) VALUES ($1, NULL, $2, 0)",
        )
        .bind(id)
        .bind(kind)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

pub(crate) async fn open_customer_accounts(
    conn: &mut SqliteConnection,
    account_no: &str,
) -> Result<(), Error> {
    for kind in KINDS {
        sqlx::query("INSERT INTO accounts (id, account_no, kind, balance) VALUES ($1, $2, $3, 0)")
            .bind(account_id(account_no, kind))
            .bind(account_no)
            .bind(kind)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Books one movement. The amounts must add up to zero, and a customer's account never goes below zero.
pub(crate) async fn post(
    conn: &mut SqliteConnection,
    movement: Movement<'_>,
    postings: &[(String, i64)],
) -> Result<(), Error> {
    let sum = postings
        .iter()
        .try_fold(0i64, |sum, (_, amount)| sum.checked_add(*amount));
    if sum != Some(0) {
        return Err(Error::Unbalanced);
    }
    let id = entropy::id("MV")?;
    sqlx::query(
        "INSERT INTO movements (id, kind, payment_id, refund_id, at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&id)
    .bind(movement.kind)
    .bind(movement.payment_id)
    .bind(movement.refund_id)
    .bind(movement.at)
    .execute(&mut *conn)
    .await?;
    for (account, amount) in postings {
        sqlx::query("INSERT INTO postings (movement_id, account_id, amount) VALUES ($1, $2, $3)")
            .bind(&id)
            .bind(account)
            .bind(amount)
            .execute(&mut *conn)
            .await?;
        let changed = sqlx::query("UPDATE accounts SET balance = balance + $2 WHERE id = $1")
            .bind(account)
            .bind(amount)
            .execute(&mut *conn)
            .await?;
        if changed.rows_affected() != 1 {
            return Err(Error::Corrupt("accounts", account.clone()));
        }
    }
    Ok(())
}

/// Sen in one of a customer's accounts.
pub(crate) async fn balance<'c, C>(conn: C, account_no: &str, kind: &str) -> Result<i64, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = "SELECT balance FROM accounts WHERE id = $1";
    Ok(sqlx::query_scalar(sql)
        .bind(account_id(account_no, kind))
        .fetch_one(conn)
        .await?)
}

/// Moves money between capital and a customer until BALANCE, POINT and PAYLATER hold what is wanted.
pub(crate) async fn bring_to(
    conn: &mut SqliteConnection,
    account_no: &str,
    wanted: [i64; 3],
    kind: &str,
    at: i64,
) -> Result<(), Error> {
    let mut postings = Vec::new();
    let mut from_capital = 0i64;
    for (account, wanted) in ["BALANCE", "POINT", "PAYLATER"].into_iter().zip(wanted) {
        let change = wanted - balance(&mut *conn, account_no, account).await?;
        if change != 0 {
            postings.push((account_id(account_no, account), change));
            from_capital -= change;
        }
    }
    if from_capital != 0 {
        postings.push((CAPITAL.to_owned(), from_capital));
    }
    if postings.is_empty() {
        return Ok(());
    }
    post(
        conn,
        Movement {
            kind,
            payment_id: None,
            refund_id: None,
            at,
        },
        &postings,
    )
    .await
}
