//! Saying that this gateway runs, for whoever must not touch the database meanwhile.
//!
//! A gateway first writes its name down and then looks whether a copy is at work; a copy does it the
//! other way round, so that one of them always sees the other. Nothing here may stop a running
//! gateway: a beat that fails is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use storage::copy::{Held, held};
use storage::{Error, Session, Store, gateways};

use crate::app::App;
use crate::clock::Clock;
use crate::workers::{Ran, Run};

/// How often it is said.
const EVERY_MS: u64 = 5_000;

/// When this process said it last.
#[derive(Debug)]
pub struct Presence {
    said_at_ms: AtomicI64,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            said_at_ms: AtomicI64::new(i64::MIN),
        }
    }
}

/// One run: says it if it was not said just now. Signals wake it far more often than it speaks.
pub fn run(app: Arc<App>) -> Run {
    Box::pin(async move {
        let now_ms = app.clock.wall_now_ms();
        // The distance, since the wall clock may have been set back.
        let since_ms = app.presence.said_at_ms.load(Ordering::SeqCst);
        if since_ms.abs_diff(now_ms) >= EVERY_MS {
            say(&app).await.map_err(|error| error.to_string())?;
        }
        Ok(Ran::Idle)
    })
}

/// Says it.
///
/// # Errors
/// When it cannot be stored.
pub async fn say(app: &App) -> Result<(), Error> {
    let now_ms = app.clock.wall_now_ms();
    let beat = |s: Session| async move { gateways::beat(&s, &app.name, now_ms).await };
    app.store.transact("presence: beat", beat).await?;
    app.presence.said_at_ms.store(now_ms, Ordering::SeqCst);
    Ok(())
}

/// Takes it back: the last thing that a gateway does. Where that fails, others believe in it for
/// another half minute.
pub async fn leave(app: &App) {
    let leave = |s: Session| async move { gateways::leave(&s, &app.name).await };
    if let Err(error) = app.store.transact("presence: leave", leave).await {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(error, "the database still says that this gateway runs");
    }
}

/// Why no gateway may work here at the moment.
///
/// # Errors
/// When it cannot be read.
pub async fn obstacle(store: &Store, clock: &Clock) -> Result<Option<&'static str>, Error> {
    let held = held(&store.reader(), clock.wall_now_ms()).await?;
    Ok(held.map(|held| match held {
        Held::BeingCopied => {
            "it is being copied, or a copy of it was interrupted less than half a minute ago"
        }
        Held::Incomplete => {
            "it is a copy that is not complete: finish it with `gerbang copy-database`"
        }
    }))
}

/// How many gateways run on this database, this one included.
///
/// # Errors
/// When it cannot be read.
pub async fn count(app: &App) -> Result<usize, Error> {
    let now_ms = app.clock.wall_now_ms();
    let all = gateways::all(&app.store.reader()).await?;
    Ok(all.iter().filter(|one| one.is_alive(now_ms)).count())
}
