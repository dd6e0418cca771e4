//! `gerbang alarms`: what somebody must look at, newest first.

use std::process::ExitCode;

use serde_json::{Value, json};
use snap::timestamp;
use storage::alarms::{self, Alarm};

use super::open::open;
use crate::cli::AlarmsArgs;
use crate::screen;

/// Reads and prints.
pub async fn run(args: AlarmsArgs) -> anyhow::Result<ExitCode> {
    let app = open(args.place.config.as_deref(), args.place.data.as_deref()).await?;
    let newest = alarms::newest(&app.store.reader(), args.limit.into()).await;
    app.store.close().await;
    let newest = newest?;
    if args.place.json {
        screen::json(&Value::Array(newest.iter().map(described).collect()));
    } else if newest.is_empty() {
        screen::good("no alarm was ever raised");
    } else {
        print(&newest);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(newest: &[Alarm]) {
    let rows: Vec<Vec<String>> = newest
        .iter()
        .map(|alarm| {
            vec![
                timestamp::format_jakarta(alarm.created_at_ms),
                alarm.kind.clone(),
                alarm.merchant.as_str().to_owned(),
                alarm.subject.clone(),
                alarm.detail.clone(),
            ]
        })
        .collect();
    screen::table(
        &["time", "alarm", "merchant", "about", "what happened"],
        &rows,
    );
}

fn described(alarm: &Alarm) -> Value {
    json!({
        "time": timestamp::format_jakarta(alarm.created_at_ms),
        "alarm": alarm.kind,
        "merchant": alarm.merchant.as_str(),
        "about": alarm.subject,
        "detail": alarm.detail,
    })
}
