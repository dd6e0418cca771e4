//! Secrets and personal data are in no log at any level, no `Debug` and no error.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod fake;

use std::io::Write;
use std::sync::{Arc, Mutex};

use fake::{Answer, Fake, KEY, SECRET, code, payment, reference};
use merchant_sdk::notifications::{Settings, Verifier};
use merchant_sdk::{
    Amount, Authorization, Client, Handset, NewBinding, NewRefund, Os, PrivateKey, PublicKey,
    RawOptions, ReturnTo, Secret, Through,
};
use serde_json::json;
use snap::paths;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn note(&self, thing: &dyn std::fmt::Debug) {
        writeln!(self.clone(), "{thing:?} {thing:#?}").unwrap();
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

const PHONE: &str = "628111111111";

/// What may be seen nowhere.
const SECRETS: [&str; 13] = [
    SECRET,
    PHONE,
    "token-1",
    "the-auth-code",
    "the-customer-token",
    "the-renewed-token",
    "the-refresh-token",
    "the-binding-page",
    "the-payment-page",
    "Siti Rahmawati",
    "siti@example.com",
    "NS-inbound",
    "another-token",
];

fn answer(path: &str, body: &serde_json::Value) -> Answer {
    let renewed = body["grantType"] == "refresh_token";
    let body = match path {
        paths::BINDING => json!({"responseCode": "2000700", "responseMessage": "Successful",
            "redirectUrl": "https://pay.example/the-binding-page",
            "additionalInfo": {"authCode": "the-auth-code"}}),
        paths::TOKEN_B2B2C => json!({"responseCode": "2007400", "responseMessage": "Successful",
            "accessToken": if renewed { "the-renewed-token" } else { "the-customer-token" },
            "refreshToken": "the-refresh-token"}),
        paths::PAYMENT => json!({"responseCode": "2005400", "responseMessage": "Successful",
            "webRedirectUrl": "https://pay.example/the-payment-page"}),
        // A success that cannot be read, with a token where none should be.
        paths::BALANCE => json!({"responseCode": "2001100", "responseMessage": "Successful",
            "accountInfos": [{"balanceType": {"accessToken": "another-token"}}]}),
        _ => return code("5005500", "General Error"),
    };
    (200, body)
}

async fn everything(fake: &Fake, log: &Log) {
    let (client, _) = fake.impatient(fake.builder());
    log.note(&fake.builder());
    log.note(&client);
    let handset = Handset {
        model: "Pixel 9".to_owned(),
        os: Os::Android,
        through: Through::App,
    };
    let return_to = ReturnTo {
        success: "https://toko.example/linked".to_owned(),
        failed: "https://toko.example/failed".to_owned(),
    };
    let binding = NewBinding::new(PHONE, "cust-1", &handset, &return_to).unwrap();
    let binding = binding.customer_name("Siti Rahmawati").unwrap();
    let binding = binding.email("siti@example.com").unwrap();
    log.note(&binding);
    let outcome = client.bind(&binding).await.unwrap();
    log.note(&outcome);
    let bound = outcome.done().unwrap();
    let outcome = client.exchange_code(&bound.auth_code).await.unwrap();
    log.note(&outcome);
    let customer = outcome.done().unwrap();
    log.note(&customer.tokens().await);
    log.note(&customer.balance().await);
    log.note(&customer.refresh().await);
    log.note(&customer.tokens().await);
    let order = payment(&reference("INV-1"), "kopi");
    log.note(&order);
    log.note(&customer.pay(&order).await);
    let amount = Amount::from_rupiah(1).unwrap();
    let refund = NewRefund::new(&reference("INV-1"), amount, &reference("REF")).unwrap();
    log.note(&customer.refund(&refund).await);
    log.note(&client.status("INV-1").await);
    log.note(&customer.unbind().await);
    let options = RawOptions {
        customer_token: Some("the-customer-token".to_owned()),
        authorization: Authorization::Token("token-1".to_owned()),
        ..RawOptions::default()
    };
    log.note(&options);
    log.note(
        &client
            .send_raw("POST", paths::PAYMENT, b"{}".to_vec(), &options)
            .await,
    );
    fake.stop().await;
    for error in [
        customer.refresh().await.map(|_| ()).unwrap_err(),
        client.status("INV-1").await.map(|_| ()).unwrap_err(),
    ] {
        log.note(&error);
        log.note(&error.to_string());
    }
}

#[tokio::test]
async fn a_full_trace_log_shows_no_secret() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(log.clone())
        .init();
    let fake = Fake::start(|request| answer(&request.path, &request.json())).await;
    everything(&fake, &log).await;

    let key = PrivateKey::from_pem(&KEY).unwrap();
    log.note(&key);
    let public = PublicKey::from_pem(&key.public_key_pem()).unwrap();
    let settings = Settings::new("MCH-1", public, Secret::new("NS-inbound"));
    let verifier = Verifier::new(settings);
    log.note(&verifier);
    let wrong = KEY.replace('A', "B");
    log.note(&PrivateKey::from_pem(&wrong).err());
    let proxy = Client::builder(&fake.url, "MCH-1", Secret::new(SECRET), key)
        .proxy(format!("http://merchant:{SECRET}@"));
    log.note(&proxy.build().err());

    let text = log.text();
    assert!(text.contains("TRACE") && text.contains("asked"), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for line in KEY.lines().filter(|line| !line.starts_with('-')) {
        assert!(!text.contains(line), "the private key in {text}");
    }
}
