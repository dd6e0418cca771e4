//! What the bank or its customer decides, as the merchant hears it.

use std::time::Duration;

use bank_simulator::demo_customers;
use merchant_sdk::pages::{Ending, Script};
use serde_json::{Value, json};

use super::stage::*;

async fn control(stage: &Stage, path: &str, body: Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/control/{path}", stage.bank.url);
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string());
    assert!(request.send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn a_binding_is_refused_for_whom_the_bank_does_not_know_or_want() {
    let stage = Stage::new().await;
    let customers = demo_customers();
    for (phone_no, code, message) in [
        ("6289999999999", "4040711", "Invalid Card/Account/Customer"),
        (customers[3].phone_no, "4030705", "Do Not Honor"),
        (customers[4].phone_no, "4030709", "Dormant Account"),
    ] {
        let answer = stage.shop.post(BINDING, &binding(phone_no, "cust-1")).await;
        assert_eq!(answer.code().as_deref(), Some(code));
        assert!(
            answer.message().unwrap().starts_with(message),
            "{:?}",
            answer.message()
        );
        let members = answer.json().as_object().unwrap().len();
        assert_eq!(members, 2, "an error has two members");
    }
}

#[tokio::test]
async fn a_customer_who_fails_on_the_page_is_not_linked() {
    let stage = Stage::new().await;
    let siti = demo_customers()[0].phone_no;
    for (script, ending) in [
        (
            Script {
                wrong_otp: true,
                ..Script::default()
            },
            Ending::Refused,
        ),
        (
            Script {
                cancel: true,
                ..Script::default()
            },
            Ending::Cancelled,
        ),
        (
            Script {
                wrong_pin: true,
                ..Script::default()
            },
            Ending::Refused,
        ),
    ] {
        stage.advance(Duration::from_secs(61)).await;
        let answer = stage.shop.post(BINDING, &binding(siti, "cust-1")).await;
        let body = answer.json();
        let visit = stage
            .visit(body["redirectUrl"].as_str().unwrap(), script)
            .await;
        assert_eq!(visit.ending, ending, "{visit:?}");
        assert_eq!(
            visit.sent_to.as_deref(),
            Some("https://shop.example/not-linked")
        );
        let code = body["additionalInfo"]["authCode"].as_str().unwrap();
        let refused = stage.shop.exchange(code).await;
        assert_eq!(refused.code(), Some("4017400"));
    }
}

#[tokio::test]
async fn a_customer_is_linked_once_and_an_unfinished_binding_may_be_started_again() {
    let stage = Stage::new().await;
    let siti = &demo_customers()[0];
    let older = stage
        .shop
        .post(BINDING, &binding(siti.phone_no, "cust-1"))
        .await;
    stage.linked(&stage.shop, siti, "cust-1").await;
    let visit = stage
        .visit(
            older.json()["redirectUrl"].as_str().unwrap(),
            Script::default(),
        )
        .await;
    assert_ne!(visit.ending, Ending::Completed);
    let before = stage.dump().await;
    let again = stage
        .shop
        .post(BINDING, &binding(siti.phone_no, "cust-1"))
        .await;
    assert_eq!(again.code().as_deref(), Some("4030715"));
    assert_eq!(
        again.message().as_deref(),
        Some("Transaction Not Permitted. [Account Already Registered]")
    );
    only_the_claim(&before.0, &stage.dump().await.0);
}

/// A refusal of step 10 leaves its claim and nothing else.
fn only_the_claim(before: &[String], after: &[String]) {
    let added: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert_eq!(added.len(), 1, "{added:?}");
    assert!(added[0].starts_with("external_ids"), "{added:?}");
    assert!(before.iter().all(|line| after.contains(line)));
}

#[tokio::test]
async fn payments_are_refused_for_their_money() {
    let stage = Stage::new().await;
    let customers = demo_customers();
    let (_, siti) = stage.linked(&stage.shop, &customers[0], "cust-1").await;
    let (_, dewi) = stage.linked(&stage.shop, &customers[2], "cust-3").await;
    for (token, amount, code, message) in [
        (&dewi, "1.00", "4035414", "Insufficient Funds"),
        (
            &siti,
            "999999999.00",
            "4035402",
            "Exceeds Transaction Amount Limit",
        ),
    ] {
        let number = reference("PAY");
        let answer = stage.shop.pay(token, &number, amount).await;
        assert_eq!(answer.code().as_deref(), Some(code));
        assert_eq!(answer.message().as_deref(), Some(message));
        let body = json!({"originalPartnerReferenceNo": number, "serviceCode": "54"});
        let status = stage.shop.post(STATUS, &body).await.json();
        assert_eq!(status["latestTransactionStatus"], "06");
        assert_eq!(status["originalResponseCode"], code);
        assert_eq!(status["originalResponseMessage"], message);
    }
}

#[tokio::test]
async fn parts_that_do_not_add_up_are_refused_and_leave_the_reference_free() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    let paid_from = |parts: &[(&str, &str)]| {
        let mut body = payment(&number, "1000.00");
        let parts = parts.iter().map(|(method, value)| {
            json!({"payMethod": method, "transAmount": {"value": value, "currency": "IDR"}})
        });
        body["payOptionDetails"] = parts.collect();
        body
    };
    let most = "9999999999999999.99";
    for parts in [
        &[("BALANCE", "999.99")][..],
        &[("BALANCE", "1000.01")],
        &[("BALANCE", "500.00"), ("POINT", "400.00")],
        &[("BALANCE", most), ("POINT", most)],
    ] {
        let before = stage.dump().await;
        let body = paid_from(parts);
        let answer = stage.shop.post_for(&token, PAYMENT, &body).await;
        assert_eq!(answer.code().as_deref(), Some("4045413"), "{parts:?}");
        assert_eq!(answer.message().as_deref(), Some("Invalid Amount"));
        let after = stage.dump().await;
        only_the_claim(&before.0, &after.0);
        assert_eq!(before.1, after.1, "the bank was not asked");
    }
    let right = paid_from(&[("BALANCE", "950.00"), ("POINT", "50.00")]);
    let answer = stage.shop.post_for(&token, PAYMENT, &right).await;
    assert_eq!(answer.code().as_deref(), Some("2005400"));
}

