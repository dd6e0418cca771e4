//! `sandbox.json`: everything a script needs to use a running sandbox.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use snap::Secret;

use super::folder;
use crate::files;

/// The content of `sandbox.json`. Its members are an interface for scripts.
#[derive(Clone, Serialize, Deserialize)]
pub struct Addresses {
    /// The gateway.
    pub base_url: String,
    /// The demo merchant's client id.
    pub client_id: String,
    /// The secret that the demo merchant signs with.
    #[serde(with = "crate::secret_text")]
    pub client_secret: Secret,
    /// The file with the demo merchant's private key.
    pub merchant_private_key: PathBuf,
    /// The file with the demo merchant's public key.
    pub merchant_public_key: PathBuf,
    /// The file with the gateway's public key.
    pub gateway_public_key: PathBuf,
    /// Where the gateway notifies the demo merchant.
    pub notification_url: String,
    /// Where the gateway fetches the token for it.
    pub token_url: String,
    /// The secret that notifications are signed with.
    #[serde(with = "crate::secret_text")]
    pub notification_secret: Secret,
    /// An operator's key for the gateway's management API.
    #[serde(with = "crate::secret_text")]
    pub management_key: Secret,
    /// The bank simulator.
    pub bank_url: String,
    /// Its inbox page; `.json` behind it for scripts.
    pub inbox_url: String,
    /// The demo customers.
    pub customers: Vec<Customer>,
}

/// A demo customer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Customer {
    /// The name.
    pub name: String,
    /// The phone number, with the country's code.
    pub phone_no: String,
    /// The PIN.
    #[serde(with = "crate::secret_text")]
    pub pin: Secret,
    /// What the customer is good for.
    pub note: String,
}

impl Addresses {
    /// The addresses of the sandbox that runs on this folder.
    pub fn read(data: &Path) -> anyhow::Result<Self> {
        let path = folder::addresses(data);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "no sandbox runs on the folder {} (there is no {}); start one with `gerbang sandbox`, \
                 or name its folder with --data",
                data.display(),
                path.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Writes them, whole or not at all.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        files::write_private(path, &serde_json::to_vec_pretty(self)?)
    }
}
