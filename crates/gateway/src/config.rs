//! Everything that can be set, with its default. A running gateway reads its settings from here and
//! from nowhere else.
//!
//! A configuration comes from a TOML file and the environment ([`Config::load`]) or is built in code
//! (the sandbox, the tests). Either way [`Config::check`] runs before anything starts. To add a setting,
//! add a field with its default here and, if some values are wrong, a line in `config/check.rs`.

mod check;
mod load;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use snap::Secret;

pub use load::ConfigError;

/// The settings of one gateway process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen. Without `tls` it must be a loopback address.
    pub listen: SocketAddr,
    /// The base URL that browsers and merchants use; `redirectUrl` and `webRedirectUrl` begin with it.
    pub public_url: String,
    /// Certificate and key, if this process terminates TLS.
    pub tls: Option<Tls>,
    /// Proxies whose `X-Forwarded-For` is believed when connections and strangers are counted.
    pub trusted_proxies: Vec<IpAddr>,
    /// `sqlite:/path/to/file`, or `postgres://…`.
    #[serde(deserialize_with = "load::secret")]
    pub database: Secret,
    /// Connections kept to the database; on two cores four to eight are the quickest.
    pub database_connections: u32,
    /// The keys that secrets are sealed under: id → 32 bytes in base64.
    #[serde(deserialize_with = "load::secrets")]
    pub master_keys: BTreeMap<String, Secret>,
    /// A file of lines `id = "base64"` that is read into `master_keys`.
    pub master_keys_file: Option<PathBuf>,
    /// The id of the master key that new values are sealed under; the last by name if not given.
    pub master_key: Option<String>,
    /// How far X-TIMESTAMP may be from our wall clock.
    pub clock_skew_s: u32,
    /// How long a hosted page is open to the customer.
    pub page_life_s: u32,
    /// Lives and names of tokens.
    pub tokens: Tokens,
    /// What is refused before it costs anything.
    pub limits: Limits,
    /// The banks behind this gateway, by the id that stands in `/bank/{bank}/…`.
    pub banks: BTreeMap<String, Bank>,
    /// Where notifications may go.
    pub notifications: Notifications,
    /// What the management API lets merchants do.
    pub management: Management,
    /// How long what happened is kept.
    pub retention: Retention,
    /// How logs are written.
    pub log: Log,
    /// A sandbox: loopback URLs are allowed and business time can be moved forward.
    pub sandbox: bool,
    /// Whether background work runs by itself; tests that drive it step by step turn it off in code.
    #[serde(skip)]
    pub background: Background,
}

/// A certificate chain and its key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file with the certificate chain.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// Lives and names of the tokens we issue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// The `iss` of every token.
    pub issuer: String,
    /// The `aud` of every token.
    pub audience: String,
    /// Life of a B2B token.
    pub b2b_s: u32,
    /// Life of a B2B2C token.
    pub b2b2c_s: u32,
    /// Life of a refresh token.
    pub refresh_s: u32,
}

/// Limits on what comes in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests a second of one merchant.
    pub merchant_per_second: u32,
    /// Requests a second of one address that has not proved who it is.
    pub address_per_second: u32,
    /// Bindings started a minute for one phone number at one merchant.
    pub phone_per_minute: u32,
    /// Notifications that one operator or merchant may have sent again in a minute.
    pub resends_per_minute: u32,
    /// Largest request body.
    pub body_bytes: usize,
    /// Largest request head.
    pub head_bytes: usize,
    /// How long a client may take to send its head, and then its body.
    pub read_timeout_s: u32,
    /// Open connections of this process.
    pub connections: usize,
    /// Open connections of one address, loopback excepted.
    pub connections_per_address: usize,
    /// How long running requests may take to finish when the gateway stops.
    pub stop_timeout_s: u32,
}

