//! `gerbang bind`, `balance`, `pay`, `status`, `refund` and `unbind`, as a newcomer types them beside a running
//! sandbox. What they print is kept in `tests/output`; `UPDATE_DOCS=1` writes it again.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

mod shell;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use shell::{Sandbox, check_output, stderr, stdout};
use tempfile::TempDir;

/// A folder where a sandbox runs, and a browser that plays the customer.
struct Desk {
    sandbox: Sandbox,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start_on(&folder.path().join("gerbang-data"), &[]);
        let desk = Self { sandbox, folder };
        desk.browser("");
        desk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The browser that `--open` opens: it plays the customer, and goes where they are sent.
    fn browser(&self, flags: &str) {
        let binary = env!("CARGO_BIN_EXE_gerbang");
        let script = format!(
            "#!/bin/sh\n\
             cd '{}'\n\
             '{binary}' customer complete \"$1\" --json {flags} > visit.json\n\
             sent=$(sed -n 's/.*\"sent_to\":\"\\([^\"]*\\)\".*/\\1/p' visit.json)\n\
             curl -sS \"$sent\" > /dev/null 2>&1\n",
            self.path().display()
        );
        let folder = self.path().join("bin");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("xdg-open");
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        let path = format!(
            "{}:/usr/local/bin:/usr/bin:/bin",
            self.path().join("bin").display()
        );
        shell::command(args)
            .current_dir(self.path())
            .env("PATH", path)
            .output()
            .unwrap()
    }

    /// What it said in `--json`, and its exit status.
    fn json(&self, args: &[&str]) -> (Option<i32>, Value) {
        let output = self.run(&[args, &["--json"]].concat());
        let said = serde_json::from_slice(&output.stdout);
        (
            output.status.code(),
            said.unwrap_or_else(|_| panic!("{}", stderr(&output))),
        )
    }

    /// Plays the customer on a page.
    fn complete(&self, page: &str, flags: &[&str]) {
        self.run(&[&["customer", "complete", page][..], flags].concat());
    }

    /// Links the demo customer of this number.
    fn link(&self, customer: usize) {
        let phone = self.sandbox.phone(customer);
        let (code, said) = self.json(&["bind", "--phone", &phone, "--open"]);
        assert_eq!(
            (code, said["outcome"].as_str()),
            (Some(0), Some("done")),
            "{said}"
        );
    }
}

