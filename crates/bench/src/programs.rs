//! Other programs as processes: started with their output in a file, and ended when this one ends, however
//! it ends.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

/// How long a program may take to stop once it was asked to.
const STOPPING: Duration = Duration::from_secs(20);

/// A running program. Dropped, it is killed.
pub struct Program {
    name: &'static str,
    child: Child,
    pid: u32,
    log: PathBuf,
}

impl Program {
    /// Starts it; what it prints goes to `NAME.log` in the folder.
    pub fn start<A: AsRef<OsStr>>(
        name: &'static str,
        program: &Path,
        arguments: &[A],
        folder: &Path,
    ) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = std::fs::File::create(&log)?;
        let child = command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let pid = child
            .id()
            .with_context(|| format!("{name} ended at once"))?;
        Ok(Self {
            name,
            child,
            pid,
            log,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// An error with the end of its log, if it is no longer there.
    pub fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default();
        bail!("{} ended with {status}:\n{}", self.name, end.join("\n"))
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid)?), Signal::SIGTERM)
            .with_context(|| format!("{} was gone already", self.name))?;
        match tokio::time::timeout(STOPPING, self.child.wait()).await {
            Ok(status) => status.map(drop).map_err(Into::into),
            Err(_) => bail!("{} did not stop within {STOPPING:?}", self.name),
        }
    }
}

/// Runs a program to its end and returns what it printed.
pub async fn output<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> Result<String> {
    let output = command(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .with_context(|| format!("{} cannot be started", program.display()))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}:\n{}",
            program.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Asks again every few milliseconds until there is an answer; an error after half a minute.
pub async fn wait_for<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("{what}: not within half a minute")
}

/// A command that is killed when this process dies without a word, with no setting of the environment's.
fn command(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--"])
        .arg(program)
        .kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        let theirs = name.to_string_lossy();
        if theirs.starts_with("GERBANG_") || theirs.starts_with("PG") {
            command.env_remove(&name);
        }
    }
    command
}