#[tokio::test]
async fn a_payment_that_fails_on_the_page_says_why() {
    let mut stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    for (script, status, ending) in [
        (
            Script {
                cancel: true,
                ..Script::default()
            },
            "05",
            Ending::Cancelled,
        ),
        (
            Script {
                wrong_pin: true,
                ..Script::default()
            },
            "06",
            Ending::Refused,
        ),
    ] {
        let number = reference("PAY");
        let answer = stage.shop.pay(&token, &number, "15000.00").await;
        let visit = stage
            .visit(answer.json()["webRedirectUrl"].as_str().unwrap(), script)
            .await;
        assert_eq!(visit.ending, ending, "{visit:?}");
        assert_eq!(
            visit.sent_to.as_deref(),
            Some("https://shop.example/not-paid")
        );
        assert_eq!(stage.shop.status_of(&number).await, status);
        stage.idle().await;
        let notice = stage.shop.notified.recv().await.unwrap();
        assert_eq!(notice.payment().unwrap().latest_transaction_status, status);
    }
}

#[tokio::test]
async fn a_customer_who_unlinks_at_the_bank_is_unlinked_here() {
    let stage = Stage::new().await;
    let siti = &demo_customers()[0];
    let (code, token) = stage.linked(&stage.shop, siti, "cust-1").await;
    let number = reference("PAY");
    stage.shop.pay(&token, &number, "15000.00").await;
    control(&stage, "unlink", json!({"phone_no": siti.phone_no})).await;
    let answer = stage.shop.post_for(&token, BALANCE, &balance()).await;
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (401, Some("4011102"))
    );
    assert_eq!(answer.message().as_deref(), Some("Invalid Customer Token"));
    let gone = stage.shop.exchange(&code).await;
    assert_eq!(gone.code(), Some("4017400"));
    stage.idle().await;
    assert_eq!(stage.shop.status_of(&number).await, "05");
    let again = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(again.code().as_deref(), Some("2000900"));
    stage.linked(&stage.shop, siti, "cust-1").await;
}

#[tokio::test]
async fn a_link_outlives_the_banks_refresh_token() {
    const MONTH: Duration = Duration::from_secs(31 * 24 * 3_600);
    let stage = Stage::new().await;
    let siti = &demo_customers()[0];
    let (code, _) = stage.linked(&stage.shop, siti, "cust-1").await;
    stage.advance(MONTH).await;
    let token = stage.shop.customer_token(&code).await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "9000.00").await;
    // The customer leaves, and the refresh token expires again: the bank says that the link is gone.
    stage.advance(MONTH).await;
    let token = stage.shop.customer_token(&code).await;
    control(&stage, "unlink", json!({"phone_no": siti.phone_no})).await;
    let gone = stage.shop.post_for(&token, BALANCE, &balance()).await;
    assert_eq!(gone.code().as_deref(), Some("4011102"));
    let answer = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(answer.code().as_deref(), Some("2000900"));
}

