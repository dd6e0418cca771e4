//! What the tables' functions speak to: an open transaction, or a connection for single reads.

use std::sync::Arc;
use std::time::Instant;

use snap::Secret;
use tokio::sync::Mutex;

use crate::cipher::{MasterKeys, Place};
use crate::engine::{self, Failure, Link, Pools, Row, failure};
use crate::record::Record;
use crate::statements::Sql;
use crate::store::{LAST_BEGIN, Store};
use crate::{Error, Value};

/// A handle on an open transaction, or on the database for single reads. Cheap to clone; the
/// clones are one session.
#[derive(Clone)]
pub struct Session {
    via: Arc<Via>,
    keys: Arc<MasterKeys>,
}

enum Via {
    Reading(Store),
    Writing(Mutex<Open>),
}

struct Open {
    link: Option<Link>,
    verdict: Verdict,
}

/// What a session's statements say about its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All succeeded.
    Sound,
    /// One failed; a commit would be a lie.
    Broken,
    /// One failed in a way that running all of it again mends.
    Again,
}

impl Session {
    pub(crate) fn reader(store: Store, keys: Arc<MasterKeys>) -> Self {
        Self {
            via: Arc::new(Via::Reading(store)),
            keys,
        }
    }

    pub(crate) fn transaction(link: Link, keys: Arc<MasterKeys>) -> Self {
        let open = Open {
            link: Some(link),
            verdict: Verdict::Sound,
        };
        Self {
            via: Arc::new(Via::Writing(Mutex::new(open))),
            keys,
        }
    }

