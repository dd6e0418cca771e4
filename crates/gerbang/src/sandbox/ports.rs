//! The sandbox's three ports: gateway, bank, demo merchant.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, anyhow, bail};

/// The three listeners, bound before anything starts, so that a taken port is found first.
pub struct Ports {
    /// The gateway's.
    pub gateway: TcpListener,
    /// The bank simulator's.
    pub bank: TcpListener,
    /// The demo merchant's; bound even when nobody is to listen there, to learn its number.
    pub merchant: TcpListener,
}

impl Ports {
    /// Binds `first`, the next and the one after on loopback; 0 picks free ones.
    pub fn bind(first: u16) -> anyhow::Result<Self> {
        if first > u16::MAX - 2 {
            bail!("--port {first} leaves no room for the bank's and the merchant's ports after it");
        }
        let port = |offset: u16| if first == 0 { 0 } else { first + offset };
        Ok(Self {
            gateway: bind(port(0), "the gateway")?,
            bank: bind(port(1), "the bank simulator")?,
            merchant: bind(port(2), "the demo merchant")?,
        })
    }
}

/// `http://127.0.0.1:PORT` of a listener.
pub fn url_of(listener: &TcpListener) -> anyhow::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

fn bind(port: u16, whose: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port}, which {whose} needs, is taken: a sandbox may be running already. \
             Stop what listens there, or choose other ports with --port N (--port 0 picks free ones)"
        ),
        ErrorKind::PermissionDenied => {
            anyhow!("port {port} may not be used without privileges; choose one above 1023 with --port")
        }
        _ => anyhow!(error).context(format!("port {port} cannot be listened on")),
    })?;
    listener
        .set_nonblocking(true)
        .context("the listener cannot be set up")?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = bind(port, "the gateway").unwrap_err().to_string();
        assert!(
            error.contains(&port.to_string()) && error.contains("--port"),
            "{error}"
        );
    }
}
