//! The merchants' side of notifications: `merchant-sdk`'s router, which verifies every one of them, behind a
//! layer that now and then takes a notification and loses its answer.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use merchant_sdk::notifications::{Notification, Paths, Settings, router, to_channel};
use snap::{PublicKey, Secret};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::template::Account;

/// One answer in so many is lost.
const LOST: u64 = 9;
/// More than a run can bring.
const ROOM: usize = 100_000;

/// Takes what the gateways tell.
pub struct Ears {
    heard: Vec<mpsc::Receiver<Notification>>,
    state: Arc<Hearing>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Hearing {
    forgetful: AtomicBool,
    taken: AtomicU64,
    not_verified: AtomicU64,
}

/// A verified notification of a payment.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Which merchant was told.
    pub merchant: usize,
    /// The merchant's reference of the payment.
    pub reference: String,
    /// Its latestTransactionStatus.
    pub status: String,
}

impl Ears {
    /// Serves the merchants' endpoints on this socket.
    ///
    /// # Errors
    /// When the gateway's key cannot be read.
    pub fn open(listener: TcpListener, accounts: &[Account], gateway_key: &str) -> Result<Self> {
        let state = Arc::new(Hearing::default());
        let mut routes = Router::new();
        let mut heard = Vec::new();
        for (number, account) in accounts.iter().enumerate() {
            let (deliver, receiver) = mpsc::channel(ROOM);
            let secret = Secret::new(&account.notification_secret);
            let key = PublicKey::from_pem(gateway_key)?;
            let settings = Settings::new(&account.client_id, key, secret);
            routes = routes.merge(router(settings, &paths(number), to_channel(deliver)));
            heard.push(receiver);
        }
        let routes = routes.layer(from_fn_with_state(Arc::clone(&state), lose_some));
        let serving = tokio::spawn(async move {
            // It ends with this task.
            drop(axum::serve(listener, routes).await);
        });
        Ok(Self {
            heard,
            state,
            serving,
        })
    }

    /// Whether answers are lost from now on.
    pub fn forget(&self, forgetful: bool) {
        self.state.forgetful.store(forgetful, Ordering::SeqCst);
    }

    /// How many were turned away because they did not verify.
    pub fn not_verified(&self) -> u64 {
        self.state.not_verified.load(Ordering::SeqCst)
    }

    /// Everything about payments that came since the last call, in order for each merchant.
    pub fn heard(&mut self) -> Vec<Heard> {
        let mut all = Vec::new();
        for (merchant, receiver) in self.heard.iter_mut().enumerate() {
            while let Ok(notification) = receiver.try_recv() {
                all.extend(notification.payment().map(|payment| Heard {
                    merchant,
                    reference: payment.original_partner_reference_no.clone(),
                    status: payment.latest_transaction_status.clone(),
                }));
            }
        }
        all
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Where a merchant's endpoints are.
pub fn paths(merchant: usize) -> Paths {
    Paths {
        token: format!("/merchant/{merchant}/token"),
        notification: format!("/merchant/{merchant}/notify"),
        binding_notification: format!("/merchant/{merchant}/binding"),
    }
}

/// A socket whose port the merchants' settings can name before it is served.
///
/// # Errors
/// When there is none.
pub async fn listener() -> Result<TcpListener> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
}

async fn lose_some(State(state): State<Arc<Hearing>>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    if answer.status().is_client_error() {
        state.not_verified.fetch_add(1, Ordering::SeqCst);
    }
    let number = state.taken.fetch_add(1, Ordering::SeqCst);
    if state.forgetful.load(Ordering::SeqCst) && number.is_multiple_of(LOST) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    answer
}
