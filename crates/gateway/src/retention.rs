//! What is thrown away, and when: claims on X-EXTERNAL-ID after three days, tries to send notifications
//! after the configured time. Nothing else ever is.

use std::sync::Arc;

use storage::{external_ids, notification_attempts};

use crate::app::App;
use crate::workers::{Ran, Run};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a claim is kept: the day it counts for, and room for clocks and questions.
const CLAIMS_KEPT_MS: i64 = 3 * DAY_MS;
/// Rows thrown away in one transaction.
const BATCH: i64 = 1_000;

/// One run: a batch of old claims and one of old tries.
pub fn run(app: Arc<App>) -> Run {
    Box::pin(async move {
        let purged = purge(&app).await.map_err(|error| error.to_string())?;
        Ok(if purged > 0 { Ran::Worked } else { Ran::Idle })
    })
}

async fn purge(app: &App) -> Result<u64, storage::Error> {
    let now_ms = app.clock.business_now_ms();
    let claims_before_ms = now_ms.saturating_sub(CLAIMS_KEPT_MS);
    let tries_kept_ms = i64::from(app.config.retention.attempts_days).saturating_mul(DAY_MS);
    let tries_before_ms = now_ms.saturating_sub(tries_kept_ms);
    let claims = app
        .store
        .transact("retention: claims", |s| async move {
            external_ids::purge(&s, claims_before_ms, BATCH).await
        })
        .await?;
    let tries = app
        .store
        .transact("retention: tries", |s| async move {
            notification_attempts::purge(&s, tries_before_ms, BATCH).await
        })
        .await?;
    Ok(claims.saturating_add(tries))
}
