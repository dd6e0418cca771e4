//! A bank at its worst: whatever it does wrong, money moves at most once, the merchant is told once, and
//! the gateway's journal and the bank's books agree in the end.

use std::time::Duration;

use bank_simulator::demo_customers;
use direct_debit::{Account, MerchantId};
use merchant_sdk::Answer;
use merchant_sdk::pages::{Ending, Script};
use serde_json::Value;

use super::stage::*;

pub const SECOND: Duration = Duration::from_secs(1);
/// Demo customers with whom something goes wrong.
const BINDING_LOST: usize = 6;
const UNBINDING_OPEN: usize = 7;
const BALANCE_SILENT: usize = 8;
const REFUND_OPEN: usize = 9;

/// A gateway that does not wait long for its bank.
fn impatient(config: &mut gateway::Config) {
    for bank in config.banks.values_mut() {
        bank.timeout_ms = 2_000;
    }
}

pub async fn linked() -> (Stage, String) {
    let stage = Stage::with(Wishes {
        change: impatient,
        ..Wishes::default()
    })
    .await;
    let siti = &demo_customers()[0];
    let (_, token) = stage.linked(&stage.shop, siti, "cust-1").await;
    (stage, token)
}

/// Lets time pass in steps until nothing is left to do.
pub async fn settle(stage: &Stage, steps: u32, step: Duration) {
    for _ in 0..steps {
        stage.idle().await;
        stage.advance(step).await;
    }
    stage.idle().await;
}

pub async fn bank_lines(stage: &Stage, table: &str) -> Vec<Value> {
    let (_, dump) = stage.dump().await;
    let lines = dump.as_str().unwrap().lines();
    let rows = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["table"] == table).collect()
}

async fn gateway_rows(stage: &Stage, table: &str) -> usize {
    let all = stage.app().store.dump().await.unwrap();
    all.iter().filter(|row| row.starts_with(table)).count()
}

/// What the gateway says that the bank owes, and what the bank has taken from its customers.
pub async fn books_agree_on(stage: &Stage, expected: i64) {
    let (s, shop) = (stage.app().store.reader(), MerchantId::new("shop"));
    let totals = storage::postings::totals(&s, &shop, 0, i64::MAX).await;
    let ours: i64 = totals
        .unwrap()
        .iter()
        .filter(|total| total.account == Account::Bank)
        .map(|total| total.amount_sen)
        .sum();
    let accounts = bank_lines(stage, "accounts").await;
    let clearing = accounts.iter().find(|row| row["id"] == "bank:CLEARING");
    let theirs = clearing.unwrap()["balance"].as_i64().unwrap();
    assert_eq!((ours, theirs), (expected, expected));
    let unbalanced = storage::postings::unbalanced(&s, &shop).await.unwrap();
    assert_eq!(unbalanced, Vec::<String>::new());
}

/// The statuses that the merchant was told of for a payment, each notification once.
pub async fn told(stage: &mut Stage, number: &str) -> Vec<String> {
    stage.idle().await;
    let mut seen = std::collections::BTreeMap::new();
    while let Ok(notice) = stage.shop.notified.try_recv() {
        let payment = notice.payment().unwrap();
        if payment.original_partner_reference_no == number {
            let status = payment.latest_transaction_status.clone();
            let before = seen.insert(notice.external_id.clone(), status);
            assert_eq!(before, None, "told again although it was accepted");
        }
    }
    seen.into_values().collect()
}

pub fn heard(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code().unwrap())
}

