//! `gerbang balance`: what a linked customer has.

use std::process::ExitCode;

use merchant_sdk::{AccountInfo, Outcome};
use serde_json::json;
use snap::Amount;

use super::{Session, ended};
use crate::cli::CustomerOperationArgs;
use crate::screen;

/// Asks and shows.
pub async fn run(args: CustomerOperationArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.operation)?;
    let (linked, customer) = session.customer(args.customer.as_deref())?;
    let outcome = customer.balance().await;
    session.keep(&linked, &customer).await?;
    let balance = match outcome.map_err(|error| session.explain(error))? {
        Outcome::Done(balance) => balance,
        Outcome::Refused { code, meaning } => {
            return Ok(ended::refused(&session, "the inquiry", &code, &meaning));
        }
        Outcome::Unknown(lost) => {
            return Ok(ended::unknown(
                &session,
                "the inquiry",
                "",
                &lost,
                &["balance".to_owned()],
            ));
        }
    };
    if session.json {
        let one = |account: &AccountInfo| {
            json!({
                "type": account.balance_type,
                "available": account.available_balance.map(|amount| amount.to_string()),
                "amount": account.amount.map(|amount| amount.to_string()),
                "held": account.hold_amount.map(|amount| amount.to_string()),
            })
        };
        let balances: Vec<_> = balance.account_infos.iter().map(one).collect();
        screen::json(&json!({
            "outcome": "done",
            "customer": linked.customer,
            "balances": balances,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let text = |amount: Option<Amount>| amount.map(Amount::rupiah_text).unwrap_or_default();
    let row = |account: &AccountInfo| {
        vec![
            account.balance_type.clone(),
            text(account.available_balance),
            text(account.hold_amount),
        ]
    };
    screen::heading(format!("{} has", linked.customer));
    let rows: Vec<Vec<String>> = balance.account_infos.iter().map(row).collect();
    screen::table(&["kind", "available", "held"], &rows);
    Ok(ExitCode::SUCCESS)
}
