//! Whether the database does its work, found out by having it do some: a full disk and a database that
//! only reads answer every question and take no payment.
//!
//! Anybody may ask, so it is found out at most once a second, by one at a time.

use std::time::{Duration, Instant};

use storage::{Error, Store, settings};
use tokio::sync::Mutex;

/// The row that is written.
const SETTING: &str = "readiness";
/// Large enough to need room of its own on the disk.
const ROOM: usize = 8 * 1_024;
/// How long an answer is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// When the database was last found to work.
#[derive(Debug, Default)]
pub struct Readiness {
    worked: Mutex<Option<Instant>>,
}

impl Readiness {
    /// Has the database write, unless it did a moment ago.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ask(&self, store: &Store) -> Result<(), Error> {
        let mut worked = self.worked.lock().await;
        if worked.is_some_and(|worked| worked.elapsed() < GOOD_FOR) {
            return Ok(());
        }
        *worked = None;
        write(store).await?;
        *worked = Some(Instant::now());
        Ok(())
    }
}

/// Takes room on the disk and gives it back.
async fn write(store: &Store) -> Result<(), Error> {
    store
        .transact("readiness", |s| async move {
            settings::put(&s, SETTING, &"x".repeat(ROOM)).await?;
            settings::put(&s, SETTING, "").await
        })
        .await
}
