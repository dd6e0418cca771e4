//! The endpoints that merchants' notifications go to: what the breaker before each last did, and whether it
//! is proven, which is to say that it failed no more since it last answered. A row is for people, for a
//! gateway that starts, and for where a new notification is looked for; whether it is sent never depends on
//! it.

use direct_debit::MerchantId;

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

const TABLE: &str = "notification_endpoints";

statements! { "notification_endpoints";
    PUT = "INSERT INTO notification_endpoints (merchant_id, url, state, failures, since, probe_at, \
           reason) VALUES ($1, $2, $3, $4, $5, $6, $7) \
           ON CONFLICT (merchant_id, url) DO UPDATE SET state = excluded.state, \
           failures = excluded.failures, since = CASE \
           WHEN notification_endpoints.state = excluded.state THEN notification_endpoints.since \
           ELSE excluded.since END, probe_at = excluded.probe_at, reason = excluded.reason";
    OF_MERCHANT = "SELECT merchant_id, url, state, failures, since, probe_at, reason \
                   FROM notification_endpoints WHERE merchant_id = $1 ORDER BY url";
    OPEN = "SELECT merchant_id, url, state, failures, since, probe_at, reason \
            FROM notification_endpoints WHERE state = 'open' ORDER BY since LIMIT $1";
    COUNT_OPEN = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM notification_endpoints \
                  WHERE state = 'open'";
}

/// What the breaker before an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// It lets everything pass.
    Closed,
    /// It lets one try pass now and then.
    Open,
}

impl BreakerState {
    const ALL: [Self; 2] = [Self::Closed, Self::Open];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its URL.
    pub url: String,
    /// What its breaker does.
    pub state: BreakerState,
    /// Tries that failed in a row.
    pub failures: i64,
    /// Since when it does so, in Unix milliseconds.
    pub since_ms: i64,
    /// When an open one lets the next try pass, likewise.
    pub probe_at_ms: Option<i64>,
    /// What came of the last try; nothing secret.
    pub reason: Option<String>,
}

/// Writes what a breaker does now.
pub async fn put(s: &Session, endpoint: &Endpoint) -> Result<(), Error> {
    let values = [
        endpoint.merchant.as_str().into(),
        (&endpoint.url).into(),
        endpoint.state.as_str().into(),
        endpoint.failures.into(),
        endpoint.since_ms.into(),
        endpoint.probe_at_ms.into(),
        (&endpoint.reason).into(),
    ];
    s.execute(PUT, &values).await.map(drop)
}

/// The endpoints of a merchant that ever broke.
pub async fn of_merchant(s: &Session, merchant: &MerchantId) -> Result<Vec<Endpoint>, Error> {
    let rows = s
        .fetch_all(OF_MERCHANT, &[merchant.as_str().into()])
        .await?;
    rows.iter().map(read).collect()
}

/// At most `limit` endpoints whose breakers are open, longest first.
pub async fn open(s: &Session, limit: i64) -> Result<Vec<Endpoint>, Error> {
    let rows = s.fetch_all(OPEN, &[limit.into()]).await?;
    rows.iter().map(read).collect()
}

/// How many breakers are open.
pub async fn count_open(s: &Session) -> Result<i64, Error> {
    s.fetch_one(COUNT_OPEN, &[]).await?.int("n")
}

fn read(row: &Record) -> Result<Endpoint, Error> {
    let url = row.text("url")?;
    Ok(Endpoint {
        merchant: MerchantId::new(row.text("merchant_id")?),
        state: row.named(
            "state",
            BreakerState::ALL,
            BreakerState::as_str,
            TABLE,
            &url,
        )?,
        failures: row.int("failures")?,
        since_ms: row.int("since")?,
        probe_at_ms: row.opt_int("probe_at")?,
        reason: row.opt_text("reason")?,
        url,
    })
}
