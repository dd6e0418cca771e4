//! PostgreSQL clusters of our own, so that they may be killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use tokio::process::Command;

use crate::programs::{Program, as_user, output, owner_of_postgres, wait_for};

/// A cluster on disk, with the port it will listen on.
#[derive(Clone, Debug)]
pub struct Cluster {
    binaries: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Cluster {
    /// A cluster that lies in this folder.
    pub fn in_folder(binaries: &Path, folder: &Path, port: u16) -> Self {
        Self {
            binaries: binaries.to_path_buf(),
            data: folder.join("postgres"),
            port,
        }
    }

    /// Makes its data folder.
    ///
    /// # Errors
    /// When `initdb` fails.
    pub async fn initialise(&self) -> Result<()> {
        let owner = owner_of_postgres()?;
        std::fs::create_dir(&self.data)?;
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(&self.data, Some(user.as_raw()), Some(group.as_raw()))?;
        }
        let mut command = as_user(&self.binaries.join("initdb"), owner);
        command.current_dir(&self.data).arg("-D").arg(&self.data);
        let arguments = [
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--wal-segsize=4",
        ];
        output(command, &arguments).await.map(drop)
    }

    /// Copies a stopped cluster to another folder.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub async fn copy_to(&self, folder: &Path) -> Result<()> {
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(&self.data).arg(folder.join("postgres"));
        output::<&str>(copy, &[]).await.map(drop)
    }

    /// The command that serves it, on `fsync` and everything else that it has by default.
    ///
    /// # Errors
    /// When there is nobody to run it as.
    pub fn command(&self, wrapper: Option<&str>) -> Result<Command> {
        let program = self.binaries.join("postgres");
        let owner = owner_of_postgres()?;
        let mut command = match wrapper {
            None => as_user(&program, owner),
            Some(wrapper) => {
                let mut command = as_user(Path::new(wrapper), owner);
                command.arg(&program);
                command
            }
        };
        command
            .current_dir(&self.data)
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "max_connections=60"])
            .args(["-c", "shared_buffers=32MB"]);
        Ok(command)
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn start(&self, folder: &Path, wrapper: Option<&str>) -> Result<Program> {
        let mut program = Program::start("postgres", self.command(wrapper)?, folder)?;
        wait_for("PostgreSQL", async || {
            if !program.is_running() {
                anyhow::bail!("PostgreSQL ended:\n{}", program.last_words());
            }
            Ok(self.answers().await.then_some(()))
        })
        .await?;
        Ok(program)
    }

    /// Starts it for as long as the work takes.
    ///
    /// # Errors
    /// When it does not start or stop, or the work fails.
    pub async fn while_running<T>(
        &self,
        folder: &Path,
        work: impl AsyncFnOnce() -> Result<T>,
    ) -> Result<T> {
        let program = self.start(folder, None).await?;
        let done = work().await;
        program.stop(Signal::SIGINT).await?;
        done
    }

    /// Whether it takes connections.
    pub async fn answers(&self) -> bool {
        let mut command = Command::new(self.binaries.join("pg_isready"));
        command
            .args([
                "-q",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
                "-p",
                &self.port.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    }

    /// Where gateways find it.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

/// The folder that holds `initdb` and `postgres`: the newest that Debian has, else wherever PATH leads.
///
/// # Errors
/// When there is none.
pub fn binaries() -> Result<PathBuf> {
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
    #[allow(clippy::disallowed_methods)] // where programs are is no setting of the gateway's
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .context("no PostgreSQL server found; Debian's package is `postgresql`")
}
