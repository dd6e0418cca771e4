//! What time it is: the only file of the gateway that reads a clock.
//!
//! There are three readings. *Wall* time is what X-TIMESTAMP is compared with, in and out. *Business*
//! time is wall time plus a persisted offset, and every business timer (expiry, token life, retries)
//! runs on it, so that a sandbox can be moved forward while its clients keep working. *Monotonic* time
//! is for ages inside this process (caches, request timing) and never goes back. A simulation brings a
//! [`Time`] of its own for all three.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// A time that somebody else moves, and everybody's waiting with it: for simulations.
pub trait Time: std::fmt::Debug + Send + Sync {
    /// Unix milliseconds.
    fn now_ms(&self) -> i64;
    /// Waits until so much of this time has passed.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The gateway's clock; cheap to clone, all clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    wall: Wall,
    offset_ms: AtomicI64,
    /// The latest business time that anybody was given.
    latest_ms: AtomicI64,
    started: Instant,
    started_ms: i64,
}

#[derive(Debug)]
enum Wall {
    System,
    Test(AtomicI64),
    Simulated(Arc<dyn Time>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::over(Wall::System)
    }

    /// A clock that stands at `wall_ms` until a test moves it.
    #[must_use]
    pub fn test(wall_ms: i64) -> Self {
        Self::over(Wall::Test(AtomicI64::new(wall_ms)))
    }

    /// A clock whose every reading is a simulation's, the monotonic one too.
    #[must_use]
    pub fn simulated(time: Arc<dyn Time>) -> Self {
        Self::over(Wall::Simulated(time))
    }

    #[allow(clippy::disallowed_methods)] // this file owns the clock
    fn over(wall: Wall) -> Self {
        Self {
            inner: Arc::new(Inner {
                started_ms: wall.now_ms(),
                wall,
                offset_ms: AtomicI64::new(0),
                latest_ms: AtomicI64::new(i64::MIN),
                started: Instant::now(),
            }),
        }
    }

    /// Unix milliseconds by the wall clock: for X-TIMESTAMP and nothing else.
    #[must_use]
    pub fn wall_now_ms(&self) -> i64 {
        self.inner.wall.now_ms()
    }

    /// Unix milliseconds for everything that the business counts by.
    #[must_use]
    pub fn business_now_ms(&self) -> i64 {
        let now_ms = self.wall_now_ms().saturating_add(self.offset_ms());
        self.inner.latest_ms.fetch_max(now_ms, Ordering::SeqCst);
        now_ms
    }

    /// How far the wall clock was put back since it was last [accepted](Self::accept), in milliseconds.
    #[must_use]
    pub fn put_back_by_ms(&self) -> i64 {
        let now_ms = self.business_now_ms();
        let latest_ms = self.inner.latest_ms.load(Ordering::SeqCst);
        latest_ms.saturating_sub(now_ms)
    }

    /// Takes the present time for right: what was later was wrong.
    pub fn accept(&self) {
        let now_ms = self.wall_now_ms().saturating_add(self.offset_ms());
        self.inner.latest_ms.store(now_ms, Ordering::SeqCst);
    }

    /// How far business time is ahead of the wall.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.inner.offset_ms.load(Ordering::SeqCst)
    }

    /// Takes over a stored offset. Business time never goes back: a smaller offset is ignored.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        self.inner.offset_ms.fetch_max(offset_ms, Ordering::SeqCst);
    }

    /// Moves a test clock's wall, forward or back; the machine's clock is not ours to move.
    pub fn move_test_wall(&self, by_ms: i64) {
        if let Wall::Test(now) = &self.inner.wall {
            now.fetch_add(by_ms, Ordering::SeqCst);
        }
    }

    /// Milliseconds since this clock was made: for ages inside the process.
    #[must_use]
    pub fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Microseconds since this clock was made: for timing a request.
    #[must_use]
    pub fn monotonic_us(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Waits, in a simulation by its own time.
    pub async fn sleep(&self, duration: Duration) {
        match &self.inner.wall {
            Wall::Simulated(time) => time.sleep(duration).await,
            Wall::System | Wall::Test(_) => tokio::time::sleep(duration).await,
        }
    }

    fn elapsed(&self) -> Duration {
        match &self.inner.wall {
            Wall::Simulated(time) => {
                let since_ms = time.now_ms().saturating_sub(self.inner.started_ms);
                Duration::from_millis(u64::try_from(since_ms).unwrap_or(0))
            }
            Wall::System | Wall::Test(_) => self.inner.started.elapsed(),
        }
    }
}

impl Wall {
    fn now_ms(&self) -> i64 {
        match self {
            Self::System => system_now_ms(),
            Self::Test(now) => now.load(Ordering::SeqCst),
            Self::Simulated(time) => time.now_ms(),
        }
    }
}

#[allow(clippy::disallowed_methods)] // this file owns the clock
fn system_now_ms() -> i64 {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_time_is_wall_time_plus_an_offset_that_never_shrinks() {
        let clock = Clock::test(1_000);
        assert_eq!(clock.business_now_ms(), 1_000);
        clock.set_offset_ms(500);
        clock.set_offset_ms(200);
        assert_eq!(clock.business_now_ms(), 1_500);
        assert_eq!(clock.wall_now_ms(), 1_000);
        clock.move_test_wall(10);
        assert_eq!(clock.business_now_ms(), 1_510);
    }

    #[test]
    fn the_system_clock_is_after_2025() {
        assert!(Clock::system().wall_now_ms() > 1_735_689_600_000);
    }
}
