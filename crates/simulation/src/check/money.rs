//! The gateways' journal against the bank's ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Findings;
use crate::bank::Paid;
use crate::hub::Hub;
use crate::rows::Rows;

/// Every entry adds up to zero.
pub(super) fn balanced(findings: &mut Findings, rows: &Rows) {
    let mut entries: BTreeMap<&str, i64> = BTreeMap::new();
    for row in rows.of("postings") {
        let sum = entries.entry(row.text("entry_id")).or_default();
        *sum = sum.saturating_add(row.int("amount"));
    }
    for (entry, sum) in entries {
        findings.expect(sum == 0, || format!("the entry {entry} is off by {sum}"));
    }
}

/// Each payment: debited once if it succeeded and never otherwise, for the same amount in both books.
pub(super) fn payments(findings: &mut Findings, hub: &Arc<Hub>, rows: &Rows) {
    let bank = hub.bank();
    let of_refund: BTreeMap<&str, &str> = rows
        .of("refunds")
        .iter()
        .map(|row| (row.text("id"), row.text("payment_id")))
        .collect();
    let mut journal: BTreeMap<&str, i64> = BTreeMap::new();
    for row in rows
        .of("postings")
        .iter()
        .filter(|row| row.text("account") == "bank")
    {
        let subject = row.text("subject");
        let payment = of_refund.get(subject).copied().unwrap_or(subject);
        let sum = journal.entry(payment).or_default();
        *sum = sum.saturating_add(row.int("amount"));
    }
    for row in rows.of("payments") {
        let (id, state) = (row.text("id"), row.text("state"));
        let paid = matches!(state, "succeeded" | "refunded");
        let moved = || bank.movements.iter().filter(|(payment, _)| payment == id);
        let debits = moved().filter(|(_, sen)| *sen > 0).count();
        findings.expect(debits == usize::from(paid), || {
            format!("the payment {id} is {state} and was debited {debits} times")
        });
        let net: i64 = moved().map(|(_, sen)| *sen).sum();
        let booked = journal.remove(id).unwrap_or_default();
        findings.expect(booked == net, || {
            format!("the payment {id}: the journal says {booked} and the bank's ledger {net}")
        });
        let left = if paid {
            row.int("amount").saturating_sub(row.int("refunded"))
        } else {
            0
        };
        findings.expect(booked == left, || {
            format!("the payment {id} is {state}: the journal says {booked} and the row {left}")
        });
        let theirs = bank.payments.get(id);
        findings.expect(
            theirs.is_none_or(|theirs| theirs.sen == row.int("amount")),
            || format!("the payment {id} has another amount at the bank"),
        );
        let open = theirs.is_some_and(|theirs| theirs.state == Paid::Pending);
        findings.expect(!open, || {
            format!("the payment {id} is {state} and open at the bank")
        });
    }
    for (stray, sum) in journal {
        findings.wrong.push(format!(
            "the journal has {sum} for {stray}, which is no payment"
        ));
    }
    for id in bank.payments.keys() {
        let known = rows.of("payments").iter().any(|row| row.text("id") == id);
        findings.expect(known, || {
            format!("the bank has the payment {id}, which nobody knows")
        });
    }
}

/// Each refund: in both books or in none, and never more than was paid.
pub(super) fn refunds(findings: &mut Findings, hub: &Arc<Hub>, rows: &Rows) {
    let bank = hub.bank();
    for row in rows.of("refunds") {
        let (id, state, sen) = (row.text("id"), row.text("state"), row.int("amount"));
        let theirs = bank.refunds.get(id).filter(|refund| refund.done);
        let expected = (state == "succeeded").then_some(sen);
        findings.expect(theirs.map(|refund| refund.sen) == expected, || {
            format!("the refund {id} of {sen} is {state}; at the bank: {theirs:?}")
        });
    }
    for row in rows.of("payments") {
        let id = row.text("id");
        let refunds = rows.of("refunds").iter();
        let done = refunds.filter(|refund| {
            refund.text("payment_id") == id && refund.text("state") == "succeeded"
        });
        let sum: i64 = done.map(|refund| refund.int("amount")).sum();
        let (amount, reserved) = (row.int("amount"), row.int("refund_reserved"));
        findings.expect(sum == row.int("refunded") && reserved == 0, || {
            format!("the payment {id} has {reserved} reserved, and its refunds are {sum}")
        });
        let back = bank.given_back(id);
        findings.expect(back <= amount && back == sum, || {
            format!("{back} of {amount} went back for {id}, and its refunds are {sum}")
        });
    }
    for id in bank.refunds.keys() {
        let known = rows.of("refunds").iter().any(|row| row.text("id") == id);
        findings.expect(known, || {
            format!("the bank has the refund {id}, which nobody knows")
        });
    }
}
