//! A payment or refund whose answer is missing: what the client asks by itself, and what it leaves.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod fake;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fake::{Answer, Fake, code, customer, payment, reference};
use merchant_sdk::{Amount, NewRefund, Next, Outcome, RetryPolicy, Service};
use serde_json::json;
use snap::paths;

fn page() -> Answer {
    let body = json!({"responseCode": "2005400", "responseMessage": "Successful",
        "webRedirectUrl": "https://pay.example/1", "referenceNo": "G-1"});
    (200, body)
}

fn status(status: &str) -> Answer {
    let body = json!({"responseCode": "2005500", "responseMessage": "Successful",
        "latestTransactionStatus": status, "originalReferenceNo": "G-1"});
    (200, body)
}

fn failed() -> Answer {
    let body = json!({"responseCode": "2005500", "responseMessage": "Successful",
        "latestTransactionStatus": "06", "originalResponseCode": "4035414",
        "originalResponseMessage": "Insufficient Funds"});
    (200, body)
}

fn lost() -> Answer {
    (502, json!("<html>bad gateway</html>"))
}

fn services(attempts: &[merchant_sdk::Attempt]) -> Vec<Service> {
    attempts.iter().map(|attempt| attempt.service).collect()
}

#[tokio::test]
async fn an_open_payment_is_repeated_to_the_byte_under_a_new_external_id_to_get_its_page() {
    for open in ["01", "02"] {
        let fake = Fake::queue(vec![lost(), status(open), page()]).await;
        let (client, pauses) = fake.impatient(fake.builder());
        let order = payment(&reference("INV-1"), "kopi");
        let paid = customer(&client).pay(&order).await.unwrap().done().unwrap();
        assert_eq!(paid.page(), Some("https://pay.example/1"));
        assert_eq!(
            services(&paid.attempts),
            [Service::PAYMENT, Service::STATUS, Service::PAYMENT]
        );
        let sent = fake.of(paths::PAYMENT);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].body, sent[1].body);
        assert_ne!(
            sent[0].header("x-external-id"),
            sent[1].header("x-external-id")
        );
        let asked = fake.of(paths::STATUS)[0].json();
        assert_eq!(
            asked["originalPartnerReferenceNo"],
            reference("INV-1").as_str()
        );
        assert_eq!(*pauses.lock().unwrap(), [1]);
    }
}

#[tokio::test]
async fn at_doku_the_status_waits_a_minute_and_nothing_is_repeated_unless_allowed() {
    let fake = Fake::start(|request| match request.path.as_str() {
        paths::PAYMENT => code("5045400", "Timeout"),
        _ => status("02"),
    })
    .await;
    let (client, pauses) = fake.impatient(fake.builder().retry(RetryPolicy::doku()));
    let order = payment(&reference("INV-1"), "kopi");
    let outcome = customer(&client).pay(&order).await.unwrap();
    let Outcome::Unknown(unresolved) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(unresolved.attempts.len(), 5);
    assert!(unresolved.cause.contains("02 Paying"), "{unresolved:?}");
    assert_eq!(fake.of(paths::PAYMENT).len(), 1);
    assert_eq!(*pauses.lock().unwrap(), [60, 20, 40, 60]);

    let allowed = RetryPolicy {
        repeat_payment: true,
        ..RetryPolicy::doku()
    };
    let (client, _) = fake.impatient(fake.builder().retry(allowed));
    let outcome = customer(&client).pay(&order).await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)));
    assert_eq!(fake.of(paths::PAYMENT).len(), 1 + 3);
}

#[tokio::test]
async fn what_the_status_settles_is_settled() {
    let fake = Fake::queue(vec![lost(), status("00"), lost(), failed()]).await;
    let (client, _) = fake.impatient(fake.builder());
    let order = payment(&reference("INV-1"), "kopi");
    let paid = customer(&client).pay(&order).await.unwrap().done().unwrap();
    assert!(matches!(paid.next, Next::Paid(_)), "{paid:?}");
    assert_eq!(paid.reference_no.as_deref(), Some("G-1"));
    let refused = customer(&client).pay(&order).await.unwrap();
    assert_eq!(refused.code(), Some("4035414"), "{refused:?}");
}

#[tokio::test]
async fn what_is_not_found_or_pending_stays_unknown_and_the_attempts_have_an_end() {
    for answer in [
        code("4045501", "Transaction Not Found"),
        status("03"),
        status("07"),
        status("99"),
        lost(),
    ] {
        let fake = Fake::start(move |request| match request.path.as_str() {
            paths::PAYMENT => lost(),
            _ => answer.clone(),
        })
        .await;
        let (client, pauses) = fake.impatient(fake.builder());
        let order = payment(&reference("INV-1"), "kopi");
        let outcome = customer(&client).pay(&order).await.unwrap();
        let Outcome::Unknown(unresolved) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(unresolved.attempts.len(), 5, "{unresolved:?}");
        assert_eq!(fake.of(paths::PAYMENT).len(), 1);
        assert_eq!(fake.of(paths::STATUS).len(), 4);
        assert_eq!(*pauses.lock().unwrap(), [1, 2, 4, 8]);
    }
}

