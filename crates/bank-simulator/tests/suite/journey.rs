//! The journeys that a bank is for, from the first call to the last.

use serde_json::json;
use snap::paths;

use crate::harness::{SITI, TestBank, phone, pin, unique};

#[tokio::test]
async fn a_customer_links_pays_is_refunded_and_unlinks() {
    let bank = TestBank::open().await;
    let (binding, page) = bank.bind(SITI).await;
    assert_eq!(
        bank.inquire(&binding).await["additionalInfo"]["linkStatus"],
        "PENDING"
    );

    let mut browser = bank.browser();
    let landing = browser.get(&page).await;
    assert_eq!(
        (landing.status, landing.steps()),
        (200, vec!["start", "cancel"])
    );
    assert!(
        landing.html.contains("Toko &lt;Maju&gt; &amp; Jaya"),
        "{}",
        landing.html
    );
    assert!(!landing.html.contains(phone(SITI)));
    let otp_page = browser.post(&page, "start", "").await;
    assert_eq!(otp_page.steps(), ["otp", "resend", "cancel"]);
    assert!(otp_page.html.contains("autocomplete=\"one-time-code\""));
    let inbox = bank
        .json(&format!("/inbox.json?phone={}", phone(SITI)))
        .await;
    assert_eq!(
        inbox["messages"][0]["reference"].as_str(),
        otp_page.attribute("data-otp-ref")
    );
    let pin_page = browser
        .post(&page, "otp", &bank.otp(SITI).await.unwrap())
        .await;
    assert_eq!(pin_page.steps(), ["pin", "cancel"]);
    let end = browser.post(&page, "pin", pin(SITI)).await;
    assert_eq!(
        (end.status, end.end(), end.code()),
        (200, Some("success"), None)
    );
    let return_url = "http://127.0.0.1:9/return?state=a-b_c&amp;x=1";
    assert!(
        end.html
            .contains(&format!("content=\"3;url={return_url}\"")),
        "{}",
        end.html
    );
    assert!(
        end.html
            .contains(&format!("data-way-back href=\"{return_url}\"")),
        "{}",
        end.html
    );

    let inquiry = bank.inquire(&binding).await;
    assert_eq!(inquiry["additionalInfo"]["linkStatus"], "LINKED");
    assert!(!inquiry.to_string().contains(phone(SITI)));
    let code = inquiry["additionalInfo"]["authCode"].as_str().unwrap();
    let (_, tokens) = bank.exchange(code).await;
    let refresh = json!({ "grantType": "refresh_token", "refreshToken": tokens["refreshToken"] });
    let (_, again) = bank.for_token(paths::BANK_TOKEN_B2B2C, refresh).await;
    assert_eq!(again["responseCode"], "2007400");
    let linked = crate::harness::Linked {
        binding,
        auth_code: code.to_owned(),
        token: again["accessToken"].as_str().unwrap().to_owned(),
    };
    assert_eq!(
        bank.balances(&linked).await,
        ["10000000.00", "50000.00", "2000000.00"]
    );

    let reference = bank.paid(&linked, SITI, "150000.00").await;
    assert_eq!(bank.balances(&linked).await[0], "9850000.00");
    let status = bank.status(&reference).await;
    assert_eq!(
        (
            status["latestTransactionStatus"].as_str(),
            status["responseCode"].as_str()
        ),
        (Some("00"), Some("2005500"))
    );
    assert!(status["paidTime"].is_string());

    assert_eq!(
        bank.refund(&reference, &unique("refund"), "50000.00").await["responseCode"],
        "2005800"
    );
    assert_eq!(
        bank.status(&reference).await["latestTransactionStatus"],
        "00"
    );
    let unbind = json!({ "partnerReferenceNo": unique("unbind"), "linkId": linked.binding });
    for _ in 0..2 {
        let (_, answer) = bank.call(paths::BANK_UNBINDING, &unbind, None).await;
        assert_eq!(answer["responseCode"], "2000900");
    }
    let (_, refused) = bank
        .pay(&linked, &bank.payment_body(&unique("payment"), "1000.00"))
        .await;
    assert_eq!(refused["responseCode"], "4015402");
    assert_eq!(
        bank.exchange(&linked.auth_code).await.1["responseCode"],
        "4017400"
    );
    assert_eq!(
        bank.inquire(&linked.binding).await["additionalInfo"]["linkStatus"],
        "UNLINKED"
    );

    assert_eq!(
        bank.refund(&reference, &unique("refund"), "100000.00")
            .await["responseCode"],
        "2005800"
    );
    let status = bank.status(&reference).await;
    assert_eq!(status["latestTransactionStatus"], "04");
    assert_eq!(status["refundHistory"].as_array().unwrap().len(), 2);
    let over = bank.refund(&reference, &unique("refund"), "0.01").await;
    assert_eq!(
        (
            over["responseCode"].as_str(),
            over["responseMessage"].as_str()
        ),
        (Some("4045813"), Some("Invalid Amount"))
    );
    bank.running.unwrap().stop().await;
}

