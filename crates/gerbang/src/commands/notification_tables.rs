//! Notifications and tries as tables and lines.

use serde_json::Value;

use crate::screen;

/// The columns of a list of notifications.
pub const NOTIFICATIONS: &[&str] = &[
    "created",
    "merchant",
    "kind",
    "reference",
    "state",
    "tries",
    "next try",
    "id",
];
/// The columns of a list of tries.
pub const TRIES: &[&str] = &[
    "at",
    "merchant",
    "reference",
    "outcome",
    "HTTP",
    "ms",
    "error",
    "notification",
];
/// The columns of one notification's tries.
const OWN_TRIES: &[&str] = &[
    "at", "outcome", "HTTP", "ms", "address", "key", "error", "answer",
];

/// Notifications, a row each.
pub fn notification_rows(all: &[Value]) -> Vec<Vec<String>> {
    let row = |one| {
        let mut row = cells(one, &["createdAt", "merchantId", "kind"]);
        row.push(reference(one));
        row.extend(cells(one, &["state", "tries", "nextTryAt", "id"]));
        row
    };
    all.iter().map(row).collect()
}

/// Tries of several notifications, a row each.
pub fn try_rows(all: &[Value]) -> Vec<Vec<String>> {
    let row = |one| {
        let mut row = cells(one, &["at", "merchantId"]);
        row.push(reference(one));
        let rest = [
            "outcome",
            "httpStatus",
            "durationMs",
            "detail",
            "notificationId",
        ];
        row.extend(cells(one, &rest));
        row
    };
    all.iter().map(row).collect()
}

/// A try on one line.
pub fn try_line(one: &Value) -> String {
    let mut line = cells(one, &["at", "merchantId"]);
    line.push(reference(one));
    line.extend(cells(one, &["outcome", "httpStatus"]));
    line.push(format!("{} ms", text(one, "durationMs")));
    line.push(text(one, "detail"));
    line.retain(|cell| !cell.is_empty() && cell != "-");
    line.join("  ")
}

/// One notification with its tries.
pub fn show(one: &Value) {
    let names = [
        ("id", "id"),
        ("merchant", "merchantId"),
        ("kind", "kind"),
        ("payment or binding", "subject"),
        ("reference", "partnerReferenceNo"),
        ("transaction status", "transactionStatus"),
        ("X-EXTERNAL-ID", "externalId"),
        ("created", "createdAt"),
        ("state", "state"),
        ("next try", "nextTryAt"),
        ("tries", "triesInAll"),
        ("body", "body"),
    ];
    for (name, member) in names {
        screen::value(name, text(one, member));
    }
    let tries = one.get("attempts").and_then(Value::as_array);
    let tries = tries.cloned().unwrap_or_default();
    if !tries.is_empty() {
        screen::gap();
        screen::table(OWN_TRIES, &own_try_rows(&tries));
    }
}

fn own_try_rows(all: &[Value]) -> Vec<Vec<String>> {
    let members = [
        "at",
        "outcome",
        "httpStatus",
        "durationMs",
        "address",
        "keyId",
        "detail",
        "answer",
    ];
    all.iter().map(|one| cells(one, &members)).collect()
}

/// A member as text that a terminal can be shown: merchants write some of it.
pub fn text(one: &Value, member: &str) -> String {
    let text = match one.get(member) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let shown = |letter: char| {
        let turns = matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || turns {
            ' '
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
}

fn cells(one: &Value, members: &[&str]) -> Vec<String> {
    members.iter().map(|member| text(one, member)).collect()
}

/// What people know it by: the payment's reference, or the id of what it is about.
fn reference(one: &Value) -> String {
    match text(one, "partnerReferenceNo").as_str() {
        "-" => text(one, "subject"),
        number => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_has_a_cell_for_each_column_and_says_what_is_missing() {
        let one = json!({
            "id": "n1", "merchantId": "M1", "kind": "payment", "partnerReferenceNo": "INV-1",
            "state": "resting", "tries": 10, "nextTryAt": null,
            "createdAt": "2026-01-02T03:04:05+07:00",
        });
        let row = notification_rows(&[one]).remove(0);
        let expected = [
            "2026-01-02T03:04:05+07:00",
            "M1",
            "payment",
            "INV-1",
            "resting",
            "10",
            "-",
            "n1",
        ];
        assert_eq!(row, expected);
        assert_eq!(NOTIFICATIONS.len(), row.len());
        assert_eq!(TRIES.len(), try_rows(&[json!({})])[0].len());
        assert_eq!(OWN_TRIES.len(), own_try_rows(&[json!({})])[0].len());
    }

    #[test]
    fn a_line_says_what_came_of_a_try() {
        let one = json!({
            "at": "2026-01-02T03:04:05+07:00", "merchantId": "M1", "partnerReferenceNo": null,
            "subject": "b1", "outcome": "refused", "httpStatus": 503, "durationMs": 12,
            "detail": "5035600",
        });
        assert_eq!(
            try_line(&one),
            "2026-01-02T03:04:05+07:00  M1  b1  refused  503  12 ms  5035600"
        );
    }

    #[test]
    fn what_a_merchant_answered_cannot_drive_the_terminal() {
        let one = json!({ "answer": "a\u{1b}[2J\u{9b}31m\r\nb\u{202e}c\u{7}" });
        assert_eq!(text(&one, "answer"), "a [2J 31m  b c ");
    }
}
