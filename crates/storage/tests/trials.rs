//! Notifications to endpoints that have not proved themselves stand apart, in order, until they have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;
mod samples;

use direct_debit::{NotificationCommand, NotificationState};
use engines::{Database, on_both_engines};
use samples::{NOW_MS, merchant_id};
use storage::listeners::Listener;
use storage::notification_attempts::{self, Attempt};
use storage::notification_batches::{self, Back, Tried};
use storage::notification_trials::{self, Now, Place};
use storage::notifications::{self, NotificationKind, StoredNotification};
use storage::{Lease, Store};

on_both_engines!(
    a_notification_stands_where_its_endpoint_belongs,
    what_is_put_off_or_failed_stands_where_it_is_told,
    pages_follow_each_other_and_claim_nothing,
    of_one_subject_only_the_earliest_is_seen_and_claimed,
    what_was_put_off_meanwhile_is_not_claimed,
    what_another_has_taken_over_is_left_alone,
);

const NOW: Now = Now {
    business_ms: NOW_MS,
    wall_ms: NOW_MS,
};

/// Runs one write in a transaction of its own.
macro_rules! write {
    ($store:expr, |$s:ident| $work:expr) => {
        $store
            .transact("test", |$s| async move { $work.await })
            .await
            .unwrap()
    };
}

fn lease() -> Lease {
    Lease {
        now_ms: NOW_MS,
        until_ms: NOW_MS + 30_000,
        owner: "one".to_owned(),
    }
}

async fn owe(store: &Store, id: &str, subject: &str, kind: NotificationKind) {
    let new = &notifications::NewNotification {
        kind,
        ..samples::notification(id, subject)
    };
    write!(store, |s| notifications::insert(&s, new));
}

fn ids(claimed: &[StoredNotification]) -> Vec<String> {
    let id = |stored: &StoredNotification| stored.notification.id.to_string();
    claimed.iter().map(id).collect()
}

async fn proven(store: &Store) -> Vec<StoredNotification> {
    let lease = &lease();
    write!(store, |s| notifications::claim_due(&s, lease, 10))
}

async fn page(store: &Store, behind: &Place, limit: i64) -> Vec<Place> {
    let page = notification_trials::after(&store.reader(), NOW, behind, limit).await;
    page.unwrap().into_iter().map(|one| one.place).collect()
}

async fn claim(store: &Store, places: &[Place]) -> Vec<StoredNotification> {
    let lease = &lease();
    write!(store, |s| notification_trials::claim(&s, lease, places))
}

async fn on_trial(store: &Store) -> Vec<String> {
    let all = page(store, &Place::first(), 10).await;
    all.into_iter().map(|place| place.id.to_string()).collect()
}

async fn a_notification_stands_where_its_endpoint_belongs(database: Database) {
    let store = &database.store;
    owe(store, "N1", "P1", NotificationKind::Payment).await;
    samples::with_endpoint(store, 1).await;
    owe(store, "N2", "P2", NotificationKind::Payment).await;
    // The endpoint answered.
    let mut endpoint =
        storage::notification_endpoints::of_merchant(&store.reader(), &merchant_id())
            .await
            .unwrap()
            .remove(0);
    endpoint.failures = 0;
    let endpoint = &endpoint;
    write!(store, |s| storage::notification_endpoints::put(
        &s, endpoint
    ));
    owe(store, "N3", "P3", NotificationKind::Payment).await;
    owe(store, "N4", "P4", NotificationKind::Refund).await;
    // Bindings are told elsewhere, and nobody knows of that.
    owe(store, "N5", "B1", NotificationKind::Binding).await;
    assert_eq!(on_trial(store).await, ["N1", "N2", "N5"]);
    let seen = notification_trials::after(&store.reader(), NOW, &Place::first(), 9).await;
    let urls: Vec<_> = seen.unwrap().into_iter().map(|one| one.url).collect();
    let url = samples::merchant().notification_url;
    assert_eq!(urls, [url.clone(), url, None]);
    // While it lives, a listener hears them instead.
    let listener = &Listener {
        id: "l".to_owned(),
        merchant: merchant_id(),
        notification_url: "http://here/notify".to_owned(),
        token_url: None,
        binding_notification_url: "http://here/binding".to_owned(),
        created_at_ms: NOW_MS,
        expires_at_ms: NOW_MS + 1,
    };
    write!(store, |s| storage::listeners::put(&s, listener));
    for (wall_ms, first) in [
        (NOW_MS, Some("http://here/notify".to_owned())),
        (NOW_MS + 1, samples::merchant().notification_url),
    ] {
        let now = Now { wall_ms, ..NOW };
        let seen = notification_trials::after(&store.reader(), now, &Place::first(), 9).await;
        assert_eq!(seen.unwrap()[0].url, first);
    }
    let mut claimed = ids(&proven(store).await);
    claimed.sort_unstable();
    assert_eq!(claimed, ["N3", "N4"]);
}

