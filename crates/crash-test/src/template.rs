//! What every run begins with, made once: keys, an empty database with merchants in it, and whoever listens
//! to the gateways' notifications.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use snap::{PrivateKey, Secret};
use tokio::net::TcpListener;

use crate::Engine;
use crate::cluster::{self, Cluster};
use crate::ears::{self, Ears};
use crate::programs::{command, output};
use crate::world::{Ports, configuration};

/// Nothing here is worth keeping: the databases live as long as the run.
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// The gateway signs with this at the bank.
pub const GATEWAY_SECRET: &str = "the gateway signs with this";
/// The bank signs with this at the gateway.
pub const BANK_SECRET: &str = "the bank signs with this";

/// The prepared folder and what is known of it.
pub struct Template {
    /// Where the gateways keep their memory.
    pub engine: Engine,
    /// The program under test.
    pub gerbang: PathBuf,
    /// The folder that runs copy from.
    pub folder: PathBuf,
    /// Where PostgreSQL's programs are, if it is used.
    pub postgres: Option<PathBuf>,
    /// The merchants.
    pub accounts: Vec<Account>,
    /// The key that all of them sign token requests with.
    pub merchant_key: Secret,
    /// The key that notifications are verified with.
    pub gateway_key: String,
    /// The bank's public key.
    pub bank_key: String,
}

/// A merchant, as `gerbang merchant add --json` prints it.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// Its client id.
    pub client_id: String,
    /// What it signs with.
    pub client_secret: String,
    /// What notifications to it are signed with.
    pub notification_secret: String,
}

impl Template {
    /// Makes one in the folder, with so many merchants, and listens for them.
    ///
    /// # Errors
    /// When a program fails.
    pub async fn prepare(
        engine: Engine,
        gerbang: &Path,
        folder: &Path,
        merchants: usize,
    ) -> Result<(Self, Ears)> {
        let listener = ears::listener().await?;
        let postgres = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(cluster::binaries()?),
        };
        let bank_key = PrivateKey::generate()?;
        let merchant_key = PrivateKey::generate()?;
        let mut template = Self {
            engine,
            gerbang: gerbang.to_path_buf(),
            folder: folder.to_path_buf(),
            postgres,
            accounts: Vec::new(),
            merchant_key: merchant_key.to_pkcs8_pem(),
            gateway_key: String::new(),
            bank_key: bank_key.public_key_pem(),
        };
        write(folder, "bank.pem", bank_key.to_pkcs8_pem().expose())?;
        write(folder, "merchant.pem", &merchant_key.public_key_pem())?;
        write(folder, "gateway.secret", GATEWAY_SECRET)?;
        write(folder, "bank.secret", BANK_SECRET)?;
        let ports = Ports::pick(engine)?;
        let database = match &template.postgres {
            None => {
                template
                    .fill(&ports, &sqlite(folder), &listener, merchants)
                    .await?;
                return template.with_ears(listener);
            }
            Some(binaries) => Cluster::in_folder(binaries, folder, ports.postgres),
        };
        database.initialise().await?;
        let work = async || {
            template
                .fill(&ports, &database.url(), &listener, merchants)
                .await
        };
        database.while_running(folder, work).await?;
        template.with_ears(listener)
    }

    async fn fill(
        &mut self,
        ports: &Ports,
        database: &str,
        listener: &TcpListener,
        merchants: usize,
    ) -> Result<()> {
        let folder = self.folder.clone();
        let config = configuration(self, ports, ports.balancer, database);
        let config = write(&folder, "prepare.toml", &config)?
            .display()
            .to_string();
        let run = async |arguments: &[&str]| {
            let mut gerbang = command(&self.gerbang);
            gerbang.arg("merchant").args(["--config", &config]);
            output(gerbang, arguments).await
        };
        let partner_key = run(&["gateway-key", "--bank"]).await?;
        write(&folder, "gateway.pem", &partner_key)?;
        let gateway_key = run(&["gateway-key"]).await?;
        let public = folder.join("merchant.pem").display().to_string();
        let url = format!("http://{}", listener.local_addr()?);
        let mut accounts = Vec::new();
        for number in 0..merchants {
            let (name, paths) = (format!("Toko {number}"), ears::paths(number));
            let add = ["add", "--json", "--name", &name, "--public-key", &public];
            let tell = [
                format!("--notification-url={url}{}", paths.notification),
                format!("--token-url={url}{}", paths.token),
            ];
            let arguments: Vec<&str> = add
                .into_iter()
                .chain(tell.iter().map(String::as_str))
                .collect();
            let added = run(&arguments).await?;
            accounts.push(serde_json::from_str(&added).context("no merchant was added")?);
        }
        self.gateway_key = gateway_key;
        self.accounts = accounts;
        Ok(())
    }

    fn with_ears(self, listener: TcpListener) -> Result<(Self, Ears)> {
        let ears = Ears::open(listener, &self.accounts, &self.gateway_key)?;
        Ok((self, ears))
    }

    /// Copies everything into a run's own folder.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub async fn copy_to(&self, folder: &Path) -> Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), folder.join(entry.file_name()))?;
            }
        }
        if let Some(binaries) = &self.postgres {
            Cluster::in_folder(binaries, &self.folder, 0)
                .copy_to(folder)
                .await?;
        }
        Ok(())
    }
}

/// The URL of the gateway's database file in a folder.
pub fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("gateway.db").display())
}

/// Writes a file and says where it is.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}
