//! A throw-away PostgreSQL: its own data folder, its own free port, gone when the chore ends.
//!
//! `fsync` stays on, because the storage refuses a database that forgets. It never touches a cluster that
//! is already on the machine.

use crate::{packages, steps};
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, User, geteuid};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// The variable through which the tests learn where PostgreSQL is.
pub const VARIABLE: &str = "GERBANG_TEST_POSTGRES";

/// What must be ended and removed if the chore is interrupted.
static RUNNING: Mutex<Option<(Pid, PathBuf)>> = Mutex::new(None);

/// A running cluster; dropping it stops the server and removes its data.
pub struct Cluster {
    server: Child,
    port: u16,
    // Declared last: the folder goes after the server has stopped.
    _folder: TempDir,
}

/// Keeps a cluster until Ctrl-C, or for as long as the given command runs.
pub fn run(command: &[String]) -> Result<ExitCode> {
    packages_for_postgres()?;
    let cluster = Cluster::start()?;
    let Some((program, arguments)) = command.split_first() else {
        println!("{VARIABLE}={}", cluster.url());
        println!("running until Ctrl-C");
        loop {
            std::thread::park();
        }
    };
    let status = Command::new(program)
        .args(arguments)
        .env(VARIABLE, cluster.url())
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    drop(cluster);
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The folder that holds `initdb` and `postgres`: the newest Debian has, else wherever PATH leads.
pub fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = versions.into_iter().rev().map(|(_, folder)| folder);
    installed
        .chain(std::env::split_paths(&path).collect::<Vec<_>>())
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Lets Ctrl-C and `kill` end the cluster too.
///
/// By handlers and not by blocking the signals: programs that we start would inherit the blocking and
/// could not be stopped any more.
pub fn stop_on_signals() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate, mut hang_up) = {
        let _context = runtime.enter();
        let listen = |kind| signal(kind).context("cannot listen for signals");
        (
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        )
    };
    std::thread::spawn(move || {
        let number = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
                _ = hang_up.recv() => 1,
            }
        });
        stop_running();
        // Exit statuses of interrupted programs are 128 and the signal's number.
        std::process::exit(128 + number);
    });
    Ok(())
}

fn stop_running() {
    if let Ok(Some((server, folder))) = RUNNING.lock().map(|mut running| running.take()) {
        // Its data is worth nothing, so it need not be tidy about ending.
        let _ = kill(server, Signal::SIGQUIT);
        let gone = || kill(server, None).is_err() || is_zombie(server);
        let _ = wait_until(Duration::from_secs(5), gone);
        let _ = std::fs::remove_dir_all(folder);
    }
}

impl Cluster {
    /// Makes a new cluster and waits until it answers.
    pub fn start() -> Result<Self> {
        let binaries =
            binaries().context("no PostgreSQL server found; Debian's package is `postgresql`")?;
        let folder = tempfile::Builder::new()
            .prefix("gerbang-postgres-")
            .tempdir()?;
        let owner = owner()?;
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(folder.path(), Some(user.as_raw()), Some(group.as_raw()))
                .context("cannot hand the data folder over")?;
        }
        initialise(&binaries, folder.path(), owner)?;
        // Between finding a free port and using it, another program may take it: then try another.
        for _ in 0..5 {
            let port = free_port()?;
            if let Some(server) = serve(&binaries, folder.path(), owner, port)? {
                return Ok(Self {
                    server,
                    port,
                    _folder: folder,
                });
            }
        }
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        bail!("PostgreSQL does not start; its log:\n{log}")
    }

    /// Where the tests find it.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Ok(mut running) = RUNNING.lock() {
            *running = None;
        }
        if let Ok(pid) = pid_of(&self.server) {
            let _ = kill(pid, Signal::SIGQUIT);
        }
        let _ = self.server.wait();
    }
}

fn packages_for_postgres() -> Result<()> {
    if binaries().is_some() {
        Ok(())
    } else {
        packages::ensure()
    }
}

/// PostgreSQL refuses to run as root; then it runs as the user that Debian's package makes.
fn owner() -> Result<Option<(Uid, Gid)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = User::from_name("postgres")?.context(
        "running as root needs the user `postgres`, which Debian's package `postgresql` makes",
    )?;
    Ok(Some((user.uid, user.gid)))
}

fn initialise(binaries: &Path, folder: &Path, owner: Option<(Uid, Gid)>) -> Result<()> {
    let output = as_owner(&binaries.join("initdb"), owner)
        .args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ])
        .arg(folder.join("data"))
        .current_dir(folder)
        .output()
        .context("cannot start initdb")?;
    if !output.status.success() {
        bail!(
            "initdb failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Starts the server and waits for it; `None` if it ended at once, most likely because of its port.
fn serve(
    binaries: &Path,
    folder: &Path,
    owner: Option<(Uid, Gid)>,
    port: u16,
) -> Result<Option<Child>> {
    let log = std::fs::File::create(folder.join("log"))?;
    let mut server = as_owner(&binaries.join("postgres"), owner)
        .arg("-D")
        .arg(folder.join("data"))
        .args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
        ])
        .arg(format!("unix_socket_directories={}", folder.display()))
        .args([
            "-c",
            "max_connections=300",
            "-c",
            "shared_buffers=256MB",
            "-c",
            "max_wal_size=2GB",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start postgres")?;
    let pid = pid_of(&server)?;
    if let Ok(mut running) = RUNNING.lock() {
        *running = Some((pid, folder.to_path_buf()));
    }
    let mut ended = false;
    let ready = wait_until(Duration::from_secs(60), || {
        ended = !matches!(server.try_wait(), Ok(None));
        ended || answers(binaries, port)
    });
    if ended {
        return Ok(None);
    }
    if !ready {
        let _ = server.kill();
        let _ = server.wait();
        bail!("PostgreSQL did not answer within 60 s");
    }
    Ok(Some(server))
}

/// A command as the cluster's owner that also ends when this process dies without a word.
fn as_owner(program: &Path, owner: Option<(Uid, Gid)>) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=QUIT");
    if let Some((user, group)) = owner {
        command.args([
            &format!("--reuid={user}"),
            &format!("--regid={group}"),
            "--clear-groups",
        ]);
    }
    command.arg("--").arg(program);
    command
}

fn answers(binaries: &Path, port: u16) -> bool {
    let arguments = [
        "-q",
        "-h",
        "127.0.0.1",
        "-U",
        "postgres",
        "-p",
        &port.to_string(),
    ];
    binaries
        .join("pg_isready")
        .to_str()
        .is_some_and(|program| packages::runs(program, &arguments))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn pid_of(child: &Child) -> Result<Pid> {
    Ok(Pid::from_raw(i32::try_from(child.id())?))
}

fn is_zombie(pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

fn wait_until(at_most: Duration, mut done: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < at_most {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Starts a cluster and says so.
pub fn announced() -> Result<Cluster> {
    steps::say("starting a throw-away PostgreSQL");
    let cluster = Cluster::start()?;
    println!("    {VARIABLE}={}", cluster.url());
    Ok(cluster)
}
