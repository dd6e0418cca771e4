//! What the gateway knows of one bank before talking to it: where it is, who we are there, and how
//! this bank behaves. Comes from the configuration; must never be learned from an answer.

use snap::Secret;
use snap::messages::CHANNEL;

use super::breaker::BreakerLimits;

/// One configured bank.
#[derive(Debug, Clone)]
pub struct BankProfile {
    /// Our own name for the bank, as in `/bank/{id}/…` and in the rows of the database.
    pub id: String,
    /// The `acquirerId` told to merchants.
    pub acquirer_id: String,
    /// The channel of the merchants' API that this bank serves.
    pub channel: String,
    /// Where the bank's SNAP paths begin, without a trailing slash.
    pub base_url: String,
    /// The gateway's client id at this bank: X-CLIENT-KEY and X-PARTNER-ID.
    pub client_id: String,
    /// The secret shared for symmetric signatures towards the bank.
    pub secret: Secret,
    /// Deadline of one call, in milliseconds, the token and the reading of the answer included.
    pub timeout_ms: u64,
    /// How long after asking a "transaction not found" does not yet prove anything, in milliseconds.
    pub not_found_window_ms: i64,
    /// Whether repeating 54 under one reference answers with the same page again.
    pub replays_page: bool,
    /// A certificate authority to trust besides the usual ones, in PEM.
    pub extra_ca_pem: Option<String>,
    /// When the breaker opens and for how long.
    pub breaker: BreakerLimits,
}

impl BankProfile {
    /// A profile with the usual deadlines: 10 s per call, 60 s until "not found" is believed.
    pub fn new(id: &str, base_url: &str, client_id: &str, secret: Secret) -> Self {
        Self {
            id: id.to_owned(),
            acquirer_id: id.to_owned(),
            channel: CHANNEL.to_owned(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            client_id: client_id.to_owned(),
            secret,
            timeout_ms: 10_000,
            not_found_window_ms: 60_000,
            replays_page: false,
            extra_ca_pem: None,
            breaker: BreakerLimits::default(),
        }
    }
}
