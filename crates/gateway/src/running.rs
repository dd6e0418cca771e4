//! Starting and stopping a gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use storage::{MasterKeys, Settings, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::router;
use crate::app::{App, InFlight};
use crate::bank::{Bank, BankError, BankProfile, Banks};
use crate::clock::Clock;
use crate::config::{Background, Config, ConfigError};
use crate::entropy::Entropy;
use crate::keys::{Keys, KeysError};
use crate::limits::Limits;
use crate::management_keys::ManagementKeys;
use crate::merchants::Merchants;
use crate::network::Network;
use crate::notify::Notifier;
use crate::presence::{self, Presence};
use crate::readiness::Readiness;
use crate::request_log::RequestLog;
use crate::tokens::Tokens;
use crate::workers::Workers;
use crate::{TASKS, listen};

/// How long giving back leases and closing the database may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What a caller brings instead of what the gateway would take by itself.
#[derive(Debug, Default)]
pub struct Given {
    /// A socket that listens already.
    pub listener: Option<TcpListener>,
    /// A clock for tests.
    pub clock: Option<Clock>,
    /// A seeded generator for tests.
    pub entropy: Option<Entropy>,
    /// Another network than the machine's, for everything that this gateway sends.
    pub network: Option<Arc<dyn Network>>,
}

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error("the configuration is wrong")]
    Config(#[from] ConfigError),
    /// The master keys are unusable.
    #[error("the master keys are unusable")]
    MasterKeys(#[from] storage::CipherError),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Store(#[from] storage::Error),
    /// A copy of the database is at work.
    #[error("the database cannot be used now: {0}")]
    Held(&'static str),
    /// The gateway's own keys cannot be used.
    #[error("the gateway's own keys cannot be used")]
    Keys(#[from] KeysError),
    /// A bank's client cannot be made.
    #[error("a bank cannot be used")]
    Bank(#[from] BankError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A gateway that serves.
#[derive(Debug)]
pub struct Running {
    /// The base URL it is reached at on this machine.
    pub url: String,
    /// The address it listens on.
    pub address: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// Opens everything a gateway needs without serving: for administration from a shell.
///
/// # Errors
/// When the configuration is wrong, or the database or the keys cannot be used.
pub async fn open(config: Config, given: Given) -> Result<Arc<App>, StartError> {
    config.check()?;
    let clock = given.clock.unwrap_or_else(Clock::system);
    let entropy = given.entropy.unwrap_or_else(Entropy::system);
    let settings = Settings {
        url: config.database.clone(),
        max_connections: config.database_connections,
    };
    let store = Store::open(&settings, MasterKeys::parse(&config.master_key_lines()?)?).await?;
    refuse_while_copied(&store, &clock).await?;
    let keys = Keys::load(&store, &entropy, clock.business_now_ms()).await?;
    let app = App {
        name: format!("gateway-{}", entropy.trace_id()),
        banks: banks(&config, &keys, &clock, &entropy, given.network.as_ref())?,
        notifier: Notifier::new(&config, given.network),
        tokens: Tokens::new(keys.token(), config.tokens.clone(), entropy.clone()),
        limits: Limits::new(&config.limits),
        config: Arc::new(config),
        store,
        clock,
        entropy,
        keys,
        merchants: Merchants::default(),
        management_keys: ManagementKeys::default(),
        request_log: RequestLog::default(),
        workers: Workers::new(TASKS),
        presence: Presence::default(),
        in_flight: InFlight::default(),
        readiness: Readiness::default(),
    };
    if app.config.sandbox {
        app.reread_clock().await?;
    }
    Ok(Arc::new(app))
}

/// Starts a gateway: when this returns, it answers.
///
/// # Errors
/// When [`open`] fails or the address cannot be listened on.
pub async fn start(mut config: Config, mut given: Given) -> Result<Running, StartError> {
    let failed = |source| StartError::Listen {
        address: config.listen,
        source,
    };
    let listener = match given.listener.take() {
        Some(listener) => listener,
        None => TcpListener::bind(config.listen).await.map_err(failed)?,
    };
    let address = listener.local_addr().map_err(failed)?;
    config.listen = address;
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let url = format!("{scheme}://{address}");
    if config.public_url.is_empty() && config.sandbox {
        config.public_url.clone_from(&url);
    }
    let tls = config.tls.as_ref().map(listen::tls).transpose()?;
    let app = open(config, given).await?;
    presence::say(&app).await?;
    // Once more: a copy that began meanwhile looks for gateways only now.
    if let Err(held) = refuse_while_copied(&app.store, &app.clock).await {
        presence::leave(&app).await;
        return Err(held);
    }
    if app.config.background == Background::Running {
        app.workers.start(&app).await;
    }
    let stop = watch::Sender::new(false);
    let router = router::router(Arc::clone(&app));
    let accepting = tokio::spawn(listen::accept(
        listener,
        router,
        Arc::clone(&app.config),
        tls,
        stop.subscribe(),
    ));
    tracing::info!(%address, engine = app.store.engine(), "the gateway serves");
    Ok(Running {
        url,
        address,
        app,
        stop,
        accepting,
    })
}

impl Running {
    /// The gateway's parts.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Waits until the gateway has stopped accepting, which only a bug makes it do by itself.
    pub async fn wait(&mut self) {
        let _ = (&mut self.accepting).await;
    }

    /// Stops: no new connections, running requests and background work finish within the configured
    /// time, leases are given back, the database is closed.
    pub async fn stop(self) {
        let deadline = Duration::from_secs(u64::from(self.app.config.limits.stop_timeout_s));
        self.stop.send_replace(true);
        let requests = async {
            let _ = self.accepting.await;
            self.app.in_flight.none().await;
        };
        let finish = async { tokio::join!(requests, self.app.workers.stop()) };
        if tokio::time::timeout(deadline, finish).await.is_err() {
            tracing::warn!("stopped before all work was finished; it will be taken up again");
        }
        let leave = async {
            give_back_leases(&self.app).await;
            presence::leave(&self.app).await;
            self.app.store.close().await;
        };
        if tokio::time::timeout(LAST_WORDS, leave).await.is_err() {
            tracing::warn!("the database did not answer in time for a farewell");
        }
    }
}

/// Others need not wait until our leases end. Where this fails, they wait.
async fn give_back_leases(app: &App) {
    let released = app
        .store
        .transact("stop: leases", |s| async move {
            storage::release_all(&s, &app.name).await
        })
        .await;
    if let Err(error) = released {
        tracing::warn!(%error, "leases were not given back; they will run out");
    }
}

/// Nothing may be written under a copy, nor read from half of one.
async fn refuse_while_copied(store: &Store, clock: &Clock) -> Result<(), StartError> {
    match presence::obstacle(store, clock).await? {
        None => Ok(()),
        Some(why) => Err(StartError::Held(why)),
    }
}

/// The client of every configured bank.
fn banks(
    config: &Config,
    keys: &Keys,
    clock: &Clock,
    entropy: &Entropy,
    network: Option<&Arc<dyn Network>>,
) -> Result<Banks, StartError> {
    let mut banks = Vec::with_capacity(config.banks.len());
    for (id, bank) in &config.banks {
        let read = |name: &str, file: &std::path::Path| {
            let unreadable = |error| {
                ConfigError::wrong(
                    format!("banks.{id}.{name}"),
                    format!("cannot be read: {error}"),
                )
            };
            std::fs::read_to_string(file).map_err(unreadable)
        };
        let key = match &bank.private_key_file {
            None => Arc::clone(keys.bank()),
            Some(file) => {
                let unusable = |error: snap::KeyError| {
                    ConfigError::wrong(format!("banks.{id}.private_key_file"), error.to_string())
                };
                let pem = snap::Secret::new(read("private_key_file", file)?);
                Arc::new(snap::PrivateKey::from_pem(pem.expose()).map_err(unusable)?)
            }
        };
        let profile = BankProfile {
            acquirer_id: bank.acquirer_id.clone().unwrap_or_else(|| id.clone()),
            timeout_ms: u64::from(bank.timeout_ms),
            not_found_window_ms: i64::from(bank.not_found_window_s).saturating_mul(1_000),
            replays_page: bank.replays_page,
            extra_ca_pem: bank
                .ca_file
                .as_ref()
                .map(|file| read("ca_file", file))
                .transpose()?,
            ..BankProfile::new(id, &bank.base_url, &bank.client_id, bank.secret.clone())
        };
        banks.push(Bank::new(
            profile,
            key,
            clock.clone(),
            entropy.clone(),
            network.cloned(),
        )?);
    }
    Ok(Banks::new(banks))
}
