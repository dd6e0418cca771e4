//! A merchant's notification endpoint on this machine: verifies what comes, hands it on, and tells it.
//!
//! Never here: an answer that a notification was taken although an application that it was forwarded to did
//! not take it.

pub mod events;
pub mod forwards;
pub mod registration;
pub mod telling;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use merchant_sdk::notifications::{Incoming, Notification, Paths, Rejected, Settings, Verifier};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::clock;
use events::event_of;
use forwards::{Forwarded, Forwards};

/// External ids that are remembered, to tell repeats.
const REMEMBERED: usize = 100_000;

/// Where the endpoint's URLs are, behind the address.
pub fn paths_under(prefix: &str) -> Paths {
    let usual = Paths::default();
    Paths {
        token: format!("{prefix}{}", usual.token),
        notification: format!("{prefix}{}", usual.notification),
        binding_notification: format!("{prefix}{}", usual.binding_notification),
    }
}

/// Something that came.
pub struct Heard {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// What it was.
    pub what: What,
}

/// What something that came was.
pub enum What {
    /// A notification that was verified.
    Verified(Box<Told>),
    /// Something that was not, and why.
    Rejected {
        /// Where it came to.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// A notification that was verified, and what became of it.
pub struct Told {
    /// What it tells, in a word.
    pub event: &'static str,
    /// The notification.
    pub notification: Notification,
    /// Its body, as it came.
    pub body: Value,
    /// Whether it came before.
    pub again: bool,
    /// Where it was handed on to.
    pub forwarded: Vec<Forwarded>,
}

impl Told {
    /// Whether every application took it that it was handed on to.
    pub fn is_taken(&self) -> bool {
        self.forwarded.iter().all(Forwarded::is_taken)
    }
}

struct Endpoint {
    verifier: Verifier,
    paths: Paths,
    forwards: Forwards,
    seen: Mutex<HashSet<String>>,
    tell: mpsc::UnboundedSender<Heard>,
}

/// The endpoint; everything that comes is told to `tell`.
pub fn endpoint(
    settings: Settings,
    paths: Paths,
    forwards: Forwards,
    tell: mpsc::UnboundedSender<Heard>,
) -> Router {
    let endpoint = Endpoint {
        verifier: Verifier::new(settings),
        paths,
        forwards,
        seen: Mutex::default(),
        tell,
    };
    Router::new()
        .fallback(any(take))
        .with_state(Arc::new(endpoint))
}

async fn take(
    State(endpoint): State<Arc<Endpoint>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let incoming = Incoming {
        method: method.as_str(),
        path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()),
        headers: &headers,
        body: &body,
        now_ms: clock::now_ms(),
    };
    let (verifier, paths) = (&endpoint.verifier, &endpoint.paths);
    let path = uri.path();
    let verified = if path == paths.token {
        return match verifier.give_token(&incoming) {
            Ok(given) => given.into_response(),
            Err(rejected) => endpoint.reject(&incoming, &rejected),
        };
    } else if path == paths.notification {
        verifier.verify_notification(&incoming)
    } else if path == paths.binding_notification {
        verifier.verify_binding_notification(&incoming)
    } else {
        endpoint.tell_rejected(&incoming, "no such path here".to_owned());
        return StatusCode::NOT_FOUND.into_response();
    };
    match verified {
        Ok(notification) => endpoint.hand_on(&incoming, notification, &body).await,
        Err(rejected) => endpoint.reject(&incoming, &rejected),
    }
}

impl Endpoint {
    async fn hand_on(
        &self,
        incoming: &Incoming<'_>,
        notification: Notification,
        body: &Bytes,
    ) -> Response {
        let event = event_of(&notification);
        let again = self.is_repeat(&notification.external_id);
        let told = Told {
            event,
            forwarded: self.forwards.send(event, incoming.headers, body).await,
            body: serde_json::from_slice(body).unwrap_or_default(),
            again,
            notification,
        };
        let reply = if told.is_taken() {
            told.notification.taken(incoming.now_ms)
        } else {
            told.notification.not_taken(incoming.now_ms)
        };
        self.tell(incoming, What::Verified(Box::new(told)));
        reply.into_response()
    }

    fn reject(&self, incoming: &Incoming<'_>, rejected: &Rejected) -> Response {
        self.tell_rejected(incoming, rejected.refusal.message());
        rejected.reply(incoming.now_ms).into_response()
    }

    fn tell_rejected(&self, incoming: &Incoming<'_>, why: String) {
        let path = incoming.path_and_query.to_owned();
        self.tell(incoming, What::Rejected { path, why });
    }

    /// Nobody to tell it to: the command is ending.
    fn tell(&self, incoming: &Incoming<'_>, what: What) {
        let at_ms = incoming.now_ms;
        drop(self.tell.send(Heard { at_ms, what }));
    }

    fn is_repeat(&self, external_id: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        !seen.insert(external_id.to_owned())
    }
}
