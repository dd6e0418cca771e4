//! The loop that wakes background work, by a signal and by a timer.
//!
//! A task takes no input: it looks at the database, does what is due and says whether it did anything.
//! So a lost signal costs time, never work, and the happy case and recovery are one path. A task must
//! never hold what another process needs, and running it twice must be harmless. To add one, add it to
//! the list in [`crate::tasks`].

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
    /// One run of it.
    pub run: fn(Arc<App>) -> Run,
}

/// The background work of one process.
pub struct Workers {
    tasks: Vec<(Task, Arc<Notify>)>,
    running: Vec<Mutex<()>>,
    stop: watch::Sender<bool>,
    loops: Mutex<Vec<JoinHandle<()>>>,
}

/// Rounds after which `run_until_idle` says that the work never ends.
const MOST_ROUNDS: usize = 10_000;

impl Workers {
    /// Background work that is not yet running.
    #[must_use]
    pub fn new(tasks: &[Task]) -> Self {
        Self {
            tasks: tasks
                .iter()
                .map(|task| (*task, Arc::new(Notify::new())))
                .collect(),
            running: tasks.iter().map(|_| Mutex::new(())).collect(),
            stop: watch::Sender::new(false),
            loops: Mutex::new(Vec::new()),
        }
    }

    /// Wakes every task: something was written that may be due. Costs nothing if they are awake.
    pub fn poke(&self) {
        for (_, signal) in &self.tasks {
            signal.notify_one();
        }
    }

    /// Starts one loop a task.
    pub async fn start(&self, app: &Arc<App>) {
        let mut loops = self.loops.lock().await;
        for (at, (task, signal)) in self.tasks.iter().enumerate() {
            let (app, task, signal) = (Arc::clone(app), *task, Arc::clone(signal));
            let stop = self.stop.subscribe();
            loops.push(tokio::spawn(async move {
                repeat(app, at, task, signal, stop).await
            }));
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

    /// Runs every task until none has anything to do: for tests, on whatever clock they use.
    ///
    /// # Errors
    /// The first failure of a task, or that the work does not come to an end.
    pub async fn run_until_idle(&self, app: &Arc<App>) -> Result<(), String> {
        for _ in 0..MOST_ROUNDS {
            let mut worked = false;
            for (at, (task, _)) in self.tasks.iter().enumerate() {
                worked |= self.run_once(app, at, *task).await? == Ran::Worked;
            }
            if !worked {
                return Ok(());
            }
        }
        Err(format!(
            "background work did not become idle in {MOST_ROUNDS} rounds"
        ))
    }

    /// One run of a task, never two of the same at once in one process.
    async fn run_once(&self, app: &Arc<App>, at: usize, task: Task) -> Result<Ran, String> {
        let _turn = match self.running.get(at) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        (task.run)(Arc::clone(app))
            .await
            .map_err(|error| format!("{}: {error}", task.name))
    }
}

async fn repeat(
    app: Arc<App>,
    at: usize,
    task: Task,
    signal: Arc<Notify>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow_and_update() {
        // A bug in one run must not end the loop: the run is a task of its own, and its panic is logged.
        let one = {
            let app = Arc::clone(&app);
            tokio::spawn(async move { app.workers.run_once(&app, at, task).await })
        };
        match one.await {
            Ok(Ok(Ran::Worked)) => continue,
            Ok(Ok(Ran::Idle)) => {}
            Ok(Err(error)) => {
                tracing::warn!(task = task.name, %error, "background work failed; it will be tried again")
            }
            Err(_) => tracing::error!(
                task = task.name,
                "background work ended by a bug; it will be tried again"
            ),
        }
        tokio::select! {
            () = signal.notified() => {}
            () = tokio::time::sleep(task.every) => {}
            _ = stop.changed() => {}
        }
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.tasks.iter().map(|(task, _)| task.name).collect();
        f.debug_struct("Workers")
            .field("tasks", &names)
            .finish_non_exhaustive()
    }
}
