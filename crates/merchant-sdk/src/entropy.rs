//! The one place of this crate that draws random numbers.

use rand::RngExt;

/// A fresh X-EXTERNAL-ID: the epoch in milliseconds and 16 random digits, 29 digits in all. SNAP
/// wants digits only, at most 36, and unique within a day.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place where this crate draws random numbers"
)]
pub(crate) fn external_id(now_ms: i64) -> String {
    let random: u64 = rand::rng().random_range(0..10_000_000_000_000_000);
    format!("{now_ms}{random:016}")
}

/// 128 random bits as 32 hexadecimal digits, to keep the merchant's own tokens apart.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place where this crate draws random numbers"
)]
pub(crate) fn nonce() -> String {
    let random: u128 = rand::rng().random();
    format!("{random:032x}")
}