pub fn page(answer: &Answer) -> String {
    let body = answer.json();
    body["webRedirectUrl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_payment_that_its_sen_refuse_has_failed_and_moves_nothing() {
    let (mut stage, token) = linked().await;
    for (amount, code) in [
        ("1000.02", "4035402"),
        ("1000.05", "4035405"),
        ("1000.14", "4035414"),
    ] {
        let number = reference("PAY");
        for _ in 0..2 {
            let answer = stage.shop.pay(&token, &number, amount).await;
            assert_eq!(heard(&answer), (403, code.to_owned()));
        }
        assert_eq!(stage.shop.status_of(&number).await, "06");
        assert_eq!(told(&mut stage, &number).await, ["06"]);
    }
    books_agree_on(&stage, 0).await;
}

#[tokio::test]
async fn a_payment_whose_answer_is_late_or_lost_gets_its_page_and_is_debited_once() {
    let (mut stage, token) = linked().await;
    let mut debited = 0;
    for (amount, sen) in [("1000.50", 100_050), ("1000.52", 100_052)] {
        let number = reference("PAY");
        let answer = stage.shop.pay(&token, &number, amount).await;
        assert_eq!(heard(&answer), (504, "5045400".to_owned()), "{amount}");
        assert_eq!(stage.shop.status_of(&number).await, "03");
        settle(&stage, 1, 6 * SECOND).await;
        assert_eq!(stage.shop.status_of(&number).await, "02", "{amount}");
        let again = stage.shop.pay(&token, &number, amount).await;
        assert_eq!(heard(&again), (200, "2005400".to_owned()));
        let visit = stage.visit(&page(&again), Script::default()).await;
        assert_eq!(visit.ending, Ending::Completed, "{visit:?}");
        assert_eq!(stage.shop.status_of(&number).await, "00");
        assert_eq!(told(&mut stage, &number).await, ["00"]);
        debited += sen;
        books_agree_on(&stage, debited).await;
    }
}

#[tokio::test]
async fn a_payment_that_is_never_answered_is_cancelled_and_nothing_moves() {
    let (mut stage, token) = linked().await;
    let number = reference("PAY");
    let answer = stage.shop.pay(&token, &number, "1000.51").await;
    assert_eq!(heard(&answer), (504, "5045400".to_owned()));
    settle(&stage, 1, 6 * SECOND).await;
    assert_eq!(stage.shop.status_of(&number).await, "03");
    settle(&stage, 2, 40 * SECOND).await;
    assert_eq!(stage.shop.status_of(&number).await, "05");
    assert_eq!(told(&mut stage, &number).await, ["05"]);
    let again = stage.shop.pay(&token, &number, "1000.51").await;
    assert_eq!(heard(&again).1, "4035400");
    assert_eq!(bank_lines(&stage, "payments").await.len(), 0);
    books_agree_on(&stage, 0).await;
}

#[tokio::test]
async fn a_payment_that_is_left_open_waits_for_the_bank_and_then_for_its_customer() {
    let (mut stage, token) = linked().await;
    let number = reference("PAY");
    for _ in 0..2 {
        let answer = stage.shop.pay(&token, &number, "1000.57").await;
        assert_eq!(heard(&answer), (202, "2025400".to_owned()));
    }
    settle(&stage, 2, 6 * SECOND).await;
    assert_eq!(stage.shop.status_of(&number).await, "03");
    settle(&stage, 4, 8 * SECOND).await;
    assert_eq!(stage.shop.status_of(&number).await, "02");
    let again = stage.shop.pay(&token, &number, "1000.57").await;
    assert_eq!(heard(&again), (200, "2005400".to_owned()));
    stage.visit(&page(&again), Script::default()).await;
    assert_eq!(stage.shop.status_of(&number).await, "00");
    assert_eq!(told(&mut stage, &number).await, ["00"]);
    books_agree_on(&stage, 100_057).await;
}

#[tokio::test]
async fn a_notify_that_comes_twice_or_late_tells_the_merchant_once() {
    let (mut stage, token) = linked().await;
    for (amount, attempts) in [("1000.53", 2), ("1000.54", 1)] {
        let number = reference("PAY");
        stage.paid(&stage.shop, &token, &number, amount).await;
        stage.advance(61 * SECOND).await;
        until("the bank has notified", async || {
            let notices = bank_lines(&stage, "notifications").await;
            let last = notices.iter().max_by_key(|row| row["due_at"].as_i64());
            let last = last.unwrap();
            last["state"] == "delivered" && last["attempts"] == attempts
        })
        .await;
        assert_eq!(told(&mut stage, &number).await, ["00"], "{amount}");
        assert_eq!(stage.shop.status_of(&number).await, "00");
    }
    books_agree_on(&stage, 200_107).await;
}

#[tokio::test]
async fn a_notify_overtakes_the_answer_and_the_answer_adds_the_page() {
    let (mut stage, token) = linked().await;
    let number = reference("PAY");
    let answer = stage.shop.pay(&token, &number, "1000.55").await;
    assert_eq!(heard(&answer), (200, "2005400".to_owned()));
    assert_eq!(stage.shop.status_of(&number).await, "00");
    let (s, shop) = (stage.app().store.reader(), MerchantId::new("shop"));
    let found = storage::payments::by_partner_reference_no(&s, &shop, &number).await;
    let payment = found.unwrap().unwrap();
    assert!(payment.bank_page.is_some() && payment.bank_reference_no.is_some());
    assert_eq!(told(&mut stage, &number).await, ["00"]);
    let visit = stage.visit(&page(&answer), Script::default()).await;
    assert_eq!(visit.ending, Ending::Completed, "{visit:?}");
    let again = stage.shop.pay(&token, &number, "1000.55").await;
    assert_eq!(page(&again), page(&answer));
    assert_eq!(told(&mut stage, &number).await, Vec::<String>::new());
    books_agree_on(&stage, 100_055).await;
}

#[tokio::test]
async fn forged_notifies_book_nothing_and_raise_an_alarm() {
    let (mut stage, token) = linked().await;
    let number = reference("PAY");
    let answer = stage.shop.pay(&token, &number, "1000.56").await;
    assert_eq!(heard(&answer), (200, "2005400".to_owned()));
    until("the forged ones are sent", async || {
        bank_lines(&stage, "forgeries").await.is_empty()
    })
    .await;
    assert_eq!(told(&mut stage, &number).await, Vec::<String>::new());
    assert_eq!(stage.shop.status_of(&number).await, "02");
    assert_eq!(gateway_rows(&stage, "postings").await, 0);
    // The well signed one names another amount; who signed the other one is a stranger.
    assert_eq!(gateway_rows(&stage, "alarms").await, 1);
    books_agree_on(&stage, 0).await;
    let visit = stage.visit(&page(&answer), Script::default()).await;
    assert_eq!(visit.ending, Ending::Completed, "{visit:?}");
    assert_eq!(told(&mut stage, &number).await, ["00"]);
    books_agree_on(&stage, 100_056).await;
}

#[tokio::test]
async fn a_refund_goes_back_once_whatever_its_sen_ask_for() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "20000.00").await;
    let mut left = 2_000_000;
    for (amount, code) in [
        ("1000.02", "4035802"),
        ("1000.05", "4035805"),
        ("1000.14", "4035814"),
        ("1000.50", "2025800"),
        ("1000.51", "2025800"),
        ("1000.52", "2025800"),
        ("1000.53", "2005800"),
        ("1000.57", "2025800"),
    ] {
        let refund_no = reference("REF");
        let answer = stage.shop.refund(&number, &refund_no, amount).await;
        assert_eq!(heard(&answer).1, code, "{amount}");
        settle(&stage, 5, 10 * SECOND).await;
        let again = stage.shop.refund(&number, &refund_no, amount).await;
        let refused = code.starts_with("403");
        let expected = if refused { code } else { "2005800" };
        assert_eq!(heard(&again).1, expected, "{amount}");
        if !refused {
            left -= snap::Amount::parse(amount).unwrap().sen();
        }
        books_agree_on(&stage, left).await;
    }
    // What was refused is not reserved any more.
    let rest = snap::Amount::from_sen(left).unwrap().to_string();
    let whole = stage.shop.refund(&number, &reference("REF"), &rest).await;
    assert_eq!(heard(&whole).1, "2005800");
    books_agree_on(&stage, 0).await;
    assert_eq!(stage.shop.status_of(&number).await, "04");
}

