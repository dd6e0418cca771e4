//! A bank of one's own for each test, and the gateway's side of its API.

use std::path::PathBuf;
use std::sync::OnceLock;

use bank_simulator::{Config, GatewayEndpoint, Partner, Running, demo_customers, start};
use serde_json::{Value, json};
use snap::{Amount, PrivateKey, Secret, paths, signature, timestamp};
use tempfile::TempDir;

use crate::browser::Browser;

pub const SITI: usize = 0;
pub const BUDI: usize = 1;
pub const NO_MONEY: usize = 2;
pub const BLOCKED: usize = 3;
pub const DORMANT: usize = 4;
pub const SILENT: usize = 5;

const CLIENT_ID: &str = "GERBANG-TEST";
const SECRET: &str = "gateway-to-bank-secret";
pub const RETURN_URL: &str = "http://127.0.0.1:9/return?state=a-b_c&x=1";

pub fn key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::generate().unwrap())
}

pub fn phone(customer: usize) -> &'static str {
    demo_customers()[customer].phone_no
}

pub fn pin(customer: usize) -> &'static str {
    demo_customers()[customer].pin
}

#[derive(Default)]
pub struct Options {
    pub relaxed_otp: bool,
    pub otp_above: Option<&'static str>,
    pub gateway: Option<GatewayEndpoint>,
    pub control_secret: Option<&'static str>,
}

pub struct TestBank {
    pub running: Option<Running>,
    pub url: String,
    pub http: reqwest::Client,
    pub folder: TempDir,
    token: tokio::sync::Mutex<Option<String>>,
}

/// A finished binding.
pub struct Linked {
    pub binding: String,
    pub auth_code: String,
    pub token: String,
}

