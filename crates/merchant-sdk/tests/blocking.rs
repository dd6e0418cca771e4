//! The blocking facade does what the async client does, from any thread and from none of tokio's.

#![cfg(feature = "blocking")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod fake;

use fake::{Answer, Fake, payment, reference};
use merchant_sdk::blocking::{Client, Customer};
use merchant_sdk::{Error, Outcome, Secret};
use serde_json::json;
use snap::paths;

fn answer(path: &str) -> Answer {
    let body = match path {
        paths::TOKEN_B2B2C => json!({"responseCode": "2007400", "responseMessage": "Successful",
            "accessToken": "customer-token"}),
        paths::PAYMENT => json!({"responseCode": "2005400", "responseMessage": "Successful",
            "webRedirectUrl": "https://pay.example/1"}),
        _ => json!({"responseCode": "2005500", "responseMessage": "Successful",
            "latestTransactionStatus": "00"}),
    };
    (200, body)
}

/// A gateway on a runtime of its own, which lives as long as the test.
fn gateway() -> (tokio::runtime::Runtime, Client) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fake = runtime.block_on(Fake::start(|request| answer(&request.path)));
    let client = fake.builder().build_blocking().unwrap();
    (runtime, client)
}

fn linked(client: &Client) -> Customer {
    let code = Secret::new("code");
    client.exchange_code(&code).unwrap().done().unwrap()
}

#[test]
fn a_program_without_a_runtime_links_pays_and_asks() {
    let (_runtime, client) = gateway();
    let customer = linked(&client);
    let order = payment(&reference("INV-1"), "kopi");
    let paid = customer.pay(&order).unwrap().done().unwrap();
    assert_eq!(paid.page(), Some("https://pay.example/1"));
    let status = client.status(order.reference()).unwrap().done().unwrap();
    assert_eq!(status.latest_transaction_status, "00");
    let tokens = customer.tokens().unwrap();
    assert_eq!(tokens.access_token.expose(), "customer-token");
}

#[test]
fn one_client_serves_many_threads() {
    let (_runtime, client) = gateway();
    let customer = linked(&client);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let customer = customer.clone();
            scope.spawn(move || {
                let order = payment(&reference(&format!("INV-{number}")), "kopi");
                assert!(matches!(customer.pay(&order).unwrap(), Outcome::Done(_)));
            });
        }
    });
}

#[test]
fn inside_a_runtime_it_says_so_and_does_not_panic() {
    let (runtime, client) = gateway();
    runtime.block_on(async move {
        let error = client.status("INV-1").map(drop).unwrap_err();
        assert!(matches!(error, Error::InsideRuntime), "{error}");
        drop(client);
    });
}
