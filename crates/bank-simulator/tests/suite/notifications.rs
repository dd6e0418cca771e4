//! The gateway is told how payments ended, until it has accepted, also after a restart.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router, body::Bytes};
use bank_simulator::GatewayEndpoint;
use serde_json::{Value, json};
use snap::{Secret, signature};

use crate::harness::{Options, SITI, TestBank, eventually, key, pin};

/// A gateway that takes notifications, or does not.
#[derive(Default)]
struct Gateway {
    taken: Vec<Value>,
    refused: u32,
    tokens: u32,
    refuse: Option<u16>,
    /// Whether it was well signed, and its amount, of those about amounts that are forged.
    forged: Vec<(bool, String)>,
}

type Shared = Arc<Mutex<Gateway>>;

const SECRET: &str = "bank-to-gateway-secret";
const PATH: &str = "/bank/allo/v1.0/debit/notify?x=1";

async fn token(State(gateway): State<Shared>, headers: HeaderMap) -> Json<Value> {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let public = snap::PublicKey::from_pem(&key().public_key_pem()).unwrap();
    assert!(public.verify_token("ALLO", &text("X-TIMESTAMP"), &text("X-SIGNATURE")));
    let mut gateway = gateway.lock().unwrap();
    gateway.tokens += 1;
    let token = format!("token-{}", gateway.tokens);
    Json(
        json!({ "responseCode": "2007300", "accessToken": token, "tokenType": "Bearer", "expiresIn": 900 }),
    )
}

/// What the real one would answer to an amount that is not the payment's.
const OTHER_AMOUNT: StatusCode = StatusCode::NOT_FOUND;

async fn notify(State(gateway): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let token = text("Authorization").replace("Bearer ", "");
    let secret = Secret::new(SECRET);
    let signed = text("X-SIGNATURE");
    let verified = signature::verify(
        &secret,
        "POST",
        PATH,
        &token,
        &body,
        &text("X-TIMESTAMP"),
        &signed,
    );
    let told: Value = serde_json::from_slice(&body).unwrap();
    let value = told["amount"]["value"].as_str().unwrap();
    if value.contains(".56") || value.contains(".57") {
        let mut gateway = gateway.lock().unwrap();
        gateway.forged.push((verified.is_some(), value.to_owned()));
        if verified.is_none() || value.contains(".57") {
            return OTHER_AMOUNT;
        }
    }
    assert!(verified.is_some());
    assert_eq!(text("X-PARTNER-ID"), "ALLO");
    assert_eq!(text("X-EXTERNAL-ID").len(), 20);
    let mut gateway = gateway.lock().unwrap();
    if let Some(status) = gateway.refuse {
        gateway.refused += 1;
        return StatusCode::from_u16(status).unwrap();
    }
    gateway.taken.push(told);
    StatusCode::OK
}

async fn gateway() -> (Shared, String) {
    let shared = Shared::default();
    let app = Router::new()
        .route("/bank/allo/v1.0/access-token/b2b", post(token))
        .route("/bank/allo/v1.0/debit/notify", post(notify))
        .with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (shared, url)
}

fn options(url: &str) -> Options {
    let endpoint = GatewayEndpoint {
        token_url: format!("{url}/bank/allo/v1.0/access-token/b2b"),
        notify_url: format!("{url}{PATH}"),
        client_id: "ALLO".into(),
        private_key_pem: key().to_pkcs8_pem(),
        secret: Secret::new(SECRET),
    };
    Options {
        gateway: Some(endpoint),
        ..Options::default()
    }
}

fn taken(gateway: &Shared) -> Vec<Value> {
    gateway.lock().unwrap().taken.clone()
}

#[tokio::test]
async fn the_gateway_is_told_of_paid_cancelled_failed_and_expired_payments() {
    let (gateway, url) = gateway().await;
    let bank = TestBank::with(options(&url)).await;
    let linked = bank.link(SITI).await;
    assert!(taken(&gateway).is_empty(), "bindings are not notified");
    let paid = bank.paid(&linked, SITI, "5000.00").await;
    eventually("paid", || async { taken(&gateway).len() == 1 }).await;
    let told = taken(&gateway)[0].clone();
    assert_eq!(told["originalPartnerReferenceNo"], paid);
    assert_eq!(
        (
            told["latestTransactionStatus"].as_str(),
            told["amount"]["value"].as_str()
        ),
        (Some("00"), Some("5000.00"))
    );
    assert_eq!(
        told["originalReferenceNo"],
        bank.status(&paid).await["originalReferenceNo"]
    );

    let (_, page) = bank.started(&linked, "5000.00").await;
    bank.browser().post(&page, "cancel", "").await;
    eventually("cancelled", || async { taken(&gateway).len() == 2 }).await;
    assert_eq!(taken(&gateway)[1]["latestTransactionStatus"], "05");

    let (_, page) = bank.started(&linked, "5000.00").await;
    let (expires, _) = bank.started(&linked, "5000.00").await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    for _ in 0..3 {
        browser
            .post(
                &page,
                "pin",
                if pin(SITI) == "999999" {
                    "000000"
                } else {
                    "999999"
                },
            )
            .await;
    }
    eventually("failed", || async { taken(&gateway).len() == 3 }).await;
    assert_eq!(taken(&gateway)[2]["latestTransactionStatus"], "06");
    assert_eq!(
        taken(&gateway)[2]["additionalInfo"]["originalResponseCode"],
        "4035404"
    );

    bank.advance(901_000).await;
    eventually("expired", || async { taken(&gateway).len() == 4 }).await;
    assert_eq!(taken(&gateway)[3]["originalPartnerReferenceNo"], expires);
    assert_eq!(taken(&gateway)[3]["latestTransactionStatus"], "05");
    assert_eq!(gateway.lock().unwrap().tokens, 1, "the token is kept");
}

