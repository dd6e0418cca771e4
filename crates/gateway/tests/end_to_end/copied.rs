//! A gateway on a copy of its database goes on where it was.

use std::ops::ControlFlow;

use bank_simulator::demo_customers;
use gateway::{Given, StartError};
use merchant_sdk::RawOptions;
use storage::copy::{CopyError, Progress, copy};
use storage::{Settings, gateways};
use tokio::net::TcpListener;

use super::stage::*;

fn other_engine() -> Engine {
    match crate::ENGINE {
        Engine::Sqlite => Engine::Postgres,
        Engine::Postgres => Engine::Sqlite,
    }
}

fn now_ms() -> i64 {
    gateway::Clock::system().wall_now_ms()
}

#[tokio::test]
async fn a_gateway_on_the_copied_database_goes_on_and_tells_nothing_twice() {
    let mut stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let (told, untold) = (reference("PAY"), reference("PAY"));
    stage.paid(&stage.shop, &token, &told, "15000.00").await;
    stage.idle().await;
    stage.shop.notified.recv().await.unwrap();
    stage.paid(&stage.shop, &token, &untold, "20000.00").await;
    let once = RawOptions {
        external_id: Some("4711".to_owned()),
        ..RawOptions::default()
    };
    let back = refund(&told, "R-1", "5000.00");
    let first = stage.shop.send(REFUND, &back, once.clone()).await;
    assert_eq!(
        first.code().as_deref(),
        Some("2005800"),
        "{:?}",
        first.json()
    );

    let folder = tempfile::tempdir().unwrap();
    let mut config = (*stage.app().config).clone();
    let from = Settings::new(config.database.expose());
    config.database = database(other_engine(), folder.path().join("copy.db")).await;
    let to = Settings::new(config.database.expose());
    let mut watch = |_| ControlFlow::Continue(());
    let running = copy(&from, &to, false, &now_ms, &mut watch).await;
    assert!(
        matches!(running, Err(CopyError::GatewayRuns { side: "source", .. })),
        "{running:?}"
    );
    stage.gateway.stop().await;
    // Half a copy is no database to work on.
    let mut watch = |progress| match progress {
        Progress::Copied {
            table: "payments", ..
        } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let half = copy(&from, &to, false, &now_ms, &mut watch).await;
    assert!(matches!(half, Err(CopyError::Interrupted)), "{half:?}");
    let refused = gateway::start(config.clone(), Given::default()).await;
    assert!(matches!(refused, Err(StartError::Held(_))), "{refused:?}");
    let mut watch = |_| ControlFlow::Continue(());
    copy(&from, &to, false, &now_ms, &mut watch).await.unwrap();

    let given = Given {
        listener: Some(TcpListener::bind(config.listen).await.unwrap()),
        ..Given::default()
    };
    stage.gateway = gateway::start(config, given).await.unwrap();
    assert_ne!(stage.app().store.engine(), engine_name());
    stage.idle().await;
    let notification = stage.shop.notified.recv().await.unwrap();
    let text = format!("{notification:?}");
    assert!(text.contains(&untold) && !text.contains(&told), "{text}");
    stage.idle().await;
    assert!(stage.shop.notified.try_recv().is_err(), "told twice");
    assert_eq!(stage.shop.status_of(&told).await, "00");
    assert_eq!(stage.shop.status_of(&untold).await, "00");
    // The answer that was stored before the copy is given again, under the old customer token too.
    let again = stage.shop.send(REFUND, &back, once).await;
    assert_eq!((again.status, &again.body), (409, &first.body));
    let more = stage.shop.refund(&untold, "R-2", "1000.00").await;
    assert_eq!(more.code().as_deref(), Some("2005800"));
    stage
        .paid(&stage.shop, &token, &reference("PAY"), "1000.00")
        .await;
}

fn engine_name() -> &'static str {
    match crate::ENGINE {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}

#[tokio::test]
async fn the_database_knows_which_gateways_run() {
    let stage = Stage::new().await;
    let names = async |stage: &Stage| {
        let all = gateways::all(&stage.app().store.reader()).await.unwrap();
        all.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&stage).await, [stage.app().name.clone()]);
    let ready = reqwest_json(&format!("{}/readyz", stage.gateway.url)).await;
    assert_eq!(ready, "ready\n1 gateway on this database\n");
    let mut config = (*stage.app().config).clone();
    config.listen.set_port(0);
    let second = gateway::start(config, Given::default()).await.unwrap();
    assert_eq!(names(&stage).await.len(), 2);
    let ready = reqwest_json(&format!("{}/readyz", second.url)).await;
    assert_eq!(ready, "ready\n2 gateways on this database\n");
    second.stop().await;
    assert_eq!(names(&stage).await, [stage.app().name.clone()]);
}
