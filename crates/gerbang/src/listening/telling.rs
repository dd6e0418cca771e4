//! What came, as lines for people or JSON for programs.

use merchant_sdk::notifications::{Event, Notification};
use serde_json::{Value, json};
use snap::timestamp::format_jakarta;

use super::{Heard, Told, What};
use crate::screen;

/// A line for what came, and one for each application that it was handed on to.
pub fn tell(heard: &Heard) {
    let time = format_jakarta(heard.at_ms);
    let time = time.get(11..19).unwrap_or_default();
    match &heard.what {
        What::Rejected { path, why } => {
            screen::bad(format!("{time}  not verified: {why}  {path}"));
        }
        What::Verified(told) => {
            let subject = Subject::of(&told.notification);
            let amount = subject.amount.unwrap_or_default();
            let again = if told.again { ", again" } else { "" };
            let (event, name) = (told.event, subject.name);
            let line = format!("{time}  {event:<17}  {name:<32}  {amount:>14}  verified{again}");
            if told.is_taken() {
                screen::good(line);
            } else {
                screen::bad(line);
            }
            tell_forwarded(told);
        }
    }
}

/// A JSON object on one line.
pub fn tell_json(heard: &Heard) {
    let at = format_jakarta(heard.at_ms);
    screen::json_line(&match &heard.what {
        What::Rejected { path, why } => {
            json!({ "at": at, "verified": false, "path": path, "why": why })
        }
        What::Verified(told) => {
            let forwarded: Vec<Value> = told
                .forwarded
                .iter()
                .map(|one| {
                    let status = one.answer.as_ref().ok().map(|(status, _)| status);
                    let error = one.answer.as_ref().err();
                    json!({ "url": one.url, "status": status, "error": error, "took_ms": one.took_ms })
                })
                .collect();
            json!({
                "at": at,
                "verified": true,
                "event": told.event,
                "external_id": told.notification.external_id,
                "again": told.again,
                "taken": told.is_taken(),
                "forwarded": forwarded,
                "body": without_code(&told.body),
            })
        }
    });
}

fn tell_forwarded(told: &Told) {
    for one in &told.forwarded {
        let (url, took_ms) = (&one.url, one.took_ms);
        match &one.answer {
            Ok((status, _)) if one.is_taken() => {
                screen::note(format!("            → {url}  {status}  {took_ms} ms"));
            }
            Ok((status, text)) => screen::line(format!("            ✗ {url}  {status}  {text}")),
            Err(why) => screen::line(format!("            ✗ {url}  {why}")),
        }
    }
    if !told.is_taken() {
        screen::note("              answered as not taken, so the gateway sends it again");
    }
}

/// What a notification is about.
struct Subject {
    name: String,
    amount: Option<String>,
}

impl Subject {
    fn of(notification: &Notification) -> Self {
        match &notification.event {
            Event::Payment(payment) => {
                let refunded = payment.additional_info.refund_amount;
                Self {
                    name: payment.original_partner_reference_no.clone(),
                    amount: Some(refunded.unwrap_or(payment.amount).rupiah_text()),
                }
            }
            Event::Binding(binding) => Self {
                name: binding.additional_info.cust_id_merchant.clone(),
                amount: None,
            },
        }
    }
}

/// The body without the code that is worth a customer's token.
fn without_code(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(code) = body.pointer_mut("/additionalInfo/authCode") {
        *code = "***".into();
    }
    body
}
