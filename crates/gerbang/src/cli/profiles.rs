//! The flags that say which merchant at which gateway is meant, and `gerbang profile`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which merchant at which gateway.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which gateway")]
pub struct ProfileArgs {
    /// A profile's name [default: GERBANG_PROFILE, or the sandbox that runs on ./gerbang-data, or the
    /// profile in use]
    #[arg(long, value_name = "NAME", global = true)]
    pub profile: Option<String>,
    /// The sandbox that runs on this data folder
    #[arg(long, value_name = "DIR", global = true, conflicts_with = "profile")]
    pub data: Option<PathBuf>,
}

/// `gerbang profile`.
#[derive(Debug, Args)]
#[command(
    after_help = "A profile names files and variables of the environment that hold secrets, and never a \
                  secret itself. Profiles are kept in $XDG_CONFIG_HOME/gerbang/profiles.toml, or in the file \
                  that GERBANG_PROFILES names."
)]
pub struct ProfileCommand {
    /// What to do.
    #[command(subcommand)]
    pub action: ProfileAction,
    /// Machine-readable
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with profiles.
#[derive(Debug, Subcommand)]
pub enum ProfileAction {
    /// Add a profile, or change the one of this name
    Add(Box<AddProfileArgs>),
    /// Use this one where nothing else is said
    Use {
        /// Its name
        name: String,
    },
    /// List the profiles
    List,
    /// Show one, and whether its files can be read
    Show {
        /// Its name [default: the one in use]
        name: Option<String>,
    },
    /// Forget one, with the customers that were linked under it; key files stay
    Remove {
        /// Its name
        name: String,
    },
}

/// `gerbang profile add`.
#[derive(Debug, Args)]
pub struct AddProfileArgs {
    /// Its name: letters, digits, - and _
    pub name: String,
    /// doku-sandbox, doku-production, or the base URL of a gateway
    #[arg(long, value_name = "GATEWAY")]
    pub gateway: String,
    /// Your client id there
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// A file with the client secret
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "secret_env",
        conflicts_with = "secret_env"
    )]
    pub secret_file: Option<PathBuf>,
    /// The variable of the environment that will hold the client secret
    #[arg(long, value_name = "NAME")]
    pub secret_env: Option<String>,
    /// The file with your RSA private key: PKCS#1 or PKCS#8, PEM or DER
    #[arg(long, value_name = "FILE")]
    pub private_key_file: PathBuf,
    /// A file with the passphrase of the private key
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_env")]
    pub passphrase_file: Option<PathBuf>,
    /// The variable that will hold the passphrase
    #[arg(long, value_name = "NAME")]
    pub passphrase_env: Option<String>,
    /// The gateway's public key (PEM), to verify its requests for tokens
    #[arg(long, value_name = "FILE")]
    pub gateway_public_key_file: Option<PathBuf>,
    /// A file with the secret that notifications are signed with
    #[arg(long, value_name = "FILE", conflicts_with = "notification_secret_env")]
    pub notification_secret_file: Option<PathBuf>,
    /// The variable that will hold that secret
    #[arg(long, value_name = "NAME")]
    pub notification_secret_env: Option<String>,
}

/// `gerbang token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Write the token into this file, readable by you only, for `gerbang sign --token-file`
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Machine-readable
    #[arg(long)]
    pub json: bool,
    /// Which merchant.
    #[command(flatten)]
    pub profile: ProfileArgs,
}
