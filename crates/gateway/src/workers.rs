//! The loop that wakes background work, by a signal and by a timer.
//!
//! A task takes no input: it looks at the database, does what is due and says whether it did anything.
//! So a lost signal costs time, never work, and the happy case and recovery are one path. A task must
//! never hold what another process needs, and running it twice must be harmless. To add one, add it to
//! the list in [`crate::TASKS`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinHandle;

use crate::app::App;

/// What one run of a task came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// Something was done, so there may be more.
    Worked,
    /// Nothing was due.
    Idle,
}

/// The future of one run. A failure is a text for the log; the task is run again at its next turn.
pub type Run = Pin<Box<dyn Future<Output = Result<Ran, String>> + Send>>;

/// One kind of background work.
#[derive(Clone, Copy)]
pub struct Task {
    /// Its name in logs.
    pub name: &'static str,
    /// How long it sleeps when no signal wakes it.
    pub every: Duration,
    /// Whether a signal wakes it. What only keeps house is left to its timer, or every payment would
    /// pay for it.
    pub hurried: bool,
    /// One run of it.
    pub run: fn(Arc<App>) -> Run,
}

/// The background work of one process.
pub struct Workers {
    tasks: Vec<Arc<Slot>>,
    stop: watch::Sender<bool>,
    loops: Mutex<Vec<JoinHandle<()>>>,
}

/// A task, what wakes it, and the turn that keeps it from running twice at once in one process.
struct Slot {
    task: Task,
    signal: Notify,
    turn: Mutex<()>,
}

/// Rounds after which `run_until_idle` says that the work never ends.
const MOST_ROUNDS: usize = 10_000;

impl Workers {
    /// Background work that is not yet running.
    #[must_use]
    pub fn new(tasks: &[Task]) -> Self {
        let slot = |task: &Task| {
            Arc::new(Slot {
                task: *task,
                signal: Notify::new(),
                turn: Mutex::new(()),
            })
        };
        Self {
            tasks: tasks.iter().map(slot).collect(),
            stop: watch::Sender::new(false),
            loops: Mutex::new(Vec::new()),
        }
    }

    /// Wakes what is in a hurry: something was written that may be due. Costs nothing if it is awake.
    pub fn poke(&self) {
        for slot in self.tasks.iter().filter(|slot| slot.task.hurried) {
            slot.signal.notify_one();
        }
    }

    /// Starts one loop a task.
    pub async fn start(&self, app: &Arc<App>) {
        let mut loops = self.loops.lock().await;
        for slot in &self.tasks {
            let run = repeat(Arc::clone(app), Arc::clone(slot), self.stop.subscribe());
            loops.push(tokio::spawn(run));
        }
    }

    /// Lets the runs that are under way finish and ends the loops.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        for handle in self.loops.lock().await.drain(..) {
            if handle.await.is_err() {
                tracing::error!("a background loop ended by a bug");
            }
        }
    }

    /// True from the moment when a run should begin nothing new.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Runs every task until none has anything to do: for tests, on whatever clock they use.
    ///
    /// # Errors
    /// The first failure of a task, or that the work does not come to an end.
    pub async fn run_until_idle(&self, app: &Arc<App>) -> Result<(), String> {
        for _ in 0..MOST_ROUNDS {
            let mut worked = false;
            for slot in &self.tasks {
                let ran = slot.run_once(app).await;
                worked |=
                    ran.map_err(|error| format!("{}: {error}", slot.task.name))? == Ran::Worked;
            }
            if !worked {
                return Ok(());
            }
        }
        Err(format!(
            "background work did not become idle in {MOST_ROUNDS} rounds"
        ))
    }
}

impl Slot {
    async fn run_once(&self, app: &Arc<App>) -> Result<Ran, String> {
        let _turn = self.turn.lock().await;
        (self.task.run)(Arc::clone(app)).await
    }
}

async fn repeat(app: Arc<App>, slot: Arc<Slot>, mut stop: watch::Receiver<bool>) {
    let task = slot.task.name;
    while !*stop.borrow_and_update() {
        // A bug in one run must not end the loop: the run is a task of its own.
        let one = {
            let (app, slot) = (Arc::clone(&app), Arc::clone(&slot));
            tokio::spawn(async move { slot.run_once(&app).await })
        };
        match one.await {
            Ok(Ok(Ran::Worked)) => continue,
            Ok(Ok(Ran::Idle)) => {}
            Ok(Err(error)) => {
                tracing::warn!(task, %error, "background work failed; it will be tried again");
            }
            Err(_) => {
                tracing::error!(
                    task,
                    "background work ended by a bug; it will be tried again"
                );
            }
        }
        tokio::select! {
            () = slot.signal.notified() => {}
            () = tokio::time::sleep(slot.task.every) => {}
            _ = stop.changed() => {}
        }
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.tasks.iter().map(|slot| slot.task.name).collect();
        f.debug_struct("Workers")
            .field("tasks", &names)
            .finish_non_exhaustive()
    }
}
