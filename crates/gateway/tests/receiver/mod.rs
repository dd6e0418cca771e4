//! A merchant's server that does as a test says, and remembers what it was sent.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use snap::{PublicKey, Secret, signature};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The path of the token URL; everything else is a notification.
pub const TOKEN: &str = "/token";

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: http::HeaderMap,
    pub body: String,
    /// How many requests for the same kind of thing came before it.
    pub before: usize,
}

impl Seen {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn bearer(&self) -> &str {
        let authorization = self.get("authorization").unwrap_or_default();
        authorization.strip_prefix("Bearer ").unwrap_or_default()
    }

    /// Whether it is signed as a merchant's notification must be.
    pub fn is_signed(&self, secret: &str) -> bool {
        let (time, signed) = (self.get("x-timestamp"), self.get("x-signature"));
        let (secret, body) = (Secret::new(secret), self.body.as_bytes());
        let (time, signed) = (time.unwrap(), signed.unwrap());
        signature::verify(
            &secret,
            "POST",
            &self.path,
            self.bearer(),
            body,
            time,
            signed,
        )
        .is_some()
    }

    /// Whether it is signed as a token request must be.
    pub fn is_token_request_of(&self, client_id: &str, gateway: &PublicKey) -> bool {
        let (time, signed) = (
            self.get("x-timestamp").unwrap(),
            self.get("x-signature").unwrap(),
        );
        self.get("x-client-key") == Some(client_id)
            && self.body == r#"{"grantType":"client_credentials"}"#
            && gateway.verify_token(client_id, time, signed)
    }
}

pub struct Receiver {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Receiver {
    /// Answers each request by `reply`.
    pub async fn start<F>(reply: impl Fn(Seen) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let router = Router::new().fallback(async move |request: axum::extract::Request| {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            reply(keep(&kept, parts, body)).await
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    /// Gives tokens and answers every notification by `reply`.
    pub async fn with_tokens(
        reply: impl Fn(&Seen) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |seen| {
            let response = match seen.path.as_str() {
                TOKEN => token(&format!("token-{}", seen.before), r#""900""#),
                _ => reply(&seen),
            };
            std::future::ready(response)
        })
        .await
    }

    /// Everything but token requests, in order.
    pub fn notifications(&self) -> Vec<Seen> {
        self.of_kind(false)
    }

    /// The token requests, in order.
    pub fn token_requests(&self) -> Vec<Seen> {
        self.of_kind(true)
    }

    fn of_kind(&self, token: bool) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|seen| (seen.path == TOKEN) == token)
            .cloned()
            .collect()
    }
}

fn keep(kept: &Mutex<Vec<Seen>>, parts: Parts, body: Bytes) -> Seen {
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let mut kept = kept.lock().unwrap();
    let same = kept
        .iter()
        .filter(|seen| (seen.path == TOKEN) == (path == TOKEN));
    let seen = Seen {
        before: same.count(),
        path,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    kept.push(seen.clone());
    seen
}

/// A SNAP answer.
pub fn snap(status: u16, code: &str, message: &str) -> Response {
    let body = format!(r#"{{"responseCode":"{code}","responseMessage":"{message}"}}"#);
    plain(status, &body)
}

/// "Received."
pub fn ok() -> Response {
    snap(200, "2005600", "Request has been processed successfully")
}

/// A token that is good for `life`, which is JSON.
pub fn token(text: &str, life: &str) -> Response {
    let body = format!(
        r#"{{"responseCode":"2007300","accessToken":"{text}","tokenType":"Bearer","expiresIn":{life}}}"#
    );
    plain(200, &body)
}

/// Any answer.
pub fn plain(status: u16, body: &str) -> Response {
    let status = http::StatusCode::from_u16(status).unwrap();
    (
        status,
        [("content-type", "application/json")],
        body.to_owned(),
    )
        .into_response()
}

/// A server that reads a request's head, sends `bytes` and then goes on as told.
pub async fn raw(bytes: &'static str, then: Then) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notify", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut head = [0_u8; 64 * 1024];
                let _ = socket.read(&mut head).await;
                let _ = socket.write_all(bytes.as_bytes()).await;
                match then {
                    Then::Close => {}
                    Then::Reset => socket.set_zero_linger().unwrap(),
                    // A merchant that never answers.
                    Then::Hang => tokio::time::sleep(Duration::from_secs(60)).await,
                    Then::GoOnForEver => {
                        while socket.write_all(&[b'x'; 16 * 1024]).await.is_ok() {}
                    }
                }
            });
        }
    });
    url
}

/// A server that answers `head` and then up to a gibibyte, and counts what it could get rid of.
pub async fn gibibyte(head: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut request = [0_u8; 64 * 1024];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(head.as_bytes()).await;
                while count.load(Ordering::SeqCst) < 1 << 30 {
                    match socket.write(&[b'x'; 64 * 1024]).await {
                        Ok(bytes) => count.fetch_add(bytes, Ordering::SeqCst),
                        Err(_) => break,
                    };
                }
            });
        }
    });
    (url, written)
}

/// How a [`raw`] server goes on.
#[derive(Clone, Copy)]
pub enum Then {
    Close,
    Reset,
    Hang,
    GoOnForEver,
}
