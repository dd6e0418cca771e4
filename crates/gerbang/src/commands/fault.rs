//! `gerbang bank fault`: arms, lists and clears the simulator's faults.

use serde_json::{Map, Value, json};

use super::control::Control;
use crate::cli::FaultArgs;
use crate::screen;

const PATH: &str = "/control/fault";

/// Arms, clears or lists. The simulator knows what can go wrong and says so when asked for something else.
pub async fn run(args: &FaultArgs) -> anyhow::Result<()> {
    let control = Control::of(&args.target)?;
    let answer = match (&args.operation, &args.outcome) {
        _ if args.clear => clear(&control, args).await?,
        (Some(operation), Some(outcome)) => arm(&control, args, operation, outcome).await?,
        (Some(operation), None) => {
            let listed = control.get(PATH).await?;
            let outcomes = outcomes_of(&listed, operation)?;
            anyhow::bail!("how should {operation} go wrong? Its outcomes are {outcomes}");
        }
        (None, _) => list(&control, args.json).await?,
    };
    if args.json {
        screen::json(&answer);
    }
    Ok(())
}

async fn arm(
    control: &Control,
    args: &FaultArgs,
    operation: &str,
    outcome: &str,
) -> anyhow::Result<Value> {
    let wish = json!({
        "operation": operation,
        "outcome": outcome,
        "times": args.times,
        "share": args.share,
        "seed": args.share.map(|_| args.seed),
    });
    let how_long = match (args.share, args.times.unwrap_or(1)) {
        (Some(share), _) => format!("for {share} of all calls, until it is cleared"),
        (None, 1) => "for the next call".to_owned(),
        (None, times) => format!("for the next {times} calls"),
    };
    let answer = control.post(PATH, &wish).await?;
    if !args.json {
        screen::good(format!("{operation} {outcome} {how_long}"));
    }
    Ok(answer)
}

async fn clear(control: &Control, args: &FaultArgs) -> anyhow::Result<Value> {
    let mut which = Vec::new();
    if let Some(operation) = &args.operation {
        which.push(("operation", operation.as_str()));
    }
    if let Some(outcome) = &args.outcome {
        which.push(("outcome", outcome.as_str()));
    }
    let answer = control.delete(PATH, &which).await?;
    if !args.json {
        let cleared = answer.get("cleared").and_then(Value::as_u64).unwrap_or(0);
        screen::good(match cleared {
            0 => "nothing was armed".to_owned(),
            1 => "one fault cleared".to_owned(),
            more => format!("{more} faults cleared"),
        });
    }
    Ok(answer)
}

async fn list(control: &Control, as_json: bool) -> anyhow::Result<Value> {
    let listed = control.get(PATH).await?;
    if as_json {
        return Ok(listed);
    }
    let faults = listed.get("faults").and_then(Value::as_array);
    let rows: Vec<Vec<String>> = faults
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(row)
        .collect();
    if rows.is_empty() {
        screen::line("no fault is armed");
    } else {
        let header = ["operation", "outcome", "for", "went wrong", "of calls"];
        screen::table(&header, &rows);
    }
    screen::gap();
    let operations = listed.get("operations").and_then(Value::as_object);
    let rows: Vec<Vec<String>> = operations
        .into_iter()
        .flatten()
        .map(|(operation, outcomes)| vec![operation.clone(), joined(outcomes)])
        .collect();
    screen::table(&["operation", "its outcomes"], &rows);
    Ok(listed)
}

fn row(fault: &Map<String, Value>) -> Vec<String> {
    let text = |name| match fault.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let how_long = match text("times").as_str() {
        "" => format!("{} of calls", text("share")),
        "1" => "the next call".to_owned(),
        times => format!("the next {times} calls"),
    };
    vec![
        text("operation"),
        text("outcome"),
        how_long,
        text("hits"),
        text("seen"),
    ]
}

fn outcomes_of(listed: &Value, operation: &str) -> anyhow::Result<String> {
    let operations = listed.get("operations").and_then(Value::as_object);
    let Some(operations) = operations else {
        anyhow::bail!("the simulator does not know faults; is it an older one?");
    };
    match operations.get(operation) {
        Some(outcomes) => Ok(joined(outcomes)),
        None => {
            let names: Vec<&str> = operations.keys().map(String::as_str).collect();
            let names = names.join(", ");
            anyhow::bail!("there is no operation `{operation}`; the operations are {names}")
        }
    }
}

fn joined(words: &Value) -> String {
    let words: Vec<&str> = words
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    words.join(", ")
}
