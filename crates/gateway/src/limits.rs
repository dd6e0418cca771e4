//! How much one merchant and one address may ask for.
//!
//! These limits are per process: they protect this process, not a promise to anyone. (How often a phone
//! number may be linked is counted in the database, by `flows/bind.rs`.) A merchant is
//! counted only after its signature was found right, so that nobody can use up another's share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config;

/// Failures a minute and merchant whose cause is looked for outside the sandbox.
const GUESSES_PER_MINUTE: u32 = 5;

/// Keys remembered before idle ones are forgotten.
const REMEMBERED: usize = 10_000;

/// The limits of one gateway process.
#[derive(Debug)]
pub struct Limits {
    merchants: DefaultKeyedRateLimiter<String>,
    own_rates: Mutex<HashMap<String, (u32, DefaultDirectRateLimiter)>>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    lookups: DefaultKeyedRateLimiter<IpAddr>,
    guesses: DefaultKeyedRateLimiter<String>,
    resends: DefaultKeyedRateLimiter<String>,
}

impl Limits {
    /// The limits as configured.
    #[must_use]
    pub fn new(config: &config::Limits) -> Self {
        Self {
            merchants: RateLimiter::keyed(Quota::per_second(at_least_one(
                config.merchant_per_second,
            ))),
            own_rates: Mutex::new(HashMap::new()),
            addresses: RateLimiter::keyed(Quota::per_second(at_least_one(
                config.address_per_second,
            ))),
            lookups: RateLimiter::keyed(Quota::per_second(at_least_one(config.address_per_second))),
            guesses: RateLimiter::keyed(Quota::per_minute(at_least_one(GUESSES_PER_MINUTE))),
            resends: RateLimiter::keyed(Quota::per_minute(at_least_one(config.resends_per_minute))),
        }
    }

    /// Counts one request of a merchant that proved who it is; false when it has to wait. `own_rate` is
    /// the merchant's own limit a second, if it has one.
    #[must_use]
    pub fn merchant(&self, merchant_id: &str, own_rate: Option<u32>) -> bool {
        let Some(rate) = own_rate else {
            return within(&self.merchants, &merchant_id.to_owned());
        };
        let limiter = || {
            (
                rate,
                RateLimiter::direct(Quota::per_second(at_least_one(rate))),
            )
        };
        let mut rates = self
            .own_rates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let own = rates.entry(merchant_id.to_owned()).or_insert_with(limiter);
        if own.0 != rate {
            *own = limiter();
        }
        own.1.check().is_ok()
    }

    /// Counts one request of an address that did not prove who it is; false when it has to wait.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> bool {
        within(&self.addresses, &address)
    }

    /// Counts one look-up of a client id that is not cached; false when the address has to wait.
    #[must_use]
    pub fn lookup(&self, address: IpAddr) -> bool {
        within(&self.lookups, &address)
    }

    /// Whether the cause of one more wrong signature of this merchant may be looked for.
    #[must_use]
    pub fn guess(&self, merchant_id: &str) -> bool {
        within(&self.guesses, &merchant_id.to_owned())
    }

    /// Counts notifications that a caller wants sent again; the seconds to wait when they are too many.
    #[must_use]
    pub fn resends(&self, caller: &str, number: usize) -> Option<u64> {
        let number = at_least_one(u32::try_from(number).unwrap_or(u32::MAX));
        if self.resends.len() > REMEMBERED {
            self.resends.retain_recent();
        }
        match self.resends.check_key_n(&caller.to_owned(), number) {
            Ok(Ok(())) => None,
            Ok(Err(wait)) => {
                let wait = wait.wait_time_from(DefaultClock::default().now());
                Some(wait.as_secs().saturating_add(1))
            }
            Err(_) => Some(60),
        }
    }
}

fn within<K: std::hash::Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> bool {
    if limiter.len() > REMEMBERED {
        limiter.retain_recent();
    }
    limiter.check_key(key).is_ok()
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_merchant_over_its_rate_does_not_stop_another() {
        let config = config::Limits {
            merchant_per_second: 2,
            ..config::Limits::default()
        };
        let limits = Limits::new(&config);
        assert!(limits.merchant("a", None) && limits.merchant("a", None));
        assert!(!limits.merchant("a", None));
        assert!(limits.merchant("b", None));
    }

    #[test]
    fn a_merchant_may_have_a_rate_of_its_own_and_change_it() {
        let limits = Limits::new(&config::Limits::default());
        assert!(limits.merchant("a", Some(1)));
        assert!(!limits.merchant("a", Some(1)));
        assert!(limits.merchant("a", Some(5)));
    }
}
