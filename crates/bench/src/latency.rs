//! How long answers took, and the shares that took no longer.

use std::time::Duration;

use serde::Serialize;

/// Times of answers, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50_ms: f64,
    /// 95 of 100 took no longer.
    pub p95_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// None took longer.
    pub max_ms: f64,
}

impl Latency {
    /// Of these times, in any order.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let share = |hundredths: usize| {
            let rank = (times.len() * hundredths).div_ceil(100).max(1);
            times
                .get(rank - 1)
                .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
        };
        Self {
            p50_ms: share(50),
            p95_ms: share(95),
            p99_ms: share(99),
            max_ms: share(100),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use super::*;

    #[test]
    fn a_share_is_the_smallest_time_that_so_many_keep() {
        let latency = Latency::of((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!((latency.p50_ms, latency.p95_ms), (100.0, 190.0));
        assert_eq!((latency.p99_ms, latency.max_ms), (198.0, 200.0));
        assert_eq!(Latency::of(Vec::new()).max_ms, 0.0);
    }
}
