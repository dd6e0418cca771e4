//! What is thrown away, and when: claims on X-EXTERNAL-ID after three days. Nothing else ever is.

use std::sync::Arc;

use storage::external_ids;

use crate::app::App;
use crate::workers::{Ran, Run};

/// How long a claim is kept: the day it counts for, and room for clocks and questions.
const CLAIMS_KEPT_MS: i64 = 3 * 24 * 60 * 60 * 1_000;
/// Claims thrown away in one transaction.
const BATCH: i64 = 1_000;

/// One run: a batch of old claims.
pub fn run(app: Arc<App>) -> Run {
    Box::pin(async move {
        let before_ms = app.clock.business_now_ms().saturating_sub(CLAIMS_KEPT_MS);
        let purged = app
            .store
            .transact("retention: claims", |s| async move {
                external_ids::purge(&s, before_ms, BATCH).await
            })
            .await
            .map_err(|error: storage::Error| error.to_string())?;
        Ok(if purged > 0 { Ran::Worked } else { Ran::Idle })
    })
}
