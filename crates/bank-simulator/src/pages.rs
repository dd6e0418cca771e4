//! What is known of a hosted page: what it is for, how far its customer has come, and in which browser.
//!
//! A page has no end of its own: it has ended when its link or payment is no longer pending, or when its time is up.

use snap::{Case, Service};
use sqlx::SqliteConnection;

use crate::customers::{self, Customer};
use crate::links::{self, Link, Reason};
use crate::payments::{self, Ending, Part, Payment};
use crate::{Error, entropy, otp};

/// How long after a new session id was given the one before is still taken for the same browser: a double click, or
/// an answer that got lost on the way.
const GRACE: i64 = 30_000;

#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Row {
    pub hash: String,
    pub link_id: Option<String>,
    pub payment_id: Option<String>,
    pub step: String,
    pub otp_accepted: bool,
    pub session_hash: Option<String>,
    pub previous_session_hash: Option<String>,
    pub rotated_at: i64,
    pub wrong_otps: i64,
    pub notice: Option<String>,
}

/// What a page is for.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    Binding(Link),
    Payment(Payment),
}

#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub row: Row,
    pub subject: Subject,
    pub customer: Customer,
    /// Of a payment: which account pays how much.
    pub parts: Vec<Part>,
}

/// Who is asking.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Browser {
    /// Nobody has started yet.
    First,
    /// The one that started.
    Same,
    /// Another one.
    Other,
}

impl Subject {
    pub fn service(&self) -> Service {
        match self {
            Self::Binding(_) => Service::BINDING,
            Self::Payment(_) => Service::PAYMENT,
        }
    }

    pub fn is_pending(&self) -> bool {
        match self {
            Self::Binding(link) => link.is_pending(),
            Self::Payment(payment) => payment.is_pending(),
        }
    }

    pub fn expires_at(&self) -> i64 {
        match self {
            Self::Binding(link) => link.expires_at,
            Self::Payment(payment) => payment.expires_at,
        }
    }

    pub fn merchant_name(&self) -> &str {
        match self {
            Self::Binding(link) => &link.merchant_name,
            Self::Payment(payment) => &payment.merchant_name,
        }
    }

    pub fn return_url(&self) -> &str {
        match self {
            Self::Binding(link) => &link.return_url,
            Self::Payment(payment) => &payment.return_url,
        }
    }

    /// For logs: which binding or payment of the gateway this is.
    pub fn reference(&self) -> &str {
        match self {
            Self::Binding(link) => &link.partner_reference_no,
            Self::Payment(payment) => &payment.partner_reference_no,
        }
    }

    pub fn reason_code(&self) -> Option<&str> {
        match self {
            Self::Binding(link) => link.reason_code.as_deref(),
            Self::Payment(payment) => payment.reason_code.as_deref(),
        }
    }
}

impl Page {
    pub fn is_open(&self, now_ms: i64) -> bool {
        self.subject.is_pending() && now_ms < self.subject.expires_at()
    }

    pub fn browser(&self, session: Option<&str>, now_ms: i64) -> Browser {
        let Some(known) = &self.row.session_hash else {
            return Browser::First;
        };
        let Some(session) = session.map(entropy::hash) else {
            return Browser::Other;
        };
        let in_grace = now_ms - self.row.rotated_at < GRACE;
        let before = self.row.previous_session_hash.as_ref().filter(|_| in_grace);
        if entropy::same(known, &session)
            || before.is_some_and(|before| entropy::same(before, &session))
        {
            Browser::Same
        } else {
            Browser::Other
        }
    }

    /// Ends what the page is for without success.
    pub async fn refuse(
        &self,
        conn: &mut SqliteConnection,
        case: Case,
        now_ms: i64,
    ) -> Result<(), Error> {
        self.end(conn, Ending::Failed, case, now_ms).await
    }

    /// Ends it because the customer or the clock wanted it so.
    pub async fn cancel(
        &self,
        conn: &mut SqliteConnection,
        case: Case,
        now_ms: i64,
    ) -> Result<(), Error> {
        self.end(conn, Ending::Cancelled, case, now_ms).await
    }

    async fn end(
        &self,
        conn: &mut SqliteConnection,
        ending: Ending,
        case: Case,
        now_ms: i64,
    ) -> Result<(), Error> {
        let reason = Reason::new(self.subject.service(), case);
        otp::void(conn, &self.row.hash).await?;
        match &self.subject {
            Subject::Binding(link) => links::fail(conn, &link.id, &reason, now_ms).await?,
            Subject::Payment(payment) => {
                payments::end(conn, &payment.id, ending, &reason, now_ms).await?
            }
        };
        tracing::info!(reference = self.subject.reference(), code = %reason.code, "page ended");
        Ok(())
    }

    /// Goes to a step in this browser, under a new session; returns its id for the cookie.
    pub async fn advance(
        &self,
        conn: &mut SqliteConnection,
        step: &str,
        now_ms: i64,
    ) -> Result<String, Error> {
        let session = entropy::secret()?;
        // Who starts over in another browser leaves the first one no grace.
        let previous = if step == "otp" {
            None
        } else {
            self.row.session_hash.as_deref()
        };
        sqlx::query(
            "UPDATE pages SET step = $2, session_hash = $3, previous_session_hash = $4, rotated_at = $5, \
             notice = NULL WHERE hash = $1",
        )
        .bind(&self.row.hash)
        .bind(step)
        .bind(entropy::hash(&session))
        .bind(previous)
        .bind(now_ms)
        .execute(conn)
        .await?;
        Ok(session)
    }

    pub async fn notice(
        &self,
        conn: &mut SqliteConnection,
        notice: Option<&str>,
    ) -> Result<(), Error> {
        sqlx::query("UPDATE pages SET notice = $2 WHERE hash = $1")
            .bind(&self.row.hash)
            .bind(notice)
            .execute(conn)
            .await?;
        Ok(())
    }
}

pub(crate) async fn insert_for_link(
    conn: &mut SqliteConnection,
    page_id: &str,
    link_id: &str,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO pages (hash, link_id) VALUES ($1, $2)")
        .bind(entropy::hash(page_id))
        .bind(link_id)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn insert_for_payment(
    conn: &mut SqliteConnection,
    page_id: &str,
    payment_id: &str,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO pages (hash, payment_id) VALUES ($1, $2)")
        .bind(entropy::hash(page_id))
        .bind(payment_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// The page with this id, with all it concerns.
pub(crate) async fn find(
    conn: &mut SqliteConnection,
    page_id: &str,
) -> Result<Option<Page>, Error> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT hash, link_id, payment_id, step, otp_accepted, session_hash, previous_session_hash, rotated_at, \
         wrong_otps, notice FROM pages WHERE hash = $1",
    )
    .bind(entropy::hash(page_id))
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let mut parts = Vec::new();
    let (subject, account_no) = match (&row.link_id, &row.payment_id) {
        (Some(id), None) => {
            let link = links::by_id(conn, id).await?;
            let account_no = link.account_no.clone();
            (Subject::Binding(link), account_no)
        }
        (None, Some(id)) => {
            let payment = payments::by_id(conn, id).await?;
            parts = payments::parts(conn, id).await?;
            let account_no = payment.account_no.clone();
            (Subject::Payment(payment), account_no)
        }
        _ => return Err(Error::Corrupt("pages", row.hash)),
    };
    let customer = customers::by_account(&mut *conn, &account_no).await?;
    Ok(Some(Page {
        row,
        subject,
        customer,
        parts,
    }))
}