#[tokio::test]
async fn a_binding_whose_answer_is_lost_may_be_started_again() {
    let (stage, _) = linked().await;
    let maya = &demo_customers()[BINDING_LOST];
    let body = binding(maya.phone_no, "cust-2");
    let lost = stage.shop.post(BINDING, &body).await;
    assert_eq!(heard(&lost), (504, "5040700".to_owned()));
    stage.idle().await;
    stage.linked(&stage.shop, maya, "cust-2").await;
    settle(&stage, 2, 6 * SECOND).await;
    // Of the two links that the bank began for her, one is left; the third one is Siti's.
    let links = bank_lines(&stage, "links").await;
    let mut states: Vec<&str> = links
        .iter()
        .map(|link| link["state"].as_str().unwrap())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["failed", "linked", "linked"], "{links:?}");
}

#[tokio::test]
async fn customers_with_whom_something_goes_wrong_come_to_an_end_all_the_same() {
    let (stage, _) = linked().await;
    let customer = |index: usize| &demo_customers()[index];
    let hendra = customer(UNBINDING_OPEN);
    let (_, token) = stage.linked(&stage.shop, hendra, "hendra").await;
    let open = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(heard(&open), (202, "2020900".to_owned()));
    settle(&stage, 5, 10 * SECOND).await;
    let done = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(heard(&done), (200, "2000900".to_owned()));

    let lina = customer(BALANCE_SILENT);
    let (_, token) = stage.linked(&stage.shop, lina, "lina").await;
    let silent = stage.shop.post_for(&token, BALANCE, &balance()).await;
    assert_eq!(heard(&silent), (504, "5041100".to_owned()));

    let rizky = customer(REFUND_OPEN);
    let (_, token) = stage.linked(&stage.shop, rizky, "rizky").await;
    let (number, refund_no) = (reference("PAY"), reference("REF"));
    stage.paid(&stage.shop, &token, &number, "5000.00").await;
    let open = stage.shop.refund(&number, &refund_no, "5000.00").await;
    assert_eq!(heard(&open), (202, "2025800".to_owned()));
    settle(&stage, 5, 10 * SECOND).await;
    let done = stage.shop.refund(&number, &refund_no, "5000.00").await;
    assert_eq!(heard(&done), (200, "2005800".to_owned()));
    assert_eq!(stage.shop.status_of(&number).await, "04");
    books_agree_on(&stage, 0).await;
}
