//! What the tests need beside Rust, and how a bare Debian gets it.
//!
//! Looks first and installs only what is missing; never upgrades what is there and fits.

use crate::steps::say;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

struct Need {
    what: &'static str,
    packages: &'static [&'static str],
    is_here: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        what: "PostgreSQL's server",
        packages: &["postgresql", "postgresql-contrib"],
        is_here: || crate::postgres::binaries().is_some(),
    },
    Need {
        what: "Chromium and its driver",
        packages: &["chromium", "chromium-driver", "fonts-dejavu-core"],
        is_here: browser_and_driver_fit,
    },
    Need {
        what: "Python with virtual environments",
        packages: &["python3", "python3-venv"],
        is_here: || runs("python3", &["-c", "import ensurepip, venv"]),
    },
    Need {
        what: "programs that trace system calls and switch fsync off",
        packages: &["strace", "eatmydata"],
        is_here: can_trace,
    },
];

/// Installs what is missing when run as root where there is apt; otherwise names the packages and fails.
pub fn ensure() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.is_here)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages)
        .copied()
        .collect();
    let names = missing
        .iter()
        .map(|need| need.what)
        .collect::<Vec<_>>()
        .join("; ");
    let command = format!(
        "apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    if !nix::unistd::geteuid().is_root() || !runs("apt-get", &["--version"]) {
        bail!("missing: {names}. On Debian or Ubuntu: sudo {command}");
    }
    say(&format!("installing {names} ({command})"));
    apt(&["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&packages);
    apt(&install)?;
    match missing.iter().find(|need| !(need.is_here)()) {
        Some(need) => bail!(
            "{} cannot be found even after installing {}",
            need.what,
            need.packages.join(" ")
        ),
        None => Ok(()),
    }
}

/// Whether a program can be started and ends well.
pub fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        .args(["-q"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .status()
        .context("cannot start apt-get")?;
    if !status.success() {
        bail!(
            "apt-get {} failed; its output is above",
            arguments.join(" ")
        );
    }
    Ok(())
}

/// Whether `cargo xtask fsync` finds its programs.
pub fn can_trace() -> bool {
    runs("strace", &["-V"]) && runs("eatmydata", &["true"])
}

/// ChromeDriver refuses a browser of another major version, so being there is not enough.
fn browser_and_driver_fit() -> bool {
    let browser = major_version("chromium");
    browser.is_some() && browser == major_version("chromedriver")
}

fn major_version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    version.split('.').next().map(str::to_owned)
}
