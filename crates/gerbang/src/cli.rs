//! What can be typed: every subcommand and flag, and nothing of what they do.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A SNAP direct debit gateway with everything around it.
#[derive(Debug, Parser)]
#[command(
    name = "gerbang",
    version,
    about = "A SNAP direct debit gateway: run it, try it, test against it",
    after_help = "Start with `gerbang demo`: the whole journey on this machine in a minute.",
    max_term_width = 100
)]
pub struct Cli {
    /// What is logged, to stderr: error, warn, info, debug, trace, or a filter such as
    /// `gateway=debug`.
    #[arg(long, global = true, env = "GERBANG_LOG", value_name = "FILTER")]
    pub log: Option<String>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole journey against a fresh sandbox, then keep it open
    Demo(DemoArgs),
    /// Run gateway, bank simulator and a demo merchant on this machine
    Sandbox(SandboxArgs),
    /// Run the gateway with a configuration file
    Serve(ServeArgs),
    /// Run the bank simulator alone, or act on a running one
    Bank(BankArgs),
    /// Add, list and change merchants
    Merchant(MerchantArgs),
    /// Play the customer on the hosted pages
    Customer(CustomerArgs),
}

/// `gerbang demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// End after the walk, with a failing status if a step went wrong
    #[arg(long)]
    pub exit: bool,
    /// The gateway's port; the bank takes the next one, the demo merchant the one after; 0 picks
    /// free ones
    #[arg(long, default_value_t = 8700, value_name = "PORT")]
    pub port: u16,
    /// The folder for its databases and keys; emptied when the demo starts
    #[arg(long, default_value = "gerbang-data/demo", value_name = "DIR")]
    pub data: PathBuf,
    /// Write every secret and token that the walk meets into a file, for tests of the logs
    #[arg(long, hide = true, value_name = "FILE")]
    pub record_secrets: Option<PathBuf>,
}

/// `gerbang sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The gateway's port; the bank takes the next one, the demo merchant the one after; 0 picks
    /// free ones
    #[arg(long, default_value_t = 8700, value_name = "PORT")]
    pub port: u16,
    /// The folder for its databases, keys and sandbox.json
    #[arg(long, default_value = "gerbang-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Start over: delete what the folder holds from earlier runs
    #[arg(long)]
    pub reset: bool,
    /// Lift the limits on OTPs (resend, per hour, per day), for tests
    #[arg(long)]
    pub relaxed_otp: bool,
    /// Do not listen as the demo merchant: `notification_url` and `token_url` are yours to serve
    #[arg(long)]
    pub no_merchant: bool,
}

/// `gerbang serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The gateway's configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// `gerbang bank`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BankArgs {
    /// Without one, the simulator runs with the flags below.
    #[command(subcommand)]
    pub action: Option<BankAction>,
    /// How to run it.
    #[command(flatten)]
    pub serve: BankServeArgs,
}

/// `gerbang bank` by itself: runs the simulator.
#[derive(Debug, Args)]
pub struct BankServeArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8701", value_name = "ADDRESS")]
    pub listen: std::net::SocketAddr,
    /// The base URL that browsers and the gateway use [default: http://LISTEN]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// The simulator's database file
    #[arg(long, default_value = "bank.db", value_name = "FILE")]
    pub database: PathBuf,
    /// The gateway's client id at this bank
    #[arg(long, required = true, value_name = "ID")]
    pub partner_id: Option<String>,
    /// The gateway's name, shown on the pages
    #[arg(long, default_value = "Gerbang", value_name = "NAME")]
    pub partner_name: String,
    /// A file with the secret that the gateway signs with
    #[arg(long, required = true, value_name = "FILE")]
    pub partner_secret: Option<PathBuf>,
    /// A file with the gateway's public key (PEM)
    #[arg(long, required = true, value_name = "FILE")]
    pub partner_public_key: Option<PathBuf>,
    /// The gateway's base URL with the bank's id in it, such as https://gateway.example/bank/allo;
    /// without it nobody is notified
    #[arg(long, value_name = "URL", requires_all = ["bank_id", "bank_secret", "bank_private_key"])]
    pub gateway_url: Option<String>,
    /// The bank's client id at the gateway
    #[arg(long, value_name = "ID")]
    pub bank_id: Option<String>,
    /// A file with the secret that the bank signs notifications with
    #[arg(long, value_name = "FILE")]
    pub bank_secret: Option<PathBuf>,
    /// A file with the bank's private key (PEM)
    #[arg(long, value_name = "FILE")]
    pub bank_private_key: Option<PathBuf>,
    /// A file with the bearer secret for inbox and control from other machines
    #[arg(long, value_name = "FILE")]
    pub control_secret: Option<PathBuf>,
    /// Lift the limits on OTPs
    #[arg(long)]
    pub relaxed_otp: bool,
    /// Payments above this many rupiah ask for an OTP besides the PIN
    #[arg(long, default_value_t = 1_000_000, value_name = "RUPIAH")]
    pub otp_above: u32,
}

