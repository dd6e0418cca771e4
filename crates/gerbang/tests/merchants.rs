//! Merchants changed from a shell while the gateway runs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use merchant_sdk::{Client, Error};
use serde_json::Value;
use shell::{Sandbox, run, stderr, stdout};
use snap::{PrivateKey, Secret};

fn json(args: &[&str]) -> Value {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn client(sandbox: &Sandbox, merchant: &Value, key: &PrivateKey) -> Client {
    let secret = Secret::new(merchant["client_secret"].as_str().unwrap());
    let key = PrivateKey::from_pem(key.to_pkcs8_pem().expose()).unwrap();
    let id = merchant["client_id"].as_str().unwrap();
    Client::builder(sandbox.text("base_url"), id, secret, key)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_merchant_is_added_used_changed_and_disabled() {
    let sandbox = Sandbox::start(&[]);
    let data = sandbox.data().to_owned();
    let key = PrivateKey::generate().unwrap();
    let file = sandbox.folder.join("new_key.pem");
    std::fs::write(&file, key.public_key_pem()).unwrap();
    let file = file.to_str().unwrap();

    let added = json(&[
        "merchant",
        "add",
        "--name",
        "Toko Baru",
        "--public-key",
        file,
        "--json",
        "--data",
        &data,
        "--notification-url",
        "https://toko.example/notify",
    ]);
    for member in ["client_id", "client_secret", "notification_secret"] {
        assert!(added[member].is_string(), "{member} is missing");
    }
    client(&sandbox, &added, &key).b2b_token().await.unwrap();

    let id = added["client_id"].as_str().unwrap();
    json(&[
        "merchant",
        "set",
        id,
        "--name",
        "Toko Lama",
        "--strict",
        "yes",
        "--fee-flat",
        "2500",
        "--fee-basis-points",
        "70",
        "--schedule",
        "10s, 1m, 60m",
        "--json",
        "--data",
        &data,
    ]);
    let shown = json(&["merchant", "show", id, "--json", "--data", &data]);
    assert_eq!(shown["name"], "Toko Lama");
    assert_eq!(shown["notification_url"], "https://toko.example/notify");
    assert_eq!(shown["settings"]["strict"], true);
    assert_eq!(shown["settings"]["fee_flat_sen"], 250_000);
    assert_eq!(shown["settings"]["fee_basis_points"], 70);
    assert_eq!(shown["settings"]["notification_profile"], "10s,1m,1h");
    assert_eq!(shown["public_keys"].as_array().unwrap().len(), 1);
    assert!(
        !shown
            .to_string()
            .contains(added["client_secret"].as_str().unwrap())
    );

    let second = PrivateKey::generate().unwrap();
    std::fs::write(file, second.public_key_pem()).unwrap();
    json(&[
        "merchant",
        "add-public-key",
        id,
        "--public-key",
        file,
        "--json",
        "--data",
        &data,
    ]);
    let rotated = json(&["merchant", "rotate-secret", id, "--json", "--data", &data]);
    assert_ne!(rotated["client_secret"], added["client_secret"]);
    let listed = json(&["merchant", "list", "--json", "--data", &data]);
    assert_eq!(listed.as_array().unwrap().len(), 2);

    json(&["merchant", "disable", id, "--json", "--data", &data]);
    let shown = json(&["merchant", "show", id, "--json", "--data", &data]);
    assert_eq!(shown["state"], "disabled");
}

#[tokio::test]
async fn a_disabled_merchant_is_refused_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sandbox = Sandbox::start_on(&data, &[]);
    let id = sandbox.text("client_id");
    json(&[
        "merchant",
        "disable",
        &id,
        "--json",
        "--data",
        sandbox.data(),
    ]);
    assert!(sandbox.stop().success());
    let sandbox = Sandbox::start_on(&data, &[]);
    let refused = sandbox.client().b2b_token().await.unwrap_err();
    assert!(matches!(refused, Error::TokenRefused { code, .. } if code == "4017300"));
}

#[test]
fn what_cannot_be_done_says_why() {
    let sandbox = Sandbox::start(&[]);
    let data = sandbox.data();
    let cases: [(&[&str], &str); 6] = [
        (
            &["merchant", "show", "MCH-none", "--data", data],
            "gerbang merchant list",
        ),
        (
            &["merchant", "disable", "MCH-none", "--data", data],
            "gerbang merchant list",
        ),
        (
            &[
                "merchant",
                "add",
                "--name",
                "X",
                "--public-key",
                "none.pem",
                "--data",
                data,
            ],
            "none.pem",
        ),
        (
            &[
                "merchant",
                "set",
                &sandbox.text("client_id"),
                "--token-url",
                "ftp://x",
                "--data",
                data,
            ],
            "--token-url",
        ),
        (
            &[
                "merchant",
                "set",
                &sandbox.text("client_id"),
                "--notification-url",
                "https://169.254.169.254/latest",
                "--data",
                data,
            ],
            "169.254.169.254 is not a public address",
        ),
        (
            &[
                "merchant",
                "set",
                &sandbox.text("client_id"),
                "--binding-notification-url",
                "https://[::ffff:10.0.0.1]/n",
                "--data",
                data,
            ],
            "--binding-notification-url",
        ),
    ];
    for (args, expected) in cases {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(
            stderr(&output).contains(expected),
            "{args:?}: {}",
            stderr(&output)
        );
    }
    let id = sandbox.text("client_id");
    let wrong = ["merchant", "set", &id, "--schedule", "10s,soon"];
    let output = run(&[&wrong[..], &["--data", data]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`soon` is not a pause of 1s to 7d"));
    let private = sandbox.text("merchant_private_key");
    let output = run(&[
        "merchant",
        "add",
        "--name",
        "X",
        "--public-key",
        &private,
        "--data",
        data,
    ]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "a private key was taken for a public one"
    );
}
