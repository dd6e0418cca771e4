//! What is the same for every operation, whatever it does: bugs, hang-ups, the merchant cache, and the
//! loop behind the background work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use gateway::api::answer::Answer;
use gateway::api::router::{Call, answered};
use gateway::{App, Ran, Run, Task, Workers};
use http_body_util::BodyExt;
use snap::{Case, Service};
use world::{CLIENT_ID, world};

fn request(body: &str) -> axum::extract::Request {
    http::Request::post("/somewhere")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn a_bug_in_an_operation_is_a_500_in_snap_and_nothing_else_breaks() {
    let world = world(|_| {}).await;
    let app = Arc::clone(world.app());
    let response = answered(
        Arc::clone(&app),
        Service::BALANCE,
        request("{}"),
        async |call: Call| {
            assert!(!call.app.name.is_empty(), "always true");
            if call.body.len() == 2 {
                panic!("a bug");
            }
            (Answer::case(Service::BALANCE, Case::Successful), call)
        },
    )
    .await;
    assert_eq!(response.status(), 500);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        body,
        r#"{"responseCode":"5001101","responseMessage":"Internal Server Error"}"#
    );
    tokio::time::timeout(Duration::from_secs(5), app.in_flight.none())
        .await
        .unwrap();
    world.running.stop().await;
}

#[tokio::test]
async fn an_operation_goes_on_when_its_client_hangs_up() {
    let world = world(|_| {}).await;
    let (go, finished) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(AtomicBool::new(false)),
    );
    let (wait, done) = (Arc::clone(&go), Arc::clone(&finished));
    let answer = answered(
        Arc::clone(world.app()),
        Service::PAYMENT,
        request("{}"),
        async move |call: Call| {
            wait.notified().await;
            done.store(true, Ordering::SeqCst);
            (Answer::case(Service::PAYMENT, Case::Successful), call)
        },
    );
    assert!(
        tokio::time::timeout(Duration::from_millis(50), answer)
            .await
            .is_err()
    );
    assert!(!finished.load(Ordering::SeqCst));
    go.notify_one();
    tokio::time::timeout(Duration::from_secs(5), world.app().in_flight.none())
        .await
        .unwrap();
    assert!(finished.load(Ordering::SeqCst));
    world.running.stop().await;
}

