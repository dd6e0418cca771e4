//! Faults over HTTP: what a gateway hears, and that the books stay true.

use std::time::Duration;

use serde_json::{Value, json};
use snap::paths;

use crate::harness::{BUDI, Linked, Options, SITI, TestBank, phone, pin, unique};

/// Demo customers with whom something goes wrong.
const BINDING_LOST: usize = 6;
const UNBINDING_OPEN: usize = 7;
const BALANCE_SILENT: usize = 8;
const REFUND_OPEN: usize = 9;

/// What a caller hears who waits a moment.
#[derive(Debug)]
enum Heard {
    Answer(Value),
    /// The connection was closed without a byte.
    Closed,
    Nothing,
}

impl Heard {
    fn code(&self) -> &str {
        match self {
            Self::Answer(body) => body["responseCode"].as_str().unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

async fn hear(bank: &TestBank, path: &str, body: &Value, customer: Option<&str>) -> Heard {
    let body = serde_json::to_vec(body).unwrap();
    let mut request = bank.signed(path, &body, customer).await;
    *request.timeout_mut() = Some(Duration::from_secs(2));
    match bank.http.execute(request).await {
        Ok(response) => {
            let status = response.status().as_u16().to_string();
            let body: Value = response.json().await.unwrap();
            assert!(body["responseCode"].as_str().unwrap().starts_with(&status));
            Heard::Answer(body)
        }
        Err(error) if error.is_timeout() => Heard::Nothing,
        Err(_) => Heard::Closed,
    }
}

async fn pays(bank: &TestBank, linked: &Linked, reference: &str, amount: &str) -> Heard {
    let body = bank.payment_body(reference, amount);
    hear(bank, paths::BANK_PAYMENT, &body, Some(&linked.token)).await
}

fn refund_body(reference: &str, refund: &str, amount: &str) -> Value {
    json!({
        "originalPartnerReferenceNo": reference,
        "partnerRefundNo": refund,
        "refundAmount": { "value": amount, "currency": "IDR" },
    })
}

async fn refunds(bank: &TestBank, reference: &str, refund: &str, amount: &str) -> Heard {
    let body = refund_body(reference, refund, amount);
    hear(bank, paths::BANK_REFUND, &body, None).await
}

async fn arm(bank: &TestBank, fault: Value) {
    let (status, told) = bank.control("fault", fault).await;
    assert_eq!(status, 200, "{told}");
}

async fn armed(bank: &TestBank) -> Vec<Value> {
    let listed = bank.json("/control/fault").await;
    listed["faults"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_payments_sen_make_its_answer_late_missing_lost_or_open() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    for (amount, heard, known) in [
        ("1000.50", "Nothing", true),
        ("1000.51", "Nothing", false),
        ("1000.52", "Closed", true),
        ("1000.57", "Answer", true),
    ] {
        let reference = unique("payment");
        let first = pays(&bank, &linked, &reference, amount).await;
        assert!(
            format!("{first:?}").starts_with(heard),
            "{amount}: {first:?}"
        );
        if heard == "Answer" {
            assert_eq!(first.code(), "2025400");
            assert_eq!(
                pays(&bank, &linked, &reference, amount).await.code(),
                "2025400"
            );
            bank.advance(30_001).await;
        }
        let status = bank.status(&reference).await;
        let found = status["latestTransactionStatus"] == "02";
        assert_eq!(found, known, "{amount}: {status}");
        assert!(found || status["responseCode"] == "4045501", "{status}");
        // Once: the repeat gets its answer, and the page of the first.
        let repeat = pays(&bank, &linked, &reference, amount).await;
        assert_eq!(repeat.code(), "2005400", "{amount}");
        bank.cancel(&reference).await;
    }
    assert_eq!(bank.balances(&linked).await[0], "10000000.00");
}

#[tokio::test]
async fn a_refunds_sen_do_the_same_and_the_money_goes_back_once() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let paid = bank.paid(&linked, SITI, "10000.00").await;
    for (amount, heard) in [
        ("1000.02", "4035802"),
        ("1000.05", "4035805"),
        ("1000.14", "4035814"),
        ("1000.50", "Nothing"),
        ("1000.51", "Nothing"),
        ("1000.52", "Closed"),
        ("1000.57", "2025800"),
    ] {
        let refund = unique("refund");
        let first = refunds(&bank, &paid, &refund, amount).await;
        let again = refunds(&bank, &paid, &refund, amount).await;
        if heard.starts_with("403") {
            assert_eq!((first.code(), again.code()), (heard, heard));
            continue;
        }
        if heard == "2025800" {
            assert_eq!((first.code(), again.code()), (heard, heard));
            bank.advance(30_001).await;
        } else {
            assert!(format!("{first:?}").starts_with(heard), "{first:?}");
        }
        assert_eq!(
            refunds(&bank, &paid, &refund, amount).await.code(),
            "2005800"
        );
    }
    // 10000.00 paid; 1000.50 + 1000.51 + 1000.52 + 1000.57 came back.
    bank.forget_token().await;
    assert_eq!(bank.balances(&linked).await[0], "9994002.10");
}

#[tokio::test]
async fn demo_customers_bring_their_own_faults() {
    let bank = TestBank::open().await;
    let binding = || bank.binding_body(&unique("binding"), phone(BINDING_LOST));
    let first = hear(&bank, paths::BANK_BINDING, &binding(), None).await;
    assert!(matches!(first, Heard::Closed), "{first:?}");
    let second = hear(&bank, paths::BANK_BINDING, &binding(), None).await;
    assert_eq!(second.code(), "2000700");

    let linked = bank.link(UNBINDING_OPEN).await;
    let body = json!({ "partnerReferenceNo": "u-1", "linkId": linked.binding });
    let code = async || {
        let heard = hear(&bank, paths::BANK_UNBINDING, &body, None).await;
        heard.code().to_owned()
    };
    assert_eq!(code().await, "2020900");
    bank.advance(15_000).await;
    assert_eq!(code().await, "2020900");
    bank.advance(16_000).await;
    assert_eq!(code().await, "2000900");

    let linked = bank.link(BALANCE_SILENT).await;
    let body = json!({ "partnerReferenceNo": unique("balance") });
    let heard = hear(&bank, paths::BANK_BALANCE, &body, Some(&linked.token)).await;
    assert!(matches!(heard, Heard::Nothing), "{heard:?}");

    let linked = bank.link(REFUND_OPEN).await;
    let paid = bank.paid(&linked, REFUND_OPEN, "5000.00").await;
    let refund = unique("refund");
    assert_eq!(
        refunds(&bank, &paid, &refund, "5000.00").await.code(),
        "2025800"
    );
    bank.advance(31_000).await;
    assert_eq!(
        refunds(&bank, &paid, &refund, "5000.00").await.code(),
        "2005800"
    );
    assert_eq!(bank.status(&paid).await["latestTransactionStatus"], "04");
}

#[tokio::test]
async fn an_armed_fault_hits_so_many_calls_and_survives_a_restart() {
    let mut bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    arm(
        &bank,
        json!({ "operation": "balance", "outcome": "4031105", "times": 2 }),
    )
    .await;
    arm(&bank, json!({ "operation": "balance", "outcome": "50400" })).await;
    let code = async |bank: &TestBank| {
        let body = json!({ "partnerReferenceNo": unique("balance") });
        let (status, body) = bank
            .call(paths::BANK_BALANCE, &body, Some(&linked.token))
            .await;
        let code = body["responseCode"].as_str().unwrap().to_owned();
        assert!(code.starts_with(&status.to_string()));
        code
    };
    assert_eq!(code(&bank).await, "4031105");
    bank.restart(Options::default()).await;
    let left = armed(&bank).await;
    assert_eq!((left.len(), left[0]["times"].as_i64()), (2, Some(1)));
    assert_eq!(code(&bank).await, "4031105");
    assert_eq!(code(&bank).await, "5041100");
    assert_eq!(code(&bank).await, "2001100");
    assert_eq!(armed(&bank).await.len(), 0);
}

#[tokio::test]
async fn a_share_of_calls_goes_wrong_the_same_way_for_the_same_seed() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let mut runs = Vec::new();
    for _ in 0..2 {
        arm(
            &bank,
            json!({ "operation": "balance", "outcome": "42900", "share": 0.5, "seed": 7 }),
        )
        .await;
        let mut run = Vec::new();
        for _ in 0..30 {
            let body = json!({ "partnerReferenceNo": unique("balance") });
            let (status, _) = bank
                .call(paths::BANK_BALANCE, &body, Some(&linked.token))
                .await;
            run.push(status);
        }
        let listed = &armed(&bank).await[0];
        let hits = run.iter().filter(|status| **status == 429).count();
        assert_eq!(listed["hits"], hits);
        assert_eq!(
            (&listed["seen"], &listed["share"]),
            (&json!(30), &json!(0.5))
        );
        assert!((5..=25).contains(&hits), "{hits}");
        let clear = bank.http.delete(format!("{}/control/fault", bank.url));
        let cleared: Value = clear.send().await.unwrap().json().await.unwrap();
        assert_eq!(cleared, json!({ "cleared": 1 }));
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_bank_that_is_down_does_nothing_until_it_is_back() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let before = bank.dump().await;
    arm(
        &bank,
        json!({ "operation": "any", "outcome": "down", "share": 1 }),
    )
    .await;
    for _ in 0..3 {
        let heard = pays(&bank, &linked, &unique("payment"), "1000.00").await;
        assert!(matches!(heard, Heard::Closed), "{heard:?}");
    }
    // Testers still get in.
    let clear = bank
        .http
        .delete(format!("{}/control/fault?operation=any", bank.url));
    assert_eq!(clear.send().await.unwrap().status(), 200);
    assert_eq!(bank.dump().await, before);
    let heard = pays(&bank, &linked, &unique("payment"), "1000.00").await;
    assert_eq!(heard.code(), "2005400");
}

#[tokio::test]
async fn answers_can_be_late_lost_or_open_for_every_operation_that_has_them() {
    let bank = TestBank::open().await;
    let linked = bank.link(BUDI).await;
    let paid = bank.paid(&linked, BUDI, "5000.00").await;
    let token = Some(linked.token.as_str());
    let status = json!({ "originalPartnerReferenceNo": paid, "serviceCode": "54" });
    let cancel = json!({ "originalPartnerReferenceNo": paid, "reason": "x" });
    let inquiry = json!({ "originalPartnerReferenceNo": linked.binding });
    let balance = json!({ "partnerReferenceNo": "b" });
    let from = "2020-01-01T00:00:00+07:00";
    let statement = json!({ "fromDateTime": from, "toDateTime": bank.valid_up_to() });
    for (operation, path, body, customer) in [
        ("status", paths::BANK_STATUS, &status, None),
        ("cancel", paths::BANK_CANCEL, &cancel, None),
        (
            "binding-inquiry",
            paths::BANK_BINDING_INQUIRY,
            &inquiry,
            None,
        ),
        ("balance", paths::BANK_BALANCE, &balance, token),
        ("statement", paths::BANK_STATEMENT, &statement, None),
    ] {
        for outcome in ["lost", "down", "silent", "late:6"] {
            arm(&bank, json!({ "operation": operation, "outcome": outcome })).await;
            let heard = hear(&bank, path, body, customer).await;
            let closed = matches!(heard, Heard::Closed);
            assert_eq!(closed, ["lost", "down"].contains(&outcome), "{heard:?}");
            assert!(!matches!(heard, Heard::Answer(..)), "{heard:?}");
        }
        let heard = hear(&bank, path, body, customer).await;
        assert!(matches!(heard, Heard::Answer(..)), "{operation}: {heard:?}");
    }
    arm(&bank, json!({ "operation": "status", "outcome": "open" })).await;
    assert_eq!(bank.status(&paid).await["responseCode"], "2025500");
    assert_eq!(bank.status(&paid).await["responseCode"], "2025500");
    bank.advance(30_001).await;
    assert_eq!(bank.status(&paid).await["responseCode"], "2005500");
    arm(
        &bank,
        json!({ "operation": "customer-token", "outcome": "4017400" }),
    )
    .await;
    let (_, refused) = bank.exchange(&linked.auth_code).await;
    assert_eq!(refused["responseCode"], "4017400");
    arm(&bank, json!({ "operation": "token", "outcome": "5047300" })).await;
    let grant = json!({ "grantType": "client_credentials" });
    let (status, _) = bank.for_token(paths::BANK_TOKEN_B2B, grant).await;
    assert_eq!(status, 504);
}

#[tokio::test]
async fn a_strangers_call_wears_no_fault_out() {
    let bank = TestBank::open().await;
    arm(&bank, json!({ "operation": "status", "outcome": "down" })).await;
    let stranger = bank
        .http
        .post(format!("{}{}", bank.url, paths::BANK_STATUS));
    let answer = stranger.header("X-PARTNER-ID", "somebody").json(&json!({}));
    assert_eq!(answer.send().await.unwrap().status(), 400);
    assert_eq!(armed(&bank).await[0]["times"], 1);
}

#[tokio::test]
async fn a_wish_that_cannot_be_is_answered_with_those_that_can() {
    let bank = TestBank::open().await;
    for (fault, word) in [
        (
            json!({ "operation": "pay", "outcome": "lost" }),
            "payment, status",
        ),
        (
            json!({ "operation": "payment", "outcome": "twice" }),
            "late[:SECONDS]",
        ),
        (
            json!({ "operation": "notify", "outcome": "lost" }),
            "twice, early, forged",
        ),
        (
            json!({ "operation": "payment", "outcome": "4035805" }),
            "4035405",
        ),
        (
            json!({ "operation": "payment", "outcome": "lost", "times": 0 }),
            "times",
        ),
        (
            json!({ "operation": "payment", "outcome": "lost", "share": 2 }),
            "share",
        ),
        (
            json!({ "operation": "payment", "outcome": "lost", "share": 1, "times": 1 }),
            "not both",
        ),
        (
            json!({ "operation": "payment", "outcome": "lost", "often": 1 }),
            "often",
        ),
        (json!({ "operation": "payment" }), "outcome"),
    ] {
        let (status, told) = bank.control("fault", fault).await;
        assert_eq!(status, 400);
        assert!(told["error"].as_str().unwrap().contains(word), "{told}");
    }
    assert!(armed(&bank).await.is_empty());
}

#[tokio::test]
async fn the_front_page_arms_and_clears() {
    let bank = TestBank::open().await;
    let post = async |path: &str, origin: &str, body: &str| {
        let request = bank.http.post(format!("{}{path}", bank.url));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let request = request.header("Origin", origin).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    let fault = "operation=refund&outcome=lost&times=3";
    assert_eq!(
        post("/faults/arm", "https://evil.example", fault).await,
        403
    );
    assert_eq!(post("/faults/arm", "null", fault).await, 403);
    assert_eq!(post("/faults/arm", &bank.url, fault).await, 303);
    assert_eq!(
        post(
            "/faults/arm",
            &bank.url,
            "operation=refund&outcome=x&times=3"
        )
        .await,
        400
    );
    let shown = bank.browser().get(&bank.url).await;
    assert!(shown.html.contains("data-fault=\"1\""), "{}", shown.html);
    assert_eq!(shown.headers["referrer-policy"], "same-origin");
    for word in ["customer-token", "….57", "late[:SECONDS]"] {
        assert!(shown.html.contains(word), "{word}");
    }
    assert_eq!(post("/faults/clear", &bank.url, "").await, 303);
    assert!(armed(&bank).await.is_empty());
}

#[tokio::test]
async fn a_page_of_a_payment_whose_answer_was_lost_works() {
    let bank = TestBank::open().await;
    let linked = bank.link(SITI).await;
    let reference = unique("payment");
    let lost = pays(&bank, &linked, &reference, "2000.52").await;
    assert!(matches!(lost, Heard::Closed), "{lost:?}");
    let (_, again) = bank
        .pay(&linked, &bank.payment_body(&reference, "2000.52"))
        .await;
    let page = again["webRedirectUrl"].as_str().unwrap();
    let mut browser = bank.browser();
    browser.post(page, "start", "").await;
    assert_eq!(
        browser.post(page, "pin", pin(SITI)).await.end(),
        Some("success")
    );
    assert_eq!(bank.balances(&linked).await[0], "9997999.48");
}
