//! A fresh database for each test, on either engine.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::sync::atomic::{AtomicU32, Ordering};

use snap::Secret;
use sqlx::{ConnectOptions, Connection, Executor};
use storage::{MasterKeys, Settings, Store};

/// A store with what must live as long as it does.
pub struct Database {
    pub store: Store,
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// A second store on the same database, as another gateway would open it.
    pub async fn another(&self) -> Store {
        open(&self.url).await
    }
}

pub fn keys() -> MasterKeys {
    MasterKeys::parse(&MasterKeys::line("test", &[7; 32])).unwrap()
}

pub async fn sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    Database {
        store: open(&url).await,
        url,
        _folder: Some(folder),
    }
}

pub async fn postgres() -> Database {
    let url = postgres_url().await;
    Database {
        store: open(&url).await,
        url,
        _folder: None,
    }
}

/// The URL of a new, empty database in the tests' cluster.
pub async fn postgres_url() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("GERBANG_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "GERBANG_TEST_POSTGRES is not set: run `cargo xtask test`, or set it to the URL of a \
             PostgreSQL server whose user may create databases"
        )
    });
    let name = format!(
        "storage_{}_{}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    );
    let mut connection = server
        .parse::<sqlx::postgres::PgConnectOptions>()
        .unwrap()
        .connect()
        .await
        .unwrap();
    // Sorted as people sort, not by bytes, so that a statement that relies on either is found out.
    let create = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu \
         ICU_LOCALE 'en-US'"
    );
    connection
        .execute(sqlx::AssertSqlSafe(format!(
            "DROP DATABASE IF EXISTS {name}"
        )))
        .await
        .unwrap();
    // Another test may be copying the template at this moment.
    let mut result = connection
        .execute(sqlx::AssertSqlSafe(create.clone()))
        .await;
    for _ in 0..100 {
        if result.is_ok() {
            break;
        }
        result = connection
            .execute(sqlx::AssertSqlSafe(create.clone()))
            .await;
    }
    result.unwrap();
    connection.close().await.unwrap();
    let (start, rest) = server.split_once("://").unwrap();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place
        .split_once('/')
        .map_or(place, |(authority, _)| authority);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    format!("{start}://{authority}/{name}{query}")
}

pub async fn open(url: &str) -> Store {
    Store::open(
        &Settings {
            url: Secret::new(url),
            max_connections: 8,
        },
        keys(),
    )
    .await
    .unwrap()
}

/// Makes a test of every named function for each engine.
#[allow(unused_macros, reason = "some tests are about one engine")]
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name(crate::engines::sqlite().await)).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name(crate::engines::postgres().await)).await;
            })+
        }
    };
}
#[allow(unused_imports, reason = "some tests are about one engine")]
pub(crate) use on_both_engines;
