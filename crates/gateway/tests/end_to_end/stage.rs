//! The stage: everything that a test plays on.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bank_simulator::{DemoCustomer, GatewayEndpoint, Partner, demo_customers};
use gateway::config::{Background, Bank, Config};
use gateway::{App, Clock, Given};
use merchant_sdk::notifications::{self, Notification, Paths};
use merchant_sdk::pages::{self, Customer, Script, Visit};
use merchant_sdk::{Answer, Client, Device, Outcome, RawOptions};
use serde_json::{Value, json};
use snap::{Amount, PrivateKey, Secret};
use sqlx::{ConnectOptions, Connection, Executor};
use storage::merchant_keys::{self, MerchantKey, MerchantKeyState};
use storage::merchants::{self, MerchantSettings, MerchantState};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::wire::Wire;

pub const CHANNEL: &str = "DIRECT_DEBIT_ALLO_SNAP";
pub const BINDING: &str = snap::paths::BINDING;
pub const BALANCE: &str = snap::paths::BALANCE;
pub const PAYMENT: &str = snap::paths::PAYMENT;
pub const STATUS: &str = snap::paths::STATUS;
pub const REFUND: &str = snap::paths::REFUND;
pub const UNBINDING: &str = snap::paths::UNBINDING;
const BANK_SECRET: &str = "secret of the gateway at the bank";
pub const INBOUND_SECRET: &str = "secret of the bank at the gateway";
/// A key that the tests of signatures publish; making one for each test would be slow.
const KEY_FILE: &str = include_str!("../../../snap/tests/vectors/doku-python-sdk.json");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A gateway, a bank, a shop, and the customers of the bank.
pub struct Stage {
    pub gateway: gateway::Running,
    pub bank: bank_simulator::Running,
    pub wire: Wire,
    pub shop: Shop,
    _folder: tempfile::TempDir,
}

/// A merchant with its client and what it was notified of.
pub struct Shop {
    pub client: Client,
    pub client_id: String,
    pub secret: Secret,
    pub notified: mpsc::Receiver<Notification>,
}

/// What a test may want otherwise than usual.
pub struct Wishes {
    pub settings: MerchantSettings,
    pub background: Background,
    pub change: fn(&mut Config),
    /// The gateway's clock; the machine's if none.
    pub clock: Option<Clock>,
    /// The URL of the gateway's database; a new one in the tests' engine if none.
    pub database: Option<Secret>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            settings: MerchantSettings::default(),
            background: Background::ByHand,
            change: |_| {},
            clock: None,
            database: None,
        }
    }
}

pub fn key() -> PrivateKey {
    let file: Value = serde_json::from_str(KEY_FILE).unwrap();
    PrivateKey::from_pem(file["rsa_private_key_pkcs8"].as_str().unwrap()).unwrap()
}

