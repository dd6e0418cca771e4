//! A PostgreSQL server of a test's own, so that it may be killed.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use snap::Secret;

/// A server with its data; dropping it kills the one and removes the other.
pub struct Server {
    binaries: PathBuf,
    port: u16,
    process: Option<Child>,
    folder: tempfile::TempDir,
}

impl Server {
    /// Makes a new cluster and starts it.
    pub fn new() -> Self {
        let binaries = binaries();
        let folder = tempfile::Builder::new()
            .prefix("gateway-outage-")
            .tempdir()
            .unwrap();
        if is_root(folder.path()) {
            let (user, group) = ("postgres", id("-g"));
            let owner: u32 = id("-u");
            chown(folder.path(), Some(owner), Some(group))
                .unwrap_or_else(|error| panic!("the folder cannot be given to {user}: {error}"));
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut server = Self {
            binaries,
            port,
            process: None,
            folder,
        };
        let data = server.data();
        let made = server
            .command("initdb")
            .arg("-D")
            .arg(&data)
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync"])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.start();
        server
    }

    /// Where a gateway finds it.
    pub fn url(&self) -> Secret {
        Secret::new(format!(
            "postgres://postgres@127.0.0.1:{}/postgres",
            self.port
        ))
    }

    /// Ends it as a crash of the machine would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it and waits until it answers.
    pub fn start(&mut self) {
        let begun = Instant::now();
        while !self.answers() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", self.log());
            let ended = match &mut self.process {
                None => true,
                // After a kill the old one's children may still be about to notice.
                Some(process) => process.try_wait().unwrap().is_some(),
            };
            if ended {
                self.process = Some(self.spawn());
            }
            // Between two looks of a loop that has a deadline.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn spawn(&self) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        self.command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "shared_buffers=16MB"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn answers(&self) -> bool {
        let mut ready = Command::new(self.binaries.join("pg_isready"));
        ready.args([
            "-q",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-p",
            &self.port.to_string(),
        ]);
        self.process.is_some() && ready.status().unwrap().success()
    }

    /// PostgreSQL refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        let mut command = if is_root(Path::new("/proc/self")) {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether what is ours belongs to root.
fn is_root(ours: &Path) -> bool {
    std::fs::metadata(ours).unwrap().uid() == 0
}

/// A number of the user that Debian's package makes.
fn id(which: &str) -> u32 {
    let asked = Command::new("id")
        .args([which, "postgres"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    text.parse()
        .unwrap_or_else(|_| panic!("there is no user postgres to run PostgreSQL as"))
}

/// The newest that Debian has, else wherever PATH leads.
fn binaries() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file())
        .expect("a PostgreSQL server; Debian's package is `postgresql`")
}
