//! Merchants that hand out tokens and verify every notification's signature, all behind one socket.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use snap::{Secret, signature};
use tokio::net::TcpListener;

/// What every merchant verifies with.
pub const SECRET: &str = "the gateway signs notifications with this";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.a-token-of-the-merchants-own-that-is-as-long-as-one";

/// The client id of a merchant that works.
pub fn merchant_id(number: usize) -> String {
    format!("BENCH-{number:04}")
}

/// All merchants that work.
pub struct Receivers {
    address: SocketAddr,
    count: usize,
    heard: Arc<Mutex<State>>,
}

/// What arrived since the last [`Receivers::expect`].
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// Requests.
    pub all: usize,
    /// Different X-EXTERNAL-IDs.
    pub different: usize,
    /// Signatures that did not verify.
    pub unverified: usize,
}

#[derive(Default)]
struct State {
    ids: HashSet<String>,
    all: usize,
    unverified: usize,
}

impl Receivers {
    /// Begins to listen.
    pub async fn start(count: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let heard: Arc<Mutex<State>> = Arc::default();
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A connection that ends is the gateway's business.
                let _ = socket.set_nodelay(true);
                let kept = Arc::clone(&kept);
                let answer = service_fn(move |request| answer(Arc::clone(&kept), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), answer));
            }
        });
        Ok(Self {
            address,
            count,
            heard,
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// A merchant's URL.
    pub fn url(&self, number: usize, path: &str) -> String {
        format!("http://{}/{number}/{path}", self.address)
    }

    /// Forgets what arrived.
    pub fn expect(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// What arrived.
    pub fn heard(&self) -> Heard {
        let state = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        Heard {
            all: state.all,
            different: state.ids.len(),
            unverified: state.unverified,
        }
    }
}

async fn answer(
    kept: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    if head.uri.path().ends_with("/token") {
        let token = format!(
            r#"{{"responseCode":"2007300","responseMessage":"Successful","accessToken":"{TOKEN}","tokenType":"Bearer","expiresIn":900}}"#
        );
        return Ok(json(token));
    }
    let header = |name: &str| {
        let value = head.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let bearer = header("authorization").strip_prefix("Bearer ");
    let verified = signature::verify(
        &Secret::new(SECRET),
        "POST",
        head.uri.path(),
        bearer.unwrap_or_default(),
        &body,
        header("x-timestamp"),
        header("x-signature"),
    );
    let mut state = kept.lock().unwrap_or_else(PoisonError::into_inner);
    state.all += 1;
    state.unverified += usize::from(verified.is_none() || bearer != Some(TOKEN));
    state.ids.insert(header("x-external-id").to_owned());
    Ok(json(
        r#"{"responseCode":"2005600","responseMessage":"Request has been processed successfully"}"#,
    ))
}

fn json(body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    let json = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    response
}
