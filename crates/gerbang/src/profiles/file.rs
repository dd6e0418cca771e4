//! `profiles.toml`: the gateways that a merchant's developer works with. It holds the names of files and
//! of variables, and never a secret.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use snap::Secret;

use crate::{environment, files};

/// Names another file than the usual one.
const VARIABLE: &str = "GERBANG_PROFILES";
/// The name that means a running sandbox.
pub const SANDBOX: &str = "sandbox";

/// All of the file.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    /// The one that is meant where nothing is said.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub in_use: Option<String>,
    /// By name.
    #[serde(default)]
    pub profiles: BTreeMap<String, Entry>,
}

/// One profile.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The base URL.
    pub gateway: String,
    /// Who the merchant is there.
    pub client_id: String,
    /// The merchant's private key.
    pub private_key_file: PathBuf,
    /// The gateway's public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_public_key_file: Option<PathBuf>,
    /// The client secret.
    pub secret: Place,
    /// The private key's passphrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Place>,
    /// What notifications are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_secret: Option<Place>,
}

/// Where a secret is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Alone in this file.
    File(PathBuf),
    /// In this variable of the environment.
    Env(String),
}

impl Profiles {
    /// Where the file is.
    pub fn path() -> anyhow::Result<PathBuf> {
        match environment::path(VARIABLE) {
            Some(path) => Ok(path),
            None => Ok(folder("XDG_CONFIG_HOME", ".config")?.join("profiles.toml")),
        }
    }

    /// What is in it; nothing where there is none.
    pub fn read() -> anyhow::Result<Self> {
        let path = Self::path()?;
        if !path.exists() {
            return Ok(Self::default());
        }
        toml::from_str(&files::read_text(&path)?)
            .with_context(|| format!("{} is not as `gerbang profile` writes it", path.display()))
    }

    /// Replaces it, whole or not at all.
    pub fn write(&self) -> anyhow::Result<()> {
        let path = Self::path()?;
        let text =
            toml::to_string_pretty(self).context("the profiles cannot be written as TOML")?;
        make_private_folder(path.parent().unwrap_or(Path::new(".")))?;
        files::write_private(&path, text.as_bytes())
    }

    /// The profile of this name.
    pub fn get(&self, name: &str) -> anyhow::Result<&Entry> {
        let known = || match self.profiles.len() {
            0 => "there are none yet; `gerbang profile add` adds one".to_owned(),
            _ => {
                let names: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
                format!("there are: {}", names.join(", "))
            }
        };
        let found = self.profiles.get(name);
        found.with_context(|| format!("there is no profile `{name}`; {}", known()))
    }
}

impl Place {
    /// The secret that is there; `what` names it.
    pub fn read(&self, what: &str) -> anyhow::Result<Secret> {
        match self {
            Self::File(path) => {
                files::read_secret(path).with_context(|| format!("the {what} is missing"))
            }
            Self::Env(name) => environment::secret(name).with_context(|| {
                format!(
                    "the {what} is missing: the profile looks for it in {name}, which is not set"
                )
            }),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "variable {name}"),
        }
    }
}

/// Refuses names that could not be a folder's, or that mean something else.
pub fn check_name(name: &str) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    ensure!(
        (1..=32).contains(&name.len()) && name.chars().all(plain),
        "a profile's name has 1 to 32 letters, digits, - and _"
    );
    if name == SANDBOX {
        bail!("`{SANDBOX}` always means the running sandbox; choose another name");
    }
    Ok(())
}

/// Our folder among the user's, such as `~/.config/gerbang`.
fn folder(variable: &str, usual: &str) -> anyhow::Result<PathBuf> {
    let base = environment::path(variable).filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(environment::path("HOME")?.join(usual)));
    let base = base.with_context(|| {
        format!("neither HOME nor {variable} is set; {VARIABLE} may name the file of the profiles")
    })?;
    Ok(base.join("gerbang"))
}

/// Where the customers of profiles are kept: by the XDG rules, or beside a file that was named.
pub fn state_folder() -> anyhow::Result<PathBuf> {
    match environment::path(VARIABLE) {
        Some(file) => Ok(file.with_file_name("customers")),
        None => folder("XDG_STATE_HOME", ".local/state"),
    }
}

/// Makes a folder that only its owner can look into; one that exists stays as it is.
pub fn make_private_folder(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.with_context(|| format!("{} cannot be made", path.display()))
}
