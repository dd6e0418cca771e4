//! The command line of the chores. Only reads arguments; the work is in the library's modules.

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The project's chores",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything a change must pass: format, lints, tests on SQLite and PostgreSQL, browser, DOKU's SDK, docs
    ///
    /// Installs what is missing when run as root on Debian; otherwise names the packages. Starts a
    /// throw-away PostgreSQL on a free port for the time of the run.
    Test {
        /// Run only the tests whose name contains this, and none of the other checks
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
    },
    /// `test` in a fresh clone in a temporary folder, to try what the README promises a newcomer
    ///
    /// Tests the last commit, not the working tree, and builds everything anew.
    Ci,
    /// The house rules as checks: crate edges, file sizes, module docs, names, dependencies
    Tidy,
    /// How fast it is here: signed payments on PostgreSQL and SQLite beside pgbench, memory, time to ready
    ///
    /// Builds for release and starts real processes on loopback; docs/benchmarks.md says how to read it.
    Bench(xtask::bench::Options),
    /// Kills gateways, bank and PostgreSQL at random under load, and looks for anything lost or done twice
    Crash(xtask::crash::Crash),
    /// Traces system calls: an answer leaves only after what it says is on disk
    Fsync(xtask::crash::Fsync),
    /// Breaks what keeps the promises, one piece at a time: the test that guards it must go red
    Mutants(xtask::mutants::Options),
    /// Whole histories in one thread, one a seed: two gateways, bank and merchants among deaths, lost
    /// messages and a failing database, compared at their end
    ///
    /// The same seed is the same history, event by event.
    Simulate(xtask::simulate::Simulate),
    /// A throw-away PostgreSQL: prints its URL and keeps it until Ctrl-C
    Postgres {
        /// Run this command with GERBANG_TEST_POSTGRES set instead, and stop when it ends
        #[arg(long, num_args = 1.., value_name = "COMMAND", allow_hyphen_values = true)]
        run: Vec<String>,
    },
}

fn main() -> ExitCode {
    start(&Arguments::parse().chore).unwrap_or_else(|error| xtask::steps::gave_up(&error))
}

fn start(chore: &Chore) -> Result<ExitCode> {
    xtask::postgres::stop_on_signals()?;
    match chore {
        Chore::Test { filter } => xtask::test::run(filter.as_deref()),
        Chore::Ci => xtask::fresh_clone::run(),
        Chore::Tidy => xtask::tidy::run(),
        Chore::Bench(options) => xtask::bench::run(options),
        Chore::Crash(options) => xtask::crash::crash(options),
        Chore::Fsync(options) => xtask::crash::fsync(options),
        Chore::Mutants(options) => xtask::mutants::run(options),
        Chore::Simulate(options) => xtask::simulate::run(options),
        Chore::Postgres { run } => xtask::postgres::run(run),
    }
}
