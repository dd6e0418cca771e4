//! Every usual mistake is made here by hand, and found.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self as rsa_signature, KeyPair as _};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use snap::mistakes::{Known, Mistake, TokenRequest, Transaction, private_key_form, shortened};
use snap::{PrivateKey, PublicKey, Secret, body, paths, signature};

const SECRET: &str = "U0stdGVzdC1zZWNyZXQ=";
const TOKEN: &str = "test.access.token";
const CUSTOMER: &str = "test.customer.token";
const TIME: &str = "2026-01-02T03:04:05+07:00";
const TARGET: &str = "/direct-debit/core/v1/registration-account-unbinding?a=1";
/// `openssl dgst -sha1 -sign`: this crate's library makes no such signatures.
const SHA1_BY_OPENSSL: &str = "Ndn9QFw4EXCKQt5xotzV9gtrHw/0n+lKytvCGvyIjtVLVxzwTRM7fJP0N7hraskEwg0iF6T38e7raXPk56EREpTIAkLtR8QBUhqcmnwjWicti4a3Zp6MZIFsOGXEzRIsbgApOlLsAygi+/+YqkTRbL9P4Pg/nocg10lQWqyTPAOPO0TGbcfQ0XG0OQaF32Z12hfaqyQLAhpcuvsaDX4+PKTs9NvvMc4pbzosFXFAz/kzcaCN2d9kz/xwwKibN8y++qWZJni2maNIy7yrl0lnRCLdJyyKD7fD/H37M+xA6f8r34LSx3ddOHwt9Zvw57pJ139XgNBlCObO7xviN0pCrw==";
const BODY: &str = r#"{"b":"https://t.example/ok?x=1&y=2","a":[{"p q":"Siti é"}],"n":10.10}"#;

fn base64_hmac(algorithm: hmac::Algorithm, secret: &[u8], text: &str) -> String {
    STANDARD.encode(hmac_bytes(algorithm, secret, text))
}

fn hmac_bytes(algorithm: hmac::Algorithm, secret: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(algorithm, secret);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn text(method: &str, target: &str, token: &str, body: &str, time: &str) -> String {
    let digest = signature::digest_hex(body.as_bytes());
    signature::string_to_sign(method, target, token, &digest, time)
}

fn right() -> String {
    text("POST", TARGET, TOKEN, BODY, TIME)
}

fn signed(text: &str) -> String {
    base64_hmac(hmac::HMAC_SHA512, SECRET.as_bytes(), text)
}

fn with_body(body: &str) -> String {
    signed(&text("POST", TARGET, TOKEN, body, TIME))
}

fn with_digest(digest: &str) -> String {
    signed(&signature::string_to_sign(
        "POST", TARGET, TOKEN, digest, TIME,
    ))
}

fn explain(signature: &str, body: &str) -> Option<Vec<&'static str>> {
    let secret = Secret::new(SECRET);
    let other = Secret::new("notification");
    let private = private_key();
    let known = Known {
        secret: Some(&secret),
        other_secrets: &[&other],
        public_keys: &[PublicKey::from_pem(&private.public_key_pem()).unwrap()],
        base_url: Some("https://gateway.example/"),
        customer_token: Some(CUSTOMER),
    };
    let request = Transaction {
        method: "POST",
        target: TARGET,
        token: TOKEN,
        body: body.as_bytes(),
        timestamp: TIME,
        signature,
    };
    names(request.mistakes(&known))
}

fn names(mistakes: Option<Vec<Mistake>>) -> Option<Vec<&'static str>> {
    mistakes.map(|mistakes| mistakes.into_iter().map(Mistake::name).collect())
}

fn private_key() -> PrivateKey {
    PrivateKey::from_pem(include_str!("../vectors/rsa-2048-pkcs1.pem")).unwrap()
}

