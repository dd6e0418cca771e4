//! `gerbang listen` beside a running sandbox: registered, verified, told, handed on, and over.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use merchant_sdk::RawOptions;
use serde_json::Value;
use shell::{Process, Sandbox, binding, payment, run, stderr, wait_until};
use snap::{Secret, signature};
use tempfile::TempDir;

/// A running `gerbang listen` and what it says.
struct Listening {
    process: Process,
    told: PathBuf,
    aside: PathBuf,
    _folder: TempDir,
}

impl Listening {
    /// Started on a sandbox, and ready.
    fn start(sandbox: &Sandbox, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (told, aside) = (folder.path().join("told"), folder.path().join("aside"));
        let args = [&["listen", "--data", sandbox.data()], more].concat();
        let mut process = Process::start_telling(&told, &aside, &args);
        wait_until("ready", || {
            process.check();
            std::fs::read_to_string(&aside).unwrap().contains("ready: ")
        });
        Self {
            process,
            told,
            aside,
            _folder: folder,
        }
    }

    fn lines(&self) -> Vec<String> {
        let told = std::fs::read_to_string(&self.told).unwrap();
        told.lines().map(ToOwned::to_owned).collect()
    }

    fn wait_for_lines(&self, number: usize) -> Vec<String> {
        wait_until("its lines", || self.lines().len() >= number);
        self.lines()
    }
}

/// The URLs of the listeners that the gateway knows.
async fn listeners(sandbox: &Sandbox) -> Vec<String> {
    let options = RawOptions::default();
    let path = "/management/v1/listeners";
    let answer = sandbox
        .client()
        .send_raw("GET", path, Vec::new(), &options)
        .await
        .unwrap();
    let all = answer.json()["listeners"].as_array().unwrap().clone();
    let url = |one: &Value| one["notificationUrl"].as_str().unwrap().to_owned();
    all.iter().map(url).collect()
}

fn complete(sandbox: &Sandbox, page: &str) {
    let output = run(&["customer", "complete", page, "--data", sandbox.data()]);
    assert!(output.status.success(), "{}", stderr(&output));
}

/// A customer links an account and pays 25,000 rupiah; the reference.
async fn pays(sandbox: &Sandbox) -> String {
    let client = sandbox.client();
    let bound = client.bind(&binding(&sandbox.phone(0), "cust-1")).await;
    let bound = bound.unwrap().done().unwrap();
    complete(sandbox, &bound.redirect_url);
    let linked = client.exchange_code(&bound.auth_code).await.unwrap();
    let customer = linked.done().unwrap();
    let order = payment(25_000);
    let paid = customer.pay(&order).await.unwrap().done().unwrap();
    complete(sandbox, paid.page().unwrap());
    order.reference().to_owned()
}

/// What an application was sent: path, headers, body.
type Sent = (String, HeaderMap, String);

/// An application that refuses the first notification.
#[derive(Clone, Default)]
struct Application(Arc<Mutex<Vec<Sent>>>);

