//! A database is copied into another one, either engine to either, and is the same there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;
mod samples;

use std::ops::ControlFlow;

use engines::{Database, on_both_engines};
use samples::*;
use storage::copy::{Copied, CopyError, Held, Progress, copy, held};
use storage::postings::Entry;
use storage::{
    Error, Lease, Session, Settings, Store, bindings, external_ids, gateways, merchant_keys,
    merchants, notifications, payments, postings, refunds, settings,
};

on_both_engines!(gateways_come_go_and_are_forgotten);

const PAYMENTS: i64 = 703;

async fn filled(database: &Database) {
    let fill = |s: Session| async move {
        merchants::insert(&s, &merchant()).await?;
        let key = merchant_keys::MerchantKey {
            key_id: "k1".to_owned(),
            public_key: "-----BEGIN".to_owned(),
            state: merchant_keys::MerchantKeyState::Active,
            created_at_ms: NOW_MS,
        };
        merchant_keys::insert(&s, &merchant_id(), &key).await?;
        settings::put(&s, settings::CLOCK_OFFSET, "5000").await?;
        bindings::insert(&s, &binding("B1", "cust"), &binding_hashes("B1"), NOW_MS).await?;
        external_ids::claim(&s, &claim("x", "print")).await?;
        notifications::insert(&s, &notification("N1", "P")).await?;
        Ok::<_, Error>(())
    };
    database.store.transact("test: fill", fill).await.unwrap();
    for begin in (0..PAYMENTS).step_by(200) {
        let some = |s: Session| async move {
            for number in begin..(begin + 200).min(PAYMENTS) {
                let id = format!("018f-{number:05}");
                let paid = payment(&id, 1_000 + number);
                payments::insert(&s, &paid, &payment_hashes(&id), NOW_MS).await?;
                let entry = Entry {
                    merchant: merchant_id(),
                    id: format!("payment-{id}"),
                    subject: id.clone(),
                    created_at_ms: NOW_MS + number,
                    postings: direct_debit::postings_of_payment(paid.amount, paid.fee),
                };
                postings::insert(&s, &entry).await?;
            }
            let id = format!("R{begin}");
            let of = format!("018f-{begin:05}");
            refunds::insert(&s, &refund(&id, &of, 10), NOW_MS).await?;
            Ok::<_, Error>(())
        };
        database.store.transact("test: fill", some).await.unwrap();
    }
}

fn url(database: &Database) -> Settings {
    Settings::new(database.url.clone())
}