pub fn unique(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[allow(clippy::disallowed_methods)]
pub fn wall_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

async fn run(database: PathBuf, options: Options) -> Running {
    let listen = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let public_url = format!("http://{}", listen.local_addr().unwrap());
    let config = Config {
        listen,
        public_url,
        database,
        partner: Partner {
            client_id: CLIENT_ID.into(),
            secret: Secret::new(SECRET),
            public_key_pem: key().public_key_pem(),
            name: "Gerbang".into(),
        },
        gateway: options.gateway,
        relaxed_otp: options.relaxed_otp,
        otp_above: Amount::parse(options.otp_above.unwrap_or("1000000.00")).unwrap(),
        control_secret: options.control_secret.map(Secret::new),
    };
    start(config).await.unwrap()
}

impl TestBank {
    pub async fn open() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn relaxed() -> Self {
        Self::with(Options {
            relaxed_otp: true,
            ..Options::default()
        })
        .await
    }

    pub async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = run(folder.path().join("bank.db"), options).await;
        let url = running.url.clone();
        let redirect = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect)
            .build()
            .unwrap();
        Self {
            running: Some(running),
            url,
            http,
            folder,
            token: tokio::sync::Mutex::new(None),
        }
    }

    /// Closes the bank and opens it again on the same database.
    pub async fn restart(&mut self, options: Options) {
        self.running.take().unwrap().stop().await;
        let running = run(self.folder.path().join("bank.db"), options).await;
        self.url = running.url.clone();
        self.running = Some(running);
    }

    /// Lets the bank die without a goodbye and opens it again on the same database.
    pub async fn crash(&mut self, options: Options) {
        drop(self.running.take());
        let running = run(self.folder.path().join("bank.db"), options).await;
        self.url = running.url.clone();
        self.running = Some(running);
    }

    pub async fn advance(&self, ms: i64) {
        self.running
            .as_ref()
            .unwrap()
            .advance_clock(ms)
            .await
            .unwrap();
    }

    pub fn valid_up_to(&self) -> String {
        let now = self.running.as_ref().unwrap().clock().now_ms();
        timestamp::format_jakarta(now + 900_000)
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), &self.url)
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self
            .http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .http
            .post(format!("{}/control/{path}", self.url))
            .json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub async fn dump(&self) -> String {
        let response = self
            .http
            .get(format!("{}/control/dump", self.url))
            .send()
            .await
            .unwrap();
        response.text().await.unwrap()
    }

    /// The newest OTP for a customer.
    pub async fn otp(&self, customer: usize) -> Option<String> {
        let inbox = self
            .json(&format!("/inbox.json?phone={}", phone(customer)))
            .await;
        Some(
            inbox["messages"].get(0)?["otp"]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    }

    /// An asymmetrically signed call.
    pub async fn for_token(&self, path: &str, body: Value) -> (u16, Value) {
        let now = timestamp::format_jakarta(wall_ms());
        let response = self
            .http
            .post(format!("{}{path}", self.url))
            .header("X-CLIENT-KEY", CLIENT_ID)
            .header("X-TIMESTAMP", &now)
            .header("X-SIGNATURE", key().sign_token(CLIENT_ID, &now))
            .json(&body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub async fn b2b(&self) -> String {
        let mut cached = self.token.lock().await;
        if let Some(token) = cached.as_ref() {
            return token.clone();
        }
        let body = json!({ "grantType": "client_credentials" });
        let (status, answer) = self.for_token(paths::BANK_TOKEN_B2B, body).await;
        assert_eq!(
            (status, answer["responseCode"].as_str()),
            (200, Some("2007300"))
        );
        let token = answer["accessToken"].as_str().unwrap().to_owned();
        *cached = Some(token.clone());
        token
    }

    /// Forgets the B2B token, as after the clock was moved.
    pub async fn forget_token(&self) {
        *self.token.lock().await = None;
    }

    /// A signed request, to be sent as it is or spoilt first.
    pub async fn signed(
        &self,
        path: &str,
        body: &[u8],
        customer: Option<&str>,
    ) -> reqwest::Request {
        let token = self.b2b().await;
        let now = timestamp::format_jakarta(wall_ms());
        let signed = signature::sign(&Secret::new(SECRET), "POST", path, &token, body, &now);
        let mut request = self
            .http
            .post(format!("{}{path}", self.url))
            .header("Content-Type", "application/json")
            .header("X-TIMESTAMP", now)
            .header("X-SIGNATURE", signed)
            .header("X-PARTNER-ID", CLIENT_ID)
            .header("X-EXTERNAL-ID", format!("{:020}", wall_ms()))
            .header("CHANNEL-ID", "GTWAY")
            .bearer_auth(&token)
            .body(body.to_vec());
        if let Some(customer) = customer {
            request = request.header("Authorization-Customer", format!("Bearer {customer}"));
        }
        request.build().unwrap()
    }

    pub async fn send(&self, request: reqwest::Request) -> (u16, Value) {
        let response = self.http.execute(request).await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(response.headers()["content-type"], "application/json");
        (status, response.json().await.unwrap())
    }

    pub async fn call(&self, path: &str, body: &Value, customer: Option<&str>) -> (u16, Value) {
        let body = serde_json::to_vec(body).unwrap();
        self.send(self.signed(path, &body, customer).await).await
    }

    pub fn binding_body(&self, binding: &str, phone_no: &str) -> Value {
        json!({
            "partnerReferenceNo": binding,
            "phoneNo": phone_no,
            "merchantId": "merchant-1",
            "redirectUrl": RETURN_URL,
            "additionalInfo": { "merchantName": "Toko <Maju> & Jaya", "validUpTo": self.valid_up_to() },
        })
    }

    pub async fn bind(&self, customer: usize) -> (String, String) {
        let binding = unique("binding");
        let body = self.binding_body(&binding, phone(customer));
        let (_, answer) = self.call(paths::BANK_BINDING, &body, None).await;
        assert_eq!(answer["responseCode"], "2000700", "{answer}");
        (binding, answer["redirectUrl"].as_str().unwrap().to_owned())
    }

    pub async fn inquire(&self, binding: &str) -> Value {
        let body = json!({ "originalPartnerReferenceNo": binding });
        let (_, answer) = self.call(paths::BANK_BINDING_INQUIRY, &body, None).await;
        answer
    }

    pub async fn exchange(&self, auth_code: &str) -> (u16, Value) {
        let body = json!({ "grantType": "authorization_code", "authCode": auth_code });
        self.for_token(paths::BANK_TOKEN_B2B2C, body).await
    }

    /// The whole binding, over the pages.
    pub async fn link(&self, customer: usize) -> Linked {
        let (binding, page) = self.bind(customer).await;
        let mut browser = self.browser();
        browser.post(&page, "start", "").await;
        let otp = self.otp(customer).await.unwrap();
        browser.post(&page, "otp", &otp).await;
        let shown = browser.post(&page, "pin", pin(customer)).await;
        assert_eq!(shown.end(), Some("success"), "{}", shown.html);
        let inquiry = self.inquire(&binding).await;
        let auth_code = inquiry["additionalInfo"]["authCode"]
            .as_str()
            .unwrap()
            .to_owned();
        let (_, answer) = self.exchange(&auth_code).await;
        assert_eq!(answer["responseCode"], "2007400");
        let token = answer["accessToken"].as_str().unwrap().to_owned();
        Linked {
            binding,
            auth_code,
            token,
        }
    }

    pub fn payment_body(&self, reference: &str, amount: &str) -> Value {
        json!({
            "partnerReferenceNo": reference,
            "amount": { "value": amount, "currency": "IDR" },
            "validUpTo": self.valid_up_to(),
            "urlParams": [{ "url": RETURN_URL, "type": "PAY_RETURN", "isDeeplink": "N" }],
            "additionalInfo": { "merchantName": "Toko <Maju> & Jaya", "remarks": "Pesanan 1" },
        })
    }

    pub async fn pay(&self, linked: &Linked, body: &Value) -> (u16, Value) {
        self.call(paths::BANK_PAYMENT, body, Some(&linked.token))
            .await
    }

    /// Starts a payment; its reference and page.
    pub async fn started(&self, linked: &Linked, amount: &str) -> (String, String) {
        let reference = unique("payment");
        let (_, answer) = self
            .pay(linked, &self.payment_body(&reference, amount))
            .await;
        assert_eq!(answer["responseCode"], "2005400", "{answer}");
        (
            reference,
            answer["webRedirectUrl"].as_str().unwrap().to_owned(),
        )
    }

    /// A payment that went through with the PIN alone.
    pub async fn paid(&self, linked: &Linked, customer: usize, amount: &str) -> String {
        let (reference, page) = self.started(linked, amount).await;
        let mut browser = self.browser();
        browser.post(&page, "start", "").await;
        let shown = browser.post(&page, "pin", pin(customer)).await;
        assert_eq!(shown.end(), Some("success"), "{}", shown.html);
        reference
    }

    pub async fn status(&self, reference: &str) -> Value {
        let body = json!({ "originalPartnerReferenceNo": reference, "serviceCode": "54" });
        let (_, answer) = self.call(paths::BANK_STATUS, &body, None).await;
        answer
    }

    pub async fn refund(&self, reference: &str, refund: &str, amount: &str) -> Value {
        let body = json!({
            "originalPartnerReferenceNo": reference,
            "partnerRefundNo": refund,
            "refundAmount": { "value": amount, "currency": "IDR" },
        });
        let (_, answer) = self.call(paths::BANK_REFUND, &body, None).await;
        answer
    }

    pub async fn cancel(&self, reference: &str) -> Value {
        let body = json!({ "originalPartnerReferenceNo": reference, "reason": "expired" });
        let (_, answer) = self.call(paths::BANK_CANCEL, &body, None).await;
        answer
    }

    /// BALANCE, POINT, PAYLATER as 11 tells them.
    pub async fn balances(&self, linked: &Linked) -> [String; 3] {
        let body = json!({ "partnerReferenceNo": unique("balance") });
        let (_, answer) = self
            .call(paths::BANK_BALANCE, &body, Some(&linked.token))
            .await;
        assert_eq!(answer["responseCode"], "2001100", "{answer}");
        ["BALANCE", "POINT", "PAYLATER"].map(|kind| {
            let infos = answer["accountInfos"].as_array().unwrap();
            let info = infos
                .iter()
                .find(|info| info["balanceType"] == kind)
                .unwrap();
            info["availableBalance"]["value"]
                .as_str()
                .unwrap()
                .to_owned()
        })
    }
}

/// Until a condition holds; fails after ten seconds.
pub async fn eventually<F, Fut>(what: &str, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: std::future::Future<Output = bool>,
{
    let begun = std::time::Instant::now();
    while !condition().await {
        assert!(begun.elapsed().as_secs() < 10, "never happened: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
