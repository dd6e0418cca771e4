//! The demo from its first step to its last, and what its logs must never show.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::path::Path;

use serde_json::Value;
use shell::{command, stderr, stdout};

fn demo(data: &Path, log: &str) -> (std::process::Output, Vec<(String, String)>) {
    let record = data.parent().unwrap().join("seen.json");
    let output = command(&["demo", "--exit", "--port", "0", "--log", log])
        .arg("--data")
        .arg(data)
        .arg("--record-secrets")
        .arg(&record)
        .output()
        .unwrap();
    let seen: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(record).unwrap_or("[]".to_owned())).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        output,
        seen.iter()
            .map(|one| (text(&one["what"]), text(&one["secret"])))
            .collect(),
    )
}

#[test]
fn every_step_goes_as_it_should_twice_in_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    for round in 1..=2 {
        let (output, _) = demo(&data, "warn");
        let said = stdout(&output);
        assert!(
            output.status.success(),
            "round {round}:\n{said}\n{}",
            stderr(&output)
        );
        let steps = [
            "B2B token",
            "binding",
            "customer token",
            "balance",
            "payment",
            "notification",
            "status",
            "partial refund",
            "to the limit",
            "4045813",
            "unbinding",
            "4015402",
            "refund of the past payment",
        ];
        let mut rest = said.as_str();
        for step in steps {
            let at = rest
                .find(step)
                .unwrap_or_else(|| panic!("{step} is missing in its place:\n{said}"));
            rest = &rest[at + step.len()..];
        }
        assert_eq!(
            stderr(&output),
            "",
            "round {round}: nothing worth a warning"
        );
    }
}

#[test]
fn a_trace_of_the_demo_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let (output, mut secrets) = demo(&data, "trace");
    assert!(output.status.success(), "{}", stdout(&output));
    let kinds = [
        "B2B token",
        "authCode",
        "customer token",
        "refresh token",
        "OTP",
        "PIN",
        "phone number",
        "client secret",
        "notification secret",
        "page id",
    ];
    for kind in kinds {
        assert!(
            secrets.iter().any(|(what, _)| what == kind),
            "the walk met no {kind}"
        );
    }
    let made: Value =
        serde_json::from_str(&std::fs::read_to_string(data.join("made-once.json")).unwrap())
            .unwrap();
    for name in ["gateway_secret", "bank_secret"] {
        secrets.push((name.to_owned(), made[name].as_str().unwrap().to_owned()));
    }
    for file in std::fs::read_dir(data.join("keys")).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().contains("public") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let line = text
            .lines()
            .nth(1)
            .or(text.lines().next())
            .unwrap()
            .to_owned();
        secrets.push((path.display().to_string(), line));
    }
    let log: Vec<String> = stderr(&output).lines().map(without_its_time).collect();
    assert!(log.len() > 200, "this is no trace: {} lines", log.len());
    for line in &log {
        assert!(!line.contains("eyJ"), "a JWT in the log: {line}");
        assert!(!line.contains("Bearer "), "a token in the log: {line}");
        for (what, secret) in &secrets {
            assert!(!shows(line, secret), "{what} in the log: {line}");
        }
    }
}

/// A line's time has six digits after the second, as an OTP has.
fn without_its_time(line: &str) -> String {
    line.split_once('Z')
        .map_or(line, |(_, rest)| rest)
        .to_owned()
}

/// Whether a line shows a secret; a number counts only where it stands by itself.
fn shows(line: &str, secret: &str) -> bool {
    let number = secret.bytes().all(|byte| byte.is_ascii_digit());
    let part_of_number = |next: Option<char>| next.is_some_and(|c| c.is_ascii_digit() || c == '.');
    line.match_indices(secret).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + secret.len()..].chars().next();
        !number || !(part_of_number(before) || part_of_number(after))
    })
}
