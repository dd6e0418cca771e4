//! The books: every movement balances, every balance is the sum of its postings, nothing is made or lost.

use std::collections::HashMap;

use serde_json::{Value, json};
use snap::paths;

use crate::harness::{BUDI, SITI, TestBank, pin, unique, wall_ms};

async fn rows(bank: &TestBank) -> Vec<Value> {
    bank.dump()
        .await
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn books_balance(bank: &TestBank) {
    let rows = rows(bank).await;
    let table = |name: &'static str| rows.iter().filter(move |row| row["table"] == name);
    let mut movements: HashMap<&str, i64> = HashMap::new();
    let mut accounts: HashMap<&str, i64> = HashMap::new();
    for posting in table("postings") {
        let amount = posting["amount"].as_i64().unwrap();
        *movements
            .entry(posting["movement_id"].as_str().unwrap())
            .or_default() += amount;
        *accounts
            .entry(posting["account_id"].as_str().unwrap())
            .or_default() += amount;
    }
    assert!(movements.values().all(|sum| *sum == 0));
    assert_eq!(movements.len(), table("movements").count());
    for account in table("accounts") {
        let id = account["id"].as_str().unwrap();
        assert_eq!(
            account["balance"].as_i64().unwrap(),
            accounts.get(id).copied().unwrap_or_default(),
            "{id}"
        );
    }
    assert_eq!(accounts.values().sum::<i64>(), 0);
    let paid: i64 = table("payments")
        .filter(|p| p["state"] == "paid")
        .map(|p| p["amount"].as_i64().unwrap())
        .sum();
    let refunded: i64 = table("refunds")
        .map(|refund| refund["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(
        accounts.get("bank:CLEARING").copied().unwrap_or_default(),
        paid - refunded
    );
}

fn options(parts: &[(&str, &str)]) -> Value {
    parts
        .iter()
        .map(|(method, amount)| {
            json!({ "payMethod": method, "transAmount": { "value": amount, "currency": "IDR" } })
        })
        .collect()
}

#[tokio::test]
async fn a_split_payment_takes_from_each_account_and_gives_back_in_order() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let reference = unique("payment");
    let mut body = bank.payment_body(&reference, "100000.00");
    body["payOptionDetails"] = options(&[
        ("POINT", "20000.00"),
        ("PAYLATER", "30000.00"),
        ("BALANCE", "50000.00"),
    ]);
    let (_, answer) = bank.pay(&linked, &body).await;
    let page = answer["webRedirectUrl"].as_str().unwrap();
    let mut browser = bank.browser();
    browser.post(page, "start", "").await;
    assert_eq!(
        browser.post(page, "pin", pin(SITI)).await.end(),
        Some("success")
    );
    assert_eq!(
        bank.balances(&linked).await,
        ["9950000.00", "30000.00", "1970000.00"]
    );
    bank.refund(&reference, "r-1", "60000.00").await;
    assert_eq!(
        bank.balances(&linked).await,
        ["10000000.00", "30000.00", "1980000.00"]
    );
    bank.refund(&reference, "r-2", "40000.00").await;
    assert_eq!(
        bank.balances(&linked).await,
        ["10000000.00", "50000.00", "2000000.00"]
    );
    books_balance(&bank).await;
}

#[tokio::test]
async fn many_at_once_neither_make_nor_lose_money() {
    let bank = TestBank::relaxed().await;
    let siti = bank.link(SITI).await;
    let budi = bank.link(BUDI).await;
    let mut pages = Vec::new();
    for _ in 0..12 {
        pages.push((bank.started(&siti, "900000.00").await, SITI));
        pages.push((bank.started(&budi, "900000.00").await, BUDI));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for ((reference, page), customer) in pages {
        let mut browser = bank.browser();
        tasks.spawn(async move {
            browser.post(&page, "start", "").await;
            let mut twice = browser.clone();
            let (one, _) = tokio::join!(
                browser.post(&page, "pin", pin(customer)),
                twice.post(&page, "pin", pin(customer))
            );
            (reference, one.end().unwrap().to_owned())
        });
    }
    let ends = tasks.join_all().await;
    let paid: Vec<_> = ends
        .iter()
        .filter(|(_, end)| end == "success")
        .map(|(reference, _)| reference)
        .collect();
    assert_eq!(
        paid.len(),
        11 + 12,
        "Rp10.000.000 pays eleven times Rp900.000"
    );
    assert_eq!(bank.balances(&siti).await[0], "100000.00");
    books_balance(&bank).await;

    let refunds = paid
        .iter()
        .flat_map(|reference| (0..4).map(move |n| (reference, n)));
    let calls = refunds.map(|(reference, n)| {
        let bank = &bank;
        async move {
            bank.refund(reference, &format!("{reference}-{n}"), "300000.00")
                .await["responseCode"]
                == "2005800"
        }
    });
    let mut done = 0;
    for call in calls.collect::<Vec<_>>() {
        done += usize::from(call.await);
    }
    assert_eq!(done, paid.len() * 3, "the fourth third is refused");
    assert_eq!(bank.balances(&siti).await[0], "10000000.00");
    books_balance(&bank).await;
}

#[tokio::test]
async fn two_refunds_for_the_last_rupiah_at_once_give_it_back_once() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let reference = bank.paid(&linked, SITI, "1000.00").await;
    let (one, two) = tokio::join!(
        bank.refund(&reference, "r-1", "1000.00"),
        bank.refund(&reference, "r-2", "1000.00")
    );
    let mut codes = [
        one["responseCode"].as_str().unwrap(),
        two["responseCode"].as_str().unwrap(),
    ];
    codes.sort_unstable();
    assert_eq!(codes, ["2005800", "4045813"]);
    books_balance(&bank).await;
}

#[tokio::test]
async fn the_statement_lists_every_booking_once() {
    let bank = TestBank::open().await;
    let from = snap::timestamp::format_jakarta(wall_ms() - 60_000);
    let linked = bank.link(SITI).await;
    let reference = bank.paid(&linked, SITI, "1000.00").await;
    bank.refund(&reference, "r-1", "400.00").await;
    let to = snap::timestamp::format_jakarta(wall_ms() + 60_000);
    let body = json!({ "fromDateTime": from, "toDateTime": to });
    let (_, answer) = bank.call(paths::BANK_STATEMENT, &body, None).await;
    assert_eq!(answer["responseCode"], "2001400");
    let entries = answer["detailData"].as_array().unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            [
                &entry["type"],
                &entry["amount"]["value"],
                &entry["partnerReferenceNo"],
            ]
            .map(|v| v.as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ["DEBIT", "1000.00", reference.as_str()],
            ["CREDIT", "400.00", "r-1"]
        ]
    );
    assert_eq!(
        (answer["pageNumber"].as_u64(), answer["totalPages"].as_u64()),
        (Some(1), Some(1))
    );
    let past = json!({ "fromDateTime": from, "toDateTime": from });
    let (_, answer) = bank.call(paths::BANK_STATEMENT, &past, None).await;
    assert_eq!(answer["detailData"], json!([]));
}

#[tokio::test]
async fn a_reset_gives_the_opening_balances_back_and_keeps_the_links() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    bank.paid(&linked, SITI, "1000.00").await;
    bank.control("reset", json!({})).await;
    assert_eq!(
        bank.balances(&linked).await,
        ["10000000.00", "50000.00", "2000000.00"]
    );
    assert_eq!(bank.otp(SITI).await, None);
    books_balance(&bank).await;
}
