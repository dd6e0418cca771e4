//! A bank that goes down, falls silent, or loses a part of everything, and comes back.

use merchant_sdk::pages::Script;
use serde_json::{Value, json};
use snap::paths;

use super::calls::status;
use super::faults::{SECOND, bank_lines, books_agree_on, heard, linked, page, settle, told};
use super::stage::*;

async fn no_refund_is_open(stage: &Stage) -> bool {
    let s = stage.app().store.reader();
    !storage::refunds::is_due(&s, i64::MAX).await.unwrap()
}

async fn arm(stage: &Stage, fault: Value) {
    let url = format!("{}/control/fault", stage.bank.url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(url).body(fault.to_string());
    assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
}

async fn clear(stage: &Stage) {
    let url = format!("{}/control/fault", stage.bank.url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(
        client.delete(url).send().await.unwrap().status().as_u16(),
        200
    );
}

#[tokio::test]
async fn a_payment_of_which_the_bank_never_tells_is_found_by_asking() {
    let (mut stage, token) = linked().await;
    let number = reference("PAY");
    let answer = stage.shop.pay(&token, &number, "1000.00").await;
    arm(&stage, json!({"operation": "notify", "outcome": "silent"})).await;
    // The browser comes back, and the bank's answer about that is lost as well.
    arm(&stage, json!({"operation": "status", "outcome": "lost"})).await;
    stage.visit(&page(&answer), Script::default()).await;
    assert_eq!(bank_lines(&stage, "notifications").await.len(), 0);
    settle(&stage, 18, 60 * SECOND).await;
    assert_eq!(stage.shop.status_of(&number).await, "00");
    assert_eq!(told(&mut stage, &number).await, ["00"]);
    books_agree_on(&stage, 100_000).await;
}

#[tokio::test]
async fn a_bank_that_goes_down_and_comes_back_has_nothing_twice() {
    let (mut stage, token) = linked().await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "9000.00").await;
    assert_eq!(told(&mut stage, &number).await, ["00"]);
    arm(
        &stage,
        json!({"operation": "any", "outcome": "down", "share": 1}),
    )
    .await;
    let (unheard, refund_no) = (reference("PAY"), reference("REF"));
    let answer = stage.shop.pay(&token, &unheard, "1000.00").await;
    assert_eq!(heard(&answer), (504, "5045400".to_owned()));
    let open = stage.shop.refund(&number, &refund_no, "4000.00").await;
    assert_eq!(heard(&open), (202, "2025800".to_owned()));
    settle(&stage, 3, 30 * SECOND).await;
    assert_eq!(stage.shop.status_of(&unheard).await, "03");
    clear(&stage).await;
    // The breaker rests by the wall clock.
    until("the bank is asked again", async || {
        settle(&stage, 1, 60 * SECOND).await;
        stage.shop.status_of(&unheard).await == "05"
    })
    .await;
    settle(&stage, 2, 60 * SECOND).await;
    let done = stage.shop.refund(&number, &refund_no, "4000.00").await;
    assert_eq!(heard(&done), (200, "2005800".to_owned()));
    assert_eq!(told(&mut stage, &unheard).await, ["05"]);
    books_agree_on(&stage, 500_000).await;
}

#[tokio::test]
async fn a_bank_that_loses_a_part_of_everything_is_brought_to_one_truth() {
    let (mut stage, token) = linked().await;
    for (operation, outcome) in [
        ("payment", "lost"),
        ("payment", "5045400"),
        ("status", "lost"),
        ("cancel", "lost"),
        ("refund", "lost"),
        ("notify", "twice"),
    ] {
        let fault = json!({"operation": operation, "outcome": outcome, "share": 0.3, "seed": 11});
        arm(&stage, fault).await;
    }
    let mut numbers = Vec::new();
    for _ in 0..8 {
        let number = reference("PAY");
        let answer = stage.shop.pay(&token, &number, "1000.00").await;
        if answer.status == 200 {
            stage.visit(&page(&answer), Script::default()).await;
            let refund_no = reference("REF");
            stage.shop.refund(&number, &refund_no, "400.00").await;
        }
        // What the breaker refuses leaves no trace.
        let asked = stage.shop.post(STATUS, &status(&number)).await;
        if asked.code().as_deref() != Some("4045501") {
            numbers.push(number);
        }
        stage.idle().await;
    }
    settle(&stage, 25, 60 * SECOND).await;
    clear(&stage).await;
    // The breaker rests by the wall clock.
    let mut paid = 0;
    until("every payment has ended", async || {
        settle(&stage, 2, 300 * SECOND).await;
        let mut ended = 0;
        paid = 0;
        for number in &numbers {
            let status = stage.shop.status_of(number).await;
            ended += usize::from(["00", "05"].contains(&status.as_str()));
            paid += i64::from(status == "00");
        }
        ended == numbers.len() && no_refund_is_open(&stage).await
    })
    .await;
    assert!(paid > 0);
    let expected = paid * 100_000;
    let refunds = bank_lines(&stage, "refunds").await;
    let refunded: i64 = refunds
        .iter()
        .map(|row| row["amount"].as_i64().unwrap())
        .sum();
    books_agree_on(&stage, expected - refunded).await;
    let debits = bank_lines(&stage, "movements").await;
    let debits = debits.iter().filter(|row| row["kind"] == "payment").count();
    assert_eq!(i64::try_from(debits).unwrap() * 100_000, expected);
    stage.idle().await;
    let mut notified = 0;
    while stage.shop.notified.try_recv().is_ok() {
        notified += 1;
    }
    assert_eq!(notified, numbers.len(), "each was told of once");
    assert!(stage.wire.calls(paths::BANK_STATUS) > 0);
}

#[tokio::test]
async fn a_bank_that_will_not_be_asked_again_fails_no_refund() {
    let (stage, token) = linked().await;
    for code in ["4015800", "4045801", "4035806"] {
        let (number, refund_no) = (reference("PAY"), reference("REF"));
        stage.paid(&stage.shop, &token, &number, "9000.00").await;
        arm(&stage, json!({"operation": "refund", "outcome": "lost"})).await;
        let answer = stage.shop.refund(&number, &refund_no, "9000.00").await;
        assert_eq!(heard(&answer), (202, "2025800".to_owned()));
        // As with a secret that was changed on one side only.
        let asked = stage.wire.calls(paths::BANK_REFUND);
        arm(
            &stage,
            json!({"operation": "refund", "outcome": code, "share": 1}),
        )
        .await;
        settle(&stage, 3, 6 * SECOND).await;
        assert!(stage.wire.calls(paths::BANK_REFUND) > asked);
        let more = stage
            .shop
            .refund(&number, &reference("REF"), "9000.00")
            .await;
        assert_eq!(more.code().as_deref(), Some("4045813"), "{code}");
        clear(&stage).await;
        settle(&stage, 3, 60 * SECOND).await;
        let again = stage.shop.refund(&number, &refund_no, "9000.00").await;
        assert_eq!(heard(&again), (200, "2005800".to_owned()), "{code}");
    }
    books_agree_on(&stage, 0).await;
}
