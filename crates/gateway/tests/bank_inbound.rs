//! A bank that calls us: who is believed, in which order it is checked, and what it hears.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod world;

use gateway::config;
use serde_json::{Value, json};
use snap::{PrivateKey, Secret, paths, signature};
use world::{World, world};

const BANK_CLIENT: &str = "ALLO-0001";
const INBOUND_SECRET: &str = "the bank's own secret";

struct Bank {
    world: World,
    key: PrivateKey,
}

async fn bank() -> Bank {
    let key = PrivateKey::generate().unwrap();
    let public_key = key.public_key_pem();
    let world = world(|config| {
        let bank = config::Bank {
            base_url: "http://127.0.0.1:9".to_owned(),
            client_id: "GTW-0001".to_owned(),
            secret: Secret::new("ours"),
            inbound_client_id: BANK_CLIENT.to_owned(),
            inbound_secret: Secret::new(INBOUND_SECRET),
            public_key,
            private_key_file: None,
            channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
            acquirer_id: None,
            timeout_ms: 1_000,
            not_found_window_s: 60,
            replays_page: true,
            ca_file: None,
        };
        config.banks.insert("allo".to_owned(), bank);
    })
    .await;
    Bank { world, key }
}

/// One request of the bank, to be spoilt by a test.
#[derive(Clone)]
struct Call {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Call {
    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        if !value.is_empty() {
            self.headers.push((name, value.to_owned()));
        }
        self
    }
}

impl Bank {
    fn token_call(&self) -> Call {
        let now = self.world.now();
        Call {
            path: "/bank/allo/v1.0/access-token/b2b".to_owned(),
            headers: vec![
                ("X-CLIENT-KEY", BANK_CLIENT.to_owned()),
                ("X-SIGNATURE", self.key.sign_token(BANK_CLIENT, &now)),
                ("X-TIMESTAMP", now),
            ],
            body: r#"{"grantType":"client_credentials"}"#.to_owned(),
        }
    }

    async fn token(&self) -> String {
        let (status, body) = self.send(&self.token_call()).await;
        assert_eq!(
            (status, &body["responseCode"]),
            (200, &json!("2007300")),
            "{body}"
        );
        body["accessToken"].as_str().unwrap().to_owned()
    }

    fn notice(&self, token: &str) -> Call {
        let body = json!({
            "originalPartnerReferenceNo": "01990000-0000-7000-8000-000000000000",
            "latestTransactionStatus": "00",
            "amount": {"value": "10000.00", "currency": "IDR"},
        });
        let call = Call {
            path: "/bank/allo/v1.0/debit/notify".to_owned(),
            headers: vec![
                ("X-PARTNER-ID", BANK_CLIENT.to_owned()),
                ("X-EXTERNAL-ID", "12345678901234567890".to_owned()),
                ("X-TIMESTAMP", self.world.now()),
                ("Authorization", format!("Bearer {token}")),
            ],
            body: body.to_string(),
        };
        self.signed(call, token)
    }

    fn signed(&self, call: Call, token: &str) -> Call {
        let timestamp = call
            .headers
            .iter()
            .find(|(name, _)| *name == "X-TIMESTAMP")
            .unwrap()
            .1
            .clone();
        let secret = Secret::new(INBOUND_SECRET);
        let body = call.body.as_bytes();
        let signature = signature::sign(&secret, "POST", &call.path, token, body, &timestamp);
        call.set("X-SIGNATURE", &signature)
    }

    async fn send(&self, call: &Call) -> (u16, Value) {
        let mut request = self
            .world
            .http
            .post(format!("{}{}", self.world.running.url, call.path))
            .header("content-type", "application/json")
            .body(call.body.clone());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        let code = body["responseCode"].as_str().unwrap();
        assert_eq!(code[..3].parse::<u16>().unwrap(), status, "{body}");
        (status, body)
    }

