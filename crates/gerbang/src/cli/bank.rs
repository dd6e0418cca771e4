//! The flags of `gerbang bank`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Make things go wrong: arm a fault, list those that are armed, or clear them
    Fault(Box<FaultArgs>),
    /// Unlock the customers and put their money back
    Reset {
        /// Which simulator.
        #[command(flatten)]
        target: BankTarget,
    },
}

/// `gerbang bank fault`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without OPERATION it lists what is armed and what can be. The outcomes: a response code such as
4035414 (or 40314), late[:SECONDS], silent, lost (done, but the answer is lost), open (202 for 30 s),
down; for notify: twice, late[:SECONDS], early, forged, silent.

Examples:
  gerbang bank fault payment lost
  gerbang bank fault refund 4035805 --times 3
  gerbang bank fault any down --share 1
  gerbang bank fault any --clear
  gerbang bank fault")]
pub struct FaultArgs {
    /// What goes wrong: any, token, customer-token, binding, binding-inquiry, unbinding, balance,
    /// payment, status, cancel, refund, statement or notify
    pub operation: Option<String>,
    /// How it goes wrong
    pub outcome: Option<String>,
    /// For the next so many calls [default: 1]
    #[arg(long, value_name = "N", requires = "outcome", conflicts_with_all = ["share", "clear"])]
    pub times: Option<u32>,
    /// For this share of calls, until it is cleared: 0.25 is one in four, 1 is all
    #[arg(long, value_name = "P", requires = "outcome", conflicts_with = "clear")]
    pub share: Option<f64>,
    /// Which calls the share hits; the same seed hits the same ones
    #[arg(long, value_name = "N", requires = "share", default_value_t = 1)]
    pub seed: u32,
    /// Clear what is armed: everything, or of this operation, or this outcome of it
    #[arg(long)]
    pub clear: bool,
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
    /// Which simulator.
    #[command(flatten)]
    pub target: BankTarget,
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
