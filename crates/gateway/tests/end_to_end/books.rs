//! The journal against the bank's statement, and against the payments it is about.

use std::time::Duration;

use bank_simulator::demo_customers;
use direct_debit::PaymentId;
use direct_debit::reconcile::{Difference, Direction, Line};
use gateway::flows::ledger::{self, LedgerReport};
use gateway::flows::reconcile::{Range, Reconciled, reconcile};
use merchant_sdk::pages::Script;
use storage::Session;
use storage::merchants::MerchantSettings;

use super::faults::told;
use super::stage::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn today(stage: &Stage) -> Range {
    let now_ms = stage.app().clock.business_now_ms();
    Range {
        from_ms: now_ms - DAY_MS,
        until_ms: now_ms + DAY_MS,
    }
}

async fn compared(stage: &Stage, lines: Option<Vec<Line>>) -> Reconciled {
    let bank = stage.app().banks.get("allo").unwrap();
    reconcile(stage.app(), bank, today(stage), lines)
        .await
        .unwrap()
}

async fn checked(stage: &Stage) -> LedgerReport {
    ledger::check(&stage.app().store, &mut |_| {})
        .await
        .unwrap()
}

/// Breaks something behind the gateway's back.
async fn spoil(stage: &Stage, sql: String) {
    let store = &stage.app().store;
    let spoil = |s: Session| {
        let sql = sql.clone();
        async move { s.unlisted(sql, &[]).await }
    };
    assert_ne!(store.transact("test: spoil", spoil).await.unwrap(), 0);
}

/// A shop with a paid payment of 15,000 rupiah; its token and its reference.
async fn paid() -> (Stage, String, String) {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let number = reference("PAY");
    stage.paid(&stage.shop, &token, &number, "15000.00").await;
    (stage, token, number)
}

async fn id_of(stage: &Stage, number: &str) -> String {
    let merchant = direct_debit::MerchantId::new(stage.shop.client_id.clone());
    let s = stage.app().store.reader();
    let found = storage::payments::by_partner_reference_no(&s, &merchant, number).await;
    found.unwrap().unwrap().id.as_str().to_owned()
}

fn kinds(result: &Reconciled) -> Vec<Difference> {
    let all = result.differences.iter();
    all.filter_map(|found| found.difference).collect()
}

#[tokio::test]
async fn gateway_and_bank_agree_over_several_pages_and_the_ledger_is_sound() {
    let (stage, token, number) = paid().await;
    // The simulator's statement has a hundred lines a page.
    for refund in 0..101 {
        let done = stage
            .shop
            .refund(&number, &format!("R-{refund}"), "1.00")
            .await;
        assert_eq!(done.code().as_deref(), Some("2005800"), "{:?}", done.json());
    }
    let open = reference("PAY");
    stage.shop.pay(&token, &open, "5000.00").await;
    let result = compared(&stage, None).await;
    assert_eq!(result.differences, []);
    assert_eq!(result.in_flight, []);
    assert_eq!(result.agreed, 102);
    let report = checked(&stage).await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(
        (report.payments, report.refunds, report.entries),
        (2, 101, 102)
    );
    let days: Vec<_> = report.days.values().collect();
    let owed: i64 = days.iter().map(|day| day.owed_sen).sum();
    assert_eq!(owed, 1_500_000 - 10_100);
    let due: i64 = days.iter().map(|day| day.due_sen()).sum();
    assert_eq!(due, owed);
}

