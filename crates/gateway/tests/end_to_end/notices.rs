//! What the bank notifies: believed only where it fits, taken in once, and never against the truth.

use bank_simulator::demo_customers;
use direct_debit::MerchantId;
use merchant_sdk::pages::{Ending, Script};
use serde_json::{Value, json};
use snap::{Secret, signature};
use storage::payments;

use super::stage::*;
use super::wire::Cut;

const BANK_ID: &str = "bank-at-gateway";

/// The bank's voice, with its own key and secret, whatever the simulator would say.
struct Voice<'a> {
    stage: &'a Stage,
    http: reqwest::Client,
}

impl<'a> Voice<'a> {
    fn of(stage: &'a Stage) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { stage, http }
    }

    fn now(&self) -> String {
        snap::timestamp::format_jakarta(self.stage.app().clock.wall_now_ms())
    }

    async fn post(&self, path: &str, headers: &[(&str, String)], body: &Value) -> Value {
        let url = format!("{}/bank/allo{path}", self.stage.gateway.url);
        let mut request = self
            .http
            .post(url)
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        let said: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(
            said["responseCode"].as_str().unwrap()[..3],
            status.to_string()
        );
        said
    }

    /// Notifies and tells the code of the answer.
    async fn notify(&self, body: &Value) -> String {
        let now = self.now();
        let grant = json!({"grantType": "client_credentials"});
        let headers = [
            ("X-CLIENT-KEY", BANK_ID.to_owned()),
            ("X-SIGNATURE", key().sign_token(BANK_ID, &now)),
            ("X-TIMESTAMP", now.clone()),
        ];
        let token = self.post("/v1.0/access-token/b2b", &headers, &grant).await;
        let token = token["accessToken"].as_str().unwrap();
        let (path, secret) = ("/bank/allo/v1.0/debit/notify", Secret::new(INBOUND_SECRET));
        let bytes = body.to_string();
        let signature = signature::sign(&secret, "POST", path, token, bytes.as_bytes(), &now);
        let headers = [
            ("X-PARTNER-ID", BANK_ID.to_owned()),
            ("X-EXTERNAL-ID", "12345678901234567890".to_owned()),
            ("X-TIMESTAMP", now),
            ("X-SIGNATURE", signature),
            ("Authorization", format!("Bearer {token}")),
        ];
        let said = self.post("/v1.0/debit/notify", &headers, body).await;
        said["responseCode"].as_str().unwrap().to_owned()
    }

    /// A notice that the payment of this reference was paid.
    async fn paid(&self, number: &str, amount: &str) -> Value {
        let (s, shop) = (self.stage.app().store.reader(), MerchantId::new("shop"));
        let payment = payments::by_partner_reference_no(&s, &shop, number).await;
        let payment = payment.unwrap().unwrap();
        json!({
            "originalPartnerReferenceNo": payment.id.as_str(),
            "originalReferenceNo": payment.bank_reference_no,
            "latestTransactionStatus": "00",
            "amount": {"value": amount, "currency": "IDR"},
        })
    }
}

async fn rows(stage: &Stage, table: &str) -> Vec<String> {
    let all = stage.app().store.dump().await.unwrap();
    all.into_iter()
        .filter(|row| row.starts_with(table))
        .collect()
}

/// A payment that waits for its customer.
async fn waiting(stage: &Stage) -> (String, String) {
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    let answer = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(answer.code().as_deref(), Some("2005400"));
    let page = answer.json()["webRedirectUrl"].as_str().unwrap().to_owned();
    (number, page)
}

#[tokio::test]
async fn a_notice_of_another_amount_currency_or_reference_books_nothing_and_raises_an_alarm() {
    let stage = Stage::new().await;
    let (number, page) = waiting(&stage).await;
    let voice = Voice::of(&stage);
    let right = voice.paid(&number, "15000.00").await;
    for (pointer, value) in [
        ("/amount/value", "15000.01"),
        ("/amount/value", "1.00"),
        ("/amount/currency", "USD"),
        ("/originalReferenceNo", "of another payment"),
    ] {
        let mut wrong = right.clone();
        *wrong.pointer_mut(pointer).unwrap() = json!(value);
        assert_eq!(voice.notify(&wrong).await, "4045613", "{pointer} {value}");
        assert_eq!(stage.shop.status_of(&number).await, "02");
        assert_eq!(rows(&stage, "postings").await, Vec::<String>::new());
    }
    assert_eq!(rows(&stage, "alarms").await.len(), 1);
    let asked = stage.wire.calls(snap::paths::BANK_STATUS);
    stage.idle().await;
    assert!(
        stage.wire.calls(snap::paths::BANK_STATUS) > asked,
        "55 is asked"
    );
    assert_eq!(stage.shop.status_of(&number).await, "02");
    let mut nobodys = right.clone();
    nobodys["originalPartnerReferenceNo"] = json!("unknown");
    assert_eq!(voice.notify(&nobodys).await, "4045601");
    // The payment is none the worse.
    let visit = stage.visit(&page, Script::default()).await;
    assert_eq!(visit.ending, Ending::Completed, "{visit:?}");
    assert_eq!(stage.shop.status_of(&number).await, "00");
}

#[tokio::test]
async fn a_notice_that_overtakes_the_answer_to_the_payment_is_the_truth() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    stage.wire.cut(snap::paths::BANK_PAYMENT, Cut::After, 1);
    let answer = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(answer.code().as_deref(), Some("5045400"));
    let voice = Voice::of(&stage);
    let notice = voice.paid(&number, "15000.00").await;
    for _ in 0..2 {
        assert_eq!(voice.notify(&notice).await, "2005600");
        assert_eq!(stage.shop.status_of(&number).await, "00");
        assert_eq!(rows(&stage, "notifications").await.len(), 1);
    }
    let again = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(again.code().as_deref(), Some("4035400"));
}

#[tokio::test]
async fn a_debit_that_is_told_after_the_end_is_sent_back_once() {
    let stage = Stage::new().await;
    let (number, page) = waiting(&stage).await;
    let cancel = Script {
        cancel: true,
        ..Script::default()
    };
    stage.visit(&page, cancel).await;
    assert_eq!(stage.shop.status_of(&number).await, "05");
    let voice = Voice::of(&stage);
    let notice = voice.paid(&number, "15000.00").await;
    for _ in 0..2 {
        assert_eq!(voice.notify(&notice).await, "2005600");
        stage.idle().await;
    }
    assert_eq!(stage.shop.status_of(&number).await, "05");
    let refunds = rows(&stage, "refunds").await;
    assert!(
        refunds.len() == 1 && refunds[0].contains("late debit"),
        "{refunds:?}"
    );
    assert_eq!(stage.wire.calls(snap::paths::BANK_REFUND), 1);
    // This bank had not debited anything and says so; that is for people to look at.
    let alarms = rows(&stage, "alarms").await.join("\n");
    assert!(
        alarms.contains("late debit") && alarms.contains("late refund refused"),
        "{alarms}"
    );
    assert_eq!(rows(&stage, "postings").await.len(), 2);
}
