//! What changes between settling's claim of a row and its turn is seen: nothing is decided on what was true
//! when it was claimed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bank_simulator::demo_customers;
use merchant_sdk::pages::{Ending, Script};
use snap::paths;
use storage::{Point, WaitingHook};
use tokio::sync::Notify;

use super::stage::*;
use super::wire::Cut;

/// The bank's deadline, and what is added before a request counts as over.
const REQUEST_IS_OVER: Duration = Duration::from_secs(16);

/// A linked customer at a bank that does not give its page again.
async fn linked() -> (Stage, String) {
    let stage = Stage::with(Wishes {
        change: |config| {
            for bank in config.banks.values_mut() {
                bank.replays_page = false;
            }
        },
        ..Wishes::default()
    })
    .await;
    let siti = &demo_customers()[0];
    let (_, token) = stage.linked(&stage.shop, siti, "cust-1").await;
    (stage, token)
}

/// Has a request's second commit happen after settling's claim and before what settling does with it. The number
/// says how many requests have come so far.
fn end_after_the_claim(stage: &Stage, end: &'static str) -> Arc<AtomicUsize> {
    let (claimed, stored) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let waiting = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&waiting);
    let hook: WaitingHook = Arc::new(move |point, name| {
        let (claimed, stored) = (Arc::clone(&claimed), Arc::clone(&stored));
        if point == Point::BeforeBegin && name == end {
            seen.fetch_add(1, Ordering::SeqCst);
        }
        Box::pin(async move {
            match point {
                Point::BeforeBegin if name == end => claimed.notified().await,
                Point::AfterCommit if name == end => stored.notify_one(),
                Point::AfterCommit if name == "settle: claim" => {
                    claimed.notify_one();
                    stored.notified().await;
                }
                _ => {}
            }
            Ok(())
        })
    });
    stage.app().store.set_waiting_hook(Some(hook));
    waiting
}

/// Settles as soon as a request waits for its second commit.
async fn settle_beside(stage: &Stage, waiting: &AtomicUsize) {
    until("the request has its answer from the bank", async || {
        waiting.load(Ordering::SeqCst) == 1
    })
    .await;
    stage.advance(REQUEST_IS_OVER).await;
    stage.idle().await;
    stage.app().store.set_waiting_hook(None);
}

#[tokio::test]
async fn a_page_that_the_merchant_was_given_meanwhile_stays_open() {
    let (stage, token) = linked().await;
    let waiting = end_after_the_claim(&stage, "pay: end");
    let number = reference("PAY");
    let (answer, ()) = tokio::join!(
        stage.shop.pay(&token, &number, "15000.00"),
        settle_beside(&stage, &waiting)
    );
    assert_eq!(answer.code().as_deref(), Some("2005400"));
    assert_eq!(stage.wire.calls(paths::BANK_STATUS), 1);
    assert_eq!(stage.wire.calls(paths::BANK_CANCEL), 0);
    let page = answer.json()["webRedirectUrl"].as_str().unwrap().to_owned();
    let visit = stage.visit(&page, Script::default()).await;
    assert_eq!(visit.ending, Ending::Completed, "{visit:?}");
    assert_eq!(stage.shop.status_of(&number).await, "00");
}

#[tokio::test]
async fn a_refund_that_ended_meanwhile_is_not_asked_for_again() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "15000.00").await;
    let waiting = end_after_the_claim(&stage, "refund: end");
    let refund_no = reference("REF");
    let (answer, ()) = tokio::join!(
        stage.shop.refund(&number, &refund_no, "15000.00"),
        settle_beside(&stage, &waiting)
    );
    assert_eq!(answer.code().as_deref(), Some("2005800"));
    assert_eq!(stage.wire.calls(paths::BANK_REFUND), 1);
}

#[tokio::test]
async fn work_whose_lease_ended_meanwhile_is_left_to_whoever_claims_it_next() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stage.wire.cut(paths::BANK_PAYMENT, Cut::After, 1);
    let lost = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(lost.code().as_deref(), Some("5045400"));
    stage.advance(Duration::from_secs(6)).await;

    let claims = Arc::new(AtomicUsize::new(0));
    let (app, counted) = (Arc::downgrade(stage.app()), Arc::clone(&claims));
    let hook: WaitingHook = Arc::new(move |point, name| {
        let (app, counted) = (app.clone(), Arc::clone(&counted));
        Box::pin(async move {
            if point == Point::AfterCommit
                && name == "settle: claim"
                && counted.fetch_add(1, Ordering::SeqCst) == 0
            {
                app.upgrade().unwrap().advance_clock(61_000).await.unwrap();
            }
            Ok(())
        })
    });
    stage.app().store.set_waiting_hook(Some(hook));
    stage.idle().await;
    stage.app().store.set_waiting_hook(None);
    assert_eq!(claims.load(Ordering::SeqCst), 2);
    assert_eq!(stage.wire.calls(paths::BANK_STATUS), 1);
    assert_eq!(stage.shop.status_of(&number).await, "05");
}
