//! A gateway that does not start says which setting it is about and what to do.

#![allow(clippy::unwrap_used, missing_docs)]

mod shell;

use std::net::TcpListener;
use std::path::Path;

use shell::{run, stderr};

const KEY: &str = r#"k1 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=""#;
const OTHER_KEY: &str = r#"k1 = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=""#;

/// Runs `serve` or another command with this configuration and gives what it said as it failed.
fn said(folder: &Path, command: &[&str], port: u16, database: &str, key: &str) -> String {
    let file = folder.join("gateway.toml");
    let text = format!(
        r#"
        listen = "127.0.0.1:{port}"
        public_url = "http://127.0.0.1:1"
        database = "{database}"
        sandbox = true
        [master_keys]
        {key}
        "#
    );
    std::fs::write(&file, text).unwrap();
    let output = run(&[command, &["--config", file.to_str().unwrap()]].concat());
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

fn assert_says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_taken_port_names_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let database = format!("sqlite:{}", folder.path().join("g.db").display());
    let said = said(folder.path(), &["serve"], port, &database, KEY);
    let address = format!("127.0.0.1:{port}");
    assert_says(&said, &[&address, "stop what listens there", "`listen`"]);
}

#[test]
fn a_database_out_of_reach_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let database = "postgres://gerbang:hush-hush@127.0.0.1:1/books";
    for command in [&["serve"][..], &["ledger", "check"]] {
        let said = said(folder.path(), command, 0, database, KEY);
        assert_says(&said, &["books at 127.0.0.1:1;", "`database`"]);
        assert_eq!(said.matches("Connection refused").count(), 1, "{said}");
        assert!(!said.contains("hush-hush"), "{said}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not there");
    let database = format!("sqlite:{}", missing.join("g.db").display());
    let said = said(folder.path(), &["serve"], 0, &database, KEY);
    let named = format!("there is no folder {};", missing.display());
    assert_says(&said, &[&named, "make it", "`database`"]);
}

#[test]
fn another_master_key_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("g.db").display());
    let file = folder.path().join("gateway.toml");
    let check = ["ledger", "check", "--config", file.to_str().unwrap()];
    let renamed = OTHER_KEY.replace("k1", "k2");
    std::fs::write(
        &file,
        format!(
            "listen = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:1\"\n\
             database = \"{database}\"\nsandbox = true\n[master_keys]\n{KEY}\n"
        ),
    )
    .unwrap();
    let made = run(&check);
    assert!(made.status.success(), "{}", stderr(&made));
    for key in [OTHER_KEY, &renamed] {
        let said = said(folder.path(), &["serve"], 0, &database, key);
        assert_says(&said, &["another master key", "`master_keys_file`"]);
    }
}
