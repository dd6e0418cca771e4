//! `gerbang ledger check`: the proof that the journal agrees with every payment and refund.

use std::process::ExitCode;

use gateway::flows::ledger::{Day, LedgerReport, check};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use snap::Amount;

use super::open::open;
use crate::cli::{LedgerAction, LedgerArgs};
use crate::screen;

/// What it ends with when something is wrong.
const WRONG: u8 = 3;

/// Checks and prints.
pub async fn run(args: LedgerArgs) -> anyhow::Result<ExitCode> {
    let LedgerAction::Check = args.action;
    let app = open(args.place.config.as_deref(), args.place.data.as_deref()).await?;
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} rows, {per_sec}") {
        bar.set_style(style);
    }
    let report = check(&app.store, &mut |rows| bar.set_position(rows)).await;
    bar.finish_and_clear();
    app.store.close().await;
    let report = report?;
    if args.place.json {
        print_json(&report);
    } else {
        print(&report);
    }
    Ok(if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WRONG)
    })
}

fn print(report: &LedgerReport) {
    let rows: Vec<Vec<String>> = report
        .days
        .iter()
        .map(|((merchant, day), sums)| {
            let mut row = vec![day.clone(), merchant.as_str().to_owned()];
            row.push(sums.payments.to_string());
            row.extend(columns(sums).map(|(_, sen)| money(sen)));
            row
        })
        .collect();
    let mut header = vec!["day", "merchant", "payments"];
    header.extend(columns(&Day::default()).map(|(name, _)| name));
    if !rows.is_empty() {
        screen::table(&header, &rows);
        screen::gap();
    }
    screen::value("payments", report.payments);
    screen::value("refunds", report.refunds);
    screen::value("entries", report.entries);
    screen::gap();
    if report.is_sound() {
        screen::good("every entry balances and agrees with its payment or refund");
        return;
    }
    screen::bad(format!("{} things are wrong", report.violation_count));
    let rows: Vec<Vec<String>> = report
        .violations
        .iter()
        .map(|wrong| {
            vec![
                wrong.merchant.as_str().to_owned(),
                wrong.subject.clone(),
                wrong.what.clone(),
            ]
        })
        .collect();
    screen::table(&["merchant", "what", "why"], &rows);
}

fn columns(day: &Day) -> [(&'static str, i64); 7] {
    [
        ("paid", day.paid_sen),
        ("refunded", day.refunded_sen),
        ("fees", day.fees_sen),
        ("due", day.due_sen()),
        ("in the journal", day.owed_sen),
        ("late debits", day.late_sen),
        ("returned", day.late_returned_sen),
    ]
}

/// Also for what is owed the other way round.
fn money(sen: i64) -> String {
    let sign = if sen < 0 { "-" } else { "" };
    let amount = Amount::from_sen(sen.saturating_abs()).unwrap_or(Amount::ZERO);
    format!("{sign}{}", amount.rupiah_text())
}

fn print_json(report: &LedgerReport) {
    let days: Vec<Value> = report
        .days
        .iter()
        .map(|((merchant, day), sums)| {
            json!({
                "day": day,
                "merchant": merchant.as_str(),
                "payments": sums.payments,
                "paid_sen": sums.paid_sen,
                "refunded_sen": sums.refunded_sen,
                "fees_sen": sums.fees_sen,
                "due_sen": sums.due_sen(),
                "owed_sen": sums.owed_sen,
                "late_debits_sen": sums.late_sen,
                "late_returned_sen": sums.late_returned_sen,
                "suspense_sen": sums.suspense_sen,
            })
        })
        .collect();
    let violations: Vec<Value> = report
        .violations
        .iter()
        .map(|wrong| {
            json!({
                "merchant": wrong.merchant.as_str(),
                "subject": wrong.subject,
                "what": wrong.what,
            })
        })
        .collect();
    screen::json(&json!({
        "sound": report.is_sound(),
        "payments": report.payments,
        "refunds": report.refunds,
        "entries": report.entries,
        "violation_count": report.violation_count,
        "violations": violations,
        "days": days,
    }));
}
