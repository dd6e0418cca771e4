//! What is the same for every request, over a real socket: paths, methods, sizes, headers, token requests,
//! and how connections end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod world;

use serde_json::Value;
use snap::paths;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use world::{CLIENT_ID, change_merchant, world};

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value, reqwest::header::HeaderMap) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, response.json().await.unwrap(), headers)
}

#[tokio::test]
async fn a_token_is_issued_with_exactly_the_members_that_every_sdk_reads() {
    let world = world(|_| {}).await;
    let (status, body, headers) = answer(world.token_request()).await;
    assert_eq!(status, 200, "{body}");
    let members: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        members,
        [
            "accessToken",
            "expiresIn",
            "responseCode",
            "responseMessage",
            "tokenType"
        ]
    );
    assert_eq!(body["responseCode"], "2007300");
    assert_eq!(body["expiresIn"], 900);
    assert_eq!(headers["x-client-key"], CLIENT_ID);
    assert_eq!(headers["content-type"], "application/json");
    assert!(headers.contains_key("x-timestamp") && headers.contains_key("x-request-id"));
    let entries = world.app().request_log.entries(Some(CLIENT_ID));
    assert_eq!(entries[0].response_code.as_deref(), Some("2007300"));
    assert_eq!(
        entries[0].trace_id,
        headers["x-request-id"].to_str().unwrap()
    );
    world.running.stop().await;
}

