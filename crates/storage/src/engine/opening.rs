//! Opening each engine, and refusing one that would answer before data is on disk.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Postgres, Row as _, Sqlite};

use super::Pools;
use super::line::Outdated;
use crate::Error;

/// How long to wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long SQLite waits for a writer in another process.
const BUSY: Duration = Duration::from_secs(5);
/// The most SQLite connections that only read.
const READERS: u32 = 4;
/// No statement of ours is meant to take longer.
const STATEMENT_TIMEOUT_MS: &str = "10000";
/// Waiting for another transaction's row.
const LOCK_TIMEOUT_MS: &str = "5000";
/// A transaction never spans a network call, so an idle one was forgotten.
const IDLE_TRANSACTION_TIMEOUT_MS: &str = "30000";

pub(super) async fn sqlite(path: &str, max_connections: u32) -> Result<Pools, Error> {
    if path.is_empty() || path.starts_with(':') || path.contains('?') {
        return Err(Error::Settings(
            "sqlite: must be followed by the path of a file".to_owned(),
        ));
    }
    create_private(path)
        .map_err(|error| Error::Settings(format!("{path} cannot be opened: {error}")))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .statement_cache_capacity(256)
        .disable_statement_logging();
    // The writer is opened first: it switches the file to WAL, which the readers then find.
    let writer = PoolOptions::<Sqlite>::new()
        .max_connections(1)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // SQLite ends a transaction by itself when the disk is full or fails. The driver does not hear of
        // it and would refuse to begin another one on this connection for ever.
        .before_acquire(|connection, _| {
            let usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(usable) })
        })
        .connect_with(options.clone())
        .await
        .map_err(Error::Unavailable)?;
    let pragma = async |sql: &'static str| -> Result<String, Error> {
        let row: SqliteRow = sqlx::query(sql)
            .fetch_one(&writer)
            .await
            .map_err(Error::Unavailable)?;
        match row.try_get::<String, _>(0) {
            Ok(text) => Ok(text),
            Err(_) => row
                .try_get::<i64, _>(0)
                .map(|number| number.to_string())
                .map_err(Error::Unavailable),
        }
    };
    let synchronous = pragma("PRAGMA synchronous").await?;
    if !matches!(synchronous.as_str(), "2" | "3") {
        return Err(Error::Unsafe(format!(
            "SQLite synchronous is {synchronous}, below FULL"
        )));
    }
    let journal = pragma("PRAGMA journal_mode").await?;
    if journal != "wal" {
        return Err(Error::Unsafe(format!(
            "SQLite keeps its journal as {journal}, not wal"
        )));
    }
    let readers = PoolOptions::<Sqlite>::new()
        .max_connections(max_connections.clamp(1, READERS))
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.pragma("query_only", "ON"))
        .await
        .map_err(Error::Unavailable)?;
    Ok(Pools::Sqlite { writer, readers })
}

/// Where the file is, whatever way it was named.
pub(super) fn sqlite_place(path: &str) -> String {
    let full = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    format!("sqlite:{}", full.display())
}

/// Server and database of the URL.
pub(super) fn postgres_place(url: &str) -> Result<String, Error> {
    let options = parsed(url)?;
    Ok(format!(
        "postgres://{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_default()
    ))
}

fn parsed(url: &str) -> Result<PgConnectOptions, Error> {
    url.parse::<PgConnectOptions>()
        .map_err(|_| Error::Settings("the PostgreSQL URL is malformed".to_owned()))
}

/// Makes the file, readable by its owner alone, when it is not there; SQLite gives the files
/// beside it the same mode.
fn create_private(path: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

pub(super) async fn postgres(url: &str, max_connections: u32) -> Result<Pools, Error> {
    let options = parsed(url)?
        .options([
            ("statement_timeout", STATEMENT_TIMEOUT_MS),
            ("lock_timeout", LOCK_TIMEOUT_MS),
            (
                "idle_in_transaction_session_timeout",
                IDLE_TRANSACTION_TIMEOUT_MS,
            ),
            ("default_transaction_isolation", "read committed"),
        ])
        .application_name("gerbang")
        .statement_cache_capacity(256)
        .disable_statement_logging();
    refuse_forgetful(&options).await?;
    let outdated = Outdated::default();
    let known = outdated.clone();
    let pool = PoolOptions::<Postgres>::new()
        .max_connections(max_connections.max(1))
        .acquire_timeout(ACQUIRE)
        // A dead connection is noticed by the statement on it, and the transaction runs again.
        .test_before_acquire(false)
        .before_acquire(move |_, connection| {
            let usable = !known.is(connection.age);
            Box::pin(async move { Ok(usable) })
        })
        .connect_with(options)
        .await
        .map_err(Error::Unavailable)?;
    Ok(Pools::Postgres(pool, outdated))
}

/// Refuses a server that answers a commit before it is on disk.
async fn refuse_forgetful(options: &PgConnectOptions) -> Result<(), Error> {
    let mut connection = options.connect().await.map_err(Error::Unavailable)?;
    for (name, query) in [
        ("fsync", "SHOW fsync"),
        ("synchronous_commit", "SHOW synchronous_commit"),
    ] {
        let value: String = sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .map_err(Error::Unavailable)?;
        if value == "off" {
            return Err(Error::Unsafe(format!("PostgreSQL runs with {name} = off")));
        }
    }
    connection.close().await.map_err(Error::Unavailable)
}
