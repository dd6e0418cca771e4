//! `reconcile`, `ledger check` and `copy-database` beside a running sandbox, and after it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs
)]

mod shell;

use std::time::{SystemTime, UNIX_EPOCH};

use merchant_sdk::Client;
use serde_json::Value;
use shell::{Sandbox, binding, payment, run, stderr, stdout};
use snap::timestamp::jakarta_day;

/// Yesterday and tomorrow: midnight in Jakarta may be near.
fn around_today() -> (String, String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let day = |ms: i64| {
        let text = jakarta_day(ms);
        format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])
    };
    let now_ms = i64::try_from(now.as_millis()).unwrap();
    (day(now_ms - 86_400_000), day(now_ms + 86_400_000))
}

fn json(args: &[&str], status: i32) -> Value {
    let output = run(args);
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(status), "{args:?}: {said}");
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn complete(sandbox: &Sandbox, url: &str) {
    let played = run(&["customer", "complete", url, "--data", sandbox.data()]);
    assert!(played.status.success(), "{}", stderr(&played));
}

/// A customer links an account and pays 25,000 rupiah.
async fn pays(sandbox: &Sandbox, client: &Client) {
    let request = binding(&sandbox.phone(0), "cust-1");
    let bound = client.bind(&request).await.unwrap().done().unwrap();
    complete(sandbox, &bound.redirect_url);
    let linked = client.exchange_code(&bound.auth_code).await.unwrap();
    let customer = linked.done().unwrap();
    let paid = customer.pay(&payment(25_000)).await.unwrap();
    complete(sandbox, paid.done().unwrap().page().unwrap());
}

#[tokio::test]
async fn the_books_are_looked_after_beside_a_running_sandbox_and_copied_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sandbox = Sandbox::start_on(&data, &[]);
    pays(&sandbox, &sandbox.client()).await;
    let (from, to) = around_today();
    let data = data.to_str().unwrap();

    let check = ["ledger", "check", "--data", data, "--json"];
    let sound = json(&check, 0);
    assert_eq!(
        (&sound["sound"], &sound["payments"]),
        (&true.into(), &1.into())
    );
    assert_eq!(sound["days"][0]["owed_sen"], 2_500_000);
    let shown = run(&["ledger", "check", "--data", data]);
    assert!(stdout(&shown).contains("Rp25.000"), "{}", stdout(&shown));

    let range = ["reconcile", "--from", &from, "--to", &to, "--data", data];
    let agreed = json(&[&range[..], &["--json"]].concat(), 0);
    assert_eq!(agreed["agreed"], 1);
    let moved = run(&["bank", "clock", "--advance", "2m", "--data", data]);
    assert!(moved.status.success(), "{}", stderr(&moved));
    let csv = folder.path().join("statement.csv");
    let csv = csv.to_str().unwrap();
    let header = "transactionDate,type,amount,partnerReferenceNo,referenceNo\n";
    std::fs::write(
        csv,
        format!("{header}{from}T10:00:00+07:00,CREDIT,70.00,x,y\n"),
    )
    .unwrap();
    let with_file = [&range[..], &["--csv", csv]].concat();
    let found = json(&[&with_file[..], &["--json"]].concat(), 3);
    let kinds: Vec<&str> = found["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["difference"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.contains(&"missing at the bank") && kinds.contains(&"refund missing here"));
    let shown = run(&with_file);
    for words in ["missing at the bank", "Rp25.000", "Ask the bank"] {
        assert!(
            stdout(&shown).contains(words),
            "{words}: {}",
            stdout(&shown)
        );
    }

    let source = format!("sqlite:{data}/gateway.db");
    let target = format!("sqlite:{}", folder.path().join("copy.db").display());
    let copy = ["copy-database", "--from", &source, "--to", &target];
    let refused = run(&copy);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("stop it first"),
        "{}",
        stderr(&refused)
    );
    let bank_url = sandbox.text("bank_url");
    let addresses = std::fs::read(format!("{data}/sandbox.json")).unwrap();
    assert!(sandbox.stop().success());
    let stopped = stderr(&run(&range));
    assert!(stopped.contains("--csv FILE"), "{stopped}");
    // As a sandbox that was killed leaves them.
    std::fs::write(format!("{data}/sandbox.json"), addresses).unwrap();
    let silent = stderr(&run(&range));
    assert!(
        silent.contains(&bank_url) && silent.contains("--csv FILE"),
        "{silent}"
    );
    std::fs::remove_file(format!("{data}/sandbox.json")).unwrap();
    let copied = json(&[&copy[..], &["--json"]].concat(), 0);
    assert_eq!(copied["was_complete"], false);
    let again = run(&copy);
    assert!(
        stdout(&again).contains("complete copy"),
        "{}{}",
        stdout(&again),
        stderr(&again)
    );
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{data}/gateway.db{end}")));
        drop(std::fs::rename(
            folder.path().join(format!("copy.db{end}")),
            format!("{data}/gateway.db{end}"),
        ));
    }
    assert_eq!(json(&check, 0)["days"], sound["days"]);
    let sandbox = Sandbox::start_on(data.as_ref(), &[]);
    assert_eq!(json(&[&range[..], &["--json"]].concat(), 0)["agreed"], 1);
    assert!(sandbox.stop().success());
}

#[tokio::test]
async fn a_forged_notification_is_an_alarm_that_can_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sandbox = Sandbox::start_on(&data, &[]);
    let show = ["alarms", "--data", sandbox.data()];
    let nothing = run(&show);
    assert!(nothing.status.success(), "{}", stderr(&nothing));
    assert!(
        stdout(&nothing).contains("no alarm"),
        "{}",
        stdout(&nothing)
    );

    let fault = ["bank", "fault", "notify", "forged"];
    let armed = run(&[&fault[..], &["--data", sandbox.data()]].concat());
    assert!(armed.status.success(), "{}", stderr(&armed));
    pays(&sandbox, &sandbox.client()).await;
    let raised = json(&[&show[..], &["--json"]].concat(), 0);
    let raised = raised.as_array().unwrap();
    assert_eq!(raised.len(), 1, "{raised:?}");
    assert_eq!(raised[0]["alarm"], "notify differs");
    let shown = run(&show);
    let about = raised[0]["about"].as_str().unwrap();
    for words in ["notify differs", about] {
        assert!(
            stdout(&shown).contains(words),
            "{words}: {}",
            stdout(&shown)
        );
    }
    assert!(sandbox.stop().success());
}

#[test]
fn what_cannot_be_done_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = format!("sqlite:{}", folder.path().join("none.db").display());
    for (args, words) in [
        (
            &["reconcile", "--from", "soon", "--to", "2026-01-31"][..],
            "soon",
        ),
        (
            &["reconcile", "--from", "2026-02-01", "--to", "2026-01-30"],
            "before",
        ),
        (
            &["copy-database", "--from", &nowhere, "--to", "sqlite:x"],
            "no source",
        ),
        (
            &["copy-database", "--from", "mysql:x", "--to", "sqlite:x"],
            "sqlite:",
        ),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(
            stderr(&output).contains(words),
            "{args:?}: {}",
            stderr(&output)
        );
    }
}
