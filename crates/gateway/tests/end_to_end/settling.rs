//! What a crash, a silent bank or an absent customer leaves is brought to its end by asking the bank.

use std::sync::Arc;
use std::time::Duration;

use bank_simulator::demo_customers;
use merchant_sdk::pages::{Ending, Script};
use snap::paths;
use storage::{Lease, Point, bindings, payments};

use super::stage::*;
use super::wire::Cut;

const MINUTE: Duration = Duration::from_secs(60);

/// A linked customer.
async fn linked() -> (Stage, String) {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    (stage, token)
}

/// Lets time pass in steps until nothing is left to do.
async fn settle(stage: &Stage, minutes: u32) {
    for _ in 0..minutes {
        stage.idle().await;
        stage.advance(MINUTE).await;
    }
    stage.idle().await;
}

async fn balance_of(stage: &Stage, token: &str) -> String {
    let answer = stage.shop.post_for(token, BALANCE, &balance()).await;
    answer.json()["accountInfos"][0]["amount"]["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_payment_that_the_bank_never_heard_of_is_cancelled_after_the_banks_window() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.wire.cut(paths::BANK_PAYMENT, Cut::Before, 1);
    let answer = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (504, Some("5045400"))
    );
    assert_eq!(stage.shop.status_of(&number).await, "03");
    // A repeat under the same reference hears the row's present truth.
    let again = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(again.code().as_deref(), Some("2025400"));
    stage.idle().await;
    assert_eq!(stage.shop.status_of(&number).await, "03");
    settle(&stage, 3).await;
    assert_eq!(stage.shop.status_of(&number).await, "05");
    let ended = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(ended.code().as_deref(), Some("4035400"));
    assert_eq!(ended.message().as_deref(), Some("Transaction Expired"));
    assert_eq!(balance_of(&stage, &token).await, "10000000.00");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_gives_the_same_page() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.wire.cut(paths::BANK_PAYMENT, Cut::After, 1);
    let answer = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(answer.code().as_deref(), Some("5045400"));
    stage.advance(Duration::from_secs(6)).await;
    stage.idle().await;
    assert_eq!(stage.shop.status_of(&number).await, "02");
    let again = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(again.code().as_deref(), Some("2005400"));
    let url = again.json()["webRedirectUrl"].as_str().unwrap().to_owned();
    assert_eq!(
        stage.visit(&url, Script::default()).await.ending,
        Ending::Completed
    );
    assert_eq!(stage.shop.status_of(&number).await, "00");
    assert_eq!(balance_of(&stage, &token).await, "9985000.00");
}

#[tokio::test]
async fn a_crash_before_the_second_commit_charges_nobody_twice() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage
        .app()
        .store
        .set_hook(Some(Arc::new(|point, name| match (point, name) {
            (Point::BeforeCommit, "pay: end") => Err(storage::Error::corrupt(
                "payments",
                "test",
                "the process dies here",
            )),
            _ => Ok(()),
        })));
    let answer = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (500, Some("5005401"))
    );
    stage.app().store.set_hook(None);
    assert_eq!(stage.shop.status_of(&number).await, "01");
    settle(&stage, 1).await;
    assert_eq!(stage.shop.status_of(&number).await, "02");
    let again = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(again.code().as_deref(), Some("2005400"));
    assert_eq!(stage.wire.calls(paths::BANK_PAYMENT), 2);
}

#[tokio::test]
async fn an_answer_that_was_stored_but_lost_is_given_again() {
    let (stage, token) = linked().await;
    let body = payment(&reference("PAY"), "15000.00");
    let options = || merchant_sdk::RawOptions {
        external_id: Some("77".to_owned()),
        customer_token: Some(token.clone()),
        ..Default::default()
    };
    stage
        .app()
        .store
        .set_hook(Some(Arc::new(|point, name| match (point, name) {
            (Point::AfterCommit, "pay: end") => Err(storage::Error::corrupt(
                "payments",
                "test",
                "the process dies here",
            )),
            _ => Ok(()),
        })));
    let lost = stage.shop.send(PAYMENT, &body, options()).await;
    assert_eq!(lost.status, 500);
    stage.app().store.set_hook(None);
    let again = stage.shop.send(PAYMENT, &body, options()).await;
    assert_eq!(
        (again.status, again.code().as_deref()),
        (409, Some("2005400"))
    );
}

