//! What the bank knows about a customer.

use sqlx::SqliteConnection;

use crate::demo::DEMO;
use crate::{Error, entropy, ledger, pin};

/// What is needed to decide whether a customer may act.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Customer {
    pub account_no: String,
    pub phone_no: String,
    pub state: String,
    pub otp_silent: bool,
    pub pin_salt: String,
    pub pin_hash: String,
    pub wrong_pins: i64,
    pub pin_locked: bool,
    pub otp_blocked_until: i64,
}

impl Customer {
    /// `62811••••1101`: enough for the owner to know it, not enough to call.
    pub fn masked_phone(&self) -> String {
        masked(&self.phone_no)
    }

    /// The account as it is shown to others.
    pub fn masked_account(&self) -> String {
        format!("Allo ••••{}", last_four(&self.phone_no))
    }
}

/// Hides the middle of a phone number.
pub(crate) fn masked(phone_no: &str) -> String {
    format!(
        "{}••••{}",
        phone_no.chars().take(5).collect::<String>(),
        last_four(phone_no)
    )
}

fn last_four(phone_no: &str) -> String {
    phone_no
        .chars()
        .skip(phone_no.chars().count().saturating_sub(4))
        .collect()
}

const COLUMNS: &str = "SELECT account_no, phone_no, state, otp_silent, pin_salt, pin_hash, wrong_pins, pin_locked, \
                       otp_blocked_until FROM customers";

pub(crate) async fn by_account<'c, C>(conn: C, account_no: &str) -> Result<Customer, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE account_no = $1"));
    Ok(sqlx::query_as(sql).bind(account_no).fetch_one(conn).await?)
}

pub(crate) async fn by_phone<'c, C>(conn: C, phone_no: &str) -> Result<Option<Customer>, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE phone_no = $1"));
    Ok(sqlx::query_as(sql)
        .bind(phone_no)
        .fetch_optional(conn)
        .await?)
}

/// The phone number of the customer of a binding.
pub(crate) async fn phone_of_link<'c, C>(conn: C, reference: &str) -> Result<Option<String>, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = "SELECT c.phone_no FROM links l JOIN customers c ON c.account_no = l.account_no \
               WHERE l.partner_reference_no = $1";
    Ok(sqlx::query_scalar(sql)
        .bind(reference)
        .fetch_optional(conn)
        .await?)
}

/// The phone number of the customer of a payment.
pub(crate) async fn phone_of_payment<'c, C>(
    conn: C,
    reference: &str,
) -> Result<Option<String>, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = "SELECT c.phone_no FROM payments p JOIN customers c ON c.account_no = p.account_no \
               WHERE p.partner_reference_no = $1";
    Ok(sqlx::query_scalar(sql)
        .bind(reference)
        .fetch_optional(conn)
        .await?)
}

/// How many bindings a customer has begun.
pub(crate) async fn bindings_begun<'c, C>(conn: C, phone_no: &str) -> Result<i64, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = "SELECT COUNT(*) FROM links l JOIN customers c ON c.account_no = l.account_no \
               WHERE c.phone_no = $1";
    Ok(sqlx::query_scalar(sql)
        .bind(phone_no)
        .fetch_one(conn)
        .await?)
}

/// Opens the accounts of the demo customers whom the bank does not know yet: all of them in a fresh bank.
pub(crate) async fn seed(conn: &mut SqliteConnection, now_ms: i64) -> Result<(), Error> {
    let known: Vec<String> = sqlx::query_scalar("SELECT phone_no FROM customers")
        .fetch_all(&mut *conn)
        .await?;
    if known.is_empty() {
        ledger::open_bank_accounts(conn).await?;
    }
    for (position, opening) in (0i64..).zip(&DEMO) {
        let customer = &opening.customer;
        if known.iter().any(|phone_no| phone_no == customer.phone_no) {
            continue;
        }
        let account_no = entropy::id("AC")?;
        let (salt, hash) = pin::protect(customer.pin)?;
        sqlx::query(
            "INSERT INTO customers (account_no, phone_no, name, note, position, state, otp_silent, pin_salt, pin_hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&account_no)
        .bind(customer.phone_no)
        .bind(customer.name)
        .bind(customer.note)
        .bind(position)
        .bind(opening.state)
        .bind(opening.otp_silent)
        .bind(salt)
        .bind(hash)
        .execute(&mut *conn)
        .await?;
        ledger::open_customer_accounts(conn, &account_no).await?;
        ledger::bring_to(conn, &account_no, opening.money, "opening", now_ms).await?;
    }
    Ok(())
}

/// Unlocks every customer, forgets their OTPs and messages, and gives back the opening balances. Links, payments and
/// the clock stay: the gateway holds on to them.
pub(crate) async fn reset(conn: &mut SqliteConnection, now_ms: i64) -> Result<(), Error> {
    sqlx::query("UPDATE customers SET wrong_pins = 0, pin_locked = 0, otp_blocked_until = 0")
        .execute(&mut *conn)
        .await?;
    for sql in [
        "DELETE FROM otps",
        "DELETE FROM wrong_otps",
        "DELETE FROM inbox",
    ] {
        sqlx::query(sql).execute(&mut *conn).await?;
    }
    for opening in &DEMO {
        if let Some(customer) = by_phone(&mut *conn, opening.customer.phone_no).await? {
            ledger::bring_to(conn, &customer.account_no, opening.money, "reset", now_ms).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_keeps_its_ends_only() {
        assert_eq!(masked("6281111111101"), "62811••••1101");
        assert_eq!(masked("62"), "62••••62");
    }
}
