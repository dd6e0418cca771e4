//! Who may see the inbox and move the bank's controls: this machine, or who knows the control secret.
//!
//! "This machine" is a connection from loopback that names loopback or the bank's own host and was not forwarded: a
//! proxy in front makes everybody look local, and a web page elsewhere can point a name of its own at 127.0.0.1.
//! Such a page can also post a form here without asking, but not without saying so: browsers add `Origin`, which
//! must then be our own.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::bank::Bank;
use crate::entropy;
use crate::line::Peer;

/// Middleware: lets testers through.
pub(crate) async fn only_testers(
    State(bank): State<Arc<Bank>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if is_tester(&bank, peer.address, request.headers()) {
        next.run(request).await
    } else {
        let told = "inbox and control answer on loopback only, or to the control secret as a bearer token\n";
        (StatusCode::FORBIDDEN, told).into_response()
    }
}

fn is_tester(bank: &Bank, peer: SocketAddr, headers: &HeaderMap) -> bool {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "));
    if let (Some(secret), Some(bearer)) = (&bank.control_secret, bearer) {
        return entropy::same(secret.expose(), bearer);
    }
    let forwarded = headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for");
    let from_a_page = headers.contains_key(ORIGIN) && !from_own_page(headers);
    peer.ip().to_canonical().is_loopback()
        && !forwarded
        && !from_a_page
        && names_this_machine(&bank.public_url, headers)
}

/// The page that posts was served by this very host and port, which [`names_this_machine`] has found to be ours.
fn from_own_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else {
        return false;
    };
    let served = |scheme: &str| origin.strip_prefix(scheme) == Some(host);
    served("http://") || served("https://")
}

fn names_this_machine(public_url: &str, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let Ok(named) = url::Url::parse(&format!("http://{host}/")) else {
        return false;
    };
    let own = url::Url::parse(public_url).ok();
    match named.host() {
        Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(url::Host::Domain("localhost")) => true,
        Some(host) => own.as_ref().and_then(url::Url::host) == Some(host),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn named(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        names_this_machine("https://bank.example", &headers)
    }

    #[test]
    fn a_name_that_somebody_else_points_here_does_not_count() {
        assert!(
            named("127.0.0.1:8080")
                && named("localhost:1")
                && named("[::1]:9")
                && named("bank.example")
        );
        assert!(!named("evil.example:8080") && !named("10.0.0.1") && !named(""));
        assert!(!names_this_machine(
            "https://bank.example",
            &HeaderMap::new()
        ));
    }
}
