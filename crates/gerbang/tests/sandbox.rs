//! A sandbox as scripts use it: its folder, its ports, `sandbox.json`, and the commands on it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use shell::{Sandbox, binding, run, stderr, stdout};

#[test]
fn sandbox_json_tells_scripts_everything_and_only_its_owner() {
    let sandbox = Sandbox::start(&[]);
    let members: BTreeSet<&str> = sandbox
        .addresses
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = BTreeSet::from([
        "base_url",
        "client_id",
        "client_secret",
        "merchant_private_key",
        "merchant_public_key",
        "gateway_public_key",
        "notification_url",
        "token_url",
        "notification_secret",
        "management_key",
        "bank_url",
        "inbox_url",
        "customers",
    ]);
    assert_eq!(members, expected);
    let customers = sandbox.addresses["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 10);
    for customer in customers {
        let members: BTreeSet<&str> = customer
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(members, BTreeSet::from(["name", "phone_no", "pin", "note"]));
    }
    for key in [
        "merchant_private_key",
        "merchant_public_key",
        "gateway_public_key",
    ] {
        let text = std::fs::read_to_string(sandbox.text(key)).unwrap();
        assert!(text.contains("-----BEGIN P"), "{key}");
    }
    let private = [
        "sandbox.json",
        "made-once.json",
        "keys/master.key",
        "keys/merchant_private.pem",
    ];
    for file in private {
        let mode = std::fs::metadata(sandbox.folder.join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert!(sandbox.folder.join("sandbox.json").exists());
    let folder = sandbox.folder.clone();
    let ended = sandbox.stop();
    assert!(ended.success(), "{ended}");
    assert!(!folder.join("sandbox.json").exists());
}

#[test]
fn a_taken_port_says_so_and_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output = run(&["sandbox", "--port", &port, "--data", data.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains(&port) && said.contains("taken") && said.contains("--port"),
        "{said}"
    );
    assert!(!data.exists());
}

#[test]
fn a_folder_in_use_says_so_and_what_to_do() {
    let sandbox = Sandbox::start(&[]);
    let output = run(&["sandbox", "--port", "0", "--data", sandbox.data()]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("another sandbox") && said.contains("--data"),
        "{said}"
    );
    assert!(sandbox.folder.join("sandbox.json").exists());
}

#[test]
fn reset_starts_over_and_a_plain_start_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Sandbox::start_on(&data, &[]);
    let (client_id, secret) = (first.text("client_id"), first.text("client_secret"));
    assert!(first.stop().success());
    let again = Sandbox::start_on(&data, &[]);
    assert_eq!(
        (again.text("client_id"), again.text("client_secret")),
        (client_id, secret.clone())
    );
    assert!(again.stop().success());
    let reset = Sandbox::start_on(&data, &["--reset"]);
    assert_ne!(reset.text("client_secret"), secret);
}

#[test]
fn without_the_demo_merchant_its_port_is_free_for_the_tester() {
    let sandbox = Sandbox::start(&["--no-merchant"]);
    let url = sandbox.text("notification_url");
    let port: u16 = url
        .split(':')
        .nth(2)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert!(sandbox.text("token_url").contains(&port.to_string()));
}

#[tokio::test]
async fn the_clock_moves_gateway_and_bank_together() {
    let sandbox = Sandbox::start(&[]);
    let client = sandbox.client();
    let token = client.b2b_token().await.unwrap();
    let output = run(&[
        "bank",
        "clock",
        "--advance",
        "16m",
        "--data",
        sandbox.data(),
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    // The B2B token's fifteen minutes are over, at once and without a wait.
    let options = merchant_sdk::RawOptions {
        authorization: merchant_sdk::Authorization::Token(token.expose().to_owned()),
        ..Default::default()
    };
    let body = br#"{"serviceCode":"55","originalPartnerReferenceNo":"nothing"}"#.to_vec();
    let answer = client
        .send_raw("POST", snap::paths::STATUS, body, &options)
        .await
        .unwrap();
    assert_eq!(answer.code().as_deref(), Some("4015501"));
}

#[tokio::test]
async fn the_inbox_shows_what_a_phone_received_and_a_reset_unlocks() {
    let sandbox = Sandbox::start(&[]);
    let phone = sandbox.phone(0);
    let none = run(&["bank", "inbox", &phone, "--data", sandbox.data()]);
    assert!(stdout(&none).contains("no message"), "{}", stdout(&none));
    let nobody = run(&["bank", "inbox", "620000000000", "--data", sandbox.data()]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(stderr(&nobody).contains("no customer has this phone number"));
    let bound = sandbox
        .client()
        .bind(&binding(&phone, "inbox"))
        .await
        .unwrap()
        .done()
        .unwrap();
    let url = bound.redirect_url;
    let played = run(&["customer", "complete", &url, "--data", sandbox.data()]);
    assert!(played.status.success(), "{}", stderr(&played));
    let inbox = run(&["bank", "inbox", &phone, "--json", "--data", sandbox.data()]);
    let inbox: Value = serde_json::from_str(&stdout(&inbox)).unwrap();
    assert_eq!(inbox["messages"].as_array().unwrap().len(), 1);
    for action in [
        &["bank", "unlink", &phone, "--data", sandbox.data()][..],
        &["bank", "reset", "--data", sandbox.data()],
    ] {
        let output = run(action);
        assert!(output.status.success(), "{action:?}: {}", stderr(&output));
    }
    let unknown = run(&["bank", "unlink", "620000000000", "--data", sandbox.data()]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[test]
fn a_demo_leaves_room_for_a_sandbox_in_the_default_folder() {
    let here = tempfile::tempdir().unwrap();
    let demo = here.path().join("gerbang-data/demo");
    std::fs::create_dir_all(&demo).unwrap();
    std::fs::write(demo.join("made-once.json"), "{}").unwrap();
    let data = here.path().join("gerbang-data");
    assert!(Sandbox::start_on(&data, &["--reset"]).stop().success());
    assert!(demo.join("made-once.json").exists());
}

#[test]
fn a_demo_does_not_empty_a_sandboxs_folder() {
    let sandbox = Sandbox::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("made-once.json");
    std::fs::copy(sandbox.folder.join("made-once.json"), &copy).unwrap();
    let output = run(&[
        "demo",
        "--exit",
        "--port",
        "0",
        "--data",
        folder.path().to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("belongs to a sandbox"),
        "{}",
        stderr(&output)
    );
    assert!(copy.exists());
}
