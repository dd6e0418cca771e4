//! How the client finds out what became of a payment or refund whose answer is missing.
//!
//! Nothing here invents a new reference: what is repeated is repeated under the same one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use snap::Service;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How far the client goes by itself to find out what became of a payment or refund whose answer
/// is missing. It is bounded, and every attempt is reported in the outcome.
///
/// [`RetryPolicy::default`] is for Gerbang, [`RetryPolicy::doku`] for DOKU; the builder chooses by
/// the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many requests one call of `pay` or `refund` may make in all; 1 never asks again.
    pub attempts: u32,
    /// The pause before asking again; doubled each time, up to a minute.
    pub pause: Duration,
    /// How long to wait before the first question for the status of a payment.
    pub status_after: Duration,
    /// Whether to repeat a payment, under the same reference and amount, that the status says is
    /// open (01 or 02): the answer to the repeat has the page for the customer.
    pub repeat_payment: bool,
}

impl Default for RetryPolicy {
    /// Five requests, a second apart at first, and the payment is repeated for its page.
    fn default() -> Self {
        Self {
            attempts: 5,
            pause: Duration::from_secs(1),
            status_after: Duration::ZERO,
            repeat_payment: true,
        }
    }
}

impl RetryPolicy {
    /// For DOKU: it asks merchants to wait 60 s before they ask for a status, and does not say
    /// what a repeated payment does, so none is repeated unless you set `repeat_payment`.
    #[must_use]
    pub fn doku() -> Self {
        Self {
            pause: Duration::from_secs(10),
            status_after: Duration::from_secs(60),
            repeat_payment: false,
            ..Self::default()
        }
    }

    /// One request and no more: a missing answer is [`crate::Outcome::Unknown`] at once.
    #[must_use]
    pub fn none() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// The pause after so many attempts.
    pub(crate) fn pause_after(&self, attempts: usize) -> Duration {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 2_u32.checked_pow(doublings.min(16)).unwrap_or(u32::MAX);
        self.pause.saturating_mul(factor).min(LONGEST_PAUSE)
    }
}

/// One request that was made to find out, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was asked: the payment, the refund, or the status.
    pub service: Service,
    /// What came back: a code and its meaning, or what was seen instead of an answer.
    pub heard: String,
}

/// Waits for so long. A parameter of the client, so that tests need no time.
pub(crate) type Wait =
    Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Waits on the machine's clock.
pub(crate) fn real_wait() -> Wait {
    Arc::new(|pause| Box::pin(tokio::time::sleep(pause)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_have_an_end() {
        let policy = RetryPolicy::default();
        let pauses: Vec<u64> = (1..9)
            .map(|attempts| policy.pause_after(attempts).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(policy.pause_after(usize::MAX), LONGEST_PAUSE);
    }
}
