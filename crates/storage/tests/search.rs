//! Notifications and tries are found alike in both engines: in order, page by page, of one merchant or all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;
mod samples;

use direct_debit::{MerchantId, NotificationId};
use engines::{Database, on_both_engines};
use samples::{NOW_MS, merchant_id, notification};
use storage::notification_attempts::{self, Attempt};
use storage::notification_search::{self as search, Part};
use storage::{Error, Session, notifications};

on_both_engines!(pages_follow_each_other_and_merchants_are_told_apart);

fn attempt(version: i64, at_ms: i64) -> Attempt {
    Attempt {
        version,
        at_ms,
        duration_ms: 5,
        outcome: "refused".to_owned(),
        http_status: Some(503),
        detail: None,
        address: None,
        key_id: None,
        answer: Some("busy".to_owned()),
    }
}

async fn fill(s: Session) -> Result<(), Error> {
    let other = MerchantId::new("M2");
    for (id, merchant) in [("a1", merchant_id()), ("a2", other), ("a3", merchant_id())] {
        let mut new = notification(id, &format!("p-{id}"));
        new.merchant = merchant.clone();
        notifications::insert(&s, &new).await?;
        // Two at the same time, so that only the whole place tells them apart.
        for (version, at_ms) in [(2, NOW_MS), (3, NOW_MS), (4, NOW_MS + 10)] {
            let id = NotificationId::new(id);
            notification_attempts::insert(&s, &merchant, &id, &attempt(version, at_ms)).await?;
        }
    }
    Ok(())
}

async fn tries(s: &Session, merchant: Option<&MerchantId>, page: i64) -> Vec<String> {
    let mut before = (i64::MAX, String::new(), 0);
    let mut all = Vec::new();
    loop {
        let found = search::tries(s, merchant, NOW_MS, &before, page)
            .await
            .unwrap();
        let Some(last) = found.last() else {
            return all;
        };
        let (id, version) = (last.notification.to_string(), last.attempt.version);
        before = (last.attempt.at_ms, id, version);
        all.extend(
            found
                .iter()
                .map(|one| format!("{}/{}", one.notification, one.attempt.version)),
        );
    }
}

async fn pages_follow_each_other_and_merchants_are_told_apart(database: Database) {
    let store = &database.store;
    store.transact("fill", fill).await.unwrap();
    let (s, own) = (store.reader(), merchant_id());
    let all = [
        "a3/4", "a2/4", "a1/4", "a3/3", "a3/2", "a2/3", "a2/2", "a1/3", "a1/2",
    ];
    let of_own: Vec<_> = all.iter().filter(|one| !one.starts_with("a2")).collect();
    for page in [1, 2, 100] {
        assert_eq!(tries(&s, None, page).await, all);
        assert_eq!(
            tries(&s, Some(&own), page).await.iter().collect::<Vec<_>>(),
            of_own
        );
    }
    let part = |merchant, from_id, before_id| Part {
        merchant,
        resting: false,
        from_id,
        before_id,
    };
    let ids = |found: Vec<notifications::StoredNotification>| -> Vec<String> {
        let ids = found.iter().map(|one| one.notification.id.to_string());
        ids.collect()
    };
    let newest = search::newest(&s, &part(None, "a2", None), 9)
        .await
        .unwrap();
    assert_eq!(ids(newest), ["a3", "a2"]);
    let oldest = search::oldest(&s, &part(None, "a1", Some("a3")), 9)
        .await
        .unwrap();
    assert_eq!(ids(oldest), ["a2"]);
    let newest = search::newest(&s, &part(Some(&own), "", None), 9)
        .await
        .unwrap();
    assert_eq!(ids(newest), ["a3", "a1"]);
    let purged = |limit| {
        store.transact("purge", move |s| async move {
            notification_attempts::purge(&s, NOW_MS + 10, limit).await
        })
    };
    assert_eq!((purged(4).await.unwrap(), purged(4).await.unwrap()), (4, 2));
    assert_eq!(tries(&s, None, 9).await, ["a3/4", "a2/4", "a1/4"]);
}
