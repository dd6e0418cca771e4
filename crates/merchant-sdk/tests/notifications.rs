//! The merchant's endpoints against requests as a gateway makes them, right and wrong.

#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::sync::LazyLock;

use merchant_sdk::notifications::{Notification, Paths, Settings, router, to_channel};
use serde_json::{Value, json};
use snap::{PrivateKey, PublicKey, Secret, paths, signature, timestamp};
use tokio::sync::mpsc;

static KEY: LazyLock<String> = LazyLock::new(|| {
    PrivateKey::generate()
        .unwrap()
        .to_pkcs8_pem()
        .expose()
        .to_owned()
});

const SECRET: &str = "NS-test";
const CLIENT: &str = "MCH-1";

struct Merchant {
    url: String,
    http: reqwest::Client,
    received: mpsc::Receiver<Notification>,
}

impl Merchant {
    async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let key = PrivateKey::from_pem(&KEY).unwrap().public_key_pem();
        let key = PublicKey::from_pem(&key).unwrap();
        let mut settings = Settings::new(CLIENT, key, Secret::new(SECRET));
        change(&mut settings);
        let (deliver, received) = mpsc::channel(1);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = router(settings, &Paths::default(), to_channel(deliver));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            url,
            http,
            received,
        }
    }

    async fn token(&self) -> String {
        let (_, body) = self.ask_for_token(CLIENT, &now()).await;
        body["accessToken"].as_str().unwrap().to_owned()
    }

    async fn ask_for_token(&self, client: &str, time: &str) -> (u16, Value) {
        let signed = PrivateKey::from_pem(&KEY).unwrap().sign_token(client, time);
        let request = self
            .http
            .post(format!("{}{}", self.url, paths::BANK_TOKEN_B2B))
            .header("X-CLIENT-KEY", client)
            .header("X-TIMESTAMP", time)
            .header("X-SIGNATURE", signed)
            .body(r#"{"grantType":"client_credentials"}"#);
        read(request).await
    }

    async fn notify(&self, token: Option<&str>, secret: &str, body: &Value) -> (u16, Value) {
        let (time, body) = (now(), body.to_string());
        let secret = Secret::new(secret);
        let token_text = token.unwrap_or_default();
        let signed = signature::sign(
            &secret,
            "POST",
            paths::NOTIFY,
            token_text,
            body.as_bytes(),
            &time,
        );
        let mut request = self
            .http
            .post(format!("{}{}", self.url, paths::NOTIFY))
            .header("X-PARTNER-ID", CLIENT)
            .header("X-EXTERNAL-ID", "12345")
            .header("X-TIMESTAMP", time)
            .header("X-SIGNATURE", signed)
            .body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        read(request).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[allow(
    clippy::disallowed_methods,
    reason = "the merchant under test compares with its wall clock"
)]
fn now() -> String {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    timestamp::format_jakarta(i64::try_from(since.as_millis()).unwrap())
}

fn paid() -> Value {
    json!({
        "originalPartnerReferenceNo": "INV-1", "latestTransactionStatus": "00",
        "amount": {"value": "10000.00", "currency": "IDR"}, "additionalInfo": {"somethingNew": [1]},
    })
}

#[tokio::test]
async fn a_genuine_notification_is_delivered_and_acknowledged() {
    let mut merchant = Merchant::start(|_| {}).await;
    let token = merchant.token().await;
    let (status, body) = merchant.notify(Some(&token), SECRET, &paid()).await;
    assert_eq!(
        (status, body["responseCode"].as_str()),
        (200, Some("2005600"))
    );
    let delivered = merchant.received.recv().await.unwrap();
    assert_eq!(delivered.external_id, "12345");
    assert_eq!(
        delivered.payment().unwrap().original_partner_reference_no,
        "INV-1"
    );
}

#[tokio::test]
async fn what_is_not_genuine_is_refused_and_not_delivered() {
    let mut merchant = Merchant::start(|_| {}).await;
    let token = merchant.token().await;
    let code = |(_, body): (u16, Value)| body["responseCode"].as_str().unwrap().to_owned();
    assert_eq!(
        code(merchant.notify(Some(&token), "other", &paid()).await),
        "4015600"
    );
    assert_eq!(
        code(merchant.notify(Some("forged"), SECRET, &paid()).await),
        "4015601"
    );
    assert_eq!(
        code(merchant.notify(None, SECRET, &paid()).await),
        "4015603"
    );
    let mut end_moved = token.clone();
    end_moved.replace_range(..1, "9");
    assert_eq!(
        code(merchant.notify(Some(&end_moved), SECRET, &paid()).await),
        "4015601"
    );
    assert_eq!(
        code(merchant.notify(Some(&token), SECRET, &json!([])).await),
        "4005600"
    );
    assert_eq!(
        code(merchant.notify(Some(&token), SECRET, &json!({})).await),
        "4005602"
    );
    assert!(merchant.received.try_recv().is_err());
}

#[tokio::test]
async fn a_token_is_given_to_the_gateway_only() {
    let merchant = Merchant::start(|_| {}).await;
    assert_eq!(merchant.ask_for_token(CLIENT, &now()).await.0, 200);
    assert_eq!(
        merchant.ask_for_token("MCH-2", &now()).await.1["responseCode"],
        "4017300"
    );
    let (_, late) = merchant
        .ask_for_token(CLIENT, "2026-01-02T03:04:05+07:00")
        .await;
    assert_eq!(
        late["responseMessage"],
        "Unauthorized. [X-TIMESTAMP out of range]"
    );
    assert_eq!(
        merchant.ask_for_token(CLIENT, "today").await.1["responseCode"],
        "4007301"
    );
}

#[tokio::test]
async fn a_token_ends_with_its_life() {
    let merchant = Merchant::start(|settings| settings.token_life_s = 0).await;
    let token = merchant.token().await;
    assert_eq!(
        merchant.notify(Some(&token), SECRET, &paid()).await.1["responseCode"],
        "4015601"
    );
}

#[tokio::test]
async fn a_merchant_without_a_token_url_takes_notifications_without_a_token() {
    let merchant = Merchant::start(|settings| settings.token_required = false).await;
    assert_eq!(merchant.notify(None, SECRET, &paid()).await.0, 200);
}

#[tokio::test]
async fn a_full_channel_asks_for_the_notification_to_be_sent_again() {
    let merchant = Merchant::start(|_| {}).await;
    let token = merchant.token().await;
    assert_eq!(merchant.notify(Some(&token), SECRET, &paid()).await.0, 200);
    assert_eq!(
        merchant.notify(Some(&token), SECRET, &paid()).await.1["responseCode"],
        "5005600"
    );
}