#[tokio::test]
async fn a_notification_is_repeated_until_accepted_also_after_a_restart() {
    let (gateway, url) = gateway().await;
    gateway.lock().unwrap().refuse = Some(500);
    let mut bank = TestBank::with(options(&url)).await;
    let linked = bank.link(SITI).await;
    let reference = bank.paid(&linked, SITI, "5000.00").await;
    eventually("a first try", || async {
        gateway.lock().unwrap().refused == 1
    })
    .await;
    bank.restart(options(&url)).await;
    gateway.lock().unwrap().refuse = None;
    bank.advance(2_000).await;
    eventually("delivery", || async { taken(&gateway).len() == 1 }).await;
    assert_eq!(taken(&gateway)[0]["originalPartnerReferenceNo"], reference);
    eventually("delivered", || async {
        bank.dump().await.contains("\"state\":\"delivered\"")
    })
    .await;
    bank.advance(3_600_000).await;
    bank.running.take().unwrap().stop().await;
    assert_eq!(taken(&gateway).len(), 1);
}

#[tokio::test]
async fn a_token_that_the_gateway_forgot_is_renewed_at_once() {
    let (gateway, url) = gateway().await;
    gateway.lock().unwrap().refuse = Some(401);
    let bank = TestBank::with(options(&url)).await;
    let linked = bank.link(SITI).await;
    bank.paid(&linked, SITI, "5000.00").await;
    eventually("two tries", || async {
        gateway.lock().unwrap().refused >= 2
    })
    .await;
    assert!(gateway.lock().unwrap().tokens >= 2);
    gateway.lock().unwrap().refuse = None;
    bank.advance(60_000).await;
    eventually("delivery", || async { taken(&gateway).len() == 1 }).await;
}

#[tokio::test]
async fn notifications_come_twice_late_early_or_not_at_all() {
    let (gateway, url) = gateway().await;
    let bank = TestBank::with(options(&url)).await;
    let linked = bank.link(SITI).await;
    let paid = bank.paid(&linked, SITI, "5000.53").await;
    eventually("twice", || async { taken(&gateway).len() == 2 }).await;
    assert_eq!(taken(&gateway)[0], taken(&gateway)[1]);
    assert_eq!(taken(&gateway)[0]["originalPartnerReferenceNo"], paid);

    let late = bank.paid(&linked, SITI, "5000.54").await;
    bank.advance(30_000).await;
    let (early, _) = bank.started(&linked, "5000.55").await;
    // It was told before the answer came, and the late one is not due yet.
    let told = taken(&gateway);
    assert_eq!(told.len(), 3);
    assert_eq!(told[2]["originalPartnerReferenceNo"], early);
    assert_eq!(bank.status(&early).await["latestTransactionStatus"], "00");
    bank.advance(30_500).await;
    eventually("late", || async { taken(&gateway).len() == 4 }).await;
    assert_eq!(taken(&gateway)[3]["originalPartnerReferenceNo"], late);

    for outcome in ["silent", "twice"] {
        let fault = json!({ "operation": "notify", "outcome": outcome });
        assert_eq!(bank.control("fault", fault).await.0, 200);
    }
    bank.paid(&linked, SITI, "6000.00").await;
    let twice = bank.paid(&linked, SITI, "7000.00").await;
    eventually("armed", || async { taken(&gateway).len() == 6 }).await;
    let told = taken(&gateway);
    assert!(
        told[4..]
            .iter()
            .all(|told| told["originalPartnerReferenceNo"] == twice)
    );
    assert_eq!(bank.balances(&linked).await[0], "9971998.38");
}

#[tokio::test]
async fn forged_notifications_come_before_the_customer_has_seen_a_page() {
    let (gateway, url) = gateway().await;
    let bank = TestBank::with(options(&url)).await;
    let linked = bank.link(SITI).await;
    let (reference, page) = bank.started(&linked, "5000.56").await;
    let forged = || gateway.lock().unwrap().forged.clone();
    eventually("two forged ones", || async { forged().len() == 2 }).await;
    assert_eq!(
        forged(),
        [(false, "5000.56".to_owned()), (true, "5000.57".to_owned())]
    );
    assert_eq!(
        bank.status(&reference).await["latestTransactionStatus"],
        "02"
    );
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    browser.post(&page, "pin", pin(SITI)).await;
    eventually("the true one", || async { taken(&gateway).len() == 1 }).await;
    assert_eq!(taken(&gateway)[0]["latestTransactionStatus"], "00");
}
