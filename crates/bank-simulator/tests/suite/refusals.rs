//! A refusal for each: what the bank knows at once, and what it finds on the page.

use serde_json::json;
use snap::paths;

use crate::harness::{BLOCKED, DORMANT, NO_MONEY, SILENT, SITI, TestBank, phone, pin, unique};

async fn refused_binding(bank: &TestBank, phone_no: &str) -> (u16, String) {
    let before = bank.dump().await;
    let body = bank.binding_body(&unique("binding"), phone_no);
    let (status, answer) = bank.call(paths::BANK_BINDING, &body, None).await;
    assert_eq!(
        bank.dump().await,
        before,
        "a refused binding leaves nothing"
    );
    (
        status,
        format!(
            "{} {}",
            answer["responseCode"].as_str().unwrap(),
            answer["responseMessage"].as_str().unwrap()
        ),
    )
}

#[tokio::test]
async fn a_binding_is_refused_for_an_unknown_a_blocked_and_a_dormant_customer() {
    let bank = TestBank::open().await;
    bank.b2b().await;
    let (status, told) = refused_binding(&bank, "628999999999").await;
    assert_eq!((status, told.get(..7)), (404, Some("4040711")));
    assert_eq!(
        refused_binding(&bank, phone(BLOCKED)).await,
        (403, "4030705 Do Not Honor".into())
    );
    assert_eq!(
        refused_binding(&bank, phone(DORMANT)).await,
        (403, "4030709 Dormant Account".into())
    );
}

#[tokio::test]
async fn a_payment_is_refused_without_money_and_above_the_limit() {
    let bank = TestBank::relaxed().await;
    let poor = bank.link(NO_MONEY).await;
    let (status, answer) = bank
        .pay(&poor, &bank.payment_body(&unique("payment"), "1.00"))
        .await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (403, Some("4035414"))
    );
    let rich = bank.link(1).await;
    let reference = unique("payment");
    let (status, answer) = bank
        .pay(&rich, &bank.payment_body(&reference, "20000000.01"))
        .await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (403, Some("4035402"))
    );
    assert_eq!(
        bank.status(&reference).await["responseCode"],
        "4045501",
        "a refused payment leaves nothing"
    );
    let (status, _) = bank
        .control("limit", json!({ "single_payment": "5000.00" }))
        .await;
    assert_eq!(status, 200);
    let (_, answer) = bank
        .pay(&rich, &bank.payment_body(&reference, "5000.01"))
        .await;
    assert_eq!(answer["responseCode"], "4035402");
}

#[tokio::test]
async fn amounts_that_do_not_add_up_are_refused() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let mut body = bank.payment_body(&unique("payment"), "5000.00");
    body["payOptionDetails"] = json!([
        { "payMethod": "BALANCE", "transAmount": { "value": "4000.00", "currency": "IDR" } },
        { "payMethod": "POINT", "transAmount": { "value": "999.99", "currency": "IDR" } },
    ]);
    assert_eq!(bank.pay(&linked, &body).await.1["responseCode"], "4045413");
}

