//! A gateway of a few lines, which records what really arrives and answers by a script.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code, missing_docs)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use merchant_sdk::{
    Amount, Client, ClientBuilder, Customer, CustomerTokens, LineItem, NewPayment, PrivateKey,
    Reference, ReturnTo, Secret,
};
use serde_json::{Value, json};
use snap::paths;

pub static KEY: LazyLock<String> = LazyLock::new(|| {
    PrivateKey::generate()
        .unwrap()
        .to_pkcs8_pem()
        .expose()
        .to_owned()
});

pub const SECRET: &str = "SK-test";

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Arrived {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub type Answer = (u16, Value);

type Script = Arc<dyn Fn(&Arrived) -> Answer + Send + Sync>;

/// The gateway, and what it was asked.
#[derive(Clone)]
pub struct Fake {
    pub url: String,
    /// Whether the gateway gives B2B tokens.
    pub gives_tokens: Arc<AtomicBool>,
    requests: Arc<Mutex<Vec<Arrived>>>,
    script: Script,
    serving: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

impl Fake {
    /// Answers what the script says; B2B tokens are given without asking it.
    pub async fn start(script: impl Fn(&Arrived) -> Answer + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            gives_tokens: Arc::new(AtomicBool::new(true)),
            requests: Arc::default(),
            script: Arc::new(script),
            serving: Arc::default(),
        };
        let router = Router::new()
            .fallback(post(record))
            .with_state(fake.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        *fake.serving.lock().unwrap() = Some(serving);
        fake
    }

    /// Listens no longer.
    pub async fn stop(&self) {
        let serving = self.serving.lock().unwrap().take().unwrap();
        serving.abort();
        assert!(serving.await.unwrap_err().is_cancelled());
    }

    /// Gives these answers, one after the other.
    pub async fn queue(answers: Vec<Answer>) -> Self {
        let answers = Mutex::new(std::collections::VecDeque::from(answers));
        Self::start(move |_| answers.lock().unwrap().pop_front().unwrap()).await
    }

    /// What came to this path, in order.
    pub fn of(&self, path: &str) -> Vec<Arrived> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|one| one.path == path)
            .cloned()
            .collect()
    }

    pub fn builder(&self) -> ClientBuilder {
        let key = PrivateKey::from_pem(&KEY).unwrap();
        Client::builder(&self.url, "MCH-1", Secret::new(SECRET), key)
    }

    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// A client whose pauses take no time, and the pauses it would have made, in seconds.
    pub fn impatient(&self, builder: ClientBuilder) -> (Client, Arc<Mutex<Vec<u64>>>) {
        let pauses: Arc<Mutex<Vec<u64>>> = Arc::default();
        let kept = Arc::clone(&pauses);
        let wait = move |pause: Duration| {
            kept.lock().unwrap().push(pause.as_secs());
            std::future::ready(())
        };
        (builder.waiting_with(wait).build().unwrap(), pauses)
    }
}

async fn record(
    State(fake): State<Fake>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived {
        path: uri.path().to_owned(),
        headers,
        body: body.to_vec(),
    };
    fake.requests.lock().unwrap().push(arrived.clone());
    if arrived.path != paths::TOKEN_B2B {
        let (status, body) = (fake.script)(&arrived);
        return (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response();
    }
    let (status, body) = if fake.gives_tokens.load(Ordering::SeqCst) {
        b2b_token(fake.of(paths::TOKEN_B2B).len())
    } else {
        code("4017300", "Unauthorized")
    };
    // The next request opens a connection of its own, so that it notices a gateway that is gone.
    let close = [("connection", "close")];
    let status = StatusCode::from_u16(status).unwrap();
    (status, close, body.to_string()).into_response()
}

fn b2b_token(number: usize) -> Answer {
    let body = json!({"responseCode": "2007300", "responseMessage": "Successful",
        "accessToken": format!("token-{number}"), "tokenType": "Bearer", "expiresIn": 900});
    (200, body)
}

/// An answer of this code and no more.
pub fn code(code: &str, message: &str) -> Answer {
    let body = json!({"responseCode": code, "responseMessage": message});
    (code[..3].parse().unwrap(), body)
}

/// A customer whose token never runs out and cannot be renewed.
pub fn customer(client: &Client) -> Customer {
    client.customer(CustomerTokens {
        access_token: Secret::new("customer-token"),
        ends_at_ms: None,
        refresh_token: None,
        auth_code: None,
    })
}

pub fn reference(text: &str) -> Reference {
    Reference::new(format!("{text:->32}")).unwrap()
}

/// A payment of ten thousand rupiah.
pub fn payment(reference: &Reference, remarks: &str) -> NewPayment {
    let amount = Amount::from_rupiah(10_000).unwrap();
    let item = LineItem {
        name: "kopi".to_owned(),
        price: amount,
        quantity: 1,
    };
    let return_to = ReturnTo {
        success: "https://toko.example/paid".to_owned(),
        failed: "https://toko.example/failed".to_owned(),
    };
    NewPayment::new(reference, amount, remarks, vec![item], &return_to).unwrap()
}