fn key_pem() -> Secret {
    let file: Value = serde_json::from_str(KEY_FILE).unwrap();
    Secret::new(file["rsa_private_key_pkcs8"].as_str().unwrap())
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Wishes::default()).await
    }

    pub async fn with(wishes: Wishes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bank_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bank_url = format!("http://{}", bank_listener.local_addr().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut config = Config {
            public_url: url.clone(),
            database: match wishes.database {
                Some(url) => url,
                None => database(crate::ENGINE, folder.path().join("gateway.db")).await,
            },
            sandbox: true,
            background: wishes.background,
            ..Config::default()
        };
        config.master_keys.insert("test".to_owned(), master_key());
        let wire = Wire::to(&bank_url).await;
        config.banks.insert("allo".to_owned(), bank_of(&wire.url));
        (wishes.change)(&mut config);
        let given = Given {
            listener: Some(listener),
            clock: wishes.clock,
            ..Given::default()
        };
        let gateway = gateway::start(config, given).await.unwrap();
        let bank = bank_simulator::start(bank_simulator::Config {
            listen: bank_listener,
            public_url: bank_url,
            database: folder.path().join("bank.db"),
            partner: Partner {
                client_id: "gateway-at-bank".to_owned(),
                secret: Secret::new(BANK_SECRET),
                public_key_pem: gateway.app().keys.bank().public_key_pem(),
                name: "Gerbang".to_owned(),
            },
            gateway: Some(GatewayEndpoint {
                token_url: format!("{url}/bank/allo/v1.0/access-token/b2b"),
                notify_url: format!("{url}/bank/allo/v1.0/debit/notify"),
                client_id: "bank-at-gateway".to_owned(),
                private_key_pem: key_pem(),
                secret: Secret::new(INBOUND_SECRET),
            }),
            relaxed_otp: false,
            otp_above: Amount::from_sen(100_000_000).unwrap(),
            control_secret: None,
        })
        .await
        .unwrap();
        let shop = Shop::open(gateway.app(), &url, "shop", wishes.settings).await;
        Self {
            gateway,
            bank,
            wire,
            shop,
            _folder: folder,
        }
    }

    pub fn app(&self) -> &Arc<App> {
        self.gateway.app()
    }

    /// One more gateway on the same database, at an address of its own.
    pub async fn another_gateway(&self, change: fn(&mut Config)) -> gateway::Running {
        self.gateway_at("127.0.0.1:0", change).await
    }

    /// One more gateway at this address.
    pub async fn gateway_at(&self, address: &str, change: fn(&mut Config)) -> gateway::Running {
        let mut config = Config::clone(&self.app().config);
        change(&mut config);
        let given = Given {
            listener: Some(TcpListener::bind(address).await.unwrap()),
            ..Given::default()
        };
        gateway::start(config, given).await.unwrap()
    }

    /// One more merchant at the same gateway.
    pub async fn another_shop(&self, client_id: &str) -> Shop {
        Shop::open(
            self.app(),
            &self.gateway.url,
            client_id,
            MerchantSettings::default(),
        )
        .await
    }

    /// Moves the gateway's and the bank's business time forward.
    pub async fn advance(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap();
        self.app().advance_clock(by_ms).await.unwrap();
        self.bank.advance_clock(by_ms).await.unwrap();
        // Tokens end on the business clock, which the client cannot know.
        let token = self.shop.client.b2b_token().await.unwrap();
        self.shop.client.forget_b2b_token(&token).await;
    }

    /// Lets all background work of the gateway come to its end.
    pub async fn idle(&self) {
        self.app().run_until_idle().await.unwrap();
    }

    /// All rows of all tables of the gateway and the bank.
    pub async fn dump(&self) -> (Vec<String>, Value) {
        let bank = reqwest_json(&format!("{}/control/dump", self.bank.url)).await;
        (self.app().store.dump().await.unwrap(), bank)
    }

    /// Plays a customer on a page.
    pub async fn visit(&self, url: &str, script: Script) -> Visit {
        let script = Script {
            inbox_url: Some(format!("{}/inbox", self.bank.url)),
            customers: demo_customers()
                .iter()
                .map(|one| Customer {
                    phone_no: one.phone_no.to_owned(),
                    pin: Secret::new(one.pin),
                })
                .collect(),
            ..script
        };
        pages::complete(url, &script).await.unwrap()
    }

    /// Links a demo customer's account to the shop; returns the authCode and a customer token.
    pub async fn linked(
        &self,
        shop: &Shop,
        customer: &DemoCustomer,
        cust_id: &str,
    ) -> (String, String) {
        let answer = shop
            .post(BINDING, &binding(customer.phone_no, cust_id))
            .await;
        assert_eq!(
            answer.code().as_deref(),
            Some("2000700"),
            "{:?}",
            answer.json()
        );
        let body = answer.json();
        let visit = self
            .visit(body["redirectUrl"].as_str().unwrap(), Script::default())
            .await;
        assert_eq!(visit.ending, pages::Ending::Completed, "{visit:?}");
        let code = body["additionalInfo"]["authCode"]
            .as_str()
            .unwrap()
            .to_owned();
        let token = shop.customer_token(&code).await;
        (code, token)
    }

    /// Pays and has the customer confirm.
    pub async fn paid(&self, shop: &Shop, token: &str, reference: &str, amount: &str) {
        let answer = shop.pay(token, reference, amount).await;
        assert_eq!(
            answer.code().as_deref(),
            Some("2005400"),
            "{:?}",
            answer.json()
        );
        let url = answer.json()["webRedirectUrl"].as_str().unwrap().to_owned();
        let visit = self.visit(&url, Script::default()).await;
        assert_eq!(visit.ending, pages::Ending::Completed, "{visit:?}");
        assert_eq!(shop.status_of(reference).await, "00");
    }
}

