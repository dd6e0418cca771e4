//! Every answer again: to the byte under the same external id, and the same under another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use snap::paths;

use super::Findings;
use crate::calls::{Caller, code_of};
use crate::hub::{Answer, Hub};
use crate::shop::Told;

/// A payment that has ended: what a merchant hears who never got the first answer.
const ENDED: &str = "4035400";

/// Repeats everything that merchants were told, through any gateway.
pub async fn ask_all_again(hub: Arc<Hub>) -> Findings {
    let mut findings = Findings::default();
    for at in 0..hub.shops.len() {
        let caller = Caller {
            hub: Arc::clone(&hub),
            at,
        };
        let answers = caller.shop().map(|shop| shop.book().answers.clone());
        let mut active: BTreeMap<String, bool> = BTreeMap::new();
        for told in answers.unwrap_or_default() {
            if let Some(code) = &told.wire.code {
                let usable = match active.get(code) {
                    Some(usable) => *usable,
                    None => caller.exchange(code).await,
                };
                active.insert(code.clone(), usable);
                // The binding has ended, so the question cannot be asked again.
                if !usable {
                    continue;
                }
            }
            one(&mut findings, &caller, &told).await;
        }
    }
    findings
}

async fn one(findings: &mut Findings, caller: &Caller, told: &Told) {
    let (path, id) = (told.wire.path, &told.wire.external_id);
    let again = ask(caller, told).await;
    let good = match &again {
        Some(again) if told.done => again.status == 409 && again.body == told.body,
        // A refusal that claimed nothing is judged again: what refused our own token has passed.
        Some(again) => !again_says_yes(again) || told.code.starts_with("401"),
        None => false,
    };
    findings.expect(good, || {
        format!(
            "{path} {id} was answered {}, and again {}",
            show(told),
            said(&again)
        )
    });
    if !told.done || !matches!(path, paths::PAYMENT | paths::REFUND) {
        return;
    }
    let fresh = crate::shop::Wire {
        external_id: caller.fresh("9"),
        ..told.wire.clone()
    };
    let again = ask(
        caller,
        &Told {
            wire: fresh,
            ..told.clone()
        },
    )
    .await;
    let same = again
        .as_ref()
        .is_some_and(|again| again.status == 200 && again.body == told.body);
    // Who never heard the first answer hears what is true now.
    let code = again.as_ref().and_then(code_of);
    let truth = told.tries > 1 && path == paths::PAYMENT && code.as_deref() == Some(ENDED);
    findings.expect(same || truth, || {
        format!(
            "{path} {id} was answered {}, and a new request {}",
            show(told),
            said(&again)
        )
    });
}

/// Asked twice where our own token had run out.
async fn ask(caller: &Caller, told: &Told) -> Option<Answer> {
    let first = caller.once(&told.wire).await;
    let code = first.as_ref().and_then(code_of).unwrap_or_default();
    if code.starts_with("401") && code.ends_with("01") {
        return caller.once(&told.wire).await;
    }
    first
}

fn again_says_yes(again: &Answer) -> bool {
    code_of(again).is_some_and(|code| code.starts_with("200"))
}

fn show(told: &Told) -> String {
    format!("{} {}", told.status, String::from_utf8_lossy(&told.body))
}

fn said(answer: &Option<Answer>) -> String {
    match answer {
        None => "not at all".to_owned(),
        Some(answer) => format!(
            "{} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        ),
    }
}
