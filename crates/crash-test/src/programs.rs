//! Other programs as processes: their output goes to a file, and they end when this one ends, however it
//! ends.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, User, geteuid};
use tokio::process::{Child, Command};

/// How long a program may take to stop once it was asked to.
const STOPPING: Duration = Duration::from_secs(120);

/// A running program. Dropped, it is killed.
pub struct Program {
    name: String,
    child: Child,
    pid: Pid,
    log: PathBuf,
}

impl Program {
    /// Starts it; what it prints is added to `NAME.log` in the folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, mut command: Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let pid = child
            .id()
            .with_context(|| format!("{name} ended at once"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            pid: Pid::from_raw(i32::try_from(pid)?),
            log,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The end of what it printed, for people.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n")
    }

    /// SIGKILL to it and to its children, at once and without a word.
    pub fn kill_all(&self) {
        let mut all = children(self.pid);
        all.insert(0, self.pid);
        for pid in all {
            // It may be gone already, which is what is wanted.
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    /// Asks it to come to an end and waits until it has, however it ends.
    ///
    /// # Errors
    /// When it was gone already.
    pub async fn interrupt(self) -> Result<()> {
        kill(self.pid, Signal::SIGINT).context(self.name.clone())?;
        self.wait().await
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn wait(mut self) -> Result<()> {
        self.child.wait().await?;
        Ok(())
    }

    /// Asks it to stop with this signal and waits until it has; an error if it was not well.
    ///
    /// # Errors
    /// When it was gone already, does not stop in time or says that something went wrong.
    pub async fn stop(mut self, signal: Signal) -> Result<()> {
        kill(self.pid, signal)
            .with_context(|| format!("{} was gone already:\n{}", self.name, self.last_words()))?;
        match tokio::time::timeout(STOPPING, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => bail!(
                "{} stopped with {status}:\n{}",
                self.name,
                self.last_words()
            ),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => bail!("{} did not stop within {STOPPING:?}", self.name),
        }
    }
}

/// The processes that a process has started itself.
pub fn children(pid: Pid) -> Vec<Pid> {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let listed = listed.unwrap_or_default();
    listed
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

/// A command that is killed when this process dies without a word, with no setting of the environment's.
pub fn command(program: &Path) -> Command {
    as_user(program, None)
}

/// The same as another user.
pub fn as_user(program: &Path, user: Option<(Uid, Gid)>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some((user, group)) = user {
        command.args([
            &format!("--reuid={user}"),
            &format!("--regid={group}"),
            "--clear-groups",
        ]);
    }
    command.arg("--").arg(program).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        let theirs = name.to_string_lossy();
        if theirs.starts_with("GERBANG_") || theirs.starts_with("PG") {
            command.env_remove(&name);
        }
    }
    command
}

/// PostgreSQL refuses to run as root; then it runs as the user that Debian's package makes.
///
/// # Errors
/// When there is no such user.
pub fn owner_of_postgres() -> Result<Option<(Uid, Gid)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = User::from_name("postgres")?
        .context("running as root needs the user `postgres`, which Debian's package makes")?;
    Ok(Some((user.uid, user.gid)))
}

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// When it cannot be started or fails.
pub async fn output<A: AsRef<OsStr>>(mut command: Command, arguments: &[A]) -> Result<String> {
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await?;
    if !output.status.success() {
        bail!(
            "{:?} ended with {}:\n{}",
            command.as_std(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Asks again every few milliseconds until there is an answer.
///
/// # Errors
/// When asking fails, or there is none within two minutes.
pub async fn wait_for<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + Duration::from_secs(120);
    while Instant::now() < deadline {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("{what}: not within two minutes")
}
