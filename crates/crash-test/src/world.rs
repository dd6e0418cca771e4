//! One run's processes: gateways, bank simulator, PostgreSQL, and the address in front of the gateways.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use merchant_sdk::Client;
use snap::{PrivateKey, Secret};
use storage::{MasterKeys, Store, settings};
use tokio::process::Command;

use crate::Engine;
use crate::balancer::Balancer;
use crate::cluster::Cluster;
use crate::fleet::{Fleet, Part};
use crate::programs::{command, wait_for};
use crate::rows::Rows;
use crate::template::{BANK_SECRET, GATEWAY_SECRET, MASTER_KEY, Template, sqlite, write};

/// The setting through which every gateway of a database learns how far business time is ahead.
const CLOCK_OFFSET: &str = "clock_offset_ms";
/// Below what the kernel gives to connections, so that nobody takes a port while its owner is dead.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;

/// Where everything listens.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The gateways' own.
    pub gateways: Vec<u16>,
    /// The one in front of them.
    pub balancer: u16,
    /// The bank's.
    pub bank: u16,
    /// PostgreSQL's.
    pub postgres: u16,
}

/// A run's world.
pub struct World {
    /// Its data; kept when something was wrong.
    pub folder: PathBuf,
    /// Its processes.
    pub fleet: Arc<Fleet>,
    ports: Ports,
    database: String,
    http: reqwest::Client,
    _balancer: Balancer,
}

impl Ports {
    /// Free ones.
    ///
    /// # Errors
    /// When none can be found.
    pub fn pick(engine: Engine) -> Result<Self> {
        let gateways = (0..engine.gateways()).map(|_| free_port());
        Ok(Self {
            gateways: gateways.collect::<Result<_>>()?,
            balancer: free_port()?,
            bank: free_port()?,
            postgres: free_port()?,
        })
    }
}

impl World {
    /// Copies the template into the folder and starts everything, each program under the wrapper if one is
    /// named. When it returns, all of them answer.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(
        template: &Template,
        folder: &Path,
        wrapper: Option<&'static str>,
    ) -> Result<Self> {
        template.copy_to(folder).await?;
        let ports = Ports::pick(template.engine)?;
        let cluster = template
            .postgres
            .as_ref()
            .map(|binaries| Cluster::in_folder(binaries, folder, ports.postgres));
        let database = cluster
            .as_ref()
            .map_or_else(|| sqlite(folder), Cluster::url);
        let mut parts = Vec::new();
        if let Some(cluster) = cluster {
            parts.push(Part::new("postgres", move || cluster.command(wrapper)));
        }
        for (number, port) in ports.gateways.iter().enumerate() {
            let name = format!("gateway-{number}");
            let text = configuration(template, &ports, *port, &database);
            let config = write(folder, &format!("{name}.toml"), &text)?;
            let gerbang = template.gerbang.clone();
            parts.push(Part::new(&name, move || {
                let mut serve = wrapped(&gerbang, wrapper);
                serve.arg("serve").arg("--config").arg(&config);
                Ok(serve)
            }));
        }
        let (gerbang, arguments) = (template.gerbang.clone(), bank_arguments(folder, &ports));
        parts.push(Part::new("bank", move || {
            let mut bank = command(&gerbang);
            bank.args(&arguments);
            Ok(bank)
        }));
        let gateways = ports.gateways.iter().map(|port| local(*port)).collect();
        let world = Self {
            folder: folder.to_path_buf(),
            fleet: Fleet::new(parts, folder),
            _balancer: Balancer::open(ports.balancer, gateways).await?,
            ports,
            database,
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(60))
                .build()?,
        };
        world.ready().await?;
        Ok(world)
    }

    /// Waits until everything answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ready(&self) -> Result<()> {
        let waiting = wait_for("gateways and bank", async || {
            let mut all = self
                .http
                .get(format!("{}/control/clock", self.bank_url()))
                .send()
                .await
                .is_ok();
            for port in &self.ports.gateways {
                let asked = self
                    .http
                    .get(format!("http://{}/readyz", local(*port)))
                    .send()
                    .await;
                all &= asked.is_ok_and(|answer| answer.status().is_success());
            }
            Ok(all.then_some(()))
        });
        let ready = waiting.await;
        ready.with_context(|| format!("the world does not come up:\n{}", self.fleet.last_words()))
    }

    /// A merchant's clients, one for each gateway.
    ///
    /// # Errors
    /// When they cannot be built.
    pub fn clients(&self, template: &Template, merchant: usize) -> Result<Vec<Client>> {
        let account = template
            .accounts
            .get(merchant)
            .context("no such merchant")?;
        let client = |port: &u16| {
            let key = PrivateKey::from_pem(template.merchant_key.expose())?;
            let secret = Secret::new(&account.client_secret);
            let url = format!("http://{}", local(*port));
            let client = Client::builder(url, &account.client_id, secret, key)
                .timeout(Duration::from_secs(30))
                .build()?;
            Ok(client)
        };
        self.ports.gateways.iter().map(client).collect()
    }

    /// Where the bank is.
    pub fn bank_url(&self) -> String {
        format!("http://{}", local(self.ports.bank))
    }

    /// Moves business time forward, at the bank and for every gateway.
    ///
    /// # Errors
    /// When one of them does not take it.
    pub async fn advance(&self, by: Duration) -> Result<()> {
        let by_ms = i64::try_from(by.as_millis())?;
        let bank = self.http.post(format!("{}/control/clock", self.bank_url()));
        let moved = bank
            .json(&serde_json::json!({ "advance_ms": by_ms }))
            .send()
            .await?;
        ensure!(
            moved.status().is_success(),
            "the bank's clock does not move"
        );
        let store = self.store().await?;
        let advance = |s: storage::Session| async move {
            let before = settings::get(&s, CLOCK_OFFSET).await?;
            let before = before.map_or(Ok(0), |text| text.parse::<i64>());
            let before = before.map_err(|_| {
                storage::Error::corrupt("settings", CLOCK_OFFSET, "it is no number")
            })?;
            settings::put(&s, CLOCK_OFFSET, &(before + by_ms).to_string()).await
        };
        let moved = store.transact("advance the clock", advance).await;
        store.close().await;
        Ok(moved?)
    }

    /// Every row of both databases: the gateway's, the bank's.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn rows(&self) -> Result<(Rows, Rows)> {
        let store = self.store().await?;
        let gateway = store.dump().await;
        store.close().await;
        let bank = self
            .http
            .get(format!("{}/control/dump", self.bank_url()))
            .send()
            .await?;
        Ok((
            Rows::of_gateway(&gateway?)?,
            Rows::of_bank(&bank.text().await?)?,
        ))
    }

    async fn store(&self) -> Result<Store> {
        let keys = MasterKeys::parse(&Secret::new(format!("k1:{MASTER_KEY}")))?;
        Ok(Store::open(&storage::Settings::new(&self.database), keys).await?)
    }
}

