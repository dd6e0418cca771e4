//! Several gateways on one database: duplicates that reach different gateways have one effect, a dead
//! one's work is taken over, and a stopping one leaves nothing behind. SQLite carries one gateway: there
//! the duplicates meet in one, and the other gateway is the same one started again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bank_simulator::demo_customers;
use futures_util::future::join_all;
use gateway::config::{Background, Config};
use merchant_sdk::{Answer, RawOptions};
use snap::paths;

use super::stage::*;
use super::wire::Cut;

const AT_ONCE: usize = 64;

async fn linked(wishes: Wishes) -> (Stage, String) {
    let stage = Stage::with(wishes).await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    (stage, token)
}

/// The shop at every gateway that this engine can carry at once.
async fn shops(stage: &Stage) -> (Vec<Shop>, Option<gateway::Running>) {
    let first = stage.shop.at(&stage.gateway.url);
    match crate::ENGINE {
        Engine::Sqlite => (vec![first], None),
        Engine::Postgres => {
            let other = stage.another_gateway(|_| {}).await;
            (vec![first, stage.shop.at(&other.url)], Some(other))
        }
    }
}

/// Sends the same request many times at once, in turn to each gateway.
async fn duplicates(
    shops: &[Shop],
    path: &str,
    body: &serde_json::Value,
    token: Option<&str>,
    external_id: Option<&str>,
) -> Vec<Answer> {
    let one = |number: usize| {
        let options = RawOptions {
            external_id: external_id.map(str::to_owned),
            customer_token: token.map(str::to_owned),
            ..Default::default()
        };
        shops[number % shops.len()].send(path, body, options)
    };
    join_all((0..AT_ONCE).map(one)).await
}

async fn rows(stage: &Stage, table: &str) -> usize {
    let all = stage.app().store.dump().await.unwrap();
    all.iter().filter(|line| line.starts_with(table)).count()
}