/// The same output for every run: without addresses, references, names and times.
fn steady(text: &str) -> String {
    let word = |word: &str| {
        if word == env!("CARGO_BIN_EXE_gerbang") {
            "gerbang".to_owned()
        } else if let Some((_, path)) = word
            .strip_prefix("http://")
            .and_then(|url| url.split_once("/direct-debit/"))
        {
            let kind = path.rsplit_once('/').map_or(path, |(kind, _)| kind);
            format!("http://GATEWAY/direct-debit/{kind}/PAGE")
        } else if let Some(rest) = word.strip_prefix("http://127.0.0.1:") {
            let path = rest.split_once('/').map_or("", |(_, path)| path);
            format!("http://HOST/{path}")
        } else if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            "REFERENCE-OF-32-HEXADECIMAL-DIGIT"
                .chars()
                .take(32)
                .collect()
        } else if word.starts_with("cust-") && word.len() == 13 {
            "cust-01234567".to_owned()
        } else if word.len() >= 25 && word.contains("T") && word.contains("+07:00") {
            format!("2026-01-31T10:00:00+07:00{}", word.get(25..).unwrap())
        } else {
            word.to_owned()
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn a_newcomer_links_pays_refunds_and_unlinks_without_an_argument() {
    let desk = Desk::new();
    let mut told = String::new();
    for (line, status) in [
        ("balance", 1),
        ("bind --open", 0),
        ("balance", 0),
        ("pay --open --wait", 0),
        ("refund --amount 5.000", 0),
        ("refund", 0),
        ("refund", 1),
        ("status", 0),
        ("pay 25000.14", 3),
        ("status", 0),
        ("unbind", 0),
        ("pay", 1),
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let output = desk.run(&args);
        told.push_str(&format!("$ gerbang {line}\n"));
        told.push_str(&steady(&stdout(&output)));
        told.push_str(&steady(&stderr(&output)));
        assert_eq!(output.status.code(), Some(status), "{told}");
    }
    check_output("operations.txt", &told);
}

#[test]
fn scripts_do_the_same_with_json_and_see_no_secret() {
    let desk = Desk::new();
    let mut said = String::new();
    let mut json = |args: &[&str], status| {
        let (code, value) = desk.json(args);
        assert_eq!(code, Some(status), "{args:?}: {value}");
        said.push_str(&value.to_string());
        value
    };
    let begun = json(&["bind", "--no-wait", "--customer", "cust-1"], 0);
    assert_eq!(begun["outcome"], "begun");
    let output = desk.run(&["pay"]);
    assert!(
        stderr(&output).contains("bind --finish"),
        "{}",
        stderr(&output)
    );
    let early = json(&["bind", "--finish"], 3);
    assert_eq!(
        (&early["outcome"], &early["code"]),
        (&"refused".into(), &"4017400".into())
    );
    desk.complete(begun["page"].as_str().unwrap(), &[]);
    let linked = json(&["bind", "--finish"], 0);
    assert_eq!(
        (&linked["customer"], &linked["phone_no"]),
        (&"cust-1".into(), &"••••1101".into())
    );
    let balance = json(&["balance"], 0);
    assert_eq!(balance["balances"][0]["available"], "10000000.00");

    let reference = "my-reference-of-32-characters-or-more";
    let items = [
        "--item",
        "Kopi=75.000x2",
        "--item",
        "Gula=5000",
        "--reference",
        reference,
    ];
    let paid = json(&[&["pay"], &items[..]].concat(), 0);
    assert_eq!(
        (&paid["reference"], &paid["amount"]),
        (&reference.into(), &"155000.00".into())
    );
    let late = json(&["status", "--wait", "--timeout", "1s"], 4);
    assert_eq!(late["outcome"], "unknown");
    desk.complete(paid["page"].as_str().unwrap(), &[]);
    let status = json(&["status", reference, "--wait"], 0);
    assert_eq!(
        (&status["status"], &status["final"]),
        (&"00".into(), &true.into())
    );
    let refund = json(&["refund", "--amount", "5000", "--reason", "no sugar"], 0);
    let refund = refund["refund_reference"].as_str().unwrap().to_owned();
    // The same refund again under its reference is not another one.
    json(
        &[
            "refund",
            "--amount",
            "5000",
            "--reason",
            "no sugar",
            "--refund-reference",
            &refund,
        ],
        0,
    );
    let status = json(&["status"], 0);
    assert_eq!(status["refunds"].as_array().unwrap().len(), 1, "{status}");
    assert_eq!(status["refunds"][0]["amount"], "5000.00");
    let too_much = json(&["refund", "--amount", "155000"], 3);
    assert!(too_much["meaning"].is_string(), "{too_much}");

    let kept = desk.sandbox.folder.join("customers.json");
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&kept).unwrap()).unwrap();
    json(&["unbind"], 0);
    let one = &kept["linked"][0];
    let names = ["access_token", "refresh_token", "auth_code"];
    let secrets: Vec<_> = names.iter().filter_map(|name| one[name].as_str()).collect();
    assert!(secrets.len() >= 2, "{} secrets are kept", secrets.len());
    for secret in secrets {
        assert!(!said.contains(secret), "a secret in {said}");
    }
}

