//! The one test command. What the README tells a newcomer, what a change must pass, and what the machine
//! that checks changes runs are the same.

use crate::steps::Steps;
use crate::{packages, postgres, root, tidy};
use anyhow::Result;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Runs everything, or with a filter only the tests that match.
pub fn run(filter: Option<&str>) -> Result<ExitCode> {
    packages::ensure()?;
    let mut steps = Steps::default();
    if filter.is_none() {
        check_the_source(&mut steps)?;
    }
    let cluster = postgres::announced()?;
    let url = cluster.url();
    let mut tests = if packages::runs("cargo", &["nextest", "--version"]) {
        cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
    } else {
        cargo(&["test", "--workspace", "--all-targets", "--no-fail-fast"])
    };
    if let Some(filter) = filter {
        tests.arg(filter);
    }
    steps.run_tests("tests", tests.env(postgres::VARIABLE, &url))?;
    steps.demand_tests(filter);
    if filter.is_none() {
        let mut doc_tests = cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]);
        steps.run_tests("doc tests", doc_tests.env(postgres::VARIABLE, &url))?;
    }
    drop(cluster);
    Ok(steps.close())
}

fn check_the_source(steps: &mut Steps) -> Result<()> {
    let started = Instant::now();
    let findings = tidy::check(&root())?;
    for finding in &findings {
        println!("{finding}");
    }
    steps.finished("tidy", findings.is_empty(), started.elapsed());
    steps.run("format", &mut cargo(&["fmt", "--all", "--", "--check"]))?;
    steps.run(
        "lints",
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    // The workspace builds the SDK with all its features; its users begin with none.
    steps.run(
        "the SDK without features",
        &mut cargo(&[
            "clippy",
            "-p",
            "merchant-sdk",
            "--lib",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    let mut docs = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    // The command line's docs are its help texts, where a URL in angle brackets would look odd.
    let strict = "-D warnings -A rustdoc::bare_urls";
    steps.run("docs", docs.env("RUSTDOCFLAGS", strict))
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    command
}
