//! The demo customers and what the bank knows about a customer.
//!
//! To add a demo customer, append to [`DEMO`]; the order of the first six is part of the sandbox's contract.

use sqlx::SqliteConnection;

use crate::{Error, entropy, ledger, pin};

/// A customer that every fresh bank has.
#[derive(Debug, Clone, Copy)]
pub struct DemoCustomer {
    /// Full name.
    pub name: &'static str,
    /// Phone number, digits with country code.
    pub phone_no: &'static str,
    /// Six digits. A demo customer's PIN is no secret.
    pub pin: &'static str,
    /// What this customer is good for in a test.
    pub note: &'static str,
}

struct Opening {
    customer: DemoCustomer,
    state: &'static str,
    otp_silent: bool,
    /// Sen in BALANCE, POINT and PAYLATER.
    money: [i64; 3],
}

const ORDINARY: [i64; 3] = [1_000_000_000, 5_000_000, 200_000_000];

const DEMO: [Opening; 6] = [
    Opening {
        customer: DemoCustomer {
            name: "Siti Rahmawati",
            phone_no: "6281111111101",
            pin: "246813",
            note: "ordinary, with money: Rp10.000.000 balance, Rp50.000 points, Rp2.000.000 paylater",
        },
        state: "active",
        otp_silent: false,
        money: ORDINARY,
    },
    Opening {
        customer: DemoCustomer {
            name: "Budi Santoso",
            phone_no: "6281111111102",
            pin: "135792",
            note: "ordinary, with money: Rp50.000.000 balance, Rp50.000 points, Rp2.000.000 paylater",
        },
        state: "active",
        otp_silent: false,
        money: [5_000_000_000, 5_000_000, 200_000_000],
    },
    Opening {
        customer: DemoCustomer {
            name: "Dewi Lestari",
            phone_no: "6281111111103",
            pin: "975318",
            note: "has no money: payments are refused with 4035414",
        },
        state: "active",
        otp_silent: false,
        money: [0, 0, 0],
    },
    Opening {
        customer: DemoCustomer {
            name: "Agus Pratama",
            phone_no: "6281111111104",
            pin: "864209",
            note: "blocked: binding is refused with 4030705",
        },
        state: "blocked",
        otp_silent: false,
        money: ORDINARY,
    },
    Opening {
        customer: DemoCustomer {
            name: "Ratna Wulandari",
            phone_no: "6281111111105",
            pin: "314159",
            note: "dormant: binding is refused with 4030709",
        },
        state: "dormant",
        otp_silent: false,
        money: ORDINARY,
    },
    Opening {
        customer: DemoCustomer {
            name: "Joko Widjaja",
            phone_no: "6281111111106",
            pin: "271828",
            note: "the OTP never arrives",
        },
        state: "active",
        otp_silent: true,
        money: ORDINARY,
    },
];

const ALL: [DemoCustomer; 6] = {
    let [one, two, three, four, five, six] = DEMO;
    [
        one.customer,
        two.customer,
        three.customer,
        four.customer,
        five.customer,
        six.customer,
    ]
};

/// The demo customers, in this order: two ordinary ones with money, one without money, one blocked, one dormant, one
/// whose OTP never comes.
pub fn demo_customers() -> &'static [DemoCustomer] {
    &ALL
}

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

/// Fills a fresh bank; does nothing when there are customers already.
pub(crate) async fn seed(conn: &mut SqliteConnection, now_ms: i64) -> Result<(), Error> {
    let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM customers")
        .fetch_one(&mut *conn)
        .await?;
    if known > 0 {
        return Ok(());
    }
    ledger::open_bank_accounts(conn).await?;
    for (position, opening) in (0i64..).zip(&DEMO) {
        let customer = &opening.customer;
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
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_masked_number_keeps_its_ends_only() {
        assert_eq!(masked("6281111111101"), "62811••••1101");
        assert_eq!(masked("62"), "62••••62");
    }

    #[test]
    fn the_demo_customers_stand_in_the_agreed_order() {
        let all = demo_customers();
        assert_eq!(all.len(), 6);
        assert!(all[0].note.contains("ordinary") && all[1].note.contains("ordinary"));
        assert!(all[2].note.contains("no money"));
        assert!(all[3].note.contains("blocked") && all[4].note.contains("dormant"));
        assert!(all[5].note.contains("never"));
        assert!(
            all.iter()
                .all(|c| c.pin.len() == 6 && c.phone_no.starts_with("62"))
        );
    }
}
