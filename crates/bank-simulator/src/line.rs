//! Connections that can be cut: so that an answer is lost on the way, as the network would lose it.
//!
//! A handler marks its response with a [`Manner`]; [`in_its_manner`] stands outside of everything, waits or cuts, and
//! is dropped when the caller hangs up.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A caller who waits longer than this for nothing is cut off.
const PATIENCE: Duration = Duration::from_secs(600);

/// How a response goes out, other than as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// After a while.
    Late(Duration),
    /// Never.
    Silent,
    /// Not: the connection is closed.
    Cut,
}

/// Who calls, on a connection that can be cut.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub address: SocketAddr,
    cut: Arc<AtomicBool>,
}

/// Accepts connections that can be cut.
pub(crate) struct Lines(pub TcpListener);

/// Reads and writes until it is cut; then every write fails, which closes the connection.
pub(crate) struct Line {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

/// Middleware: lets a response go out in its manner.
pub(crate) async fn in_its_manner(
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    match response.extensions().get::<Manner>() {
        None => {}
        Some(Manner::Late(wait)) => tokio::time::sleep(*wait).await,
        Some(Manner::Silent) => {
            tokio::time::sleep(PATIENCE).await;
            peer.cut.store(true, Ordering::SeqCst);
        }
        Some(Manner::Cut) => peer.cut.store(true, Ordering::SeqCst),
    }
    response
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let cut = Arc::default();
        (Line { stream, cut }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        Self {
            address: *stream.remote_addr(),
            cut: Arc::clone(&stream.io().cut),
        }
    }
}

impl Line {
    fn intact(&self) -> io::Result<()> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.intact()?;
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.intact()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.intact()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.intact()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
