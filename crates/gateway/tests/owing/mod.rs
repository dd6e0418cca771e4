//! An outbox with something in it, and what became of that.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use direct_debit::{MerchantId, NotificationId, NotificationState};
use gateway::App;
use storage::notification_attempts::{self, Attempt};
use storage::notification_trials::{self, Now, Place};
use storage::notifications::{self, NewNotification, NotificationKind, StoredNotification};

use crate::receiver::{self, Receiver};
use crate::world::{CLIENT_ID, World, change_merchant, world};

pub const INBOUND: &str = "inbound-secret";
pub const BODY: &str = r#"{"originalPartnerReferenceNo":"INV-1","originalReferenceNo":"R-1","originalExternalId":"1","latestTransactionStatus":"00","transactionStatusDesc":"Success","amount":{"value":"10000.00","currency":"IDR"},"additionalInfo":{"custIdMerchant":"C-1","accountType":"DIRECT_DEBIT"}}"#;
pub const BINDING: &str = r#"{"originalExternalId":"1","additionalInfo":{"status":"SUCCESS","custIdMerchant":"C-1","authCode":"code"}}"#;

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;

/// A gateway whose merchant is told of payments at `url`, without a token.
pub async fn telling(url: &str) -> World {
    let world = world(|config| config.notifications.timeout_ms = Some(2_000)).await;
    change_merchant(world.app(), CLIENT_ID, |merchant| {
        merchant.notification_url = Some(url.to_owned());
    })
    .await;
    world
}

/// The same to a receiver that answers with this status until it is up.
pub async fn telling_one_that_is_down(status: u16) -> (Arc<AtomicBool>, Receiver, World) {
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let receiver = Receiver::with_tokens(move |_| {
        if is_up.load(Ordering::SeqCst) {
            receiver::ok()
        } else {
            receiver::plain(status, "")
        }
    })
    .await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    (up, receiver, world)
}

/// The same with a token, to a receiver.
pub async fn telling_with_token(receiver: &Receiver) -> World {
    let world = telling(&format!("{}/notify?shop=1", receiver.url)).await;
    change_merchant(world.app(), CLIENT_ID, |merchant| {
        merchant.token_url = Some(format!("{}{}", receiver.url, receiver::TOKEN));
    })
    .await;
    world
}

pub async fn owe(
    app: &App,
    merchant: &str,
    id: &str,
    kind: NotificationKind,
    subject: &str,
    body: &str,
) {
    let now_ms = app.clock.business_now_ms();
    let new = NewNotification {
        id: NotificationId::new(id),
        merchant: MerchantId::new(merchant),
        kind,
        subject: subject.to_owned(),
        external_id: format!("1000{}", subject.len()),
        body: body.to_owned(),
        ip_address: (kind == NotificationKind::Payment).then(|| "203.0.113.10".to_owned()),
        device_id: (kind == NotificationKind::Payment).then(|| "device-1".to_owned()),
        due_at_ms: now_ms,
        created_at_ms: now_ms,
    };
    app.store
        .transact("owe", |s| {
            let new = new.clone();
            async move { notifications::insert(&s, &new).await }
        })
        .await
        .unwrap();
}

/// One notification of a payment, `n-1`.
pub async fn owe_one(app: &App) {
    owe(
        app,
        CLIENT_ID,
        "n-1",
        NotificationKind::Payment,
        "p-1",
        BODY,
    )
    .await;
}

pub async fn stored(app: &App, merchant: &str, id: &str) -> StoredNotification {
    let (merchant, id) = (MerchantId::new(merchant), NotificationId::new(id));
    notifications::by_id(&app.store.reader(), &merchant, &id)
        .await
        .unwrap()
        .unwrap()
}

pub async fn state(app: &App) -> NotificationState {
    stored(app, CLIENT_ID, "n-1").await.notification.state
}

pub async fn attempts(app: &App) -> Vec<Attempt> {
    attempts_of(app, CLIENT_ID, "n-1").await
}

pub async fn attempts_of(app: &App, merchant: &str, id: &str) -> Vec<Attempt> {
    let (merchant, id) = (MerchantId::new(merchant), NotificationId::new(id));
    notification_attempts::of_notification(&app.store.reader(), &merchant, &id)
        .await
        .unwrap()
}

/// When it is due next, from now.
pub async fn due_in_ms(app: &App) -> i64 {
    match state(app).await {
        NotificationState::Due { at_ms } => at_ms - app.clock.business_now_ms(),
        other => panic!("it is {}", other.name()),
    }
}

pub async fn run(world: &World) {
    world.app().run_until_idle().await.unwrap();
}

/// Moves business time on and sends what is due then.
pub async fn run_after(world: &World, ms: i64) {
    world.app().advance_clock(ms).await.unwrap();
    run(world).await;
}

/// Waits until something is so, with a deadline.
pub async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("it never came to be so");
}

/// What is due to endpoints that have to prove themselves.
pub async fn on_trial(app: &App) -> Vec<Place> {
    let now = Now {
        business_ms: app.clock.business_now_ms(),
        wall_ms: app.clock.wall_now_ms(),
    };
    let due = notification_trials::after(&app.store.reader(), now, &Place::first(), 10_000).await;
    due.unwrap().into_iter().map(|one| one.place).collect()
}
