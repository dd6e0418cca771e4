//! Repeating a request: by X-EXTERNAL-ID, by partnerReferenceNo, by partnerRefundNo.

use std::sync::Arc;
use std::time::Duration;

use bank_simulator::demo_customers;
use merchant_sdk::pages::Script;
use merchant_sdk::{Answer, RawOptions};
use serde_json::{Value, json};
use snap::paths;
use storage::{Point, WaitingHook};
use tokio::sync::Notify;

use super::stage::*;

/// A request for a customer under one external id.
async fn under(shop: &Shop, id: &str, token: Option<&str>, path: &str, body: &Value) -> Answer {
    let options = RawOptions {
        external_id: Some(id.to_owned()),
        customer_token: token.map(str::to_owned),
        ..Default::default()
    };
    shop.send(path, body, options).await
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code().unwrap_or_default())
}

#[tokio::test]
async fn a_repeat_under_the_same_external_id_is_a_conflict_with_the_first_body() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let body = payment(&reference("PAY"), "15000.00");
    let first = under(&stage.shop, "100", Some(&token), PAYMENT, &body).await;
    assert_eq!(said(&first), (200, "2005400".to_owned()));
    let before = stage.dump().await;
    let second = under(&stage.shop, "100", Some(&token), PAYMENT, &body).await;
    assert_eq!(said(&second), (409, "2005400".to_owned()));
    assert_eq!(first.body, second.body);
    let other = under(
        &stage.shop,
        "100",
        Some(&token),
        PAYMENT,
        &payment(&reference("PAY"), "1.00"),
    )
    .await;
    assert_eq!(said(&other), (409, "4095400".to_owned()));
    assert_eq!(stage.dump().await, before);
    // Another operation has its own ids.
    let refunded = under(
        &stage.shop,
        "100",
        None,
        REFUND,
        &refund("none", &reference("REF"), "1.00"),
    )
    .await;
    assert_eq!(said(&refunded), (404, "4045801".to_owned()));
    // A refusal by the rules is repeated too, and leaves only its claim.
    let again = under(
        &stage.shop,
        "100",
        None,
        REFUND,
        &refund("none", &reference("REF"), "1.00"),
    )
    .await;
    assert_eq!(said(&again), (409, "4095800".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_answers_to_one_request_the_first_that_was_stored_stands() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    let body = payment(&number, "15000.00");
    let send = || under(&stage.shop, "100", Some(&token), PAYMENT, &body);
    // The first request comes to its second commit only when its repeat has been answered.
    let go_on = Arc::new(Notify::new());
    let wait = Arc::clone(&go_on);
    let hook: WaitingHook = Arc::new(move |point, name| {
        let wait = Arc::clone(&wait);
        Box::pin(async move {
            if (point, name) == (Point::BeforeBegin, "pay: end") {
                wait.notified().await;
            }
            Ok(())
        })
    });
    stage.app().store.set_waiting_hook(Some(hook));
    let repeated = async {
        until("the bank was asked", async || {
            stage.wire.calls(paths::BANK_PAYMENT) == 1
        })
        .await;
        stage.advance(Duration::from_secs(16)).await;
        let repeat = send().await;
        go_on.notify_one();
        repeat
    };
    let (first, repeat) = tokio::join!(send(), repeated);
    assert_eq!(said(&repeat), (202, "2025400".to_owned()));
    assert_eq!((first.status, &first.body), (202, &repeat.body));
    let again = send().await;
    assert_eq!((again.status, &again.body), (409, &repeat.body));
    // What the bank said is not lost: the payment's reference leads to its page.
    let truth = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(said(&truth), (200, "2005400".to_owned()));
    assert_eq!(stage.wire.calls(paths::BANK_PAYMENT), 1);
}

#[tokio::test]
async fn every_operation_that_changes_something_claims_its_external_id() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "15000.00").await;
    let budi = demo_customers()[1].phone_no;
    for (path, customer, body) in [
        (BINDING, None, binding(budi, "cust-2")),
        (
            PAYMENT,
            Some(token.as_str()),
            payment(&reference("PAY"), "1000.00"),
        ),
        (REFUND, None, refund(&number, &reference("REF"), "1000.00")),
        (UNBINDING, None, unbinding(&token)),
    ] {
        let first = under(&stage.shop, "150", customer, path, &body).await;
        assert_eq!(first.status, 200, "{path}");
        let before = stage.dump().await;
        let second = under(&stage.shop, "150", customer, path, &body).await;
        assert_eq!((second.status, second.body), (409, first.body), "{path}");
        assert_eq!(stage.dump().await, before, "{path}");
    }
}

