//! Opening and closing the bank.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_http::catch_panic::CatchPanicLayer;

use crate::bank::Bank;
use crate::line::{Lines, Peer, in_its_manner};
use crate::{Clock, Config, Error, api, control, front_page, hosted, inbox, notify, sweep};

/// How long open connections get to finish when the bank stops.
const GOODBYE: Duration = Duration::from_secs(3);

/// A bank that is open. Dropping it closes it at once; [`Running::stop`] lets calls finish.
#[derive(Debug)]
pub struct Running {
    /// The bank's own address.
    pub url: String,
    handle: Handle,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
}

struct Handle(Arc<Bank>);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bank")
    }
}

/// Opens the bank: database, pages, API, and the workers that notify the gateway and close expired pages.
///
/// # Errors
/// When the configuration is unusable or the database cannot be opened.
pub async fn start(config: Config) -> Result<Running, Error> {
    let (bank, listener) = Bank::open(config).await?;
    let client = notify::client()?;
    let bank = Arc::new(bank);
    let app = router(&bank).into_make_service_with_connect_info::<Peer>();
    let (stop, mut stopped) = watch::channel(false);
    let server = tokio::spawn(async move {
        let goodbye = async move {
            // An error means that the sender is gone, which is as good as a stop.
            drop(stopped.wait_for(|stop| *stop).await);
        };
        if let Err(error) = axum::serve(Lines(listener), app)
            .with_graceful_shutdown(goodbye)
            .await
        {
            tracing::error!(error = %error, "the bank's listener failed");
        }
    });
    let mut workers = vec![tokio::spawn(sweep::run(Arc::clone(&bank)))];
    if bank.gateway.is_some() {
        workers.push(tokio::spawn(notify::run(Arc::clone(&bank), client)));
    }
    tracing::info!(url = bank.public_url, "the bank is open");
    Ok(Running {
        url: bank.public_url.clone(),
        handle: Handle(bank),
        stop,
        server,
        workers,
    })
}

fn router(bank: &Arc<Bank>) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(hosted::routes())
        .merge(inbox::routes(Arc::clone(bank)))
        .merge(control::routes(Arc::clone(bank)))
        .merge(front_page::routes(Arc::clone(bank)))
        .fallback(api::unknown_path)
        .layer(middleware::from_fn(finish_what_was_begun))
        .layer(middleware::from_fn(in_its_manner))
        .layer(CatchPanicLayer::new())
        .with_state(Arc::clone(bank))
}

/// A caller who hangs up does not stop what it asked for halfway.
async fn finish_what_was_begun(request: Request, next: Next) -> Response {
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Running {
    /// The bank's clock.
    pub fn clock(&self) -> &Clock {
        &self.handle.0.clock
    }

    /// Moves the bank's business time forward, for good.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn advance_clock(&self, by_ms: i64) -> Result<(), Error> {
        self.handle.0.advance(by_ms).await.map(|_| ())
    }

    /// Stops taking calls, lets those that came in finish, and closes the database.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(GOODBYE, &mut self.server)
            .await
            .is_err()
        {
            self.server.abort();
        }
        for worker in self.workers.drain(..) {
            worker.abort();
            // Cancelled is how it ends.
            drop(worker.await);
        }
        self.handle.0.db.close().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
        for worker in &self.workers {
            worker.abort();
        }
    }
}
