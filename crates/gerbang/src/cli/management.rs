//! The flags of `gerbang management-key` and `gerbang notification`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::books::Where;

/// `gerbang management-key`.
#[derive(Debug, Args)]
pub struct ManagementKeyArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ManagementKeyAction,
    /// Which database.
    #[command(flatten)]
    pub place: Where,
}

/// What can be done with the operators' keys.
#[derive(Debug, Subcommand)]
pub enum ManagementKeyAction {
    /// Make a key; prints it, once
    Add {
        /// Whose key it is
        #[arg(long)]
        name: String,
        /// It may look, and send nothing again
        #[arg(long)]
        read_only: bool,
    },
    /// List the keys, and when each was last used
    List,
    /// Refuse a key from now on; running gateways do within five seconds
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

/// `gerbang notification`.
#[derive(Debug, Args)]
#[command(
    after_help = "The key of a gateway at --url is read from --management-key-file, or from the \
                  environment's GERBANG_MANAGEMENT_KEY; `gerbang management-key add` makes one."
)]
pub struct NotificationArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: NotificationAction,
    /// The data folder of a running sandbox
    #[arg(
        long,
        global = true,
        default_value = "gerbang-data",
        value_name = "DIR",
        conflicts_with = "url"
    )]
    pub data: PathBuf,
    /// A gateway's base URL, instead of a sandbox
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// A file with a management key of that gateway
    #[arg(long, global = true, value_name = "FILE")]
    pub management_key_file: Option<PathBuf>,
    /// Machine-readable
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with notifications.
#[derive(Debug, Subcommand)]
pub enum NotificationAction {
    /// List notifications, newest first; with --outcome, --status, --address or --text the tries that
    /// fit, latest first
    List(ListArgs),
    /// Show one with every try and what the merchant answered
    Show {
        /// Its id
        id: String,
    },
    /// Send one again, or many
    Resend(ResendArgs),
    /// Follow the tries as they are made
    Tail {
        /// Only this merchant's
        #[arg(long, value_name = "CLIENT_ID")]
        merchant: Option<String>,
    },
}

/// `gerbang notification list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Which ones.
    #[command(flatten)]
    pub which: Which,
    /// due, delivered or resting
    #[arg(long, value_parser = ["due", "delivered", "resting"])]
    pub state: Option<String>,
    /// Of the payment with this partnerReferenceNo; needs --merchant
    #[arg(long, value_name = "NUMBER", requires = "merchant")]
    pub reference: Option<String>,
    /// Tries with this outcome: delivered, repeated, refused, lost, late, not-sent, no-token, forbidden
    /// or no-url
    #[arg(long, value_name = "WORD", conflicts_with_all = ["state", "kind", "reference"])]
    pub outcome: Option<String>,
    /// Tries with this HTTP status
    #[arg(long, value_name = "STATUS", conflicts_with_all = ["state", "kind", "reference"])]
    pub status: Option<u16>,
    /// Tries to an address that holds this text
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["state", "kind", "reference"])]
    pub address: Option<String>,
    /// Tries whose error or answer holds this text
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["state", "kind", "reference"])]
    pub text: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    pub limit: usize,
}

/// `gerbang notification resend`.
#[derive(Debug, Args)]
pub struct ResendArgs {
    /// The one to send again
    #[arg(conflicts_with_all = ["state", "merchant", "kind", "from", "to"])]
    pub id: Option<String>,
    /// All that are resting, or all that were delivered (needs --from)
    #[arg(long, value_parser = ["resting", "delivered"])]
    pub state: Option<String>,
    /// Which of them.
    #[command(flatten)]
    pub which: Which,
}

/// Some notifications.
#[derive(Debug, Args)]
pub struct Which {
    /// Of this merchant
    #[arg(long, value_name = "CLIENT_ID")]
    pub merchant: Option<String>,
    /// Of payments, refunds or bindings
    #[arg(long, value_parser = ["payment", "refund", "binding"])]
    pub kind: Option<String>,
    /// From a day in Jakarta (2026-01-31) or a time (2026-01-31T10:00:00+07:00)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Until a day, which is part of the range, or a time, which is not
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
}
