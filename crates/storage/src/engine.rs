//! The only file, with its folder, that names an engine: SQLite or PostgreSQL, each through its native
//! driver.
//!
//! What differs between them is here and nowhere else: how they are opened and checked, how a
//! writing transaction begins, and what their error codes mean. Everything above speaks one
//! dialect with two types of value, `TEXT` and `BIGINT`.

mod line;
mod opening;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column, Executor, PgPool, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite,
    SqliteExecutor, SqlitePool, Transaction,
};

use self::line::{Line, Outdated};
use crate::{Error, Value};

/// Which database, and how many connections to it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://user@host/database`. May hold a password: never logged.
    pub url: snap::Secret,
    /// Connections to PostgreSQL; to SQLite one more that writes, and of this number at most four that read.
    pub max_connections: u32,
}

impl Settings {
    /// Settings for a database with eight connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: snap::Secret::new(url),
            max_connections: 8,
        }
    }
}

/// A row, read by column name.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(crate) fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(crate) fn opt_text(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(crate) fn opt_int(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// All columns with their names, in order, whatever the table.
    pub(crate) fn values(&self) -> Result<Vec<(String, Value)>, sqlx::Error> {
        let columns: Vec<(String, bool)> = match self {
            Self::Sqlite(row) => row.columns().iter().map(named).collect(),
            Self::Postgres(row) => row.columns().iter().map(named).collect(),
        };
        columns
            .into_iter()
            .map(|(name, is_text)| {
                let value = match self.opt_text(&name) {
                    Ok(Some(text)) => Value::Text(text),
                    Ok(None) if is_text => Value::NullText,
                    Ok(None) => Value::NullInt,
                    Err(_) => self.opt_int(&name)?.into(),
                };
                Ok((name, value))
            })
            .collect()
    }
}

/// A column's name, and whether it was declared as text.
fn named(column: &impl Column) -> (String, bool) {
    let declared = column.type_info().to_string();
    (
        column.name().to_owned(),
        declared.eq_ignore_ascii_case("text"),
    )
}

/// What a failed statement means for the transaction around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Others were in the way: run the whole transaction again.
    Again,
    /// The connection is gone, and with it the transaction.
    Lost,
    /// No connection could be had.
    Unreachable,
    /// A unique index says that the row is there already.
    Unique,
    /// Anything else.
    Other,
}

/// Reads the driver's error. SQLite's codes are short decimal numbers, PostgreSQL's have five
/// characters, so one table serves both.
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Failure::Unreachable,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => Failure::Lost,
        sqlx::Error::Database(error) if error.is_unique_violation() => Failure::Unique,
        sqlx::Error::Database(error) => match error.code().as_deref() {
            // PostgreSQL: serialization failure, deadlock, lock not to be had in time.
            Some("40001" | "40P01" | "55P03") => Failure::Again,
            // PostgreSQL: shut down by an administrator, crashed, starting, in recovery.
            Some("57P01" | "57P02" | "57P03" | "25006" | "08006" | "08003") => Failure::Lost,
            // SQLite: busy (also while recovering, with an old snapshot, in time) and locked.
            Some("5" | "261" | "517" | "773" | "6" | "262") => Failure::Again,
            _ => Failure::Other,
        },
        _ => Failure::Other,
    }
}

/// True when a failed COMMIT may have been carried out all the same.
pub(crate) fn commit_is_open(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            // PostgreSQL: intervention by an operator, connection trouble, IO trouble.
            Some(code) if code.len() == 5 => {
                code.starts_with("57") || code.starts_with("08") || code.starts_with("58")
            }
            // SQLite: an IO error, whatever its kind (its lowest byte is 10).
            Some(code) => code.parse::<u32>().is_ok_and(|code| code % 256 == 10),
            None => true,
        },
        _ => true,
    }
}

/// The open database.
#[derive(Clone)]
pub(crate) enum Pools {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool, Outdated),
}

