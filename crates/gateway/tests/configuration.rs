//! Reading a configuration: defaults, both sources, and errors that name the key.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;

use gateway::Config;
use gateway::config::LogFormat;

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
