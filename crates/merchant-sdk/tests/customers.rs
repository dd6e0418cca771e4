//! Customers' tokens: each to its own, renewed by one call at a time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod fake;

use std::collections::HashMap;
use std::sync::Mutex;

use fake::{Answer, Arrived, Fake, code, payment};
use merchant_sdk::{Client, Customer, CustomerTokens, Outcome, Reference, Secret};
use serde_json::json;
use snap::paths;

fn linked(client: &Client, name: &str, ends_at_ms: Option<i64>) -> Customer {
    client.customer(CustomerTokens {
        access_token: Secret::new(format!("{name}-0")),
        ends_at_ms,
        refresh_token: Some(Secret::new(format!("{name}-refresh"))),
        auth_code: Some(Secret::new(format!("{name}-code"))),
    })
}

fn token(text: &str) -> Answer {
    let body = json!({"responseCode": "2007400", "responseMessage": "Successful",
        "accessToken": text, "tokenType": "Bearer"});
    (200, body)
}

fn balances() -> Answer {
    let body =
        json!({"responseCode": "2001100", "responseMessage": "Successful", "accountInfos": []});
    (200, body)
}

fn bearer(request: &Arrived) -> String {
    let header = request.header("authorization-customer");
    header.strip_prefix("Bearer ").unwrap_or(header).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_with_two_customers_on_one_client_never_cross_tokens() {
    // A token is taken three times, then it is refused and has to be renewed.
    let used: Mutex<HashMap<String, u32>> = Mutex::default();
    let fake = Fake::start(move |request| {
        let body = request.json();
        if request.path == paths::TOKEN_B2B2C {
            let refresh = body["refreshToken"].as_str().unwrap();
            let name = refresh.strip_suffix("-refresh").unwrap();
            let mut used = used.lock().unwrap();
            let given = used.entry(name.to_owned()).or_default();
            *given += 1;
            return token(&format!("{name}-{given}"));
        }
        let mut used = used.lock().unwrap();
        let times = used.entry(bearer(request)).or_default();
        *times += 1;
        if *times > 3 {
            return code("4015402", "Invalid Customer Token");
        }
        let page = json!({"responseCode": "2005400", "responseMessage": "Successful",
            "webRedirectUrl": format!("https://pay.example/{}", bearer(request))});
        (200, page)
    })
    .await;
    let client = fake.client();
    let customers = [linked(&client, "siti", None), linked(&client, "budi", None)];
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let name = ["siti", "budi"][number % 2];
            let customer = customers[number % 2].clone();
            tokio::spawn(async move {
                // A token may be used up by others while it is renewed: the call is then refused,
                // and made again.
                let order = payment(&Reference::random(), name);
                for _ in 0..200 {
                    if let Outcome::Done(paid) = customer.pay(&order).await.unwrap() {
                        let page = paid.page().unwrap().to_owned();
                        assert!(page.starts_with(&format!("https://pay.example/{name}-")));
                        return;
                    }
                }
                panic!("{name} never paid");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let sent = fake.of(paths::PAYMENT);
    assert!(sent.len() > 64, "no token was ever refused");
    for request in sent {
        let name = request.json()["additionalInfo"]["remarks"].clone();
        let token = bearer(&request);
        assert!(token.starts_with(name.as_str().unwrap()), "{name} {token}");
    }
    assert_eq!(fake.of(paths::TOKEN_B2B).len(), 1);
}

#[tokio::test]
async fn a_token_that_has_run_out_is_renewed_by_one_of_many_calls() {
    let fake = Fake::start(|request| match request.path.as_str() {
        paths::TOKEN_B2B2C => token("siti-1"),
        _ => balances(),
    })
    .await;
    let siti = linked(&fake.client(), "siti", Some(1));
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let siti = siti.clone();
            tokio::spawn(async move { siti.balance().await.unwrap().done().is_ok() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    let renewals = fake.of(paths::TOKEN_B2B2C);
    assert_eq!(renewals.len(), 1);
    assert_eq!(
        renewals[0].json(),
        json!({"grantType": "refresh_token", "refreshToken": "siti-refresh"})
    );
    let balances = fake.of(paths::BALANCE);
    assert!(balances.iter().all(|request| bearer(request) == "siti-1"));
    let kept = siti.tokens().await;
    assert_eq!(kept.access_token.expose(), "siti-1");
    assert_eq!(kept.refresh_token.unwrap().expose(), "siti-refresh");
}

#[tokio::test]
async fn a_token_that_the_gateway_refuses_is_renewed_once_and_the_call_repeated() {
    let invalid = || code("4011102", "Invalid Customer Token");
    let answers = vec![invalid(), token("siti-1"), balances()];
    let fake = Fake::queue(answers).await;
    let siti = linked(&fake.client(), "siti", None);
    assert!(siti.balance().await.unwrap().done().is_ok());
    let sent = fake.of(paths::BALANCE);
    assert_eq!([bearer(&sent[0]), bearer(&sent[1])], ["siti-0", "siti-1"]);

    let answers = vec![invalid(), token("siti-1"), invalid()];
    let fake = Fake::queue(answers).await;
    let siti = linked(&fake.client(), "siti", None);
    assert_eq!(siti.balance().await.unwrap().code(), Some("4011102"));
}

#[tokio::test]
async fn where_the_refresh_token_is_refused_the_code_is_exchanged_again() {
    let ended = || code("4017400", "Unauthorized");
    let fake = Fake::queue(vec![ended(), token("siti-1"), balances()]).await;
    let siti = linked(&fake.client(), "siti", Some(1));
    assert!(siti.balance().await.unwrap().done().is_ok());
    assert_eq!(
        fake.of(paths::TOKEN_B2B2C)[1].json(),
        json!({"grantType": "authorization_code", "authCode": "siti-code"})
    );

    // The link has ended: that is the answer, and nothing was sent in the customer's name.
    let fake = Fake::queue(vec![ended(), ended()]).await;
    let siti = linked(&fake.client(), "siti", Some(1));
    assert_eq!(siti.balance().await.unwrap().code(), Some("4017400"));
    assert!(fake.of(paths::BALANCE).is_empty());
}

#[tokio::test]
async fn a_customer_is_told_to_renew_and_does() {
    let fake = Fake::queue(vec![token("siti-1"), code("5047400", "Timeout")]).await;
    let siti = linked(&fake.client(), "siti", None);
    siti.refresh().await.unwrap().done().unwrap();
    assert_eq!(siti.tokens().await.access_token.expose(), "siti-1");
    let unknown = siti.refresh().await.unwrap();
    assert!(matches!(unknown, Outcome::Unknown(_)));
    assert_eq!(siti.tokens().await.access_token.expose(), "siti-1");
}

#[tokio::test]
async fn a_success_without_a_token_is_not_one() {
    let fake = Fake::queue(vec![code("2007400", "Successful")]).await;
    let code = Secret::new("code");
    let outcome = fake.client().exchange_code(&code).await.unwrap();
    assert!(matches!(outcome, Outcome::Unknown(_)));
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_used_for_as_long_as_the_gateway_takes_it() {
    let invalid = code("4011102", "Invalid Customer Token");
    let fake = Fake::queue(vec![balances(), invalid]).await;
    let siti = fake.client().customer(CustomerTokens {
        access_token: Secret::new("siti-0"),
        ends_at_ms: Some(1),
        refresh_token: None,
        auth_code: None,
    });
    assert!(siti.balance().await.unwrap().done().is_ok());
    assert_eq!(siti.balance().await.unwrap().code(), Some("4011102"));
    assert!(siti.refresh().await.is_err());
    assert!(fake.of(paths::TOKEN_B2B2C).is_empty());
}
