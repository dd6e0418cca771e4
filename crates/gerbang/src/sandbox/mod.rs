//! The sandbox: gateway, bank simulator and demo merchant in one process, on one data folder.
//!
//! Never here: anything the gateway or the simulator would not do elsewhere. They are started as
//! they are and speak HTTP with each other.

mod addresses;
mod demo_merchant;
mod folder;
mod made_once;
mod parts;
mod ports;

use std::net::TcpListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use gateway::{Config, Given};
use merchant_sdk::notifications::Notification;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use addresses::{Addresses, Customer};
pub use made_once::MadeOnce;

use demo_merchant::DemoMerchant;
use folder::Folder;
use made_once::KeyFiles;
use ports::{Ports, url_of};

/// How often the gateway's clock follows the bank's.
const FOLLOW_EVERY: Duration = Duration::from_millis(20);
/// How long `gerbang bank clock` waits for that.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(30);

/// How a sandbox is to be started.
pub struct Plan {
    /// The gateway's port; 0 picks free ones.
    pub port: u16,
    /// The data folder.
    pub data: PathBuf,
    /// Whether to delete what the folder holds from earlier runs.
    pub start_over: bool,
    /// Whether the limits on OTPs are lifted.
    pub relaxed_otp: bool,
    /// Whether the demo merchant listens.
    pub merchant: bool,
    /// Whether it is started for the demo.
    pub demo: bool,
}

/// A sandbox that runs.
pub struct Sandbox {
    /// Everything a client needs.
    pub addresses: Addresses,
    gateway: gateway::Running,
    bank: Arc<bank_simulator::Running>,
    merchant: Option<DemoMerchant>,
    clock: JoinHandle<()>,
    folder: Folder,
}

/// Starts everything. `sandbox.json` is there when all of it answers. Verified notifications come
/// out of the second value.
pub async fn start(plan: &Plan) -> anyhow::Result<(Sandbox, mpsc::Receiver<Notification>)> {
    let ports = Ports::bind(plan.port)?;
    if plan.demo && plan.start_over {
        refuse_other_folders(&plan.data)?;
    }
    let folder = Folder::open(&plan.data, plan.start_over)?;
    let mut made = {
        let (path, demo) = (folder.path().to_owned(), plan.demo);
        tokio::task::spawn_blocking(move || MadeOnce::read_or_make(&path, demo)).await??
    };
    let gateway_url = url_of(&ports.gateway)?;
    let bank_url = url_of(&ports.bank)?;
    let merchant_url = url_of(&ports.merchant)?;

    let mut config = parts::gateway(folder.path(), &made, &bank_url)?;
    config.public_url.clone_from(&gateway_url);
    let gateway = serve_gateway(config, ports.gateway).await?;
    let listener = TcpListener::from_std(ports.bank)?;
    let bank = parts::BankPlan {
        folder: folder.path(),
        made: &made,
        relaxed_otp: plan.relaxed_otp,
    };
    let bank = bank_simulator::start(bank.configuration(listener, &bank_url, &gateway_url)?)
        .await
        .context("the bank simulator cannot start")?;
    let bank = Arc::new(bank);

    let files = KeyFiles::of(folder.path());
    let merchant = parts::merchant(gateway.app(), folder.path(), &mut made, &merchant_url).await?;
    let management_key = parts::management_key(gateway.app(), folder.path(), &mut made).await?;
    let now_ms = gateway.app().clock.business_now_ms();
    let gateway_key = gateway.app().keys.notify_public_pem(now_ms);
    std::fs::write(files.gateway_public(), &gateway_key)
        .context("the gateway's public key cannot be written")?;
    let (deliver, notifications) = mpsc::channel(1_024);
    let demo_merchant = plan
        .merchant
        .then(|| DemoMerchant::listen(ports.merchant, &merchant, &gateway_key, deliver))
        .transpose()?;
    let clock = tokio::spawn(follow(gateway.app().clone(), bank.clone()));
    let addresses = parts::addresses(&files, &gateway_url, &bank_url, &merchant, management_key)?;
    addresses.write(&folder.addresses())?;
    let sandbox = Sandbox {
        addresses,
        gateway,
        bank,
        merchant: demo_merchant,
        clock,
        folder,
    };
    Ok((sandbox, notifications))
}

async fn serve_gateway(
    mut config: Config,
    listener: StdListener,
) -> anyhow::Result<gateway::Running> {
    config.listen = listener.local_addr()?;
    let listener = Some(TcpListener::from_std(listener)?);
    let given = Given {
        listener,
        ..Given::default()
    };
    gateway::start(config, given)
        .await
        .context("the gateway cannot start")
}

impl Sandbox {
    /// The data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Stops everything; what was begun is finished first.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.folder.withdraw_addresses()?;
        self.clock.abort();
        // The follower holds the bank until it has ended.
        drop(self.clock.await);
        self.gateway.stop().await;
        if let Some(bank) = Arc::into_inner(self.bank) {
            bank.stop().await;
        }
        if let Some(merchant) = self.merchant {
            merchant.stop().await;
        }
        Ok(())
    }
}

/// The gateway's configuration of a data folder, to open its database from a shell.
pub fn configuration_of(data: &Path) -> anyhow::Result<Config> {
    let made = MadeOnce::read(data)?;
    let data = std::fs::canonicalize(data)?;
    parts::gateway(&data, &made, "http://127.0.0.1:1")
}

/// Waits until the gateway of a running sandbox has moved its clock as far as the bank has.
pub async fn wait_for_gateway_clock(data: &Path, offset_ms: i64) -> anyhow::Result<()> {
    let app = gateway::open(configuration_of(data)?, Given::default())
        .await
        .context("the gateway's database cannot be opened")?;
    let followed = async {
        while app.clock.offset_ms() < offset_ms {
            tokio::time::sleep(FOLLOW_EVERY).await;
            app.reread_clock().await?;
        }
        Ok::<(), storage::Error>(())
    };
    let followed = tokio::time::timeout(FOLLOWED_WITHIN, followed).await;
    app.store.close().await;
    match followed {
        Ok(followed) => Ok(followed?),
        Err(_) => bail!("the bank's clock was moved, but the gateway's did not follow"),
    }
}

/// One hand moves both clocks: the gateway's follows the bank's.
async fn follow(app: Arc<gateway::App>, bank: Arc<bank_simulator::Running>) {
    loop {
        let behind = bank.clock().offset_ms() - app.clock.offset_ms();
        if behind > 0
            && let Err(error) = app.advance_clock(behind).await
        {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the clock did not move");
        }
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

/// A demo starts over, so it keeps to folders that a demo made.
fn refuse_other_folders(data: &Path) -> anyhow::Result<()> {
    if let Ok(made) = MadeOnce::read(data) {
        ensure!(
            made.demo,
            "{} belongs to a sandbox, and a demo would empty it; give another folder with --data",
            data.display()
        );
    }
    Ok(())
}
