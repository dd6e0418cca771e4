//! Every answer again: to the byte under the same external id, and the same under another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use snap::{Outcome, ReceivedCode, paths};

use super::Findings;
use crate::calls::{Caller, code_of};
use crate::hub::{Answer, Hub};
use crate::rows::Rows;
use crate::shop::Told;

/// A payment that has ended: what a merchant hears who never got the first answer.
const ENDED: &str = "4035400";

/// Repeats everything that merchants were told, through any gateway.
///
/// # Errors
/// When the database fails.
pub async fn ask_all_again(hub: Arc<Hub>) -> Result<Findings> {
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
                    None => usable(&mut findings, &caller, code).await?,
                };
                active.insert(code.clone(), usable);
                if !usable {
                    ended(&mut findings, &caller, &told).await;
                    continue;
                }
            }
            one(&mut findings, &caller, &told).await;
        }
    }
    Ok(findings)
}

/// Whether a customer's token can be had for an authCode: where it cannot, its binding is not active.
async fn usable(findings: &mut Findings, caller: &Caller, code: &str) -> Result<bool> {
    if caller.exchange(code).await {
        return Ok(true);
    }
    let app = caller.hub.gateways.alive().into_iter().next();
    let app = app.context("no gateway runs")?;
    let rows = Rows::read_work(&app.store.reader()).await?;
    let binding = rows.binding_of(code);
    findings.expect(
        binding.is_some_and(|row| row.text("state") != "active"),
        || format!("there is no token for {code}, the code of {binding:?}"),
    );
    Ok(false)
}

/// The binding has ended, and with it the token: nothing is answered any more.
async fn ended(findings: &mut Findings, caller: &Caller, told: &Told) {
    findings.count("asked with the token of an ended binding");
    let again = ask(caller, told).await;
    let (path, id) = (told.wire.path, &told.wire.external_id);
    findings.expect(outcome(&again) == Some(Outcome::Refused), || {
        format!(
            "{path} {id} has no binding any more, and was answered {}",
            said(&again)
        )
    });
}

async fn one(findings: &mut Findings, caller: &Caller, told: &Told) {
    let (path, id) = (told.wire.path, &told.wire.external_id);
    let again = ask(caller, told).await;
    let good = match (&again, outcome(&again)) {
        (Some(again), _) if told.done => again.status == 409 && again.body == told.body,
        // A refusal that claimed nothing is judged again: what refused our own token has passed.
        (_, Some(Outcome::Done)) => told.code.starts_with("401"),
        (_, outcome) => outcome == Some(Outcome::Refused),
    };
    findings.count(if told.done {
        "answers repeated"
    } else {
        "refusals judged again"
    });
    findings.expect(good, || {
        format!(
            "{path} {id} was answered {}, and again {}",
            show(told),
            said(&again)
        )
    });
    if told.done && matches!(path, paths::PAYMENT | paths::REFUND) {
        anew(findings, caller, told).await;
    }
}

/// The same question under an external id of its own.
async fn anew(findings: &mut Findings, caller: &Caller, told: &Told) {
    findings.count("asked anew");
    let (path, id) = (told.wire.path, &told.wire.external_id);
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

fn outcome(answer: &Option<Answer>) -> Option<Outcome> {
    let code = code_of(answer.as_ref()?)?;
    Some(ReceivedCode::parse(&code)?.outcome())
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
