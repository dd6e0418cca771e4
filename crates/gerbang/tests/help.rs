//! What the command line says about itself.

#![allow(clippy::unwrap_used, missing_docs)]

mod shell;

use shell::{run, stderr, stdout};

#[test]
fn help_names_every_subcommand_and_where_to_start() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = stdout(&output);
    for word in [
        "demo",
        "sandbox",
        "serve",
        "bank",
        "merchant",
        "notification",
        "management-key",
        "customer",
        "profile",
        "token",
        "bind",
        "balance",
        "pay",
        "status",
        "refund",
        "unbind",
        "completion",
        "listen",
        "logs",
        "trigger",
        "sign",
        "verify",
        "alarms",
        "reconcile",
        "ledger",
        "copy-database",
        "gerbang demo",
    ] {
        assert!(help.contains(word), "{word} is missing:\n{help}");
    }
}

#[test]
fn every_subcommand_explains_itself() {
    for args in [
        &["demo", "--help"][..],
        &["sandbox", "--help"],
        &["serve", "--help"],
        &["bank", "--help"],
        &["bank", "clock", "--help"],
        &["bank", "inbox", "--help"],
        &["bank", "unlink", "--help"],
        &["bank", "fault", "--help"],
        &["bank", "reset", "--help"],
        &["merchant", "add", "--help"],
        &["merchant", "set", "--help"],
        &["notification", "list", "--help"],
        &["notification", "resend", "--help"],
        &["management-key", "add", "--help"],
        &["customer", "complete", "--help"],
        &["profile", "add", "--help"],
        &["profile", "show", "--help"],
        &["token", "--help"],
        &["bind", "--help"],
        &["balance", "--help"],
        &["pay", "--help"],
        &["status", "--help"],
        &["refund", "--help"],
        &["unbind", "--help"],
        &["completion", "--help"],
        &["listen", "--help"],
        &["logs", "tail", "--help"],
        &["trigger", "--help"],
        &["sign", "--help"],
        &["verify", "--help"],
        &["alarms", "--help"],
        &["reconcile", "--help"],
        &["ledger", "check", "--help"],
        &["copy-database", "--help"],
    ] {
        let output = run(args);
        assert!(output.status.success(), "{args:?}");
        assert!(stdout(&output).contains("Usage: gerbang"), "{args:?}");
    }
}

#[test]
fn the_flags_of_the_sandbox_are_these() {
    let help = stdout(&run(&["sandbox", "--help"]));
    for flag in [
        "--port",
        "--data",
        "--reset",
        "--relaxed-otp",
        "--no-merchant",
    ] {
        assert!(help.contains(flag), "{flag} is missing:\n{help}");
    }
}

#[test]
fn what_is_not_understood_ends_with_status_2() {
    for args in [
        &["pay-later"][..],
        &["sandbox", "--fast"],
        &["bank"],
        &["customer", "complete"],
    ] {
        let output = run(args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn an_error_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().to_str().unwrap();
    for args in [
        &["bank", "inbox", "0811", "--data", nothing][..],
        &["merchant", "list", "--data", nothing],
        &["notification", "list", "--data", nothing],
        &["management-key", "list", "--data", nothing],
        &[
            "customer",
            "complete",
            "http://127.0.0.1:1/x",
            "--data",
            nothing,
        ],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(
            stderr(&output).contains("gerbang sandbox"),
            "{args:?}: {}",
            stderr(&output)
        );
    }
    let output = run(&["ledger", "check", "--data", nothing]);
    let said = stderr(&output);
    assert!(said.contains("--config FILE"), "{said}");
    let output = run(&["serve", "--config", "no-such-file.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("no-such-file.toml"),
        "{}",
        stderr(&output)
    );
    let output = run(&["--log", "a=b=c", "merchant", "list"]);
    assert!(
        stderr(&output).contains("--log info"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn completion_knows_every_command_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completion", shell]);
        assert!(output.status.success(), "{shell}");
        let script = stdout(&output);
        for word in ["sandbox", "refund", "management-key"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn output_that_is_not_a_terminal_has_no_colour() {
    let output = shell::command(&["merchant", "list", "--data", "no-such-folder"])
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(!stderr(&output).contains('\u{1b}'));
}