impl Pools {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Error> {
        let url = settings.url.expose();
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            opening::sqlite(path, settings.max_connections).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            opening::postgres(url, settings.max_connections).await
        } else {
            Err(Error::Settings(
                "the URL must begin with sqlite: or postgres://".to_owned(),
            ))
        }
    }

    /// Which database the settings name, for people: without user, password and options.
    pub(crate) fn place(settings: &Settings) -> Result<String, Error> {
        let url = settings.url.expose();
        match url.strip_prefix("sqlite:") {
            Some(path) => Ok(opening::sqlite_place(
                path.strip_prefix("//").unwrap_or(path),
            )),
            None => opening::postgres_place(url),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(..) => "postgres",
        }
    }

    pub(crate) async fn migrate(
        &self,
        migrator: &Migrator,
    ) -> Result<(), sqlx::migrate::MigrateError> {
        match self {
            // One writing transaction around everything, since two processes may start at once.
            Self::Sqlite { writer, .. } => {
                let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
                migrator.run_direct(None, &mut *transaction, false).await?;
                Ok(transaction.commit().await?)
            }
            // The migrator takes an advisory lock by itself.
            Self::Postgres(pool, _) => migrator.run(pool).await,
        }
    }

    pub(crate) async fn begin(&self) -> Result<Link, sqlx::Error> {
        Ok(match self {
            Self::Sqlite { writer, .. } => {
                Link::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres(pool, outdated) => Link::Postgres(Line::begin(pool, outdated).await?),
        })
    }

    pub(crate) async fn fetch_all(
        &self,
        sql: SqlStr,
        values: &[Value],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => sqlite_all(readers, sql, values).await,
            Self::Postgres(pool, outdated) => {
                Line::take(pool, outdated)
                    .await?
                    .fetch_all(sql, values)
                    .await
            }
        }
    }

    /// Asks the engine to prepare a statement without running it, for tests.
    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => writer.prepare(sql.into_sql_str()).await.map(drop),
            Self::Postgres(pool, _) => pool.prepare(sql.into_sql_str()).await.map(drop),
        }
    }

    /// Runs a text on a connection that writes, outside any transaction, for tests.
    pub(crate) async fn run(&self, sql: SqlStr) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => writer.execute(sql).await.map(drop),
            Self::Postgres(pool, _) => pool.execute(sql).await.map(drop),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool, _) => pool.close().await,
        }
    }
}

/// An open transaction. Dropped without a commit, it is rolled back.
pub(crate) enum Link {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Line),
}

impl Link {
    pub(crate) async fn execute(
        &mut self,
        sql: SqlStr,
        values: &[Value],
    ) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(link) => Ok(bind_sqlite(sql, values)
                .execute(&mut **link)
                .await?
                .rows_affected()),
            Self::Postgres(line) => line.execute(sql, values).await,
        }
    }

    pub(crate) async fn fetch_all(
        &mut self,
        sql: SqlStr,
        values: &[Value],
    ) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(link) => sqlite_all(&mut **link, sql, values).await,
            Self::Postgres(line) => line.fetch_all(sql, values).await,
        }
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(link) => link.commit().await,
            Self::Postgres(line) => line.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(link) => link.rollback().await,
            Self::Postgres(line) => line.rollback().await,
        }
    }
}

/// A text that was not written in this crate's lists: dumps and tests only.
pub(crate) fn unlisted(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

fn bind_sqlite<'q>(sql: SqlStr, values: &[Value]) -> Query<'q, Sqlite, SqliteArguments> {
    values
        .iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Text(text) => query.bind(text.clone()),
            Value::Int(number) => query.bind(*number),
            Value::NullText => query.bind(None::<String>),
            Value::NullInt => query.bind(None::<i64>),
        })
}

fn bind_postgres<'q>(sql: SqlStr, values: &[Value]) -> Query<'q, Postgres, PgArguments> {
    values
        .iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Text(text) => query.bind(text.clone()),
            Value::Int(number) => query.bind(*number),
            Value::NullText => query.bind(None::<String>),
            Value::NullInt => query.bind(None::<i64>),
        })
}

async fn sqlite_all(
    on: impl SqliteExecutor<'_>,
    sql: SqlStr,
    values: &[Value],
) -> Result<Vec<Row>, sqlx::Error> {
    let rows = bind_sqlite(sql, values).fetch_all(on).await?;
    Ok(rows.into_iter().map(Row::Sqlite).collect())
}