/// Copies, interrupted when `stop` says so.
async fn copied(
    from: &Database,
    to: &Database,
    start_over: bool,
    mut stop: impl FnMut(Progress) -> bool + Send,
) -> Result<Copied, CopyError> {
    let mut watch = |progress| {
        if stop(progress) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    copy(&url(from), &url(to), start_over, &|| NOW_MS, &mut watch).await
}

/// All rows but the marks of a copy.
async fn rows(store: &Store) -> Vec<String> {
    let mut rows = store.dump().await.unwrap();
    rows.retain(|row| !row.starts_with("settings: name=\"copy_"));
    rows
}

async fn round_trip(first: Database, second: Database, third: Database) {
    filled(&first).await;
    let there = copied(&first, &second, false, |_| false).await.unwrap();
    assert!(!there.was_complete);
    let payments = there.tables.iter().find(|(table, _)| *table == "payments");
    assert_eq!(payments.unwrap().1.rows, u64::try_from(PAYMENTS).unwrap());
    let back = copied(&second, &third, false, |_| false).await.unwrap();
    assert_eq!(there.tables, back.tables);
    let original = rows(&first.store).await;
    assert!(original.len() > 2 * 703);
    assert_eq!(original, rows(&second.store).await);
    assert_eq!(original, rows(&third.store).await);
    // Sealed values open in the copy: they know their table, row and column, not their database.
    let reader = third.store.reader();
    let known = merchants::by_id(&reader, &merchant_id()).await.unwrap();
    assert_eq!(known.unwrap().secret.expose(), "SK-outbound");
    // The same again only compares.
    let again = copied(&first, &second, false, |progress| {
        assert!(!matches!(progress, Progress::Copied { .. }));
        false
    });
    assert!(again.await.unwrap().was_complete);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgres_and_back_nothing_is_lost() {
    round_trip(
        engines::sqlite().await,
        engines::postgres().await,
        engines::sqlite().await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_postgres_to_sqlite_and_back_nothing_is_lost() {
    round_trip(
        engines::postgres().await,
        engines::sqlite().await,
        engines::postgres().await,
    )
    .await;
}

/// Interrupts after every few batches, at another one each time, until it is done.
async fn interrupted(from: Database, to: Database) {
    filled(&from).await;
    let mut interruptions = 0;
    let done = loop {
        // 1, 2, 3, 1, 2, … batches more each time: no two runs stop at the same place.
        let mut left = 1 + interruptions % 3;
        let run = copied(&from, &to, false, |progress| {
            if matches!(progress, Progress::Copied { rows, .. } if rows > 0) {
                left -= 1;
            }
            left == 0
        });
        match run.await {
            Ok(done) => break done,
            Err(CopyError::Interrupted) => interruptions += 1,
            Err(error) => panic!("{error:?}"),
        }
        assert!(interruptions < 100);
        let held = held(&to.store.reader(), NOW_MS).await.unwrap();
        assert_eq!(held, Some(Held::Incomplete));
    };
    assert!(interruptions >= 4, "{interruptions}");
    assert!(!done.was_complete);
    assert_eq!(rows(&from.store).await, rows(&to.store).await);
    for side in [&from, &to] {
        assert_eq!(held(&side.store.reader(), NOW_MS).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_copy_to_postgres_goes_on_where_it_was() {
    interrupted(engines::sqlite().await, engines::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_copy_to_sqlite_goes_on_where_it_was() {
    interrupted(engines::postgres().await, engines::sqlite().await).await;
}

/// Stops after the first rows are in the target.
async fn begun(from: &Database, to: &Database) {
    let stopped = copied(from, to, false, |progress| {
        matches!(
            progress,
            Progress::Copied {
                table: "payments",
                ..
            }
        )
    });
    assert!(matches!(stopped.await, Err(CopyError::Interrupted)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_changed_meanwhile_is_told_and_copied_from_the_start() {
    let (from, to) = (engines::sqlite().await, engines::postgres().await);
    filled(&from).await;
    begun(&from, &to).await;
    let change = |s: Session| async move { settings::put(&s, "new", "value").await };
    from.store.transact("test", change).await.unwrap();
    let told = copied(&from, &to, false, |_| false).await.unwrap_err();
    assert!(
        matches!(&told, CopyError::Differs(what) if what.starts_with("settings")),
        "{told}"
    );
    copied(&from, &to, true, |_| false).await.unwrap();
    assert_eq!(rows(&from.store).await, rows(&to.store).await);
}

#[tokio::test]
async fn what_is_not_an_unfinished_copy_of_this_source_is_never_written_to() {
    let (from, to) = (engines::sqlite().await, engines::sqlite().await);
    filled(&from).await;
    let foreign = |s: Session| async move { settings::put(&s, "mine", "1").await };
    to.store.transact("test", foreign).await.unwrap();
    let before = to.store.dump().await.unwrap();
    for start_over in [false, true] {
        let refused = copied(&from, &to, start_over, |_| false).await;
        assert!(
            matches!(refused, Err(CopyError::NotEmpty("settings"))),
            "{refused:?}"
        );
    }
    assert_eq!(to.store.dump().await.unwrap(), before);

    let other = engines::sqlite().await;
    filled(&other).await;
    let half = engines::sqlite().await;
    begun(&other, &half).await;
    let refused = copied(&from, &half, false, |_| false).await;
    assert!(
        matches!(refused, Err(CopyError::OtherOrigin(_))),
        "{refused:?}"
    );
    let onwards = engines::sqlite().await;
    let refused = copied(&half, &onwards, false, |_| false).await;
    assert!(
        matches!(refused, Err(CopyError::SourceIncomplete)),
        "{refused:?}"
    );

    // A complete copy that has lived on is not touched.
    let live = engines::sqlite().await;
    copied(&from, &live, false, |_| false).await.unwrap();
    live.store.transact("test", foreign).await.unwrap();
    let before = live.store.dump().await.unwrap();
    for start_over in [false, true] {
        let refused = copied(&from, &live, start_over, |_| false).await;
        assert!(matches!(refused, Err(CopyError::MovedOn(_))), "{refused:?}");
    }
    assert_eq!(live.store.dump().await.unwrap(), before);
}

#[tokio::test]
async fn what_a_copy_cannot_read_in_the_settings_is_an_error() {
    let put = async |database: &Database, name: &'static str, value: &'static str| {
        let put = |s: Session| async move { settings::put(&s, name, value).await };
        database.store.transact("test: put", put).await.unwrap();
    };
    let corrupt = |error: CopyError, name: &str| match error {
        CopyError::Store { source, .. } => {
            assert!(source.to_string().contains(name), "{source}");
        }
        other => panic!("{name}: {other:?}"),
    };
    let (from, to) = (engines::sqlite().await, engines::sqlite().await);
    begun(&from, &to).await;
    put(&to, "copy_cursor", r#"{"table":"nowhere","after":[]}"#).await;
    let error = copied(&from, &to, false, |_| false).await.unwrap_err();
    corrupt(error, "copy_cursor");
    put(&to, settings::CLOCK_OFFSET, "soon").await;
    let error = copied(&from, &to, true, |_| false).await.unwrap_err();
    corrupt(error, settings::CLOCK_OFFSET);
    put(&to, settings::CLOCK_OFFSET, "0").await;
    copied(&from, &to, true, |_| false).await.unwrap();
    put(&to, "copy_read_at", "yesterday").await;
    let error = held(&to.store.reader(), NOW_MS).await.unwrap_err();
    assert!(error.to_string().contains("copy_read_at"), "{error}");
}

#[tokio::test]
async fn a_database_is_not_copied_onto_itself_nor_from_nowhere() {
    let from = engines::sqlite().await;
    let refused = copied(&from, &from, false, |_| false).await;
    assert!(matches!(refused, Err(CopyError::Same(_))), "{refused:?}");
    let nowhere = Settings::new(format!("{}-is-not-there", from.url));
    let mut watch = |_| ControlFlow::Continue(());
    let refused = copy(&nowhere, &url(&from), false, &|| NOW_MS, &mut watch).await;
    assert!(matches!(refused, Err(CopyError::NoSource(_))));
}

async fn refused_while_a_gateway_runs(from: Database, to: Database) {
    filled(&from).await;
    for (side, name) in [(&from, "source"), (&to, "target")] {
        let beat =
            |s: Session| async move { gateways::beat(&s, "gateway-1", NOW_MS - 4_000).await };
        side.store.transact("test", beat).await.unwrap();
        let refused = copied(&from, &to, false, |_| false).await;
        assert!(
            matches!(&refused, Err(CopyError::GatewayRuns { side, name: gateway })
                if *side == name && gateway == "gateway-1"),
            "{refused:?}"
        );
        let leave = |s: Session| async move { gateways::leave(&s, "gateway-1").await };
        side.store.transact("test", leave).await.unwrap();
    }
    // A dead gateway's row is no hindrance, its lease is while it lasts.
    let dead = |s: Session| async move {
        gateways::beat(&s, "dead", NOW_MS - 31_000).await?;
        let lease = Lease {
            now_ms: NOW_MS + 5_000,
            until_ms: NOW_MS + 5_001,
            owner: "dead".to_owned(),
        };
        payments::claim_due(&s, &lease, 1).await
    };
    assert_eq!(from.store.transact("test", dead).await.unwrap().len(), 1);
    let refused = copied(&from, &to, false, |_| false).await;
    assert!(
        matches!(
            refused,
            Err(CopyError::Leased {
                side: "source",
                table: "payments"
            })
        ),
        "{refused:?}"
    );
    let mut watch = |_| ControlFlow::Continue(());
    copy(&url(&from), &url(&to), false, &|| NOW_MS + 1, &mut watch)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_on_either_side_is_not_copied_under() {
    refused_while_a_gateway_runs(engines::sqlite().await, engines::postgres().await).await;
    refused_while_a_gateway_runs(engines::postgres().await, engines::sqlite().await).await;
}

#[tokio::test]
async fn a_gateway_that_comes_meanwhile_spoils_the_copy_and_is_held_off() {
    let (from, to) = (engines::sqlite().await, engines::sqlite().await);
    filled(&from).await;
    let store = from.another().await;
    let (hear, heard) = std::sync::mpsc::channel();
    let spoilt = copied(&from, &to, false, |progress| {
        if matches!(
            progress,
            Progress::Compared {
                table: "postings",
                ..
            }
        ) {
            let store = store.clone();
            let coming = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let beat = |s: Session| async move { gateways::beat(&s, "late", NOW_MS).await };
                    store.transact("test", beat).await.unwrap();
                    held(&store.reader(), NOW_MS).await.unwrap()
                })
            });
            hear.send(coming.join().unwrap()).unwrap();
        }
        false
    });
    assert!(matches!(spoilt.await, Err(CopyError::Differs(_))));
    assert_eq!(heard.recv().unwrap(), Some(Held::BeingCopied));
    // Whoever was killed while copying holds gateways off for a while only.
    assert_eq!(held(&store.reader(), NOW_MS).await.unwrap(), None);
    let killed =
        |s: Session| async move { settings::put(&s, "copy_read_at", &NOW_MS.to_string()).await };
    store.transact("test", killed).await.unwrap();
    let reader = store.reader();
    assert_eq!(
        held(&reader, NOW_MS + 30_000).await.unwrap(),
        Some(Held::BeingCopied)
    );
    assert_eq!(held(&reader, NOW_MS + 30_001).await.unwrap(), None);
}

async fn gateways_come_go_and_are_forgotten(database: Database) {
    let days = |s: Session| async move {
        gateways::beat(&s, "old", NOW_MS - 24 * 60 * 60 * 1_000).await?;
        gateways::beat(&s, "one", NOW_MS - 40_000).await?;
        gateways::beat(&s, "two", NOW_MS).await
    };
    database.store.transact("test", days).await.unwrap();
    let all = gateways::all(&database.store.reader()).await.unwrap();
    let alive: Vec<(&str, bool)> = all
        .iter()
        .map(|gateway| (gateway.name.as_str(), gateway.is_alive(NOW_MS)))
        .collect();
    assert_eq!(alive, [("one", false), ("two", true)]);
    let stop = |s: Session| async move { gateways::leave(&s, "two").await };
    database.store.transact("test", stop).await.unwrap();
    assert_eq!(
        gateways::all(&database.store.reader()).await.unwrap().len(),
        1
    );
}
