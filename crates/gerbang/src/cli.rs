//! What can be typed: every subcommand and flag, and nothing of what they do.

mod bank;
mod books;
mod listening;
mod management;
mod merchant;
mod operations;
mod profiles;
mod signatures;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use bank::{BankAction, BankArgs, BankServeArgs, BankTarget, FaultArgs};
pub use books::{AlarmsArgs, CopyArgs, LedgerAction, LedgerArgs, ReconcileArgs};
pub use listening::{ListenArgs, LogsAction, LogsArgs, TailArgs, TriggerArgs};
pub use management::{
    ListArgs, ManagementKeyAction, ManagementKeyArgs, NotificationAction, NotificationArgs,
    ResendArgs, Which,
};
pub use merchant::{KeyAction, MerchantAction, MerchantArgs, MerchantSettings};
pub use operations::{
    BindArgs, CustomerOperationArgs, OperationArgs, PageArgs, PayArgs, RefundArgs, StatusArgs,
};
pub use profiles::{AddProfileArgs, ProfileAction, ProfileArgs, ProfileCommand, TokenArgs};
pub use signatures::{KeyArgs, RequestArgs, SignArgs, SignatureKind, VerifyArgs};

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
    /// Look at notifications and every try to send them, and send again
    Notification(NotificationArgs),
    /// Make, list and revoke the keys of operators for a gateway's management API
    ManagementKey(ManagementKeyArgs),
    /// Play the customer on the hosted pages
    Customer(CustomerArgs),
    /// Add, choose and list gateways to act at as a merchant; for a sandbox none is needed
    Profile(ProfileCommand),
    /// As a merchant: fetch a B2B token, which shows whether client id and key are right
    Token(TokenArgs),
    /// As a merchant: link a customer's account
    Bind(Box<BindArgs>),
    /// As a merchant: show what a linked customer has
    Balance(CustomerOperationArgs),
    /// As a merchant: take a payment from a linked customer
    Pay(Box<PayArgs>),
    /// As a merchant: show how a payment stands
    Status(StatusArgs),
    /// As a merchant: give a payment back, all or a part
    Refund(RefundArgs),
    /// As a merchant: end the link to a customer's account
    Unbind(CustomerOperationArgs),
    /// Hear a merchant's notifications on this machine, and hand them on to an application
    Listen(ListenArgs),
    /// Make an event or a fault happen in a sandbox: a payment, a refund, a link that ends, …
    Trigger(TriggerArgs),
    /// Follow a merchant's requests at the gateway, and why they failed
    Logs(LogsArgs),
    /// Make the signature of a request, without a network
    Sign(SignArgs),
    /// Check the signature of a request without a network, and say what is wrong with it. Exits 0
    /// when it matches, 1 when it does not, 2 when it could not be checked
    Verify(VerifyArgs),
    /// Show what somebody must look at: debits after the end, notifications that differ, …
    Alarms(AlarmsArgs),
    /// Compare the gateway's journal with the bank's statement
    Reconcile(ReconcileArgs),
    /// Look at the journal
    Ledger(LedgerArgs),
    /// Print the completion script of a shell
    Completion(CompletionArgs),
    /// Copy a gateway's database into an empty one, SQLite or PostgreSQL
    CopyDatabase(CopyArgs),
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

/// `gerbang completion`.
#[derive(Debug, Args)]
#[command(
    after_help = "For bash: `gerbang completion bash > ~/.local/share/bash-completion/completions/gerbang`; for zsh into \
                  a folder of $fpath, as `_gerbang`; for fish: `gerbang completion fish > \
                  ~/.config/fish/completions/gerbang.fish`."
)]
pub struct CompletionArgs {
    /// The shell
    pub shell: clap_complete::Shell,
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