#[tokio::test]
async fn a_payment_above_the_threshold_needs_an_otp_and_one_below_does_not() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (reference, page) = bank.started(&linked, "1000000.01").await;
    let mut browser = bank.browser();
    let shown = browser.post(&page, "start", "").await;
    assert_eq!(shown.steps(), ["otp", "resend", "cancel"]);
    browser
        .post(&page, "otp", &bank.otp(SITI).await.unwrap())
        .await;
    assert_eq!(
        browser.post(&page, "pin", pin(SITI)).await.end(),
        Some("success")
    );
    assert_eq!(
        bank.status(&reference).await["latestTransactionStatus"],
        "00"
    );

    let (_, page) = bank.started(&linked, "1000000.00").await;
    assert_eq!(
        bank.browser().post(&page, "start", "").await.steps(),
        ["pin", "cancel"]
    );
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_page_and_other_content_is_refused() {
    let bank = TestBank::open().await;
    let binding = unique("binding");
    let body = bank.binding_body(&binding, phone(SITI));
    let (_, first) = bank.call(paths::BANK_BINDING, &body, None).await;
    let (_, second) = bank.call(paths::BANK_BINDING, &body, None).await;
    assert_eq!(first, second);
    let (_, other) = bank
        .call(
            paths::BANK_BINDING,
            &bank.binding_body(&binding, phone(1)),
            None,
        )
        .await;
    assert_eq!(other["responseCode"], "4040718");

    let linked = bank.link(SITI).await;
    let reference = unique("payment");
    let (_, first) = bank
        .pay(&linked, &bank.payment_body(&reference, "5000.00"))
        .await;
    let (_, second) = bank
        .pay(&linked, &bank.payment_body(&reference, "5000.00"))
        .await;
    assert_eq!(first, second);
    let mut spelled_out = bank.payment_body(&reference, "5000.00");
    spelled_out["payOptionDetails"] = json!([{ "payMethod": "BALANCE", "transAmount": { "value": "5000.00", "currency": "IDR" } }]);
    assert_eq!(bank.pay(&linked, &spelled_out).await.1, first);
    let (status, other) = bank
        .pay(&linked, &bank.payment_body(&reference, "5001.00"))
        .await;
    assert_eq!(
        (status, other["responseCode"].as_str()),
        (404, Some("4045418"))
    );
}

#[tokio::test]
async fn what_is_unpaid_can_be_cancelled_and_what_is_paid_cannot() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (reference, page) = bank.started(&linked, "5000.00").await;
    for _ in 0..2 {
        assert_eq!(bank.cancel(&reference).await["responseCode"], "2005700");
    }
    assert_eq!(
        bank.status(&reference).await["latestTransactionStatus"],
        "05"
    );
    let shown = bank.browser().post(&page, "start", "").await;
    assert_eq!(
        (shown.end(), shown.code()),
        (Some("cancelled"), Some("4045404"))
    );
    let paid = bank.paid(&linked, SITI, "5000.00").await;
    assert_eq!(bank.cancel(&paid).await["responseCode"], "4045700");
    assert_eq!(bank.cancel("unknown").await["responseCode"], "4045701");
    assert_eq!(bank.status("unknown").await["responseCode"], "4045501");
}