#[tokio::test]
async fn three_wrong_codes_end_the_page() {
    let bank = TestBank::open().await;
    let (binding, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    let right = bank.otp(SITI).await.unwrap();
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..2 {
        let shown = browser.post(&page, "otp", wrong).await;
        assert_eq!(
            (shown.notice(), shown.code()),
            (Some("wrong_otp"), Some("4040715"))
        );
    }
    let shown = browser.post(&page, "otp", wrong).await;
    assert_eq!(
        (shown.end(), shown.code()),
        (Some("refused"), Some("4040715"))
    );
    let shown = browser.post(&page, "otp", &right).await;
    assert_eq!(
        shown.end(),
        Some("refused"),
        "the right code comes too late"
    );
    let inquiry = bank.inquire(&binding).await;
    assert_eq!(inquiry["additionalInfo"]["linkStatus"], "FAILED");
    assert_eq!(inquiry["additionalInfo"]["reasonCode"], "4040715");
    assert!(inquiry["additionalInfo"]["authCode"].is_null());
}

#[tokio::test]
async fn three_wrong_pins_lock_the_account_on_every_page_until_reset() {
    let bank = TestBank::relaxed().await;
    let linked = bank.link(SITI).await;
    let (_, first) = bank.started(&linked, "5000.00").await;
    let (reference, second) = bank.started(&linked, "5000.00").await;
    let (_, third) = bank.started(&linked, "5000.00").await;
    let mut browser = bank.browser();
    browser.post(&first, "start", "").await;
    assert_eq!(
        browser.post(&first, "pin", "999999").await.notice(),
        Some("wrong_pin")
    );
    browser.post(&second, "start", "").await;
    let shown = browser.post(&second, "pin", "999999").await;
    assert!(shown.html.contains("locked: 1"), "{}", shown.html);
    let shown = browser.post(&second, "pin", "999999").await;
    assert_eq!(
        (shown.end(), shown.code()),
        (Some("refused"), Some("4035404"))
    );
    let status = bank.status(&reference).await;
    assert_eq!(status["latestTransactionStatus"], "06");
    assert_eq!(status["originalResponseCode"], "4035404");
    let shown = browser.post(&first, "pin", pin(SITI)).await;
    assert_eq!(
        (shown.end(), shown.code()),
        (Some("refused"), Some("4035404")),
        "locked on the other page too"
    );
    bank.advance(365 * 86_400_000).await;
    bank.forget_token().await;
    assert_eq!(bank.control("reset", json!({})).await.0, 200);
    assert_eq!(browser.get(&third).await.end(), Some("expired"));
    let linked = bank.link(SITI).await;
    bank.paid(&linked, SITI, "5000.00").await;
}

#[tokio::test]
async fn a_locked_account_is_told_so_when_a_page_is_started() {
    let bank = TestBank::relaxed().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    browser
        .post(&page, "otp", &bank.otp(SITI).await.unwrap())
        .await;
    for _ in 0..3 {
        browser.post(&page, "pin", "999999").await;
    }
    let (_, page) = bank.bind(SITI).await;
    let shown = browser.post(&page, "start", "").await;
    assert_eq!(
        (shown.end(), shown.code()),
        (Some("refused"), Some("4030704"))
    );
    assert!(shown.html.contains("PIN locked"));
}

#[tokio::test]
async fn a_right_pin_forgives_the_wrong_ones_before() {
    let bank = TestBank::relaxed().await;
    let linked = bank.link(SITI).await;
    for _ in 0..3 {
        let (_, page) = bank.started(&linked, "5000.00").await;
        let mut browser = bank.browser();
        browser.post(&page, "start", "").await;
        browser.post(&page, "pin", "999999").await;
        browser.post(&page, "pin", "999999").await;
        assert_eq!(
            browser.post(&page, "pin", pin(SITI)).await.end(),
            Some("success")
        );
    }
}

#[tokio::test]
async fn money_that_went_meanwhile_fails_the_payment_on_the_page() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (_, first) = bank.started(&linked, "900000.00").await;
    let mut body = bank.payment_body(&unique("payment"), "50000.00");
    body["payOptionDetails"] = json!([{ "payMethod": "POINT" }]);
    let (_, answer) = bank.pay(&linked, &body).await;
    let points = answer["webRedirectUrl"].as_str().unwrap().to_owned();
    let reference = unique("payment");
    let mut again = bank.payment_body(&reference, "50000.00");
    again["payOptionDetails"] = json!([{ "payMethod": "POINT" }]);
    let (_, answer) = bank.pay(&linked, &again).await;
    let too_late = answer["webRedirectUrl"].as_str().unwrap().to_owned();
    let mut browser = bank.browser();
    for page in [&first, &points, &too_late] {
        browser.post(page, "start", "").await;
    }
    assert_eq!(
        browser.post(&first, "pin", pin(SITI)).await.end(),
        Some("success")
    );
    assert_eq!(
        browser.post(&points, "pin", pin(SITI)).await.end(),
        Some("success")
    );
    let shown = browser.post(&too_late, "pin", pin(SITI)).await;
    assert_eq!(
        (shown.end(), shown.code()),
        (Some("refused"), Some("4035414"))
    );
    let status = bank.status(&reference).await;
    assert_eq!(status["latestTransactionStatus"], "06");
    assert_eq!(status["originalResponseCode"], "4035414");
    assert_eq!(status["originalResponseMessage"], "Insufficient Funds");
}