#[tokio::test]
async fn a_token_request_that_is_not_right_says_what_is_wrong() {
    let world = world(|_| {}).await;
    let url = format!("{}{}", world.running.url, paths::TOKEN_B2B);
    let post = |headers: Vec<(&'static str, String)>, body: &'static str| {
        let mut request = world
            .http
            .post(&url)
            .header("content-type", "application/json")
            .body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request
    };
    let grant = r#"{"grantType":"client_credentials"}"#;
    let (now, key) = (world.now(), &world.key);
    let signed = |client: &str, at: &str| {
        vec![
            ("X-CLIENT-KEY", client.to_owned()),
            ("X-TIMESTAMP", at.to_owned()),
            ("X-SIGNATURE", key.sign_token(client, at)),
        ]
    };
    let without = |name: &str| {
        let mut headers = signed(CLIENT_ID, &now);
        headers.retain(|(other, _)| *other != name);
        headers
    };
    let old = "2020-01-01T00:00:00Z";
    let mut wrong = signed(CLIENT_ID, &now);
    wrong[2].1 = key.sign_token("someone-else", &now);
    for (headers, body, code, message) in [
        (
            without("X-CLIENT-KEY"),
            grant,
            "4007302",
            "Invalid Mandatory Field X-CLIENT-KEY",
        ),
        (
            without("X-TIMESTAMP"),
            grant,
            "4007302",
            "Invalid Mandatory Field X-TIMESTAMP",
        ),
        (
            without("X-SIGNATURE"),
            grant,
            "4007302",
            "Invalid Mandatory Field X-SIGNATURE",
        ),
        (
            signed("nobody", &now),
            grant,
            "4017300",
            "Unauthorized. [Invalid Signature]",
        ),
        (wrong, grant, "4017300", "Unauthorized. [Invalid Signature]"),
        (
            signed(CLIENT_ID, old),
            grant,
            "4017300",
            "Unauthorized. [X-TIMESTAMP out of range]",
        ),
        (
            signed(CLIENT_ID, "now"),
            grant,
            "4007301",
            "Invalid Field Format X-TIMESTAMP",
        ),
        (
            signed(CLIENT_ID, &now),
            "{}",
            "4007302",
            "Invalid Mandatory Field grantType",
        ),
        (
            signed(CLIENT_ID, &now),
            r#"{"grantType":"x"}"#,
            "4007301",
            "Invalid Field Format grantType",
        ),
        (signed(CLIENT_ID, &now), "no", "4007300", "Bad Request"),
    ] {
        let (_, body, _) = answer(post(headers, body)).await;
        assert_eq!(body["responseCode"], code, "{body}");
        assert_eq!(body["responseMessage"], message);
        assert_eq!(body.as_object().unwrap().len(), 2);
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_token_carries_its_merchants_epoch() {
    let world = world(|_| {}).await;
    change_merchant(world.app(), CLIENT_ID, |merchant| merchant.epoch = 3).await;
    let (status, body, _) = answer(world.token_request()).await;
    assert_eq!(status, 200, "{body}");
    let token = body["accessToken"].as_str().unwrap();
    let now_ms = world.app().clock.business_now_ms();
    let tokens = &world.app().tokens;
    assert!(
        tokens
            .verify(gateway::Kind::B2b, token, CLIENT_ID, 3, now_ms)
            .is_ok()
    );
    assert!(
        tokens
            .verify(gateway::Kind::B2b, token, CLIENT_ID, 4, now_ms)
            .is_err()
    );
    world.running.stop().await;
}

#[tokio::test]
async fn unknown_paths_wrong_methods_and_media_types_are_answered_in_snap() {
    let world = world(|_| {}).await;
    let (http, url) = (&world.http, &world.running.url);
    let b2b = format!("{url}{}", paths::TOKEN_B2B);
    for (request, status, code) in [
        (http.post(format!("{url}/nowhere")), 404, "4040000"),
        (http.post(format!("{b2b}/")), 404, "4040000"),
        (
            http.post(format!("{url}//authorization/v1/access-token/b2b")),
            404,
            "4040000",
        ),
        (http.get(&b2b), 405, "4050000"),
        (http.delete(&b2b), 405, "4050000"),
        (http.post(&b2b).body("{}"), 415, "4157300"),
        (
            http.post(&b2b)
                .header("content-type", "text/plain")
                .body("{}"),
            415,
            "4157300",
        ),
        (
            http.post(&b2b)
                .header("content-type", "application/json")
                .body("x".repeat(65_537)),
            413,
            "4137300",
        ),
    ] {
        let (got, body, headers) = answer(request).await;
        assert_eq!(
            (got, body["responseCode"].as_str()),
            (status, Some(code)),
            "{body}"
        );
        assert_eq!(headers["content-type"], "application/json");
        assert!(headers.contains_key("x-request-id"));
    }
    let twice = world.token_request().header("content-type", "text/plain");
    assert_eq!(
        answer(twice).await.1["responseMessage"],
        "Invalid Field Format Content-Type"
    );
    let charset = world.token_request().header("x-nothing", "1");
    assert_eq!(answer(charset).await.0, 200);
    world.running.stop().await;
}

#[tokio::test]
async fn the_gateway_says_that_it_lives_and_is_ready() {
    let world = world(|_| {}).await;
    for path in ["/healthz", "/readyz"] {
        let response = world
            .http
            .get(format!("{}{path}", world.running.url))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_sandbox_shows_what_was_wrong_with_a_request_and_a_real_gateway_does_not() {
    let world = world(|_| {}).await;
    let spoilt = world.token_request().header("X-SIGNATURE", "AAAA");
    assert_eq!(
        answer(spoilt).await.1["responseCode"],
        "4007301",
        "it stands twice"
    );
    let other = snap::PrivateKey::generate().unwrap();
    let now = world.now();
    let wrong = world
        .http
        .post(format!("{}{}", world.running.url, paths::TOKEN_B2B))
        .header("content-type", "application/json")
        .header("X-CLIENT-KEY", CLIENT_ID)
        .header("X-SIGNATURE", other.sign_token(CLIENT_ID, &now))
        .header("X-TIMESTAMP", &now)
        .body("{}");
    assert_eq!(answer(wrong).await.1["responseCode"], "4017300");
    let shown = world.http.get(format!(
        "{}/sandbox/requests?merchant={CLIENT_ID}",
        world.running.url
    ));
    let (status, body, _) = answer(shown).await;
    assert_eq!(status, 200);
    assert_eq!(
        body["requests"][0]["stringToSign"],
        format!("{CLIENT_ID}|{now}")
    );
    assert_eq!(
        body["requests"][0]["finding"],
        "the signature does not match any registered public key"
    );
    world.running.stop().await;

    let real = world::world(|config| {
        config.sandbox = false;
        config.public_url = "http://127.0.0.1:1".to_owned();
    })
    .await;
    let (status, body, _) = answer(
        real.http
            .get(format!("{}/sandbox/requests", real.running.url)),
    )
    .await;
    assert_eq!(
        (status, body["responseCode"].as_str()),
        (404, Some("4040000"))
    );
    real.running.stop().await;
}

#[tokio::test]
async fn oversized_and_slow_heads_do_not_hold_a_connection() {
    let world = world(|config| config.limits.read_timeout_s = 1).await;
    let mut socket = tokio::net::TcpStream::connect(world.running.address)
        .await
        .unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n",
        "a".repeat(20_000)
    );
    // The gateway may close while we still write.
    let _ = socket.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );

    let mut slow = tokio::net::TcpStream::connect(world.running.address)
        .await
        .unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nHost:").await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(
        std::time::Duration::from_secs(10),
        slow.read_to_end(&mut rest),
    );
    assert!(read.await.is_ok(), "a head that never ends is given up");

    let mut slow = tokio::net::TcpStream::connect(world.running.address)
        .await
        .unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{",
        paths::TOKEN_B2B
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(
        std::time::Duration::from_secs(10),
        slow.read_to_end(&mut rest),
    );
    assert!(read.await.is_ok(), "a body that never ends is given up");
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.contains("4007300"), "{rest}");
    world.running.stop().await;
}

#[tokio::test]
async fn connections_over_the_cap_are_closed_and_places_come_back() {
    let world = world(|config| config.limits.connections = 2).await;
    let open = || tokio::net::TcpStream::connect(world.running.address);
    let (first, _second) = (open().await.unwrap(), open().await.unwrap());
    let mut third = open().await.unwrap();
    let mut byte = [0_u8; 1];
    assert!(
        !matches!(third.read(&mut byte).await, Ok(1..)),
        "the third is closed"
    );
    drop(first);
    // The place is free as soon as the gateway has seen the end of the first.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let mut next = open().await.unwrap();
        let _ = next
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await;
        let mut text = Vec::new();
        if next.read_to_end(&mut text).await.is_ok() && text.starts_with(b"HTTP/1.1 200") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "no place came back");
    }
    world.running.stop().await;
}

