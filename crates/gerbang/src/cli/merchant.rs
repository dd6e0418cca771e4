//! The flags of `gerbang merchant`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Give a merchant a new secret; prints it, once
    RotateSecret {
        /// Its client id
        client_id: String,
        /// The notification secret instead of the client secret
        #[arg(long, conflicts_with = "revoke")]
        notification: bool,
        /// Refuse the old secret and end all tokens at once; otherwise the old secret is
        /// accepted for another day
        #[arg(long)]
        revoke: bool,
    },
    /// Print the gateway's public key, with which merchants verify its calls
    GatewayKey {
        /// The key with which banks verify the gateway's calls instead
        #[arg(long)]
        bank: bool,
    },
    /// Add a public key; the earlier ones stay good
    AddKey {
        /// Its client id
        client_id: String,
        /// A file with the public key (PEM)
        #[arg(long, value_name = "FILE")]
        public_key: PathBuf,
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
    /// Enforce the documented forms of ids and addresses
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub strict: Option<bool>,
    /// Notify every refund, not only the one that completes a payment's
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub notify_all_refunds: Option<bool>,
    /// Answer a refund with DOKU's 2000700 instead of 2005800
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub doku_refund_code: Option<bool>,
    /// Repeat notifications as DOKU does: after 30 minutes, 6 hours and 12 hours
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub doku_notifications: Option<bool>,
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

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" | "on" => Ok(true),
        "no" | "false" | "off" => Ok(false),
        other => Err(format!("`{other}` is neither yes nor no")),
    }
}