/// What is signed wrongly in a transaction, and the mistake that must be named.
fn transactions() -> Vec<(String, &'static str)> {
    let right = right();
    let bytes = hmac_bytes(hmac::HMAC_SHA512, SECRET.as_bytes(), &right);
    let by_secret = |secret: &[u8]| base64_hmac(hmac::HMAC_SHA512, secret, &right);
    let with = |target: &str, token: &str| signed(&text("POST", target, token, BODY, TIME));
    let at = |time: &str| signed(&text("POST", TARGET, TOKEN, BODY, time));
    let path = TARGET.split('?').next().unwrap();
    let sha512 = digest::digest(&digest::SHA512, BODY.as_bytes());
    let sha256 = digest::digest(&digest::SHA256, BODY.as_bytes());
    let hashed = digest::digest(&digest::SHA512, format!("{SECRET}{right}").as_bytes());
    vec![
        (hex::encode(&bytes), "hex"),
        (hex::encode_upper(&bytes), "hex"),
        (STANDARD.encode(hex::encode(&bytes)), "base64-of-hex"),
        (URL_SAFE.encode(&bytes), "base64url"),
        (STANDARD_NO_PAD.encode(&bytes), "base64-padding"),
        (
            STANDARD.encode(&bytes).replacen('=', " =", 1),
            "base64-broken",
        ),
        (
            base64_hmac(hmac::HMAC_SHA256, SECRET.as_bytes(), &right),
            "hmac-sha256",
        ),
        (STANDARD.encode(hashed), "not-hmac"),
        (by_secret(b"notification"), "other-secret"),
        (
            by_secret(format!("{SECRET}\n").as_bytes()),
            "secret-line-end",
        ),
        (by_secret(b"SK-test-secret"), "secret-decoded"),
        (
            signed(&text("post", TARGET, TOKEN, BODY, TIME)),
            "lower-case-method",
        ),
        (
            with(&format!("https://gateway.example{TARGET}"), TOKEN),
            "whole-url",
        ),
        (
            with(&format!("https://api.doku.com{TARGET}"), TOKEN),
            "whole-url",
        ),
        (with(&format!("gateway.example{TARGET}"), TOKEN), "host"),
        (with(path, TOKEN), "no-query"),
        (with(&TARGET[1..], TOKEN), "slash"),
        (with(&format!("{TARGET}/"), TOKEN), "slash"),
        (with(TARGET, &format!("Bearer {TOKEN}")), "bearer"),
        (with(TARGET, CUSTOMER), "customer-token"),
        (with(TARGET, ""), "no-token"),
        (with(TARGET, &format!("{TOKEN}\n")), "token-line-end"),
        (with_digest(&hex::encode_upper(sha256)), "digest-upper-case"),
        (with_digest(&STANDARD.encode(sha256)), "digest-base64"),
        (with_digest(&hex::encode(sha512)), "digest-sha512"),
        (with_digest(BODY), "no-digest"),
        (
            with_body(
                "{\n  \"b\": \"https://t.example/ok?x=1&y=2\",\n  \"a\": [\n    {\n      \"p q\": \"Siti é\"\n    }\n  ],\n  \"n\": 10.10\n}",
            ),
            "pretty-body",
        ),
        (
            with_body(
                r#"{"b": "https://t.example/ok?x=1&y=2", "a": [{"p q": "Siti \u00e9"}], "n": 10.10}"#,
            ),
            "spaced-body",
        ),
        (with_body(&BODY.replace(' ', "")), "squeezed-body"),
        (
            with_body(r#"{"a":[{"p q":"Siti é"}],"b":"https://t.example/ok?x=1&y=2","n":10.1}"#),
            "sorted-body",
        ),
        (with_body(&BODY.replace('/', "\\/")), "escaped-slashes"),
        (with_body(&BODY.replace('é', "\\u00e9")), "escaped-unicode"),
        (with_body(&BODY.replace('&', "\\u0026")), "escaped-html"),
        (
            with_body(&BODY.replace('&', "\\u0026").replace('=', "\\u003d")),
            "escaped-html",
        ),
        (
            with_body(&BODY.replace("10.10", "10.1")),
            "rewritten-numbers",
        ),
        (with_body(&format!("{BODY}\n")), "body-line-end"),
        (with_body(""), "empty-body"),
        (signed(&format!("{right}\n")), "text-line-end"),
        (signed(&format!("{right}\r\n")), "text-line-end"),
        (at("2026-01-02T03:04:06+07:00"), "clock-read-twice"),
        (at("2026-01-01T20:04:03Z"), "clock-read-twice"),
        (at("2026-01-01T20:04:05Z"), "time-spelling"),
        (at("2026-01-02T03:04:05.000+07:00"), "time-spelling"),
        (at("2026-01-02T03:04:05"), "time-spelling"),
        (private_key().sign(right.as_bytes()), "rsa-for-hmac"),
        (
            private_key().sign(format!("POST:{TARGET}:{}:{TIME}", hex::encode(sha256)).as_bytes()),
            "rsa-for-hmac",
        ),
    ]
}

#[test]
fn each_mistake_in_a_transaction_is_named() {
    for (signature, name) in transactions() {
        assert_eq!(explain(&signature, BODY), Some(vec![name]), "{signature}");
    }
}

#[test]
fn line_ends_are_told_where_the_body_has_some() {
    let sent = BODY.replacen(':', ": ", 1).replace(",\"n\"", ",\n\"n\"");
    assert_eq!(
        explain(&with_body(&sent.replace('\n', "\r\n")), &sent),
        Some(vec!["crlf"])
    );
}

#[test]
fn the_other_spelling_of_unbinding_is_named() {
    let secret = Secret::new(SECRET);
    let known = Known {
        secret: Some(&secret),
        ..Known::default()
    };
    let other = text("POST", paths::UNBINDING, TOKEN, BODY, TIME);
    let request = Transaction {
        method: "POST",
        target: paths::UNBINDING_WITHOUT_CORE,
        token: TOKEN,
        body: BODY.as_bytes(),
        timestamp: TIME,
        signature: &signed(&other),
    };
    assert_eq!(
        names(request.mistakes(&known)),
        Some(vec!["other-spelling"])
    );
}

#[test]
fn two_mistakes_at_once_are_both_named() {
    let bearer = text("POST", TARGET, &format!("Bearer {TOKEN}"), BODY, TIME);
    let both = hex::encode(hmac_bytes(hmac::HMAC_SHA512, SECRET.as_bytes(), &bearer));
    assert_eq!(explain(&both, BODY), Some(vec!["hex", "bearer"]));
}

#[test]
fn what_is_right_has_no_mistake_and_what_is_strange_no_explanation() {
    for form in [BODY.to_owned(), BODY.replace("\",", "\", ")] {
        assert_eq!(explain(&with_body(BODY), &form), Some(vec![]));
    }
    assert_eq!(explain(&with_body("something else"), BODY), None);
    assert_eq!(explain("", BODY), None);
    assert_eq!(explain("no base64!", BODY), None);
    let nothing_known = Known::default();
    let request = Transaction {
        method: "",
        target: "",
        token: "",
        body: b"",
        timestamp: "",
        signature: &signed(""),
    };
    assert_eq!(request.mistakes(&nothing_known), None);
}

#[test]
fn what_is_shown_holds_no_token() {
    let request = Transaction {
        method: "POST",
        target: TARGET,
        token: TOKEN,
        body: BODY.as_bytes(),
        timestamp: TIME,
        signature: "",
    };
    assert!(!request.shown().contains(TOKEN));
    assert!(request.shown().contains(&shortened(TOKEN)));
    assert_eq!(request.string_to_sign(), right());
    assert_eq!(body::compact(BODY.as_bytes()), BODY.as_bytes());
}

/// What is signed wrongly in a token request, and the mistake that must be named.
fn token_requests() -> Vec<(String, &'static str)> {
    let key = private_key();
    let sign = |text: &str| key.sign(text.as_bytes());
    let right = format!("Client-1|{TIME}");
    let bytes = STANDARD.decode(sign(&right)).unwrap();
    let by = |scheme: &'static dyn rsa_signature::RsaEncoding| {
        let pem = key.to_pkcs8_pem();
        let der = pem::parse(pem.expose()).unwrap();
        let pair = rsa_signature::RsaKeyPair::from_pkcs8(der.contents()).unwrap();
        let mut made = vec![0; pair.public_modulus_len()];
        let random = SystemRandom::new();
        pair.sign(scheme, &random, right.as_bytes(), &mut made)
            .unwrap();
        assert!(!pair.public_key().as_ref().is_empty());
        STANDARD.encode(made)
    };
    let digest = signature::digest_hex(b"{}");
    vec![
        (hex::encode(&bytes), "hex"),
        (STANDARD.encode(hex::encode(&bytes)), "base64-of-hex"),
        (sign(&format!("{TIME}|Client-1")), "swapped"),
        (sign(&format!("Client-1:{TIME}")), "separator"),
        (sign(&format!("client-1|{TIME}")), "client-key-case"),
        (sign("Client-1"), "only-client-key"),
        (sign(&format!("{right}\n")), "text-line-end"),
        (
            sign("Client-1|2026-01-02T03:04:09+07:00"),
            "clock-read-twice",
        ),
        (sign("Client-1|2026-01-01T20:04:05Z"), "time-spelling"),
        (
            sign(&signature::digest_hex(right.as_bytes())),
            "hashed-twice",
        ),
        (
            sign(&format!("POST:{}:{digest}:{TIME}", paths::TOKEN_B2B)),
            "transaction-text",
        ),
        (by(&rsa_signature::RSA_PSS_SHA256), "rsa-pss"),
        (by(&rsa_signature::RSA_PKCS1_SHA512), "rsa-sha512"),
        (SHA1_BY_OPENSSL.to_owned(), "rsa-sha1"),
        (signed(&right), "hmac-for-rsa"),
    ]
}

