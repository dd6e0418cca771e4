//! `gerbang sign` and `gerbang verify`: known answers, every source of a request, and what is printed, kept
//! in `tests/output`; `UPDATE_DOCS=1` writes these files again.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs
)]

mod shell;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use shell::{check_output, command, stderr, stdout};
use snap::{Secret, signature};
use tempfile::TempDir;

const SECRET: &str = "SK-hCJ42G28TA0MKG9LE2E_1";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3Njc0MTI4NDV9.c2lnbmF0dXJl";
const PATH: &str = "/direct-debit/core/v1/balance-inquiry";
const TIME: &str = "2026-01-02T03:04:05Z";
const BODY: &str = r#"{"additionalInfo":{"channel":"DIRECT_DEBIT_ALLO_SNAP"}}"#;

fn vectors() -> Value {
    serde_json::from_str(include_str!(
        "../../snap/tests/vectors/doku-python-sdk.json"
    ))
    .unwrap()
}

/// Runs it with the secret in the environment.
fn gerbang(args: &[&str]) -> Output {
    command(args)
        .env("GERBANG_CLIENT_SECRET", SECRET)
        .output()
        .unwrap()
}

/// A folder with a file in it.
fn file(name: &str, text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn said(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

fn curl(body: &str, signature: &str) -> String {
    format!(
        "curl -X POST 'https://gateway.example{PATH}' \\\n  -H 'Content-Type: application/json' \\\n  -H 'X-TIMESTAMP: \
         {TIME}' \\\n  -H 'Authorization: Bearer {TOKEN}' \\\n  -H 'X-SIGNATURE: {signature}' \\\n  --data-raw '{body}'\n"
    )
}

fn sign(method: &str, target: &str, token: &str, body: &str) -> String {
    let secret = Secret::new(SECRET);
    signature::sign(&secret, method, target, token, body.as_bytes(), TIME)
}

#[test]
fn dokus_sdk_and_sign_make_the_same_signatures() {
    let vectors = vectors();
    for row in vectors["symmetric"].as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap();
        let bearer = format!("Authorization: Bearer {}", text("access_token"));
        let (_keep, secret) = file("secret", &format!("{}\n", text("client_secret")));
        let request = [
            "--path",
            text("path"),
            "-H",
            &bearer,
            "--data",
            text("body_as_sent"),
            "--timestamp",
            text("timestamp"),
            "--secret-file",
            &secret,
            "--json",
        ];
        let output = shell::run(&[&["sign"], &request[..]].concat());
        assert_eq!(
            said(&output)["signature"],
            text("signature"),
            "{}",
            text("name")
        );
        let given = ["--signature", text("signature")];
        let output = shell::run(&[&["verify"], &request[..], &given].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(said(&output)["matches"], true);
    }
    let (_keep, key) = file(
        "key.pem",
        vectors["rsa_private_key_pkcs8"].as_str().unwrap(),
    );
    for row in vectors["asymmetric"].as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap();
        let request = [
            "--client-id",
            text("client_id"),
            "--timestamp",
            text("timestamp"),
            "--private-key",
            &key,
            "--json",
        ];
        let output = shell::run(&[&["sign"], &request[..]].concat());
        assert_eq!(said(&output)["signature"], text("signature"));
        assert_eq!(said(&output)["stringToSign"], text("string_to_sign"));
        let given = ["--signature", text("signature")];
        let output = shell::run(&[&["verify"], &request[..], &given].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn what_sign_and_verify_print_is_this() {
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let request = [
        "--path",
        PATH,
        "-H",
        &bearer,
        "--data",
        BODY,
        "--timestamp",
        TIME,
    ];
    let output = gerbang(&[&["sign"], &request[..]].concat());
    check_output("sign.txt", &stdout(&output));
    let output = gerbang(&[&["sign", "--json"], &request[..]].concat());
    check_output("sign.json", &stdout(&output));
    let output = gerbang(&[&["sign", "--headers"], &request[..]].concat());
    check_output("sign-headers.txt", &stdout(&output));

    let (_keep, right) = file("curl", &curl(BODY, &sign("POST", PATH, TOKEN, BODY)));
    let output = gerbang(&["verify", "--curl", &right]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    check_output("verify-matches.txt", &stdout(&output));

    let bearer = sign("POST", PATH, &format!("Bearer {TOKEN}"), BODY);
    let (_keep, wrong) = file("curl", &curl(BODY, &bearer));
    let output = gerbang(&["verify", "--curl", &wrong]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    check_output("verify-mistake.txt", &stdout(&output));
    let output = gerbang(&["verify", "--curl", &wrong, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    check_output("verify-mistake.json", &stdout(&output));

    let (_keep, strange) = file("curl", &curl(BODY, &sign("POST", PATH, "x", "y")));
    let output = gerbang(&["verify", "--curl", &strange]);
    check_output("verify-unexplained.txt", &stdout(&output));
    let digest = signature::digest_hex(b"y");
    let text = signature::string_to_sign("POST", PATH, TOKEN, &digest, TIME);
    let (_keep, text) = file("text", &text);
    let output = gerbang(&["verify", "--curl", &strange, "--string-to-sign", &text]);
    assert_eq!(output.status.code(), Some(1));
    check_output("verify-difference.txt", &stdout(&output));
}

#[test]
fn a_saved_request_and_one_on_standard_input_are_checked() {
    let signature = sign("POST", PATH, TOKEN, BODY);
    let length = BODY.len();
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: {length}\r\nX-TIMESTAMP: {TIME}\r\n\
         Authorization: Bearer {TOKEN}\r\nX-SIGNATURE: {signature}\r\n\r\n{BODY}\n"
    );
    let (_keep, saved) = file("request.http", &request);
    let output = gerbang(&["verify", "--request", &saved, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        said(&output)["notes"][0]
            .as_str()
            .unwrap()
            .contains("left out")
    );

    let (_keep, line) = file("curl", &curl(BODY, &signature));
    let output = command(&["verify", "--curl", "-"])
        .env("GERBANG_CLIENT_SECRET", SECRET)
        .stdin(std::fs::File::open(line).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn mistakes_are_named_from_the_command_line_too() {
    let right = sign("POST", PATH, TOKEN, BODY);
    let whole = format!("https://gateway.example{PATH}");
    for (signature, name) in [
        (sign("post", PATH, TOKEN, BODY), "lower-case-method"),
        (sign("POST", &whole, TOKEN, BODY), "whole-url"),
        (sign("POST", PATH, TOKEN, ""), "empty-body"),
        (right.replace('+', "-").replace('/', "_"), "base64url"),
        (right.trim_end_matches('=').to_owned(), "base64-padding"),
    ] {
        let (_keep, line) = file("curl", &curl(BODY, &signature));
        let output = gerbang(&["verify", "--curl", &line, "--json"]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert_eq!(said(&output)["mistakes"][0]["name"], name);
    }
    let (_keep, line) = file("curl", &curl(BODY, &right));
    let (_keep, other) = file("secret", "something-else");
    let (_keep, ours) = file("secret", SECRET);
    let output = shell::run(&[
        "verify",
        "--curl",
        &line,
        "--secret-file",
        &other,
        "--other-secret-file",
        &ours,
        "--json",
    ]);
    assert_eq!(said(&output)["mistakes"][0]["name"], "other-secret");
}

#[test]
fn a_string_to_sign_alone_can_be_checked() {
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let request = [
        "verify",
        "--path",
        PATH,
        "-H",
        &bearer,
        "--data",
        BODY,
        "--timestamp",
        TIME,
    ];
    let digest = signature::digest_hex(BODY.as_bytes());
    let right = signature::string_to_sign("POST", PATH, TOKEN, &digest, TIME);
    let upper = right.replace(&digest, &digest.to_uppercase());
    let check = |text: &str| {
        let (_keep, text) = file("text", text);
        let output = gerbang(&[&request[..], &["--string-to-sign", &text, "--json"]].concat());
        (output.status.code(), said(&output))
    };
    assert_eq!(check(&format!("{right}\n")).0, Some(0));
    let (status, said) = check(&upper);
    assert_eq!(status, Some(1));
    assert_eq!(said["mistakes"][0]["name"], "digest-upper-case");
    assert_eq!(said["difference"]["part"], "the digest of the body");
}

#[test]
fn what_cannot_be_checked_ends_with_status_2_and_says_what_to_give() {
    let (_keep, line) = file("curl", &curl(BODY, "AAAA"));
    let (_keep, nothing) = file("empty", "");
    for (args, why) in [
        (&["verify", "--curl", &line][..], "GERBANG_CLIENT_SECRET"),
        (&["verify", "--curl", "no-such-file"], "no-such-file"),
        (&["verify", "--request", &nothing], "saved request"),
        (&["verify", "--path", PATH], "GERBANG_TOKEN"),
        (&["verify"], "--path"),
        (
            &["verify", "--client-id", "c", "--signature", "s"],
            "X-TIMESTAMP",
        ),
        (&["verify", "--client-id", "c"], "X-SIGNATURE"),
        (
            &["verify", "--curl", &line, "--secret-file", &nothing],
            "empty",
        ),
        (
            &["verify", "--curl", &line, "--private-key", &nothing],
            "no usable key",
        ),
    ] {
        let output = shell::run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            stderr(&output).contains(why),
            "{args:?}: {}",
            stderr(&output)
        );
    }
    let output = shell::run(&["sign", "--client-id", "c"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("--private-key"),
        "{}",
        stderr(&output)
    );
    let output = shell::run(&["sign", "--client-id", "c", "--timestamp", "now"]);
    assert!(
        stderr(&output).contains("yyyy-MM-dd"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn nothing_secret_is_printed() {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{text}");
        files += 1;
    }
    assert!(files > 5);
}