#[tokio::test]
async fn stopping_waits_for_what_is_being_answered() {
    let world = world(|_| {}).await;
    let (go, finished) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(AtomicBool::new(false)),
    );
    let (wait, done) = (Arc::clone(&go), Arc::clone(&finished));
    let app = Arc::clone(world.app());
    let begun = Arc::new(tokio::sync::Notify::new());
    let begin = Arc::clone(&begun);
    tokio::spawn(answered(
        app,
        Service::PAYMENT,
        request("{}"),
        async move |call: Call| {
            begin.notify_one();
            wait.notified().await;
            done.store(true, Ordering::SeqCst);
            (Answer::case(Service::PAYMENT, Case::Successful), call)
        },
    ));
    begun.notified().await;
    let stop = tokio::spawn(world.running.stop());
    // Long enough for a stop that does not wait to be over.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!stop.is_finished(), "the request is still being answered");
    go.notify_one();
    tokio::time::timeout(Duration::from_secs(5), stop)
        .await
        .unwrap()
        .unwrap();
    assert!(finished.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_refused_payment_carries_the_member_that_the_php_sdk_reads() {
    let answer = Answer::case(Service::PAYMENT, Case::Conflict);
    assert_eq!(answer.status(), 409);
    assert_eq!(
        answer.body(),
        r#"{"responseCode":"4095400","responseMessage":"Conflict","webRedirectUrl":null}"#
    );
}

#[tokio::test]
async fn a_merchant_that_was_not_there_is_remembered_for_a_while() {
    let world = world(|_| {}).await;
    let app = world.app();
    let here = "127.0.0.1".parse().unwrap();
    assert!(
        app.merchants
            .find(app, "BRN-new", here)
            .await
            .unwrap()
            .is_none()
    );
    world::add_merchant(app, "BRN-new", "s", &world.key, Default::default()).await;
    assert!(
        app.merchants
            .find(app, "BRN-new", here)
            .await
            .unwrap()
            .is_some(),
        "forgotten by this process"
    );
    assert!(
        app.merchants
            .find(app, CLIENT_ID, here)
            .await
            .unwrap()
            .is_some()
    );
    for odd in ["", "a b", "a\u{0}", &"x".repeat(65)] {
        assert!(app.merchants.find(app, odd, here).await.unwrap().is_none());
    }
    world.running.stop().await;
}

static LEFT: AtomicUsize = AtomicUsize::new(3);
static FAILURES: AtomicUsize = AtomicUsize::new(0);
static WOKEN: AtomicUsize = AtomicUsize::new(0);
static LEFT_ALONE: AtomicUsize = AtomicUsize::new(0);

fn three_rows(_: Arc<App>) -> Run {
    Box::pin(async {
        let left = LEFT.load(Ordering::SeqCst);
        LEFT.store(left.saturating_sub(1), Ordering::SeqCst);
        Ok(if left == 0 { Ran::Idle } else { Ran::Worked })
    })
}

fn failing(_: Arc<App>) -> Run {
    Box::pin(async {
        match FAILURES.fetch_add(1, Ordering::SeqCst) {
            0 => Err("the database is away".to_owned()),
            1 => panic!("a bug"),
            _ => Ok(Ran::Idle),
        }
    })
}

fn left_alone(_: Arc<App>) -> Run {
    Box::pin(async {
        LEFT_ALONE.fetch_add(1, Ordering::SeqCst);
        Ok(Ran::Idle)
    })
}

fn woken(_: Arc<App>) -> Run {
    Box::pin(async {
        WOKEN.fetch_add(1, Ordering::SeqCst);
        Ok(Ran::Idle)
    })
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(5), waited)
            .await
            .is_ok(),
        "{what}"
    );
}

#[tokio::test]
async fn work_runs_until_none_is_left() {
    let world = world(|_| {}).await;
    let rows = [Task {
        name: "rows",
        every: Duration::from_secs(3_600),
        hurried: true,
        run: three_rows,
    }];
    Workers::new(&rows)
        .run_until_idle(world.app())
        .await
        .unwrap();
    assert_eq!(LEFT.load(Ordering::SeqCst), 0);
    world.app().run_until_idle().await.unwrap();
    world.running.stop().await;
}

#[tokio::test]
async fn a_failed_run_and_a_bug_do_not_end_the_loop_and_a_signal_wakes_it() {
    let world = world(|_| {}).await;
    let hour = Duration::from_secs(3_600);
    let quick = Duration::from_millis(1);
    let workers = Workers::new(&[
        Task {
            name: "failing",
            every: quick,
            hurried: true,
            run: failing,
        },
        Task {
            name: "woken",
            every: hour,
            hurried: true,
            run: woken,
        },
        Task {
            name: "left alone",
            every: hour,
            hurried: false,
            run: left_alone,
        },
    ]);
    workers.start(world.app()).await;
    until("the third run of the failing task", || {
        FAILURES.load(Ordering::SeqCst) >= 3
    })
    .await;
    until("the first runs", || {
        WOKEN.load(Ordering::SeqCst) >= 1 && LEFT_ALONE.load(Ordering::SeqCst) == 1
    })
    .await;
    for _ in 0..20 {
        let before = WOKEN.load(Ordering::SeqCst);
        workers.poke();
        until("the run after the signal", || {
            WOKEN.load(Ordering::SeqCst) > before
        })
        .await;
    }
    assert_eq!(
        LEFT_ALONE.load(Ordering::SeqCst),
        1,
        "what keeps house waits for its timer"
    );
    tokio::time::timeout(Duration::from_secs(5), workers.stop())
        .await
        .unwrap();
    world.running.stop().await;
}
