//! The flags of a merchant's operations: `gerbang bind`, `balance`, `pay`, `status`, `refund`, `unbind`.

use std::path::PathBuf;

use clap::Args;

use super::profiles::ProfileArgs;

/// What every operation takes.
#[derive(Debug, Args)]
pub struct OperationArgs {
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
    /// Which merchant.
    #[command(flatten)]
    pub profile: ProfileArgs,
}

/// What is done with a page for the customer.
#[derive(Debug, Args)]
#[command(next_help_heading = "The customer's page")]
pub struct PageArgs {
    /// Open the page in the browser of this machine
    #[arg(long)]
    pub open: bool,
    /// Show the page as a QR code; on a terminal it is shown anyway where a phone could reach it
    #[arg(long)]
    pub qr: bool,
    /// Where the page sends the customer's browser in the end [default: a page of this command while it
    /// waits; otherwise the sandbox's demo merchant]
    #[arg(long, value_name = "URL")]
    pub return_url: Option<String>,
    /// How long to wait
    #[arg(long, default_value = "15m", value_name = "TIME")]
    pub timeout: String,
}

/// `gerbang bind`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 0 when the account is linked (or the page is ready, with --no-wait), 3 when that was \
                  refused, 4 when it is not known or the customer did not finish."
)]
pub struct BindArgs {
    /// The customer's phone number [default in a sandbox: an ordinary demo
    /// customer's]
    #[arg(long, value_name = "PHONE")]
    pub phone: Option<String>,
    /// What you call the customer (custIdMerchant) [default: a new name]
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// Do not wait for the customer; `gerbang bind --finish` goes on
    #[arg(long)]
    pub no_wait: bool,
    /// Go on with a binding whose customer has finished: the latest, or that of --customer
    #[arg(long, conflicts_with_all = ["phone", "no_wait", "open", "qr", "return_url"])]
    pub finish: bool,
    /// With --finish: a file with the authCode of a binding that was begun elsewhere
    #[arg(long, value_name = "FILE", requires = "finish")]
    pub auth_code_file: Option<PathBuf>,
    /// Which merchant.
    #[command(flatten)]
    pub operation: OperationArgs,
    /// The page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// `gerbang balance` and `gerbang unbind`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 0 when it was done, 3 when it was refused, 4 when that is not known."
)]
pub struct CustomerOperationArgs {
    /// Which customer [default: the one linked last]
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// Which merchant.
    #[command(flatten)]
    pub operation: OperationArgs,
}

/// `gerbang pay`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 0 when the page is ready, or with --wait when it is paid; 3 when it was refused or \
                  cancelled, 4 when that is not known or not over."
)]
pub struct PayArgs {
    /// How much: 25000, 25.000 or 25000.50 (rupiah.sen) [default in a sandbox: 25000; with --item: their
    /// sum]
    #[arg(value_name = "AMOUNT")]
    pub amount: Option<String>,
    /// What is bought, as NAME=PRICE or NAME=PRICExCOUNT (repeatable)
    #[arg(long, value_name = "ITEM")]
    pub item: Vec<String>,
    /// What the customer reads, at most 40 characters [default: the first item]
    #[arg(long, value_name = "TEXT")]
    pub remarks: Option<String>,
    /// Your reference (partnerReferenceNo), 32 to 64 characters; the same one again never pays twice
    /// [default: a new one]
    #[arg(long, value_name = "REFERENCE")]
    pub reference: Option<String>,
    /// Who pays [default: the customer linked last]
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// Wait until the payment is paid, refused or cancelled
    #[arg(long)]
    pub wait: bool,
    /// Which merchant.
    #[command(flatten)]
    pub operation: OperationArgs,
    /// The page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// `gerbang status`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 0 when the gateway told; with --wait when it is paid, 3 when it was refused or \
                  cancelled; 4 when that is not known or not over."
)]
pub struct StatusArgs {
    /// Your reference of the payment [default: the latest payment]
    #[arg(value_name = "REFERENCE")]
    pub reference: Option<String>,
    /// Wait until the payment is paid, refused or cancelled
    #[arg(long)]
    pub wait: bool,
    /// How long to wait
    #[arg(long, default_value = "15m", value_name = "TIME")]
    pub timeout: String,
    /// Which merchant.
    #[command(flatten)]
    pub operation: OperationArgs,
}

/// `gerbang refund`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 0 when it was refunded, 3 when it was refused, 4 when that is not known."
)]
pub struct RefundArgs {
    /// Your reference of the payment [default: the latest payment]
    #[arg(value_name = "REFERENCE")]
    pub reference: Option<String>,
    /// How much [default: all that was not refunded yet]
    #[arg(long, value_name = "AMOUNT")]
    pub amount: Option<String>,
    /// Why, for the bank
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Your reference of the refund (partnerRefundNo); the same one again never refunds twice
    /// [default: a new one]
    #[arg(long, value_name = "REFERENCE")]
    pub refund_reference: Option<String>,
    /// Which merchant.
    #[command(flatten)]
    pub operation: OperationArgs,
}
