//! Which merchant at which gateway a command acts for: a running sandbox, without any configuration, or a
//! profile that `gerbang profile add` made.
//!
//! Never here: a secret that is written down. A profile names the file or the variable that holds one.

mod customers;
mod file;

use std::path::Path;

use anyhow::{Context as _, bail};
use merchant_sdk::{Client, PrivateKey, PublicKey, Secret};
use url::Url;

pub use customers::{Begun, Customers, Kept, Linked};
pub use file::{Entry, Place, Profiles, SANDBOX, check_name};

use crate::cli::ProfileArgs;
use crate::sandbox::Addresses;
use crate::{environment, files, screen};

/// Chooses a profile where no flag does.
const VARIABLE: &str = "GERBANG_PROFILE";
/// The data folder of a sandbox that was started without a flag.
const USUAL_FOLDER: &str = "gerbang-data";

/// One merchant at one gateway, with everything that was read for it.
pub struct Profile {
    /// Its name; `sandbox` for a running one.
    pub name: String,
    /// The gateway.
    pub base_url: String,
    /// Who the merchant is there.
    pub client_id: String,
    /// Verifies the gateway's requests for tokens, if it was given.
    pub gateway_public_key: Option<PublicKey>,
    /// What notifications are signed with, if it was given.
    pub notification_secret: Option<Secret>,
    /// The fingerprint of the merchant's key.
    pub key_fingerprint: String,
    /// The sandbox that runs there: its demo customers, its bank, its management key.
    pub sandbox: Option<Addresses>,
    /// The customers that were linked here.
    pub customers: Customers,
    client: Client,
}

impl Profile {
    /// The one that is meant: by the flags, the environment, the sandbox that runs here, the profile in
    /// use. Says on stderr which one it is where that is not obvious.
    pub fn chosen(args: &ProfileArgs) -> anyhow::Result<Self> {
        let usual = Path::new(USUAL_FOLDER);
        if let Some(folder) = &args.data {
            return Self::of_sandbox(folder);
        }
        if let Some(name) = args.profile.clone().or_else(|| environment::text(VARIABLE)) {
            return if name == SANDBOX {
                Self::of_sandbox(usual)
            } else {
                Self::of_entry(&name, Profiles::read()?.get(&name)?)
            };
        }
        let profiles = Profiles::read()?;
        if usual.join("sandbox.json").exists() {
            if let Some(other) = &profiles.in_use {
                screen::aside(format!(
                    "the sandbox that runs on ./{USUAL_FOLDER} (--profile {other} for the profile in use)"
                ));
            }
            return Self::of_sandbox(usual);
        }
        let Some(name) = &profiles.in_use else {
            bail!(
                "no gateway is chosen: no sandbox runs on ./{USUAL_FOLDER}, and no profile is in use; start \
                 `gerbang sandbox` in another terminal (or name its folder with --data), or see `gerbang profile \
                 add --help`"
            );
        };
        let profile = Self::of_entry(name, profiles.get(name)?)?;
        screen::aside(format!("profile {name}: {}", profile.base_url));
        Ok(profile)
    }

    /// A profile of the file.
    pub fn of_entry(name: &str, entry: &Entry) -> anyhow::Result<Self> {
        let read = |place: &Place, what| {
            place
                .read(what)
                .with_context(|| format!("profile {name} cannot be used"))
        };
        let passphrase = entry.passphrase.as_ref();
        let passphrase = passphrase
            .map(|place| read(place, "passphrase"))
            .transpose()?;
        let notifications = entry.notification_secret.as_ref();
        let public_key = entry.gateway_public_key_file.as_deref();
        let profile = Self {
            notification_secret: notifications
                .map(|place| read(place, "notification secret"))
                .transpose()?,
            gateway_public_key: public_key.map(read_public_key).transpose()?,
            ..Self::new(
                name,
                &entry.gateway,
                &entry.client_id,
                read(&entry.secret, "client secret")?,
                read_private_key(&entry.private_key_file, passphrase.as_ref())?,
                Customers::of_profile(name)?,
            )?
        };
        Ok(profile)
    }

    fn of_sandbox(folder: &Path) -> anyhow::Result<Self> {
        let addresses = Addresses::read(folder)?;
        let profile = Self::new(
            SANDBOX,
            &addresses.base_url,
            &addresses.client_id,
            addresses.client_secret.clone(),
            read_private_key(&addresses.merchant_private_key, None)?,
            Customers::of_sandbox(folder),
        )?;
        Ok(Self {
            gateway_public_key: Some(read_public_key(&addresses.gateway_public_key)?),
            notification_secret: Some(addresses.notification_secret.clone()),
            sandbox: Some(addresses),
            ..profile
        })
    }

    fn new(
        name: &str,
        base_url: &str,
        client_id: &str,
        secret: Secret,
        private_key: PrivateKey,
        customers: Customers,
    ) -> anyhow::Result<Self> {
        let key_fingerprint = PublicKey::from_pem(&private_key.public_key_pem())?.fingerprint();
        let client = Client::builder(base_url, client_id, secret, private_key);
        let client = client
            .build()
            .with_context(|| format!("profile {name} cannot be used"))?;
        Ok(Self {
            name: name.to_owned(),
            base_url: client.base_url().to_owned(),
            client_id: client_id.to_owned(),
            gateway_public_key: None,
            notification_secret: None,
            key_fingerprint,
            sandbox: None,
            customers,
            client,
        })
    }

    /// The client that acts for this merchant. Clones share its token.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Whether the gateway is DOKU.
    pub fn is_doku(&self) -> bool {
        let url = Url::parse(&self.base_url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        host == "doku.com" || host.ends_with(".doku.com")
    }

    /// Refuses what needs Gerbang's management API: `command` is what was typed, `instead` what to do.
    pub fn refuse_doku(&self, command: &str, instead: &str) -> anyhow::Result<()> {
        if self.is_doku() {
            bail!(
                "`gerbang {command}` is not available at DOKU: it needs the management API, which only Gerbang \
                 has; {instead}"
            );
        }
        Ok(())
    }

    /// An error of the SDK, with what to do next.
    pub fn explain(&self, error: merchant_sdk::Error) -> anyhow::Error {
        use merchant_sdk::Error as E;
        let hint = match &error {
            E::TokenRefused { .. } => format!(
                "does it know client id {} with the key sha256:{}? `gerbang profile show` names the files",
                self.client_id, self.key_fingerprint
            ),
            E::TokenUnavailable(_) | E::CustomerTokenUnavailable(_) | E::Unreachable(_) => {
                match self.sandbox {
                    Some(_) => "is `gerbang sandbox` still running?".to_owned(),
                    None => format!("does {} answer from here?", self.base_url),
                }
            }
            _ => return error.into(),
        };
        anyhow::Error::new(error).context(format!("nothing was done; {hint}"))
    }
}

fn read_private_key(file: &Path, passphrase: Option<&Secret>) -> anyhow::Result<PrivateKey> {
    let bytes =
        std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    PrivateKey::read(&bytes, passphrase)
        .with_context(|| format!("{} holds no usable private key", file.display()))
}

fn read_public_key(file: &Path) -> anyhow::Result<PublicKey> {
    PublicKey::from_pem(&files::read_text(file)?)
        .with_context(|| format!("{} holds no usable public key", file.display()))
}