#[tokio::test]
async fn one_customers_answer_is_never_given_to_another() {
    let stage = Stage::new().await;
    let (_, siti) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let (_, budi) = stage
        .linked(&stage.shop, &demo_customers()[1], "cust-2")
        .await;
    let body = payment(&reference("PAY"), "15000.00");
    let first = under(&stage.shop, "250", Some(&siti), PAYMENT, &body).await;
    assert_eq!(said(&first), (200, "2005400".to_owned()));
    // The same bytes under the same id, and yet another request: it is for somebody else.
    let other = under(&stage.shop, "250", Some(&budi), PAYMENT, &body).await;
    assert_eq!(said(&other), (409, "4095400".to_owned()));
}

#[tokio::test]
async fn a_strict_merchant_uses_an_external_id_once_a_day() {
    let settings = storage::merchants::MerchantSettings {
        strict: true,
        ..Default::default()
    };
    let stage = Stage::with(Wishes {
        settings,
        ..Wishes::default()
    })
    .await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let first = under(&stage.shop, "200", Some(&token), BALANCE, &balance()).await;
    assert_eq!(said(&first), (200, "2001100".to_owned()));
    let second = under(&stage.shop, "200", Some(&token), BALANCE, &balance()).await;
    assert_eq!(said(&second), (409, "4091100".to_owned()));
    assert_eq!(second.message().as_deref(), Some("Conflict"));
    let body = payment(&reference("PAY"), "15000.00");
    let third = under(&stage.shop, "200", Some(&token), PAYMENT, &body).await;
    assert_eq!(said(&third), (409, "4095400".to_owned()));
}

#[tokio::test]
async fn two_customers_balances_under_one_external_id_never_meet() {
    let stage = Stage::new().await;
    let (_, siti) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let (_, budi) = stage
        .linked(&stage.shop, &demo_customers()[1], "cust-2")
        .await;
    let (balance_1, balance_2) = (balance(), balance());
    let (one, two) = tokio::join!(
        under(&stage.shop, "300", Some(&siti), BALANCE, &balance_1),
        under(&stage.shop, "300", Some(&budi), BALANCE, &balance_2),
    );
    let amount = |answer: &Answer| answer.json()["accountInfos"][0]["amount"]["value"].clone();
    assert_eq!(amount(&one), "10000000.00");
    assert_eq!(amount(&two), "50000000.00");
}

#[tokio::test]
async fn a_payments_reference_finds_the_payment_again() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    let first = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(said(&first), (200, "2005400".to_owned()));
    let again = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    // An explicit balance for all of it is the same content.
    let mut same = payment(&number, "15000.00");
    same["payOptionDetails"] =
        json!([{"payMethod": "BALANCE", "transAmount": {"value": "15000.00", "currency": "IDR"}}]);
    let again = stage.shop.post_for(&token, PAYMENT, &same).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let other = stage.shop.pay(&token, &number, "15000.01").await;
    assert_eq!(said(&other), (404, "4045418".to_owned()));
    assert_eq!(other.message().as_deref(), Some("Inconsistent Request"));
    let mut points = payment(&number, "15000.00");
    points["payOptionDetails"] =
        json!([{"payMethod": "POINT", "transAmount": {"value": "15000.00", "currency": "IDR"}}]);
    let other = stage.shop.post_for(&token, PAYMENT, &points).await;
    assert_eq!(said(&other), (404, "4045418".to_owned()));
    // After it is paid, the first answer still stands.
    let url = first.json()["webRedirectUrl"].as_str().unwrap().to_owned();
    stage.visit(&url, Script::default()).await;
    assert_eq!(stage.shop.status_of(&number).await, "00");
    let again = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
}