/// One bank behind the bank port, and its profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    /// The bank's base URL; the SNAP paths follow it.
    pub base_url: String,
    /// Our client id at the bank: X-CLIENT-KEY and X-PARTNER-ID of our calls.
    pub client_id: String,
    /// The secret that signs our calls.
    #[serde(deserialize_with = "load::secret")]
    pub secret: Secret,
    /// The bank's client id here: X-CLIENT-KEY and X-PARTNER-ID of its calls.
    pub inbound_client_id: String,
    /// The secret that the bank signs its calls with.
    #[serde(deserialize_with = "load::secret")]
    pub inbound_secret: Secret,
    /// The bank's public key as PEM text, for its token requests.
    pub public_key: String,
    /// Our private key for this bank as a PEM file; without it the gateway's own key is used.
    pub private_key_file: Option<PathBuf>,
    /// The channel of the merchants' API that this bank serves.
    #[serde(default = "allo_channel")]
    pub channel: String,
    /// The `acquirerId` in notifications; the bank's id in this configuration if not given.
    pub acquirer_id: Option<String>,
    /// Deadline of one call.
    #[serde(default = "ten_seconds")]
    pub timeout_ms: u32,
    /// How long after a call "not found" may still mean "not yet".
    #[serde(default = "one_minute")]
    pub not_found_window_s: u32,
    /// Whether a repeated 54 of the same reference answers with the same page.
    #[serde(default)]
    pub replays_page: bool,
    /// A PEM file with a certificate authority to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
}

/// Where notifications may go besides https to public addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notifications {
    /// Hosts that are allowed whatever they resolve to, and over http.
    pub allowed_hosts: Vec<String>,
    /// Networks that are allowed, such as `10.0.0.0/8`.
    pub allowed_networks: Vec<String>,
    /// Deadline of one try; 30 s by default.
    pub timeout_ms: Option<u32>,
}

/// What the management API lets merchants do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Management {
    /// Whether a merchant may have its notifications sent elsewhere for a while.
    pub listeners: bool,
}

/// How long what happened is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days that a try to send a notification is kept, with the merchant's answer.
    pub attempts_days: u32,
}

/// How logs are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
    /// What is logged, in `tracing`'s filter language.
    pub filter: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    #[default]
    Json,
}

/// Who drives the background work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// It runs by signal and by timer.
    #[default]
    Running,
    /// It runs when `run_until_idle` is called.
    ByHand,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            public_url: String::new(),
            tls: None,
            trusted_proxies: Vec::new(),
            database: Secret::new(""),
            database_connections: 8,
            master_keys: BTreeMap::new(),
            master_keys_file: None,
            master_key: None,
            clock_skew_s: 300,
            page_life_s: 15 * 60,
            tokens: Tokens::default(),
            limits: Limits::default(),
            banks: BTreeMap::new(),
            notifications: Notifications::default(),
            management: Management::default(),
            retention: Retention::default(),
            log: Log::default(),
            sandbox: false,
            background: Background::Running,
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            issuer: "gerbang".to_owned(),
            audience: "gerbang".to_owned(),
            b2b_s: 900,
            b2b2c_s: 900,
            refresh_s: 15 * 24 * 60 * 60,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            merchant_per_second: 1_000,
            address_per_second: 100,
            phone_per_minute: 10,
            resends_per_minute: 6_000,
            body_bytes: 64 * 1024,
            head_bytes: 16 * 1024,
            read_timeout_s: 10,
            connections: 4_096,
            connections_per_address: 256,
            stop_timeout_s: 30,
        }
    }
}

impl Limits {
    /// How many notifications may be sent again in one call at most: more would never be allowed.
    #[must_use]
    pub fn resends_at_once(&self) -> usize {
        usize::try_from(self.resends_per_minute).unwrap_or(usize::MAX)
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { attempts_days: 90 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Json,
            filter: "info".to_owned(),
        }
    }
}

fn allo_channel() -> String {
    "DIRECT_DEBIT_ALLO_SNAP".to_owned()
}

const fn ten_seconds() -> u32 {
    10_000
}

const fn one_minute() -> u32 {
    60
}