#[tokio::test]
async fn a_payment_whose_fee_takes_all_of_it_is_booked_told_and_refunded() {
    let mut stage = Stage::with(Wishes {
        settings: MerchantSettings {
            fee_flat_sen: 250_000,
            fee_basis_points: 100,
            ..MerchantSettings::default()
        },
        ..Wishes::default()
    })
    .await;
    let siti = &demo_customers()[0];
    let (_, token) = stage.linked(&stage.shop, siti, "cust-1").await;
    for amount in ["2500.00", "0.01", "100000.00"] {
        let number = reference("PAY");
        stage.paid(&stage.shop, &token, &number, amount).await;
        assert_eq!(told(&mut stage, &number).await, ["00"], "{amount}");
        let refunded = stage.shop.refund(&number, &reference("REF"), amount).await;
        assert_eq!(refunded.code().as_deref(), Some("2005800"), "{amount}");
        assert_eq!(told(&mut stage, &number).await, ["04"], "{amount}");
    }
    let report = checked(&stage).await;
    assert!(report.is_sound(), "{report:?}");
    let fees: i64 = report.days.values().map(|day| day.fees_sen).sum();
    assert_eq!(fees, 250_000 + 1 + 350_000);
    assert_eq!(compared(&stage, None).await.differences, []);
}

#[tokio::test]
async fn what_one_side_does_not_have_is_in_flight_and_then_a_difference() {
    let (stage, _, number) = paid().await;
    stage.shop.refund(&number, "R-1", "500.00").await;
    let result = compared(&stage, Some(Vec::new())).await;
    assert_eq!((result.differences.len(), result.in_flight.len()), (0, 2));
    stage.advance(Duration::from_secs(61)).await;
    let result = compared(&stage, Some(Vec::new())).await;
    let mut found = kinds(&result);
    found.sort();
    assert_eq!(
        found,
        [Difference::MissingAtBank, Difference::RefundMissingAtBank]
    );
    let missing = &result.differences[0];
    assert_eq!(missing.here_sen, Some(1_500_000));
    assert_eq!(missing.there_sen, None);
    assert_eq!(missing.merchant.as_ref().unwrap().as_str(), "shop");

    let at_ms = stage.app().clock.business_now_ms() - 61_000;
    let line = |direction, reference: Option<&str>| Line {
        direction,
        reference: reference.map(str::to_owned),
        bank_reference: Some(format!("bank of {reference:?}")),
        amount_sen: 100,
        at_ms,
    };
    let id = id_of(&stage, &number).await;
    let strange = vec![
        line(Direction::Debit, Some("nobody's")),
        line(Direction::Credit, Some("nobody's")),
        line(Direction::Debit, None),
        line(Direction::Debit, Some(&id)),
        line(Direction::Debit, Some("with a \0")),
    ];
    let mut found = kinds(&compared(&stage, Some(strange)).await);
    found.sort();
    assert_eq!(
        found,
        [
            Difference::RefundMissingAtBank,
            Difference::MissingHere,
            Difference::MissingHere,
            Difference::MissingHere,
            Difference::RefundMissingHere,
            Difference::AmountDiffers,
        ]
    );
}

#[tokio::test]
async fn what_the_gateway_booked_much_later_is_found_in_the_statement() {
    let (stage, _, _) = paid().await;
    let later_ms = 3 * 60 * 60 * 1_000;
    stage.advance(Duration::from_millis(later_ms)).await;
    spoil(
        &stage,
        format!("UPDATE payments SET paid_at = paid_at + {later_ms}"),
    )
    .await;
    spoil(
        &stage,
        format!("UPDATE postings SET created_at = created_at + {later_ms}"),
    )
    .await;
    stage.advance(Duration::from_secs(61)).await;
    let now_ms = stage.app().clock.business_now_ms();
    let range = Range {
        from_ms: now_ms - 60 * 60 * 1_000,
        until_ms: now_ms,
    };
    let bank = stage.app().banks.get("allo").unwrap();
    let result = reconcile(stage.app(), bank, range, None).await.unwrap();
    assert_eq!(result.differences, []);
    assert_eq!(result.agreed, 1);
}

#[tokio::test]
async fn two_bookings_in_one_second_under_one_reference_are_two() {
    let (stage, _, number) = paid().await;
    let line = Line {
        direction: Direction::Debit,
        reference: Some(id_of(&stage, &number).await),
        bank_reference: Some("of both".to_owned()),
        amount_sen: 1_500_000,
        at_ms: stage.app().clock.business_now_ms(),
    };
    let result = compared(&stage, Some(vec![line.clone(), line])).await;
    assert_eq!(result.differences.len(), 1, "{result:?}");
    assert_eq!(result.differences[0].there_sen, Some(3_000_000));
}

