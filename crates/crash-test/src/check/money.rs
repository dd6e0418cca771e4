//! The gateway's journal against the bank's ledger.

use std::collections::BTreeMap;

use super::Findings;
use crate::rows::Rows;

/// Where the bank keeps what was paid.
const CLEARING: &str = "bank:CLEARING";

/// Every entry adds up to zero, and every account holds what its postings say.
pub(super) fn balanced(findings: &mut Findings, gateway: &Rows, bank: &Rows) {
    let mut entries: BTreeMap<&str, i64> = BTreeMap::new();
    for row in gateway.of("postings") {
        *entries.entry(row.text("entry_id")).or_default() += row.int("amount");
    }
    for (entry, sum) in entries {
        findings.expect(sum == 0, || {
            format!("the gateway's entry {entry} is off by {sum}")
        });
    }
    let mut movements: BTreeMap<&str, i64> = BTreeMap::new();
    let mut accounts: BTreeMap<&str, i64> = BTreeMap::new();
    for row in bank.of("postings") {
        *movements.entry(row.text("movement_id")).or_default() += row.int("amount");
        *accounts.entry(row.text("account_id")).or_default() += row.int("amount");
    }
    for (movement, sum) in movements {
        findings.expect(sum == 0, || {
            format!("the bank's movement {movement} is off by {sum}")
        });
    }
    for row in bank.of("accounts") {
        let (id, holds) = (row.text("id"), row.int("balance"));
        let postings = accounts.get(id).copied().unwrap_or_default();
        findings.expect(holds == postings, || {
            format!("the bank's account {id} holds {holds} and its postings say {postings}")
        });
    }
}

/// Each payment: debited once if it succeeded and never otherwise, for the same amount in both books.
pub(super) fn payments(findings: &mut Findings, gateway: &Rows, bank: &Rows) {
    let mut debits: BTreeMap<&str, u32> = BTreeMap::new();
    let mut cleared: BTreeMap<&str, i64> = BTreeMap::new();
    let of_movement: BTreeMap<&str, &str> = bank
        .of("movements")
        .map(|row| (row.text("id"), row.text("payment_id")))
        .collect();
    for row in bank
        .of("movements")
        .filter(|row| row.text("kind") == "payment")
    {
        *debits.entry(row.text("payment_id")).or_default() += 1;
    }
    for row in bank
        .of("postings")
        .filter(|row| row.text("account_id") == CLEARING)
    {
        let payment = of_movement
            .get(row.text("movement_id"))
            .copied()
            .unwrap_or_default();
        *cleared.entry(payment).or_default() += row.int("amount");
    }
    // A refund's entry names the refund.
    let of_refund: BTreeMap<&str, &str> = gateway
        .of("refunds")
        .map(|row| (row.text("id"), row.text("payment_id")))
        .collect();
    let mut journal: BTreeMap<&str, i64> = BTreeMap::new();
    for row in gateway
        .of("postings")
        .filter(|row| row.text("account") == "bank")
    {
        let subject = row.text("subject");
        let payment = of_refund.get(subject).copied().unwrap_or(subject);
        *journal.entry(payment).or_default() += row.int("amount");
    }
    let mut at_bank: BTreeMap<&str, _> = bank
        .of("payments")
        .map(|row| (row.text("partner_reference_no"), row))
        .collect();
    for row in gateway.of("payments") {
        let (id, state) = (row.text("id"), row.text("state"));
        let paid = matches!(state, "succeeded" | "refunded");
        let theirs = at_bank.remove(id);
        let (times, net, bank_state, amount) = theirs.map_or((0, 0, "unknown", 0), |theirs| {
            let bank_id = theirs.text("id");
            (
                debits.get(bank_id).copied().unwrap_or_default(),
                cleared.get(bank_id).copied().unwrap_or_default(),
                theirs.text("state"),
                theirs.int("amount"),
            )
        });
        findings.expect(times == u32::from(paid), || {
            format!(
                "the payment {id} is {state} and {bank_state} at the bank, debited {times} times"
            )
        });
        findings.expect(theirs.is_none() || amount == row.int("amount"), || {
            format!("the payment {id} has another amount at the bank")
        });
        let booked = journal.get(id).copied().unwrap_or_default();
        findings.expect(booked == net, || {
            format!("the payment {id}: the journal says {booked} and the bank {net}")
        });
        let left = if paid {
            row.int("amount") - row.int("refunded")
        } else {
            0
        };
        findings.expect(booked == left, || {
            format!("the payment {id} is {state}: the journal says {booked} and the row {left}")
        });
    }
    for (reference, theirs) in at_bank {
        findings.wrong.push(format!(
            "the bank has a {} payment that the gateway does not know: {reference}",
            theirs.text("state")
        ));
    }
}

/// Each refund: in both books or in none, and never more than was paid.
pub(super) fn refunds(findings: &mut Findings, gateway: &Rows, bank: &Rows) {
    let mut at_bank: BTreeMap<&str, i64> = BTreeMap::new();
    let mut back: BTreeMap<&str, i64> = BTreeMap::new();
    for row in bank.of("refunds") {
        at_bank.insert(row.text("partner_refund_no"), row.int("amount"));
        *back.entry(row.text("payment_id")).or_default() += row.int("amount");
    }
    for row in bank.of("payments") {
        let sum = back.remove(row.text("id")).unwrap_or_default();
        let most = if row.text("state") == "paid" {
            row.int("amount")
        } else {
            0
        };
        findings.expect(sum <= most, || {
            format!(
                "{}: {sum} went back of {most}",
                row.text("partner_reference_no")
            )
        });
    }
    let mut refunded: BTreeMap<&str, i64> = BTreeMap::new();
    for row in gateway.of("refunds") {
        let (id, state, amount) = (row.text("id"), row.text("state"), row.int("amount"));
        let expected = (state == "succeeded").then_some(amount);
        let theirs = at_bank.remove(id);
        findings.expect(theirs == expected, || {
            format!("the refund {id} of {amount} is {state}, and the bank gave back {theirs:?}")
        });
        *refunded.entry(row.text("payment_id")).or_default() += expected.unwrap_or_default();
    }
    for (refund, amount) in at_bank {
        findings.wrong.push(format!(
            "the bank gave back {amount} for {refund}, which is not known"
        ));
    }
    for row in gateway.of("payments") {
        let sum = refunded.get(row.text("id")).copied().unwrap_or_default();
        findings.expect(
            sum == row.int("refunded") && row.int("refund_reserved") == 0,
            || {
                format!(
                    "the payment {} says {} refunded and {} reserved; its refunds are {sum}",
                    row.text("id"),
                    row.int("refunded"),
                    row.int("refund_reserved")
                )
            },
        );
    }
}
