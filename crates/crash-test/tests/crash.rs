//! A few of the runs of `cargo xtask crash` and `cargo xtask fsync`, so that every change has survived them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests may fail loudly"
)]

use std::path::PathBuf;

use crash_test::run::{Plan, all};
use crash_test::{Engine, durable};

const RUNS: u64 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_sqlite_when_anything_is_killed() {
    survive(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_postgres_when_anything_is_killed() {
    survive(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_sqlite_after_it_is_on_disk() {
    assert!(durable::show(Engine::Sqlite, &gerbang()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_postgres_after_it_is_on_disk() {
    assert!(durable::show(Engine::Postgres, &gerbang()).await.unwrap());
}

async fn survive(engine: Engine) {
    let plan = Plan {
        engine,
        runs: RUNS,
        seed: 1,
        gerbang: gerbang(),
    };
    let total = all(&plan).await.unwrap();
    assert_eq!((total.good, total.bad), (RUNS, 0));
    assert!(total.kills > 0 && total.payments > 0);
}

/// The binary beside the tests, where a build of the workspace puts it.
fn gerbang() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let gerbang = test.ancestors().nth(2).unwrap().join("gerbang");
    assert!(
        gerbang.is_file(),
        "the gerbang binary is beside the tests: run them with --workspace"
    );
    gerbang
}
