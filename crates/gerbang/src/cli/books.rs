//! The flags of what looks after the books: `alarms`, `reconcile`, `ledger` and `copy-database`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which gateway's database.
#[derive(Debug, Args)]
pub struct Where {
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

/// `gerbang alarms`.
#[derive(Debug, Args)]
pub struct AlarmsArgs {
    /// How many to show, newest first
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Which database.
    #[command(flatten)]
    pub place: Where,
}

/// `gerbang reconcile`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 0 when both sides agree, 3 when there is a difference, 1 when they could not be \
                  compared.\nColumns of the CSV file: transactionDate, type (DEBIT or CREDIT), amount \
                  (10000.00), partnerReferenceNo; optional: referenceNo. Others are ignored."
)]
pub struct ReconcileArgs {
    /// The beginning: a day in Jakarta (2026-01-31) or a time (2026-01-31T10:00:00+07:00)
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// The end: a day, which is part of the range, or a time, which is not
    #[arg(long, value_name = "TIME")]
    pub to: String,
    /// The bank's id in the configuration [default: the only one]
    #[arg(long, value_name = "ID")]
    pub bank: Option<String>,
    /// The bank's statement as a file, instead of asking the bank
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Which database.
    #[command(flatten)]
    pub place: Where,
}

/// `gerbang ledger`.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: LedgerAction,
    /// Which database.
    #[command(flatten)]
    pub place: Where,
}

/// What can be done with the journal.
#[derive(Debug, Subcommand)]
pub enum LedgerAction {
    /// Prove that the journal balances and agrees with every payment and refund. Exits 0 when it does,
    /// 3 when it does not
    Check,
}

/// `gerbang copy-database`.
#[derive(Debug, Args)]
#[command(
    after_help = "Stop the gateways on both sides first. A copy that was interrupted goes on where it was \
                  when it is started again."
)]
pub struct CopyArgs {
    /// The database to copy: `sqlite:PATH` or `postgres://…`
    #[arg(
        long,
        value_name = "URL",
        env = "GERBANG_COPY_FROM",
        hide_env_values = true
    )]
    pub from: String,
    /// The empty database to copy it to
    #[arg(
        long,
        value_name = "URL",
        env = "GERBANG_COPY_TO",
        hide_env_values = true
    )]
    pub to: String,
    /// Delete what an interrupted copy has brought, and begin again
    #[arg(long)]
    pub start_over: bool,
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
}
