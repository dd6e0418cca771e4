//! Everything the binary prints goes through here: the only place that writes to stdout and stderr.
//!
//! Colour is used on terminals only; `NO_COLOR`, `CLICOLOR` and `TERM=dumb` are respected.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the one place that prints"
)]

use std::fmt::Display;
use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Color, Style};
use comfy_table::{ContentArrangement, Table, presets};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const PRINT: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::Black)))
    .bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));
const NAME: Style = AnsiColor::Cyan.on_default();

/// A terminal narrower than this does not tell its true width; lines are left to it.
const NARROWEST: u16 = 40;

/// Whether somebody reads what is printed.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// A line as it is.
pub fn line(text: impl Display) {
    anstream::println!("{text}");
}

/// An empty line.
pub fn gap() {
    anstream::println!();
}

/// A heading.
pub fn heading(text: impl Display) {
    anstream::println!("{STRONG}{text}{STRONG:#}");
}

/// A name and its value, aligned.
pub fn value(name: &str, value: impl Display) {
    anstream::println!("  {NAME}{name:<24}{NAME:#} {value}");
}

/// Something less important.
pub fn note(text: impl Display) {
    anstream::println!("{FAINT}{text}{FAINT:#}");
}

/// A command to copy: the binary by the name it was started by, with these arguments.
pub fn command(arguments: impl Display) {
    let started_as = std::env::args().next();
    let binary = started_as.as_deref().unwrap_or("gerbang");
    anstream::println!("    {NAME}{binary} {arguments}{NAME:#}");
}

/// Something worked.
pub fn good(text: impl Display) {
    anstream::println!("{GOOD}✓{GOOD:#} {text}");
}

/// Something did not work; the walk goes on to say why.
pub fn bad(text: impl Display) {
    anstream::println!("{BAD}✗{BAD:#} {text}");
}

/// One step of the demo: what was asked, what was answered, how long it took.
pub fn step(number: usize, ok: bool, request: &str, answer: &str, took_ms: u128) {
    let (mark, style) = if ok { ("✓", GOOD) } else { ("✗", BAD) };
    anstream::println!("{style}{mark}{style:#} {STRONG}{number:>2}{STRONG:#}  {request}");
    anstream::println!("      {FAINT}→{FAINT:#} {answer}  {FAINT}{took_ms} ms{FAINT:#}");
}

/// A table with a header.
pub fn table(header: &[&str], rows: &[Vec<String>]) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    if table.width().is_some_and(|width| width >= NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in rows {
        table.add_row(row);
    }
    anstream::println!("{table}");
}

/// A picture of blocks, black on white whatever the terminal's colours are.
pub fn dark_on_light(picture: &str) {
    for line in picture.lines() {
        anstream::println!("{PRINT}{line}{PRINT:#}");
    }
}

/// JSON for scripts, on stdout and never coloured.
pub fn json(value: &serde_json::Value) {
    println!("{value:#}");
}

/// A JSON object on one line.
pub fn json_line(value: &serde_json::Value) {
    println!("{value}");
}

/// Something that scripts need not hear, on stderr.
pub fn aside(text: impl Display) {
    anstream::eprintln!("{FAINT}{text}{FAINT:#}");
}

/// An error with its causes, on stderr.
pub fn error(error: &anyhow::Error) {
    anstream::eprintln!("{BAD}error:{BAD:#} {error}");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some libraries repeat in a message what they give as its cause.
        if !last.ends_with(&cause) {
            anstream::eprintln!("  {FAINT}because:{FAINT:#} {cause}");
        }
        last = cause;
    }
}
