//! What every simulation begins with: a database with migrations, keys and merchants, made once and copied.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use direct_debit::MerchantId;
use gateway::config::{Background, Bank, Config, Limits};
use gateway::{Clock, Entropy, Given};
use snap::messages::CHANNEL;
use snap::{PrivateKey, Secret};
use storage::merchant_keys::{self, MerchantKey, MerchantKeyState};
use storage::merchants::{self, Merchant, MerchantSettings, MerchantState};
use tempfile::TempDir;

use crate::shop::Shop;
use crate::world::BEGIN_MS;

/// The bank's client id at the gateway.
pub const BANK_AT_GATEWAY: &str = "bank-at-gateway";
/// The secret that the bank signs with.
pub const INBOUND_SECRET: &str = "secret of the bank at the gateway";
/// How many merchants there are.
const SHOPS: usize = crate::programs::PROGRAMS.len();

/// The database that all simulations of this process begin with.
#[derive(Debug)]
pub struct Template {
    folder: TempDir,
    /// With which merchants and the bank sign.
    pub key: Arc<PrivateKey>,
}

impl Template {
    /// Makes it, in memory where the machine has a folder for that.
    ///
    /// # Errors
    /// When files, keys or the database cannot be made.
    pub async fn new() -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::Builder::new()
                .prefix("simulation-")
                .tempdir_in(memory)?
        } else {
            tempfile::tempdir()?
        };
        let template = Self {
            key: Arc::new(PrivateKey::generate()?),
            folder,
        };
        let given = Given {
            clock: Some(Clock::test(BEGIN_MS)),
            entropy: Some(Entropy::seeded(0)),
            ..Given::default()
        };
        let app = gateway::open(template.config(&template.file()), given).await?;
        for shop in Shop::all(SHOPS) {
            let (merchant, key) = (template.merchant(&shop), template.merchant_key());
            app.store
                .transact("simulation: shop", |s| {
                    let (merchant, key) = (&merchant, &key);
                    async move {
                        merchants::insert(&s, merchant).await?;
                        merchant_keys::insert(&s, &merchant.id, key).await?;
                        Ok::<_, storage::Error>(())
                    }
                })
                .await?;
        }
        app.store.close().await;
        Ok(template)
    }

    /// A copy of the database for one simulation.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy(&self) -> Result<TempDir> {
        let folder = tempfile::tempdir_in(self.folder.path())?;
        std::fs::copy(self.file(), folder.path().join("gateway.db"))
            .context("the template cannot be copied")?;
        Ok(folder)
    }

    /// The merchants as they begin.
    pub fn shops(&self) -> Vec<Shop> {
        Shop::all(SHOPS)
    }

    /// The settings of a gateway on this database.
    pub fn config(&self, database: &Path) -> Config {
        let master = base64::engine::general_purpose::STANDARD.encode([7_u8; 32]);
        let mut config = Config {
            public_url: "http://gateway".to_owned(),
            database: Secret::new(format!("sqlite:{}", database.display())),
            sandbox: true,
            background: Background::ByHand,
            // Each new connection reads the schema and prepares its statements again.
            database_connections: 1,
            // Answers are asked for again at the end, to the byte.
            clock_skew_s: 7 * 24 * 60 * 60,
            limits: Limits {
                merchant_per_second: 1_000_000,
                address_per_second: 1_000_000,
                phone_per_minute: 100,
                ..Limits::default()
            },
            ..Config::default()
        };
        config
            .master_keys
            .insert("k".to_owned(), Secret::new(master));
        config.banks.insert("allo".to_owned(), self.bank());
        config
    }

    fn bank(&self) -> Bank {
        Bank {
            base_url: "http://bank".to_owned(),
            client_id: "gateway-at-bank".to_owned(),
            secret: Secret::new("secret of the gateway at the bank"),
            inbound_client_id: BANK_AT_GATEWAY.to_owned(),
            inbound_secret: Secret::new(INBOUND_SECRET),
            public_key: self.key.public_key_pem(),
            private_key_file: None,
            channel: CHANNEL.to_owned(),
            acquirer_id: None,
            timeout_ms: 10_000,
            not_found_window_s: 60,
            replays_page: true,
            ca_file: None,
        }
    }

    fn merchant(&self, shop: &Shop) -> Merchant {
        Merchant {
            id: MerchantId::new(&shop.client_id),
            name: shop.host.clone(),
            state: MerchantState::Active,
            epoch: 0,
            secret: shop.secret.clone(),
            previous_secret: None,
            inbound_secret: shop.inbound_secret.clone(),
            previous_inbound_secret: None,
            extra_ca: None,
            notification_url: Some(format!("http://{}/notify", shop.host)),
            token_url: shop
                .wants_token
                .then(|| format!("http://{}/token", shop.host)),
            binding_notification_url: Some(format!("http://{}/binding", shop.host)),
            settings: MerchantSettings {
                // Of small payments it is all there is.
                fee_flat_sen: 5_000,
                fee_basis_points: 70,
                ..MerchantSettings::default()
            },
            created_at_ms: BEGIN_MS,
            version: 1,
        }
    }

    fn merchant_key(&self) -> MerchantKey {
        MerchantKey {
            key_id: "1".to_owned(),
            public_key: self.key.public_key_pem(),
            state: MerchantKeyState::Active,
            created_at_ms: BEGIN_MS,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("gateway.db")
    }
}
