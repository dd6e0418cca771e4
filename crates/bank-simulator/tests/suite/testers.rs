//! Inbox, front page and control: for this machine, or who knows the secret.

use serde_json::json;

use crate::harness::{Options, SITI, TestBank, phone};

#[tokio::test]
async fn a_forwarded_or_renamed_call_is_no_tester() {
    let bank = TestBank::open().await;
    for path in [
        "/",
        "/inbox",
        "/inbox.json",
        "/control/dump",
        "/control/clock",
    ] {
        let url = format!("{}{path}", bank.url);
        assert_eq!(
            bank.http.get(&url).send().await.unwrap().status(),
            200,
            "{path}"
        );
        let forwarded = bank.http.get(&url).header("X-Forwarded-For", "203.0.113.9");
        assert_eq!(forwarded.send().await.unwrap().status(), 403, "{path}");
        let renamed = bank.http.get(&url).header("Host", "evil.example");
        assert_eq!(renamed.send().await.unwrap().status(), 403, "{path}");
    }
    for (path, body) in [("reset", "{}"), ("clock", "{\"advance_ms\":1}")] {
        let post = || {
            bank.http
                .post(format!("{}/control/{path}", bank.url))
                .header("Content-Type", "text/plain")
        };
        let from_a_page = post()
            .header("Origin", "https://evil.example")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(from_a_page.status(), 403);
    }
    assert_eq!(bank.json("/control/clock").await["offset_ms"], 0);
}

#[tokio::test]
async fn the_clock_goes_forward_and_never_back() {
    let bank = TestBank::open().await;
    let (_, told) = bank.control("clock", json!({ "advance_ms": 5_000 })).await;
    assert_eq!(told["offset_ms"], 5_000);
    assert_eq!(
        bank.control("clock", json!({ "advance_ms": -1 })).await.0,
        400
    );
    assert_eq!(bank.json("/control/clock").await["offset_ms"], 5_000);
}

#[tokio::test]
async fn the_front_page_lists_the_customers() {
    let bank = TestBank::open().await;
    let shown = bank.browser().get(&bank.url).await;
    for customer in bank_simulator::demo_customers() {
        assert!(shown.html.contains(customer.name) && shown.html.contains(customer.phone_no));
    }
    assert!(shown.html.contains("Rp10.000.000"));
}

#[tokio::test]
async fn the_inbox_finds_a_number_however_it_is_written() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    bank.browser().post(&page, "start", "").await;
    let local = format!("0{}", phone(SITI).strip_prefix("62").unwrap());
    let one = bank.json(&format!("/inbox.json?phone={local}")).await;
    assert_eq!(one, bank.json("/inbox.json").await);
    let message = &one["messages"][0];
    assert_eq!(message["phone_no"], phone(SITI));
    assert!(
        message["body"]
            .as_str()
            .unwrap()
            .contains(message["otp"].as_str().unwrap())
    );
}

#[tokio::test]
async fn who_knows_the_control_secret_may_come_from_anywhere() {
    let options = Options {
        control_secret: Some("let-me-in"),
        ..Options::default()
    };
    let bank = TestBank::with(options).await;
    let forwarded = || {
        bank.http
            .get(format!("{}/inbox.json", bank.url))
            .header("X-Forwarded-For", "203.0.113.9")
    };
    assert_eq!(forwarded().send().await.unwrap().status(), 403);
    assert_eq!(
        forwarded()
            .bearer_auth("guess")
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(
        forwarded()
            .bearer_auth("let-me-in")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