#[tokio::test]
async fn two_gateways_on_one_database_read_the_same_keys() {
    let dir = tempfile::tempdir().unwrap();
    let open = || gateway::open(public(world::config(&dir)), gateway::Given::default());
    let (one, two) = (open().await.unwrap(), open().await.unwrap());
    let token = one.tokens.b2b("m", 0, 0).unwrap().token;
    assert!(
        two.tokens
            .verify(gateway::Kind::B2b, &token, "m", 0, 0)
            .is_ok()
    );
    assert_eq!(
        one.keys.notify()[0].public.to_pem(),
        two.keys.notify()[0].public.to_pem()
    );
    assert_eq!(
        gateway::derive::page_id(one.keys.derive(), "x"),
        gateway::derive::page_id(two.keys.derive(), "x")
    );
    assert_eq!(one.keys.phone_hash("628"), two.keys.phone_hash("628"));
}

#[tokio::test]
async fn a_new_token_key_is_read_by_every_gateway_before_it_signs() {
    let dir = tempfile::tempdir().unwrap();
    let open = || gateway::open(public(world::config(&dir)), gateway::Given::default());
    let (one, two) = (open().await.unwrap(), open().await.unwrap());
    let made_ms = one.clock.business_now_ms();
    let id = gateway::rotate_token_key(&one.store, &one.entropy, made_ms)
        .await
        .unwrap();
    assert_eq!(id, "token-2");
    one.run_until_idle().await.unwrap();
    two.run_until_idle().await.unwrap();
    let later_ms = made_ms + 60_000;
    let token = one.tokens.b2b("m", 0, later_ms).unwrap().token;
    let claims = two
        .tokens
        .verify(gateway::Kind::B2b, &token, "m", 0, later_ms)
        .unwrap();
    assert_eq!(claims.kid, "token-2");
}

fn public(mut config: gateway::Config) -> gateway::Config {
    config.public_url = "http://127.0.0.1:1".to_owned();
    config
}

#[tokio::test]
async fn the_api_is_described_as_json_and_as_a_page_without_scripts() {
    let world = world(|_| {}).await;
    let get = |path: &str| world.http.get(format!("{}{path}", world.running.url));
    let (status, document, _) = answer(get("/openapi.json")).await;
    assert_eq!(status, 200);
    assert_eq!(document, snap::openapi::document());
    let response = get("/openapi").send().await.unwrap();
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let page = response.text().await.unwrap();
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    for told in [
        "partnerReferenceNo",
        "4045418",
        "webhook-payment",
        "maxLength 64",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("http://cdn"));
    world.running.stop().await;
}

#[tokio::test]
async fn a_token_request_signed_wrongly_is_explained_in_the_request_log() {
    let world = world(|_| {}).await;
    let now = world.now();
    let swapped = world.key.sign(format!("{now}|{CLIENT_ID}").as_bytes());
    let request = world
        .http
        .post(format!("{}{}", world.running.url, paths::TOKEN_B2B))
        .header("content-type", "application/json")
        .header("X-CLIENT-KEY", CLIENT_ID)
        .header("X-TIMESTAMP", &now)
        .header("X-SIGNATURE", swapped)
        .body(r#"{"grantType":"client_credentials"}"#);
    let (status, _, _) = answer(request).await;
    assert_eq!(status, 401);
    let entries = world.app().request_log.entries(Some(CLIENT_ID));
    assert_eq!(
        entries[0].finding.as_deref(),
        Some("the parts were signed in another order")
    );
    world.running.stop().await;
}
