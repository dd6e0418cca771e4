//! The open database, and the one door to writing it: [`Store::transact`].
//!
//! A transaction never spans a network call. Whatever a transaction read, it re-asserts by a
//! guarded update before it commits, since PostgreSQL runs at READ COMMITTED.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::cipher::MasterKeys;
use crate::engine::{Failure, Link, Pools, Settings, commit_is_open, failure};
use crate::session::{Session, Verdict};
use crate::{Error, schema};

/// How often a transaction is run before its caller hears that others were faster. More than a
/// pool has connections, since each of them may have died with the server.
const ATTEMPTS: u32 = 20;
/// The longest pause between two attempts.
const LONGEST_PAUSE_MS: u64 = 64;
/// No attempt begins later than this after the first one, since one alone may wait for a lock as long
/// as the engine lets it, and somebody waits for an answer.
pub(crate) const LAST_BEGIN: Duration = Duration::from_secs(5);

/// Where a test may interfere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// A single read outside a transaction comes next.
    BeforeRead,
    /// Nothing has happened.
    BeforeBegin,
    /// The work is done and not yet on disk.
    BeforeCommit,
    /// It is on disk and the caller has not heard of it.
    AfterCommit,
}

/// A test's hook: it hears the point and the transaction's or the statement's name; an error it returns
/// becomes the transaction's.
pub type Hook = Arc<dyn Fn(Point, &'static str) -> Result<(), Error> + Send + Sync>;

/// A hook that may wait, which decides who goes on when. Nobody should wait before a commit: the
/// transaction is open.
pub type WaitingHook = Arc<dyn Fn(Point, &'static str) -> Hooked + Send + Sync>;

/// What a waiting hook comes to.
pub type Hooked = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    pools: Pools,
    keys: Arc<MasterKeys>,
    hook: RwLock<Option<WaitingHook>>,
    busy: AtomicUsize,
}

/// The database works for somebody until this is dropped.
pub(crate) struct Busy<'a>(&'a AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("engine", &self.engine())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, refuses it when it may forget what it answered, and brings its schema
    /// up to date.
    pub async fn open(settings: &Settings, keys: MasterKeys) -> Result<Self, Error> {
        let pools = Pools::open(settings).await?;
        schema::migrate(&pools).await?;
        Ok(Self(Arc::new(Inner {
            pools,
            keys: Arc::new(keys),
            hook: RwLock::new(None),
            busy: AtomicUsize::new(0),
        })))
    }

    /// The engine in use, for people: `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        self.0.pools.name()
    }

    /// A session for single reads. Each statement sees what was committed when it began; two
    /// statements may see different things. It cannot write.
    pub fn reader(&self) -> Session {
        Session::reader(self.clone(), Arc::clone(&self.0.keys))
    }

    /// Runs `work` in one transaction and commits it when it says `Ok`; rolls back when it says
    /// `Err` or is dropped. The whole of it runs again when others were in the way (serialization
    /// failure, deadlock, busy, a row overtaken) or the connection died before the commit, so it
    /// must do nothing but read and write through its session. Do not begin a transaction inside
    /// another: on SQLite, which has one writer, it would wait for itself.
    pub async fn transact<T, E, F, W>(&self, name: &'static str, mut work: F) -> Result<T, E>
    where
        F: FnMut(Session) -> W,
        W: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        match self.repeat(name, &mut work).await {
            Attempt::Over(result) => result,
            Attempt::Again(error) => Err(error),
            Attempt::Open(_, error) => Err(error.into()),
        }
    }

    /// Like [`Store::transact`], for work that others wait for: when it is not known whether the
    /// commit happened, `is_stored` reads whether what the work came to is there. If it is, that is the
    /// result; if not, it may still appear, so the work is not repeated and the caller hears
    /// [`Error::CommitUnknown`].
    pub async fn transact_or_find<T, E, F, W, R, X>(
        &self,
        name: &'static str,
        mut work: F,
        is_stored: R,
    ) -> Result<T, E>
    where
        F: FnMut(Session) -> W,
        W: Future<Output = Result<T, E>>,
        E: From<Error>,
        R: FnOnce(Session, T) -> X,
        X: Future<Output = Result<Option<T>, E>>,
    {
        let (value, error) = match self.repeat(name, &mut work).await {
            Attempt::Over(result) => return result,
            Attempt::Again(error) => return Err(error),
            Attempt::Open(value, error) => (value, error),
        };
        tracing::warn!(transaction = name, %error, "looking whether it was committed");
        is_stored(self.reader(), value)
            .await?
            .ok_or_else(|| error.into())
    }

    async fn repeat<T, E, F, W>(&self, name: &'static str, work: &mut F) -> Attempt<T, E>
    where
        F: FnMut(Session) -> W,
        W: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let begun = Instant::now();
        let mut attempt: u32 = 1;
        loop {
            match self.attempt(name, work).await {
                Attempt::Again(_) if attempt < ATTEMPTS && begun.elapsed() < LAST_BEGIN => {
                    tracing::debug!(transaction = name, attempt, "transaction runs again");
                    let _busy = self.busy();
                    tokio::time::sleep(pause(attempt)).await;
                    attempt = attempt.saturating_add(1);
                }
                over => return over,
            }
        }
    }

    async fn attempt<T, E, F, W>(&self, name: &'static str, work: &mut F) -> Attempt<T, E>
    where
        F: FnMut(Session) -> W,
        W: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        if let Err(error) = self.at(Point::BeforeBegin, name).await {
            return Attempt::failed(error);
        }
        let busy = self.busy();
        let link = match self.0.pools.begin().await {
            Ok(link) => link,
            Err(error) => return Attempt::failed(not_begun(error)),
        };
        let session = Session::transaction(link, Arc::clone(&self.0.keys));
        let result = work(session.clone()).await;
        let (link, verdict) = session.finish().await;
        let Some(link) = link else {
            return Attempt::failed(Error::Finished);
        };
        let (value, error) = match result {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        };
        if let (Some(value), Verdict::Sound) = (value, verdict) {
            return match self.commit(name, link, busy).await {
                Ok(()) => Attempt::Over(Ok(value)),
                Err(error @ Error::CommitUnknown { .. }) => Attempt::Open(value, error),
                Err(error) => Attempt::failed(error),
            };
        }
        // A rollback that fails leaves a connection that the pool throws away.
        let _ = link.rollback().await;
        let error = error.unwrap_or_else(|| Error::IgnoredFailure { transaction: name }.into());
        match verdict {
            Verdict::Again => Attempt::Again(error),
            Verdict::Sound | Verdict::Broken => Attempt::Over(Err(error)),
        }
    }

    async fn commit(&self, name: &'static str, link: Link, busy: Busy<'_>) -> Result<(), Error> {
        self.at(Point::BeforeCommit, name).await?;
        if let Err(source) = link.commit().await {
            return Err(if commit_is_open(&source) {
                Error::CommitUnknown {
                    transaction: name,
                    source: Some(source),
                }
            } else if failure(&source) == Failure::Again {
                Error::Contention {
                    statement: "COMMIT",
                    source,
                }
            } else {
                Error::Statement {
                    statement: "COMMIT",
                    source,
                }
            });
        }
        drop(busy);
        self.at(Point::AfterCommit, name).await
    }

    /// Closes all connections; open transactions are waited for.
    pub async fn close(&self) {
        self.0.pools.close().await;
    }

    /// Sets or removes the hook of the faults' tests.
    #[doc(hidden)]
    pub fn set_hook(&self, hook: Option<Hook>) {
        self.set_waiting_hook(hook.map(|hook| -> WaitingHook {
            Arc::new(move |point, name| Box::pin(std::future::ready(hook(point, name))))
        }));
    }

    /// Sets or removes a hook that may wait.
    #[doc(hidden)]
    pub fn set_waiting_hook(&self, hook: Option<WaitingHook>) {
        *self.0.hook.write().unwrap_or_else(PoisonError::into_inner) = hook;
    }

    /// Whether the database works for somebody now: for whoever must wait until it does not.
    #[doc(hidden)]
    pub fn is_busy(&self) -> bool {
        self.0.busy.load(Ordering::SeqCst) > 0
    }

    /// Prepares a statement without running it, for tests.
    #[doc(hidden)]
    pub async fn prepare(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.0.pools.prepare(sql).await
    }

    /// Runs a text outside any transaction, for tests that put the database into trouble.
    #[doc(hidden)]
    pub async fn run(&self, sql: String) -> Result<(), sqlx::Error> {
        self.0.pools.run(crate::engine::unlisted(sql)).await
    }

    /// The way to single reads, once the hook lets them.
    pub(crate) async fn reading(&self, name: &'static str) -> Result<(&Pools, Busy<'_>), Error> {
        self.at(Point::BeforeRead, name).await?;
        Ok((&self.0.pools, self.busy()))
    }

    fn busy(&self) -> Busy<'_> {
        self.0.busy.fetch_add(1, Ordering::SeqCst);
        Busy(&self.0.busy)
    }

    async fn at(&self, point: Point, name: &'static str) -> Result<(), Error> {
        let hook = self
            .0
            .hook
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match hook {
            Some(hook) => hook(point, name).await,
            None => Ok(()),
        }
    }
}

/// What one run of a transaction came to.
enum Attempt<T, E> {
    Over(Result<T, E>),
    Again(E),
    /// This is what it came to, if it was committed.
    Open(T, Error),
}

impl<T, E: From<Error>> Attempt<T, E> {
    fn failed(error: Error) -> Self {
        match error {
            Error::Contention { .. } => Self::Again(error.into()),
            _ => Self::Over(Err(error.into())),
        }
    }
}

fn not_begun(source: sqlx::Error) -> Error {
    match failure(&source) {
        // Nothing has happened yet, so a dead connection is as harmless as a busy one.
        Failure::Again | Failure::Lost => Error::Contention {
            statement: "BEGIN",
            source,
        },
        Failure::Unreachable => Error::Unavailable(source),
        Failure::Unique | Failure::Other => Error::Statement {
            statement: "BEGIN",
            source,
        },
    }
}

/// Short at first, doubling, without chance: the database decides who waits for whom, so nothing
/// is gained by spreading.
fn pause(attempt: u32) -> Duration {
    let doubled = 1_u64
        .checked_shl(attempt.saturating_sub(1))
        .unwrap_or(LONGEST_PAUSE_MS);
    Duration::from_millis(doubled.min(LONGEST_PAUSE_MS))
}
