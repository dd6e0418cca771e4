//! DOKU's own Python SDK, unchanged but for its base URL, against a running `gerbang sandbox`.
//!
//! The SDK decides what "compatible" means, so this test has no opinion of its own: `doku_sdk/journey.py`
//! drives the SDK's classes and checks what they parsed. It needs `python3` with `venv` and, the first
//! time, the Python package index; `cargo xtask test` brings both.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The SDK imports the last three without declaring them.
const PACKAGES: [&str; 4] = [
    "doku-python-library==1.1.72",
    "flask",
    "xmltodict",
    "pycryptodome",
];

const GERBANG: &str = env!("CARGO_BIN_EXE_gerbang");

#[test]
fn dokus_python_sdk_completes_every_operation() {
    let python = python_with_the_sdk();
    let sandbox = Sandbox::start();
    let journey = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doku_sdk/journey.py");
    let output = Command::new(python)
        .arg(journey)
        .arg(sandbox.data.join("sandbox.json"))
        .arg(GERBANG)
        .output()
        .expect("the virtual environment's python starts");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(
        output.status.success(),
        "the journey failed:\n{}\n--- the sandbox said:\n{}",
        String::from_utf8_lossy(&output.stderr),
        sandbox.log(),
    );
}

/// A virtual environment with the SDK; made once and kept under the target folder.
fn python_with_the_sdk() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doku-sdk-venv");
    let python = folder.join("bin/python");
    let stamp = folder.join("installed");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let _ = fs::remove_dir_all(&folder);
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(PACKAGES));
    fs::write(stamp, wanted).unwrap();
    python
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
}

/// A sandbox of this test's own, on a free port; stopped on drop.
struct Sandbox {
    program: Child,
    data: PathBuf,
}

impl Sandbox {
    fn start() -> Self {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doku-sdk-sandbox");
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data).unwrap();
        let log = File::create(data.with_extension("log")).unwrap();
        let program = Command::new(GERBANG)
            .args(["sandbox", "--port", "0", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("gerbang starts");
        let mut sandbox = Self { program, data };
        sandbox.wait_until_ready();
        sandbox
    }

    fn wait_until_ready(&mut self) {
        let started = Instant::now();
        while !self.data.join("sandbox.json").exists() {
            let ended = self.program.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "the sandbox ended with {ended:?}:\n{}",
                self.log()
            );
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "no sandbox.json:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
