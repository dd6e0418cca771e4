//! One-time passwords and their limits, per account and across sessions (`PIN` limits are in `hosted::steps`).
//!
//! A code lives 5 minutes. While one is unused, the next is sent after 60 s at the earliest; 5 an hour, 10 a day.
//! 3 wrong ones end the page's session; 10 wrong ones a day block the account's OTP for 24 h. Relaxed, for tests:
//! only the life and the 3 wrong ones remain.

use sqlx::SqliteConnection;

use crate::customers::Customer;
use crate::{Error, entropy};

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
pub(crate) const LIFE: i64 = 300 * SECOND;
const PAUSE: i64 = 60 * SECOND;
const PER_HOUR: usize = 5;
const PER_DAY: usize = 10;
pub(crate) const TRIES: i64 = 3;
const WRONG_PER_DAY: i64 = 10;

/// What became of the wish for a code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    /// A new code is on its way.
    Sent,
    /// The code sent a moment ago for the same page is still good.
    StillGood,
    /// Too soon after the last one.
    Wait { seconds: i64 },
    /// Too many in an hour or a day.
    TooMany,
}

/// Whom a code goes to, and what for.
pub(crate) struct Occasion<'a> {
    pub customer: &'a Customer,
    pub page_hash: &'a str,
    /// "menghubungkan akun ke Toko", the rest of the SMS's sentence.
    pub purpose: &'a str,
    /// The customer asked for another one.
    pub again: bool,
    pub relaxed: bool,
    pub now_ms: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct Otp {
    id: String,
    page_hash: String,
    pub code: String,
    pub reference: String,
    state: String,
    sent_at: i64,
    expires_at: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, page_hash, code, reference, state, sent_at, expires_at FROM otps ",
            $rest
        )
    };
}

/// Sends a code if the limits allow it.
pub(crate) async fn send(
    conn: &mut SqliteConnection,
    occasion: &Occasion<'_>,
) -> Result<Sending, Error> {
    if !occasion.relaxed {
        let sql = select!("WHERE account_no = $1 AND sent_at > $2 ORDER BY sent_at DESC, id");
        let sent: Vec<Otp> = sqlx::query_as(sql)
            .bind(&occasion.customer.account_no)
            .bind(occasion.now_ms - DAY)
            .fetch_all(&mut *conn)
            .await?;
        if let Some(refused) = within_limits(&sent, occasion) {
            return Ok(refused);
        }
    }
    sqlx::query("UPDATE otps SET state = 'void' WHERE page_hash = $1 AND state = 'live'")
        .bind(occasion.page_hash)
        .execute(&mut *conn)
        .await?;
    let code = entropy::digits(6)?;
    let reference = letters(&entropy::digits(6)?);
    sqlx::query(
        "INSERT INTO otps (id, account_no, page_hash, code, reference, state, sent_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, 'live', $6, $7)",
    )
    .bind(entropy::id("OT")?)
    .bind(&occasion.customer.account_no)
    .bind(occasion.page_hash)
    .bind(&code)
    .bind(&reference)
    .bind(occasion.now_ms)
    .bind(occasion.now_ms + LIFE)
    .execute(&mut *conn)
    .await?;
    if !occasion.customer.otp_silent {
        deliver(conn, occasion, &code, &reference).await?;
    }
    Ok(Sending::Sent)
}

/// `sent`: the codes of the last day, newest first.
fn within_limits(sent: &[Otp], occasion: &Occasion<'_>) -> Option<Sending> {
    let now = occasion.now_ms;
    if let Some(last) = sent.first() {
        let wait = last.sent_at + PAUSE - now;
        if last.state != "used" && wait > 0 {
            if last.page_hash == occasion.page_hash && last.state == "live" && !occasion.again {
                return Some(Sending::StillGood);
            }
            return Some(Sending::Wait {
                seconds: (wait + SECOND - 1) / SECOND,
            });
        }
    }
    let last_hour = sent.iter().filter(|otp| otp.sent_at > now - HOUR).count();
    (last_hour >= PER_HOUR || sent.len() >= PER_DAY).then_some(Sending::TooMany)
}

async fn deliver(
    conn: &mut SqliteConnection,
    occasion: &Occasion<'_>,
    code: &str,
    reference: &str,
) -> Result<(), Error> {
    let body = format!(
        "Allo Bank: {code} adalah kode OTP untuk {}. Berlaku 5 menit. Jangan berikan kepada siapa pun, termasuk \
         petugas bank. Ref {reference}",
        occasion.purpose
    );
    sqlx::query("INSERT INTO inbox (id, phone_no, body, otp, reference, at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(entropy::id("SM")?)
        .bind(&occasion.customer.phone_no)
        .bind(body)
        .bind(code)
        .bind(reference)
        .bind(occasion.now_ms)
        .execute(conn)
        .await?;
    Ok(())
}

/// Letters for the reference, so that nobody takes it for the code.
fn letters(digits: &str) -> String {
    digits
        .bytes()
        .filter_map(|digit| {
            "KLMNPRSTVX"
                .chars()
                .nth(usize::from(digit.saturating_sub(b'0')))
        })
        .collect()
}

/// The newest code of a page that has not been used or replaced.
pub(crate) async fn live(
    conn: &mut SqliteConnection,
    page_hash: &str,
) -> Result<Option<Otp>, Error> {
    let sql = select!("WHERE page_hash = $1 AND state = 'live' ORDER BY sent_at DESC LIMIT 1");
    Ok(sqlx::query_as(sql)
        .bind(page_hash)
        .fetch_optional(conn)
        .await?)
}

impl Otp {
    pub fn has_expired(&self, now_ms: i64) -> bool {
        now_ms >= self.expires_at
    }

    pub async fn spend(&self, conn: &mut SqliteConnection) -> Result<(), Error> {
        sqlx::query("UPDATE otps SET state = 'used' WHERE id = $1")
            .bind(&self.id)
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// Makes the codes of a page worthless.
pub(crate) async fn void(conn: &mut SqliteConnection, page_hash: &str) -> Result<(), Error> {
    sqlx::query("UPDATE otps SET state = 'void' WHERE page_hash = $1 AND state = 'live'")
        .bind(page_hash)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes a wrong code; true when the account's OTP is now blocked for a day.
pub(crate) async fn note_wrong(
    conn: &mut SqliteConnection,
    account_no: &str,
    relaxed: bool,
    now_ms: i64,
) -> Result<bool, Error> {
    sqlx::query("INSERT INTO wrong_otps (id, account_no, at) VALUES ($1, $2, $3)")
        .bind(entropy::id("WO")?)
        .bind(account_no)
        .bind(now_ms)
        .execute(&mut *conn)
        .await?;
    let wrong: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM wrong_otps WHERE account_no = $1 AND at > $2")
            .bind(account_no)
            .bind(now_ms - DAY)
            .fetch_one(&mut *conn)
            .await?;
    if relaxed || wrong < WRONG_PER_DAY {
        return Ok(false);
    }
    sqlx::query("UPDATE customers SET otp_blocked_until = $2 WHERE account_no = $1")
        .bind(account_no)
        .bind(now_ms + DAY)
        .execute(conn)
        .await?;
    Ok(true)
}
