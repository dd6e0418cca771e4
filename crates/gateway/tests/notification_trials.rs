//! Endpoints that work and endpoints that have not proved themselves: neither keeps the other from being
//! served, in one gateway and in several.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod owing;
mod receiver;
mod world;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use direct_debit::{MerchantId, NotificationId, NotificationState};
use gateway::App;
use owing::*;
use receiver::{Receiver, ok};
use storage::merchants::{self, Merchant, MerchantSettings};
use storage::notifications::{self, NewNotification, NotificationKind};
use world::{CLIENT_ID, World, add_merchant, change_merchant};

/// What a gateway tries at the same time, at most, beside what works.
const HANGING: usize = 512;

fn notification(app: &App, merchant: &str, id: &str) -> NewNotification {
    let now_ms = app.clock.business_now_ms();
    NewNotification {
        id: NotificationId::new(id),
        merchant: MerchantId::new(merchant),
        kind: NotificationKind::Payment,
        subject: id.to_owned(),
        external_id: id.to_owned(),
        body: BODY.to_owned(),
        ip_address: None,
        device_id: None,
        due_at_ms: now_ms,
        created_at_ms: now_ms,
    }
}

/// So many merchants, each told at a URL of its own and owed something; one alone has few places.
async fn owe_merchants(app: &App, prefix: &str, url: &str, count: usize) {
    let first = merchants::by_id(&app.store.reader(), &MerchantId::new(CLIENT_ID))
        .await
        .unwrap()
        .unwrap();
    let all = 0..count;
    let all = all.map(|n| Merchant {
        id: MerchantId::new(format!("{prefix}-{n}")),
        notification_url: Some(format!("{url}/{n}")),
        ..first.clone()
    });
    let all: Vec<_> = all.collect();
    let write = |s| {
        let all = &all;
        async move {
            for one in all {
                merchants::insert(&s, one).await?;
                let id = one.id.as_str();
                notifications::insert(&s, &notification(app, id, id)).await?;
            }
            Ok::<_, storage::Error>(())
        }
    };
    app.store.transact("owe", write).await.unwrap();
}

/// So many notifications of different payments, all in one transaction.
async fn owe_all(app: &App, merchant: &str, prefix: &str, count: usize) {
    let new = |n: usize| notification(app, merchant, &format!("{prefix}-{n:05}"));
    let all: Vec<_> = (0..count).map(new).collect();
    let write = |s| {
        let all = &all;
        async move {
            for one in all {
                notifications::insert(&s, one).await?;
            }
            Ok::<_, storage::Error>(())
        }
    };
    app.store.transact("owe", write).await.unwrap();
}

/// Another merchant that is told of payments at this URL.
async fn add(world: &World, merchant: &str, url: &str) {
    let app = world.app();
    add_merchant(app, merchant, "s", &world.key, MerchantSettings::default()).await;
    change_merchant(app, merchant, |merchant| {
        merchant.notification_url = Some(url.to_owned());
    })
    .await;
}

/// A gateway whose merchant has proved itself.
async fn proven(receiver: &Receiver) -> World {
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    assert_eq!(state(world.app()).await, NotificationState::Delivered);
    world
}

#[tokio::test]
async fn endpoints_that_hang_leave_room_for_those_that_work() {
    let works = Receiver::with_tokens(|_| ok()).await;
    let hangs = Receiver::start(|_| std::future::pending()).await;
    let world = proven(&works).await;
    let app = world.app();
    owe_merchants(app, "DEAD", &hangs.url, HANGING + 200).await;
    owe_all(app, CLIENT_ID, "w", 300).await;
    let background = {
        let app = Arc::clone(app);
        tokio::spawn(async move { app.run_until_idle().await })
    };
    until(|| works.notifications().len() == 301).await;
    assert!(!background.is_finished());
    assert!(hangs.notifications().len() <= HANGING);
    assert!(
        !on_trial(app).await.is_empty(),
        "some were not even claimed"
    );
    background.abort();
    world.running.stop().await;
}