impl Application {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(Self::take).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn take(
        State(application): State<Self>,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> (StatusCode, &'static str) {
        let mut all = application.0.lock().unwrap();
        all.push((
            uri.to_string(),
            headers,
            String::from_utf8(body.to_vec()).unwrap(),
        ));
        match all.len() {
            1 => (StatusCode::INTERNAL_SERVER_ERROR, "no\n\u{1b}[31mdatabase"),
            _ => (StatusCode::OK, "taken"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_heard_and_handed_on_until_the_application_takes_it() {
    // Nobody serves the merchant's own URLs.
    let sandbox = Sandbox::start(&["--no-merchant"]);
    let application = Application::default();
    let url = application.start().await;
    let rules = sandbox.folder.join("forwards.toml");
    let text = format!(
        "\"payment.*\" = [\"{url}/orders?shop=1\", \"{url}/orders?shop=1\"]\n\"refund.*\" = \"{url}/refunds\"\n"
    );
    std::fs::write(&rules, text).unwrap();
    let rules = rules.to_str().unwrap();
    let args = [
        "--forward-config",
        rules,
        "--print-json",
        "--until",
        "payment.success",
    ];
    let listening = Listening::start(&sandbox, &args);
    assert_eq!(listeners(&sandbox).await.len(), 1);

    let reference = pays(&sandbox).await;
    let lines = listening.wait_for_lines(2);
    let bound: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(bound["event"], "binding.success");
    assert_eq!(bound["body"]["additionalInfo"]["authCode"], "***");
    let refused: Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(refused["event"], "payment.success");
    assert_eq!(refused["verified"], true);
    assert_eq!(refused["taken"], false);
    assert_eq!(
        refused["body"]["originalPartnerReferenceNo"],
        reference.as_str()
    );
    assert_eq!(refused["forwarded"][0]["status"], 500);

    let tries = run(&[
        "notification",
        "list",
        "--outcome",
        "refused",
        "--json",
        "--data",
        sandbox.data(),
    ]);
    let tries: Value = serde_json::from_slice(&tries.stdout).unwrap();
    assert_eq!(tries[0]["httpStatus"], 500);
    assert!(
        run(&["bank", "clock", "--advance", "1m", "--data", sandbox.data()])
            .status
            .success()
    );
    let taken: Value = serde_json::from_str(&listening.wait_for_lines(3)[2]).unwrap();
    assert_eq!(
        (&taken["taken"], &taken["again"]),
        (&true.into(), &true.into())
    );
    assert!(
        listening.process.wait().success(),
        "what was waited for came"
    );
    assert!(listeners(&sandbox).await.is_empty());

    // It came to the one URL once per try, as the gateway sent it, signed for the URL.
    let sent = application.0.lock().unwrap();
    assert_eq!(sent.len(), 2);
    let (path, headers, body) = &sent[1];
    assert_eq!(path, "/orders?shop=1");
    let header = |name: &str| headers[name].to_str().unwrap();
    assert_eq!(header("x-partner-id"), sandbox.text("client_id"));
    let secret = Secret::new(sandbox.text("notification_secret"));
    let token = header("authorization").strip_prefix("Bearer ").unwrap();
    let (time, signed) = (header("x-timestamp"), header("x-signature"));
    let verified = signature::verify(&secret, "POST", path, token, body.as_bytes(), time, signed);
    assert!(verified.is_some());
}

#[tokio::test]
async fn a_listener_tells_what_is_forged_gives_way_to_the_next_and_ends_with_its_process() {
    let sandbox = Sandbox::start(&[]);
    let first = Listening::start(&sandbox, &[]);
    let url = listeners(&sandbox).await.remove(0);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let forged = http.post(&url).body("{}").send().await.unwrap();
    assert_eq!(forged.status().as_u16(), 400);
    let line = first.wait_for_lines(1).remove(0);
    assert!(
        line.contains("not verified: Invalid Mandatory Field X-TIMESTAMP"),
        "{line}"
    );

    let second = Listening::start(&sandbox, &["--count", "3"]);
    assert!(
        std::fs::read_to_string(&second.aside)
            .unwrap()
            .contains("another `gerbang listen`")
    );
    let aside = first.aside.clone();
    wait_until("the first one's end", || {
        std::fs::read_to_string(&aside)
            .unwrap()
            .contains("took over")
    });
    assert!(!first.process.wait().success());

    let reference = pays(&sandbox).await;
    let lines = second.wait_for_lines(2);
    for word in ["✓", "payment.success", &reference, "Rp25.000", "verified"] {
        assert!(lines[1].contains(word), "{word} is missing: {}", lines[1]);
    }
    // Stopped before the third came.
    assert!(!second.process.stop().success());
    assert!(listeners(&sandbox).await.is_empty());
    let third = Listening::start(&sandbox, &[]);
    assert!(third.process.stop().success());

    // A killed one is over with its minute; whoever comes next need not wait for that.
    drop(Listening::start(&sandbox, &[]).process);
    assert_eq!(listeners(&sandbox).await.len(), 1);
    let last = Listening::start(&sandbox, &[]);
    assert!(last.process.stop().success());
    assert!(listeners(&sandbox).await.is_empty());
}

#[test]
fn what_cannot_be_listened_for_or_forwarded_to_is_said_before_anything_starts() {
    let sandbox = Sandbox::start(&["--no-merchant"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let rules = sandbox.folder.join("forwards.toml");
    std::fs::write(&rules, "\"payment.paid\" = \"http://localhost:1/\"").unwrap();
    for (args, word) in [
        (&["--until", "payment.paid"][..], "payment.success"),
        (&["--count", "0"], "0"),
        (
            &["--forward", "localhost:3000"],
            "http://localhost:3000/notifications",
        ),
        (
            &["--forward-config", rules.to_str().unwrap()],
            "there is no event `payment.paid`",
        ),
        (&["--port", &port], "choose another"),
        (&["--public-url", "http://169.254.169.254"], "--public-url"),
        (
            &["--public-url", "http://127.0.0.1", "--no-register"],
            "--no-register",
        ),
    ] {
        let output = run(&[&["listen", "--data", sandbox.data()], args].concat());
        assert!(!output.status.success(), "{args:?}");
        let said = stderr(&output);
        assert!(said.contains(word), "{word} is missing: {said}");
    }
}

#[tokio::test]
async fn requests_are_followed_and_a_failed_one_says_what_was_wrong() {
    let sandbox = Sandbox::start(&["--no-merchant"]);
    let folder = tempfile::tempdir().unwrap();
    let (told, aside) = (folder.path().join("told"), folder.path().join("aside"));
    let logs = ["logs", "tail", "--data", sandbox.data()];
    let all = Process::start_telling(&told, &aside, &logs);
    let client = sandbox.client();
    let good = client.bind(&binding(&sandbox.phone(0), "cust-1")).await;
    good.unwrap().done().unwrap();
    // Signed over other bytes than those that are sent.
    let path = "/direct-debit/core/v1/balance-inquiry";
    let spoilt = RawOptions {
        signature: merchant_sdk::Signature::Text("AAAA".to_owned()),
        ..RawOptions::default()
    };
    let body = br#"{"additionalInfo":{"channel":"DIRECT_DEBIT_ALLO_SNAP"}}"#.to_vec();
    client
        .send_raw("POST", path, body.clone(), &spoilt)
        .await
        .unwrap();
    let timeless = RawOptions {
        without: vec!["X-TIMESTAMP".to_owned()],
        ..RawOptions::default()
    };
    client
        .send_raw("POST", path, body, &timeless)
        .await
        .unwrap();
    let mut text = String::new();
    wait_until("the requests", || {
        text = std::fs::read_to_string(&told).unwrap();
        text.matches("trace ").count() == 2
    });
    for word in [
        "200  2000700  POST",
        "401  4011100  POST",
        path,
        "we signed  POST:",
        "Invalid Mandatory Field X-TIMESTAMP",
    ] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
    assert!(
        !text.contains("/management/v1"),
        "the looking is not shown:\n{text}"
    );
    assert!(all.stop().success());

    let filters = [
        "--failed",
        "--method",
        "post",
        "--path",
        "/direct-debit",
        "--json",
    ];
    let failed = Process::start_telling(&told, &aside, &[&logs[..], &filters].concat());
    wait_until("the failed ones", || {
        let text = std::fs::read_to_string(&told).unwrap();
        text.matches('\n').count() == 2
    });
    let text = std::fs::read_to_string(&told).unwrap();
    let only: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let codes = [&only[0]["responseCode"], &only[1]["responseCode"]];
    assert_eq!(codes, ["4011100", "4001102"]);
    assert!(failed.stop().success());
}

#[test]
fn everything_that_can_be_triggered_is_heard_as_it_says() {
    let sandbox = Sandbox::start(&["--no-merchant", "--relaxed-otp"]);
    let listening = Listening::start(&sandbox, &["--print-json"]);
    let list = run(&["trigger", "--list", "--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let triggers = list.as_array().unwrap();
    assert!(triggers.len() >= 3, "{list}");
    for trigger in triggers {
        let (event, hears) = (
            trigger["event"].as_str().unwrap(),
            trigger["hears"].as_str().unwrap(),
        );
        let before = listening.lines().len();
        let output = run(&["trigger", event, "--json", "--data", sandbox.data()]);
        assert!(output.status.success(), "{event}: {}", stderr(&output));
        for heard in hears.split(", ") {
            let is_it = |line: &String| {
                let line: Value = serde_json::from_str(line).unwrap();
                let known = line["event"] == heard;
                known || heard == "what it told" && line["again"] == true
            };
            wait_until(event, || listening.lines().iter().skip(before).any(is_it));
        }
    }
    assert!(listening.process.stop().success());
    let unknown = run(&["trigger", "payment.paid", "--data", sandbox.data()]);
    assert!(stderr(&unknown).contains("gerbang trigger --list"));
    let nothing = run(&["trigger", "--data", sandbox.data()]);
    assert!(stderr(&nothing).contains("gerbang trigger payment.success"));
}
