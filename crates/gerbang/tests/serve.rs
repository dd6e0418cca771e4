//! Gateway and bank as two processes, set up by hand from a shell as an operator would.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use merchant_sdk::Client;
use serde_json::Value;
use shell::{Process, binding, run, stderr, stdout, wait_until};
use snap::{PrivateKey, Secret};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A gateway's configuration with one bank.
fn configuration(folder: &Path, gateway: u16, bank: u16, bank_key: &PrivateKey) -> PathBuf {
    let database = folder.join("gateway.db");
    let text = format!(
        r#"
        listen = "127.0.0.1:{gateway}"
        public_url = "http://127.0.0.1:{gateway}"
        database = "sqlite:{}"
        sandbox = true
        [master_keys]
        k1 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        [banks.allo]
        base_url = "http://127.0.0.1:{bank}"
        client_id = "GW"
        inbound_client_id = "ALLO"
        inbound_secret = "bank signs with this"
        public_key = """{}"""
        "#,
        database.display(),
        bank_key.public_key_pem(),
    );
    write(folder, "gateway.toml", &text)
}

/// The secret that the gateway signs with at the bank. It looks like a number, and is none.
const PARTNER_SECRET: &str = "0123456789012345678";
const PARTNER_VARIABLE: (&str, &str) = ("GERBANG_BANKS__ALLO__SECRET", PARTNER_SECRET);

/// What ends by itself, with the gateway's secret in the environment.
fn run_with_secret(args: &[&str]) -> std::process::Output {
    let (name, secret) = PARTNER_VARIABLE;
    shell::command(args).env(name, secret).output().unwrap()
}

#[tokio::test]
async fn gateway_and_bank_run_as_two_processes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (gateway, bank) = (free_port(), free_port());
    let bank_key = PrivateKey::generate().unwrap();
    let config = configuration(folder, gateway, bank, &bank_key);
    let config = config.to_str().unwrap();

    let key = run_with_secret(&["merchant", "gateway-key", "--bank", "--config", config]);
    assert!(key.status.success(), "{}", stderr(&key));
    let partner_key = write(folder, "gateway.pem", &stdout(&key));
    let merchant_key = PrivateKey::generate().unwrap();
    let public = write(folder, "merchant.pem", &merchant_key.public_key_pem());
    let public = public.to_str().unwrap();
    let added = [
        "merchant",
        "add",
        "--name",
        "Toko",
        "--public-key",
        public,
        "--json",
        "--config",
        config,
    ];
    let added: Value = serde_json::from_str(&stdout(&run_with_secret(&added))).unwrap();

    let bank_url = format!("http://127.0.0.1:{bank}");
    let listen = format!("127.0.0.1:{bank}");
    let database = folder.join("bank.db");
    let partner_secret = write(folder, "partner.secret", &format!("{PARTNER_SECRET}\n"));
    let bank_secret = write(folder, "bank.secret", "bank signs with this\n");
    let private = write(folder, "bank.pem", bank_key.to_pkcs8_pem().expose());
    let gateway_url = format!("http://127.0.0.1:{gateway}/bank/allo");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let _bank = Process::start(&[
        "bank",
        "--listen",
        &listen,
        "--database",
        &path(&database),
        "--partner-id",
        "GW",
        "--partner-secret",
        &path(&partner_secret),
        "--partner-public-key",
        &path(&partner_key),
        "--gateway-url",
        &gateway_url,
        "--bank-id",
        "ALLO",
        "--bank-secret",
        &path(&bank_secret),
        "--bank-private-key",
        &path(&private),
        "--relaxed-otp",
    ]);
    let log = folder.join("serve.log");
    let serving = Process::start_logging_to(&log, &["serve", "--config", config], PARTNER_VARIABLE);
    for port in [gateway, bank] {
        wait_until("the port", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }

    let id = added["client_id"].as_str().unwrap();
    let secret = Secret::new(added["client_secret"].as_str().unwrap());
    let url = format!("http://127.0.0.1:{gateway}");
    let client = Client::builder(url, id, secret, merchant_key)
        .build()
        .unwrap();
    let customer = bank_simulator::demo_customers()[0];
    let phone = customer.phone_no;
    let bound = client
        .bind(&binding(phone, "cust-1"))
        .await
        .unwrap()
        .done()
        .unwrap();
    let inbox = format!("{bank_url}/inbox");
    let played = run(&[
        "customer",
        "complete",
        &bound.redirect_url,
        "--inbox",
        &inbox,
        "--phone",
        phone,
        "--pin",
        customer.pin,
    ]);
    assert!(
        played.status.success(),
        "{}{}",
        stdout(&played),
        stderr(&played)
    );
    let linked = client.exchange_code(&bound.auth_code).await.unwrap();
    assert!(linked.done().is_ok());
    let messages = run(&[
        "bank",
        "inbox",
        &phone.replacen("62", "0", 1),
        "--url",
        &bank_url,
    ]);
    assert!(stdout(&messages).contains("OTP"), "{}", stdout(&messages));
    assert!(serving.stop().success());
    let log = std::fs::read_to_string(log).unwrap();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string());
    }
    assert!(log.contains("\"answered\"") && log.contains("trace_id"));
}

#[test]
fn a_wrong_configuration_names_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("listen = 5", "listen"),
        (
            "public_url = \"http://127.0.0.1:1\"\ndatabase = \"sqlite:x\"",
            "master_keys",
        ),
        ("lisen = \"127.0.0.1:1\"", "lisen"),
        (
            "listen = \"0.0.0.0:8080\"\npublic_url = \"https://x.example\"",
            "listen",
        ),
    ];
    for (text, key) in cases {
        let config = write(folder.path(), "gateway.toml", text);
        let output = run(&["serve", "--config", config.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(stderr(&output).contains(key), "{text}: {}", stderr(&output));
    }
}

#[test]
fn a_bank_whose_address_is_taken_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&[
        "bank",
        "--listen",
        &address,
        "--partner-id",
        "GW",
        "--partner-secret",
        "none",
        "--partner-public-key",
        "none",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--listen"), "{}", stderr(&output));
}