    /// Takes the transaction out of the session; clones of it that are still around find it over.
    pub(crate) async fn finish(self) -> (Option<Link>, Verdict) {
        match &*self.via {
            Via::Reading(_) => (None, Verdict::Sound),
            Via::Writing(open) => {
                let mut open = open.lock().await;
                (open.link.take(), open.verdict)
            }
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn execute(&self, sql: Sql, values: &[Value]) -> Result<u64, Error> {
        check(sql, values)?;
        let Via::Writing(open) = &*self.via else {
            return Err(Error::ReadOnly {
                statement: sql.name(),
            });
        };
        let mut open = open.lock().await;
        let link = open.link.as_mut().ok_or(Error::Finished)?;
        match link.execute(sql_str(sql), values).await {
            Ok(rows) => Ok(rows),
            Err(error) => Err(open.judge(sql.name(), error)),
        }
    }

    /// Like [`Session::execute`], but answers `None` where a unique index objects, and leaves the
    /// transaction usable.
    pub(crate) async fn execute_unless_taken(
        &self,
        sql: Sql,
        values: &[Value],
    ) -> Result<Option<u64>, Error> {
        check(sql, values)?;
        let Via::Writing(open) = &*self.via else {
            return Err(Error::ReadOnly {
                statement: sql.name(),
            });
        };
        let mut open = open.lock().await;
        let link = open.link.as_mut().ok_or(Error::Finished)?;
        let result = async {
            link.execute(text("SAVEPOINT taken"), &[]).await?;
            match link.execute(sql_str(sql), values).await {
                Ok(rows) => {
                    link.execute(text("RELEASE SAVEPOINT taken"), &[]).await?;
                    Ok(Some(rows))
                }
                Err(error) if failure(&error) == Failure::Unique => {
                    link.execute(text("ROLLBACK TO SAVEPOINT taken"), &[])
                        .await?;
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        };
        match result.await {
            Ok(rows) => Ok(rows),
            Err(error) => Err(open.judge(sql.name(), error)),
        }
    }

    /// All rows of a query.
    pub(crate) async fn fetch_all(&self, sql: Sql, values: &[Value]) -> Result<Vec<Record>, Error> {
        check(sql, values)?;
        let rows = match &*self.via {
            Via::Reading(store) => {
                let (pools, _busy) = store.reading(sql.name()).await?;
                read(pools, sql, values).await?
            }
            Via::Writing(open) => {
                let mut open = open.lock().await;
                let link = open.link.as_mut().ok_or(Error::Finished)?;
                match link.fetch_all(sql_str(sql), values).await {
                    Ok(rows) => rows,
                    Err(error) => return Err(open.judge(sql.name(), error)),
                }
            }
        };
        Ok(rows.into_iter().map(|row| Record::new(row, sql)).collect())
    }

    /// The only row of a query on a key, if there is one.
    pub(crate) async fn fetch_optional(
        &self,
        sql: Sql,
        values: &[Value],
    ) -> Result<Option<Record>, Error> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// The only row of a query that always has one, such as a sum.
    pub(crate) async fn fetch_one(&self, sql: Sql, values: &[Value]) -> Result<Record, Error> {
        self.fetch_optional(sql, values)
            .await?
            .ok_or(Error::Statement {
                statement: sql.name(),
                source: sqlx::Error::RowNotFound,
            })
    }

    /// Demands that a guarded update changed its one row; otherwise the transaction runs again.
    pub(crate) async fn demand_one(
        &self,
        rows: u64,
        table: &'static str,
        id: impl ToString,
    ) -> Result<(), Error> {
        if rows == 1 {
            return Ok(());
        }
        Err(self.overtaken(table, id).await)
    }

    /// Somebody else changed what this transaction relies on: it runs again.
    pub(crate) async fn overtaken(&self, table: &'static str, id: impl ToString) -> Error {
        if let Via::Writing(open) = &*self.via {
            open.lock().await.verdict = Verdict::Again;
        }
        Error::Overtaken {
            table,
            id: id.to_string(),
        }
    }

    pub(crate) fn seal(&self, place: Place<'_>, clear: &str) -> Result<String, Error> {
        self.keys
            .seal(place, clear)
            .map_err(|source| unreadable(place, source))
    }

    /// The value under the active master key, if it stands under an older one.
    pub(crate) fn reseal(&self, place: Place<'_>, stored: &str) -> Result<Option<String>, Error> {
        if !self.keys.is_outdated(stored) {
            return Ok(None);
        }
        let clear = self.unseal(place, stored)?;
        self.seal(place, clear.expose()).map(Some)
    }

    pub(crate) fn unseal(&self, place: Place<'_>, stored: &str) -> Result<Secret, Error> {
        self.keys
            .open(place, stored)
            .map_err(|source| unreadable(place, source))
    }

    /// Runs a text that is in no list: dumps, and tests that break the rules on purpose.
    #[doc(hidden)]
    pub async fn unlisted(&self, sql: String, values: &[Value]) -> Result<u64, Error> {
        const NAME: &str = "unlisted";
        let Via::Writing(open) = &*self.via else {
            return Err(Error::ReadOnly { statement: NAME });
        };
        let mut open = open.lock().await;
        let link = open.link.as_mut().ok_or(Error::Finished)?;
        match link.execute(engine::unlisted(sql), values).await {
            Ok(rows) => Ok(rows),
            Err(error) => Err(open.judge(NAME, error)),
        }
    }

    /// Reads with a text that is in no list.
    #[doc(hidden)]
    pub async fn unlisted_rows(
        &self,
        sql: String,
        values: &[Value],
    ) -> Result<Vec<Vec<(String, Value)>>, Error> {
        const NAME: &str = "unlisted";
        let failed = |source| Error::Statement {
            statement: NAME,
            source,
        };
        let rows = match &*self.via {
            Via::Reading(store) => {
                let (pools, _busy) = store.reading(NAME).await?;
                let rows = pools.fetch_all(engine::unlisted(sql), values).await;
                rows.map_err(failed)?
            }
            Via::Writing(open) => {
                let mut open = open.lock().await;
                let link = open.link.as_mut().ok_or(Error::Finished)?;
                match link.fetch_all(engine::unlisted(sql), values).await {
                    Ok(rows) => rows,
                    Err(error) => return Err(open.judge(NAME, error)),
                }
            }
        };
        rows.iter()
            .map(|row| row.values().map_err(failed))
            .collect()
    }
}

impl Open {
    /// Turns the driver's error into ours and remembers what it means for the transaction.
    fn judge(&mut self, statement: &'static str, source: sqlx::Error) -> Error {
        let failure = failure(&source);
        self.verdict = match failure {
            // Nothing was committed, so a dead connection is cured by another one.
            Failure::Again | Failure::Lost => Verdict::Again,
            Failure::Unreachable | Failure::Unique | Failure::Other => Verdict::Broken,
        };
        match failure {
            Failure::Again => Error::Contention { statement, source },
            Failure::Lost | Failure::Unreachable => Error::Unavailable(source),
            Failure::Unique | Failure::Other => Error::Statement { statement, source },
        }
    }
}

/// Reads outside a transaction; a connection that turns out to be dead is replaced.
async fn read(pools: &Pools, sql: Sql, values: &[Value]) -> Result<Vec<Row>, Error> {
    let begun = Instant::now();
    let mut attempts_left: u32 = 20;
    loop {
        let source = match pools.fetch_all(sql_str(sql), values).await {
            Ok(rows) => return Ok(rows),
            Err(error) => error,
        };
        attempts_left = attempts_left.saturating_sub(1);
        if begun.elapsed() > LAST_BEGIN {
            attempts_left = 0;
        }
        match failure(&source) {
            Failure::Again | Failure::Lost if attempts_left > 0 => {}
            Failure::Again => {
                return Err(Error::Contention {
                    statement: sql.name(),
                    source,
                });
            }
            Failure::Lost | Failure::Unreachable => return Err(Error::Unavailable(source)),
            Failure::Unique | Failure::Other => {
                return Err(Error::Statement {
                    statement: sql.name(),
                    source,
                });
            }
        }
    }
}

fn check(sql: Sql, values: &[Value]) -> Result<(), Error> {
    let holds_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if values.iter().any(holds_nul) {
        Err(Error::Nul {
            statement: sql.name(),
        })
    } else {
        Ok(())
    }
}

fn unreadable(place: Place<'_>, source: crate::cipher::CipherError) -> Error {
    Error::Cipher {
        table: place.table,
        id: place.row.to_owned(),
        source,
    }
}

fn sql_str(sql: Sql) -> sqlx::SqlStr {
    text(sql.text())
}

fn text(sql: &'static str) -> sqlx::SqlStr {
    sqlx::SqlSafeStr::into_sql_str(sql)
}