/// What can be done to a running simulator.
#[derive(Debug, Subcommand)]
pub enum BankAction {
    /// Move time forward: expiries, OTP limits, retries
    Clock {
        /// How far, such as 90s, 15m, 2h or 1d
        #[arg(long, value_name = "TIME")]
        advance: String,
        /// Which simulator.
        #[command(flatten)]
        target: BankTarget,
    },
    /// Show the messages (OTPs) that a phone received
    Inbox {
        /// The phone number
        phone: String,
        /// Machine-readable
        #[arg(long)]
        json: bool,
        /// Which simulator.
        #[command(flatten)]
        target: BankTarget,
    },
    /// Unlink a customer as the bank's own app would
    Unlink {
        /// The phone number
        phone: String,
        /// Which simulator.
        #[command(flatten)]
        target: BankTarget,
    },
    /// Unlock the customers and put their money back
    Reset {
        /// Which simulator.
        #[command(flatten)]
        target: BankTarget,
    },
}

/// Which running simulator is meant.
#[derive(Debug, Args)]
pub struct BankTarget {
    /// The data folder of a running sandbox
    #[arg(
        long,
        default_value = "gerbang-data",
        value_name = "DIR",
        conflicts_with = "url"
    )]
    pub data: PathBuf,
    /// The simulator's base URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// A file with the bearer secret of a simulator on another machine
    #[arg(long, value_name = "FILE")]
    pub control_secret: Option<PathBuf>,
}

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
    /// A URL scheme of the merchant's app that customers may be sent to (repeatable)
    #[arg(long = "url-scheme", value_name = "SCHEME")]
    pub url_schemes: Vec<String>,
}

/// `gerbang customer`.
#[derive(Debug, Args)]
pub struct CustomerArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: CustomerAction,
}

/// What a customer can do.
#[derive(Debug, Subcommand)]
pub enum CustomerAction {
    /// Play the customer on a redirectUrl or webRedirectUrl, without a browser. Exits 0 when the
    /// page ended well, 3 when it was refused, 4 when it was cancelled or abandoned, 5 when the page
    /// could not tell
    Complete(CompleteArgs),
}

/// `gerbang customer complete`.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// The redirectUrl or webRedirectUrl
    pub url: String,
    /// Type wrong OTPs until the bank ends the page
    #[arg(long)]
    pub wrong_otp: bool,
    /// Type wrong PINs until the bank ends the page
    #[arg(long)]
    pub wrong_pin: bool,
    /// Press cancel
    #[arg(long, conflicts_with = "abandon")]
    pub cancel: bool,
    /// Start, then walk away
    #[arg(long)]
    pub abandon: bool,
    /// The customer's phone number [default: the customer whose page it is]
    #[arg(long, value_name = "PHONE")]
    pub phone: Option<String>,
    /// The customer's PIN [default: from sandbox.json]
    #[arg(long, value_name = "PIN")]
    pub pin: Option<String>,
    /// The simulator's inbox [default: from sandbox.json]
    #[arg(long, value_name = "URL")]
    pub inbox: Option<String>,
    /// The data folder of the running sandbox
    #[arg(long, default_value = "gerbang-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" | "on" => Ok(true),
        "no" | "false" | "off" => Ok(false),
        other => Err(format!("`{other}` is neither yes nor no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
