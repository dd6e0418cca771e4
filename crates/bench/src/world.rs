//! A gateway and a bank as two processes on one database, with merchants, set up as an operator would.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use merchant_sdk::Client;
use serde::Deserialize;
use snap::{PrivateKey, Secret};

use crate::programs::{Program, output, wait_for};
use crate::usage::{Memory, process_seconds};
use crate::wire::is_ready;

/// Nothing here is worth keeping: the databases live as long as the run.
const GATEWAY_SECRET: &str = "the gateway signs with this";
const BANK_SECRET: &str = "the bank signs with this";
/// The gateway's master key `k1`.
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Everything on disk and nothing running.
pub struct World {
    gerbang: PathBuf,
    folder: PathBuf,
    config: PathBuf,
    gateway: SocketAddr,
    bank: SocketAddr,
    merchants: Vec<Added>,
    merchant_key: Secret,
}

/// Gateway and bank, ready.
pub struct Running {
    gateway_process: Program,
    bank_process: Program,
    /// Where the gateway is.
    pub gateway: SocketAddr,
    /// Where the bank's messages arrive.
    pub inbox_url: String,
    /// Each with its client.
    pub merchants: Vec<Merchant>,
}

/// A merchant as its own programs see it.
pub struct Merchant {
    /// Its client id.
    pub client_id: String,
    /// Its secret.
    pub secret: Secret,
    /// For everything that is not measured.
    pub client: Client,
}

/// What `gerbang merchant add --json` prints.
#[derive(Deserialize)]
struct Added {
    client_id: String,
    client_secret: String,
}

/// What both processes have in one figure.
#[derive(Clone, Copy, Debug)]
pub struct Both<T> {
    /// The gateway's.
    pub gateway: T,
    /// The bank simulator's.
    pub simulator: T,
}

impl World {
    /// Writes configuration and keys and adds the merchants.
    pub async fn prepare(
        gerbang: &Path,
        folder: &Path,
        database: &str,
        merchants: u16,
    ) -> Result<Self> {
        let (gateway, bank) = (free_address()?, free_address()?);
        let bank_key = PrivateKey::generate()?;
        let config = write(
            folder,
            "gateway.toml",
            &configuration(gateway, bank, database, &bank_key.public_key_pem()),
        )?;
        let config_text = text(&config);
        let key = [
            "merchant",
            "gateway-key",
            "--bank",
            "--config",
            &config_text,
        ];
        write(folder, "gateway.pem", &output(gerbang, &key).await?)?;
        write(folder, "gateway.secret", GATEWAY_SECRET)?;
        write(folder, "bank.secret", BANK_SECRET)?;
        write(folder, "bank.pem", bank_key.to_pkcs8_pem().expose())?;
        let merchant_key = PrivateKey::generate()?;
        let public = text(&write(
            folder,
            "merchant.pem",
            &merchant_key.public_key_pem(),
        )?);
        let mut added = Vec::new();
        for number in 1..=merchants {
            let name = format!("Toko {number}");
            let add = [
                "merchant",
                "add",
                "--json",
                "--name",
                &name,
                "--public-key",
                &public,
                "--config",
                &config_text,
            ];
            let printed = output(gerbang, &add).await?;
            added.push(serde_json::from_str(&printed).context("no merchant was added")?);
        }
        Ok(Self {
            gerbang: gerbang.to_path_buf(),
            folder: folder.to_path_buf(),
            config,
            gateway,
            bank,
            merchants: added,
            merchant_key: merchant_key.to_pkcs8_pem(),
        })
    }

    /// Starts both and waits until they answer.
    pub async fn start(self) -> Result<Running> {
        let file = |name: &str| text(&self.folder.join(name));
        let bank_arguments = [
            "bank".to_owned(),
            format!("--listen={}", self.bank),
            format!("--database={}", file("bank.db")),
            "--partner-id=GW".to_owned(),
            format!("--partner-secret={}", file("gateway.secret")),
            format!("--partner-public-key={}", file("gateway.pem")),
            format!("--gateway-url=http://{}/bank/allo", self.gateway),
            "--bank-id=ALLO".to_owned(),
            format!("--bank-secret={}", file("bank.secret")),
            format!("--bank-private-key={}", file("bank.pem")),
            "--relaxed-otp".to_owned(),
        ];
        let mut bank_process =
            Program::start("bank", &self.gerbang, &bank_arguments, &self.folder)?;
        let serve = [
            "serve".to_owned(),
            format!("--config={}", text(&self.config)),
        ];
        let mut gateway_process = Program::start("gateway", &self.gerbang, &serve, &self.folder)?;
        wait_for("gateway and bank", async || {
            bank_process.check()?;
            gateway_process.check()?;
            let open = tokio::net::TcpStream::connect(self.bank).await.is_ok();
            Ok((open && is_ready(self.gateway).await).then_some(()))
        })
        .await?;
        let base_url = format!("http://{}", self.gateway);
        let merchants = self.merchants.into_iter().map(|added| {
            let secret = Secret::new(added.client_secret);
            let key = PrivateKey::from_pem(self.merchant_key.expose())?;
            let client =
                Client::builder(&base_url, &added.client_id, secret.clone(), key).build()?;
            Ok(Merchant {
                client_id: added.client_id,
                secret,
                client,
            })
        });
        Ok(Running {
            gateway_process,
            bank_process,
            gateway: self.gateway,
            inbox_url: format!("http://{}/inbox", self.bank),
            merchants: merchants.collect::<Result<_>>()?,
        })
    }
}

impl Running {
    /// What both hold in memory now.
    pub fn memory(&self) -> Result<Both<Memory>> {
        Ok(Both {
            gateway: Memory::of(self.gateway_process.pid())?,
            simulator: Memory::of(self.bank_process.pid())?,
        })
    }

    /// The processor time that both have used.
    pub fn processor_seconds(&self) -> Result<Both<f64>> {
        Ok(Both {
            gateway: process_seconds(self.gateway_process.pid())?,
            simulator: process_seconds(self.bank_process.pid())?,
        })
    }

    /// Stops both.
    pub async fn stop(self) -> Result<()> {
        self.gateway_process.stop().await?;
        self.bank_process.stop().await
    }
}

/// A configuration for a gateway that notifies merchants on this machine, and where it will listen. Its
/// bank is never started.
pub fn for_notifications(folder: &Path, database: &str) -> Result<(PathBuf, SocketAddr)> {
    let (gateway, bank) = (free_address()?, free_address()?);
    let bank_key = PrivateKey::generate()?.public_key_pem();
    let text = configuration(gateway, bank, database, &bank_key)
        + "[notifications]\nallowed_networks = [\"127.0.0.0/8\"]\n";
    Ok((write(folder, "gateway.toml", &text)?, gateway))
}

/// The defaults, but for a limit that one loopback merchant would meet.
fn configuration(
    gateway: SocketAddr,
    bank: SocketAddr,
    database: &str,
    bank_public_key: &str,
) -> String {
    format!(
        r#"listen = "{gateway}"
public_url = "http://{gateway}"
database = "{database}"
[master_keys]
k1 = "{MASTER_KEY}"
[limits]
merchant_per_second = 1000000
[log]
format = "json"
[banks.allo]
base_url = "http://{bank}"
client_id = "GW"
secret = "{GATEWAY_SECRET}"
inbound_client_id = "ALLO"
inbound_secret = "{BANK_SECRET}"
public_key = """{bank_public_key}"""
"#
    )
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Free a moment ago; whoever takes it meanwhile makes the start fail, which says so.
fn free_address() -> Result<SocketAddr> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?)
}