/// What a try that failed leaves, due at once.
fn failed_again(stored: StoredNotification) -> Tried {
    let retry = NotificationCommand::Retry {
        at_ms: Some(NOW_MS),
    };
    let next = StoredNotification {
        notification: stored.notification.clone().apply(retry).into_inner(),
        ..stored
    };
    Tried {
        attempt: Attempt {
            version: next.version + 1,
            at_ms: NOW_MS,
            duration_ms: 1,
            outcome: "refused".to_owned(),
            http_status: None,
            detail: None,
            address: None,
            key_id: None,
            answer: None,
        },
        next,
        on_trial: true,
    }
}

async fn what_is_put_off_or_failed_stands_where_it_is_told(database: Database) {
    let store = &database.store;
    samples::with_endpoint(store, 0).await;
    for (id, subject) in [("N1", "P1"), ("N2", "P2"), ("N3", "P3")] {
        owe(store, id, subject, NotificationKind::Payment).await;
    }
    let mut claimed = proven(store).await;
    claimed.sort_by_key(|stored| stored.subject.clone());
    let [failed, back, stays] = <[_; 3]>::try_from(claimed).unwrap();
    let tried = &[failed_again(failed)];
    let back = &[(back, true), (stays, false)].map(|(stored, on_trial)| Back { stored, on_trial });
    write!(store, |s| async {
        assert_eq!(notification_batches::store(&s, tried).await?, [true]);
        notification_batches::put_off(&s, back).await
    });
    assert_eq!(on_trial(store).await, ["N1", "N2"]);
    assert_eq!(ids(&proven(store).await), ["N3"]);
}

async fn pages_follow_each_other_and_claim_nothing(database: Database) {
    let store = &database.store;
    for number in 0..7 {
        let (id, subject) = (format!("N{number}"), format!("P{number}"));
        owe(store, &id, &subject, NotificationKind::Payment).await;
    }
    let mut seen = Vec::new();
    let mut behind = Place::first();
    loop {
        let page = page(store, &behind, 3).await;
        let Some(last) = page.last() else { break };
        behind = last.clone();
        seen.extend(page.into_iter().map(|place| place.id.to_string()));
    }
    assert_eq!(seen, ["N0", "N1", "N2", "N3", "N4", "N5", "N6"]);
    let places = page(store, &Place::first(), 10).await;
    assert_eq!(ids(&claim(store, &places[2..]).await).len(), 5);
    assert_eq!(on_trial(store).await, ["N0", "N1"], "the others are leased");
}

async fn of_one_subject_only_the_earliest_is_seen_and_claimed(database: Database) {
    let store = &database.store;
    owe(store, "N1", "P1", NotificationKind::Payment).await;
    let mut earlier = page(store, &Place::first(), 10).await;
    owe(store, "N2", "P1", NotificationKind::Payment).await;
    assert_eq!(on_trial(store).await, ["N1"]);
    let mut later = earlier[0].clone();
    later.id = direct_debit::NotificationId::new("N2");
    earlier.push(later);
    assert_eq!(ids(&claim(store, &earlier).await), ["N1"]);
    // While the first is being sent, the second waits.
    assert!(on_trial(store).await.is_empty());
}

async fn what_was_put_off_meanwhile_is_not_claimed(database: Database) {
    let store = &database.store;
    owe(store, "N1", "P1", NotificationKind::Payment).await;
    let places = page(store, &Place::first(), 10).await;
    let mut stored = claim(store, &places).await.remove(0);
    stored.notification.state = NotificationState::Due { at_ms: NOW_MS + 1 };
    let back = &[Back {
        stored,
        on_trial: true,
    }];
    write!(store, |s| notification_batches::put_off(&s, back));
    assert!(claim(store, &places).await.is_empty());
}

async fn what_another_has_taken_over_is_left_alone(database: Database) {
    let store = &database.store;
    owe(store, "N1", "P1", NotificationKind::Payment).await;
    let places = &page(store, &Place::first(), 10).await;
    let stale = claim(store, places).await.remove(0);
    // Its lease ran out.
    let later = &Lease {
        now_ms: NOW_MS + 30_000,
        until_ms: NOW_MS + 60_000,
        owner: "two".to_owned(),
    };
    let taken = write!(store, |s| notification_trials::claim(&s, later, places));
    assert_eq!(taken[0].version, stale.version + 1);
    let tried = &[failed_again(stale.clone())];
    let back = &[Back {
        stored: stale,
        on_trial: false,
    }];
    write!(store, |s| async {
        assert_eq!(notification_batches::store(&s, tried).await?, [false]);
        notification_batches::put_off(&s, back).await
    });
    let (s, taken) = (store.reader(), &taken[0].notification);
    let now = notifications::by_id(&s, &taken.merchant, &taken.id).await;
    assert_eq!(now.unwrap().unwrap().notification, *taken);
    let tries = notification_attempts::of_notification(&s, &taken.merchant, &taken.id).await;
    assert!(tries.unwrap().is_empty());
}
