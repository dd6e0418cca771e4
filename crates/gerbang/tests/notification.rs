//! `gerbang notification` and `gerbang management-key` beside a running sandbox.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::process::Output;

use serde_json::Value;
use shell::{Sandbox, binding, command, payment, run, stderr, stdout, wait_until};

fn ok(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&ok(&[args, &["--json"]].concat())).unwrap()
}

/// With a key in the environment.
fn with_key(key: &str, args: &[&str]) -> Output {
    let mut command = command(args);
    command.env("GERBANG_MANAGEMENT_KEY", key).output().unwrap()
}

/// A customer links an account and pays 25,000 rupiah.
async fn pays(sandbox: &Sandbox) {
    let client = sandbox.client();
    let request = binding(&sandbox.phone(0), "cust-1");
    let bound = client.bind(&request).await.unwrap().done().unwrap();
    ok(&[
        "customer",
        "complete",
        &bound.redirect_url,
        "--data",
        sandbox.data(),
    ]);
    let linked = client.exchange_code(&bound.auth_code).await.unwrap();
    let customer = linked.done().unwrap();
    let paid = customer.pay(&payment(25_000)).await.unwrap();
    let paid = paid.done().unwrap();
    ok(&[
        "customer",
        "complete",
        paid.page().unwrap(),
        "--data",
        sandbox.data(),
    ]);
}

#[tokio::test]
async fn what_a_merchant_missed_is_listed_shown_and_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // Nobody listens for the notification.
    let sandbox = Sandbox::start_on(&data, &["--no-merchant"]);
    pays(&sandbox).await;
    let (data, merchant) = (sandbox.data().to_owned(), sandbox.text("client_id"));
    let list = ["notification", "list", "--data", &data];
    let mut id = String::new();
    wait_until("a try", || {
        let tries = json(&[&list[..], &["--outcome", "no-token"]].concat());
        let first = tries.as_array().unwrap().first().cloned();
        id = first.map_or(String::new(), |one| {
            one["notificationId"].as_str().unwrap().to_owned()
        });
        !id.is_empty()
    });

    let reference = json(&list)[0]["partnerReferenceNo"].clone();
    let reference = reference.as_str().unwrap();
    let shown = ok(&list);
    let mut lines = shown.lines();
    let header: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let expected = "created merchant kind reference state tries next try id";
    assert_eq!(header.join(" "), expected);
    let line = lines.next().unwrap();
    for word in [merchant.as_str(), "payment", reference, "due", id.as_str()] {
        assert!(line.contains(word), "{word} is missing: {line}");
    }
    let found = json(
        &[
            &list[..],
            &["--merchant", &merchant, "--reference", reference],
        ]
        .concat(),
    );
    assert_eq!(found[0]["id"], id.as_str());
    let one = ok(&["notification", "show", &id, "--data", &data]);
    for word in [
        "no-token",
        "transaction status",
        "00",
        "\"custIdMerchant\":\"***\"",
    ] {
        assert!(one.contains(word), "{word} is missing:\n{one}");
    }
    let resend = ["notification", "resend", "--data", &data];
    assert!(ok(&[&resend[..], &[&id]].concat()).contains("due already"));
    let none = json(&[&resend[..], &["--state", "resting"]].concat());
    assert_eq!(none["resent"], 0);

    // With somebody there it arrives, and may be sent once more.
    assert!(sandbox.stop().success());
    let folder = std::path::Path::new(&data);
    let sandbox = Sandbox::start_on(folder, &[]);
    ok(&["bank", "clock", "--advance", "1d", "--data", &data]);
    wait_until("its delivery", || {
        let delivered = json(&[&list[..], &["--state", "delivered"]].concat());
        !delivered.as_array().unwrap().is_empty()
    });
    assert!(ok(&[&resend[..], &[&id]].concat()).contains("is due now"));
    let refused = run(&[&resend[..], &["--state", "delivered"]].concat());
    assert!(stderr(&refused).contains("--from"), "{}", stderr(&refused));
    drop(sandbox);
}

#[test]
fn a_key_is_made_used_and_revoked_and_errors_say_what_to_do() {
    let sandbox = Sandbox::start(&[]);
    let (data, url) = (sandbox.data(), sandbox.text("base_url"));
    let keys = ["management-key", "--data", data];
    let added = json(&[&keys[..], &["add", "--name", "Ayu", "--read-only"]].concat());
    let (id, key) = (
        added["id"].as_str().unwrap(),
        added["management_key"].as_str().unwrap(),
    );
    let remote = ["notification", "list", "--url", &url];
    let used = with_key(key, &remote);
    assert!(used.status.success(), "{}", stderr(&used));
    assert_eq!(stdout(&used).trim(), "nothing fits");
    let resend = [
        "notification",
        "resend",
        "--state",
        "resting",
        "--url",
        &url,
    ];
    let refused = with_key(key, &resend);
    assert!(
        stderr(&refused).contains("management-key add"),
        "{}",
        stderr(&refused)
    );

    let file = sandbox.folder.join("key");
    std::fs::write(&file, sandbox.text("management_key")).unwrap();
    ok(&[
        &remote[..],
        &["--management-key-file", file.to_str().unwrap()],
    ]
    .concat());
    let listed = json(&[&keys[..], &["list"]].concat());
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(key));
    let ayu = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == id)
        .unwrap();
    assert_eq!(ayu["scope"], "read-only");
    assert!(ayu["last_used"].is_string());

    ok(&[&keys[..], &["revoke", id]].concat());
    let mut said = String::new();
    wait_until("the refusal", || {
        let output = with_key(key, &remote);
        said = stderr(&output);
        !output.status.success()
    });
    assert!(
        said.contains("management-key list") && !said.contains(key),
        "{said}"
    );
    for (args, expected) in [
        (
            &[&keys[..], &["revoke", "nothing"]].concat()[..],
            "management-key list",
        ),
        (&remote[..], "GERBANG_MANAGEMENT_KEY"),
        (
            &["notification", "resend", "--data", data],
            "--state resting",
        ),
        (
            &["notification", "show", "nothing", "--data", data],
            "notification list",
        ),
        (
            &["notification", "list", "--from", "soon", "--data", data],
            "--from",
        ),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(
            stderr(&output).contains(expected),
            "{args:?}: {}",
            stderr(&output)
        );
    }
}
