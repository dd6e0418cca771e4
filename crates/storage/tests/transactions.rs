//! A transaction happens whole or not at all, whatever fails and whenever; and what may forget is
//! not opened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;
mod samples;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engines::{Database, on_both_engines};
use storage::{Error, MasterKeys, Point, Session, Settings, Store, merchants, settings};

on_both_engines!(
    work_that_says_no_leaves_nothing,
    work_that_is_dropped_leaves_nothing,
    work_that_ignores_a_failed_statement_leaves_nothing,
    a_row_overtaken_runs_the_work_again,
    a_fault_before_the_commit_leaves_nothing,
    a_fault_after_the_commit_leaves_everything,
    contention_runs_the_work_again_and_not_for_ever,
    a_session_is_over_with_its_transaction,
    a_reader_cannot_write,
    a_nul_character_is_refused,
    a_second_opening_finds_what_the_first_wrote,
    a_value_under_an_unknown_key_is_not_read,
);

const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn put(s: Session, name: &'static str) -> Result<(), Error> {
    settings::put(&s, name, "1").await
}

async fn is_there(store: &Store, name: &str) -> bool {
    settings::get(&store.reader(), name)
        .await
        .unwrap()
        .is_some()
}

async fn work_that_says_no_leaves_nothing(database: Database) {
    let store = &database.store;
    let result: Result<(), Error> = store
        .transact("refused", |s| async move {
            put(s, "a").await?;
            Err(Error::Simulated("no"))
        })
        .await;
    assert!(matches!(result, Err(Error::Simulated("no"))));
    assert!(!is_there(store, "a").await);
    // And the connection is good for the next one.
    store.transact("next", |s| put(s, "b")).await.unwrap();
    assert!(is_there(store, "b").await);
}

async fn work_that_is_dropped_leaves_nothing(database: Database) {
    let store = &database.store;
    let never = store.transact("dropped", |s| async move {
        put(s, "a").await?;
        std::future::pending::<()>().await;
        Ok::<_, Error>(())
    });
    assert!(
        tokio::time::timeout(Duration::from_millis(200), never)
            .await
            .is_err()
    );
    store.transact("next", |s| put(s, "b")).await.unwrap();
    assert!(!is_there(store, "a").await);
    assert!(is_there(store, "b").await);
}

async fn work_that_ignores_a_failed_statement_leaves_nothing(database: Database) {
    let store = &database.store;
    let result = store
        .transact("careless", |s| async move {
            put(s.clone(), "a").await?;
            let _ = s
                .unlisted("INSERT INTO settings (name) VALUES ('b')".to_owned(), &[])
                .await;
            Ok::<_, Error>(())
        })
        .await;
    assert!(
        matches!(
            result,
            Err(Error::IgnoredFailure {
                transaction: "careless"
            })
        ),
        "{result:?}"
    );
    assert!(!is_there(store, "a").await);
}

async fn a_row_overtaken_runs_the_work_again(database: Database) {
    let store = &database.store;
    let merchant = &samples::merchant();
    store
        .transact(
            "add",
            |s| async move { merchants::insert(&s, merchant).await },
        )
        .await
        .unwrap();
    let runs = &AtomicU32::new(0);
    store
        .transact("rename", |s| async move {
            let mut now = merchants::by_id(&s, &merchant.id).await?.unwrap();
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                now.version -= 1;
            }
            now.name = "Warung Pak Budi".to_owned();
            merchants::update(&s, &now).await
        })
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    let read = merchants::by_id(&store.reader(), &merchant.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((read.name.as_str(), read.version), ("Warung Pak Budi", 2));
}

fn fail_at(store: &Store, at: Point) {
    store.set_hook(Some(Arc::new(move |point, transaction| {
        match (point, transaction) {
            (point, "faulty") if point == at => Err(Error::Simulated("a test")),
            _ => Ok(()),
        }
    })));
}

async fn a_fault_before_the_commit_leaves_nothing(database: Database) {
    let store = &database.store;
    let before = store.dump().await.unwrap();
    for point in [Point::BeforeBegin, Point::BeforeCommit] {
        fail_at(store, point);
        let result = store.transact("faulty", |s| put(s, "a")).await;
        assert!(matches!(result, Err(Error::Simulated(_))), "{point:?}");
        assert_eq!(store.dump().await.unwrap(), before);
        store
            .transact("sound", |s| async move { settings::get(&s, "a").await })
            .await
            .unwrap();
    }
}

async fn a_fault_after_the_commit_leaves_everything(database: Database) {
    let store = &database.store;
    fail_at(store, Point::AfterCommit);
    let result = store.transact("faulty", |s| put(s, "a")).await;
    assert!(matches!(result, Err(Error::Simulated(_))));
    assert!(is_there(store, "a").await);
    store.set_hook(None);
    store.transact("faulty", |s| put(s, "b")).await.unwrap();
}

fn busy() -> Error {
    Error::Contention {
        statement: "a test",
        source: sqlx::Error::WorkerCrashed,
    }
}

async fn contention_runs_the_work_again_and_not_for_ever(database: Database) {
    let store = &database.store;
    let commits = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&commits);
    store.set_hook(Some(Arc::new(move |point, _| match point {
        Point::BeforeCommit if count.fetch_add(1, Ordering::SeqCst) < 2 => Err(busy()),
        _ => Ok(()),
    })));
    store.transact("busy", |s| put(s, "a")).await.unwrap();
    assert_eq!(commits.load(Ordering::SeqCst), 3);
    store.set_hook(Some(Arc::new(|point, _| match point {
        Point::BeforeCommit => Err(busy()),
        _ => Ok(()),
    })));
    let result = store.transact("busy", |s| put(s, "b")).await;
    assert!(result.is_err_and(|error| error.is_temporary()));
    assert!(!is_there(store, "b").await);
}