#[test]
fn a_customer_who_cancels_has_not_paid_and_is_not_linked() {
    let desk = Desk::new();
    desk.link(0);
    desk.browser("--cancel");
    let output = desk.run(&["pay", "--open", "--wait"]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("not paid: Rp25.000"),
        "{}",
        stdout(&output)
    );
    assert!(
        stdout(&output).contains("nothing was charged"),
        "{}",
        stdout(&output)
    );
    let output = desk.run(&["bind", "--open"]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("without being linked"),
        "{}",
        stdout(&output)
    );
    // The account that is linked already: the bank refuses, and it is said how to go on.
    desk.browser("");
    let output = desk.run(&["bind", "--open", "--phone", &desk.sandbox.phone(0)]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("unbind --customer cust-"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn two_customers_are_kept_apart_and_named_by_their_ids() {
    let desk = Desk::new();
    desk.link(0);
    desk.link(2);
    let kept = std::fs::read_to_string(desk.sandbox.folder.join("customers.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let id = |number: usize| {
        kept["linked"][number]["customer"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    // The third demo customer has no money, and was linked last.
    assert_eq!(desk.json(&["pay"]).1["code"], "4035414");
    assert_eq!(desk.json(&["pay", "--customer", &id(0)]).0, Some(0));
    assert_eq!(desk.json(&["unbind", "--customer", &id(1)]).0, Some(0));
    assert_eq!(
        desk.json(&["pay"]).0,
        Some(0),
        "the first one is the latest now"
    );
    let output = desk.run(&["balance", "--customer", &id(1)]);
    assert!(stderr(&output).contains(&id(0)), "{}", stderr(&output));
}

#[test]
fn a_refund_that_the_bank_leaves_open_is_not_known_and_the_same_command_finds_out() {
    let desk = Desk::new();
    desk.link(9);
    assert!(desk.run(&["pay", "--open", "--wait"]).status.success());
    let output = desk.run(&["refund"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    let again = said
        .lines()
        .find(|line| line.contains("--refund-reference"));
    let again = again.unwrap_or_else(|| panic!("{said}")).trim();
    assert!(
        desk.run(&["bank", "clock", "--advance", "1m"])
            .status
            .success()
    );
    let args: Vec<&str> = again.split(' ').skip(1).collect();
    let output = desk.run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(desk.json(&["status"]).1["status"], "04");
}

#[test]
fn mistakes_on_the_command_line_are_explained() {
    let desk = Desk::new();
    desk.link(0);
    for (args, why) in [
        (&["pay", "2.5"][..], "write 25000"),
        (&["pay", "0"], "above zero"),
        (&["pay", "--item", "Kopi"], "NAME=PRICE"),
        (&["pay", "--reference", "short"], "32 to 64"),
        (&["pay", "--timeout", "soon"], "15m"),
        (&["bind", "--phone", "abc"], "9 to 16 digits"),
        (&["bind", "--finish"], "no binding waits"),
        (&["status"], "no payment was begun"),
        (&["balance", "--customer", "nobody"], "not linked"),
    ] {
        let output = desk.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(
            stderr(&output).contains(why),
            "{args:?}: {}",
            stderr(&output)
        );
    }
    let output = desk.run(&["pay", "--qr"]);
    assert!(stdout(&output).contains('█'), "{}", stdout(&output));
    std::fs::write(desk.path().join("bin/xdg-open"), "#!/bin/sh\nexit 3\n").unwrap();
    let output = shell::command(&["pay", "--open"])
        .current_dir(desk.path())
        .env("PATH", desk.path().join("bin"))
        .output()
        .unwrap();
    assert!(
        stderr(&output).contains("no browser"),
        "{}",
        stderr(&output)
    );
    assert!(
        stdout(&output).contains("customer complete"),
        "{}",
        stdout(&output)
    );
    desk.sandbox.stop();
    let output = shell::command(&["pay"])
        .current_dir(desk.folder.path())
        .output()
        .unwrap();
    assert!(
        stderr(&output).contains("gerbang sandbox"),
        "{}",
        stderr(&output)
    );
}
