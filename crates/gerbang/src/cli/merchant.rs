//! The flags of `gerbang merchant`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use storage::merchants::NotificationProfile;

use crate::commands::milliseconds;

/// `gerbang merchant`.
#[derive(Debug, Args)]
pub struct MerchantArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: MerchantAction,
    /// A sandbox's data folder [default: gerbang-data]
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "config")]
    pub data: Option<PathBuf>,
    /// The gateway's configuration file, instead of a sandbox
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Machine-readable
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done to merchants.
#[derive(Debug, Subcommand)]
pub enum MerchantAction {
    /// Add a merchant; prints its client id and its two secrets, once
    Add {
        /// The name customers see on the pages
        #[arg(long)]
        name: String,
        /// A file with the merchant's public key (PEM)
        #[arg(long, value_name = "FILE")]
        public_key: PathBuf,
        /// The settings.
        #[command(flatten)]
        settings: MerchantSettings,
    },
    /// List the merchants
    List,
    /// Show one merchant
    Show {
        /// Its client id
        client_id: String,
    },
    /// Change a merchant's settings; what is not given stays
    Set {
        /// Its client id
        client_id: String,
        /// The name customers see on the pages
        #[arg(long)]
        name: Option<String>,
        /// Allow it again after `disable`
        #[arg(long)]
        enable: bool,
        /// The settings.
        #[command(flatten)]
        settings: MerchantSettings,
    },
    /// Refuse everything from this merchant and end its tokens
    Disable {
        /// Its client id
        client_id: String,
    },
    /// What can be done to keys and secrets.
    #[command(flatten)]
    Keys(KeyAction),
}

/// What can be done to keys and secrets.
#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Give a merchant a new client secret; prints it, once
    RotateSecret {
        /// Its client id
        client_id: String,
        /// Refuse the old secret and end all tokens at once; otherwise the old secret is
        /// accepted for another day
        #[arg(long)]
        revoke: bool,
    },
    /// Give a merchant a new notification secret; prints it, once
    ///
    /// For seven days a notification that the merchant refuses because of its signature is sent again at
    /// once, signed with the old secret, so it does not matter when the merchant takes the new one over.
    RotateNotificationSecret {
        /// Its client id
        client_id: String,
        /// Never sign with the old secret again
        #[arg(long)]
        revoke: bool,
    },
    /// Print the gateway's public key, with which merchants verify its calls
    GatewayKey {
        /// The key with which banks verify the gateway's calls instead
        #[arg(long)]
        bank: bool,
        /// Every key that may sign, with the time from which it does
        #[arg(long, conflicts_with = "bank")]
        all: bool,
    },
    /// Make the gateway a new key for its calls to merchants; prints its public half
    ///
    /// It signs after the overlap, in which merchants add it to the one they have. A merchant that does not
    /// believe one key is asked with the other for seven more days.
    RotateGatewayKey {
        /// How long the key before it goes on signing, such as 12h or 7d
        #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = span)]
        overlap: i64,
    },
    /// Add a public key; the earlier ones stay good
    AddPublicKey {
        /// Its client id
        client_id: String,
        /// A file with the public key (PEM)
        #[arg(long, value_name = "FILE")]
        public_key: PathBuf,
    },
    /// Accept a public key no more
    RemovePublicKey {
        /// Its client id
        client_id: String,
        /// The key's fingerprint, as `gerbang merchant show` tells it
        fingerprint: String,
    },
}

/// A merchant's settings.
#[derive(Debug, Default, Args)]
pub struct MerchantSettings {
    /// Where payments are notified
    #[arg(long, value_name = "URL")]
    pub notification_url: Option<String>,
    /// Where the token for a notification is fetched
    #[arg(long, value_name = "URL")]
    pub token_url: Option<String>,
    /// Where bindings are notified
    #[arg(long, value_name = "URL")]
    pub binding_notification_url: Option<String>,
    /// A file with a certificate authority (PEM) that this merchant's URLs are trusted by, beside the
    /// machine's own; an empty name takes it away
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Enforce the documented forms of ids and addresses
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub strict: Option<bool>,
    /// Notify every refund, not only the one that completes a payment's
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub notify_all_refunds: Option<bool>,
    /// Answer a refund with DOKU's 2000700 instead of 2005800
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub doku_refund_code: Option<bool>,
    /// When a notification that failed is repeated: `prompt` (after 5s, 30s, 2m, 10m, 30m, 2h, 6h, 12h,
    /// 24h), `doku` (after 30 minutes, 6 hours and 12 hours), or pauses of its own such as 10s,1m,1h
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<NotificationProfile>,
    /// The fixed part of the fee for a payment
    #[arg(long, value_name = "RUPIAH")]
    pub fee_flat: Option<u32>,
    /// The share of a payment that is the fee, in hundredths of a per cent
    #[arg(long, value_name = "POINTS", value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub fee_basis_points: Option<u16>,
    /// Signed requests a second at most; 0 for the gateway's default
    #[arg(long, value_name = "COUNT")]
    pub requests_per_second: Option<u32>,
    /// A URL scheme of the merchant's app that customers may be sent to (repeatable)
    #[arg(long = "url-scheme", value_name = "SCHEME")]
    pub url_schemes: Vec<String>,
}

fn span(text: &str) -> Result<i64, String> {
    milliseconds(text).map_err(|error| error.to_string())
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" | "on" => Ok(true),
        "no" | "false" | "off" => Ok(false),
        other => Err(format!("`{other}` is neither yes nor no")),
    }
}
