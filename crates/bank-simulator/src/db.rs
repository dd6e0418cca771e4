//! The bank's SQLite database: WAL, `synchronous=FULL`, many readers, one writer.
//!
//! What a caller was told has happened is on disk: [`Write::commit`] returns after the commit. Writers that queue up
//! share one commit, because the flush to disk costs more than everything else: each works in a savepoint of one
//! transaction, and a committer that stands in the same fair queue commits for all that came before it.
//! A writer dropped without commit is rolled back alone.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};
use tokio::task::JoinHandle;

use crate::Error;

pub(crate) struct Db {
    readers: SqlitePool,
    writer: Arc<Mutex<Writer>>,
    wake: Arc<Notify>,
    committer: JoinHandle<()>,
}

struct Writer {
    conn: SqliteConnection,
    /// A transaction is open, with finished writers in it that wait for its commit.
    open: bool,
    /// A savepoint is open whose owner is gone.
    abandoned: bool,
    /// A control statement was begun and not seen to end: nothing about the connection is certain.
    unsure: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Db {
    /// Opens or creates the database and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        let mut conn = SqliteConnection::connect_with(&options).await?;
        sqlx::migrate!("./migrations").run(&mut conn).await?;
        let readers = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(4)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await?;
        let writer = Writer {
            conn,
            open: false,
            abandoned: false,
            unsure: false,
            waiting: Vec::new(),
        };
        let writer = Arc::new(Mutex::new(writer));
        let wake = Arc::new(Notify::new());
        let committer = tokio::spawn(commit_in_groups(Arc::clone(&writer), Arc::clone(&wake)));
        Ok(Self {
            readers,
            writer,
            wake,
            committer,
        })
    }

    /// For reading: what is committed.
    pub(crate) fn read(&self) -> &SqlitePool {
        &self.readers
    }

    /// For reading and writing: nobody else writes meanwhile.
    pub(crate) async fn write(&self) -> Result<Write, Error> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        writer.settle().await?;
        writer.unsure = true;
        if !writer.open {
            sqlx::query("BEGIN IMMEDIATE")
                .execute(&mut writer.conn)
                .await?;
            writer.open = true;
        }
        sqlx::query("SAVEPOINT work")
            .execute(&mut writer.conn)
            .await?;
        writer.abandoned = true;
        writer.unsure = false;
        Ok(Write {
            writer,
            wake: Arc::clone(&self.wake),
        })
    }

    /// Commits what is finished and closes the connections.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        let mut writer = self.writer.lock().await;
        writer.commit().await;
        self.committer.abort();
        // Leaves one file behind instead of three; losing this costs nothing.
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut writer.conn)
            .await
        {
            tracing::debug!(error = %error, "the bank's log was not folded into its database");
        }
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        self.committer.abort();
    }
}

impl Writer {
    /// Clears what an earlier writer left behind.
    async fn settle(&mut self) -> Result<(), Error> {
        if self.unsure {
            self.waiting.clear(); // each of them learns that its commit failed
            self.open = false;
            self.abandoned = false;
            // Fails when no transaction is open, which is what is wanted.
            if let Err(error) = sqlx::query("ROLLBACK").execute(&mut self.conn).await {
                tracing::debug!(error = %error, "no transaction to roll back");
            }
            self.unsure = false;
        }
        if self.abandoned {
            self.unsure = true;
            sqlx::query("ROLLBACK TO work")
                .execute(&mut self.conn)
                .await?;
            sqlx::query("RELEASE work").execute(&mut self.conn).await?;
            self.abandoned = false;
            self.unsure = false;
        }
        Ok(())
    }

    async fn commit(&mut self) {
        if let Err(error) = self.settle().await {
            tracing::error!(error = %error, "the bank's database did not roll back");
            self.waiting.clear();
            return;
        }
        if !self.open {
            return;
        }
        self.unsure = true;
        match sqlx::query("COMMIT").execute(&mut self.conn).await {
            Ok(_) => {
                self.open = false;
                self.unsure = false;
                for waiter in self.waiting.drain(..) {
                    // Who no longer waits does not want to know.
                    let _ = waiter.send(());
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "the bank's database did not commit");
                self.waiting.clear(); // each of them learns it now, not at the next write
            }
        }
    }
}

async fn commit_in_groups(writer: Arc<Mutex<Writer>>, wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        writer.lock().await.commit().await;
    }
}

/// A piece of work in the one writing transaction.
pub(crate) struct Write {
    writer: OwnedMutexGuard<Writer>,
    wake: Arc<Notify>,
}

impl Write {
    /// Ends the work; returns when it is on disk.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.writer.unsure = true;
        sqlx::query("RELEASE work")
            .execute(&mut self.writer.conn)
            .await?;
        self.writer.abandoned = false;
        self.writer.unsure = false;
        let (done, outcome) = oneshot::channel();
        self.writer.waiting.push(done);
        self.wake.notify_one();
        drop(self.writer);
        outcome.await.map_err(|_| Error::NotCommitted)
    }
}

impl Deref for Write {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.writer.conn
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.writer.conn
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn set(write: &mut Write, name: &str) {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, '')";
        sqlx::query(sql)
            .bind(name)
            .execute(&mut **write)
            .await
            .unwrap();
    }

    async fn names(db: &Db) -> Vec<String> {
        sqlx::query_scalar("SELECT name FROM settings ORDER BY name")
            .fetch_all(db.read())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn work_dropped_without_commit_leaves_nothing_and_spares_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        let db = Arc::new(Db::open(&folder.path().join("bank.db")).await.unwrap());
        let mut tasks = Vec::new();
        for number in 0..40 {
            let db = Arc::clone(&db);
            tasks.push(tokio::spawn(async move {
                let mut write = db.write().await.unwrap();
                set(&mut write, &format!("{number:02}")).await;
                if number % 3 != 0 {
                    write.commit().await.unwrap();
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let expected: Vec<String> = (0..40)
            .filter(|n| n % 3 != 0)
            .map(|n| format!("{n:02}"))
            .collect();
        assert_eq!(names(&db).await, expected);
    }

    #[tokio::test]
    async fn what_was_committed_is_there_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bank.db");
        let db = Db::open(&path).await.unwrap();
        let mut write = db.write().await.unwrap();
        set(&mut write, "kept").await;
        write.commit().await.unwrap();
        db.close().await;
        drop(db);
        assert_eq!(names(&Db::open(&path).await.unwrap()).await, ["kept"]);
    }

    #[tokio::test]
    async fn a_failed_commit_is_told_at_once_and_the_next_write_works() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("bank.db")).await.unwrap();
        let mut write = db.write().await.unwrap();
        for sql in [
            "CREATE TABLE parents (id TEXT PRIMARY KEY)",
            "CREATE TABLE children (parent TEXT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
        ] {
            sqlx::query(sql).execute(&mut *write).await.unwrap();
        }
        write.commit().await.unwrap();
        let mut write = db.write().await.unwrap();
        sqlx::query("INSERT INTO children (parent) VALUES ('nobody')")
            .execute(&mut *write)
            .await
            .unwrap();
        let outcome = tokio::time::timeout(Duration::from_secs(10), write.commit());
        assert!(matches!(outcome.await, Ok(Err(Error::NotCommitted))));
        let mut write = db.write().await.unwrap();
        set(&mut write, "kept").await;
        write.commit().await.unwrap();
        assert_eq!(names(&db).await, ["kept"]);
    }
}
