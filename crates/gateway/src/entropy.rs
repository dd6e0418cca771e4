//! Where unpredictable values come from: the only file of the gateway that makes randomness.
//!
//! In production it is the operating system's generator. Tests may seed it, so that a failing history
//! can be run again. It must never fall back from the first to the second.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A source of random bytes; cheap to clone, all clones draw from the same source.
#[derive(Clone)]
pub struct Entropy {
    source: Arc<Source>,
}

enum Source {
    System(SystemRandom),
    Seeded(Box<Mutex<StdRng>>),
}

impl Entropy {
    /// The operating system's generator.
    #[must_use]
    pub fn system() -> Self {
        Self {
            source: Arc::new(Source::System(SystemRandom::new())),
        }
    }

    /// A repeatable generator, for tests only.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            source: Arc::new(Source::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(
                seed,
            ))))),
        }
    }

    /// Fills `bytes`. Without randomness nothing secret may be made, so a generator that fails ends the
    /// process.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self.source.as_ref() {
            Source::System(random) => {
                if random.fill(bytes).is_err() {
                    tracing::error!("the operating system gives no randomness; stopping");
                    std::process::abort();
                }
            }
            Source::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(bytes),
        }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A row's id: a UUIDv7 of the given time. Never use it where guessing must be impossible.
    #[must_use]
    pub fn id(&self, unix_ms: i64) -> String {
        let millis = u64::try_from(unix_ms).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>())
            .into_uuid()
            .to_string()
    }

    /// 192 bits of randomness in base64url: 32 characters.
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<24>())
    }

    /// 64 bits of randomness in hex, to name one request in logs and answers.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hex::encode(self.bytes::<8>())
    }

    /// `length` random decimal digits, the first never a zero: an X-EXTERNAL-ID.
    #[must_use]
    pub fn digits(&self, length: usize) -> String {
        let mut digits = String::with_capacity(length);
        while digits.len() < length {
            for byte in self.bytes::<32>() {
                // 250 is the largest multiple of ten in a byte: no digit is likelier than another.
                if byte < 250 && digits.len() < length {
                    let digit = char::from(b'0'.saturating_add(byte % 10));
                    if !(digits.is_empty() && digit == '0') {
                        digits.push(digit);
                    }
                }
            }
        }
        digits
    }

    /// A number in `0..bound`, for jitter; 0 where the bound is 0.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes::<8>())
            .checked_rem(bound)
            .unwrap_or(0)
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.source.as_ref() {
            Source::System(_) => "Entropy(system)",
            Source::Seeded(_) => "Entropy(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_values_and_the_system_does_not() {
        assert_eq!(Entropy::seeded(7).token(), Entropy::seeded(7).token());
        assert_ne!(Entropy::system().token(), Entropy::system().token());
    }

    #[test]
    fn an_id_is_a_uuid_v7_that_sorts_by_time() {
        let entropy = Entropy::seeded(1);
        let (early, late) = (entropy.id(1_700_000_000_000), entropy.id(1_700_000_000_001));
        assert!(early < late);
        assert_eq!(early.len(), 36);
        assert_eq!(early.chars().nth(14), Some('7'));
    }

    #[test]
    fn digits_are_digits_and_do_not_begin_with_zero() {
        let entropy = Entropy::seeded(3);
        for _ in 0..200 {
            let digits = entropy.digits(20);
            assert_eq!(digits.len(), 20);
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
            assert!(!digits.starts_with('0'));
        }
    }
}
