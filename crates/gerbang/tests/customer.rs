//! `gerbang customer complete`: every way a visit can end.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use serde_json::Value;
use shell::{Sandbox, binding, run, stderr, stdout};

/// Binds, plays the customer, and tells the exit status and what `--json` said.
async fn play(sandbox: &Sandbox, customer: usize, flags: &[&str]) -> (Option<i32>, Value) {
    let request = binding(&sandbox.phone(customer), "cust-1");
    let outcome = sandbox.client().bind(&request).await.unwrap();
    let url = outcome.done().unwrap().redirect_url;
    let mut args = vec![
        "customer",
        "complete",
        &url,
        "--json",
        "--data",
        sandbox.data(),
    ];
    args.extend(flags);
    let output = run(&args);
    let said = serde_json::from_str(&stdout(&output));
    (
        output.status.code(),
        said.unwrap_or_else(|_| panic!("{}", stderr(&output))),
    )
}

#[tokio::test]
async fn a_customer_who_does_everything_right_is_sent_to_the_success_url() {
    let sandbox = Sandbox::start(&[]);
    let (status, said) = play(&sandbox, 1, &[]).await;
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(said["outcome"], "completed");
    assert_eq!(said["sent_to"], "https://toko.example/ok?a=1&b=2");
    assert_eq!(said["code"], Value::Null);
}

#[tokio::test]
async fn wrong_otps_go_on_until_the_bank_refuses() {
    let sandbox = Sandbox::start(&[]);
    let (status, said) = play(&sandbox, 0, &["--wrong-otp"]).await;
    assert_eq!(
        (status, &said["outcome"]),
        (Some(3), &Value::from("refused")),
        "{said}"
    );
    assert_eq!(said["sent_to"], "https://toko.example/failed?a=1&b=2");
    assert!(said["code"].is_string(), "{said}");
}

#[tokio::test]
async fn wrong_pins_go_on_until_the_bank_refuses() {
    let sandbox = Sandbox::start(&[]);
    let (status, said) = play(&sandbox, 0, &["--wrong-pin"]).await;
    assert_eq!(
        (status, &said["outcome"]),
        (Some(3), &Value::from("refused")),
        "{said}"
    );
    assert!(said["code"].is_string(), "{said}");
}

#[tokio::test]
async fn a_customer_may_cancel_or_walk_away_and_start_again() {
    let sandbox = Sandbox::start(&["--relaxed-otp"]);
    let (status, said) = play(&sandbox, 0, &["--cancel"]).await;
    assert_eq!(
        (status, &said["outcome"]),
        (Some(4), &Value::from("cancelled")),
        "{said}"
    );
    assert_eq!(said["sent_to"], "https://toko.example/failed?a=1&b=2");
    let (status, said) = play(&sandbox, 0, &["--abandon"]).await;
    assert_eq!(
        (status, &said["outcome"]),
        (Some(4), &Value::from("abandoned")),
        "{said}"
    );
    assert_eq!(said["sent_to"], Value::Null);
    let (status, said) = play(&sandbox, 0, &[]).await;
    assert_eq!(status, Some(0), "{said}");
}

#[tokio::test]
async fn a_large_payment_asks_for_otp_and_pin() {
    let sandbox = Sandbox::start(&["--relaxed-otp"]);
    let client = sandbox.client();
    let bound = client
        .bind(&binding(&sandbox.phone(1), "cust-1"))
        .await
        .unwrap()
        .done()
        .unwrap();
    let url = bound.redirect_url;
    assert!(
        run(&["customer", "complete", &url, "--data", sandbox.data()])
            .status
            .success()
    );
    let linked = client.exchange_code(&bound.auth_code).await.unwrap();
    let linked = linked.done().unwrap();
    for (rupiah, flags, status) in [
        (1_500_000, &[][..], Some(0)),
        (1_500_000, &["--wrong-otp"], Some(3)),
        (20_000, &[], Some(0)),
        (20_000, &["--cancel"], Some(4)),
    ] {
        let request = shell::payment(rupiah);
        let accepted = linked.pay(&request).await.unwrap().done().unwrap();
        let url = accepted.page().unwrap();
        let mut args = vec![
            "customer",
            "complete",
            url,
            "--json",
            "--data",
            sandbox.data(),
        ];
        args.extend(flags);
        let output = run(&args);
        assert_eq!(
            output.status.code(),
            status,
            "{rupiah} {flags:?}: {}",
            stdout(&output)
        );
    }
}

#[tokio::test]
async fn a_customer_whose_otp_never_comes_has_abandoned() {
    let sandbox = Sandbox::start(&[]);
    let (status, said) = play(&sandbox, 5, &[]).await;
    assert_eq!(
        (status, &said["outcome"]),
        (Some(4), &Value::from("abandoned")),
        "{said}"
    );
}

#[test]
fn a_link_that_names_nothing_is_refused_and_one_that_is_none_says_so() {
    let sandbox = Sandbox::start(&[]);
    let url = format!(
        "{}/direct-debit/ui/binding/core/nothing",
        sandbox.text("base_url")
    );
    let output = run(&["customer", "complete", &url, "--data", sandbox.data()]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    let output = run(&[
        "customer",
        "complete",
        "not-a-link",
        "--data",
        sandbox.data(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("not-a-link"),
        "{}",
        stderr(&output)
    );
}
