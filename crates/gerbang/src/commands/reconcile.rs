//! `gerbang reconcile`: the journal against the bank's statement, with words for every difference.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use direct_debit::reconcile::Direction;
use gateway::flows::reconcile::{Found, Range, ReconcileError, Reconciled, reconcile};
use gateway::{App, Config, bank::Bank};
use serde_json::{Value, json};
use snap::{Amount, timestamp};

use super::{open, span, statement_file};
use crate::cli::ReconcileArgs;
use crate::sandbox::Addresses;
use crate::screen;

/// What it ends with when the two sides differ.
const DIFFERENT: u8 = 3;

/// Compares and prints.
pub async fn run(args: ReconcileArgs) -> anyhow::Result<ExitCode> {
    let range = Range {
        from_ms: span::time(&args.from, 0).context("--from cannot be used")?,
        until_ms: span::time(&args.to, span::DAY_MS).context("--to cannot be used")?,
    };
    ensure!(range.from_ms < range.until_ms, "--to is before --from");
    let lines = args.csv.as_deref().map(statement_file::read).transpose()?;
    let mut config = open::configuration(args.place.config.as_deref(), args.place.data.as_deref())?;
    if args.place.config.is_none() && lines.is_none() {
        find_bank_of_sandbox(&mut config, args.place.data.as_deref())?;
    }
    let app = open::open_as(config).await?;
    let compared = async {
        let bank = bank(&app, args.bank.as_deref())?;
        let result = reconcile(&app, &bank, range, lines)
            .await
            .map_err(|error| explained(error, &bank.profile().id, &app.config))?;
        anyhow::Ok((bank.profile().id.clone(), result))
    };
    let compared = compared.await;
    app.store.close().await;
    let (bank, result) = compared?;
    if args.place.json {
        print_json(&bank, range, &result);
    } else {
        print(&bank, range, &result);
    }
    Ok(if result.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DIFFERENT)
    })
}

/// Where the bank was asked, and the way without asking it.
fn explained(error: ReconcileError, bank: &str, config: &Config) -> anyhow::Error {
    let url = config.banks.get(bank).map(|bank| bank.base_url.as_str());
    match (&error, url) {
        (ReconcileError::NoStatement(_), Some(url)) => {
            let told = format!(
                "the bank was asked at {url}; try again when it answers there, or give its statement as a \
                 file with --csv FILE"
            );
            anyhow::Error::new(error).context(told)
        }
        _ => error.into(),
    }
}

/// A sandbox's bank is where it was started last.
fn find_bank_of_sandbox(config: &mut Config, data: Option<&Path>) -> anyhow::Result<()> {
    let addresses = Addresses::read(data.unwrap_or("gerbang-data".as_ref())).context(
        "the bank cannot be asked; start the sandbox, or give a statement with --csv FILE",
    )?;
    for bank in config.banks.values_mut() {
        bank.base_url.clone_from(&addresses.bank_url);
    }
    Ok(())
}

fn bank(app: &App, id: Option<&str>) -> anyhow::Result<Arc<Bank>> {
    let ids: Vec<&str> = app.config.banks.keys().map(String::as_str).collect();
    let id = match (id, ids.as_slice()) {
        (Some(id), _) => id,
        (None, [only]) => only,
        (None, _) => bail!("name the bank with --bank: {}", ids.join(", ")),
    };
    app.banks
        .get(id)
        .cloned()
        .with_context(|| format!("there is no bank {id}; there are: {}", ids.join(", ")))
}

fn print(bank: &str, range: Range, result: &Reconciled) {
    screen::heading(format!(
        "{bank}, from {} until {}",
        timestamp::format_jakarta(range.from_ms),
        timestamp::format_jakarta(range.until_ms)
    ));
    screen::value("agree", result.agreed);
    screen::value("in flight", result.in_flight.len());
    screen::value("late debits, returned", result.returned.len());
    screen::value("differences", result.differences.len());
    if !result.returned.is_empty() {
        screen::gap();
        screen::note("Debits for payments that had ended; the money is back:");
        table(&result.returned);
    }
    if result.differences.is_empty() {
        screen::gap();
        screen::good("journal and statement agree");
        return;
    }
    let mut kinds: Vec<_> = result
        .differences
        .iter()
        .filter_map(|found| found.difference)
        .collect();
    kinds.sort();
    kinds.dedup();
    for kind in kinds {
        screen::gap();
        screen::bad(kind.name());
        screen::line(format!("  {}", kind.meaning()));
        screen::line(format!("  {}", kind.remedy()));
        let of_kind = result.differences.iter();
        let of_kind: Vec<Found> = of_kind
            .filter(|found| found.difference == Some(kind))
            .cloned()
            .collect();
        table(&of_kind);
    }
}

fn table(found: &[Found]) {
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            vec![
                direction(one).to_owned(),
                one.reference.clone(),
                one.merchant
                    .as_ref()
                    .map_or("-", |id| id.as_str())
                    .to_owned(),
                money(one.here_sen),
                money(one.there_sen),
                timestamp::format_jakarta(one.at_ms),
            ]
        })
        .collect();
    screen::table(
        &[
            "what",
            "reference",
            "merchant",
            "here",
            "at the bank",
            "time",
        ],
        &rows,
    );
}

fn direction(found: &Found) -> &'static str {
    match found.direction {
        Direction::Debit => "payment",
        Direction::Credit => "refund",
    }
}

fn money(sen: Option<i64>) -> String {
    let amount = sen.and_then(Amount::from_sen);
    amount.map_or_else(|| "-".to_owned(), |amount| amount.rupiah_text())
}

fn print_json(bank: &str, range: Range, result: &Reconciled) {
    let list = |found: &[Found]| found.iter().map(described).collect::<Vec<Value>>();
    screen::json(&json!({
        "bank": bank,
        "from": timestamp::format_jakarta(range.from_ms),
        "until": timestamp::format_jakarta(range.until_ms),
        "agreed": result.agreed,
        "in_flight": list(&result.in_flight),
        "returned": list(&result.returned),
        "differences": list(&result.differences),
    }));
}

fn described(found: &Found) -> Value {
    let amount = |sen: Option<i64>| sen.and_then(Amount::from_sen).map(|a| a.to_string());
    let mut value = json!({
        "what": direction(found),
        "reference": found.reference,
        "merchant": found.merchant.as_ref().map(|id| id.as_str()),
        "amount_here": amount(found.here_sen),
        "amount_at_bank": amount(found.there_sen),
        "time": timestamp::format_jakarta(found.at_ms),
    });
    if let (Some(difference), Value::Object(members)) = (found.difference, &mut value) {
        members.insert("difference".to_owned(), json!(difference.name()));
        members.insert("meaning".to_owned(), json!(difference.meaning()));
        members.insert("remedy".to_owned(), json!(difference.remedy()));
    }
    value
}
