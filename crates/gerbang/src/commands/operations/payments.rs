//! `gerbang pay`: begins a payment, and with `--wait` follows it to its end.
//!
//! The reference is kept before the call, so that whatever happens the payment can be asked for.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use merchant_sdk::{Amount, LineItem, NewPayment, Next, Outcome, Payment, Reference};
use serde_json::json;

use super::live::Live;
use super::return_page::ReturnPage;
use super::{Session, amounts, ended, pages, quoted, statuses};
use crate::cli::PayArgs;
use crate::commands::span;
use crate::screen;

/// What is bought in a sandbox where nothing is said.
const USUAL_ITEM: &str = "Kopi Gayo";
/// What it costs.
const USUAL_RUPIAH: u64 = 25_000;

/// Pays.
pub async fn run(args: PayArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.operation)?;
    let timeout = span::duration(&args.page.timeout)?;
    let (amount, items) = order(&session, &args)?;
    let (linked, customer) = session.customer(args.customer.as_deref())?;
    let reference = match &args.reference {
        Some(text) => Reference::new(text)?,
        None => Reference::random(),
    };
    let mut page = match args.wait && args.page.return_url.is_none() {
        true => Some(ReturnPage::listen().await?),
        false => None,
    };
    let return_to = pages::return_to(&session, &args.page, page.as_ref(), "/paid")?;
    let first = items.first().map(|item| item.name.clone());
    let remarks = args.remarks.clone().or(first).unwrap_or_default();
    let request = NewPayment::new(&reference, amount, &remarks, items, &return_to)?;
    let customers = &session.profile.customers;
    let before = customers.change(|kept| kept.last_payment.replace(reference.to_string()))?;

    let live = Live::show("asking for the payment")?;
    let outcome = customer.pay(&request).await;
    drop(live);
    session.keep(&linked, &customer).await?;
    let payment = match outcome.map_err(|error| session.explain(error))? {
        Outcome::Done(payment) => payment,
        Outcome::Refused { code, meaning } => {
            customers.change(|kept| kept.last_payment = before)?;
            return Ok(ended::refused(&session, "the payment", &code, &meaning));
        }
        Outcome::Unknown(lost) => {
            let reference = reference.as_str();
            let next = [format!("status {} --wait", quoted(reference))];
            return Ok(ended::unknown(
                &session,
                "the payment",
                reference,
                &lost,
                &next,
            ));
        }
    };
    let url = match &payment.next {
        Next::Paid(status) => return statuses::tell(&session, status, args.wait),
        Next::Page(url) => url,
    };
    told(&session, &args, &request, &payment);
    pages::show(&session, &args.page, url, linked.phone_no.as_deref())?;
    if !session.json && !args.wait {
        screen::note("how it stands:");
        session.next("status");
    }
    if !args.wait {
        return Ok(ExitCode::SUCCESS);
    }
    let code = statuses::wait(&session, reference.as_str(), &mut page, timeout).await?;
    if let Some(page) = page {
        page.stop().await;
    }
    Ok(code)
}

/// What is bought, and for how much.
fn order(session: &Session, args: &PayArgs) -> anyhow::Result<(Amount, Vec<LineItem>)> {
    let items: Vec<LineItem> = args
        .item
        .iter()
        .map(|item| amounts::item(item))
        .collect::<anyhow::Result<_>>()?;
    let amount = match (&args.amount, items.is_empty()) {
        (Some(amount), _) => amounts::amount(amount)?,
        (None, false) => amounts::sum(&items)?,
        (None, true) => {
            ensure!(
                session.profile.sandbox.is_some(),
                "say how much is to be paid, such as `gerbang pay 25000`"
            );
            Amount::from_rupiah(USUAL_RUPIAH).context("too much")?
        }
    };
    if !items.is_empty() {
        return Ok((amount, items));
    }
    let item = LineItem {
        name: USUAL_ITEM.to_owned(),
        price: amount,
        quantity: 1,
    };
    Ok((amount, vec![item]))
}

/// That it was accepted.
fn told(session: &Session, args: &PayArgs, request: &NewPayment, payment: &Payment) {
    if session.json && !args.wait {
        screen::json(&json!({
            "outcome": "done",
            "reference": request.reference(),
            "reference_no": payment.reference_no,
            "amount": request.amount().to_string(),
            "page": payment.page(),
            "attempts": ended::attempts(&payment.attempts),
        }));
    }
    if !session.json {
        let amount = request.amount().rupiah_text();
        screen::good(format!(
            "the payment of {amount} is accepted; the customer has not paid yet"
        ));
        screen::value("reference", request.reference());
    }
}
