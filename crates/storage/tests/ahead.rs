//! What a clock that ran ahead claimed, wrote or put off is due when it has been put back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;
mod samples;

use engines::{Database, on_both_engines};
use samples::NOW_MS;
use storage::{
    Error, LONGEST_LEASE_MS, Lease, Store, bindings, bring_forward, notifications, payments,
    refunds,
};

on_both_engines!(
    what_was_written_at_a_time_that_is_not_yet_is_due,
    what_was_claimed_at_a_time_that_is_not_yet_is_due,
    what_another_holds_by_the_right_time_stays_his,
    what_is_over_and_what_a_merchant_shall_wait_for_stay_as_they_are,
);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// What a clock said that was a day ahead.
const AHEAD_MS: i64 = NOW_MS;
/// What it says since it was put back.
const RIGHT_MS: i64 = NOW_MS - DAY_MS;

/// Runs one write in a transaction of its own.
macro_rules! write {
    ($store:expr, |$s:ident| $work:expr) => {
        $store
            .transact("test", |$s| async move { $work.await })
            .await
            .unwrap()
    };
}

/// One open row of each kind, due at this time.
async fn owe(store: &Store, due_at_ms: i64) {
    samples::with_endpoint(store, 0).await;
    let (binding, links) = (
        &samples::binding("B1", "c1"),
        &samples::binding_hashes("B1"),
    );
    let (payment, pages) = (&samples::payment("P1", 100), &samples::payment_hashes("P1"));
    let refund = &samples::refund("R1", "P1", 10);
    let notification = &notifications::NewNotification {
        due_at_ms,
        created_at_ms: due_at_ms,
        ..samples::notification("N1", "P1")
    };
    write!(store, |s| async {
        bindings::insert(&s, binding, links, due_at_ms).await?;
        payments::insert(&s, payment, pages, due_at_ms).await?;
        refunds::insert(&s, refund, due_at_ms).await?;
        notifications::insert(&s, notification).await
    });
}

/// How many bindings, payments, refunds and notifications are claimed.
async fn claim(store: &Store, now_ms: i64, owner: &str) -> [usize; 4] {
    let lease = &Lease {
        now_ms,
        until_ms: now_ms + LONGEST_LEASE_MS,
        owner: owner.to_owned(),
    };
    write!(store, |s| async {
        Ok::<_, Error>([
            bindings::claim_due(&s, lease, 9).await?.len(),
            payments::claim_due(&s, lease, 9).await?.len(),
            refunds::claim_due(&s, lease, 9).await?.len(),
            notifications::claim_due(&s, lease, 9).await?.len(),
        ])
    })
}

async fn forward(store: &Store) -> u64 {
    write!(store, |s| bring_forward(&s, RIGHT_MS))
}

async fn what_was_written_at_a_time_that_is_not_yet_is_due(database: Database) {
    let store = &database.store;
    owe(store, AHEAD_MS).await;
    assert_eq!(claim(store, RIGHT_MS, "one").await, [0; 4]);
    assert_eq!(forward(store).await, 4);
    assert_eq!(claim(store, RIGHT_MS, "one").await, [1; 4]);
}

async fn what_was_claimed_at_a_time_that_is_not_yet_is_due(database: Database) {
    let store = &database.store;
    owe(store, RIGHT_MS).await;
    assert_eq!(claim(store, AHEAD_MS, "killed").await, [1; 4]);
    assert_eq!(claim(store, RIGHT_MS, "one").await, [0; 4]);
    assert_eq!(forward(store).await, 4);
    assert_eq!(claim(store, RIGHT_MS, "one").await, [1; 4]);
}

async fn what_another_holds_by_the_right_time_stays_his(database: Database) {
    let store = &database.store;
    owe(store, RIGHT_MS).await;
    assert_eq!(claim(store, RIGHT_MS, "another").await, [1; 4]);
    assert_eq!(forward(store).await, 0);
    assert_eq!(claim(store, RIGHT_MS, "one").await, [0; 4]);
}

async fn what_is_over_and_what_a_merchant_shall_wait_for_stay_as_they_are(database: Database) {
    let store = &database.store;
    samples::with_endpoint(store, 0).await;
    let (payment, pages) = (&samples::payment("P1", 100), &samples::payment_hashes("P1"));
    let pause = &notifications::NewNotification {
        due_at_ms: RIGHT_MS + DAY_MS,
        created_at_ms: RIGHT_MS,
        ..samples::notification("N1", "P1")
    };
    write!(store, |s| async {
        payments::insert(&s, payment, pages, AHEAD_MS).await?;
        payments::update(&s, payment, None, "it ended", AHEAD_MS).await?;
        notifications::insert(&s, pause).await
    });
    assert_eq!(forward(store).await, 0);
    assert_eq!(claim(store, RIGHT_MS, "one").await, [0; 4]);
}
