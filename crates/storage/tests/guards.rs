//! What only the database can decide: that nobody overwrites what he has not seen, and that there is one of
//! what there may be only one of. `cargo xtask mutants` breaks these guards one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engines;
mod samples;

use engines::{Database, on_both_engines};
use samples::NOW_MS;
use storage::listeners::{self, Listener};
use storage::{Error, Store, bindings, notifications, payments, refunds};

on_both_engines!(
    a_payment_changed_by_another_is_not_overwritten,
    a_refund_changed_by_another_is_not_overwritten,
    a_binding_changed_by_another_is_not_overwritten,
    a_merchants_reference_names_one_payment,
    our_reference_names_one_payment,
    an_id_names_one_payment_of_all_merchants,
    a_page_leads_to_one_payment,
    a_browser_comes_back_to_one_payment,
    a_refund_number_names_one_refund_of_its_kind,
    a_page_leads_to_one_binding,
    a_browser_comes_back_to_one_binding,
    a_code_names_one_binding,
    notifications_of_a_subject_have_places_of_their_own,
    a_change_has_one_place_in_the_history,
    an_id_names_one_listener,
);

/// Runs one write in a transaction of its own.
macro_rules! write {
    ($store:expr, |$s:ident| $work:expr) => {
        $store
            .transact("test", |$s| async move { $work.await })
            .await
    };
}

fn is_overtaken(result: &Result<(), Error>) -> bool {
    matches!(result, Err(Error::Overtaken { .. }))
}

async fn a_payment_changed_by_another_is_not_overwritten(database: Database) {
    let store = &two_payments(database).await.store;
    let seen = &samples::payment("P1", 100);
    write!(store, |s| payments::update(&s, seen, None, "first", NOW_MS)).unwrap();
    let late = write!(store, |s| payments::update(&s, seen, None, "late", NOW_MS));
    assert!(is_overtaken(&late), "{late:?}");
}

async fn a_refund_changed_by_another_is_not_overwritten(database: Database) {
    let store = &two_refunds(database).await.store;
    let seen = &samples::refund("R1", "P1", 10);
    write!(store, |s| refunds::update(&s, seen, None, "first", NOW_MS)).unwrap();
    let late = write!(store, |s| refunds::update(&s, seen, None, "late", NOW_MS));
    assert!(is_overtaken(&late), "{late:?}");
}

async fn a_binding_changed_by_another_is_not_overwritten(database: Database) {
    let store = &two_bindings(database).await.store;
    let seen = &samples::binding("B1", "c1");
    write!(store, |s| bindings::update(&s, seen, None, "first", NOW_MS)).unwrap();
    let late = write!(store, |s| bindings::update(&s, seen, None, "late", NOW_MS));
    assert!(is_overtaken(&late), "{late:?}");
}

async fn a_merchants_reference_names_one_payment(database: Database) {
    let payments = two_payments(database).await;
    stay_two(
        &payments.store,
        "UPDATE payments SET partner_reference_no = 'INV'",
    )
    .await;
}

async fn our_reference_names_one_payment(database: Database) {
    let payments = two_payments(database).await;
    stay_two(&payments.store, "UPDATE payments SET reference_no = 'ref'").await;
}

async fn an_id_names_one_payment_of_all_merchants(database: Database) {
    let payments = two_payments(database).await;
    // Each merchant has one of the two, so that the primary key would let them be.
    let store = &payments.store;
    let change = "UPDATE payments SET merchant_id = 'M2' WHERE id = 'P2'";
    write!(store, |s| s.unlisted(change.to_owned(), &[])).unwrap();
    stay_two(store, "UPDATE payments SET id = 'P'").await;
}

async fn a_page_leads_to_one_payment(database: Database) {
    let payments = two_payments(database).await;
    stay_two(&payments.store, "UPDATE payments SET page_hash = 'page'").await;
}

async fn a_browser_comes_back_to_one_payment(database: Database) {
    let payments = two_payments(database).await;
    stay_two(&payments.store, "UPDATE payments SET state_hash = 'state'").await;
}

async fn a_refund_number_names_one_refund_of_its_kind(database: Database) {
    let refunds = two_refunds(database).await;
    stay_two(
        &refunds.store,
        "UPDATE refunds SET partner_refund_no = 'RF'",
    )
    .await;
}

async fn a_page_leads_to_one_binding(database: Database) {
    let bindings = two_bindings(database).await;
    stay_two(&bindings.store, "UPDATE bindings SET page_hash = 'page'").await;
}

async fn a_browser_comes_back_to_one_binding(database: Database) {
    let bindings = two_bindings(database).await;
    stay_two(&bindings.store, "UPDATE bindings SET state_hash = 'state'").await;
}

async fn a_code_names_one_binding(database: Database) {
    let bindings = two_bindings(database).await;
    stay_two(
        &bindings.store,
        "UPDATE bindings SET auth_code_hash = 'code'",
    )
    .await;
}

async fn notifications_of_a_subject_have_places_of_their_own(database: Database) {
    let store = &database.store;
    for id in ["N1", "N2"] {
        let new = &samples::notification(id, "P1");
        write!(store, |s| notifications::insert(&s, new)).unwrap();
    }
    stay_two(store, "UPDATE notifications SET sequence = 1").await;
}

async fn a_change_has_one_place_in_the_history(database: Database) {
    let payments = two_payments(database).await;
    stay_two(&payments.store, "UPDATE history SET subject = 'P1'").await;
}

async fn an_id_names_one_listener(database: Database) {
    for name in ["L1", "L2"] {
        let listener = &Listener {
            id: name.to_owned(),
            merchant: direct_debit::MerchantId::new(name),
            notification_url: "http://127.0.0.1:1/".to_owned(),
            token_url: None,
            binding_notification_url: "http://127.0.0.1:1/".to_owned(),
            created_at_ms: NOW_MS,
            expires_at_ms: NOW_MS + 1,
        };
        write!(database.store, |s| listeners::put(&s, listener)).unwrap();
    }
    stay_two(&database.store, "UPDATE listeners SET id = 'L'").await;
}

async fn two_payments(database: Database) -> Database {
    for id in ["P1", "P2"] {
        let (payment, hashes) = (&samples::payment(id, 100), &samples::payment_hashes(id));
        write!(database.store, |s| payments::insert(
            &s, payment, hashes, NOW_MS
        ))
        .unwrap();
    }
    database
}

async fn two_refunds(database: Database) -> Database {
    for id in ["R1", "R2"] {
        let refund = &samples::refund(id, "P1", 10);
        write!(database.store, |s| refunds::insert(&s, refund, NOW_MS)).unwrap();
    }
    database
}

async fn two_bindings(database: Database) -> Database {
    for (id, customer) in [("B1", "c1"), ("B2", "c2")] {
        let (binding, hashes) = (
            &samples::binding(id, customer),
            &samples::binding_hashes(id),
        );
        write!(database.store, |s| bindings::insert(
            &s, binding, hashes, NOW_MS
        ))
        .unwrap();
    }
    database
}

/// The change would make two rows alike where there may be only one: it is refused, and both stay.
async fn stay_two(store: &Store, change: &str) {
    let before = store.dump().await.unwrap();
    let result = write!(store, |s| s.unlisted(change.to_owned(), &[]));
    let unique = matches!(&result, Err(Error::Statement { source, .. })
        if source.as_database_error().is_some_and(|error| error.is_unique_violation()));
    assert!(unique, "{change}: {result:?}");
    assert_eq!(store.dump().await.unwrap(), before);
}
