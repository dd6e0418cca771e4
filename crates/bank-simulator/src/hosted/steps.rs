//! What a customer does on a page: start, OTP, another OTP, PIN, cancel. Each is one transaction.
//!
//! Nothing here answers a browser: the caller shows what the page has become.

use snap::{Amount, Case};
use sqlx::SqliteConnection;

use crate::bank::Bank;
use crate::otp::{self, Occasion, Sending};
use crate::pages::{self, Browser, Page, Subject};
use crate::{Error, links, payments, pin};

/// Wrong PINs, over all pages, that lock an account.
pub(super) const PIN_TRIES: i64 = 3;

/// What the browser is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Look at the page again; a new session belongs into the cookie.
    See { session: Option<String> },
    /// It has ended: words and the way back.
    Ended,
    /// It goes on in another browser.
    Elsewhere,
    /// There is no such page.
    Unknown,
}

const LOOK_AGAIN: Told = Told::See { session: None };

/// What every step needs.
pub(super) struct Act<'a> {
    pub bank: &'a Bank,
    pub page_id: &'a str,
    pub session: Option<&'a str>,
}

/// The page as a step finds it.
enum Found {
    Open(Box<Page>),
    Closed(Told),
}

impl Act<'_> {
    async fn find(&self, conn: &mut SqliteConnection, now_ms: i64) -> Result<Found, Error> {
        let Some(page) = pages::find(conn, self.page_id).await? else {
            return Ok(Found::Closed(Told::Unknown));
        };
        if !page.subject.is_pending() {
            return Ok(Found::Closed(Told::Ended));
        }
        if !page.is_open(now_ms) {
            page.cancel(conn, Case::TransactionExpired, now_ms).await?;
            return Ok(Found::Closed(Told::Ended));
        }
        if page.row.otp_accepted && page.browser(self.session, now_ms) != Browser::Same {
            return Ok(Found::Closed(Told::Elsewhere));
        }
        Ok(Found::Open(Box::new(page)))
    }

    /// One step in one transaction; what it refuses is written down as well.
    async fn run<F>(&self, step: F) -> Result<Told, Error>
    where
        F: AsyncFnOnce(&mut SqliteConnection, &Page, i64) -> Result<Told, Error>,
    {
        let mut write = self.bank.db.write().await?;
        let now_ms = self.bank.clock.now_ms();
        let told = match self.find(&mut write, now_ms).await? {
            Found::Open(page) => step(&mut write, &page, now_ms).await?,
            Found::Closed(told) => told,
        };
        write.commit().await?;
        if told == Told::Ended {
            self.bank.wake.notify_one();
        }
        Ok(told)
    }

    /// Sends the OTP, or goes straight to the PIN where none is needed; binds the page to this browser.
    pub async fn start(&self) -> Result<Told, Error> {
        self.run(async |conn, page, now_ms| {
            if page.row.step == "pin" && page.browser(self.session, now_ms) == Browser::Same {
                return Ok(LOOK_AGAIN);
            }
            let needs_otp = needs_otp(self.bank, page);
            if let Some(case) = barred(page, needs_otp, now_ms) {
                page.refuse(conn, case, now_ms).await?;
                return Ok(Told::Ended);
            }
            if !needs_otp {
                let session = Some(page.advance(conn, "pin", now_ms).await?);
                return Ok(Told::See { session });
            }
            match self.send_otp(conn, page, false, now_ms).await? {
                Sending::Sent | Sending::StillGood => {
                    let session = Some(page.advance(conn, "otp", now_ms).await?);
                    Ok(Told::See { session })
                }
                Sending::Wait { seconds } => {
                    page.notice(conn, Some(&format!("wait:{seconds}"))).await?;
                    Ok(LOOK_AGAIN)
                }
                Sending::TooMany => {
                    page.refuse(conn, Case::OtpBlocked, now_ms).await?;
                    Ok(Told::Ended)
                }
            }
        })
        .await
    }

    /// Sends another OTP.
    pub async fn resend(&self) -> Result<Told, Error> {
        self.run(async |conn, page, now_ms| {
            if page.row.step != "otp" || page.browser(self.session, now_ms) != Browser::Same {
                return Ok(LOOK_AGAIN);
            }
            if let Some(case) = barred(page, true, now_ms) {
                page.refuse(conn, case, now_ms).await?;
                return Ok(Told::Ended);
            }
            let notice = match self.send_otp(conn, page, true, now_ms).await? {
                Sending::Sent | Sending::StillGood => "sent".to_owned(),
                Sending::Wait { seconds } => format!("wait:{seconds}"),
                Sending::TooMany => "too_many".to_owned(),
            };
            page.notice(conn, Some(&notice)).await?;
            Ok(LOOK_AGAIN)
        })
        .await
    }

    async fn send_otp(
        &self,
        conn: &mut SqliteConnection,
        page: &Page,
        again: bool,
        now_ms: i64,
    ) -> Result<Sending, Error> {
        let merchant = page.subject.merchant_name();
        let purpose = match &page.subject {
            Subject::Binding(_) => format!("menghubungkan akun Anda ke {merchant}"),
            Subject::Payment(payment) => {
                let amount = Amount::from_sen(payment.amount).unwrap_or_default();
                format!("membayar {} ke {merchant}", amount.rupiah_text())
            }
        };
        let occasion = Occasion {
            customer: &page.customer,
            page_hash: &page.row.hash,
            purpose: &purpose,
            again,
            relaxed: self.bank.relaxed_otp,
            now_ms,
        };
        otp::send(conn, &occasion).await
    }

    /// Checks the OTP.
    pub async fn otp(&self, typed: &str) -> Result<Told, Error> {
        self.run(async |conn, page, now_ms| {
            if page.row.step != "otp" || page.browser(self.session, now_ms) != Browser::Same {
                return Ok(LOOK_AGAIN);
            }
            if let Some(case) = barred(page, true, now_ms) {
                page.refuse(conn, case, now_ms).await?;
                return Ok(Told::Ended);
            }
            let Some(typed) = six_digits(typed) else {
                page.notice(conn, Some("six_digits")).await?;
                return Ok(LOOK_AGAIN);
            };
            match otp::live(conn, &page.row.hash).await? {
                Some(otp) if !otp.has_expired(now_ms) => {
                    if crate::entropy::same(&otp.code, &typed) {
                        otp.spend(conn).await?;
                        accept_otp(conn, page).await?;
                        let session = Some(page.advance(conn, "pin", now_ms).await?);
                        Ok(Told::See { session })
                    } else {
                        wrong_otp(conn, page, self.bank.relaxed_otp, now_ms).await
                    }
                }
                _ => {
                    page.notice(conn, Some("otp_expired")).await?;
                    Ok(LOOK_AGAIN)
                }
            }
        })
        .await
    }

    /// Checks the PIN and, if it is right, does what the page is for.
    pub async fn pin(&self, typed: &str) -> Result<Told, Error> {
        let typed = six_digits(typed);
        let right = match &typed {
            Some(typed) => self.pin_matches(typed).await?,
            None => None,
        };
        self.run(async |conn, page, now_ms| {
            if page.row.step != "pin" || page.browser(self.session, now_ms) != Browser::Same {
                return Ok(LOOK_AGAIN);
            }
            if let Some(case) = barred(page, false, now_ms) {
                page.refuse(conn, case, now_ms).await?;
                return Ok(Told::Ended);
            }
            if typed.is_none() {
                page.notice(conn, Some("six_digits")).await?;
                return Ok(LOOK_AGAIN);
            }
            match right {
                Some(true) => {}
                Some(false) => return wrong_pin(conn, page, now_ms).await,
                None => return Ok(LOOK_AGAIN),
            }
            count_wrong_pins(conn, page, 0).await?;
            match &page.subject {
                Subject::Binding(link) => {
                    links::finish(conn, &link.id).await?;
                    tracing::info!(reference = link.partner_reference_no, "account linked");
                }
                Subject::Payment(payment) => self.pay(conn, page, payment, now_ms).await?,
            }
            Ok(Told::Ended)
        })
        .await
    }

    /// The slow part of the PIN check, before the writing transaction; nothing when no PIN is wanted.
    async fn pin_matches(&self, typed: &str) -> Result<Option<bool>, Error> {
        let mut read = self.bank.db.read().acquire().await?;
        let now_ms = self.bank.clock.now_ms();
        let page = pages::find(&mut read, self.page_id).await?;
        drop(read);
        match page {
            Some(page)
                if page.row.step == "pin"
                    && page.browser(self.session, now_ms) == Browser::Same =>
            {
                let customer = page.customer;
                pin::matches(typed.to_owned(), customer.pin_salt, customer.pin_hash)
                    .await
                    .map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn pay(
        &self,
        conn: &mut SqliteConnection,
        page: &Page,
        payment: &payments::Payment,
        now_ms: i64,
    ) -> Result<(), Error> {
        if !links::by_id(conn, &payment.link_id).await?.is_linked() {
            return page.refuse(conn, Case::InvalidCustomerToken, now_ms).await;
        }
        if !payments::is_covered(conn, &payment.account_no, &page.parts).await? {
            return page.refuse(conn, Case::InsufficientFunds, now_ms).await;
        }
        payments::pay(conn, payment, now_ms).await?;
        tracing::info!(reference = payment.partner_reference_no, "payment made");
        Ok(())
    }

    /// The customer does not want it.
    pub async fn cancel(&self) -> Result<Told, Error> {
        self.run(async |conn, page, now_ms| {
            page.cancel(conn, Case::TransactionCancelled, now_ms)
                .await?;
            Ok(Told::Ended)
        })
        .await
    }
}

/// Payments up to a configured amount need the PIN only.
fn needs_otp(bank: &Bank, page: &Page) -> bool {
    match &page.subject {
        Subject::Binding(_) => true,
        Subject::Payment(payment) => payment.amount > bank.otp_above.sen(),
    }
}

/// Why this customer may not go on, if so.
fn barred(page: &Page, with_otp: bool, now_ms: i64) -> Option<Case> {
    let customer = &page.customer;
    match customer.state.as_str() {
        "blocked" => Some(Case::DoNotHonor),
        "dormant" => Some(Case::DormantAccount),
        _ if customer.pin_locked => Some(Case::ActivityCountLimitExceeded),
        _ if with_otp && now_ms < customer.otp_blocked_until => Some(Case::OtpBlocked),
        _ => None,
    }
}

/// Six digits, however they were spaced.
fn six_digits(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

async fn accept_otp(conn: &mut SqliteConnection, page: &Page) -> Result<(), Error> {
    sqlx::query("UPDATE pages SET otp_accepted = 1 WHERE hash = $1")
        .bind(&page.row.hash)
        .execute(conn)
        .await?;
    Ok(())
}

async fn wrong_otp(
    conn: &mut SqliteConnection,
    page: &Page,
    relaxed: bool,
    now_ms: i64,
) -> Result<Told, Error> {
    let wrong = page.row.wrong_otps + 1;
    sqlx::query("UPDATE pages SET wrong_otps = $2 WHERE hash = $1")
        .bind(&page.row.hash)
        .bind(wrong)
        .execute(&mut *conn)
        .await?;
    if otp::note_wrong(conn, &page.customer.account_no, relaxed, now_ms).await? {
        page.refuse(conn, Case::OtpBlocked, now_ms).await?;
        return Ok(Told::Ended);
    }
    if wrong >= otp::TRIES {
        page.refuse(conn, Case::InvalidOtp, now_ms).await?;
        return Ok(Told::Ended);
    }
    page.notice(conn, Some("wrong_otp")).await?;
    Ok(LOOK_AGAIN)
}

async fn wrong_pin(conn: &mut SqliteConnection, page: &Page, now_ms: i64) -> Result<Told, Error> {
    let wrong = page.customer.wrong_pins + 1;
    count_wrong_pins(conn, page, wrong).await?;
    if wrong >= PIN_TRIES {
        page.refuse(conn, Case::ActivityCountLimitExceeded, now_ms)
            .await?;
        return Ok(Told::Ended);
    }
    page.notice(conn, Some("wrong_pin")).await?;
    Ok(LOOK_AGAIN)
}

async fn count_wrong_pins(
    conn: &mut SqliteConnection,
    page: &Page,
    wrong: i64,
) -> Result<(), Error> {
    sqlx::query("UPDATE customers SET wrong_pins = $2, pin_locked = $3 WHERE account_no = $1")
        .bind(&page.customer.account_no)
        .bind(wrong)
        .bind(wrong >= PIN_TRIES)
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_may_be_spaced_and_nothing_else() {
        assert_eq!(six_digits("123 456").as_deref(), Some("123456"));
        assert_eq!(six_digits("123-456").as_deref(), Some("123456"));
        assert_eq!(six_digits("12345"), None);
        assert_eq!(six_digits("1234567"), None);
        assert_eq!(six_digits("12345٦"), None);
        assert_eq!(six_digits(""), None);
    }
}
