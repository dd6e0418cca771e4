//! `gerbang notification`: what became of notifications, and sending again, through the management API.
//!
//! What is shown was written by merchants' servers: it is printed without control characters.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use snap::timestamp::{Timestamp, format_jakarta};

use super::notification_tables::{self as tables, text};
use super::span;
use crate::cli::{ListArgs, NotificationAction, NotificationArgs, ResendArgs, Which};
use crate::management::{Answered, Management, said};
use crate::screen;
use crate::stopping::Signals;

/// The largest page that a gateway gives.
const PAGE: usize = 200;
/// How often `tail` asks.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A try is recorded when it is over, so one that began before others may be seen after them.
const LOOK_BACK_MS: i64 = 60_000;
/// Tries that `tail` looks through at once.
const MOST: usize = 10_000;

/// Does what is asked.
pub async fn run(args: NotificationArgs) -> anyhow::Result<ExitCode> {
    let gateway = Management::of(&args)?;
    match args.action {
        NotificationAction::List(list) => show_list(&gateway, &list, args.json).await?,
        NotificationAction::Show { id } => {
            let body = gateway.get(&format!("notifications/{id}"), &[]).await?;
            let one = body.get("notification").cloned().unwrap_or_default();
            if args.json {
                screen::json(&one);
            } else {
                tables::show(&one);
            }
        }
        NotificationAction::Resend(ResendArgs { id: Some(id), .. }) => {
            let path = format!("notifications/{id}/resend");
            let body = said(gateway.post(&path, &json!({})).await?)?;
            let changed = body.get("resent").and_then(Value::as_u64) == Some(1);
            match (args.json, changed) {
                (true, _) => screen::json(&json!({ "resent": u8::from(changed) })),
                (_, true) => screen::good(format!("{id} is due now")),
                (_, false) => screen::note(format!("{id} was due already")),
            }
        }
        NotificationAction::Resend(many) => {
            let resent = resend(&gateway, &many).await?;
            if args.json {
                screen::json(&json!({ "resent": resent }));
            } else {
                screen::good(format!("{resent} notifications are due now"));
            }
        }
        NotificationAction::Tail { merchant } => tail(&gateway, merchant, args.json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn show_list(gateway: &Management, args: &ListArgs, as_json: bool) -> anyhow::Result<()> {
    let of_tries = [
        ("outcome", args.outcome.clone()),
        ("httpStatus", args.status.map(|status| status.to_string())),
        ("address", args.address.clone()),
        ("text", args.text.clone()),
    ];
    let of_notifications = [
        ("state", args.state.clone()),
        ("partnerReferenceNo", args.reference.clone()),
    ];
    let tries = of_tries.iter().any(|(_, value)| value.is_some());
    let (path, member) = if tries {
        ("attempts", "attempts")
    } else {
        ("notifications", "notifications")
    };
    let mut query = range(&args.which)?;
    for (name, value) in of_tries.into_iter().chain(of_notifications) {
        query.extend(value.map(|value| (name, value)));
    }
    let found = pages(gateway, path, member, query, args.limit).await?;
    if as_json {
        screen::json(&Value::Array(found));
    } else if found.is_empty() {
        screen::note("nothing fits");
    } else if tries {
        screen::table(tables::TRIES, &tables::try_rows(&found));
    } else {
        screen::table(tables::NOTIFICATIONS, &tables::notification_rows(&found));
    }
    Ok(())
}

/// Up to `limit` rows, page by page.
async fn pages(
    gateway: &Management,
    path: &str,
    member: &str,
    query: Vec<(&'static str, String)>,
    limit: usize,
) -> anyhow::Result<Vec<Value>> {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    while found.len() < limit {
        let mut query = query.clone();
        let page = PAGE.min(limit.saturating_sub(found.len()));
        query.push(("limit", page.to_string()));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let body = gateway.get(path, &query).await?;
        let rows = body.get(member).and_then(Value::as_array);
        found.extend(rows.cloned().unwrap_or_default());
        cursor = next(&body);
        if cursor.is_none() {
            break;
        }
    }
    Ok(found)
}

/// Batch after batch, as fast as the gateway allows. Interrupted, it may be started again.
async fn resend(gateway: &Management, args: &ResendArgs) -> anyhow::Result<u64> {
    let state = args.state.as_deref().context(
        "name one by its id, or say which: --state resting, or --state delivered --from TIME",
    )?;
    ensure!(
        state == "resting" || args.which.from.is_some(),
        "--state delivered needs --from: everything that ever arrived is hardly meant"
    );
    let mut wish: BTreeMap<&str, String> = range(&args.which)?.into_iter().collect();
    wish.insert("state", state.to_owned());
    let bar = ProgressBar::new_spinner();
    let mut resent: u64 = 0;
    loop {
        match gateway.post("notifications/resend", &json!(wish)).await? {
            Answered::Wait(wait) => {
                bar.set_message(format!(
                    "the gateway's limit: going on in {} s",
                    wait.as_secs()
                ));
                tokio::time::sleep(wait).await;
                bar.set_message("");
            }
            Answered::Said(body) => {
                if let Some(total) = body.get("total").and_then(Value::as_u64) {
                    bar.set_length(total);
                    bar.set_style(ProgressStyle::with_template(
                        "{bar:30} {human_pos} of {human_len} {msg}",
                    )?);
                }
                resent += body.get("resent").and_then(Value::as_u64).unwrap_or(0);
                bar.set_position(resent);
                match next(&body) {
                    Some(cursor) => drop(wish.insert("cursor", cursor)),
                    None => break,
                }
            }
        }
    }
    bar.finish_and_clear();
    Ok(resent)
}

/// Shows each try once, as it is recorded, until it is stopped.
async fn tail(gateway: &Management, merchant: Option<String>, as_json: bool) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let mut query: Vec<(&'static str, String)> = Vec::new();
    query.extend(merchant.map(|merchant| ("merchant", merchant)));
    let newest = pages(gateway, "attempts", "attempts", query.clone(), 1).await?;
    let mut from = newest.first().and_then(look_back);
    let mut seen: Option<HashSet<String>> = from.is_none().then(HashSet::new);
    loop {
        let mut query = query.clone();
        query.extend(from.clone().map(|from| ("from", from)));
        let found = pages(gateway, "attempts", "attempts", query, MOST).await?;
        // The next look begins no earlier than this one, so what it can find again is in here.
        let name = |one| format!("{} {}", text(one, "notificationId"), text(one, "version"));
        let names: HashSet<String> = found.iter().map(name).collect();
        for one in found.iter().rev() {
            match &seen {
                Some(seen) if !seen.contains(&name(one)) && as_json => screen::json_line(one),
                Some(seen) if !seen.contains(&name(one)) => screen::line(tables::try_line(one)),
                _ => {}
            }
        }
        from = found.first().and_then(look_back).or(from);
        seen = Some(names);
        tokio::select! {
            () = signals.wait() => return Ok(()),
            () = tokio::time::sleep(ASK_EVERY) => {}
        }
    }
}

/// From when to look again after this try.
fn look_back(one: &Value) -> Option<String> {
    let at = Timestamp::parse(&text(one, "at")).ok()?;
    Some(format_jakarta(at.unix_ms().saturating_sub(LOOK_BACK_MS)))
}

fn range(which: &Which) -> anyhow::Result<Vec<(&'static str, String)>> {
    let time = |flag: &str, text: &Option<String>, day_adds_ms| {
        let time = text.as_deref().map(|text| span::time(text, day_adds_ms));
        let time = time.transpose();
        time.map(|time| time.map(format_jakarta))
            .with_context(|| format!("{flag} cannot be used"))
    };
    let all = [
        ("merchant", which.merchant.clone()),
        ("kind", which.kind.clone()),
        ("from", time("--from", &which.from, 0)?),
        ("to", time("--to", &which.to, span::DAY_MS)?),
    ];
    Ok(all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect())
}

fn next(body: &Value) -> Option<String> {
    Some(body.get("nextCursor")?.as_str()?.to_owned())
}
