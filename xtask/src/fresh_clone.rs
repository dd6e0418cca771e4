//! The README's promise, tried: clone into an empty folder, run the test command, nothing else by hand.

use crate::{root, steps::say};
use anyhow::{Context, Result, bail};
use std::process::{Command, ExitCode};

/// Clones the last commit into a temporary folder and runs its test command there.
pub fn run() -> Result<ExitCode> {
    let folder = tempfile::Builder::new()
        .prefix("gerbang-clone-")
        .tempdir()?;
    let clone = folder.path().join("gerbang");
    say(&format!("cloning the last commit into {}", clone.display()));
    let status = Command::new("git")
        .args(["clone", "--quiet", "--no-hardlinks"])
        .arg(root())
        .arg(&clone)
        .status()
        .context("cannot start git")?;
    if !status.success() {
        bail!("git clone failed");
    }
    let status = Command::new("cargo")
        .args(["xtask", "test"])
        .current_dir(&clone)
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