#[tokio::test]
async fn a_debit_for_a_payment_that_had_ended_is_told_until_it_is_back_and_after() {
    let (stage, token, _) = paid().await;
    let number = reference("PAY");
    stage.shop.pay(&token, &number, "7000.00").await;
    let id = id_of(&stage, &number).await;
    // The gateway believes that it ended, wrongly; then the customer pays.
    spoil(
        &stage,
        format!(
            "UPDATE payments SET state = 'cancelled', cancel_cause = 'customer', settle_at = NULL \
             WHERE id = '{id}'"
        ),
    )
    .await;
    let at_ms = stage.app().clock.business_now_ms();
    let debit = Line {
        direction: Direction::Debit,
        reference: Some(id.clone()),
        bank_reference: None,
        amount_sen: 700_000,
        at_ms,
    };
    stage.advance(Duration::from_secs(61)).await;
    let result = compared(&stage, Some(vec![debit])).await;
    assert!(
        kinds(&result).contains(&Difference::LateDebitNotBooked),
        "{result:?}"
    );

    let s = stage.app().store.reader();
    let payment = storage::payments::by_id_anywhere(&s, &PaymentId::new(&id)).await;
    let bank_page = payment.unwrap().unwrap().bank_page.unwrap();
    stage.visit(&bank_page, Script::default()).await;
    until("the late debit", async || {
        stage.idle().await;
        compared(&stage, None).await.returned.len() == 1
    })
    .await;
    let result = compared(&stage, None).await;
    assert_eq!(result.differences, []);
    assert_eq!(result.returned[0].reference, id);
    let report = checked(&stage).await;
    assert!(report.is_sound(), "{report:?}");
    let late: i64 = report.days.values().map(|day| day.late_returned_sen).sum();
    assert_eq!(late, 700_000);
}

#[tokio::test]
async fn the_ledger_check_finds_what_was_broken() {
    let (stage, _, number) = paid().await;
    stage.shop.refund(&number, "R-1", "500.00").await;
    assert!(checked(&stage).await.is_sound());
    let id = id_of(&stage, &number).await;
    let broken = [
        (
            format!(
                "UPDATE postings SET amount = amount + 1 WHERE entry_id = 'payment-{id}' AND account = 'bank'"
            ),
            format!(
                "UPDATE postings SET amount = amount - 1 WHERE entry_id = 'payment-{id}' AND account = 'bank'"
            ),
            "add up to 1 sen",
        ),
        (
            format!(
                "UPDATE postings SET entry_id = 'payment-x', subject = 'x' WHERE entry_id = 'payment-{id}'"
            ),
            format!(
                "UPDATE postings SET entry_id = 'payment-{id}', subject = '{id}' WHERE entry_id = 'payment-x'"
            ),
            "was not booked",
        ),
        (
            "UPDATE refunds SET state = 'unknown', refunded_at = NULL".to_owned(),
            "UPDATE refunds SET state = 'succeeded', refunded_at = created_at".to_owned(),
            "is booked, but is unknown",
        ),
        (
            "UPDATE payments SET refunded = 0".to_owned(),
            "UPDATE payments SET refunded = 50000".to_owned(),
            "its refunds say 50000",
        ),
        (
            "UPDATE payments SET state = 'unknown', paid_at = NULL, refunded = 0".to_owned(),
            "UPDATE payments SET state = 'succeeded', paid_at = created_at, refunded = 50000"
                .to_owned(),
            "booked as paid, but is unknown",
        ),
    ];
    for (breaks, mends, words) in broken {
        spoil(&stage, breaks).await;
        let report = checked(&stage).await;
        assert!(
            report
                .violations
                .iter()
                .any(|wrong| wrong.what.contains(words)),
            "{words}: {report:?}"
        );
        spoil(&stage, mends).await;
        let report = checked(&stage).await;
        assert!(report.is_sound(), "{words}: {report:?}");
    }
}
