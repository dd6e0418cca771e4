//! The breaker of one bank: after several calls in a row without an answer, further calls are not
//! made for a while, so that merchants hear "timeout" at once and nothing is claimed.
//!
//! It is pure: the time is given. It must never decide what became of a call already made.

use std::sync::Mutex;

/// How often a bank may stay silent, and how long it is then left alone.
#[derive(Debug, Clone, Copy)]
pub struct BreakerLimits {
    /// Calls in a row without an answer that open the breaker.
    pub failures: u32,
    /// How long it stays open before one call is let through to see whether the bank is back.
    pub rest_ms: i64,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self {
            failures: 5,
            rest_ms: 3_000,
        }
    }
}

/// What a finished call says about the bank's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The bank answered, with whatever answer.
    Alive,
    /// No connection, no answer in time, or nothing that SNAP knows.
    Silent,
    /// It answered that it has trouble: proves neither health nor silence.
    Troubled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { since_ms: i64 },
    Probing { since_ms: i64 },
}

/// Shared by all calls to one bank.
#[derive(Debug)]
pub struct Breaker {
    limits: BreakerLimits,
    state: Mutex<State>,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(limits: BreakerLimits) -> Self {
        Self {
            limits,
            state: Mutex::new(State::Closed { failures: 0 }),
        }
    }

    /// Whether a call made now would be let through. Changes nothing.
    pub fn would_permit(&self, now_ms: i64) -> bool {
        match *self.lock() {
            State::Closed { .. } => true,
            State::Open { since_ms } | State::Probing { since_ms } => self.rested(since_ms, now_ms),
        }
    }

    /// Lets a call through, or not. The first call after the rest is the probe; the others wait for
    /// its outcome. A probe that was dropped unfinished is replaced after another rest.
    pub fn permit(&self, now_ms: i64) -> bool {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => true,
            State::Open { since_ms } | State::Probing { since_ms } => {
                let rested = self.rested(since_ms, now_ms);
                if rested {
                    *state = State::Probing { since_ms: now_ms };
                }
                rested
            }
        }
    }

    /// Takes note of how a permitted call ended.
    pub fn note(&self, sign: Sign, now_ms: i64) {
        let mut state = self.lock();
        *state = match (*state, sign) {
            (_, Sign::Alive) | (State::Probing { .. }, Sign::Troubled) => {
                State::Closed { failures: 0 }
            }
            (unchanged, Sign::Troubled) => unchanged,
            (State::Closed { failures }, Sign::Silent) => {
                let failures = failures.saturating_add(1);
                if failures >= self.limits.failures {
                    State::Open { since_ms: now_ms }
                } else {
                    State::Closed { failures }
                }
            }
            (State::Probing { .. }, Sign::Silent) => State::Open { since_ms: now_ms },
            // A call made before the breaker opened: its silence is no news.
            (State::Open { since_ms }, Sign::Silent) => State::Open { since_ms },
        };
    }

    /// A clock that was set back must not keep the breaker open for ever.
    fn rested(&self, since_ms: i64, now_ms: i64) -> bool {
        let passed = now_ms.saturating_sub(since_ms);
        passed < 0 || passed >= self.limits.rest_ms
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(BreakerLimits {
            failures: 3,
            rest_ms: 1_000,
        })
    }

    fn opened_at(now_ms: i64) -> Breaker {
        let breaker = breaker();
        for _ in 0..3 {
            assert!(breaker.permit(now_ms));
            breaker.note(Sign::Silent, now_ms);
        }
        breaker
    }

    #[test]
    fn it_opens_after_the_last_of_the_silent_calls_in_a_row() {
        let breaker = breaker();
        breaker.note(Sign::Silent, 0);
        breaker.note(Sign::Silent, 0);
        assert!(breaker.would_permit(0));
        breaker.note(Sign::Silent, 0);
        assert!(!breaker.would_permit(0));
        assert!(!breaker.permit(999));
    }

    #[test]
    fn an_answer_between_silent_calls_starts_the_count_again() {
        let breaker = breaker();
        for sign in [
            Sign::Silent,
            Sign::Silent,
            Sign::Alive,
            Sign::Silent,
            Sign::Silent,
        ] {
            breaker.note(sign, 0);
        }
        assert!(breaker.permit(0));
    }

    #[test]
    fn trouble_that_the_bank_tells_of_neither_opens_nor_heals() {
        let breaker = breaker();
        for _ in 0..9 {
            breaker.note(Sign::Troubled, 0);
        }
        assert!(breaker.permit(0));
        breaker.note(Sign::Silent, 0);
        breaker.note(Sign::Silent, 0);
        breaker.note(Sign::Troubled, 0);
        breaker.note(Sign::Silent, 0);
        assert!(!breaker.permit(0));
    }

    #[test]
    fn one_probe_is_let_through_after_the_rest() {
        let breaker = opened_at(0);
        assert!(breaker.would_permit(1_000));
        assert!(breaker.permit(1_000));
        assert!(!breaker.would_permit(1_001));
        assert!(!breaker.permit(1_001));
        breaker.note(Sign::Alive, 1_050);
        assert!(breaker.permit(1_051));
    }

    #[test]
    fn a_silent_probe_opens_it_again_for_a_whole_rest() {
        let breaker = opened_at(0);
        assert!(breaker.permit(1_000));
        breaker.note(Sign::Silent, 1_900);
        assert!(!breaker.permit(2_800));
        assert!(breaker.permit(2_900));
    }

    #[test]
    fn a_probe_answered_with_trouble_closes_it() {
        let breaker = opened_at(0);
        assert!(breaker.permit(1_000));
        breaker.note(Sign::Troubled, 1_100);
        assert!(breaker.permit(1_100));
    }

    #[test]
    fn a_probe_that_was_dropped_is_replaced() {
        let breaker = opened_at(0);
        assert!(breaker.permit(1_000));
        assert!(!breaker.permit(1_999));
        assert!(breaker.permit(2_000));
    }

    #[test]
    fn late_silence_does_not_prolong_the_rest() {
        let breaker = opened_at(0);
        breaker.note(Sign::Silent, 900);
        assert!(breaker.permit(1_000));
    }

    #[test]
    fn a_clock_set_back_does_not_keep_it_open() {
        let breaker = opened_at(10_000);
        assert!(breaker.permit(5_000));
    }
}