#[tokio::test]
async fn a_reference_that_the_bank_refused_is_spent() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[2], "cust-1")
        .await;
    let number = reference("PAY");
    for _ in 0..2 {
        let answer = stage.shop.pay(&token, &number, "15000.00").await;
        assert_eq!(said(&answer), (403, "4035414".to_owned()));
        assert_eq!(answer.message().as_deref(), Some("Insufficient Funds"));
        assert_eq!(answer.json()["webRedirectUrl"], Value::Null);
    }
    assert_eq!(stage.shop.status_of(&number).await, "06");
}

#[tokio::test]
async fn a_refund_number_finds_the_refund_again() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let (number, refund_no) = (reference("PAY"), reference("REF"));
    stage.paid(&stage.shop, &token, &number, "15000.00").await;
    let first = stage.shop.refund(&number, &refund_no, "5000.00").await;
    assert_eq!(said(&first), (200, "2005800".to_owned()));
    let before = postings(&stage).await;
    let again = stage.shop.refund(&number, &refund_no, "5000.00").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let other = stage.shop.refund(&number, &refund_no, "5000.01").await;
    assert_eq!(said(&other), (404, "4045818".to_owned()));
    assert_eq!(postings(&stage).await, before);
}

#[tokio::test]
async fn an_external_id_is_free_again_the_next_day() {
    // The day is that of the signed X-TIMESTAMP, which here may be of another day than our clock's.
    let stage = Stage::with(Wishes {
        change: |config| config.clock_skew_s = 3 * 24 * 3_600,
        ..Wishes::default()
    })
    .await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let send = |at_ms: i64| {
        let options = RawOptions {
            external_id: Some("400".to_owned()),
            customer_token: Some(token.clone()),
            timestamp: Some(snap::timestamp::format_jakarta(at_ms)),
            ..Default::default()
        };
        let (shop, body) = (&stage.shop, payment(&reference("PAY"), "1000.00"));
        async move { said(&shop.send(PAYMENT, &body, options).await) }
    };
    let day_ms: i64 = 24 * 3_600 * 1_000;
    let now_ms = stage.app().clock.wall_now_ms();
    // Midnight in Jakarta, seven hours ahead of UTC.
    let midnight_ms = (now_ms / day_ms) * day_ms + 17 * 3_600 * 1_000;
    assert_eq!(send(midnight_ms - 1_000).await, (200, "2005400".to_owned()));
    for same_day in [midnight_ms - 2_000, midnight_ms - day_ms] {
        assert_eq!(send(same_day).await, (409, "4095400".to_owned()));
    }
    assert_eq!(send(midnight_ms).await, (200, "2005400".to_owned()));
    assert_eq!(
        send(midnight_ms + day_ms - 1_000).await,
        (409, "4095400".to_owned())
    );
}

/// The gateway's journal.
async fn postings(stage: &Stage) -> Vec<String> {
    let all = stage.app().store.dump().await.unwrap();
    all.into_iter()
        .filter(|line| line.starts_with("postings"))
        .collect()
}

#[tokio::test]
async fn a_claim_is_kept_for_three_days() {
    let stage = Stage::new().await;
    let claims = async || {
        let all = stage.app().store.dump().await.unwrap();
        all.into_iter()
            .filter(|line| line.starts_with("external_ids"))
            .count()
    };
    stage.shop.refund("none", &reference("REF"), "1.00").await;
    stage
        .advance(std::time::Duration::from_secs(3 * 24 * 3600 - 60))
        .await;
    stage.idle().await;
    assert_eq!(claims().await, 1);
    stage.advance(std::time::Duration::from_secs(120)).await;
    stage.idle().await;
    assert_eq!(claims().await, 0);
}
