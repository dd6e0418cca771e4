//! The flags of `gerbang sign` and `gerbang verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `gerbang sign`.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The request.
    #[command(flatten)]
    pub request: RequestArgs,
    /// The keys.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// Print only the headers that were made: X-TIMESTAMP and X-SIGNATURE, as `curl -H @FILE` takes them
    #[arg(long, conflicts_with = "json")]
    pub headers: bool,
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
}

/// `gerbang verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The request.
    #[command(flatten)]
    pub request: RequestArgs,
    /// The keys.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// The signature [default: X-SIGNATURE of the request]
    #[arg(long, value_name = "TEXT")]
    pub signature: Option<String>,
    /// A file with the string that you signed: its first difference is shown
    #[arg(long, value_name = "FILE")]
    pub string_to_sign: Option<PathBuf>,
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
}

/// Where the request comes from; what is given besides --curl or --request replaces its part.
#[derive(Debug, Args)]
#[command(next_help_heading = "The request")]
pub struct RequestArgs {
    /// A file with a `curl` command line; - reads it from the terminal or a pipe
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    pub curl: Option<PathBuf>,
    /// A file with a saved HTTP request: request line, headers, empty line, body; - as above
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// The kind of signature [default: by the path and the headers]
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<SignatureKind>,
    /// The method [default: POST]
    #[arg(long, value_name = "METHOD")]
    pub method: Option<String>,
    /// The path with its query, or the whole URL
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// A header, such as 'X-TIMESTAMP: 2026-01-02T03:04:05+07:00' (repeatable)
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub header: Vec<String>,
    /// A file with the body, exactly as it is sent
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub body: Option<PathBuf>,
    /// The body
    #[arg(long, value_name = "TEXT")]
    pub data: Option<String>,
    /// X-TIMESTAMP [default for `sign`: now]
    #[arg(long, value_name = "TIME")]
    pub timestamp: Option<String>,
    /// X-CLIENT-KEY of a token request
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// A file with the B2B token [default: the Authorization header, or GERBANG_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Show the token in the string to sign
    #[arg(long)]
    pub show_token: bool,
}

/// The two kinds of SNAP signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignatureKind {
    /// A token request: SHA256withRSA
    Token,
    /// A transaction or a notification: HMAC-SHA512
    Transaction,
}

/// Secrets and keys: from files or the environment, never arguments.
#[derive(Debug, Args)]
#[command(next_help_heading = "The keys")]
pub struct KeyArgs {
    /// A file with the client secret, or the notification secret for a notification
    /// [default: GERBANG_CLIENT_SECRET]
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// A file with another secret that may have been taken for it (repeatable)
    #[arg(long, value_name = "FILE")]
    pub other_secret_file: Vec<PathBuf>,
    /// A file with the RSA private key (PEM)
    #[arg(long, value_name = "FILE", env = "GERBANG_PRIVATE_KEY_FILE")]
    pub private_key: Option<PathBuf>,
    /// A file with the RSA public key (PEM) [default: that of the private key]
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// Take client id, secrets and keys from the sandbox that runs on this folder
    #[arg(long, value_name = "DIR")]
    pub sandbox: Option<PathBuf>,
}