fn codes(answers: &[Answer]) -> Vec<(u16, String)> {
    let mut codes: Vec<_> = answers
        .iter()
        .map(|answer| (answer.status, answer.code().unwrap()))
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_of_one_external_id_have_one_effect_and_agree() {
    let (stage, token) = linked(Wishes::default()).await;
    let (shops, _other) = shops(&stage).await;
    let body = payment(&reference("PAY"), "15000.00");
    let answers = duplicates(&shops, PAYMENT, &body, Some(&token), Some("100")).await;
    let first: Vec<_> = answers.iter().filter(|one| one.status == 200).collect();
    assert_eq!(first.len(), 1, "{:?}", codes(&answers));
    for answer in &answers {
        let code = answer.code().unwrap();
        let told_again = answer.status == 409 && answer.body == first[0].body;
        assert!(
            answer.status == 200 || told_again || code == "4095400",
            "{code}"
        );
    }
    assert_eq!(rows(&stage, "payments").await, 1);
    assert_eq!(stage.wire.calls(paths::BANK_PAYMENT), 1);
    for answer in duplicates(&shops, PAYMENT, &body, Some(&token), Some("100")).await {
        assert_eq!((answer.status, &answer.body), (409, &first[0].body));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_of_one_reference_are_one_payment_and_agree() {
    let (stage, token) = linked(Wishes::default()).await;
    let (shops, _other) = shops(&stage).await;
    let body = payment(&reference("PAY"), "15000.00");
    let answers = duplicates(&shops, PAYMENT, &body, Some(&token), None).await;
    let yes: Vec<_> = answers.iter().filter(|one| one.status == 200).collect();
    assert!(!yes.is_empty());
    for answer in &answers {
        let in_flight = answer.code().as_deref() == Some("2025400");
        assert!(
            in_flight || answer.body == yes[0].body,
            "{:?}",
            codes(&answers)
        );
    }
    assert_eq!(rows(&stage, "payments").await, 1);
    assert_eq!(stage.wire.calls(paths::BANK_PAYMENT), 1);
    for answer in duplicates(&shops, PAYMENT, &body, Some(&token), None).await {
        assert_eq!((answer.status, &answer.body), (200, &yes[0].body));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_of_one_refund_number_are_one_refund_and_agree() {
    let (stage, token) = linked(Wishes::default()).await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "15000.00").await;
    let (shops, _other) = shops(&stage).await;
    let body = refund(&number, &reference("REF"), "5000.00");
    let answers = duplicates(&shops, REFUND, &body, None, None).await;
    for (_, code) in codes(&answers) {
        assert!(code == "2005800" || code == "2025800", "{code}");
    }
    assert_eq!(rows(&stage, "refunds").await, 1);
    assert_eq!(stage.wire.calls(paths::BANK_REFUND), 1);
    let later = duplicates(&shops, REFUND, &body, None, None).await;
    for answer in &later {
        assert_eq!((answer.status, &answer.body), (200, &later[0].body));
    }
    // What is left can be refunded, and no more.
    let rest = stage
        .shop
        .refund(&number, &reference("REF"), "10000.00")
        .await;
    assert_eq!(rest.code().as_deref(), Some("2005800"));
    let more = stage.shop.refund(&number, &reference("REF"), "0.01").await;
    assert_eq!(more.code().as_deref(), Some("4045813"));
}

/// Payments whose answers from the bank were lost, due to be settled.
async fn unknown_payments(stage: &Stage, token: &str, count: usize) -> Vec<String> {
    let numbers: Vec<_> = (0..count).map(|_| reference("PAY")).collect();
    for number in &numbers {
        stage.wire.cut(paths::BANK_PAYMENT, Cut::After, 1);
        let answer = stage.shop.pay(token, number, "1000.00").await;
        assert_eq!(answer.code().as_deref(), Some("5045400"));
    }
    stage.advance(Duration::from_secs(6)).await;
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_of_a_gateway_that_died_is_taken_over_when_its_leases_end() {
    let (stage, token) = linked(Wishes::default()).await;
    let numbers = unknown_payments(&stage, &token, 3).await;
    let other = stage.another_gateway(|_| {}).await;
    // The gateway dies while it waits for the bank: its work simply ends.
    stage.wire.cut(paths::BANK_STATUS, Cut::Silence, 1);
    let app = Arc::clone(stage.app());
    let dies = tokio::spawn(async move { app.run_until_idle().await });
    until("the bank is asked", async || {
        stage.wire.calls(paths::BANK_STATUS) == 1
    })
    .await;
    dies.abort();
    assert!(dies.await.unwrap_err().is_cancelled());
    // Until the leases end nobody else touches what it held.
    other.app().run_until_idle().await.unwrap();
    assert_eq!(stage.wire.calls(paths::BANK_STATUS), 1);
    for number in &numbers {
        assert_eq!(stage.shop.status_of(number).await, "03");
    }
    stage.advance(Duration::from_secs(61)).await;
    other.app().run_until_idle().await.unwrap();
    for number in &numbers {
        assert_eq!(stage.shop.status_of(number).await, "02");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_settle_the_same_due_rows_once() {
    let (stage, token) = linked(Wishes::default()).await;
    let paid = reference("PAY");
    stage.paid(&stage.shop, &token, &paid, "10.00").await;
    for _ in 0..10 {
        stage.wire.cut(paths::BANK_REFUND, Cut::Open, 1);
        let answer = stage.shop.refund(&paid, &reference("REF"), "1.00").await;
        assert_eq!(answer.code().as_deref(), Some("2025800"));
    }
    let numbers = unknown_payments(&stage, &token, 4).await;
    let asked = stage.wire.calls(paths::BANK_STATUS);
    let other = stage.another_gateway(|_| {}).await;
    let (one, two) = tokio::join!(stage.app().run_until_idle(), other.app().run_until_idle());
    one.unwrap();
    two.unwrap();
    // Each refund was asked for once when it was left open and once when it was settled.
    assert_eq!(stage.wire.calls(paths::BANK_REFUND), 20);
    assert_eq!(stage.wire.calls(paths::BANK_PAYMENT), 1 + 2 * numbers.len());
    assert_eq!(stage.wire.calls(paths::BANK_STATUS), asked + numbers.len());
    assert_eq!(stage.shop.status_of(&paid).await, "04");
    for number in &numbers {
        assert_eq!(stage.shop.status_of(number).await, "02");
    }
    // One notification that it was paid, one that all of it went back.
    assert_eq!(rows(&stage, "notifications").await, 2);
}

/// Background work by itself, and a bank that is given up soon.
fn working(config: &mut Config) {
    config.background = Background::Running;
    impatient(config);
}

fn impatient(config: &mut Config) {
    for bank in config.banks.values_mut() {
        bank.timeout_ms = 1_500;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_gives_its_leases_back() {
    let (stage, token) = linked(Wishes::default()).await;
    let numbers = unknown_payments(&stage, &token, 3).await;
    stage.wire.cut(paths::BANK_STATUS, Cut::Silence, 1);
    let other = stage.another_gateway(working).await;
    until("the bank is asked", async || {
        stage.wire.calls(paths::BANK_STATUS) == 1
    })
    .await;
    other.stop().await;
    // Without waiting for any lease; the one that was asked about is due again a little later.
    stage.idle().await;
    let mut states = Vec::new();
    for number in &numbers {
        states.push(stage.shop.status_of(number).await);
    }
    states.sort();
    assert_eq!(states, ["02", "02", "03"]);
    stage.advance(Duration::from_secs(6)).await;
    stage.idle().await;
    for number in &numbers {
        assert_eq!(stage.shop.status_of(number).await, "02");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_finishes_what_is_in_flight_and_takes_nothing_new() {
    let (stage, token) = linked(Wishes::default()).await;
    let other = stage.another_gateway(impatient).await;
    let shop = stage.shop.at(&other.url);
    shop.client.b2b_token().await.unwrap();
    stage.wire.cut(paths::BANK_PAYMENT, Cut::Silence, 1);
    let number = reference("PAY");
    let stop = async {
        until("the bank is asked", async || {
            stage.wire.calls(paths::BANK_PAYMENT) == 1
        })
        .await;
        let late = stage.shop.at(&other.url);
        other.stop().await;
        late
    };
    let (answer, late) = tokio::join!(shop.pay(&token, &number, "1000.00"), stop);
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (504, Some("5045400"))
    );
    let refused = late.client.b2b_token().await;
    assert!(refused.is_err());
    assert_eq!(stage.shop.status_of(&number).await, "03");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_does_not_wait_beyond_its_deadline() {
    let (stage, token) = linked(Wishes::default()).await;
    let numbers = unknown_payments(&stage, &token, 2).await;
    stage.wire.cut(paths::BANK_STATUS, Cut::Silence, 1);
    let other = stage
        .another_gateway(|config| {
            config.background = Background::Running;
            config.limits.stop_timeout_s = 1;
        })
        .await;
    until("the bank is asked", async || {
        stage.wire.calls(paths::BANK_STATUS) == 1
    })
    .await;
    let begun = Instant::now();
    other.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    // Even what it was in the middle of is free.
    stage.idle().await;
    for number in &numbers {
        assert_eq!(stage.shop.status_of(number).await, "02");
    }
}
