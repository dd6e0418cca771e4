//! The hosted pages: prefetch, sessions, hostile input, every end, headers, both languages.

use serde_json::json;

use crate::harness::{SITI, TestBank, phone, pin, unique};

#[tokio::test]
async fn a_get_changes_nothing_and_sends_nothing() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (_, binding) = bank.bind(1).await;
    let (_, payment) = bank.started(&linked, "2000000.00").await;
    let mut browser = bank.browser();
    let mut other = bank.browser();
    let (_, started) = bank.started(&linked, "5000.00").await;
    browser.post(&started, "start", "").await;
    let before = bank.dump().await;
    for page in [&binding, &payment, &started] {
        for step in ["", "/start", "/otp", "/pin", "/cancel", "?lang=id"] {
            other.get(&format!("{page}{step}")).await;
            browser.get(&format!("{page}{step}")).await;
            bank.http
                .head(format!("{page}{step}"))
                .send()
                .await
                .unwrap();
        }
    }
    for path in [
        "/",
        "/inbox",
        "/inbox.json",
        "/control/clock",
        "/assets/bank.css",
    ] {
        assert_eq!(
            browser.get(&format!("{}{path}", bank.url)).await.status,
            200,
            "{path}"
        );
    }
    assert_eq!(bank.dump().await, before);
}

#[tokio::test]
async fn every_page_carries_the_protective_headers() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    for shown in [
        browser.get(&page).await,
        browser.post(&page, "start", "").await,
        browser.post(&page, "otp", "%ff").await,
        browser.post(&page, "cancel", "").await,
        browser.get(&format!("{}/pages/unknown", bank.url)).await,
        browser.get(&format!("{}/inbox", bank.url)).await,
    ] {
        assert_eq!(shown.headers["cache-control"], "no-store");
        assert_eq!(shown.headers["referrer-policy"], "no-referrer");
        assert_eq!(shown.headers["x-content-type-options"], "nosniff");
        let policy = shown.headers["content-security-policy"].to_str().unwrap();
        for rule in [
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!shown.html.contains("<script") && !shown.html.contains("style=\""));
    }
}

#[tokio::test]
async fn the_session_is_bound_to_the_browser_and_renewed_at_each_step() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    let first = browser.post(&page, "start", "").await.set;
    let cookie = &first[0];
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let mut thief = bank.browser();
    assert_eq!(
        thief.get(&page).await.steps(),
        ["start", "cancel"],
        "another browser starts over"
    );
    let otp = bank.otp(SITI).await.unwrap();
    assert_eq!(
        thief.post(&page, "otp", &otp).await.steps(),
        ["start", "cancel"]
    );
    let stale = browser.clone();
    let second = browser.post(&page, "otp", &otp).await.set;
    assert_ne!(first[0].split(';').next(), second[0].split(';').next());
    bank.advance(31_000).await;
    let mut stale = stale;
    assert_eq!(
        stale.get(&page).await.end(),
        Some("elsewhere"),
        "the id from before is worth nothing"
    );
    assert_eq!(browser.get(&page).await.steps(), ["pin", "cancel"]);
}

#[tokio::test]
async fn another_browser_may_start_over_until_the_otp_is_accepted_and_not_after() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let (mut first, mut second) = (bank.browser(), bank.browser());
    first.post(&page, "start", "").await;
    assert_eq!(second.post(&page, "start", "").await.steps()[0], "otp");
    let otp = bank.otp(SITI).await.unwrap();
    assert_eq!(
        first.get(&page).await.steps(),
        ["start", "cancel"],
        "the first one lost the page"
    );
    second.post(&page, "otp", &otp).await;
    for step in ["start", "otp", "resend", "pin", "cancel"] {
        let shown = first.post(&page, step, pin(SITI)).await;
        assert_eq!(
            (shown.status, shown.end()),
            (409, Some("elsewhere")),
            "{step}"
        );
        assert!(shown.attribute("data-way-back href").is_some());
    }
    assert_eq!(
        second.post(&page, "pin", pin(SITI)).await.end(),
        Some("success")
    );
}

#[tokio::test]
async fn a_double_click_does_no_harm() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let (_, page) = bank.started(&linked, "5000.00").await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    let mut twice = browser.clone();
    let (one, two) = tokio::join!(
        browser.post(&page, "pin", pin(SITI)),
        twice.post(&page, "pin", pin(SITI))
    );
    assert_eq!((one.end(), two.end()), (Some("success"), Some("success")));
    assert_eq!(bank.balances(&linked).await[0], "9995000.00");
    let (_, page) = bank.bind(1).await;
    let mut twice = browser.clone();
    browser.post(&page, "start", "").await;
    assert_eq!(twice.post(&page, "start", "").await.steps()[0], "otp");
    twice.post(&page, "otp", &bank.otp(1).await.unwrap()).await;
    let mut late = twice.clone();
    twice.post(&page, "pin", pin(1)).await;
    assert_eq!(late.post(&page, "pin", pin(1)).await.end(), Some("success"));
}