#[tokio::test]
async fn those_that_work_do_not_keep_a_new_one_waiting_to_the_end() {
    const MERCHANTS: usize = 60;
    const OF_EACH: usize = 50;
    let (go_on, may) = tokio::sync::watch::channel(false);
    let works = Receiver::start(move |seen| {
        let mut may = may.clone();
        async move {
            // From the 300th on, nobody is answered before the new one is owed something.
            if seen.before > 300 {
                may.wait_for(|may| *may).await.unwrap();
            }
            ok()
        }
    })
    .await;
    let world = proven(&works).await;
    let app = world.app();
    add(&world, "NEW", &format!("{}/new", works.url)).await;
    owe_merchants(app, "M", &works.url, MERCHANTS).await;
    run(&world).await;
    let before = works.notifications().len();
    for n in 0..MERCHANTS {
        owe_all(app, &format!("M-{n}"), &format!("w{n}"), OF_EACH).await;
    }
    let background = {
        let app = Arc::clone(app);
        tokio::spawn(async move { app.run_until_idle().await })
    };
    until(|| works.notifications().len() > 300).await;
    owe_all(app, "NEW", "n", 5).await;
    go_on.send_replace(true);
    background.await.unwrap().unwrap();
    let seen = works.notifications();
    assert_eq!(seen.len(), before + MERCHANTS * OF_EACH + 5);
    let last = seen.iter().rposition(|seen| seen.path == "/new").unwrap();
    assert!(last < before + MERCHANTS * OF_EACH, "{last}");
    world.running.stop().await;
}

#[tokio::test]
async fn who_has_failed_is_served_again_as_soon_as_it_answers() {
    let (up, receiver, world) = telling_one_that_is_down(503).await;
    let app = world.app();
    owe_all(app, CLIENT_ID, "w", 40).await;
    run(&world).await;
    let tried = receiver.notifications().len();
    assert_eq!(tried, 5, "one after the other until its breaker opened");
    up.store(true, Ordering::SeqCst);
    // Only the breaker keeps them; its probe brings all that were not tried.
    run_after(&world, MINUTE).await;
    let seen = receiver.notifications();
    let arrived: HashSet<_> = seen[tried..]
        .iter()
        .map(|seen| seen.get("x-external-id").unwrap())
        .collect();
    assert!(arrived.len() >= 35, "{}", arrived.len());
    run_after(&world, 10 * MINUTE).await;
    assert_eq!(receiver.notifications().len(), tried + 40);
    // What is owed from now on stands among those that work.
    owe_all(app, CLIENT_ID, "x", 3).await;
    assert!(on_trial(app).await.is_empty());
    run(&world).await;
    assert_eq!(receiver.notifications().len(), tried + 43);
    world.running.stop().await;
}

#[tokio::test]
async fn of_several_gateways_each_sends_something_and_none_of_it_twice() {
    let receiver = Receiver::with_tokens(|_| ok()).await;
    let dir = tempfile::tempdir().unwrap();
    let config = world::config(&dir);
    let start = async || {
        let given = gateway::Given::default();
        gateway::start(config.clone(), given).await.unwrap()
    };
    let gateways = [start().await, start().await];
    let key = snap::PrivateKey::generate().unwrap();
    let app = gateways[0].app();
    for n in 0..30 {
        let (merchant, url) = (format!("M-{n}"), format!("{}/{n}", receiver.url));
        add_merchant(app, &merchant, "s", &key, MerchantSettings::default()).await;
        change_merchant(app, &merchant, |merchant| {
            merchant.notification_url = Some(url.clone());
        })
        .await;
        owe_all(app, &merchant, &format!("n{n}"), 10).await;
    }
    let runs = gateways.each_ref().map(|one| {
        let app = Arc::clone(one.app());
        tokio::spawn(async move { app.run_until_idle().await })
    });
    for run in runs {
        run.await.unwrap().unwrap();
    }
    let seen = receiver.notifications();
    let different: HashSet<_> = seen.iter().map(|seen| seen.get("x-external-id")).collect();
    assert_eq!((seen.len(), different.len()), (300, 300));
    for gateway in gateways {
        gateway.stop().await;
    }
}
