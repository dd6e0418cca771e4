//! Whole histories of gateways, bank and merchants in one thread each, one a seed: builds and starts
//! `crates/simulation`. `docs/reliability.md` says what it shows.

use crate::root;
use anyhow::{Context, Result};
use clap::Args;
use std::process::{Command, ExitCode};

/// What can be said about the histories.
#[derive(Args)]
pub struct Simulate {
    /// How many seeds
    #[arg(long, default_value_t = 5_000)]
    seeds: u64,
    /// The first seed; the others count on from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run each seed twice and compare everything that happened
    #[arg(long)]
    twice: bool,
    /// Print everything that happens, not only what went before a violation
    #[arg(long)]
    log: bool,
    /// Run a debug build, which is there sooner
    #[arg(long)]
    debug: bool,
}

/// Builds and starts it.
pub fn run(options: &Simulate) -> Result<ExitCode> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "-p", "simulation"]);
    if !options.debug {
        command.arg("--release");
    }
    command.arg("--");
    command.arg(format!("--seeds={}", options.seeds));
    command.arg(format!("--seed={}", options.seed));
    for (wanted, flag) in [(options.twice, "--twice"), (options.log, "--log")] {
        if wanted {
            command.arg(flag);
        }
    }
    let status = command
        .current_dir(root())
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
