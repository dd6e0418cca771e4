//! What is stored: nothing is open, no state went back, and it is what merchants were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Findings;
use crate::bank::Linked;
use crate::hub::Hub;
use crate::rows::{Row, Rows};

/// Nothing is due, and everything has ended.
pub(super) fn finished(findings: &mut Findings, rows: &Rows) {
    for (table, ends) in [
        (
            "payments",
            &["succeeded", "refunded", "cancelled", "failed"][..],
        ),
        ("refunds", &["succeeded", "failed"]),
        ("bindings", &["active", "ended", "failed"]),
        ("notifications", &["delivered"]),
    ] {
        for row in rows.of(table) {
            let (id, state) = (row.text("id"), row.text("state"));
            let due = row.is_due();
            findings.expect(ends.contains(&state) && !due, || {
                format!("{table}: {id} is {state}, and something is due: {due}")
            });
        }
    }
}

/// No state went back.
pub(super) fn forward(findings: &mut Findings, rows: &Rows) {
    let mut histories: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows.of("history") {
        let key = (row.text("noun"), row.text("subject"));
        histories.entry(key).or_default().push(row);
    }
    for ((noun, subject), mut steps) in histories {
        steps.sort_by_key(|row| row.int("version"));
        let states: Vec<&str> = steps.iter().map(|row| row.text("state")).collect();
        let mut pairs = states.iter().zip(states.iter().skip(1));
        findings.expect(pairs.all(|(from, to)| may_follow(noun, from, to)), || {
            format!("the {noun} {subject} went where it may not go: {states:?}")
        });
        let last = steps.last().map_or("", |row| row.text("state"));
        let rows = rows.of(&format!("{noun}s"));
        let now = rows.iter().find(|row| row.text("id") == subject);
        let now = now.map_or("", |row| row.text("state"));
        findings.expect(now == last, || {
            format!("the {noun} {subject} is {now}, and its history ends with {last}")
        });
    }
}

/// Whether one state may come right after another: `docs/state-machines.md`.
fn may_follow(noun: &str, from: &str, to: &str) -> bool {
    let next: &[&str] = match (noun, from) {
        ("payment", "created") => &[
            "unknown",
            "awaiting customer",
            "succeeded",
            "cancelled",
            "failed",
        ],
        ("payment", "unknown") => &["awaiting customer", "succeeded", "cancelled", "failed"],
        ("payment", "awaiting customer") => &["succeeded", "cancelled", "failed"],
        ("payment", "succeeded") => &["refunded"],
        ("refund", "created") => &["unknown", "succeeded", "failed"],
        ("refund", "unknown") => &["succeeded", "failed"],
        ("binding", "created") => &["unknown", "awaiting customer", "active", "failed"],
        ("binding", "unknown") => &["awaiting customer", "active", "failed"],
        ("binding", "awaiting customer") => &["active", "failed"],
        ("binding", "active") => &["ending", "ended"],
        ("binding", "ending") => &["ended"],
        _ => &[],
    };
    from == to || next.contains(&to)
}

/// What merchants were told is so.
pub(super) fn told(findings: &mut Findings, hub: &Arc<Hub>, rows: &Rows) {
    for shop in &hub.shops {
        let book = shop.book();
        for oddity in &book.oddities {
            findings.wrong.push(oddity.clone());
        }
        let of_shop = |row: &&Row| row.text("merchant_id") == shop.client_id;
        for (reference, paying) in &book.payments {
            let mut found = rows.of("payments").iter().filter(of_shop);
            let row = found.find(|row| row.text("partner_reference_no") == reference);
            let state = row.map_or("not there", |row| row.text("state"));
            let paid = matches!(state, "succeeded" | "refunded");
            findings.expect(!paying.accepted || row.is_some(), || {
                format!("{reference} was accepted and is not there")
            });
            findings.expect(!paying.refused || !paid, || {
                format!("{reference} was refused and is {state}")
            });
            findings.expect(
                row.is_none_or(|row| row.int("amount") == paying.sen),
                || format!("{reference} has another amount"),
            );
            for status in &paying.statuses {
                let good = match status.as_str() {
                    "00" => paid,
                    "04" => state == "refunded",
                    "05" => state == "cancelled",
                    _ => state == "failed",
                };
                findings.expect(good, || format!("{reference} was {status} and is {state}"));
            }
            for (number, sen, said) in &paying.refunds {
                let mut found = rows.of("refunds").iter().filter(of_shop);
                let row = found.find(|row| row.text("partner_refund_no") == number);
                let made = row.is_some_and(|row| {
                    row.text("state") == "succeeded" && row.int("amount") == *sen
                });
                findings.expect(said.is_none_or(|said| said == made), || {
                    format!("the refund {number} of {reference} was told {said:?}: {row:?}")
                });
            }
        }
        for (code, link) in &book.bindings {
            let row = rows.binding_of(code);
            let state = row.map_or("not there", |row| row.text("state"));
            findings.expect(row.is_some() && (!link.ended || state == "ended"), || {
                format!(
                    "the binding of {code} is {state}; its end was confirmed: {}",
                    link.ended
                )
            });
        }
        for row in rows.of("payments").iter().filter(of_shop) {
            let reference = row.text("partner_reference_no");
            findings.expect(book.payments.contains_key(reference), || {
                format!("nobody asked for {reference}")
            });
        }
    }
}

