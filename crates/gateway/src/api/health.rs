//! Whether this process lives and whether it can do its work.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::app::App;
use crate::presence;

/// A database that needs longer is of no use to a merchant who waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers. It says nothing about the database, so that a broken database does not make a
/// supervisor kill gateways.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The gateway can work: its database takes writes in good time, its schema and keys are there (it does
/// not start without).
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    let ready = async {
        app.is_ready().await?;
        presence::count(&app).await
    };
    let Ok(ready) = tokio::time::timeout(PATIENCE, ready).await else {
        tracing::warn!("not ready: the database is too slow");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response();
    };
    match ready {
        Ok(1) => "ready\n1 gateway on this database\n".into_response(),
        Ok(count) => format!("ready\n{count} gateways on this database\n").into_response(),
        Err(reason) => {
            tracing::warn!(%reason, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}
