//! Two at once: one effect, consistent answers.

use bank_simulator::demo_customers;
use futures_util::future::join_all;
use merchant_sdk::RawOptions;
use merchant_sdk::pages::Script;

use super::stage::*;
use super::wire::Cut;

fn count(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|one| *one == code).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_external_id_many_times_at_once_has_one_effect() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let body = payment(&reference("PAY"), "15000.00");
    let all = (0..16).map(|_| {
        let options = RawOptions {
            external_id: Some("100".to_owned()),
            customer_token: Some(token.clone()),
            ..Default::default()
        };
        stage.shop.send(PAYMENT, &body, options)
    });
    let answers = join_all(all).await;
    let first: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert_eq!(first.len(), 1);
    for answer in &answers {
        let code = answer.code().unwrap();
        // A repeat while the first is in flight is a plain conflict, later it carries the first body.
        assert!(code == "2005400" || code == "4095400", "{code}");
        assert!(answer.status == 409 || answer.body == first[0].body);
    }
    assert_eq!(payments(&stage).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_reference_under_many_external_ids_at_once_is_one_payment() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    let answers = join_all((0..16).map(|_| stage.shop.pay(&token, &number, "15000.00"))).await;
    let codes: Vec<_> = answers
        .iter()
        .map(|answer| answer.code().unwrap())
        .collect();
    assert_eq!(
        count(&codes, "2005400") + count(&codes, "2025400"),
        16,
        "{codes:?}"
    );
    assert_eq!(payments(&stage).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_refunds_for_the_last_rupiah_only_as_many_succeed_as_there_is_money() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "3.00").await;
    let refunds: Vec<_> = (0..12).map(|_| reference("REF")).collect();
    let answers = join_all(
        refunds
            .iter()
            .map(|no| stage.shop.refund(&number, no, "1.00")),
    )
    .await;
    let codes: Vec<_> = answers
        .iter()
        .map(|answer| answer.code().unwrap())
        .collect();
    assert_eq!(count(&codes, "2005800"), 3, "{codes:?}");
    assert_eq!(count(&codes, "4045813"), 9, "{codes:?}");
    assert_eq!(stage.shop.status_of(&number).await, "04");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_customers_who_link_one_account_at_once_one_wins() {
    let stage = Stage::new().await;
    let siti = &demo_customers()[0];
    // The bank has linked both before the gateway hears of either.
    stage
        .wire
        .cut(snap::paths::BANK_BINDING_INQUIRY, Cut::Before, 2);
    let mut codes = Vec::new();
    for cust_id in ["cust-1", "cust-2"] {
        let answer = stage
            .shop
            .post(BINDING, &binding(siti.phone_no, cust_id))
            .await;
        let body = answer.json();
        stage
            .visit(body["redirectUrl"].as_str().unwrap(), Script::default())
            .await;
        codes.push(
            body["additionalInfo"]["authCode"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        stage.advance(std::time::Duration::from_secs(61)).await;
    }
    stage.wire.mend();
    let exchanged = tokio::join!(
        stage.shop.exchange(&codes[0]),
        stage.shop.exchange(&codes[1]),
    );
    let mut refusals = Vec::new();
    for answer in [exchanged.0, exchanged.1] {
        refusals.extend(answer.code().map(str::to_owned));
    }
    assert_eq!(refusals, ["4017400"]);
    // The link that nobody wants is ended at the bank.
    stage.idle().await;
    let links = stage.dump().await.1.to_string();
    assert!(links.contains(r#"\"state\":\"unlinked\""#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_against_an_unbinding_end_in_payments_that_are_over() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let numbers: Vec<_> = (0..8).map(|_| reference("PAY")).collect();
    let unbinding_body = unbinding(&token);
    let pays = join_all(
        numbers
            .iter()
            .map(|number| stage.shop.pay(&token, number, "1000.00")),
    );
    let (answers, unbound) = tokio::join!(pays, stage.shop.post(UNBINDING, &unbinding_body));
    assert!(
        matches!(unbound.code().as_deref(), Some("2000900" | "2020900")),
        "{:?}",
        unbound.json()
    );
    stage.advance(std::time::Duration::from_secs(120)).await;
    stage.idle().await;
    for (number, answer) in numbers.iter().zip(&answers) {
        let code = answer.code().unwrap();
        if code == "4015402" {
            continue;
        }
        assert!(
            ["2005400", "4035400", "5045400", "2025400"].contains(&code.as_str()),
            "{code}"
        );
        let status = stage.shop.status_of(number).await;
        assert!(status == "05" || status == "06", "{number} {status}");
    }
    let late = stage.shop.pay(&token, &reference("PAY"), "1000.00").await;
    assert_eq!(late.code().as_deref(), Some("4015402"));
}

async fn payments(stage: &Stage) -> usize {
    let all = stage.app().store.dump().await.unwrap();
    all.iter()
        .filter(|line| line.starts_with("payments"))
        .count()
}