impl Shop {
    /// The same merchant, calling another address.
    pub fn at(&self, url: &str) -> Self {
        Self {
            client: client(url, &self.client_id, self.secret.clone()),
            client_id: self.client_id.clone(),
            secret: self.secret.clone(),
            notified: mpsc::channel(1).1,
        }
    }

    async fn open(app: &Arc<App>, url: &str, client_id: &str, settings: MerchantSettings) -> Self {
        let secret = Secret::new(format!("secret of {client_id}"));
        let inbound_secret = Secret::new(format!("inbound secret of {client_id}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let paths = Paths::default();
        let merchant = merchants::Merchant {
            id: direct_debit::MerchantId::new(client_id),
            name: format!("Shop {client_id}"),
            state: MerchantState::Active,
            epoch: 1,
            secret: secret.clone(),
            previous_secret: None,
            inbound_secret: inbound_secret.clone(),
            notification_url: Some(format!("{own}{}", paths.notification)),
            token_url: Some(format!("{own}{}", paths.token)),
            binding_notification_url: None,
            previous_inbound_secret: None,
            extra_ca: None,
            settings,
            created_at_ms: 1,
            version: 1,
        };
        let key = MerchantKey {
            key_id: "1".to_owned(),
            public_key: self::key().public_key_pem(),
            state: MerchantKeyState::Active,
            created_at_ms: 1,
        };
        app.store
            .transact("test: shop", |s| {
                let (merchant, key) = (&merchant, &key);
                async move {
                    merchants::insert(&s, merchant).await?;
                    merchant_keys::insert(&s, &merchant.id, key).await?;
                    Ok::<_, storage::Error>(())
                }
            })
            .await
            .unwrap();
        let (deliver, notified) = mpsc::channel(64);
        let gateway_key = snap::PublicKey::from_pem(&app.keys.notify()[0].public.to_pem()).unwrap();
        let verifier = notifications::Settings::new(client_id, gateway_key, inbound_secret);
        let router = notifications::router(verifier, &paths, notifications::to_channel(deliver));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            client: client(url, client_id, secret.clone()),
            client_id: client_id.to_owned(),
            secret,
            notified,
        }
    }

    /// A signed request with a body and nothing unusual.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(path, body, RawOptions::default()).await
    }

    pub async fn send(&self, path: &str, body: &Value, options: RawOptions) -> Answer {
        self.send_bytes(path, body.to_string().into_bytes(), options)
            .await
    }

    pub async fn send_bytes(&self, path: &str, body: Vec<u8>, options: RawOptions) -> Answer {
        self.client
            .send_raw("POST", path, body, &options)
            .await
            .unwrap()
    }

    /// A signed request for a customer.
    pub async fn post_for(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(
            path,
            body,
            RawOptions {
                customer_token: Some(token.to_owned()),
                ..Default::default()
            },
        )
        .await
    }

    pub async fn pay(&self, token: &str, reference: &str, amount: &str) -> Answer {
        self.post_for(token, PAYMENT, &payment(reference, amount))
            .await
    }

    pub async fn refund(&self, reference: &str, refund_no: &str, amount: &str) -> Answer {
        self.post(REFUND, &refund(reference, refund_no, amount))
            .await
    }

    /// A B2B2C token for an authCode.
    pub async fn customer_token(&self, code: &str) -> String {
        let customer = self.exchange(code).await.done().expect("a customer token");
        customer.tokens().await.access_token.expose().to_owned()
    }

    /// What became of exchanging an authCode.
    pub async fn exchange(&self, code: &str) -> Outcome<merchant_sdk::Customer> {
        let code = Secret::new(code);
        self.client.exchange_code(&code).await.unwrap()
    }

