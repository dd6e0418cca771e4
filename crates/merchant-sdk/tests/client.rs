//! The client against a gateway of a few lines, which records what really arrives.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::sync::{Arc, LazyLock, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use merchant_sdk::{Authorization, Client, Config, Error, Outcome, RawOptions};
use serde_json::{Value, json};
use snap::messages::balance::BalanceRequest;
use snap::{PrivateKey, PublicKey, Secret, paths, signature};

static KEY: LazyLock<String> = LazyLock::new(|| {
    PrivateKey::generate()
        .unwrap()
        .to_pkcs8_pem()
        .expose()
        .to_owned()
});

const SECRET: &str = "SK-test";

type Arrived = (String, HeaderMap, Vec<u8>);

#[derive(Clone, Default)]
struct Seen {
    requests: Arc<Mutex<Vec<Arrived>>>,
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
}

impl Seen {
    fn of(&self, path: &str) -> Vec<(HeaderMap, Vec<u8>)> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|(at, _, _)| at == path)
            .map(|(_, headers, body)| (headers.clone(), body.clone()))
            .collect()
    }
}

async fn record(
    State(seen): State<Seen>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let path = uri.path().to_owned();
    seen.requests
        .lock()
        .unwrap()
        .push((path.clone(), headers, body.to_vec()));
    if path == paths::TOKEN_B2B {
        let number = seen.of(paths::TOKEN_B2B).len();
        let body = json!({"responseCode": "2007300", "responseMessage": "Successful",
            "accessToken": format!("token-{number}"), "tokenType": "Bearer", "expiresIn": 900});
        return (StatusCode::OK, body.to_string());
    }
    let (status, body) = seen.answers.lock().unwrap().remove(0);
    (StatusCode::from_u16(status).unwrap(), body.to_string())
}

async fn gateway(answers: Vec<(u16, Value)>) -> (Client, Seen) {
    let seen = Seen::default();
    *seen.answers.lock().unwrap() = answers;
    let router = Router::new()
        .fallback(post(record))
        .with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let key = PrivateKey::from_pem(&KEY).unwrap();
    let client = Client::new(Config::new(url, "MCH-1", Secret::new(SECRET), key)).unwrap();
    (client, seen)
}

fn balance() -> (u16, Value) {
    let body =
        json!({"responseCode": "2001100", "responseMessage": "Successful", "accountInfos": []});
    (200, body)
}

fn request() -> BalanceRequest {
    BalanceRequest {
        channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn an_operation_is_signed_over_the_bytes_that_are_sent() {
    let (client, seen) = gateway(vec![balance()]).await;
    let outcome = client.balance(&request(), "customer-token").await.unwrap();
    assert!(matches!(outcome, Outcome::Done(_)));

    let (headers, body) = seen.of(paths::BALANCE).remove(0);
    let expected = signature::sign(
        &Secret::new(SECRET),
        "POST",
        paths::BALANCE,
        "token-1",
        &body,
        text(&headers, "x-timestamp"),
    );
    assert_eq!(text(&headers, "x-signature"), expected);
    assert_eq!(text(&headers, "authorization"), "Bearer token-1");
    assert_eq!(
        text(&headers, "authorization-customer"),
        "Bearer customer-token"
    );
    assert_eq!(text(&headers, "x-partner-id"), "MCH-1");
    assert!(
        text(&headers, "x-external-id")
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
}

#[tokio::test]
async fn the_token_request_is_signed_with_the_merchants_key() {
    let (client, seen) = gateway(vec![balance()]).await;
    client.balance(&request(), "c").await.unwrap();
    let (headers, _) = seen.of(paths::TOKEN_B2B).remove(0);
    let key = PrivateKey::from_pem(&KEY).unwrap().public_key_pem();
    let key = PublicKey::from_pem(&key).unwrap();
    assert!(key.verify_token(
        "MCH-1",
        text(&headers, "x-timestamp"),
        text(&headers, "x-signature")
    ));
    assert_eq!(text(&headers, "authorization"), "");
}

#[tokio::test]
async fn many_calls_at_once_fetch_one_token() {
    let (client, seen) = gateway(vec![balance(); 8]).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                client
                    .balance(&request(), "c")
                    .await
                    .unwrap()
                    .done()
                    .is_some()
            })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    assert_eq!(seen.of(paths::TOKEN_B2B).len(), 1);
}

#[tokio::test]
async fn a_token_that_the_gateway_forgot_is_renewed_once() {
    let forgotten = (
        401,
        json!({"responseCode": "4011101", "responseMessage": "Invalid Token (B2B)"}),
    );
    let (client, seen) = gateway(vec![
        forgotten.clone(),
        balance(),
        forgotten.clone(),
        forgotten,
    ])
    .await;
    assert!(
        client
            .balance(&request(), "c")
            .await
            .unwrap()
            .done()
            .is_some()
    );
    assert_eq!(seen.of(paths::TOKEN_B2B).len(), 2);
    let second = client.balance(&request(), "c").await.unwrap();
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
    let (client, _) = gateway(answers).await;
    let first = client.balance(&request(), "c").await.unwrap();
    let message = "Insufficient Funds".to_owned();
    assert_eq!(
        first,
        Outcome::Refused {
            code: "4031114".to_owned(),
            message
        }
    );
    assert!(matches!(
        client.balance(&request(), "c").await.unwrap(),
        Outcome::Unknown(_)
    ));
    assert!(matches!(
        client.balance(&request(), "c").await.unwrap(),
        Outcome::Unknown(_)
    ));
}

#[tokio::test]
async fn without_a_gateway_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let key = PrivateKey::from_pem(&KEY).unwrap();
    let client = Client::new(Config::new(url, "MCH-1", Secret::new(SECRET), key)).unwrap();
    let error = client.balance(&request(), "c").await.unwrap_err();
    assert!(matches!(error, Error::TokenUnavailable(_)), "{error}");
}

#[tokio::test]
async fn a_raw_request_sends_what_it_is_told() {
    let (client, seen) = gateway(vec![balance()]).await;
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
    let (headers, body) = seen.of("/any").remove(0);
    let secret = Secret::new(SECRET);
    let expected = signature::sign(
        &secret,
        "POST",
        "/any?x=1",
        "other",
        b"{ not json",
        "yesterday",
    );
    assert_eq!(text(&headers, "x-signature"), expected);
    assert_eq!(body, b"{ not json");
    assert_eq!(headers.get_all("x-partner-id").iter().count(), 2);
    assert!(headers.get("x-device-id").is_none());
    assert_eq!(text(&headers, "x-ip-address"), "");
}

#[test]
fn a_base_url_that_is_none_is_refused() {
    for url in ["", "localhost:8700", "ftp://x", "http://"] {
        let key = PrivateKey::from_pem(&KEY).unwrap();
        let client = Client::new(Config::new(url, "MCH-1", Secret::new(SECRET), key));
        assert!(matches!(client, Err(Error::BaseUrl(_))), "{url}");
    }
}
