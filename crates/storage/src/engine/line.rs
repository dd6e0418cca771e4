//! A connection to PostgreSQL that is not waited on for ever.
//!
//! A server whose machine loses power, or whose network drops packets, says nothing: the kernel would wait for a
//! quarter of an hour, and after a COMMIT without end. So each answer has a deadline, and a connection that was left
//! in the middle of something is thrown away: to give it back to the pool means to speak with it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres, SqlStr, raw_sql};

use super::{Row, bind_postgres};
use crate::Value;

/// How long the server may be silent: a little longer than it lets any statement take.
const LONGEST_SILENCE: Duration = Duration::from_secs(11);

/// When a server last said that it only reads, or fell silent. A connection keeps what the server was when
/// it was made, so those that are older than that are not used again: the next one may reach the new primary.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outdated(Arc<Mutex<Option<Instant>>>);

impl Outdated {
    /// Whether a connection of this age is older than that.
    pub(super) fn is(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() <= age)
    }

    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// A connection, in a transaction or not. Dropped in the middle of one, it is closed, which rolls back.
pub(crate) struct Line {
    connection: PoolConnection<Postgres>,
    outdated: Outdated,
    is_in_transaction: bool,
    is_waiting: bool,
}

impl Line {
    pub(super) async fn take(pool: &PgPool, outdated: &Outdated) -> Result<Self, sqlx::Error> {
        Ok(Self {
            connection: pool.acquire().await?,
            outdated: outdated.clone(),
            is_in_transaction: false,
            is_waiting: false,
        })
    }

    pub(super) async fn begin(pool: &PgPool, outdated: &Outdated) -> Result<Self, sqlx::Error> {
        let mut line = Self::take(pool, outdated).await?;
        line.control("BEGIN").await?;
        line.is_in_transaction = true;
        Ok(line)
    }

    pub(super) async fn execute(
        &mut self,
        sql: SqlStr,
        values: &[Value],
    ) -> Result<u64, sqlx::Error> {
        self.is_waiting = true;
        let asked = bind_postgres(sql, values).execute(&mut *self.connection);
        let heard = answer(asked).await;
        Ok(self.note(heard)?.rows_affected())
    }

    pub(super) async fn fetch_all(
        &mut self,
        sql: SqlStr,
        values: &[Value],
    ) -> Result<Vec<Row>, sqlx::Error> {
        self.is_waiting = true;
        let asked = bind_postgres(sql, values).fetch_all(&mut *self.connection);
        let heard = answer(asked).await;
        let rows = self.note(heard)?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.end("COMMIT").await
    }

    pub(super) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        if self.is_waiting {
            return Ok(()); // by closing it: nobody is there to hear of it
        }
        self.end("ROLLBACK").await
    }

    async fn end(&mut self, how: &'static str) -> Result<(), sqlx::Error> {
        self.control(how).await?;
        self.is_in_transaction = false;
        Ok(())
    }

    async fn control(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.is_waiting = true;
        let heard = answer(raw_sql(sql).execute(&mut *self.connection)).await;
        self.note(heard).map(drop)
    }

    /// Remembers what an answer says about this connection and all others.
    fn note<T>(&mut self, heard: Option<Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
        let Some(result) = heard else {
            self.outdated.now();
            return Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        };
        self.is_waiting = false;
        if let Err(sqlx::Error::Database(error)) = &result
            && error.code().as_deref() == Some("25006")
        {
            self.outdated.now();
        }
        result
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_waiting || self.is_in_transaction {
            self.connection.close_on_drop();
            return;
        }
        // The pool asks the server for a sign of life first.
        let (back, outdated) = (self.connection.return_to_pool(), self.outdated.clone());
        tokio::spawn(async move {
            if tokio::time::timeout(LONGEST_SILENCE, back).await.is_err() {
                outdated.now();
            }
        });
    }
}

/// The answer, or nothing when the server was silent for too long.
async fn answer<T>(
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Option<Result<T, sqlx::Error>> {
    tokio::time::timeout(LONGEST_SILENCE, asked).await.ok()
}