#[test]
fn each_mistake_in_a_token_request_is_named() {
    let secret = Secret::new(SECRET);
    let keys = [PublicKey::from_pem(&private_key().public_key_pem()).unwrap()];
    let known = Known {
        secret: Some(&secret),
        public_keys: &keys,
        ..Known::default()
    };
    let explain = |signature: &str| {
        let request = TokenRequest {
            client_key: "Client-1",
            timestamp: TIME,
            body: b"{}",
            signature,
        };
        names(request.mistakes(&known))
    };
    for (signature, name) in token_requests() {
        assert_eq!(explain(&signature), Some(vec![name]), "{signature}");
    }
    let right = private_key().sign_token("Client-1", TIME);
    assert_eq!(explain(&right), Some(vec![]));
    let stranger = PrivateKey::generate().unwrap();
    assert_eq!(explain(&stranger.sign_token("Client-1", TIME)), None);
}

#[test]
fn a_pasted_string_to_sign_is_explained_too() {
    let request = Transaction {
        method: "POST",
        target: TARGET,
        token: TOKEN,
        body: BODY.as_bytes(),
        timestamp: TIME,
        signature: "",
    };
    let known = Known::default();
    let lower = text("post", TARGET, TOKEN, BODY, TIME);
    assert_eq!(
        request.mistake_in(&known, &lower),
        Some(Mistake::LOWER_CASE_METHOD)
    );
    assert_eq!(request.mistake_in(&known, &right()), None);
    assert_eq!(request.mistake_in(&known, "POST:"), None);
    let token = TokenRequest {
        client_key: "c",
        timestamp: TIME,
        body: b"",
        signature: "",
    };
    assert_eq!(
        token.mistake_in(&format!("{TIME}|c")),
        Some(Mistake::SWAPPED)
    );
}