    /// `latestTransactionStatus` of a payment.
    pub async fn status_of(&self, reference: &str) -> String {
        let body = json!({"originalPartnerReferenceNo": reference, "serviceCode": "54"});
        let answer = self.post(STATUS, &body).await;
        assert_eq!(
            answer.code().as_deref(),
            Some("2005500"),
            "{:?}",
            answer.json()
        );
        answer.json()["latestTransactionStatus"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn client(url: &str, client_id: &str, secret: Secret) -> Client {
    let device = Device {
        ip_address: "203.0.113.10".to_owned(),
        device_id: "device1".to_owned(),
    };
    Client::builder(url, client_id, secret, key())
        .device(device)
        .build()
        .unwrap()
}

/// A binding request's body.
pub fn binding(phone_no: &str, cust_id: &str) -> Value {
    json!({
        "phoneNo": phone_no,
        "additionalInfo": {
            "channel": CHANNEL,
            "custIdMerchant": cust_id,
            "customerName": "Siti Rahmawati",
            "email": "siti@example.com",
            "successRegistrationUrl": "https://shop.example/linked",
            "failedRegistrationUrl": "https://shop.example/not-linked",
            "deviceModel": "Pixel 9",
            "osType": "android",
            "channelId": "app",
        }
    })
}

/// A payment request's body.
pub fn payment(reference: &str, amount: &str) -> Value {
    json!({
        "partnerReferenceNo": reference,
        "amount": {"value": amount, "currency": "IDR"},
        "additionalInfo": {
            "channel": CHANNEL,
            "remarks": "Kopi Gayo",
            "successPaymentUrl": "https://shop.example/paid",
            "failedPaymentUrl": "https://shop.example/not-paid",
            "lineItems": [{"name": "Kopi Gayo", "price": amount, "quantity": 1}],
        }
    })
}

/// A refund request's body.
pub fn refund(reference: &str, refund_no: &str, amount: &str) -> Value {
    json!({
        "originalPartnerReferenceNo": reference,
        "partnerRefundNo": refund_no,
        "refundAmount": {"value": amount, "currency": "IDR"},
        "reason": "half a bag",
        "additionalInfo": {"channel": CHANNEL},
    })
}

/// A balance request's body.
pub fn balance() -> Value {
    json!({"additionalInfo": {"channel": CHANNEL}})
}

/// An unbinding request's body.
pub fn unbinding(token: &str) -> Value {
    json!({"tokenId": token, "additionalInfo": {"channel": CHANNEL}})
}

/// A reference of 36 characters that no other test uses.
pub fn reference(prefix: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{number:0width$}", width = 35 - prefix.len())
}

/// Asks again until the condition holds, for at most ten seconds.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, mut condition: F) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(10), "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn reqwest_json(url: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = client.get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

fn bank_of(bank_url: &str) -> Bank {
    Bank {
        base_url: bank_url.to_owned(),
        client_id: "gateway-at-bank".to_owned(),
        secret: Secret::new(BANK_SECRET),
        inbound_client_id: "bank-at-gateway".to_owned(),
        inbound_secret: Secret::new(INBOUND_SECRET),
        public_key: key().public_key_pem(),
        private_key_file: None,
        channel: CHANNEL.to_owned(),
        acquirer_id: None,
        timeout_ms: 10_000,
        not_found_window_s: 60,
        replays_page: true,
        ca_file: None,
    }
}

fn master_key() -> Secret {
    Secret::new(base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        [7_u8; 32],
    ))
}

/// A new database of an engine; the file is for SQLite.
pub async fn database(engine: Engine, file: PathBuf) -> Secret {
    match engine {
        Engine::Sqlite => Secret::new(format!("sqlite:{}", file.display())),
        Engine::Postgres => Secret::new(new_postgres_database().await),
    }
}

/// A new database in the cluster of the tests.
async fn new_postgres_database() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let server = std::env::var("GERBANG_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "GERBANG_TEST_POSTGRES is not set: run `cargo xtask test`, or set it to the URL of a \
             PostgreSQL server whose user may create databases"
        )
    });
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("gateway_{}_{number}", std::process::id());
    let options = server.parse::<sqlx::postgres::PgConnectOptions>().unwrap();
    let mut connection = options.connect().await.unwrap();
    for statement in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name}"),
    ] {
        connection
            .execute(sqlx::AssertSqlSafe(statement))
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
