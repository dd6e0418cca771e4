//! Accepting connections: how many, from whom, how slowly, and how they end.
//!
//! Everything that a stranger can do before a request is complete is bounded here: open connections per
//! process and per address, the TLS handshake, the size and the time of the head (the body is bounded
//! in `api/router.rs`). Broken HTTP gets whatever hyper answers. TLS is 1.2 and 1.3 only.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::api::signed::Peer;
use crate::config::{self, Config, ConfigError};

/// How long to wait after the system refused a connection, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Builds the TLS side from the configured files.
///
/// # Errors
/// When a file cannot be read or certificate and key do not belong together.
pub fn tls(config: &config::Tls) -> Result<TlsAcceptor, ConfigError> {
    let unreadable = |key: &'static str| {
        move |error: rustls::pki_types::pem::Error| ConfigError::wrong(key, error.to_string())
    };
    let chain = CertificateDer::pem_file_iter(&config.cert)
        .map_err(unreadable("tls.cert"))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable("tls.cert"))?;
    let key = PrivateKeyDer::from_pem_file(&config.key).map_err(unreadable("tls.key"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| ConfigError::wrong("tls", error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| ConfigError::wrong("tls", error.to_string()))?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(tls)))
}

/// Accepts connections until `stop` turns true, then lets the open ones finish their request for as long
/// as the configuration allows.
pub async fn accept(
    listener: TcpListener,
    router: Router,
    config: Arc<Config>,
    tls: Option<TlsAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let seats = Arc::new(Seats::new(&config.limits));
    while !*stop.borrow_and_update() {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            changed = stop.changed() => match changed {
                Ok(()) => continue,
                // Whoever could stop us is gone.
                Err(_) => break,
            },
        };
        // Over the cap the connection is closed at once: answering would cost what the cap is to save.
        let Some(seat) = Seats::take(&seats, address.ip().to_canonical()) else {
            continue;
        };
        let connection = Connection {
            router: router.clone(),
            config: Arc::clone(&config),
            peer: address.ip().to_canonical(),
            watcher: graceful.watcher(),
        };
        let tls = tls.clone();
        tokio::spawn(async move {
            connection.serve_tcp(stream, tls).await;
            drop(seat);
        });
    }
    drop(listener);
    let deadline = Duration::from_secs(u64::from(config.limits.stop_timeout_s));
    if tokio::time::timeout(deadline, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some connections were still busy when the gateway stopped");
    }
}

struct Connection {
    router: Router,
    config: Arc<Config>,
    peer: IpAddr,
    watcher: hyper_util::server::graceful::Watcher,
}

impl Connection {
    async fn serve_tcp(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // A small answer must not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else {
            return self.serve(stream).await;
        };
        match tokio::time::timeout(self.patience(), tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
            Err(_) => tracing::debug!("the TLS handshake took too long"),
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.patience())
            .max_buf_size(self.config.limits.head_bytes);
        let Self {
            router,
            config,
            peer,
            watcher,
        } = self;
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            let peer = client_address(&config, peer, request.headers());
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request.map(Body::new))
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended badly");
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.config.limits.read_timeout_s))
    }
}

/// The address to count: the connection's, or what a proxy of ours says it forwards for.
fn client_address(config: &Config, peer: IpAddr, headers: &http::HeaderMap) -> IpAddr {
    if !config.trusted_proxies.contains(&peer) {
        return peer;
    }
    // The last entry is the one that our proxy added; those before it are whatever the client claims.
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next());
    last.and_then(|address| address.trim().parse().ok())
        .unwrap_or(peer)
}

/// The connections that are open, in all and by address.
struct Seats {
    most: usize,
    most_per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One open connection; gives its place back when dropped.
struct Seat {
    seats: Arc<Seats>,
    address: IpAddr,
}

impl Seats {
    fn new(limits: &config::Limits) -> Self {
        Self {
            most: limits.connections,
            most_per_address: limits.connections_per_address,
            taken: Mutex::new(Taken::default()),
        }
    }

    fn take(seats: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let mut taken = seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= seats.most {
            return None;
        }
        let here = taken.by_address.entry(address).or_default();
        // A proxy on this machine brings everybody's connections.
        if *here >= seats.most_per_address && !address.is_loopback() {
            return None;
        }
        *here = here.saturating_add(1);
        taken.all = taken.all.saturating_add(1);
        Some(Seat {
            seats: Arc::clone(seats),
            address,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self
            .seats
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_are_believed_from_our_proxy_only_and_only_the_last_one() {
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        let client: IpAddr = "198.51.100.7".parse().unwrap();
        let config = Config {
            trusted_proxies: vec![proxy],
            ..Config::default()
        };
        let mut headers = http::HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "203.0.113.1, 198.51.100.7".parse().unwrap(),
        );
        assert_eq!(client_address(&config, proxy, &headers), client);
        let stranger: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(client_address(&config, stranger, &headers), stranger);
        headers.insert("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(client_address(&config, proxy, &headers), proxy);
    }

    #[test]
    fn one_address_cannot_take_all_connections() {
        let limits = config::Limits {
            connections: 3,
            connections_per_address: 1,
            ..config::Limits::default()
        };
        let seats = Arc::new(Seats::new(&limits));
        let (one, two) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = Seats::take(&seats, one);
        assert!(first.is_some());
        assert!(Seats::take(&seats, one).is_none());
        assert!(Seats::take(&seats, two).is_some());
        drop(first);
        assert!(Seats::take(&seats, one).is_some());
    }
}