    async fn code(&self, call: Call) -> String {
        self.send(&call).await.1["responseCode"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[tokio::test]
async fn a_bank_gets_a_token_for_its_signature_and_nobody_else_does() {
    let bank = bank().await;
    bank.token().await;
    let stranger = PrivateKey::generate().unwrap();
    let now = bank.world.now();
    let call = bank.token_call();
    for (spoilt, code) in [
        (
            call.clone()
                .set("X-SIGNATURE", &stranger.sign_token(BANK_CLIENT, &now)),
            "4017300",
        ),
        (call.clone().set("X-CLIENT-KEY", "ALLO-0002"), "4017300"),
        (call.clone().set("X-CLIENT-KEY", ""), "4007302"),
        (call.clone().set("X-TIMESTAMP", ""), "4007302"),
        (
            call.clone().set("X-TIMESTAMP", "2020-01-01T00:00:00+07:00"),
            "4017300",
        ),
        (call.clone().set("X-TIMESTAMP", "yesterday"), "4007301"),
        (call.clone().set("X-SIGNATURE", ""), "4007302"),
        (
            Call {
                path: "/bank/other/v1.0/access-token/b2b".to_owned(),
                ..call.clone()
            },
            "4017300",
        ),
        (
            Call {
                body: r#"{"grantType":"password"}"#.to_owned(),
                ..call.clone()
            },
            "4007301",
        ),
        (
            Call {
                body: "{}".to_owned(),
                ..call.clone()
            },
            "4007302",
        ),
    ] {
        let (spoilt_headers, body) = (spoilt.headers.clone(), spoilt.body.clone());
        assert_eq!(bank.code(spoilt).await, code, "{spoilt_headers:?} {body}");
    }
}

#[tokio::test]
async fn a_notify_is_believed_only_with_token_and_signature() {
    let bank = bank().await;
    let token = bank.token().await;
    let call = bank.notice(&token);
    // Everything is right, and there is no such payment.
    assert_eq!(bank.code(call.clone()).await, "4045601");
    let merchants_token = bank.world.token();
    let unsigned = |call: Call| bank.signed(call, &token);
    for (spoilt, code) in [
        (call.clone().set("Authorization", ""), "4015603"),
        (
            call.clone().set("Authorization", "Bearer forged"),
            "4015601",
        ),
        (
            call.clone()
                .set("Authorization", &format!("Bearer {merchants_token}")),
            "4015601",
        ),
        (call.clone().set("X-PARTNER-ID", "ALLO-0002"), "4015600"),
        (call.clone().set("X-PARTNER-ID", ""), "4005602"),
        (call.clone().set("X-EXTERNAL-ID", ""), "4005602"),
        (
            call.clone()
                .set("X-TIMESTAMP", &bank.world.now().replace("+07:00", "Z")),
            "4015600",
        ),
        (call.clone().set("X-SIGNATURE", "AAAA"), "4015600"),
        (
            Call {
                body: call.body.replace("10000.00", "99999.00"),
                ..call.clone()
            },
            "4015600",
        ),
        (
            Call {
                path: call.path.replace("allo", "other"),
                ..call.clone()
            },
            "4015601",
        ),
        (
            unsigned(Call {
                body: "{}".to_owned(),
                ..call.clone()
            }),
            "4005602",
        ),
        (
            unsigned(Call {
                body: call.body.replace("10000.00", "10000"),
                ..call.clone()
            }),
            "4005601",
        ),
    ] {
        let (headers, body) = (spoilt.headers.clone(), spoilt.body.clone());
        assert_eq!(bank.code(spoilt).await, code, "{headers:?} {body}");
    }
}

#[tokio::test]
async fn a_banks_token_opens_nothing_for_merchants() {
    let bank = bank().await;
    let token = bank.token().await;
    let mut call = world::Call::new(&bank.world, paths::STATUS, "{}");
    call.set("Authorization", &format!("Bearer {token}")).sign();
    let mut request = bank
        .world
        .http
        .post(format!("{}{}", bank.world.running.url, paths::STATUS));
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let response = request.body(call.body).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 401);
    assert!(response.text().await.unwrap().contains("4015501"));
}
