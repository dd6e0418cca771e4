//! Reading a configuration: defaults, both sources, and errors that name the key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::io::Write;

use gateway::Config;
use gateway::config::LogFormat;
use snap::signature::PrivateKey;

const GOOD: &str = r#"
    public_url = "https://pay.example"
    database = "postgres://gerbang@db/gerbang"
    [master_keys]
    "2026-01" = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"#;

fn load(text: &str) -> Result<Config, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Config::load(Some(file.path())).map_err(|error| error.to_string())
}

#[test]
fn what_is_not_given_has_its_default() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.clock_skew_s, 300);
    assert_eq!(config.limits.body_bytes, 65_536);
    assert_eq!(config.limits.merchant_per_second, 1_000);
    assert_eq!(config.tokens.b2b_s, 900);
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(!config.sandbox);
}

#[test]
fn a_wrong_value_is_named_by_its_key() {
    for (text, key) in [
        (
            format!("listen = \"0.0.0.0:80\"\n{GOOD}"),
            "listen: without tls",
        ),
        (GOOD.replace("https", "http"), "public_url: must be https"),
        (
            GOOD.replace("pay.example", "pay.example/"),
            "public_url: is scheme, host and port",
        ),
        (
            GOOD.replace("pay.example", "pay.example/path"),
            "public_url: is scheme",
        ),
        (
            GOOD.replace("public_url = \"https://pay.example\"", ""),
            "public_url: is missing",
        ),
        (
            GOOD.replace("https://pay.example", ""),
            "public_url: is missing",
        ),
        (
            GOOD.replace("postgres://gerbang@db/gerbang", ""),
            "database: is missing",
        ),
        (GOOD.replace("database", "databse"), "databse"),
        (
            GOOD.replace("AAAA=", "AAA="),
            "master_keys.2026-01: expected 32 bytes",
        ),
        (
            GOOD.replace("[master_keys]", "[log]")
                .replace("\"2026-01\"", "filter"),
            "master_keys: a gateway does not start",
        ),
        (
            format!("master_key = \"x\"\n{GOOD}"),
            "master_key: names no key",
        ),
        (format!("clock_skew_s = \"soon\"\n{GOOD}"), "clock_skew_s"),
        (
            format!("{GOOD}\n[limits]\nbody_bytes = 0"),
            "limits.body_bytes: must be greater than 0",
        ),
        (format!("{GOOD}\n[limits]\nheadbytes = 1"), "headbytes"),
        (
            format!("{GOOD}\n[banks.allo]\nbase_url = \"https://bank.example\""),
            "client_id",
        ),
        (
            format!(
                "{GOOD}\n[banks.allo]\nbase_url = \"https://bank.example\"\nclient_id = \"g\"\n\
                 secret = \"s\"\ninbound_client_id = \"b\"\ninbound_secret = \"s\"\n\
                 public_key = \"\"\nchannel = \"C\"\ntimeout_ms = 10001\nnot_found_window_s = 25"
            ),
            "banks.allo.not_found_window_s: must be at least 26",
        ),
    ] {
        let error = load(&text).expect_err(key);
        assert!(error.contains(key), "{key} is not in: {error}");
    }
}

#[test]
fn a_secret_is_not_shown() {
    let config = load(GOOD).unwrap();
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("AAAAAA") && !shown.contains("gerbang@db"),
        "{shown}"
    );
}

#[test]
fn the_key_in_use_comes_first() {
    let two = format!("{GOOD}\n\"2026-02\" = \"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"");
    let config = load(&two).unwrap();
    assert!(
        config
            .master_key_lines()
            .unwrap()
            .expose()
            .starts_with("2026-02:")
    );
    let config = load(&format!("master_key = \"2026-01\"\n{two}")).unwrap();
    assert!(
        config
            .master_key_lines()
            .unwrap()
            .expose()
            .starts_with("2026-01:")
    );
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = Config::load(Some(std::path::Path::new("/nowhere/gerbang.toml"))).unwrap_err();
    assert!(error.to_string().contains("/nowhere/gerbang.toml"));
}

/// `docs/gateway.toml` with a bank's key and master keys that can be read.
fn documented() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gateway.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let key = PrivateKey::generate().unwrap().public_key_pem();
    let begin = text.find("-----BEGIN").unwrap();
    let end = text.find("-----END PUBLIC KEY-----").unwrap() + "-----END PUBLIC KEY-----".len();
    let text = format!("{}{key}{}", &text[..begin], &text[end..]);
    let text = text.replace("master_keys_file =", "# master_keys_file =");
    format!("{text}\n[master_keys]\nk1 = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n")
}

/// The text with its optional lines in force.
fn in_full(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if !rest.starts_with("master_keys_file") => {
            let word = rest.split([' ', ']']).next().unwrap();
            let is_setting = rest.starts_with('[') || rest[word.len()..].starts_with(" = ");
            if is_setting { rest } else { line }
        }
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_setting_is_documented_with_its_default() {
    let text = documented();
    let full_text = in_full(&text);
    let plain = load(&text).unwrap();
    let full = load(&full_text).unwrap();

    let mut expected = plain;
    // What has no default of its own, but an example.
    expected.tls.clone_from(&full.tls);
    expected.master_key.clone_from(&full.master_key);
    expected.notifications.timeout_ms = Some(30_000);
    for (id, bank) in &mut expected.banks {
        let example = &full.banks[id];
        bank.private_key_file.clone_from(&example.private_key_file);
        bank.acquirer_id.clone_from(&example.acquirer_id);
        bank.ca_file.clone_from(&example.ca_file);
    }
    assert_eq!(format!("{full:#?}"), format!("{expected:#?}"));

    let source = include_str!("../src/config.rs");
    let names = source.lines().filter_map(|line| {
        let (name, _) = line.trim().strip_prefix("pub ")?.split_once(": ")?;
        (name != "background").then_some(name)
    });
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let is_there = full_text.lines().any(|line| {
            let line = line.trim_start_matches("# ");
            line.starts_with(&format!("{name} = "))
                || line.starts_with(&format!("[{name}]"))
                || line.starts_with(&format!("[{name}."))
        });
        assert!(is_there, "docs/gateway.toml does not know {name}");
    }
}
