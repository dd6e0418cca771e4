//! A gateway on SQLite with one merchant, for the tests of what needs no bank.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use direct_debit::MerchantId;
use gateway::{App, Background, Config, Given, Running};
use snap::{PrivateKey, Secret, signature, timestamp};
use storage::merchant_keys::{self, MerchantKey, MerchantKeyState};
use storage::merchants::{self, Merchant, MerchantSettings, MerchantState};

pub const CLIENT_ID: &str = "BRN-0001-1700000000000";
pub const SECRET: &str = "SK-secret-of-the-merchant";

pub struct World {
    pub running: Running,
    pub http: reqwest::Client,
    pub key: PrivateKey,
    _dir: tempfile::TempDir,
}

pub fn config(dir: &tempfile::TempDir) -> Config {
    let key = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7_u8; 32]);
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        database: Secret::new(format!(
            "sqlite:{}",
            dir.path().join("gateway.db").display()
        )),
        master_keys: BTreeMap::from([("k1".to_owned(), Secret::new(key))]),
        sandbox: true,
        background: Background::ByHand,
        ..Config::default()
    }
}

pub async fn world(change: impl FnOnce(&mut Config)) -> World {
    world_given(Given::default(), change).await
}

pub async fn world_given(given: Given, change: impl FnOnce(&mut Config)) -> World {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&dir);
    change(&mut config);
    let running = gateway::start(config, given).await.unwrap();
    let key = PrivateKey::generate().unwrap();
    add_merchant(
        running.app(),
        CLIENT_ID,
        SECRET,
        &key,
        MerchantSettings::default(),
    )
    .await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    World {
        running,
        http,
        key,
        _dir: dir,
    }
}

pub async fn add_merchant(
    app: &App,
    id: &str,
    secret: &str,
    key: &PrivateKey,
    settings: MerchantSettings,
) {
    let merchant = Merchant {
        id: MerchantId::new(id),
        name: "Toko Uji".to_owned(),
        state: MerchantState::Active,
        epoch: 0,
        secret: Secret::new(secret),
        previous_secret: None,
        inbound_secret: Secret::new("inbound-secret"),
        notification_url: None,
        token_url: None,
        binding_notification_url: None,
        previous_inbound_secret: None,
        extra_ca: None,
        settings,
        created_at_ms: 1,
        version: 1,
    };
    let public = MerchantKey {
        key_id: "1".to_owned(),
        public_key: key.public_key_pem(),
        state: MerchantKeyState::Active,
        created_at_ms: 1,
    };
    app.store
        .transact("add a merchant", |s| {
            let (merchant, public) = (merchant.clone(), public.clone());
            async move {
                assert!(merchants::insert(&s, &merchant).await?);
                assert!(merchant_keys::insert(&s, &merchant.id, &public).await?);
                Ok::<_, storage::Error>(())
            }
        })
        .await
        .unwrap();
    app.merchants.forget();
}

/// Changes the stored merchant and forgets the cached one.
pub async fn change_merchant(app: &App, id: &str, change: impl Fn(&mut Merchant)) {
    let change = &change;
    app.store
        .transact("change a merchant", |s| async move {
            let mut merchant = merchants::by_id(&s, &MerchantId::new(id)).await?.unwrap();
            change(&mut merchant);
            merchants::update(&s, &merchant).await
        })
        .await
        .unwrap();
    app.merchants.forget();
}

impl World {
    pub fn app(&self) -> &Arc<App> {
        self.running.app()
    }

    pub fn now(&self) -> String {
        timestamp::format_jakarta(self.app().clock.wall_now_ms())
    }

    pub fn token(&self) -> String {
        let now_ms = self.app().clock.business_now_ms();
        self.app().tokens.b2b(CLIENT_ID, 0, now_ms).unwrap().token
    }

    /// A request for a B2B token, signed.
    pub fn token_request(&self) -> reqwest::RequestBuilder {
        let now = self.now();
        self.http
            .post(format!("{}{}", self.running.url, snap::paths::TOKEN_B2B))
            .header("content-type", "application/json")
            .header("X-CLIENT-KEY", CLIENT_ID)
            .header("X-SIGNATURE", self.key.sign_token(CLIENT_ID, &now))
            .header("X-TIMESTAMP", now)
            .body(r#"{"grantType":"client_credentials"}"#)
    }
}

/// Head and body of a signed request, to be spoilt by a test.
pub struct Call {
    pub headers: Vec<(String, String)>,
    pub path: String,
    pub body: String,
}

impl Call {
    pub fn new(world: &World, path: &str, body: &str) -> Self {
        let mut call = Self {
            headers: Vec::new(),
            path: path.to_owned(),
            body: body.to_owned(),
        };
        for (name, value) in [
            ("content-type", "application/json".to_owned()),
            ("X-PARTNER-ID", CLIENT_ID.to_owned()),
            ("X-EXTERNAL-ID", "12345678901234567890".to_owned()),
            ("X-TIMESTAMP", world.now()),
            ("X-IP-ADDRESS", "203.0.113.10".to_owned()),
            ("X-DEVICE-ID", "device-1".to_owned()),
            ("Authorization", format!("Bearer {}", world.token())),
        ] {
            call.set(name, &value);
        }
        call.sign();
        call
    }

    pub fn get(&self, name: &str) -> String {
        let header = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    pub fn body(&mut self, body: &str) -> &mut Self {
        self.body = body.to_owned();
        self
    }

    pub fn sign(&mut self) -> &mut Self {
        let authorization = self.get("Authorization");
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let (body, at) = (
            snap::body::compact(self.body.as_bytes()),
            self.get("X-TIMESTAMP"),
        );
        let secret = Secret::new(SECRET);
        let signature = signature::sign(&secret, "POST", &self.path, token, &body, &at);
        self.set("X-SIGNATURE", &signature)
    }

    /// The parts that the router would hand over.
    pub fn parts(&self) -> http::request::Parts {
        let mut request = http::Request::post(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }
}
