//! `gerbang bank fault`: arming, listing, clearing, and what it says to a wrong word.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use serde_json::Value;
use shell::{Sandbox, binding, run, stderr, stdout};

fn fault(sandbox: &Sandbox, args: &[&str]) -> (bool, String) {
    let mut all = vec!["bank", "fault"];
    all.extend(args);
    all.extend(["--data", sandbox.data()]);
    let output = run(&all);
    let said = format!("{}{}", stdout(&output), stderr(&output));
    (output.status.success(), said)
}

#[tokio::test]
async fn a_fault_armed_from_a_shell_is_what_a_merchant_hears() {
    let sandbox = Sandbox::start(&[]);
    let (done, said) = fault(&sandbox, &["binding", "4030705", "--times", "2"]);
    assert!(done && said.contains("next 2 calls"), "{said}");
    let request = binding(&sandbox.phone(0), "cust-1");
    let refused = sandbox.client().bind(&request).await.unwrap();
    assert_eq!(refused.code(), Some("4030705"));

    let (_, listed) = fault(&sandbox, &[]);
    for word in ["binding", "40305", "the next call", "late[:SECONDS]"] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    let (done, said) = fault(
        &sandbox,
        &["any", "down", "--share", "0.5", "--seed", "3", "--json"],
    );
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(done);
    assert_eq!(said["armed"]["share"], 0.5);
    let (_, listed) = fault(&sandbox, &["--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["faults"].as_array().unwrap().len(), 2);
    assert_eq!(listed["faults"][0]["hits"], 1);

    let (done, said) = fault(&sandbox, &["any", "--clear"]);
    assert!(done && said.contains("one fault"), "{said}");
    let (_, said) = fault(&sandbox, &["--clear"]);
    assert!(said.contains("one fault"), "{said}");
    let (_, said) = fault(&sandbox, &["--clear"]);
    assert!(said.contains("nothing"), "{said}");
    let linked = sandbox.client().bind(&request).await.unwrap();
    assert!(linked.done().is_ok());
}

#[test]
fn a_wrong_word_is_answered_with_the_right_ones() {
    let sandbox = Sandbox::start(&[]);
    for (args, words) in [
        (&["pay", "lost"][..], &["`pay`", "payment", "notify"][..]),
        (&["payment", "gone"], &["`gone`", "4035405", "lost", "open"]),
        (&["notify", "lost"], &["twice", "forged"]),
        (&["refund"], &["refund", "4035805", "silent"]),
        (&["pay"], &["`pay`", "payment"]),
        (&["payment", "lost", "--share", "7"], &["share", "0.25"]),
        (&["payment", "lost", "--times", "0"], &["times"]),
        (
            &["payment", "lost", "--times", "1", "--share", "1"],
            &["--share"],
        ),
    ] {
        let (done, said) = fault(&sandbox, args);
        assert!(!done, "{args:?}");
        for word in words {
            assert!(said.contains(word), "{args:?} {word}: {said}");
        }
    }
}
