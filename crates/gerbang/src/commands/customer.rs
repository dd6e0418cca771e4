//! `gerbang customer complete`: plays the customer on the hosted pages.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use merchant_sdk::pages::{self, Ending, Script, Visit};
use serde_json::json;
use snap::Secret;

use crate::cli::CompleteArgs;
use crate::sandbox::{Addresses, Customer};
use crate::screen;

/// The page said no.
const REFUSED: u8 = 3;
/// The customer cancelled or walked away.
const NOT_FINISHED: u8 = 4;
/// The page could not say how it ended.
const UNKNOWN: u8 = 5;

/// Plays it, says how it ended, and exits accordingly.
pub async fn run(args: CompleteArgs) -> anyhow::Result<ExitCode> {
    let script = script(&args)?;
    let visit = pages::complete(&args.url, &script).await.map_err(explain)?;
    if args.json {
        screen::json_line(&json!({
            "outcome": visit.ending.word(),
            "sent_to": visit.sent_to,
            "code": visit.code,
        }));
    } else {
        say(&visit);
    }
    Ok(match visit.ending {
        Ending::Completed => ExitCode::SUCCESS,
        Ending::Refused => ExitCode::from(REFUSED),
        Ending::Cancelled | Ending::Abandoned => ExitCode::from(NOT_FINISHED),
        Ending::Unknown => ExitCode::from(UNKNOWN),
    })
}

fn script(args: &CompleteArgs) -> anyhow::Result<Script> {
    let script = Script {
        inbox_url: args.inbox.clone(),
        customers: Vec::new(),
        wrong_otp: args.wrong_otp,
        wrong_pin: args.wrong_pin,
        cancel: args.cancel,
        abandon: args.abandon,
    };
    if let (Some(_), Some(phone_no), Some(pin)) = (&args.inbox, &args.phone, &args.pin) {
        let customer = pages::Customer {
            phone_no: phone_no.clone(),
            pin: Secret::new(pin),
        };
        return Ok(Script {
            customers: vec![customer],
            ..script
        });
    }
    let addresses = Addresses::read(&args.data)
        .context("--inbox, --phone and --pin are all needed where no sandbox tells them")?;
    Ok(Script {
        inbox_url: script.inbox_url.clone().or(Some(addresses.inbox_url)),
        customers: candidates(
            addresses.customers,
            args.phone.as_deref(),
            args.pin.as_deref(),
        )?,
        ..script
    })
}

/// Who it may be: the one that is named, or the demo customers, of whom the page shows one.
fn candidates(
    known: Vec<Customer>,
    phone: Option<&str>,
    pin: Option<&str>,
) -> anyhow::Result<Vec<pages::Customer>> {
    if let (Some(phone_no), Some(pin)) = (phone, pin) {
        return Ok(vec![pages::Customer {
            phone_no: phone_no.to_owned(),
            pin: Secret::new(pin),
        }]);
    }
    let named: Vec<pages::Customer> = known
        .into_iter()
        .filter(|customer| phone.is_none_or(|phone| customer.phone_no == phone))
        .map(|customer| pages::Customer {
            phone_no: customer.phone_no,
            pin: pin.map_or(customer.pin, Secret::new),
        })
        .collect();
    if named.is_empty() {
        bail!(
            "{} is no demo customer; give the PIN with --pin",
            phone.unwrap_or("nobody")
        );
    }
    Ok(named)
}

fn say(visit: &Visit) {
    let end = visit.end.as_deref().unwrap_or("no page said how it ended");
    let code = visit
        .code
        .as_deref()
        .map(|code| format!(", code {code}"))
        .unwrap_or_default();
    let line = format!("{}: {end}{code}", visit.ending.word());
    match visit.ending {
        Ending::Completed => screen::good(line),
        _ => screen::bad(line),
    }
    if let Some(sent_to) = &visit.sent_to {
        screen::value("sent to", sent_to);
    }
}

fn explain(error: pages::Error) -> anyhow::Error {
    let hint = match &error {
        pages::Error::NoInbox => "give --phone, or name the sandbox's folder with --data",
        pages::Error::NoPin => "give --pin, or name the sandbox's folder with --data",
        pages::Error::Page { .. } => "is the sandbox still running?",
        _ => return error.into(),
    };
    anyhow::Error::new(error).context(format!("the customer could not go on; {hint}"))
}
