//! `gerbang copy-database`: one database into another, verified.

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use gateway::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use storage::Settings;
use storage::copy::{Copied, Progress, copy};

use crate::cli::CopyArgs;
use crate::screen;
use crate::stopping::Signals;

/// Copies and prints. The first Ctrl-C ends it after the batch that is under way.
pub async fn run(args: CopyArgs) -> anyhow::Result<ExitCode> {
    let stopped = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::listen()?;
    let waiting = tokio::spawn({
        let stopped = Arc::clone(&stopped);
        async move {
            signals.wait().await;
            stopped.store(true, Ordering::SeqCst);
        }
    });
    let clock = Clock::system();
    let bar = Bar::new();
    let mut watch = |progress| {
        bar.show(progress);
        if stopped.load(Ordering::SeqCst) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let (from, to) = (Settings::new(args.from), Settings::new(args.to));
    let now_ms = || clock.wall_now_ms();
    let copied = copy(&from, &to, args.start_over, &now_ms, &mut watch).await;
    bar.0.finish_and_clear();
    waiting.abort();
    let copied = copied.context("the database was not copied")?;
    if args.json {
        print_json(&copied);
    } else {
        print(&copied);
    }
    Ok(ExitCode::SUCCESS)
}

struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::no_length();
        let style =
            ProgressStyle::with_template("{msg:32} {wide_bar} {human_pos}/{human_len} {per_sec}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&self, progress: Progress) {
        match progress {
            Progress::Begun { resumed: true } => self.0.set_message("going on"),
            Progress::Begun { resumed: false } => self.0.set_message("beginning"),
            Progress::Copying { table, rows } => {
                self.0.reset();
                match rows {
                    Some(rows) => self.0.set_length(rows),
                    None => self.0.unset_length(),
                }
                self.0.set_message(format!("copying {table}"));
            }
            Progress::Copied { rows, .. } => self.0.inc(rows),
            Progress::Compared { table, rows } => {
                self.0.unset_length();
                self.0.set_message(format!("comparing {table}"));
                self.0.set_position(rows);
            }
        }
    }
}

fn print(copied: &Copied) {
    let rows: Vec<Vec<String>> = copied
        .tables
        .iter()
        .map(|(table, sum)| {
            vec![
                (*table).to_owned(),
                sum.rows.to_string(),
                format!("{:032x}", sum.sum),
            ]
        })
        .collect();
    screen::table(&["table", "rows", "checksum"], &rows);
    screen::gap();
    screen::good(if copied.was_complete {
        format!(
            "{} was a complete copy of {} already",
            copied.to, copied.from
        )
    } else {
        format!("{} holds what {} holds", copied.to, copied.from)
    });
    screen::note("Start gateways on one of the two only.");
}

fn print_json(copied: &Copied) {
    let tables: Vec<Value> = copied
        .tables
        .iter()
        .map(|(table, sum)| {
            json!({ "table": table, "rows": sum.rows, "checksum": format!("{:032x}", sum.sum) })
        })
        .collect();
    screen::json(&json!({
        "from": copied.from,
        "to": copied.to,
        "was_complete": copied.was_complete,
        "tables": tables,
    }));
}
