//! The proof that nothing is lost and nothing happens twice: builds the gateway and lets
//! `crates/crash-test` kill it. `docs/reliability.md` says what is proved.

use crate::{packages, postgres, root, steps};
use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use clap::{Args, ValueEnum};
use std::process::{Command, ExitCode};

/// Where the gateways keep their memory.
#[derive(Clone, Copy, ValueEnum)]
pub enum Engine {
    /// One gateway and a file
    Sqlite,
    /// Two gateways on one PostgreSQL, which is killed too
    Postgres,
}

/// What can be said about runs of the crash test.
#[derive(Args)]
pub struct Crash {
    /// How many runs
    #[arg(long, default_value_t = 10)]
    runs: u64,
    /// Where the gateways keep their memory
    #[arg(long, value_enum, default_value = "sqlite")]
    engine: Engine,
    /// The first run's seed; the others count on from it. It gives the same load and the same kills, as
    /// far as the machine's own timing allows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run a debug build, which is there sooner
    #[arg(long)]
    debug: bool,
}

/// What can be said about the trace of system calls.
#[derive(Args)]
pub struct Fsync {
    /// Where the gateways keep their memory; both if not given
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Run a debug build, which is there sooner
    #[arg(long)]
    debug: bool,
}

/// Kills and compares.
pub fn crash(options: &Crash) -> Result<ExitCode> {
    let mut arguments = vec!["crash".to_owned()];
    arguments.push(format!("--runs={}", options.runs));
    arguments.push(format!("--engine={}", options.engine.name()));
    arguments.push(format!("--seed={}", options.seed));
    start(options.debug, &arguments)
}

/// Traces.
pub fn fsync(options: &Fsync) -> Result<ExitCode> {
    let mut arguments = vec!["fsync".to_owned()];
    if let Some(engine) = options.engine {
        arguments.push(format!("--engine={}", engine.name()));
    }
    start(options.debug, &arguments)
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

fn start(debug: bool, arguments: &[String]) -> Result<ExitCode> {
    if postgres::binaries().is_none() || !packages::can_trace() {
        packages::ensure()?;
    }
    steps::say("building");
    let mut build = Command::new("cargo");
    build.args(["build", "-p", "gerbang", "-p", "crash-test"]);
    if !debug {
        build.arg("--release");
    }
    let built = build
        .current_dir(root())
        .status()
        .context("cannot start cargo")?;
    if !built.success() {
        bail!("the build failed");
    }
    let target = MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()?
        .target_directory;
    let binaries = target.join(if debug { "debug" } else { "release" });
    // What it starts ends with it, so it must not outlive this one.
    let status = Command::new("setpriv")
        .args(["--pdeathsig=TERM", "--"])
        .arg(binaries.join("crash-test"))
        .arg(format!("--gerbang={}", binaries.join("gerbang")))
        .args(arguments)
        .status()
        .context("cannot start the crash test")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
