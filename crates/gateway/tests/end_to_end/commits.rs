//! A commit whose outcome is unknown is resolved by reading: what was stored is the answer, and what was
//! not is never done a second time by ourselves.

use std::sync::Arc;

use bank_simulator::demo_customers;
use merchant_sdk::{Answer, RawOptions};
use serde_json::Value;
use snap::paths;
use storage::{Error, Point};

use super::stage::*;
use super::wire::Cut;

async fn linked() -> (Stage, String) {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    (stage, token)
}

/// The connection is lost at this point of this transaction: before the commit reached the database, or
/// after.
fn lose(stage: &Stage, at: Point, transaction: &'static str) {
    let lost = move |point, name| match (point, name) {
        (point, name) if point == at && name == transaction => Err(Error::CommitUnknown {
            transaction,
            source: None,
        }),
        _ => Ok(()),
    };
    stage.app().store.set_hook(Some(Arc::new(lost)));
}

fn mend(stage: &Stage) {
    stage.app().store.set_hook(None);
}

/// The same request under the same external id, as often as it is called.
struct Request<'a> {
    shop: &'a Shop,
    path: &'static str,
    body: Value,
    token: Option<String>,
}

impl Request<'_> {
    async fn send(&self) -> Answer {
        let options = RawOptions {
            external_id: Some("4711".to_owned()),
            customer_token: self.token.clone(),
            ..Default::default()
        };
        self.shop.send(self.path, &self.body, options).await
    }
}

/// What an operation is called at its two commits, and how it says yes.
struct Operation {
    commits: [&'static str; 2],
    yes: &'static str,
    trouble: &'static str,
}

async fn stored_commits_are_found(stage: &Stage, request: Request<'_>, operation: &Operation) {
    for transaction in operation.commits {
        lose(stage, Point::AfterCommit, transaction);
    }
    let first = request.send().await;
    assert_eq!(
        (first.status, first.code().as_deref()),
        (200, Some(operation.yes)),
        "{:?}",
        first.json()
    );
    mend(stage);
    let repeat = request.send().await;
    assert_eq!((repeat.status, repeat.body), (409, first.body));
}

const PAY: Operation = Operation {
    commits: ["pay: begin", "pay: end"],
    yes: "2005400",
    trouble: "5005401",
};
const GIVE_BACK: Operation = Operation {
    commits: ["refund: begin", "refund: end"],
    yes: "2005800",
    trouble: "5005801",
};
const BIND: Operation = Operation {
    commits: ["bind: begin", "bind: end"],
    yes: "2000700",
    trouble: "5000701",
};
const UNBIND: Operation = Operation {
    commits: ["unbind: begin", "unbind: end"],
    yes: "2000900",
    trouble: "5000901",
};

fn pay<'a>(stage: &'a Stage, token: &str, number: &str) -> Request<'a> {
    Request {
        shop: &stage.shop,
        path: PAYMENT,
        body: payment(number, "15000.00"),
        token: Some(token.to_owned()),
    }
}

#[tokio::test]
async fn a_commit_that_happened_unheard_is_found_and_the_operation_goes_on() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    stored_commits_are_found(&stage, pay(&stage, &token, &number), &PAY).await;
    assert_eq!(stage.wire.calls(paths::BANK_PAYMENT), 1);

    let paid = reference("PAY");
    stage.paid(&stage.shop, &token, &paid, "15000.00").await;
    let give_back = Request {
        shop: &stage.shop,
        path: REFUND,
        body: refund(&paid, &reference("REF"), "15000.00"),
        token: None,
    };
    stored_commits_are_found(&stage, give_back, &GIVE_BACK).await;
    assert_eq!(stage.wire.calls(paths::BANK_REFUND), 1);
    assert_eq!(stage.shop.status_of(&paid).await, "04");

    let before = stage.wire.calls(paths::BANK_BINDING);
    let bind = Request {
        shop: &stage.shop,
        path: BINDING,
        body: binding(demo_customers()[1].phone_no, "cust-2"),
        token: None,
    };
    stored_commits_are_found(&stage, bind, &BIND).await;
    assert_eq!(stage.wire.calls(paths::BANK_BINDING), before + 1);

    let unbind = Request {
        shop: &stage.shop,
        path: UNBINDING,
        body: unbinding(&token),
        token: None,
    };
    stored_commits_are_found(&stage, unbind, &UNBIND).await;
    assert_eq!(stage.wire.calls(paths::BANK_UNBINDING), 1);
}