#[tokio::test]
async fn a_repeat_that_is_refused_settles_nothing_the_status_does() {
    let expired = code("4035400", "Transaction Expired");
    let fake = Fake::queue(vec![lost(), status("01"), expired, status("05")]).await;
    let (client, _) = fake.impatient(fake.builder());
    let order = payment(&reference("INV-1"), "kopi");
    let outcome = customer(&client).pay(&order).await.unwrap();
    assert_eq!(outcome.code(), Some("05"), "{outcome:?}");
    assert_eq!(fake.of(paths::STATUS).len(), 2);
}

#[tokio::test]
async fn after_something_was_sent_a_token_that_cannot_be_had_is_no_error_but_unknown() {
    let fake = Fake::queue(vec![lost(), code("4015501", "Invalid Token (B2B)")]).await;
    let gives_tokens = Arc::clone(&fake.gives_tokens);
    // While the client waits to ask for the status, the merchant is locked out.
    let builder = fake.builder().waiting_with(move |_| {
        gives_tokens.store(false, Ordering::SeqCst);
        std::future::ready(())
    });
    let two = RetryPolicy {
        attempts: 2,
        ..RetryPolicy::default()
    };
    let client = builder.retry(two).build().unwrap();
    let order = payment(&reference("INV-1"), "kopi");
    let outcome = customer(&client).pay(&order).await.unwrap();
    let Outcome::Unknown(unresolved) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(unresolved.cause.contains("4017300"), "{unresolved:?}");
}

#[tokio::test]
async fn without_retries_an_unknown_payment_is_told_at_once() {
    let fake = Fake::queue(vec![lost()]).await;
    let (client, pauses) = fake.impatient(fake.builder().retry(RetryPolicy::none()));
    let order = payment(&reference("INV-1"), "kopi");
    let outcome = customer(&client).pay(&order).await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)));
    assert!(pauses.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_definite_answer_is_asked_for_once() {
    let fake = Fake::queue(vec![page(), code("4035414", "Insufficient Funds")]).await;
    let (client, _) = fake.impatient(fake.builder());
    let order = payment(&reference("INV-1"), "kopi");
    let paid = customer(&client).pay(&order).await.unwrap().done().unwrap();
    assert_eq!(paid.attempts.len(), 1);
    let refused = customer(&client).pay(&order).await.unwrap();
    assert_eq!(refused.code(), Some("4035414"));
    assert_eq!(fake.of(paths::PAYMENT).len(), 2);
}

fn refund() -> NewRefund {
    let amount = Amount::from_rupiah(5_000).unwrap();
    NewRefund::new(&reference("INV-1"), amount, &reference("REF-1")).unwrap()
}

#[tokio::test]
async fn an_unknown_refund_is_repeated_under_the_same_refund_reference() {
    let open = code("2025800", "Request In Progress");
    let done = code("2005800", "Successful");
    let fake = Fake::queue(vec![lost(), open, done]).await;
    let (client, pauses) = fake.impatient(fake.builder());
    let made = client.refund(&refund()).await.unwrap().done().unwrap();
    assert_eq!(services(&made.attempts), [Service::REFUND; 3]);
    let sent = fake.of(paths::REFUND);
    assert!(sent.iter().all(|one| one.body == sent[0].body));
    assert_eq!(
        sent[0].json()["partnerRefundNo"],
        reference("REF-1").as_str()
    );
    assert_eq!(*pauses.lock().unwrap(), [1, 2]);
    assert_eq!(sent[0].header("authorization-customer"), "");
}

#[tokio::test]
async fn a_refund_reference_of_another_refund_is_refused_but_its_own_repeat_is_done() {
    let used = || code("4045818", "Inconsistent Request");
    let fake = Fake::queue(vec![used(), lost(), used()]).await;
    let (client, _) = fake.impatient(fake.builder());
    let other = client.refund(&refund()).await.unwrap();
    assert_eq!(other.code(), Some("4045818"));
    let own = customer(&client).refund(&refund()).await.unwrap();
    assert!(own.done().is_ok());
    assert_eq!(
        fake.of(paths::REFUND)[1].header("authorization-customer"),
        "Bearer customer-token"
    );
}

#[tokio::test]
async fn a_repeated_refund_that_is_refused_for_a_reason_of_its_own_stays_unknown() {
    let slow_down = code("4295800", "Too Many Requests");
    let forbidden = code("4015800", "Unauthorized. [Invalid Signature]");
    let too_much = code("4045813", "Invalid Amount");
    let fake = Fake::queue(vec![lost(), slow_down, forbidden, too_much]).await;
    let (client, _) = fake.impatient(fake.builder());
    let outcome = client.refund(&refund()).await.unwrap();
    assert_eq!(outcome.code(), Some("4045813"));
    assert!(matches!(outcome, Outcome::Refused { .. }));
}
