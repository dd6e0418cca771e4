//! What is made once for a data folder and kept: keys, ids and secrets.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use snap::{PrivateKey, Secret};

use super::folder;
use crate::{entropy, files};

/// The ids and secrets of one sandbox. The file is readable by its owner only.
#[derive(Clone, Serialize, Deserialize)]
pub struct MadeOnce {
    /// Whether a demo made it: a demo starts over in its own folders only.
    pub demo: bool,
    /// The gateway's client id at the bank.
    pub gateway_id: String,
    /// The secret that the gateway signs with at the bank.
    #[serde(with = "crate::secret_text")]
    pub gateway_secret: Secret,
    /// The bank's client id at the gateway.
    pub bank_id: String,
    /// The secret that the bank signs with at the gateway.
    #[serde(with = "crate::secret_text")]
    pub bank_secret: Secret,
    /// The demo merchant's client id, once it has been added to the gateway. Its secrets are in
    /// the gateway's database.
    pub merchant_id: Option<String>,
    /// The operator's key, once it has been added to the gateway, which keeps only its hash.
    #[serde(default, with = "crate::secret_text::optional")]
    pub management_key: Option<Secret>,
}

/// The key files of a data folder.
pub struct KeyFiles {
    folder: PathBuf,
}

impl KeyFiles {
    /// The key files of this data folder.
    pub fn of(folder: &Path) -> Self {
        Self {
            folder: folder.join("keys"),
        }
    }

    /// The gateway's master key, as lines of `id = "base64"`.
    pub fn master(&self) -> PathBuf {
        self.folder.join("master.key")
    }

    /// The demo merchant's private key.
    pub fn merchant_private(&self) -> PathBuf {
        self.folder.join("merchant_private.pem")
    }

    /// The demo merchant's public key.
    pub fn merchant_public(&self) -> PathBuf {
        self.folder.join("merchant_public.pem")
    }

    /// The gateway's public key, with which merchants verify its token requests.
    pub fn gateway_public(&self) -> PathBuf {
        self.folder.join("gateway_public.pem")
    }

    /// The gateway's private key at the bank.
    pub fn gateway_at_bank_private(&self) -> PathBuf {
        self.folder.join("gateway_at_bank_private.pem")
    }

    /// The gateway's public key at the bank.
    pub fn gateway_at_bank_public(&self) -> PathBuf {
        self.folder.join("gateway_at_bank_public.pem")
    }

    /// The bank's private key.
    pub fn bank_private(&self) -> PathBuf {
        self.folder.join("bank_private.pem")
    }

    /// The bank's public key.
    pub fn bank_public(&self) -> PathBuf {
        self.folder.join("bank_public.pem")
    }
}

impl MadeOnce {
    /// What was made for this folder.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder::made_once(folder);
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is not a sandbox's data folder; name a gateway's configuration with --config FILE, or start a sandbox with `gerbang sandbox --data {}`",
                folder.display(),
                folder.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// What was made for this folder, made now if nothing was.
    pub fn read_or_make(folder: &Path, demo: bool) -> anyhow::Result<Self> {
        if folder::made_once(folder).is_file() {
            return Self::read(folder);
        }
        make_keys(&KeyFiles::of(folder))?;
        let made = Self {
            demo,
            gateway_id: "GERBANG".to_owned(),
            gateway_secret: entropy::secret("bk_"),
            bank_id: "ALLO".to_owned(),
            bank_secret: entropy::secret("bn_"),
            merchant_id: None,
            management_key: None,
        };
        made.write(folder)?;
        Ok(made)
    }

    /// Keeps it. This comes last: a folder with this file has everything else.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        files::write_private(&folder::made_once(folder), &text)
    }
}

fn make_keys(files: &KeyFiles) -> anyhow::Result<()> {
    let master = format!("sandbox = \"{}\"\n", entropy::key_base64().expose());
    files::write_private(&files.master(), master.as_bytes())?;
    let pairs = [
        (files.merchant_private(), files.merchant_public()),
        (
            files.gateway_at_bank_private(),
            files.gateway_at_bank_public(),
        ),
        (files.bank_private(), files.bank_public()),
    ];
    for (private, public) in pairs {
        let key = PrivateKey::generate().context("no RSA key could be made")?;
        files::write_private(&private, key.to_pkcs8_pem().expose().as_bytes())?;
        fs::write(&public, key.public_key_pem())
            .with_context(|| format!("{} cannot be written", public.display()))?;
    }
    Ok(())
}
