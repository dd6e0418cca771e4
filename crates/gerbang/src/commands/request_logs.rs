//! `gerbang logs tail`: what a merchant's requests came to at the gateway, and why they failed.

use std::process::ExitCode;

use serde_json::Value;
use snap::timestamp::format_jakarta;

use crate::cli::{LogsAction, LogsArgs, TailArgs};
use crate::management::Management;
use crate::profiles::Profile;
use crate::screen;
use crate::stopping::Signals;

/// How long the gateway holds a question open, in seconds; the SDK gives up after 30.
const WAIT_S: u64 = 20;

/// Does what is asked.
pub async fn run(args: LogsArgs) -> anyhow::Result<ExitCode> {
    match args.action {
        LogsAction::Tail(args) => tail(args).await,
    }
}

/// The latest requests, and then each that comes, until it is stopped.
async fn tail(args: TailArgs) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let profile = Profile::chosen(&args.profile)?;
    let instead = "DOKU's back office shows the requests; `gerbang verify` finds what is wrong with a signature";
    profile.refuse_doku("logs", instead)?;
    let gateway = Management::of_merchant(&profile)?;
    let mut query = vec![("limit", args.lines.to_string())];
    query.extend(args.failed.then(|| ("failed", "true".to_owned())));
    query.extend(
        args.method
            .as_ref()
            .map(|method| ("method", method.to_uppercase())),
    );
    query.extend(args.path.clone().map(|path| ("path", path)));
    loop {
        let body = tokio::select! {
            body = gateway.get("requests", &query) => body?,
            () = signals.wait() => return Ok(ExitCode::SUCCESS),
        };
        let requests = body.get("requests").and_then(Value::as_array);
        for request in requests.into_iter().flatten() {
            if args.json {
                screen::json_line(request);
            } else {
                tell(request);
            }
        }
        let cursor = body.get("nextCursor").and_then(Value::as_str);
        let cursor = cursor.unwrap_or("0").to_owned();
        query.retain(|(name, _)| !matches!(*name, "cursor" | "wait" | "limit"));
        query.push(("cursor", cursor));
        query.push(("wait", WAIT_S.to_string()));
    }
}

fn tell(request: &Value) {
    let text = |name: &str| {
        request
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let number = |name: &str| {
        request
            .get(name)
            .and_then(Value::as_i64)
            .unwrap_or_default()
    };
    let time = format_jakarta(number("atMs"));
    let time = time.get(11..19).unwrap_or_default();
    let (status, took_ms) = (number("status"), number("tookUs") / 1_000);
    let (code, method, path) = (text("responseCode"), text("method"), text("path"));
    let line = format!("{time}  {status}  {code:<7}  {method:<6} {path}  {took_ms} ms");
    if status < 400 {
        screen::good(line);
        return;
    }
    screen::bad(line);
    let found = match text("finding") {
        "" => text("responseMessage"),
        finding => finding,
    };
    let beneath = [
        ("", found),
        ("we signed  ", text("stringToSign")),
        ("body       ", text("body")),
        ("trace      ", text("traceId")),
    ];
    for (name, text) in beneath {
        if name.is_empty() && !text.is_empty() {
            screen::line(format!("            {text}"));
        } else if !text.is_empty() {
            screen::note(format!("            {name}{text}"));
        }
    }
}
