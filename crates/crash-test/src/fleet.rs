//! Processes that are started again whenever they are gone, as a supervisor does on a server.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::programs::{Program, children};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A program that ends by itself is given a moment.
const PAUSE: Duration = Duration::from_millis(60);

/// How one process is started.
pub struct Part {
    name: String,
    command: Box<dyn Fn() -> Result<Command> + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    program: Option<Program>,
    wanted: bool,
    not_before: Instant,
}

/// All processes of a run.
pub struct Fleet {
    parts: Vec<Part>,
    folder: PathBuf,
}

impl Part {
    /// A process that this command starts.
    pub fn new(name: &str, command: impl Fn() -> Result<Command> + Send + Sync + 'static) -> Self {
        Self {
            name: name.to_owned(),
            command: Box::new(command),
            state: Mutex::new(State {
                program: None,
                wanted: true,
                not_before: Instant::now(),
            }),
        }
    }
}

impl Fleet {
    /// Starts all of them and keeps them running, for as long as somebody holds the fleet.
    pub fn new(parts: Vec<Part>, folder: &Path) -> Arc<Self> {
        let fleet = Arc::new(Self {
            parts,
            folder: folder.to_path_buf(),
        });
        tokio::spawn(tend(Arc::downgrade(&fleet)));
        fleet
    }

    /// Their names.
    pub fn names(&self) -> Vec<&str> {
        self.parts.iter().map(|part| part.name.as_str()).collect()
    }

    /// Kills one and all that it has started. It comes back after the pause.
    pub async fn kill(&self, at: usize, pause: Duration) {
        let Some(part) = self.parts.get(at) else {
            return;
        };
        let mut state = part.state.lock().await;
        if let Some(program) = state.program.take() {
            program.kill_all();
            // It is waited for, so that what comes next finds its port free.
            drop(program.wait().await);
            state.not_before = Instant::now() + pause;
        }
    }

    /// Kills one child of a process and leaves the process to deal with it; false if there is none.
    pub async fn kill_child(&self, at: usize, which: usize) -> bool {
        let Some(pid) = self.pid(at).await else {
            return false;
        };
        let children = children(pid);
        let child = children.get(which % children.len().max(1));
        child.is_some_and(|child| kill(*child, Signal::SIGKILL).is_ok())
    }

    /// The process id of one.
    pub async fn pid(&self, at: usize) -> Option<nix::unistd::Pid> {
        let state = self.parts.get(at)?.state.lock().await;
        state.program.as_ref().map(Program::pid)
    }

    /// Asks those whose name begins so to stop, which must go well, and starts them again.
    ///
    /// # Errors
    /// When one does not stop well.
    pub async fn restart(&self, prefix: &str) -> Result<()> {
        for part in self
            .parts
            .iter()
            .filter(|part| part.name.starts_with(prefix))
        {
            let mut state = part.state.lock().await;
            if let Some(program) = state.program.take() {
                program.stop(Signal::SIGTERM).await?;
            }
        }
        Ok(())
    }

    /// Ends all of them for good.
    pub async fn end(&self) {
        for part in &self.parts {
            let mut state = part.state.lock().await;
            state.wanted = false;
            if let Some(program) = state.program.take() {
                program.kill_all();
                drop(program.wait().await);
            }
        }
    }

    /// The ends of their logs, for people.
    pub fn last_words(&self) -> String {
        let words = |part: &Part| {
            let log = self.folder.join(format!("{}.log", part.name));
            let log = std::fs::read_to_string(log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines
                .get(lines.len().saturating_sub(5)..)
                .unwrap_or_default();
            format!("{}:\n{}", part.name, end.join("\n"))
        };
        self.parts.iter().map(words).collect::<Vec<_>>().join("\n")
    }

    async fn look(&self) -> Result<()> {
        for part in &self.parts {
            let mut state = part.state.lock().await;
            if state
                .program
                .as_mut()
                .is_some_and(|program| !program.is_running())
            {
                state.program = None;
                state.not_before = Instant::now() + PAUSE;
            }
            if state.wanted && state.program.is_none() && Instant::now() >= state.not_before {
                let program = Program::start(&part.name, (part.command)()?, &self.folder);
                state.program = Some(program.with_context(|| part.name.clone())?);
            }
        }
        Ok(())
    }
}

async fn tend(fleet: Weak<Fleet>) {
    while let Some(fleet) = fleet.upgrade() {
        if let Err(error) = fleet.look().await {
            anstream::eprintln!("{error:#}");
        }
        drop(fleet);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