#[test]
fn a_private_key_whose_first_line_is_wrong_is_told() {
    let pkcs1 = include_str!("../vectors/rsa-2048-pkcs1.pem");
    let pkcs8 = private_key().to_pkcs8_pem();
    let form = |text: &str| {
        let form = private_key_form(text).unwrap();
        (form.name, form.note.is_some())
    };
    assert_eq!(form(pkcs1), ("PKCS#1", false));
    assert_eq!(form(pkcs8.expose()), ("PKCS#8", false));
    assert_eq!(
        form(&pkcs1.replace("RSA PRIVATE", "PRIVATE")),
        ("PKCS#1", true)
    );
    assert_eq!(
        form(&pkcs8.expose().replace("PRIVATE", "RSA PRIVATE")),
        ("PKCS#8", true)
    );
    assert_eq!(private_key_form("AAAA"), None);
    assert_eq!(private_key_form("hello"), None);
}

#[test]
fn no_mistake_is_looked_for_without_a_test_and_each_is_told_in_full() {
    let mut tested: Vec<&str> = transactions().iter().map(|(_, name)| *name).collect();
    tested.extend(token_requests().iter().map(|(_, name)| *name));
    // Tested on their own above.
    tested.extend(["crlf", "other-spelling"]);
    for mistake in Mistake::all() {
        assert!(tested.contains(&mistake.name()), "{}", mistake.name());
        assert!(mistake.what().len() > 15 && mistake.change().ends_with(|end| ".)".contains(end)));
    }
}
