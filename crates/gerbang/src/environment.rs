//! Secrets that stand in the environment, so that they need not stand among the arguments, where every
//! user of the machine can read them.

use snap::Secret;

/// The secret in this variable; `None` when it is not set or empty.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place of this crate that reads the environment besides clap"
)]
pub fn secret(name: &str) -> Option<Secret> {
    let text = std::env::var(name).ok()?;
    (!text.is_empty()).then(|| Secret::new(text))
}
