//! One keep-alive connection to the gateway, and requests signed as merchants sign them.
//!
//! The load has its own client because it must cost little beside what it measures and because a
//! connection is to be exactly one; everything that is not measured goes through `merchant-sdk`.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use snap::{Secret, signature, timestamp};
use tokio::net::TcpStream;

/// An answer that takes longer counts as none.
const DEADLINE: Duration = Duration::from_secs(30);

/// Who signs: a merchant with its token.
pub struct Signer {
    /// The merchant's client id.
    pub client_id: String,
    /// The secret that signs.
    pub secret: Secret,
    /// The B2B token.
    pub token: Secret,
}

/// One operation to be sent.
pub struct Operation<'a> {
    /// The path.
    pub path: &'static str,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// X-EXTERNAL-ID.
    pub external_id: String,
    /// The customer's token, where the operation has a customer.
    pub customer: Option<&'a Secret>,
}

/// An open connection.
pub struct Connection {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its end is seen by the next request.
        tokio::spawn(connection);
        Ok(Self { address, sender })
    }

    /// Signs an operation over the bytes that are sent, and sends it.
    pub async fn send(
        &mut self,
        signer: &Signer,
        operation: Operation<'_>,
    ) -> Result<(u16, Bytes)> {
        let now = timestamp::format_jakarta(now_ms());
        let token = signer.token.expose();
        let signed = signature::sign(
            &signer.secret,
            "POST",
            operation.path,
            token,
            &operation.body,
            &now,
        );
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(operation.path)
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("x-timestamp", now)
            .header("x-signature", signed)
            .header("x-partner-id", &signer.client_id)
            .header("x-external-id", operation.external_id)
            .header("x-ip-address", "127.0.0.1")
            .header("x-device-id", "bench")
            .header("channel-id", "DH")
            .header("authorization", format!("Bearer {token}"));
        if let Some(customer) = operation.customer {
            let bearer = format!("Bearer {}", customer.expose());
            request = request.header("authorization-customer", bearer);
        }
        self.exchange(request.body(Full::from(operation.body))?)
            .await
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Result<(u16, Bytes)> {
        let request = Request::get(path).header("host", self.address.to_string());
        self.exchange(request.body(Full::default())?).await
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<(u16, Bytes)> {
        let exchange = async {
            self.sender.ready().await?;
            let answer = self.sender.send_request(request).await?;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>((status, body))
        };
        match tokio::time::timeout(DEADLINE, exchange).await {
            Ok(answer) => answer.context("the connection broke"),
            Err(_) => bail!("no answer within {DEADLINE:?}"),
        }
    }
}

/// Whether whatever listens there says that it is ready.
pub async fn is_ready(address: SocketAddr) -> bool {
    let ask = async { Connection::open(address).await?.get("/readyz").await };
    ask.await.is_ok_and(|(status, _)| status == 200)
}

/// The wall clock, in Unix milliseconds.
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
