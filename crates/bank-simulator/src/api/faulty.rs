//! Calls that go wrong because somebody wanted it so. Without a fault the work is done and answered, and nothing is
//! read or written for it.

use std::time::Duration;

use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use snap::{Amount, Case, PhoneNo, Refusal};

use super::Failure;
use super::answer::{answer, refused};
use super::call::Call;
use crate::bank::Bank;
use crate::faults::{OPEN_MS, Operation, Outcome, armed, magic, met};
use crate::line::Manner;
use crate::{Error, customers, demo};

/// Why a call goes wrong.
enum Cause {
    /// A tester armed it.
    Armed,
    /// Its amount or its customer asks for it: once for each reference.
    Itself,
}

/// Does the work and answers it, as well as the faults let it.
pub(super) async fn answered<T, W>(
    bank: &Bank,
    operation: Operation,
    call: &Call,
    work: W,
) -> Response
where
    T: Serialize,
    W: Future<Output = Result<T, Failure>>,
{
    let service = operation.service();
    let said: Option<Value> = call.said();
    let reference = operation
        .reference()
        .and_then(|name| said.as_ref()?.get(name)?.as_str());
    let outcome = match fault(bank, operation, call, said.as_ref(), reference).await {
        Ok(outcome) => outcome,
        Err(error) => return answer::<T>(bank, service, Err(error.into())),
    };
    if let Some(outcome) = outcome {
        tracing::info!(operation = operation.name(), %outcome, "a fault");
    }
    let in_progress = || refused(bank, service, &Refusal::new(Case::InProgress));
    match outcome {
        Some(Outcome::No(case)) => refused(bank, service, &Refusal::new(case)),
        Some(Outcome::Silent) => in_manner(in_progress(), Manner::Silent),
        Some(Outcome::Down) => in_manner(in_progress(), Manner::Cut),
        Some(Outcome::Late(seconds)) => {
            let late = Manner::Late(Duration::from_secs(seconds.into()));
            in_manner(answer(bank, service, work.await), late)
        }
        Some(Outcome::Lost) => in_manner(answer(bank, service, work.await), Manner::Cut),
        Some(Outcome::Open) => match work.await {
            Ok(_) => in_progress(),
            refused => answer(bank, service, refused),
        },
        Some(Outcome::Twice | Outcome::Early | Outcome::Forged) | None => {
            answer(bank, service, work.await)
        }
    }
}

fn in_manner(mut response: Response, manner: Manner) -> Response {
    response.extensions_mut().insert(manner);
    response
}

/// What goes wrong with this call. What is armed comes first.
async fn fault(
    bank: &Bank,
    operation: Operation,
    call: &Call,
    said: Option<&Value>,
    reference: Option<&str>,
) -> Result<Option<Outcome>, Error> {
    if bank.faults.met()
        && let Some(reference) = reference
        && let Some(until) = met::open_until(bank.db.read(), operation, reference).await?
    {
        let is_open = bank.clock.now_ms() < until;
        if is_open {
            return Ok(Some(Outcome::Open));
        }
    }
    let found = match armed_fault(bank, operation, call).await? {
        Some(outcome) => Some((outcome, Cause::Armed)),
        None => own_fault(bank, operation, call, said)
            .await?
            .map(|outcome| (outcome, Cause::Itself)),
    };
    let Some((outcome, cause)) = found else {
        return Ok(None);
    };
    let once = matches!(cause, Cause::Itself) && !matches!(outcome, Outcome::No(_));
    let Some(reference) = reference.filter(|_| once || outcome == Outcome::Open) else {
        return Ok(Some(outcome));
    };
    let now_ms = bank.clock.now_ms();
    let until = if outcome == Outcome::Open {
        now_ms + OPEN_MS
    } else {
        now_ms
    };
    let mut write = bank.db.write().await?;
    let first = met::note(&mut write, operation, reference, until).await?;
    write.commit().await?;
    bank.faults.set_met();
    Ok(Some(outcome).filter(|_| first || !once))
}

/// A stranger's call wears no fault out.
async fn armed_fault(
    bank: &Bank,
    operation: Operation,
    call: &Call,
) -> Result<Option<Outcome>, Error> {
    if !bank.faults.armed() || !call.names_partner(bank) {
        return Ok(None);
    }
    let mut write = bank.db.write().await?;
    let outcome = armed::take(&mut write, operation, |_| true).await?;
    write.commit().await?;
    Ok(outcome)
}

/// What the amount or the customer of a call asks for.
async fn own_fault(
    bank: &Bank,
    operation: Operation,
    call: &Call,
    said: Option<&Value>,
) -> Result<Option<Outcome>, Error> {
    let Some(said) = said else {
        return Ok(None);
    };
    let amount = match operation {
        Operation::Payment => said.pointer("/amount/value"),
        Operation::Refund => said.pointer("/refundAmount/value"),
        _ => None,
    };
    let sen = amount
        .and_then(Value::as_str)
        .and_then(|text| Amount::parse(text).ok())
        .map(Amount::sen);
    // The three refusals are given by the operation itself, after what else it refuses.
    if let Some(outcome) = sen.and_then(magic::of_call) {
        return Ok(Some(outcome).filter(|outcome| !matches!(outcome, Outcome::No(_))));
    }
    let Some(phone_no) = phone_of(bank, operation, call, said).await? else {
        return Ok(None);
    };
    let trouble = demo::trouble(&phone_no, operation);
    if trouble.is_some() && operation == Operation::Binding {
        let begun = customers::bindings_begun(bank.db.read(), &phone_no).await?;
        return Ok(trouble.filter(|_| begun % 2 == 0));
    }
    Ok(trouble)
}

/// Whom a call is about, where a customer can make trouble.
async fn phone_of(
    bank: &Bank,
    operation: Operation,
    call: &Call,
    said: &Value,
) -> Result<Option<String>, Error> {
    let text = |name| said.get(name).and_then(Value::as_str);
    let mut read = bank.db.read().acquire().await?;
    match operation {
        Operation::Binding => Ok(text("phoneNo")
            .and_then(PhoneNo::parse)
            .map(|phone_no| phone_no.normalised())),
        Operation::Unbinding => match text("linkId") {
            Some(link) => customers::phone_of_link(&mut *read, link).await,
            None => Ok(None),
        },
        Operation::Refund => match text("originalPartnerReferenceNo") {
            Some(payment) => customers::phone_of_payment(&mut *read, payment).await,
            None => Ok(None),
        },
        Operation::Balance => match call.customer(&mut read, bank).await {
            Ok(link) => customers::phone_of_link(&mut *read, &link.partner_reference_no).await,
            Err(Failure::Refused(_)) => Ok(None),
            Err(Failure::Broken(error)) => Err(error),
        },
        _ => Ok(None),
    }
}
