//! `gerbang completion`: the script that lets a shell complete commands and flags.

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionArgs};
use crate::screen;

/// Prints it.
pub fn run(args: &CompletionArgs) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gerbang", &mut script);
    screen::line(String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}