#[tokio::test]
async fn a_customer_who_never_comes_ends_in_a_cancellation_that_the_bank_confirmed() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.shop.pay(&token, &number, "15000.00").await;
    stage.advance(15 * MINUTE).await;
    stage.idle().await;
    // The page is over, and yet only the bank's word ends the payment.
    stage.wire.cut(paths::BANK_CANCEL, Cut::Before, u32::MAX);
    stage.wire.cut(paths::BANK_STATUS, Cut::Before, u32::MAX);
    settle(&stage, 2).await;
    assert_eq!(stage.shop.status_of(&number).await, "02");
    stage.wire.mend();
    settle(&stage, 10).await;
    assert_eq!(stage.shop.status_of(&number).await, "05");
}

#[tokio::test]
async fn a_payment_made_while_the_gateway_could_not_ask_is_found() {
    let stage = Stage::new().await;
    let (code, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    let answer = stage.shop.pay(&token, &number, "15000.00").await;
    let url = answer.json()["webRedirectUrl"].as_str().unwrap().to_owned();
    stage.wire.cut(paths::BANK_STATUS, Cut::Before, 1);
    stage.visit(&url, Script::default()).await;
    settle(&stage, 20).await;
    assert_eq!(stage.shop.status_of(&number).await, "00");
    let token = stage.shop.customer_token(&code).await;
    assert_eq!(balance_of(&stage, &token).await, "9985000.00");
}

#[tokio::test]
async fn a_refund_that_was_left_open_is_asked_again_under_its_own_id() {
    let (stage, token) = linked().await;
    for (cut, code) in [
        (Cut::Before, "2025800"),
        (Cut::After, "2025800"),
        (Cut::Open, "2025800"),
    ] {
        let (number, refund_no) = (reference("PAY"), reference("REF"));
        stage.paid(&stage.shop, &token, &number, "15000.00").await;
        stage.wire.cut(paths::BANK_REFUND, cut, 1);
        let answer = stage.shop.refund(&number, &refund_no, "15000.00").await;
        assert_eq!(
            (answer.status, answer.code().as_deref()),
            (202, Some(code)),
            "{cut:?}"
        );
        // Its amount stays reserved.
        let more = stage.shop.refund(&number, &reference("REF"), "0.01").await;
        assert_eq!(more.code().as_deref(), Some("4045813"));
        settle(&stage, 1).await;
        assert_eq!(stage.shop.status_of(&number).await, "04");
        let again = stage.shop.refund(&number, &refund_no, "15000.00").await;
        assert_eq!(
            (again.status, again.code().as_deref()),
            (200, Some("2005800"))
        );
    }
    assert_eq!(balance_of(&stage, &token).await, "10000000.00");
}

#[tokio::test]
async fn an_unbinding_that_was_left_open_goes_on_until_the_bank_confirms() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.shop.pay(&token, &number, "15000.00").await;
    stage.wire.cut(paths::BANK_UNBINDING, Cut::Before, 1);
    let answer = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (202, Some("2020900"))
    );
    // The tokens are dead at once, and open payments are over.
    let late = stage.shop.post_for(&token, BALANCE, &balance()).await;
    assert_eq!(late.code().as_deref(), Some("4011102"));
    assert_eq!(stage.shop.status_of(&number).await, "05");
    settle(&stage, 2).await;
    let again = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(
        (again.status, again.code().as_deref()),
        (200, Some("2000900"))
    );
    // And the customer may link again.
    stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
}

#[tokio::test]
async fn open_payments_are_cancelled_before_the_link_ends_even_those_another_process_had_claimed() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.shop.pay(&token, &number, "15000.00").await;
    stage.wire.cut(paths::BANK_CANCEL, Cut::Before, 1);
    stage.wire.cut(paths::BANK_UNBINDING, Cut::Before, 1);
    let answer = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(answer.code().as_deref(), Some("2020900"));
    // The payment is in the hands of a gateway that died with it.
    let now_ms = stage.app().clock.business_now_ms();
    let lease = &Lease {
        now_ms: now_ms + 30_000,
        until_ms: now_ms + 3_600_000,
        owner: "dead".to_owned(),
    };
    let claimed = stage.app().store.transact("claim", |s| async move {
        payments::claim_due(&s, lease, 8).await
    });
    assert_eq!(claimed.await.unwrap().len(), 1);
    settle(&stage, 2).await;
    assert_eq!(stage.shop.status_of(&number).await, "05");
    let asked = stage.wire.heard();
    let ways = asked
        .iter()
        .filter(|path| [paths::BANK_CANCEL, paths::BANK_UNBINDING].contains(&path.as_str()));
    assert_eq!(
        ways.collect::<Vec<_>>(),
        [
            paths::BANK_CANCEL,
            paths::BANK_UNBINDING,
            paths::BANK_CANCEL,
            paths::BANK_UNBINDING
        ]
    );
}