#[tokio::test]
async fn every_end_can_be_opened_again_and_leads_back() {
    let bank = TestBank::relaxed().await;
    let linked = bank.link(SITI).await;
    let (_, paid) = bank.started(&linked, "5000.00").await;
    let mut browser = bank.browser();
    browser.post(&paid, "start", "").await;
    browser.post(&paid, "pin", pin(SITI)).await;
    let (_, cancelled) = bank.started(&linked, "5000.00").await;
    assert_eq!(
        browser.post(&cancelled, "cancel", "").await.end(),
        Some("cancelled")
    );
    let (_, bound) = bank.bind(1).await;
    assert_eq!(
        browser.post(&bound, "cancel", "").await.code(),
        Some("4040704")
    );
    for (page, end) in [
        (&paid, "success"),
        (&cancelled, "cancelled"),
        (&bound, "cancelled"),
    ] {
        let mut other = bank.browser();
        for shown in [
            browser.get(page).await,
            other.get(page).await,
            other.post(page, "start", "").await,
            other.post(page, "pin", pin(SITI)).await,
            other.post(page, "cancel", "").await,
        ] {
            assert_eq!(shown.end(), Some(end));
            let back = "data-way-back href=\"http://127.0.0.1:9/return?state=a-b_c&amp;x=1\"";
            assert!(shown.html.contains(back), "{}", shown.html);
        }
        assert!(
            !other
                .get(page)
                .await
                .html
                .contains("http-equiv=\"refresh\"")
        );
    }
    assert!(
        bank.browser()
            .get(&paid)
            .await
            .html
            .contains("Do not pay again")
    );
    assert_eq!(bank.balances(&linked).await[0], "9995000.00");
}

#[tokio::test]
async fn an_unlinked_binding_says_so() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    browser
        .post(&page, "otp", &bank.otp(SITI).await.unwrap())
        .await;
    browser.post(&page, "pin", pin(SITI)).await;
    bank.control("unlink", json!({ "phone_no": phone(SITI) }))
        .await;
    assert_eq!(browser.get(&page).await.end(), Some("unlinked"));
}

#[tokio::test]
async fn hostile_forms_get_a_friendly_page_and_change_nothing() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    let before = bank.dump().await;
    let form = "application/x-www-form-urlencoded";
    let long = format!("otp={}", "1".repeat(100_000));
    for (content_type, body) in [
        (form, &b"otp=%"[..]),
        (form, b"otp=%ff%fe"),
        (form, b"otp=\xff\xff"),
        (form, b"otp=1&otp=2"),
        (form, b"otp=%00"),
        (form, long.as_bytes()),
        ("application/json", b"{}"),
        ("text/plain", b"otp=123456"),
    ] {
        let request = bank
            .http
            .post(format!("{page}/otp"))
            .header("Content-Type", content_type)
            .body(body.to_vec());
        let shown = browser.follow(request).await;
        assert_eq!((shown.status, shown.end()), (400, Some("bad-request")));
        assert!(shown.html.contains("href=\"/pages/"));
    }
    assert_eq!(bank.dump().await, before);
    for typed in ["", "12345", "1234567", "abcdef", "<script>"] {
        let shown = browser.post(&page, "otp", typed).await;
        assert_eq!(
            (shown.status, shown.notice()),
            (200, Some("six_digits")),
            "{typed}"
        );
    }
    for path in [
        "/pages/x",
        "/pages/x/start",
        "/pages/%ff/start",
        "/pages/a%0d%0ab/otp",
        "/pages/%2e%2e/pin",
    ] {
        let request = bank
            .http
            .post(format!("{}{path}", bank.url))
            .header("Content-Type", form)
            .body("");
        let status = request.send().await.unwrap().status().as_u16();
        assert!(matches!(status, 400 | 404 | 405), "{path}: {status}");
    }
    assert_eq!(
        browser
            .get(&format!("{}/pages/unknown", bank.url))
            .await
            .end(),
        Some("unknown")
    );
}

#[tokio::test]
async fn pages_speak_the_readers_language() {
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    for (header, query, words) in [
        ("id-ID,id;q=0.9,en;q=0.8", "", "Hubungkan akun Anda?"),
        ("en-GB", "", "Link your account?"),
        ("fr", "", "Hubungkan akun Anda?"),
        ("id", "?lang=en", "Link your account?"),
        ("en", "?lang=id", "Hubungkan akun Anda?"),
        ("en", "?lang=xx", "Link your account?"),
    ] {
        browser.language = header;
        let shown = browser.get(&format!("{page}{query}")).await;
        assert!(shown.html.contains(words), "{header} {query}");
    }
    let shown = browser.get(&format!("{page}?lang=id")).await;
    assert!(
        shown.html.contains("/start?lang=id\""),
        "the choice goes along"
    );
}

#[tokio::test]
async fn what_a_merchant_calls_itself_is_text_everywhere() {
    let bank = TestBank::open().await;
    let binding = unique("binding");
    let mut body = bank.binding_body(&binding, phone(SITI));
    let name = "\"><script>alert(1)</script>";
    body["additionalInfo"]["merchantName"] = json!(name);
    let (_, answer) = bank.call(snap::paths::BANK_BINDING, &body, None).await;
    let page = answer["redirectUrl"].as_str().unwrap();
    let mut browser = bank.browser();
    for shown in [
        browser.get(page).await,
        browser.post(page, "start", "").await,
        browser.get(&format!("{}/inbox", bank.url)).await,
        browser.post(page, "cancel", "").await,
    ] {
        assert!(!shown.html.contains("<script>"), "{}", shown.html);
    }
}
