//! The gateway: DOKU's Allo Bank Direct Debit API for merchants, the pages for their customers, the port
//! to the banks, and the work that goes on when nobody asks.
//!
//! `api` turns bytes into requests and outcomes into bytes; `flows` tell each story from top to bottom and
//! are the only place that knows the order of things; `bank` asks the bank; `workers` wakes what is due.
//! Nothing below `flows` calls up. A gateway process keeps nothing that another one needs.

pub mod api;
mod app;
pub mod bank;
mod clock;
pub mod config;
pub mod derive;
mod entropy;
pub mod flows;
mod keys;
mod limits;
mod listen;
mod listeners;
pub mod management_keys;
mod merchants;
pub mod network;
pub mod notify;
mod pages;
mod presence;
mod readiness;
mod request_log;
mod retention;
mod running;
mod token_keeper;
mod tokens;
mod workers;

pub use app::{App, Busy, InFlight};
pub use clock::{Clock, Time};
pub use config::{Background, Config, ConfigError};
pub use entropy::Entropy;
pub use keys::{
    Keys, KeysError, NOTIFY_OVERLAP_MS, NotifyKey, order, rotate_notify_key, rotate_token_key,
};
pub use limits::Limits;
pub use merchants::{Merchant, Merchants};
pub use readiness::Readiness;
pub use request_log::{Entry, RequestLog, Trail};
pub use running::{Given, Running, StartError, open, start};
pub use tokens::{Claims, Issued, Kind, TokenError, TokenKey, Tokens};
pub use workers::{Ran, Run, Task, Workers};

use std::sync::Arc;
use std::time::Duration;

/// All background work of a gateway, in the order in which `run_until_idle` runs it.
pub const TASKS: &[Task] = &[
    Task {
        name: "presence",
        every: Duration::from_secs(1),
        hurried: false,
        run: presence::run,
    },
    Task {
        name: "clock",
        every: Duration::from_secs(1),
        hurried: false,
        run: mind_clock,
    },
    Task {
        name: "keys",
        every: Duration::from_secs(10),
        hurried: false,
        run: reread_keys,
    },
    Task {
        name: "settle",
        every: Duration::from_secs(1),
        hurried: true,
        run: flows::settle::run,
    },
    Task {
        name: "notify",
        every: Duration::from_secs(1),
        hurried: true,
        run: notify::run,
    },
    Task {
        name: "retention",
        every: Duration::from_secs(600),
        hurried: false,
        run: retention::run,
    },
];

/// Business time may have been moved by another process on the same database, or the machine's clock put
/// back: then what was claimed or put off while it ran ahead is due now, instead of when that time comes again.
fn mind_clock(app: Arc<App>) -> Run {
    Box::pin(async move {
        let chain = |error: storage::Error| flows::chain(&error);
        if app.config.sandbox {
            app.reread_clock().await.map_err(chain)?;
        }
        let put_back_by_ms = app.clock.put_back_by_ms();
        if put_back_by_ms <= storage::LONGEST_LEASE_MS {
            return Ok(Ran::Idle);
        }
        let now_ms = app.clock.business_now_ms();
        let bring_forward =
            |s: storage::Session| async move { storage::bring_forward(&s, now_ms).await };
        let rows = app.store.transact("clock: put back", bring_forward).await;
        let rows = rows.map_err(chain)?;
        app.clock.accept();
        tracing::warn!(
            put_back_by_ms,
            rows,
            "the clock was put back; what waited for a later time is due"
        );
        Ok(Ran::Worked)
    })
}

/// Keys may have been added by another process on the same database; those that nobody needs any more
/// are retired.
fn reread_keys(app: Arc<App>) -> Run {
    Box::pin(async move {
        let chain = |error: KeysError| flows::chain(&error);
        let now_ms = app.clock.business_now_ms();
        let tokens = &app.config.tokens;
        let longest_s = tokens.b2b_s.max(tokens.b2b2c_s).max(tokens.refresh_s);
        let longest_ms = i64::from(longest_s).saturating_mul(1_000);
        // A token key signs a minute after it was made.
        let longest_ms = longest_ms.saturating_add(tokens::SPREAD_MS);
        let retired = keys::retire(&app.store, now_ms, longest_ms).await;
        retired.map_err(chain)?;
        let token = app.keys.reread(&app.store).await.map_err(chain)?;
        app.tokens.replace(&token);
        Ok(Ran::Idle)
    })
}