/// Every end of a payment was told to its merchant, in order.
pub(super) fn notified(findings: &mut Findings, hub: &Arc<Hub>, rows: &Rows) {
    for shop in &hub.shops {
        let book = shop.book();
        let mut heard: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (reference, status) in &book.heard {
            let statuses = heard.entry(reference).or_default();
            if !statuses.contains(&status.as_str()) {
                statuses.push(status);
            }
        }
        let mine = rows.of("payments").iter();
        for row in mine.filter(|row| row.text("merchant_id") == shop.client_id) {
            let (reference, state) = (row.text("partner_reference_no"), row.text("state"));
            let expected: &[&str] = match state {
                "succeeded" => &["00"],
                "refunded" => &["00", "04"],
                "cancelled" => &["05"],
                "failed" => &["06"],
                _ => &[],
            };
            let statuses = heard.remove(reference).unwrap_or_default();
            findings.expect(statuses == expected, || {
                format!("{reference} is {state}, and its merchant was told {statuses:?}")
            });
        }
        for reference in heard.keys() {
            findings.wrong.push(format!(
                "a notification about {reference}, which is not there"
            ));
        }
    }
}

/// A link at the bank for every active binding and for no other.
pub(super) fn links(findings: &mut Findings, hub: &Arc<Hub>, rows: &Rows) {
    let bank = hub.bank();
    let all = bank.links.iter();
    let linked: BTreeSet<&str> = all
        .filter(|(_, link)| link.state == Linked::Yes)
        .map(|(id, _)| id.as_str())
        .collect();
    for row in rows.of("bindings") {
        let (id, state) = (row.text("id"), row.text("state"));
        let there = linked.contains(id);
        // Who left in the bank's app is found out at the next call for this customer.
        let left = state == "active" && bank.links.get(id).is_some_and(|link| link.left);
        findings.expect(left || (state == "active") == there, || {
            format!("the binding {id} is {state}, and linked at the bank: {there}")
        });
    }
    for (id, link) in &bank.links {
        let known = rows.of("bindings").iter().any(|row| row.text("id") == id);
        findings.expect(known, || {
            format!("the bank has the link {id}, which nobody knows: {link:?}")
        });
        if link.left {
            findings.count("links left at the bank");
        }
    }
}

/// With an honest bank, only a forged notification is an alarm, and a refused one always is.
pub(super) fn alarms(findings: &mut Findings, hub: &Arc<Hub>, rows: &Rows) {
    let bank = hub.bank();
    for row in rows.of("alarms") {
        let (kind, subject) = (row.text("kind"), row.text("subject"));
        let forged = kind == "notify differs" && bank.forged.contains_key(subject);
        findings.expect(forged, || {
            format!("an alarm: {kind} {subject} {}", row.text("detail"))
        });
    }
    for (payment, _) in bank.forged.iter().filter(|(_, refused)| **refused) {
        findings.count("forged notifications refused");
        let mut alarms = rows.of("alarms").iter();
        findings.expect(alarms.any(|row| row.text("subject") == payment), || {
            format!("a notification about {payment} was forged, and there is no alarm")
        });
    }
}

/// What became of everything, for whoever asks whether there was anything.
pub(super) fn count(findings: &mut Findings, rows: &Rows) {
    for table in ["payments", "refunds", "bindings", "notifications"] {
        for row in rows.of(table) {
            findings.count(&format!("{table} {}", row.text("state")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_follow;

    #[test]
    fn what_has_ended_stays_as_it_ended() {
        for (noun, from, to) in [
            ("payment", "cancelled", "failed"),
            ("payment", "succeeded", "cancelled"),
            ("payment", "refunded", "failed"),
            ("payment", "awaiting customer", "unknown"),
            ("refund", "failed", "succeeded"),
            ("refund", "succeeded", "failed"),
            ("binding", "active", "failed"),
            ("binding", "ended", "active"),
        ] {
            assert!(!may_follow(noun, from, to), "{noun}: {from}, then {to}");
            assert!(may_follow(noun, from, from));
        }
    }
}
