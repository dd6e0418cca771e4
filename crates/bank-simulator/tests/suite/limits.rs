//! OTP limits, page expiry and token life, on a clock that is moved.

use crate::harness::{SITI, TestBank, pin};

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

async fn wrong_code(bank: &TestBank) -> &'static str {
    if bank.otp(SITI).await.as_deref() == Some("000000") {
        "000001"
    } else {
        "000000"
    }
}

#[tokio::test]
async fn a_code_dies_after_five_minutes_and_another_can_be_sent() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    let first = bank.otp(SITI).await.unwrap();
    bank.advance(300 * SECOND).await;
    let shown = browser.post(&page, "otp", &first).await;
    assert_eq!(
        (shown.notice(), shown.code()),
        (Some("otp_expired"), Some("4030712"))
    );
    assert_eq!(
        browser.post(&page, "resend", "").await.notice(),
        Some("sent")
    );
    let shown = browser
        .post(&page, "otp", &bank.otp(SITI).await.unwrap())
        .await;
    assert_eq!(shown.steps(), ["pin", "cancel"]);
}

#[tokio::test]
async fn another_code_is_sent_after_sixty_seconds_and_replaces_the_first() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    let first = bank.otp(SITI).await.unwrap();
    assert!(
        browser
            .post(&page, "resend", "")
            .await
            .notice()
            .unwrap()
            .starts_with("wait:")
    );
    assert_eq!(bank.otp(SITI).await.unwrap(), first);
    let (_, other) = bank.bind(SITI).await;
    let shown = browser.post(&other, "start", "").await;
    assert!(
        shown.notice().unwrap().starts_with("wait:"),
        "the limit holds across pages"
    );
    bank.advance(60 * SECOND).await;
    assert_eq!(
        browser.post(&page, "resend", "").await.notice(),
        Some("sent")
    );
    let second = bank.otp(SITI).await.unwrap();
    if first != second {
        assert_eq!(
            browser.post(&page, "otp", &first).await.notice(),
            Some("wrong_otp")
        );
    }
    assert_eq!(
        browser.post(&page, "otp", &second).await.steps(),
        ["pin", "cancel"]
    );
}

#[tokio::test]
async fn five_codes_an_hour_and_ten_a_day() {
    let bank = TestBank::open().await;
    let mut sent = 0;
    for expected in [5, 10] {
        while sent < expected {
            let (_, page) = bank.bind(SITI).await;
            assert_eq!(
                bank.browser().post(&page, "start", "").await.steps()[0],
                "otp",
                "code {sent}"
            );
            sent += 1;
            bank.advance(61 * SECOND).await;
        }
        let (_, page) = bank.bind(SITI).await;
        let shown = bank.browser().post(&page, "start", "").await;
        assert_eq!(
            (shown.end(), shown.code()),
            (Some("refused"), Some("4030711"))
        );
        bank.advance(HOUR).await;
        bank.forget_token().await;
    }
    bank.advance(24 * HOUR).await;
    bank.forget_token().await;
    let (_, page) = bank.bind(SITI).await;
    assert_eq!(
        bank.browser().post(&page, "start", "").await.steps()[0],
        "otp"
    );
}

#[tokio::test]
async fn ten_wrong_codes_a_day_block_the_otp_for_a_day() {
    let bank = TestBank::open().await;
    let mut wrong = 0;
    let last = 'outer: loop {
        let (_, page) = bank.bind(SITI).await;
        let mut browser = bank.browser();
        browser.post(&page, "start", "").await;
        for _ in 0..3 {
            let shown = browser.post(&page, "otp", wrong_code(&bank).await).await;
            wrong += 1;
            if wrong == 10 {
                break 'outer shown;
            }
        }
        bank.advance(61 * SECOND).await;
    };
    assert_eq!(
        (last.end(), last.code()),
        (Some("refused"), Some("4030711"))
    );
    bank.advance(23 * HOUR).await;
    bank.forget_token().await;
    let (_, page) = bank.bind(SITI).await;
    assert_eq!(
        bank.browser().post(&page, "start", "").await.code(),
        Some("4030711")
    );
    bank.advance(HOUR).await;
    bank.forget_token().await;
    let (_, page) = bank.bind(SITI).await;
    assert_eq!(
        bank.browser().post(&page, "start", "").await.steps()[0],
        "otp"
    );
}

#[tokio::test]
async fn relaxed_lifts_the_limits_on_sending_but_not_the_three_tries() {
    let bank = TestBank::relaxed().await;
    for _ in 0..12 {
        let (_, page) = bank.bind(SITI).await;
        let mut browser = bank.browser();
        assert_eq!(browser.post(&page, "start", "").await.steps()[0], "otp");
        assert_eq!(
            browser.post(&page, "resend", "").await.notice(),
            Some("sent")
        );
        let wrong = wrong_code(&bank).await;
        browser.post(&page, "otp", wrong).await;
        browser.post(&page, "otp", wrong).await;
        assert_eq!(
            browser.post(&page, "otp", wrong).await.code(),
            Some("4040715")
        );
    }
}

#[tokio::test]
async fn a_page_runs_out_and_nothing_moves_afterwards() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (reference, page) = bank.started(&linked, "5000.00").await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    bank.advance(901 * SECOND).await;
    let shown = browser.post(&page, "pin", pin(SITI)).await;
    assert_eq!(
        (shown.end(), shown.code()),
        (Some("expired"), Some("4035400"))
    );
    bank.forget_token().await;
    assert_eq!(
        bank.status(&reference).await["latestTransactionStatus"],
        "05"
    );
    assert_eq!(bank.cancel(&reference).await["responseCode"], "2005700");
    assert_eq!(bank.balances(&linked).await[0], "10000000.00");

    let (binding, page) = bank.bind(1).await;
    bank.advance(901 * SECOND).await;
    bank.forget_token().await;
    let info = bank.inquire(&binding).await["additionalInfo"].clone();
    assert_eq!(
        (info["linkStatus"].as_str(), info["reasonCode"].as_str()),
        (Some("FAILED"), Some("4030700"))
    );
    assert_eq!(browser.get(&page).await.end(), Some("expired"));
}

#[tokio::test]
async fn tokens_die_on_the_banks_clock() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    bank.advance(900 * SECOND).await;
    let (status, answer) = bank
        .pay(&linked, &bank.payment_body("p-1", "5000.00"))
        .await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (401, Some("4015401"))
    );
    bank.forget_token().await;
    bank.advance(15 * 24 * HOUR).await;
    bank.forget_token().await;
    let (_, answer) = bank
        .pay(&linked, &bank.payment_body("p-1", "5000.00"))
        .await;
    assert_eq!(answer["responseCode"], "4015402");
    assert_eq!(
        bank.exchange(&linked.auth_code).await.1["responseCode"],
        "2007400"
    );
}
