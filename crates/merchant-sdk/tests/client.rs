//! The client against a gateway of a few lines, which records what really arrives.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod fake;

use fake::{Arrived, Fake, KEY, SECRET, customer};
use merchant_sdk::{
    Authorization, Case, Client, DOKU_PRODUCTION, DOKU_SANDBOX, Error, Meaning, Outcome,
    PrivateKey, PublicKey, RawOptions, RetryPolicy, Secret,
};
use serde_json::{Value, json};
use snap::{paths, signature};

fn balance() -> (u16, Value) {
    let body =
        json!({"responseCode": "2001100", "responseMessage": "Successful", "accountInfos": []});
    (200, body)
}

#[tokio::test]
async fn an_operation_is_signed_over_the_bytes_that_are_sent() {
    let fake = Fake::queue(vec![balance()]).await;
    let client = fake.client();
    let outcome = customer(&client).balance().await.unwrap();
    assert!(matches!(outcome, Outcome::Done(_)));

    let sent = fake.of(paths::BALANCE).remove(0);
    let expected = signature::sign(
        &Secret::new(SECRET),
        "POST",
        paths::BALANCE,
        "token-1",
        &sent.body,
        sent.header("x-timestamp"),
    );
    assert_eq!(sent.header("x-signature"), expected);
    assert_eq!(sent.header("authorization"), "Bearer token-1");
    assert_eq!(
        sent.header("authorization-customer"),
        "Bearer customer-token"
    );
    assert_eq!(sent.header("x-partner-id"), "MCH-1");
    assert!(
        sent.header("x-external-id")
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
}

#[tokio::test]
async fn the_token_request_is_signed_with_the_merchants_key() {
    let fake = Fake::queue(vec![balance()]).await;
    let client = fake.client();
    let outcome = customer(&client).balance().await.unwrap();
    assert!(outcome.done().is_ok());
    let sent = fake.of(paths::TOKEN_B2B).remove(0);
    let key = PrivateKey::from_pem(&KEY).unwrap().public_key_pem();
    let key = PublicKey::from_pem(&key).unwrap();
    assert!(key.verify_token(
        "MCH-1",
        sent.header("x-timestamp"),
        sent.header("x-signature")
    ));
    assert_eq!(sent.header("authorization"), "");
}

#[tokio::test]
async fn many_calls_at_once_fetch_one_token() {
    let fake = Fake::queue(vec![balance(); 8]).await;
    let client = fake.client();
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { customer(&client).balance().await.unwrap().done().is_ok() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    assert_eq!(fake.of(paths::TOKEN_B2B).len(), 1);
}

#[tokio::test]
async fn a_token_that_the_gateway_forgot_is_renewed_once() {
    let forgotten = (
        401,
        json!({"responseCode": "4011101", "responseMessage": "Invalid Token (B2B)"}),
    );
    let answers = vec![forgotten.clone(), balance(), forgotten.clone(), forgotten];
    let fake = Fake::queue(answers).await;
    let client = fake.client();
    assert!(customer(&client).balance().await.unwrap().done().is_ok());
    assert_eq!(fake.of(paths::TOKEN_B2B).len(), 2);
    let second = customer(&client).balance().await.unwrap();
    assert_eq!(second.code(), Some("4011101"));
}

#[tokio::test]
async fn an_outcome_is_read_from_the_code() {
    let refused = json!({"responseCode": "4031114", "responseMessage": "Insufficient Funds"});
    let timeout = json!({"responseCode": "5041100", "responseMessage": "Timeout"});
    let answers = vec![
        (403, refused),
        (504, timeout),
        (502, json!("<html>bad gateway</html>")),
    ];
    let client = Fake::queue(answers).await.client();
    let first = customer(&client).balance().await.unwrap();
    let meaning = Meaning {
        case: Some(Case::InsufficientFunds),
        message: "Insufficient Funds".to_owned(),
    };
    assert_eq!(
        first,
        Outcome::Refused {
            code: "4031114".to_owned(),
            meaning
        }
    );
    assert!(matches!(
        customer(&client).balance().await.unwrap(),
        Outcome::Unknown(_)
    ));
    assert!(matches!(
        customer(&client).balance().await.unwrap(),
        Outcome::Unknown(_)
    ));
}

#[tokio::test]
async fn without_a_gateway_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let key = PrivateKey::from_pem(&KEY).unwrap();
    let client = Client::builder(url, "MCH-1", Secret::new(SECRET), key)
        .build()
        .unwrap();
    let error = customer(&client).balance().await.unwrap_err();
    assert!(matches!(error, Error::TokenUnavailable(_)), "{error}");
}

#[tokio::test]
async fn a_raw_request_sends_what_it_is_told() {
    let fake = Fake::queue(vec![balance()]).await;
    let client = fake.client();
    let options = RawOptions {
        authorization: Authorization::Token("other".to_owned()),
        timestamp: Some("yesterday".to_owned()),
        external_id: Some("1".to_owned()),
        headers: vec![("X-IP-ADDRESS".to_owned(), String::new())],
        repeated: vec![("x-partner-id".to_owned(), "MCH-2".to_owned())],
        without: vec!["x-device-id".to_owned()],
        ..RawOptions::default()
    };
    let answer = client
        .send_raw("POST", "/any?x=1", b"{ not json".to_vec(), &options)
        .await
        .unwrap();
    assert_eq!(answer.code().as_deref(), Some("2001100"));
    let Arrived { headers, body, .. } = fake.of("/any").remove(0);
    let secret = Secret::new(SECRET);
    let expected = signature::sign(
        &secret,
        "POST",
        "/any?x=1",
        "other",
        b"{ not json",
        "yesterday",
    );
    assert_eq!(headers["x-signature"], expected);
    assert_eq!(body, b"{ not json");
    assert_eq!(headers.get_all("x-partner-id").iter().count(), 2);
    assert!(headers.get("x-device-id").is_none());
    assert_eq!(headers["x-ip-address"], "");
}

#[test]
fn a_base_url_that_is_none_is_refused() {
    for url in [
        "",
        "localhost:8700",
        "ftp://x",
        "http://",
        "https://user:word@api.doku.com",
        "https://api.doku.com/?a=1",
    ] {
        let key = PrivateKey::from_pem(&KEY).unwrap();
        let client = Client::builder(url, "MCH-1", Secret::new(SECRET), key).build();
        assert!(matches!(client, Err(Error::BaseUrl)), "{url}");
    }
}

#[test]
fn the_base_url_decides_how_far_a_client_goes_by_itself() {
    for (url, policy) in [
        (DOKU_SANDBOX, RetryPolicy::doku()),
        (DOKU_PRODUCTION, RetryPolicy::doku()),
        ("http://127.0.0.1:8700", RetryPolicy::default()),
        ("https://notdoku.com", RetryPolicy::default()),
    ] {
        let key = PrivateKey::from_pem(&KEY).unwrap();
        let client = Client::builder(url, "MCH-1", Secret::new(SECRET), key).build();
        assert_eq!(*client.unwrap().retry_policy(), policy, "{url}");
    }
}

#[test]
fn a_proxy_that_is_none_is_refused_and_not_repeated() {
    let key = PrivateKey::from_pem(&KEY).unwrap();
    let builder = Client::builder(DOKU_SANDBOX, "MCH-1", Secret::new(SECRET), key);
    let error = builder.proxy("http://user:word@").build().unwrap_err();
    assert!(!error.to_string().contains("word"), "{error}");
}

#[tokio::test]
async fn without_a_connection_an_operation_was_not_sent() {
    let fake = Fake::queue(vec![]).await;
    let client = fake.client();
    client.b2b_token().await.unwrap();
    fake.stop().await;
    let error = customer(&client).balance().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
}
