//! The symmetric signature: known answers from DOKU's SDK, from Midtrans and for DOKU's path.

use serde_json::Value;
use snap::{BodyForm, Secret, signature};

const PATH: &str = "/direct-debit/core/v1/balance-inquiry";
const TOKEN: &str = "test.access.token";
const BODY: &[u8] = br#"{"additionalInfo":{"channel":"DIRECT_DEBIT_ALLO_SNAP"}}"#;
const TIME: &str = "2026-01-02T03:04:05+07:00";
const SIGNATURE: &str =
    "SjnQ8Pv69gcBd3bbZTc31dPqo6TaO4UVmadbg0v8gD6lS6x/Gk1gom9bztmQTVDVQ9h5ZHfJpJHmDD45B8W5wQ==";

fn secret() -> Secret {
    Secret::new("SK-test-secret")
}

fn verify(body: &[u8], mac: &str) -> Option<BodyForm> {
    signature::verify(&secret(), "POST", PATH, TOKEN, body, TIME, mac)
}

#[test]
fn the_known_answers_for_dokus_path_come_out() {
    assert_eq!(
        signature::digest_hex(BODY),
        "0a01c5c21effaea8c129a832f1271d380c2f32837527a423de89f99c191c78d2"
    );
    assert_eq!(
        signature::sign(&secret(), "POST", PATH, TOKEN, BODY, TIME),
        SIGNATURE
    );
    assert_eq!(verify(BODY, SIGNATURE), Some(BodyForm::Raw));
    let empty =
        "y+kdC2dPWCTCFo0Rr49/dadRynZ5Zppje0+NJ3YASXVpCF7UB/6cgrWVL1J3ou5kz//9bH1N9EN7CMVuPY8INg==";
    assert_eq!(
        signature::sign(&secret(), "POST", PATH, TOKEN, b"", TIME),
        empty
    );
    assert_eq!(verify(b"", empty), Some(BodyForm::Raw));
}

#[test]
fn midtrans_published_answer_comes_out_of_the_published_digest() {
    let text = signature::string_to_sign(
        "POST",
        "/v1.0/qr/qr-mpm-generate",
        "myaccesstoken",
        "01463f60dbb6ca538581579dd95b31c8ba9fc6600eca750e4d8460ca4e402111",
        "2024-03-05T10:37:16.196Z",
    );
    assert_eq!(
        signature::mac(&Secret::new("myclientsecret"), &text),
        "wmzT7yjg1SxxCsxNsFgCR9SYXiZGGbceF6fV8xe97sAMHxZ+7OEBMIBmvb6Sj6GcksGp3iv77DiomgSbcST3XQ=="
    );
}

#[test]
fn dokus_python_sdk_is_verified_from_what_it_sends() {
    let vectors: Value =
        serde_json::from_str(include_str!("../vectors/doku-python-sdk.json")).unwrap();
    let rows = vectors["symmetric"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let secret = Secret::new(text("client_secret"));
        let check = |path: &str, body: &str, mac: &str| {
            let (method, token, time) = (text("method"), text("access_token"), text("timestamp"));
            signature::verify(&secret, method, path, token, body.as_bytes(), time, mac)
        };
        let (path, body, mac) = (text("path"), text("body_as_sent"), text("signature"));
        assert_eq!(
            check(path, body, mac),
            Some(BodyForm::Compact),
            "{}",
            text("name")
        );
        assert_eq!(check(&format!("{path}/"), body, mac), None);
        assert_eq!(check(path, &body.replace("ALLO", "ALLo"), mac), None);
        let compact = snap::body::compact(body.as_bytes());
        let ours = signature::sign(
            &secret,
            text("method"),
            path,
            text("access_token"),
            &compact,
            text("timestamp"),
        );
        assert_eq!(ours, mac);
    }
}

#[test]
fn one_body_has_six_hashes_and_we_know_whose_they_are() {
    let starts = |body: &[u8], prefix: &str| {
        assert!(signature::digest_hex(body).starts_with(prefix), "{prefix}")
    };
    let raw = r#"{"a":"https://m.example/ok?x=1&y=<é>","b":10.10,"c":"p q"}"#.as_bytes();
    starts(raw, "47ade84f");
    assert_eq!(
        snap::body::unescaped(raw),
        raw,
        "numbers are never printed again"
    );

    let python = br#"{"a": "https://m.example/ok?x=1&y=<\u00e9>", "b": 10.1, "c": "p q"}"#;
    starts(&snap::body::compact(python), "49c89645");

    let go =
        r#"{"a":"https://m.example/ok?x=1\u0026y=\u003cé\u003e","b":10.1,"c":"p q"}"#.as_bytes();
    starts(go, "866004ed");

    let gson =
        r#"{"a":"https://m.example/ok?x\u003d1\u0026y\u003d\u003cé\u003e","b":10.10,"c":"p q"}"#
            .as_bytes();
    starts(gson, "a4453f84");

    let gson_short = br#"{"a":"https://m.example/ok?x\u003d1\u0026y\u003d\u003c\u00e9\u003e","b":10.1,"c":"p q"}"#;
    starts(&snap::body::unescaped(gson_short), "36d12a15");

    // White space inside strings is never removed, so this one is out of reach.
    let stripped = r#"{"a":"https://m.example/ok?x=1&y=<é>","b":10.10,"c":"pq"}"#.as_bytes();
    starts(stripped, "ab8b3d7e");
    assert_ne!(snap::body::compact(raw), stripped);
}

#[test]
fn every_part_of_the_string_to_sign_counts() {
    let s = secret();
    let check = |method, path, token, body: &[u8], time| {
        signature::verify(&s, method, path, token, body, time, SIGNATURE)
    };
    assert!(check("POST", PATH, TOKEN, BODY, TIME).is_some());
    assert!(check("post", PATH, TOKEN, BODY, TIME).is_none());
    assert!(
        check(
            "POST",
            "/direct-debit/core/v1/balance-inquiry?",
            TOKEN,
            BODY,
            TIME
        )
        .is_none()
    );
    assert!(check("POST", PATH, "Bearer test.access.token", BODY, TIME).is_none());
    assert!(check("POST", PATH, TOKEN, b"{}", TIME).is_none());
    assert!(check("POST", PATH, TOKEN, BODY, "2026-01-01T20:04:05Z").is_none());
    assert!(
        signature::verify(
            &Secret::new("SK-Test-secret"),
            "POST",
            PATH,
            TOKEN,
            BODY,
            TIME,
            SIGNATURE
        )
        .is_none()
    );
}

#[test]
fn the_signature_must_be_exact() {
    for wrong in [
        "",
        "=",
        SIGNATURE.trim_end_matches('='),
        &SIGNATURE.to_lowercase(),
        &SIGNATURE.to_uppercase(),
        &format!("{SIGNATURE} "),
        &format!("{SIGNATURE}\n"),
        &SIGNATURE.replace("wQ==", "wR=="),
        &SIGNATURE.replace('+', "-"),
        "4a39d0f0fbfaf6070177",
        "é",
    ] {
        if wrong != SIGNATURE {
            assert_eq!(verify(BODY, wrong), None, "{wrong:?}");
        }
    }
}
