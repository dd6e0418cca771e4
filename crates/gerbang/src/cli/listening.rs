//! The flags of `gerbang listen`, `gerbang trigger` and `gerbang logs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ProfileArgs;
use crate::listening::events::Pattern;

/// `gerbang listen`.
#[derive(Debug, Args)]
#[command(
    after_help = "Events: payment.success, payment.failed, payment.cancelled, payment.pending, refund.success, \
                  refund.failed, refund.pending, binding.success, binding.failed, binding.pending; payment.*, \
                  refund.*, binding.* and *.\n\n\
                  A forward gets the same body and headers; X-SIGNATURE is made again for its own path. What an \
                  application does not answer with 2xx is answered as not taken, so that the gateway sends it \
                  again.\n\n\
                  In CI: `timeout 60 gerbang listen --until payment.success` ends with 0 when it came."
)]
pub struct ListenArgs {
    /// The port to listen on, of 127.0.0.1 [default: a free one]
    #[arg(
        long,
        default_value_t = 0,
        hide_default_value = true,
        value_name = "PORT"
    )]
    pub port: u16,
    /// Hand everything on to this URL; may be given several times
    #[arg(long, value_name = "URL")]
    pub forward: Vec<String>,
    /// Hand on by event: a TOML file of lines "payment.*" = "http://localhost:3000/paid", or a list of
    /// URLs
    #[arg(long, value_name = "FILE")]
    pub forward_config: Option<PathBuf>,
    /// One JSON object per line
    #[arg(long)]
    pub print_json: bool,
    /// End with 0 when this event was taken
    #[arg(long, value_name = "EVENT")]
    pub until: Option<Pattern>,
    /// End with 0 when so many (of the event of --until) were taken
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// An address that leads here from the gateway, such as a tunnel's
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Do not tell the gateway: the merchant's URLs lead here already
    #[arg(long, conflicts_with = "public_url")]
    pub no_register: bool,
    /// Which merchant.
    #[command(flatten)]
    pub profile: ProfileArgs,
}

/// `gerbang trigger`.
#[derive(Debug, Args)]
pub struct TriggerArgs {
    /// What should happen, such as payment.success
    #[arg(conflicts_with = "list")]
    pub event: Option<String>,
    /// Show what can happen
    #[arg(long)]
    pub list: bool,
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
    /// Which merchant.
    #[command(flatten)]
    pub profile: ProfileArgs,
}

/// `gerbang logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: LogsAction,
}

/// What can be done with the log of requests.
#[derive(Debug, Subcommand)]
pub enum LogsAction {
    /// Show the latest requests of a merchant, and each that comes; beneath a failed one what was wrong
    Tail(TailArgs),
}

/// `gerbang logs tail`.
#[derive(Debug, Args)]
pub struct TailArgs {
    /// Only requests that failed
    #[arg(long)]
    pub failed: bool,
    /// Only requests with this method
    #[arg(long, value_name = "METHOD")]
    pub method: Option<String>,
    /// Only requests whose path begins so
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// How many of those that came before to show
    #[arg(long, default_value_t = 10, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=200))]
    pub lines: u8,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Which merchant.
    #[command(flatten)]
    pub profile: ProfileArgs,
}
