//! A stand-in for an issuing bank ("Allo Bank"): customers, accounts, OTP, PIN, money and hosted pages, behind the
//! SNAP API of the bank port. A gateway that talks to it over HTTP cannot tell it from a bank.
//!
//! It knows nothing of the gateway but what the bank port says, shares no database with it, and keeps nothing in
//! process-global state, so that several banks run in one process. It must never write an OTP, a PIN, a token or a
//! full phone number to a log.
//!
//! Where to look: `api` answers the gateway, `hosted` the customer's browser, `control` and `inbox` the tester;
//! `ledger` holds the money, `notify` tells the gateway how payments ended, `faults` makes things go wrong on demand.
//!
//! To add an operation: its message goes into `snap`, its story into a file of `api` named for the noun, its rows
//! into the file of that noun beside this one.

mod api;
mod bank;
mod clock;
mod control;
mod customers;
mod db;
mod demo;
mod dump;
mod entropy;
mod faults;
mod front_page;
mod hosted;
mod inbox;
mod ledger;
mod line;
mod links;
mod loopback;
mod notify;
mod otp;
mod pages;
mod payments;
mod pin;
mod refunds;
mod running;
mod sweep;
mod tokens;

use std::path::PathBuf;

use snap::{Amount, Secret};
use tokio::net::TcpListener;

pub use clock::Clock;
pub use demo::{DemoCustomer, demo_customers};
pub use running::{Running, start};

/// What a bank needs to open.
#[derive(Debug)]
pub struct Config {
    /// Where to listen; bound by the caller, so that the port is known before the bank starts.
    pub listen: TcpListener,
    /// The bank's own address in every URL that it gives out, without a trailing slash.
    pub public_url: String,
    /// The database file; created if it is not there.
    pub database: PathBuf,
    /// The one gateway that may call.
    pub partner: Partner,
    /// Where payments that ended are told; `None` keeps what is due until a gateway is configured.
    pub gateway: Option<GatewayEndpoint>,
    /// Lifts the limits on how many OTPs are sent and mistyped, for tests.
    pub relaxed_otp: bool,
    /// Payments above this need an OTP besides the PIN.
    pub otp_above: Amount,
    /// Bearer secret for inbox and control API from other machines; without it they answer on loopback only.
    pub control_secret: Option<Secret>,
}

/// The gateway as this bank knows it.
#[derive(Debug)]
pub struct Partner {
    /// X-CLIENT-KEY and X-PARTNER-ID of its calls.
    pub client_id: String,
    /// Key of its symmetric signatures.
    pub secret: Secret,
    /// Verifies its token requests.
    pub public_key_pem: String,
    /// Shown to customers where a binding or payment names no merchant.
    pub name: String,
}

/// The gateway's side of notifications (56).
#[derive(Debug)]
pub struct GatewayEndpoint {
    /// Its token endpoint (73) for banks.
    pub token_url: String,
    /// Its notification endpoint (56) for banks.
    pub notify_url: String,
    /// This bank's client id at the gateway.
    pub client_id: String,
    /// This bank's RSA key, PKCS#8 or PKCS#1.
    pub private_key_pem: Secret,
    /// Key of this bank's symmetric signatures.
    pub secret: Secret,
}

/// What can go wrong in the bank itself. Refusals are not errors: they are answers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// SQLite said no.
    #[error("the bank's database failed")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the bank's database could not be migrated")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A group commit failed; nothing of it happened.
    #[error("the bank's database did not commit")]
    NotCommitted,
    /// A row that cannot be.
    #[error("impossible row in {0}: {1}")]
    Corrupt(&'static str, String),
    /// Postings that do not add up to zero.
    #[error("a movement is not balanced")]
    Unbalanced,
    /// The system gave no randomness.
    #[error("no randomness from the system")]
    Entropy,
    /// A key or URL in the configuration is unusable.
    #[error("bank configuration: {0}")]
    Config(String),
    /// A client for calling the gateway could not be built.
    #[error("the bank's HTTP client could not be built")]
    Client(#[from] reqwest::Error),
    /// The listener is unusable.
    #[error("the bank cannot listen")]
    Listen(#[from] std::io::Error),
    /// The process is shutting down.
    #[error("the bank is stopping")]
    Stopped,
}

impl Error {
    /// Itself and its causes, as logs take it.
    pub(crate) fn chain(&self) -> &(dyn std::error::Error + 'static) {
        self
    }
}