#[tokio::test]
async fn refunds_are_refused_for_what_was_not_paid() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    stage.shop.pay(&token, &number, "15000.00").await;
    for (number, amount, code, message) in [
        (
            number.clone(),
            "15000.00",
            "4045800",
            "Invalid Transaction Status",
        ),
        (
            reference("NONE"),
            "1.00",
            "4045801",
            "Transaction Not Found",
        ),
    ] {
        let before = stage.dump().await;
        let answer = stage.shop.refund(&number, &reference("REF"), amount).await;
        assert_eq!((answer.status, answer.code().as_deref()), (404, Some(code)));
        assert_eq!(answer.message().as_deref(), Some(message));
        only_the_claim(&before.0, &stage.dump().await.0);
    }
    let paid = reference("PAY");
    stage.paid(&stage.shop, &token, &paid, "15000.00").await;
    let before = stage.dump().await;
    let answer = stage
        .shop
        .refund(&paid, &reference("REF"), "15000.01")
        .await;
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (404, Some("4045813"))
    );
    only_the_claim(&before.0, &stage.dump().await.0);
}

#[tokio::test]
async fn a_status_is_found_by_any_id_and_only_where_they_agree() {
    let stage = Stage::new().await;
    let other = stage.another_shop("other").await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    let options = merchant_sdk::RawOptions {
        external_id: Some("555".to_owned()),
        customer_token: Some(token.clone()),
        ..Default::default()
    };
    let paid = stage
        .shop
        .send(PAYMENT, &payment(&number, "15000.00"), options)
        .await
        .json();
    let reference_no = paid["referenceNo"].as_str().unwrap();
    for body in [
        json!({"originalPartnerReferenceNo": number, "serviceCode": "54"}),
        json!({"originalReferenceNo": reference_no, "serviceCode": "55"}),
        json!({"originalExternalId": "555", "serviceCode": 54}),
        json!({"originalPartnerReferenceNo": number, "originalReferenceNo": reference_no,
               "originalExternalId": "555", "serviceCode": "55", "amount": {}}),
    ] {
        let answer = stage.shop.post(STATUS, &body).await;
        assert_eq!(answer.code().as_deref(), Some("2005500"), "{body}");
        assert_eq!(answer.json()["originalPartnerReferenceNo"], number);
        let foreign = other.post(STATUS, &body).await;
        assert_eq!(foreign.code().as_deref(), Some("4045501"), "{body}");
    }
    for body in [
        json!({"originalPartnerReferenceNo": "nothing", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": number, "originalExternalId": "556", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": number, "originalReferenceNo": "1", "serviceCode": "54"}),
    ] {
        let answer = stage.shop.post(STATUS, &body).await;
        assert_eq!(
            (answer.status, answer.code().as_deref()),
            (404, Some("4045501")),
            "{body}"
        );
        assert_eq!(answer.message().as_deref(), Some("Transaction Not Found"));
    }
}

#[tokio::test]
async fn a_past_payment_is_refunded_after_unbinding() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "15000.00").await;
    stage.shop.post(UNBINDING, &unbinding(&token)).await;
    let answer = stage
        .shop
        .post_for(
            &token,
            REFUND,
            &refund(&number, &reference("REF"), "5000.00"),
        )
        .await;
    assert_eq!(
        answer.code().as_deref(),
        Some("2005800"),
        "{:?}",
        answer.json()
    );
    let answer = stage
        .shop
        .refund(&number, &reference("REF"), "10000.00")
        .await;
    assert_eq!(answer.code().as_deref(), Some("2005800"));
    assert_eq!(stage.shop.status_of(&number).await, "04");
}

#[tokio::test]
async fn one_phone_number_starts_only_so_many_bindings_a_minute() {
    let change = |config: &mut gateway::Config| config.limits.phone_per_minute = 2;
    let stage = Stage::with(Wishes {
        change,
        ..Wishes::default()
    })
    .await;
    let siti = demo_customers()[0].phone_no;
    for wanted in ["2000700", "2000700", "4030704"] {
        let answer = stage.shop.post(BINDING, &binding(siti, "cust-1")).await;
        assert_eq!(answer.code().as_deref(), Some(wanted));
    }
    stage.advance(Duration::from_secs(61)).await;
    let answer = stage.shop.post(BINDING, &binding(siti, "cust-1")).await;
    assert_eq!(answer.code().as_deref(), Some("2000700"));
}