#[tokio::test]
async fn a_first_commit_that_did_not_happen_leaves_nothing_and_the_repeat_succeeds() {
    let (stage, token) = linked().await;
    let paid = reference("PAY");
    stage.paid(&stage.shop, &token, &paid, "15000.00").await;
    let requests = [
        (pay(&stage, &token, &reference("PAY")), PAY),
        (
            Request {
                shop: &stage.shop,
                path: REFUND,
                body: refund(&paid, &reference("REF"), "1000.00"),
                token: None,
            },
            GIVE_BACK,
        ),
        (
            Request {
                shop: &stage.shop,
                path: BINDING,
                body: binding(demo_customers()[1].phone_no, "cust-2"),
                token: None,
            },
            BIND,
        ),
        (
            Request {
                shop: &stage.shop,
                path: UNBINDING,
                body: unbinding(&token),
                token: None,
            },
            UNBIND,
        ),
    ];
    for (request, operation) in requests {
        let before = stage.app().store.dump().await.unwrap();
        lose(&stage, Point::BeforeCommit, operation.commits[0]);
        let lost = request.send().await;
        assert_eq!(
            (lost.status, lost.code().as_deref()),
            (500, Some(operation.trouble))
        );
        assert_eq!(stage.app().store.dump().await.unwrap(), before);
        mend(&stage);
        let repeat = request.send().await;
        assert_eq!(
            (repeat.status, repeat.code().as_deref()),
            (200, Some(operation.yes))
        );
    }
}

#[tokio::test]
async fn an_unbinding_that_another_request_began_is_not_taken_for_ones_own() {
    let (stage, token) = linked().await;
    stage.wire.cut(paths::BANK_UNBINDING, Cut::Before, 1);
    let open = stage.shop.post(UNBINDING, &unbinding(&token)).await;
    assert_eq!(open.code().as_deref(), Some("2020900"));
    let request = Request {
        shop: &stage.shop,
        path: UNBINDING,
        body: unbinding(&token),
        token: None,
    };
    let before = stage.app().store.dump().await.unwrap();
    lose(&stage, Point::BeforeCommit, "unbind: begin");
    let lost = request.send().await;
    assert_eq!(
        (lost.status, lost.code().as_deref()),
        (500, Some("5000901"))
    );
    assert_eq!(stage.app().store.dump().await.unwrap(), before);
    mend(&stage);
    let repeat = request.send().await;
    assert_eq!(
        (repeat.status, repeat.code().as_deref()),
        (200, Some("2000900"))
    );
}

#[tokio::test]
async fn a_second_commit_that_did_not_happen_is_made_up_for_by_asking_the_bank() {
    let (stage, token) = linked().await;
    let number = reference("PAY");
    let request = pay(&stage, &token, &number);
    lose(&stage, Point::BeforeCommit, "pay: end");
    let lost = request.send().await;
    assert_eq!(
        (lost.status, lost.code().as_deref()),
        (500, Some("5005401"))
    );
    mend(&stage);
    // Under the same id it still counts as in flight; under its reference its truth is known.
    let repeat = request.send().await;
    assert_eq!(
        (repeat.status, repeat.code().as_deref()),
        (409, Some("4095400"))
    );
    let truth = stage.shop.pay(&token, &number, "15000.00").await;
    assert_eq!(truth.code().as_deref(), Some("2025400"));
    stage.advance(std::time::Duration::from_secs(16)).await;
    stage.idle().await;
    let repeat = request.send().await;
    assert_eq!(
        (repeat.status, repeat.code().as_deref()),
        (200, Some("2005400")),
        "{:?}",
        repeat.json()
    );
    // Asked for the page again under the same reference; the bank knows one payment, and our id only.
    let bank = stage.dump().await.1;
    let rows = bank.as_str().unwrap();
    let payments = rows.matches(r#""table":"payments""#).count();
    assert_eq!((payments, rows.matches(&number).count()), (1, 0));
    assert_eq!(stage.shop.status_of(&number).await, "02");
}
