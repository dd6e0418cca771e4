//! The wire between gateway and bank, which a test can cut: before the bank hears, or before the
//! gateway hears the answer. Everything else passes through unchanged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::net::TcpListener;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The bank never hears of it.
    Before,
    /// The bank does it, and its answer is lost.
    After,
    /// The bank answers 202: left open. It does nothing.
    Open,
    /// The bank never hears of it, and nobody says so.
    Silence,
}

/// A wire to a bank.
pub struct Wire {
    pub url: String,
    line: Arc<Line>,
}

struct Line {
    bank: String,
    http: reqwest::Client,
    cuts: Mutex<HashMap<String, (Cut, u32)>>,
    calls: Mutex<Vec<String>>,
}

impl Wire {
    pub async fn to(bank: &str) -> Self {
        let line = Arc::new(Line {
            bank: bank.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            cuts: Mutex::default(),
            calls: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .fallback(carry)
            .with_state(Arc::clone(&line));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, line }
    }

    /// Cuts the next `times` calls of a path.
    pub fn cut(&self, path: &str, cut: Cut, times: u32) {
        self.line
            .cuts
            .lock()
            .unwrap()
            .insert(path.to_owned(), (cut, times));
    }

    /// Mends the whole wire.
    pub fn mend(&self) {
        self.line.cuts.lock().unwrap().clear();
    }

    /// How often a path was called.
    pub fn calls(&self, path: &str) -> usize {
        self.heard().iter().filter(|call| *call == path).count()
    }

    /// The paths that were called, in order.
    pub fn heard(&self) -> Vec<String> {
        self.line.calls.lock().unwrap().clone()
    }
}

impl Line {
    fn cut_of(&self, path: &str) -> Option<Cut> {
        self.calls.lock().unwrap().push(path.to_owned());
        let mut cuts = self.cuts.lock().unwrap();
        let (cut, times) = cuts.get_mut(path)?;
        let cut = *cut;
        *times -= 1;
        if *times == 0 {
            cuts.remove(path);
        }
        Some(cut)
    }
}

/// Carries a call to the bank and its answer back. A lost answer looks like a gateway timeout of a
/// proxy in front of the bank, without a SNAP body.
async fn carry(State(line): State<Arc<Line>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let cut = line.cut_of(&path);
    let lost = || {
        Response::builder()
            .status(StatusCode::BAD_GATEWAY)
            .body(Body::from("lost"))
            .unwrap()
    };
    if cut == Some(Cut::Before) {
        return lost();
    }
    if cut == Some(Cut::Silence) {
        return std::future::pending().await;
    }
    if cut == Some(Cut::Open) {
        let service = if path.ends_with("refund") { "58" } else { "54" };
        let body = format!(
            r#"{{"responseCode":"202{service}00","responseMessage":"Request In Progress"}}"#
        );
        return Response::builder()
            .status(202)
            .body(Body::from(body))
            .unwrap();
    }
    let (parts, body) = request.into_parts();
    let bytes: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let mut forward = line
        .http
        .request(parts.method, format!("{}{path}", line.bank))
        .body(bytes);
    for (name, value) in &parts.headers {
        if name != "host" && name != "content-length" {
            forward = forward.header(name, value);
        }
    }
    let Ok(answer) = forward.send().await else {
        return lost();
    };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    if cut == Some(Cut::After) {
        return lost();
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().remove("transfer-encoding");
    response
}
