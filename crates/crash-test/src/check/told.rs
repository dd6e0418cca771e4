//! What merchants and customers were told, against what is there now.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use merchant_sdk::pages::Ending;
use snap::messages::status::StatusResponse;
use snap::paths;

use super::Findings;
use crate::bodies;
use crate::book::{Book, Paying};
use crate::calls::Caller;
use crate::ears::Heard;
use crate::rows::Rows;

/// The statuses that a payment stays in, but for 00, which may become 04.
const FINAL: [&str; 4] = ["00", "04", "05", "06"];

/// Asks for every payment's status and for every code's token.
pub(super) async fn status_now(
    findings: &mut Findings,
    book: &Book,
    caller: &mut Caller,
) -> Result<()> {
    for (reference, payment) in &book.payments {
        let wire = caller.wire(paths::STATUS, bodies::status(reference)?);
        let said = caller.insist(wire, None).await;
        let now: Option<StatusResponse> = said
            .as_ref()
            .filter(|said| said.done)
            .and_then(|said| serde_json::from_slice(&said.body).ok());
        match now {
            Some(now) => one_payment(findings, reference, payment, &now),
            None => {
                let never = said.is_some_and(|said| said.code == "4045501");
                findings.expect(never && !payment.accepted && !payment.looks_paid(), || {
                    format!("{reference} was accepted and is not known")
                });
            }
        }
    }
    for (code, link) in &book.bindings {
        let wire = caller.wire(paths::TOKEN_B2B2C, bodies::exchange(code, false)?);
        let good = caller
            .insist(wire, None)
            .await
            .is_some_and(|said| said.done);
        findings.expect(!(good && link.ended), || {
            format!("a binding that had ended gives a token: {code}")
        });
        findings.expect(good || !link.was_active || link.ending, || {
            format!("a binding was active and gives no token: {code}")
        });
    }
    Ok(())
}

pub(super) fn one_payment(
    findings: &mut Findings,
    reference: &str,
    payment: &Paying,
    now: &StatusResponse,
) {
    let is = now.latest_transaction_status.as_str();
    let paid = matches!(is, "00" | "04");
    findings.expect(FINAL.contains(&is), || {
        format!("{reference} never ended: {is}")
    });
    findings.expect(now.trans_amount == Some(payment.amount), || {
        format!("{reference} has another amount: {:?}", now.trans_amount)
    });
    for before in payment
        .statuses
        .iter()
        .filter(|status| FINAL.contains(&status.as_str()))
    {
        findings.expect(before == is || (before == "00" && is == "04"), || {
            format!("{reference} was {before} and is {is}")
        });
    }
    findings.expect(payment.refused.is_none() || !paid, || {
        format!(
            "{reference} was refused with {:?} and is {is}",
            payment.refused
        )
    });
    match payment.seen_by_customer {
        Some(Ending::Completed) => findings.expect(paid, || {
            format!("the customer saw that {reference} was paid, and it is {is}")
        }),
        Some(Ending::Cancelled) => findings.expect(!paid, || {
            format!("the customer saw that {reference} was cancelled, and it is {is}")
        }),
        _ => {}
    }
    for refund in &payment.refunds {
        let found = now
            .refund_history
            .iter()
            .find(|one| one.partner_refund_no.as_ref() == Some(&refund.number));
        let made = found.is_some_and(|one| {
            one.refund_status == "00" && one.refund_amount == Some(refund.amount)
        });
        findings.expect(refund.done.is_none_or(|done| done == made), || {
            format!(
                "{reference}: the refund {} was told {:?} and is {found:?}",
                refund.number, refund.done
            )
        });
    }
}

/// Every accepted reference exists once, and none that nobody asked for.
pub(super) fn references(findings: &mut Findings, books: &[Book], gateway: &Rows) {
    let mut there: BTreeMap<&str, u32> = BTreeMap::new();
    for row in gateway.of("payments") {
        *there.entry(row.text("partner_reference_no")).or_default() += 1;
    }
    let mut asked = BTreeSet::new();
    for (reference, payment) in books.iter().flat_map(|book| &book.payments) {
        asked.insert(reference.as_str());
        let times = there.get(reference.as_str()).copied().unwrap_or_default();
        findings.expect(times == 1 || (times == 0 && !payment.accepted), || {
            format!("{reference} is there {times} times")
        });
    }
    for reference in there.keys() {
        findings.expect(asked.contains(reference), || {
            format!("nobody asked for {reference}")
        });
    }
}

/// A link at the bank for every active binding and for no other.
pub(super) fn bindings(findings: &mut Findings, gateway: &Rows, bank: &Rows) {
    let linked: BTreeSet<&str> = bank
        .of("links")
        .filter(|row| row.text("state") == "linked")
        .map(|row| row.text("partner_reference_no"))
        .collect();
    for row in gateway.of("bindings") {
        let (id, state) = (row.text("id"), row.text("state"));
        findings.expect((state == "active") == linked.contains(id), || {
            format!(
                "the binding {id} is {state}, and linked at the bank: {}",
                linked.contains(id)
            )
        });
        findings.expect(matches!(state, "active" | "ended" | "failed"), || {
            format!("the binding {id} is still {state}")
        });
    }
    let known: BTreeSet<&str> = gateway.of("bindings").map(|row| row.text("id")).collect();
    for link in bank.of("links") {
        let (reference, state) = (link.text("partner_reference_no"), link.text("state"));
        findings.expect(known.contains(reference), || {
            format!("the bank has a {state} link that the gateway does not know: {reference}")
        });
    }
}

/// Every final state was told, in order and without contradiction.
pub(super) fn notifications(findings: &mut Findings, heard: &[Heard], gateway: &Rows) {
    let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in heard {
        let statuses = told.entry(&one.reference).or_default();
        if !statuses.contains(&one.status.as_str()) {
            statuses.push(&one.status);
        }
    }
    for row in gateway.of("payments") {
        let reference = row.text("partner_reference_no");
        let expected: &[&str] = match row.text("state") {
            "succeeded" => &["00"],
            "refunded" => &["00", "04"],
            "cancelled" => &["05"],
            "failed" => &["06"],
            other => {
                findings.wrong.push(format!("{reference} is still {other}"));
                continue;
            }
        };
        let statuses = told.remove(reference).unwrap_or_default();
        findings.expect(statuses == expected, || {
            format!(
                "{reference} is {}, and its merchant was told {statuses:?}",
                row.text("state")
            )
        });
    }
    for reference in told.keys() {
        findings.wrong.push(format!(
            "a notification about {reference}, which does not exist"
        ));
    }
}
