//! The breaker before an endpoint: after failures in a row it lets only one try pass now and then. Pure.
//!
//! It never decides over a notification: what it holds back stays due, without a try being counted.

/// Failures in a row that open it.
const FAILURES: i64 = 5;
/// The first pause; it doubles with every probe that fails.
const FIRST_PAUSE_MS: i64 = 5_000;
/// The longest pause, so that a merchant that is back hears of it within this time.
const LONGEST_PAUSE_MS: i64 = 60_000;
/// While a probe is under way, the others look again after this time.
const PROBE_MS: i64 = 5_000;

/// Closed, or open until its next probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Breaker {
    failures: i64,
    open: Option<Open>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    probe_at_ms: i64,
    pause_ms: i64,
    probing: bool,
}

impl Breaker {
    /// As a process left it: it probes once the time has come.
    pub fn opened(failures: i64, probe_at_ms: i64) -> Self {
        Self {
            failures,
            open: Some(Open {
                probe_at_ms,
                pause_ms: FIRST_PAUSE_MS,
                probing: false,
            }),
        }
    }

    /// Until when a try has to wait; `None` when it may go now.
    pub fn wait_until_ms(&self, now_ms: i64) -> Option<i64> {
        let open = self.open.as_ref()?;
        // A clock that was put back must not keep it open: then the pause would be longer than any.
        let pause_ms = open.probe_at_ms.saturating_sub(now_ms);
        if 0 < pause_ms && pause_ms <= LONGEST_PAUSE_MS {
            return Some(open.probe_at_ms);
        }
        open.probing.then(|| now_ms.saturating_add(PROBE_MS))
    }

    /// A try goes; the first through an open breaker is its probe.
    pub fn pass(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = true;
        }
    }

    /// A try came to its end. Whether that opened, reopened or closed the breaker.
    pub fn heard(&mut self, alive: bool, now_ms: i64) -> bool {
        if alive {
            self.failures = 0;
            return self.open.take().is_some();
        }
        self.failures = self.failures.saturating_add(1);
        let pause_ms = match &self.open {
            None if self.failures < FAILURES => return false,
            None => FIRST_PAUSE_MS,
            // What was under way when it opened says nothing new.
            Some(open) if !open.probing => return false,
            Some(open) => open.pause_ms.saturating_mul(2).min(LONGEST_PAUSE_MS),
        };
        self.open = Some(Open {
            probe_at_ms: now_ms.saturating_add(pause_ms),
            pause_ms,
            probing: false,
        });
        true
    }

    /// A try came to no end that says anything.
    pub fn forget_probe(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = false;
        }
    }

    /// Failures in a row.
    pub const fn failures(&self) -> i64 {
        self.failures
    }

    /// When an open one lets the next try pass.
    pub fn probe_at_ms(&self) -> Option<i64> {
        self.open.as_ref().map(|open| open.probe_at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn open() -> Breaker {
        let mut breaker = Breaker::default();
        for failure in 1..=FAILURES {
            assert_eq!(breaker.wait_until_ms(NOW), None);
            breaker.pass();
            assert_eq!(breaker.heard(false, NOW), failure == FAILURES);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            for _ in 0..4 {
                assert!(!breaker.heard(false, NOW));
            }
            assert!(!breaker.heard(true, NOW));
        }
        assert_eq!(open().wait_until_ms(NOW), Some(NOW + FIRST_PAUSE_MS));
    }

    #[test]
    fn an_open_one_lets_one_probe_pass_and_each_that_fails_doubles_the_pause() {
        let mut breaker = open();
        let mut now_ms = NOW;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let until_ms = breaker.wait_until_ms(now_ms).unwrap_or_default();
            pauses.push((until_ms - now_ms) / 1_000);
            now_ms = until_ms;
            assert_eq!(breaker.wait_until_ms(now_ms), None);
            breaker.pass();
            assert_eq!(breaker.wait_until_ms(now_ms), Some(now_ms + PROBE_MS));
            assert!(breaker.heard(false, now_ms));
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn what_was_under_way_when_it_opened_does_not_prolong_it() {
        let mut breaker = open();
        assert!(!breaker.heard(false, NOW + 1_000));
        assert_eq!(breaker.probe_at_ms(), Some(NOW + FIRST_PAUSE_MS));
        assert_eq!(breaker.failures(), FAILURES + 1);
    }

    #[test]
    fn an_answer_closes_it() {
        let mut breaker = open();
        assert!(breaker.heard(true, NOW));
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_keep_it_open() {
        let breaker = Breaker::opened(7, NOW + LONGEST_PAUSE_MS);
        assert!(breaker.wait_until_ms(NOW).is_some());
        assert_eq!(breaker.wait_until_ms(NOW - 1), None);
    }

    #[test]
    fn a_probe_that_came_to_nothing_makes_room_for_another() {
        let mut breaker = Breaker::opened(7, NOW);
        breaker.pass();
        breaker.forget_probe();
        assert_eq!(breaker.wait_until_ms(NOW), None);
    }
}