#[tokio::test]
async fn a_binding_that_nobody_finished_expires_and_its_link_is_ended() {
    let stage = Stage::new().await;
    let siti = &demo_customers()[0];
    let answer = stage
        .shop
        .post(BINDING, &binding(siti.phone_no, "cust-1"))
        .await;
    let code = answer.json()["additionalInfo"]["authCode"]
        .as_str()
        .unwrap()
        .to_owned();
    let early = stage.shop.exchange(&code).await;
    assert_eq!(early.code(), Some("4017400"));
    settle(&stage, 17).await;
    let url = answer.json()["redirectUrl"].as_str().unwrap().to_owned();
    let visit = stage.visit(&url, Script::default()).await;
    assert_ne!(visit.ending, Ending::Completed);
    let late = stage.shop.exchange(&code).await;
    assert_eq!(late.code(), Some("4017400"));
    stage.linked(&stage.shop, siti, "cust-1").await;
}

#[tokio::test]
async fn a_link_that_the_bank_does_not_know_is_ended_again_when_it_cannot_come_to_know_it() {
    let stage = Stage::new().await;
    let siti = &demo_customers()[0];
    stage.wire.cut(paths::BANK_BINDING, Cut::Before, 1);
    let wanted = binding(siti.phone_no, "cust-1");
    let lost = stage.shop.post(BINDING, &wanted).await;
    assert_eq!(lost.code().as_deref(), Some("5040700"));
    // Another attempt takes its place: nobody wants the first link any more.
    let second = stage.shop.post(BINDING, &wanted).await;
    assert_eq!(second.code().as_deref(), Some("2000700"));
    settle(&stage, 3).await;
    assert!(stage.wire.calls(paths::BANK_UNBINDING) > 1);
    let now_ms = stage.app().clock.business_now_ms();
    let open = bindings::is_due(&stage.app().store.reader(), now_ms).await;
    assert!(!open.unwrap());
}

#[tokio::test]
async fn the_bank_being_down_is_said_before_anything_is_claimed() {
    let (stage, token) = linked().await;
    stage.wire.cut(paths::BANK_PAYMENT, Cut::Before, 100);
    for _ in 0..5 {
        let answer = stage.shop.pay(&token, &reference("PAY"), "1000.00").await;
        assert_eq!(answer.code().as_deref(), Some("5045400"));
    }
    stage.wire.mend();
    let before = stage.app().store.dump().await.unwrap();
    let number = reference("PAY");
    let body = payment(&number, "1000.00");
    let options = || merchant_sdk::RawOptions {
        external_id: Some("88".to_owned()),
        customer_token: Some(token.clone()),
        ..Default::default()
    };
    let refused = stage.shop.send(PAYMENT, &body, options()).await;
    assert_eq!(
        (refused.status, refused.code().as_deref()),
        (504, Some("5045400"))
    );
    assert_eq!(stage.app().store.dump().await.unwrap(), before);
    until("the breaker lets a call through", async || {
        stage.shop.send(PAYMENT, &body, options()).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_customer_may_be_linked_again_while_the_old_link_is_still_ending() {
    let (stage, old) = linked().await;
    let siti = &demo_customers()[0];
    stage.wire.cut(paths::BANK_UNBINDING, Cut::Before, u32::MAX);
    let answer = stage.shop.post(UNBINDING, &unbinding(&old)).await;
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (202, Some("2020900"))
    );
    stage.advance(MINUTE).await;
    let (code, new) = stage.linked(&stage.shop, siti, "cust-1").await;
    let dead = stage.shop.post_for(&old, BALANCE, &balance()).await;
    assert_eq!(dead.code().as_deref(), Some("4011102"));
    // Nobody else may have the account meanwhile.
    stage.advance(MINUTE).await;
    let other = stage
        .shop
        .post(BINDING, &binding(siti.phone_no, "cust-2"))
        .await;
    let page = other.json()["redirectUrl"].as_str().unwrap().to_owned();
    let visit = stage.visit(&page, Script::default()).await;
    assert_eq!(visit.ending, Ending::Refused, "{visit:?}");
    // The bank confirms the old link's end, and the new one is none the worse.
    stage.wire.mend();
    settle(&stage, 3).await;
    let repeated = stage.shop.post(UNBINDING, &unbinding(&old)).await;
    assert_eq!(repeated.code().as_deref(), Some("2000900"));
    assert_eq!(balance_of(&stage, &new).await, "10000000.00");
    let token = stage.shop.customer_token(&code).await;
    stage
        .paid(&stage.shop, &token, &reference("PAY"), "15000.00")
        .await;
}
