//! How fast it is on this machine: builds the release binary, brings a throw-away PostgreSQL and lets
//! `crates/bench` measure. `docs/benchmarks.md` says how to read the figures.

use crate::{packages, postgres, root, steps};
use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use clap::Args;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// What can be said about a run.
#[derive(Args)]
pub struct Options {
    /// How long each load lasts
    #[arg(long, default_value_t = 20)]
    seconds: u16,
    /// Measure notifications instead of payments: this many, and again beside 10,000 dead endpoints
    #[arg(long, value_name = "COUNT")]
    notifications: Option<u32>,
    /// Write every figure here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure a debug build with small tables: to try the command, not to learn figures
    #[arg(long)]
    rehearse: bool,
}

/// Builds, measures and prints.
pub fn run(options: &Options) -> Result<ExitCode> {
    if postgres::binaries().is_none_or(|folder| !folder.join("pgbench").is_file()) {
        packages::ensure()?;
    }
    let programs = postgres::binaries().context("no PostgreSQL server found")?;
    steps::say("building");
    let mut build = Command::new("cargo");
    build.args(["build", "-p", "gerbang", "-p", "bench"]);
    if !options.rehearse {
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
    let binaries = target.join(if options.rehearse { "debug" } else { "release" });
    let cluster = postgres::announced()?;
    steps::say("measuring");
    // The programs that it starts end with it, so it must not outlive this one.
    let mut bench = Command::new("setpriv");
    bench
        .args(["--pdeathsig=TERM", "--"])
        .arg(binaries.join("bench"))
        .arg(format!("--gerbang={}", binaries.join("gerbang")))
        .arg(format!("--postgres={}", cluster.url()))
        .arg(format!("--postgres-programs={}", programs.display()))
        .arg(format!("--seconds={}", options.seconds));
    if options.rehearse {
        bench.arg("--scale=1");
    }
    if let Some(count) = options.notifications {
        bench.arg(format!("--notifications={count}"));
    }
    if let Some(file) = &options.json {
        bench.arg(format!("--json={}", file.display()));
    }
    let status = bench.status().context("cannot start the measurement")?;
    drop(cluster);
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
