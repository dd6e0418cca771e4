//! The request log of a sandbox, for whoever tries to sign a first request: `GET /sandbox/requests`, with
//! `?merchant=` for one merchant's and without it for those of strangers.
//!
//! It answers in a sandbox and on loopback only; elsewhere there is no such path. What it shows holds no
//! secret, token or personal data (see `request_log.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};

use super::router::unknown_path;
use super::signed::Peer;
use crate::app::App;

/// The latest requests, newest first.
pub async fn latest(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let here = peer.is_some_and(|Extension(Peer(address))| address.is_loopback());
    if !(app.config.sandbox && here) {
        return unknown_path(State(app)).await;
    }
    let merchant = query.get("merchant").map(String::as_str);
    Json(serde_json::json!({ "requests": app.request_log.entries(merchant) })).into_response()
}