async fn a_session_is_over_with_its_transaction(database: Database) {
    let kept = database
        .store
        .transact("keep", |s| async move { Ok::<_, Error>(s) })
        .await
        .unwrap();
    assert!(matches!(put(kept.clone(), "a").await, Err(Error::Finished)));
    assert!(matches!(
        settings::get(&kept, "a").await,
        Err(Error::Finished)
    ));
}

async fn a_reader_cannot_write(database: Database) {
    let result = put(database.store.reader(), "a").await;
    assert!(matches!(
        result,
        Err(Error::ReadOnly {
            statement: "settings::PUT"
        })
    ));
}

async fn a_nul_character_is_refused(database: Database) {
    let result = database
        .store
        .transact(
            "nul",
            |s| async move { settings::put(&s, "a", "b\0c").await },
        )
        .await;
    assert!(matches!(result, Err(Error::Nul { .. })));
}

async fn a_second_opening_finds_what_the_first_wrote(database: Database) {
    database
        .store
        .transact("put", |s| put(s, "a"))
        .await
        .unwrap();
    let (one, two) = tokio::join!(database.another(), database.another());
    assert!(is_there(&one, "a").await);
    assert!(is_there(&two, "a").await);
    database.store.close().await;
    let again = database.another().await;
    assert!(is_there(&again, "a").await);
}

async fn a_value_under_an_unknown_key_is_not_read(database: Database) {
    let merchant = &samples::merchant();
    database
        .store
        .transact(
            "add",
            |s| async move { merchants::insert(&s, merchant).await },
        )
        .await
        .unwrap();
    let keys = MasterKeys::parse(&MasterKeys::line("another", &[8; 32])).unwrap();
    let other = Store::open(&Settings::new(&database.url), keys)
        .await
        .unwrap();
    let read = merchants::by_id(&other.reader(), &merchant.id).await;
    assert!(
        matches!(
            read,
            Err(Error::Cipher {
                table: "merchants",
                ..
            })
        ),
        "{read:?}"
    );
}

async fn refusal(url: &str) -> Error {
    match Store::open(&Settings::new(url), engines::keys()).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_url_that_names_no_database_is_refused() {
    for url in [
        "",
        "mysql://x",
        "sqlite:",
        "sqlite::memory:",
        "sqlite:/nowhere/at/all.db",
        "postgres://a:b:c",
    ] {
        let error = refusal(url).await;
        assert!(matches!(error, Error::Settings(_)), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_postgresql_that_answers_before_it_is_on_disk_is_refused() {
    let url = engines::postgres_url().await;
    let store = engines::open(&url).await;
    let name = url
        .rsplit_once('/')
        .unwrap()
        .1
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    let change = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    store
        .transact("forget", |s| {
            let change = change.clone();
            async move { s.unlisted(change, &[]).await }
        })
        .await
        .unwrap();
    let error = refusal(&url).await;
    assert!(
        matches!(&error, Error::Unsafe(why) if why.contains("synchronous_commit")),
        "{error:?}"
    );
}

#[tokio::test]
async fn connections_that_the_server_closed_are_replaced() {
    let url = engines::postgres_url().await;
    let (store, other) = (engines::open(&url).await, engines::open(&url).await);
    let cut = async || {
        other
            .transact(
                "cut",
                |s| async move { s.unlisted(CUT.to_owned(), &[]).await },
            )
            .await
            .unwrap();
    };
    store.transact("warm", |s| put(s, "a")).await.unwrap();
    cut().await;
    assert!(is_there(&store, "a").await, "reading goes on");
    cut().await;
    store.transact("after", |s| put(s, "b")).await.unwrap();
    // In the middle of a transaction: all of it runs again.
    let runs = &AtomicU32::new(0);
    store
        .transact("cut in the middle", |s| async move {
            put(s.clone(), "c").await?;
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                cut().await;
            }
            put(s, "d").await
        })
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert!(is_there(&store, "c").await && is_there(&store, "d").await);
}

#[tokio::test]
async fn a_connection_lost_while_committing_leaves_the_outcome_open() {
    let url = engines::postgres_url().await;
    let store = engines::open(&url).await;
    // The hook runs between the last statement and the commit, and cuts the connection there, from a
    // thread of its own since it must not wait on the one that is committing.
    store.set_hook(Some(Arc::new(move |point, _| {
        if point == Point::BeforeCommit {
            let url = url.clone();
            std::thread::spawn(move || cut_all(&url)).join().unwrap();
        }
        Ok(())
    })));
    let result = store.transact("pay", |s| put(s, "a")).await;
    assert!(
        matches!(
            result,
            Err(Error::CommitUnknown {
                transaction: "pay",
                ..
            })
        ),
        "{result:?}"
    );
}

/// Has the server close every other connection to a database.
fn cut_all(url: &str) {
    use sqlx::{ConnectOptions, Executor};
    let options = url.parse::<sqlx::postgres::PgConnectOptions>().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        connection.execute(CUT).await.unwrap();
    });
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_sqlite_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = engines::sqlite().await;
    database
        .store
        .transact("put", |s| put(s, "a"))
        .await
        .unwrap();
    let path = database.url.strip_prefix("sqlite:").unwrap();
    for file in [
        path.to_owned(),
        format!("{path}-wal"),
        format!("{path}-shm"),
    ] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_transaction_can_be_awaited_on_any_thread() {
    fn on_any_thread<T: Send>(_: &T) {}
    fn check(store: &Store) {
        on_any_thread(&store.transact("send", |s| put(s, "a")));
    }
    let _ = check;
}
