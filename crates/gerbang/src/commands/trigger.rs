//! `gerbang trigger`: makes something happen in a sandbox.

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::TriggerArgs;
use crate::screen;
use crate::triggering::{Stage, TRIGGERS, Trigger};

/// Makes it happen, or shows what can.
pub async fn run(args: TriggerArgs) -> anyhow::Result<ExitCode> {
    if args.list {
        list(args.json);
        return Ok(ExitCode::SUCCESS);
    }
    let name = args.event.as_deref().context(
        "say what should happen, such as `gerbang trigger payment.success`; --list shows what can",
    )?;
    let trigger = Trigger::find(name)?;
    let mut stage = Stage::open(&args.profile, args.json)?;
    trigger.pull(&mut stage).await?;
    if args.json {
        screen::json(&json!({
            "event": trigger.name,
            "hears": trigger.hears,
            "reference": stage.reference,
        }));
    } else {
        screen::note(format!("`gerbang listen` hears: {}", trigger.hears));
    }
    Ok(ExitCode::SUCCESS)
}

fn list(as_json: bool) {
    if as_json {
        let one = |trigger: &Trigger| json!({ "event": trigger.name, "happens": trigger.happens, "hears": trigger.hears });
        screen::json(&TRIGGERS.iter().map(one).collect());
        return;
    }
    let row = |trigger: &Trigger| {
        let all = [trigger.name, trigger.happens, trigger.hears];
        all.map(ToOwned::to_owned).to_vec()
    };
    let rows: Vec<Vec<String>> = TRIGGERS.iter().map(row).collect();
    screen::table(&["event", "what happens", "`gerbang listen` hears"], &rows);
    screen::gap();
    screen::note("`gerbang bank fault` makes the bank's calls go wrong one by one.");
}
