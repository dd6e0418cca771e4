//! The main job: link, balance, pay, hear of it, refund, unlink.

use bank_simulator::demo_customers;
use serde_json::json;

use super::stage::*;

#[tokio::test]
async fn a_customer_links_pays_is_refunded_and_unlinks() {
    let mut stage = Stage::new().await;
    let siti = &demo_customers()[0];
    let (code, token) = stage.linked(&stage.shop, siti, "cust-1").await;

    let answer = stage.shop.post_for(&token, BALANCE, &balance()).await;
    assert_eq!(
        answer.code().as_deref(),
        Some("2001100"),
        "{:?}",
        answer.json()
    );
    let infos = answer.json()["accountInfos"].clone();
    assert_eq!(infos[0]["balanceType"], "BALANCE");
    assert_eq!(infos[0]["availableBalance"]["value"], "10000000.00");

    let reference = reference("PAY");
    stage
        .paid(&stage.shop, &token, &reference, "15000.00")
        .await;
    stage.idle().await;
    let notice = stage.shop.notified.recv().await.unwrap();
    let told = notice.payment().unwrap();
    assert_eq!(told.original_partner_reference_no, reference);
    assert_eq!(told.latest_transaction_status, "00");

    let first = stage
        .shop
        .refund(&reference, &super::stage::reference("REF"), "5000.00")
        .await;
    assert_eq!(
        first.code().as_deref(),
        Some("2005800"),
        "{:?}",
        first.json()
    );
    let second = stage
        .shop
        .refund(&reference, &super::stage::reference("REF"), "10000.00")
        .await;
    assert_eq!(
        second.code().as_deref(),
        Some("2005800"),
        "{:?}",
        second.json()
    );
    let third = stage
        .shop
        .refund(&reference, &super::stage::reference("REF"), "0.01")
        .await;
    assert_eq!(
        third.code().as_deref(),
        Some("4045813"),
        "{:?}",
        third.json()
    );
    assert_eq!(stage.shop.status_of(&reference).await, "04");

    let answer = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(
        answer.code().as_deref(),
        Some("2000900"),
        "{:?}",
        answer.json()
    );
    let answer = stage
        .shop
        .pay(&token, &super::stage::reference("PAY"), "1000.00")
        .await;
    assert_eq!(
        answer.code().as_deref(),
        Some("4015402"),
        "{:?}",
        answer.json()
    );
    let body = json!({"grantType": "authorization_code", "authCode": code});
    let options = merchant_sdk::RawOptions {
        signature: merchant_sdk::Signature::Asymmetric,
        ..Default::default()
    };
    let answer = stage
        .shop
        .send(snap::paths::TOKEN_B2B2C, &body, options)
        .await;
    assert_eq!(
        answer.code().as_deref(),
        Some("4017400"),
        "{:?}",
        answer.json()
    );
}