/// A gateway's configuration. The limits are out of the way, also the one on how old a request that is repeated at the
/// end may be, and the deadlines are short; everything else is as operators have it.
pub fn configuration(template: &Template, ports: &Ports, listen: u16, database: &str) -> String {
    format!(
        r#"listen = "{}"
public_url = "http://{}"
database = "{database}"
sandbox = true
clock_skew_s = 86400
[master_keys]
k1 = "{MASTER_KEY}"
[limits]
merchant_per_second = 1000000
address_per_second = 1000000
phone_per_minute = 1000000
stop_timeout_s = 15
[log]
format = "json"
[notifications]
timeout_ms = 3000
[banks.allo]
base_url = "http://{}"
client_id = "GW"
secret = "{GATEWAY_SECRET}"
inbound_client_id = "ALLO"
inbound_secret = "{BANK_SECRET}"
timeout_ms = 1500
replays_page = true
public_key = """{}"""
"#,
        local(listen),
        local(ports.balancer),
        local(ports.bank),
        template.bank_key,
    )
}

fn bank_arguments(folder: &Path, ports: &Ports) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    vec![
        "bank".to_owned(),
        format!("--listen={}", local(ports.bank)),
        format!("--database={}", file("bank.db")),
        "--partner-id=GW".to_owned(),
        format!("--partner-secret={}", file("gateway.secret")),
        format!("--partner-public-key={}", file("gateway.pem")),
        format!("--gateway-url=http://{}/bank/allo", local(ports.balancer)),
        "--bank-id=ALLO".to_owned(),
        format!("--bank-secret={}", file("bank.secret")),
        format!("--bank-private-key={}", file("bank.pem")),
        "--relaxed-otp".to_owned(),
    ]
}

fn wrapped(program: &Path, wrapper: Option<&str>) -> Command {
    match wrapper {
        None => command(program),
        Some(wrapper) => {
            let mut command = command(Path::new(wrapper));
            command.arg(program);
            command
        }
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Free a moment ago, and not one that this process has used before.
fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Runs at the same time begin at different places.
    let begin = u16::try_from(std::process::id().wrapping_mul(101) % u32::from(PORTS))?;
    for _ in 0..PORTS {
        let next = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(begin) % PORTS;
        let port = FIRST_PORT + next;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free")
}
