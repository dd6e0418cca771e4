//! `gerbang unbind`: ends the link to a customer's account. Past payments stay refundable.

use std::process::ExitCode;

use merchant_sdk::Outcome;
use serde_json::json;

use super::{Session, ended};
use crate::cli::CustomerOperationArgs;
use crate::screen;

/// Ends it.
pub async fn run(args: CustomerOperationArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.operation)?;
    let (linked, customer) = session.customer(args.customer.as_deref())?;
    let outcome = customer.unbind().await;
    match outcome.map_err(|error| session.explain(error))? {
        Outcome::Done(_) => {
            session
                .profile
                .customers
                .change(|kept| kept.unlink(&linked.customer))?;
            if session.json {
                screen::json(&json!({ "outcome": "done", "customer": linked.customer }));
            } else {
                screen::good(format!("{} is no longer linked", linked.customer));
                screen::note("payments of the past can still be refunded");
            }
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Refused { code, meaning } => {
            Ok(ended::refused(&session, "the unbinding", &code, &meaning))
        }
        Outcome::Unknown(lost) => {
            let again = [format!(
                "unbind --customer {}",
                super::quoted(&linked.customer)
            )];
            Ok(ended::unknown(&session, "the unbinding", "", &lost, &again))
        }
    }
}
