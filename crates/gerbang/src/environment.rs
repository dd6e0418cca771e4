//! What stands in the environment: secrets, so that they need not stand among the arguments, where every
//! user of the machine can read them, and the few settings that clap does not read itself.

use std::path::PathBuf;

use snap::Secret;

/// The secret in this variable; `None` when it is not set or empty.
pub fn secret(name: &str) -> Option<Secret> {
    text(name).map(Secret::new)
}

/// The path in this variable; `None` when it is not set or empty.
pub fn path(name: &str) -> Option<PathBuf> {
    text(name).map(PathBuf::from)
}

/// The text in this variable; `None` when it is not set or empty.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place of this crate that reads the environment besides clap"
)]
pub fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
