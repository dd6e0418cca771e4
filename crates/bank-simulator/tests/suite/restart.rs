//! A restart keeps everything: pages half done, sessions, links, tokens, money, the clock.

use crate::harness::{Options, SITI, TestBank, pin};

#[tokio::test]
async fn a_restart_keeps_links_tokens_money_clock_and_half_finished_pages() {
    let mut bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let paid = bank.paid(&linked, SITI, "5000.00").await;
    let (reference, page) = bank.started(&linked, "7000.00").await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    bank.advance(60_000).await;
    bank.restart(Options::default()).await;
    assert!(bank.running.as_ref().unwrap().clock().offset_ms() == 60_000);
    assert_eq!(bank.balances(&linked).await[0], "9995000.00");
    assert_eq!(bank.status(&paid).await["latestTransactionStatus"], "00");
    assert_eq!(
        bank.status(&reference).await["latestTransactionStatus"],
        "02"
    );
    let path = page.split_once("/pages/").unwrap().1.to_owned();
    let page = format!("{}/pages/{path}", bank.url);
    let shown = browser.post(&page, "pin", pin(SITI)).await;
    // The redirects in `Browser` go to the old origin only for 303; this one ends at once.
    assert_eq!(shown.end(), Some("success"));
    assert_eq!(bank.balances(&linked).await[0], "9988000.00");
}

#[tokio::test]
async fn several_banks_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (TestBank::open().await, TestBank::open().await);
    let linked = one.link(SITI).await;
    one.advance(1_000_000).await;
    assert_eq!(two.running.as_ref().unwrap().clock().offset_ms(), 0);
    let (status, answer) = two.pay(&linked, &two.payment_body("p-1", "5000.00")).await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (401, Some("4015402"))
    );
    assert_eq!(two.otp(SITI).await, None);
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let mut bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let mut paid = Vec::new();
    for _ in 0..5 {
        paid.push(bank.paid(&linked, SITI, "1000.00").await);
    }
    bank.crash(Options::default()).await;
    for reference in &paid {
        assert_eq!(
            bank.status(reference).await["latestTransactionStatus"],
            "00"
        );
    }
    assert_eq!(bank.balances(&linked).await[0], "9995000.00");
}
