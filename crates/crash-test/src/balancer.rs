//! The one address that browsers and the bank know, in front of gateways that come and go: passes bytes to
//! whichever of them takes the connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A balancer; dropped, it is gone.
pub struct Balancer {
    accepting: JoinHandle<()>,
}

impl Balancer {
    /// Listens on the port.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn open(port: u16, gateways: Vec<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let gateways: Arc<[SocketAddr]> = gateways.into();
        let turn = Arc::new(AtomicUsize::new(0));
        let accepting = tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let (gateways, turn) = (Arc::clone(&gateways), Arc::clone(&turn));
                tokio::spawn(async move {
                    // A connection that breaks is what the gateways' own would do.
                    drop(pass(from, &gateways, &turn).await);
                });
            }
        });
        Ok(Self { accepting })
    }
}

async fn pass(mut from: TcpStream, gateways: &[SocketAddr], turn: &AtomicUsize) -> Result<()> {
    let first = turn.fetch_add(1, Ordering::Relaxed);
    for number in 0..gateways.len() {
        let at = first.wrapping_add(number) % gateways.len().max(1);
        let Some(gateway) = gateways.get(at) else {
            continue;
        };
        if let Ok(mut to) = TcpStream::connect(gateway).await {
            copy_bidirectional(&mut from, &mut to).await?;
            return Ok(());
        }
    }
    Ok(())
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