#[tokio::test]
async fn unlinked_in_the_banks_app_everything_of_the_customer_is_refused() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (reference, page) = bank.started(&linked, "5000.00").await;
    let (status, told) = bank
        .control("unlink", json!({ "phone_no": phone(SITI) }))
        .await;
    assert_eq!((status, told["unlinked"].as_u64()), (200, Some(1)));
    assert_eq!(
        bank.exchange(&linked.auth_code).await.1["responseCode"],
        "4017400"
    );
    let balance = json!({ "partnerReferenceNo": unique("balance") });
    let (status, answer) = bank
        .call(paths::BANK_BALANCE, &balance, Some(&linked.token))
        .await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (401, Some("4011102"))
    );
    let (_, answer) = bank
        .pay(&linked, &bank.payment_body(&unique("payment"), "5000.00"))
        .await;
    assert_eq!(answer["responseCode"], "4015402");
    assert_eq!(
        bank.status(&reference).await["latestTransactionStatus"],
        "05"
    );
    let shown = bank.browser().post(&page, "start", "").await;
    assert_eq!(shown.end(), Some("cancelled"));
    assert_eq!(
        bank.control("unlink", json!({ "phone_no": "628999999999" }))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn an_otp_that_never_comes_is_counted_but_not_delivered() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SILENT).await;
    let shown = bank.browser().post(&page, "start", "").await;
    assert_eq!(shown.steps(), ["otp", "resend", "cancel"]);
    assert_eq!(bank.otp(SILENT).await, None);
    assert!(
        bank.dump()
            .await
            .lines()
            .any(|line| line.contains("\"table\":\"otps\""))
    );
}

#[tokio::test]
async fn refunds_are_refused_for_what_was_not_paid_and_for_other_content() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (unpaid, _) = bank.started(&linked, "5000.00").await;
    let code = |answer: serde_json::Value| answer["responseCode"].as_str().unwrap().to_owned();
    assert_eq!(code(bank.refund(&unpaid, "r-1", "1.00").await), "4045800");
    assert_eq!(code(bank.refund("unknown", "r-1", "1.00").await), "4045801");
    let paid = bank.paid(&linked, SITI, "5000.00").await;
    assert_eq!(code(bank.refund(&paid, "r-1", "5000.01").await), "4045813");
    let first = bank.refund(&paid, "r-1", "3000.00").await;
    assert_eq!(first["responseCode"], "2005800");
    assert_eq!(bank.refund(&paid, "r-1", "3000.00").await, first);
    assert_eq!(code(bank.refund(&paid, "r-1", "2000.00").await), "4045818");
    assert_eq!(code(bank.refund(&paid, "r-2", "2000.01").await), "4045813");
    assert_eq!(bank.balances(&linked).await[0], "9998000.00");
}

#[tokio::test]
async fn sen_that_no_price_has_ask_for_a_refusal() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let paid = bank.paid(&linked, SITI, "5000.00").await;
    for (amount, case) in [("1000.02", "02"), ("1000.05", "05"), ("1000.14", "14")] {
        let reference = unique("payment");
        let (status, answer) = bank
            .pay(&linked, &bank.payment_body(&reference, amount))
            .await;
        assert_eq!(
            (status, answer["responseCode"].as_str()),
            (403, Some(&*format!("40354{case}")))
        );
        assert_eq!(bank.status(&reference).await["responseCode"], "4045501");
        let answer = bank.refund(&paid, &unique("refund"), amount).await;
        assert_eq!(answer["responseCode"], format!("40358{case}"));
    }
}

#[tokio::test]
async fn a_link_that_the_gateway_gives_up_has_failed_and_its_page_says_so() {
    let bank = TestBank::open().await;
    let (binding, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    let unbind = json!({ "partnerReferenceNo": unique("unbind"), "linkId": binding });
    for _ in 0..2 {
        let (_, answer) = bank.call(paths::BANK_UNBINDING, &unbind, None).await;
        assert_eq!(answer["responseCode"], "2000900");
    }
    let otp = bank.otp(SITI).await.unwrap();
    assert_eq!(
        browser.post(&page, "otp", &otp).await.end(),
        Some("cancelled")
    );
    let info = bank.inquire(&binding).await["additionalInfo"].clone();
    assert_eq!(
        (info["linkStatus"].as_str(), info["reasonCode"].as_str()),
        (Some("FAILED"), Some("4040704"))
    );
}

#[tokio::test]
async fn a_link_that_is_given_up_after_its_time_has_expired() {
    let bank = TestBank::open().await;
    let (binding, _) = bank.bind(SITI).await;
    bank.advance(60 * 60 * 1_000).await;
    bank.forget_token().await;
    let unbind = json!({ "partnerReferenceNo": unique("unbind"), "linkId": binding });
    let (_, answer) = bank.call(paths::BANK_UNBINDING, &unbind, None).await;
    assert_eq!(answer["responseCode"], "2000900");
    let info = bank.inquire(&binding).await["additionalInfo"].clone();
    assert_eq!(
        (info["linkStatus"].as_str(), info["reasonCode"].as_str()),
        (Some("FAILED"), Some("4030700"))
    );
}
