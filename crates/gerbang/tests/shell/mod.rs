//! Runs the binary as a shell would, and a sandbox that ends with the test.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use merchant_sdk::{
    Client, Handset, LineItem, NewBinding, NewPayment, Os, Reference, ReturnTo, Through,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use snap::{Amount, PrivateKey, Secret};
use tempfile::TempDir;

/// Long enough for a debug build on a busy machine to make its keys.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The binary, deaf to the environment of whoever runs the tests.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gerbang"));
    command
        .args(args)
        .env_remove("GERBANG_LOG")
        .env_remove("GERBANG_PROFILE")
        .env("GERBANG_PROFILES", "/nonexistent/profiles.toml")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A command that runs until it is told to stop, and at the latest until the test ends.
pub struct Process(Child);

impl Process {
    pub fn start(args: &[&str]) -> Self {
        Self::spawn(&mut command(args))
    }

    /// The same with a variable of the environment, and what it says on stderr kept in a file.
    pub fn start_logging_to(log: &Path, args: &[&str], (name, value): (&str, &str)) -> Self {
        let log = std::fs::File::create(log).unwrap();
        Self::spawn(command(args).stderr(log).env(name, value))
    }

    /// The same with what it says kept in two files: on stdout, on stderr.
    pub fn start_telling(told: &Path, aside: &Path, args: &[&str]) -> Self {
        let mut command = command(args);
        let (told, aside) = (
            std::fs::File::create(told).unwrap(),
            std::fs::File::create(aside).unwrap(),
        );
        Self(command.stdout(told).stderr(aside).spawn().unwrap())
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> ExitStatus {
        let mut ended = None;
        wait_until("the end", || {
            ended = self.0.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    fn spawn(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }

    /// Fails if it has ended by itself.
    pub fn check(&mut self) {
        assert_eq!(self.0.try_wait().unwrap(), None, "it ended by itself");
    }

    /// Sends SIGTERM and waits.
    pub fn stop(mut self) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        let mut ended = None;
        wait_until("the end", || {
            ended = self.0.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A sandbox on free ports and a folder of its own.
pub struct Sandbox {
    process: Process,
    pub folder: PathBuf,
    pub addresses: Value,
    _keeps: Option<TempDir>,
}

impl Sandbox {
    pub fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let mut sandbox = Self::start_on(&path, more);
        sandbox._keeps = Some(folder);
        sandbox
    }

    pub fn start_on(folder: &Path, more: &[&str]) -> Self {
        let mut command = command(&["sandbox", "--port", "0", "--data"]);
        let mut process = Process::spawn(command.arg(folder).args(more));
        let file = folder.join("sandbox.json");
        wait_until("sandbox.json", || {
            process.check();
            file.exists()
        });
        let addresses = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        Self {
            process,
            folder: folder.to_owned(),
            addresses,
            _keeps: None,
        }
    }

    pub fn text(&self, member: &str) -> String {
        self.addresses[member].as_str().unwrap().to_owned()
    }

    pub fn phone(&self, customer: usize) -> String {
        self.addresses["customers"][customer]["phone_no"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn data(&self) -> &str {
        self.folder.to_str().unwrap()
    }

    /// The demo merchant's client.
    pub fn client(&self) -> Client {
        let key = std::fs::read_to_string(self.text("merchant_private_key")).unwrap();
        let key = PrivateKey::from_pem(&key).unwrap();
        let secret = Secret::new(self.text("client_secret"));
        Client::builder(self.text("base_url"), self.text("client_id"), secret, key)
            .build()
            .unwrap()
    }

    /// Sends SIGTERM and waits.
    pub fn stop(self) -> ExitStatus {
        self.process.stop()
    }
}

/// The linking of a customer's account.
pub fn binding(phone_no: &str, cust_id: &str) -> NewBinding {
    let handset = Handset {
        model: "Pixel 9".to_owned(),
        os: Os::Android,
        through: Through::App,
    };
    let return_to = ReturnTo {
        success: "https://toko.example/ok?a=1&b=2".to_owned(),
        failed: "https://toko.example/failed?a=1&b=2".to_owned(),
    };
    NewBinding::new(phone_no, cust_id, &handset, &return_to).unwrap()
}

/// A payment under a reference of its own.
pub fn payment(rupiah: u64) -> NewPayment {
    let amount = Amount::from_rupiah(rupiah).unwrap();
    let item = LineItem {
        name: "Kopi".to_owned(),
        price: amount,
        quantity: 1,
    };
    let return_to = ReturnTo {
        success: "https://toko.example/paid".to_owned(),
        failed: "https://toko.example/failed".to_owned(),
    };
    NewPayment::new(&Reference::random(), amount, "Kopi", vec![item], &return_to).unwrap()
}

/// Compares with the file of this name in `tests/output`.
pub fn check_output(name: &str, output: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/output")
        .join(name);
    #[allow(
        clippy::disallowed_methods,
        reason = "a switch for whoever runs the tests"
    )]
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, output).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(output, expected, "UPDATE_DOCS=1 writes {name} again");
}

pub fn wait_until(what: &str, mut there: impl FnMut() -> bool) {
    let deadline = Instant::now() + READY_WITHIN;
    while !there() {
        assert!(Instant::now() < deadline, "{what} did not come in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}
