//! The project's own chores, run as `cargo xtask …`: the one test command, a throw-away PostgreSQL, and
//! the checks that keep the house rules.
//!
//! Nothing of the product depends on this crate and it depends on nothing of the product: it sees the
//! other crates only as files and through `cargo metadata`. To add a chore: a module here with a function
//! that returns `anyhow::Result`, and a subcommand in `main.rs`.

// A chore talks to the person who started it, waits for real programs and reads the shell's environment.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

pub mod bench;
pub mod crash;
pub mod fresh_clone;
pub mod mutants;
pub mod packages;
pub mod postgres;
pub mod simulate;
pub mod steps;
pub mod test;
pub mod tidy;

/// The folder of the root Cargo.toml.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
