//! Runs the binary as a shell would, and a sandbox that ends with the test.

#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use merchant_sdk::{Client, Config};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use snap::messages::CHANNEL;
use snap::messages::binding::{BindingInfo, BindingRequest};
use snap::{PrivateKey, Secret};
use tempfile::TempDir;

/// Long enough for a debug build on a busy machine to make its keys.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The binary, deaf to the environment of whoever runs the tests.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gerbang"));
    command
        .args(args)
        .env_remove("GERBANG_LOG")
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

/// A sandbox on free ports and a folder of its own.
pub struct Sandbox {
    child: Child,
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
        let child = command
            .arg(folder)
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut sandbox = Self {
            child,
            folder: folder.to_owned(),
            addresses: Value::Null,
            _keeps: None,
        };
        let file = folder.join("sandbox.json");
        wait_until("sandbox.json", || {
            if let Some(status) = sandbox.child.try_wait().unwrap() {
                panic!("the sandbox ended: {status}");
            }
            file.exists()
        });
        sandbox.addresses = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        sandbox
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
        Client::new(Config::new(
            self.text("base_url"),
            self.text("client_id"),
            secret,
            key,
        ))
        .unwrap()
    }

    /// Sends SIGTERM and waits.
    pub fn stop(mut self) -> ExitStatus {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        let mut ended = None;
        wait_until("the end", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The linking of a customer's account.
pub fn binding(phone_no: &str, cust_id: &str) -> BindingRequest {
    BindingRequest {
        phone_no: phone_no.to_owned(),
        additional_info: BindingInfo {
            channel: CHANNEL.to_owned(),
            cust_id_merchant: cust_id.to_owned(),
            customer_name: None,
            email: None,
            id_card: None,
            country: None,
            address: None,
            date_of_birth: None,
            success_registration_url: "https://toko.example/ok?a=1&b=2".to_owned(),
            failed_registration_url: "https://toko.example/failed?a=1&b=2".to_owned(),
            device_model: "Pixel 9".to_owned(),
            os_type: "android".to_owned(),
            channel_id: "app".to_owned(),
        },
    }
}

pub fn wait_until(what: &str, mut there: impl FnMut() -> bool) {
    let deadline = Instant::now() + READY_WITHIN;
    while !there() {
        assert!(Instant::now() < deadline, "{what} did not come in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}
