//! The body rewriter: fixed cases, the output of real printers, and bytes that are not JSON.

use proptest::prelude::*;
use serde_json::Value;
use snap::{BodyForm, Secret, body, signature};

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn white_space_goes_outside_strings_only() {
    for (sent, compact) in [
        (
            "{ \"a\" :\t1 ,\r\n\"b\": [ 1 , 2 ] }",
            r#"{"a":1,"b":[1,2]}"#,
        ),
        (r#"{"a": " b  c "}"#, r#"{"a":" b  c "}"#),
        (r#"{"a": "\" ", "b": "\\"}"#, r#"{"a":"\" ","b":"\\"}"#),
        (
            r#"{"a": "\\\" x", "b" : 1.10e+5}"#,
            r#"{"a":"\\\" x","b":1.10e+5}"#,
        ),
        ("", ""),
        ("   ", ""),
    ] {
        assert_eq!(text(body::compact(sent.as_bytes())), compact);
    }
}

#[test]
fn escapes_become_the_characters_they_stand_for() {
    for (sent, unescaped) in [
        (r#"{"a": "https:\/\/x\/"}"#, r#"{"a":"https://x/"}"#),
        (r#""\u00e9\u4E2d\u2615""#, r#""é中☕""#),
        (r#""\ud83d\ude00\uD834\uDD1E""#, r#""😀𝄞""#),
        (r#""\u0026\u003c\u003E\u003d\u0027""#, r#""&<>='""#),
        (r#""\u0022\u005c\u002f""#, r#""\"\\/""#),
        (r#""\u0008\u000c\u000a\u000D\u0009""#, r#""\b\f\n\r\t""#),
        (r#""\u0000\u001F\u007f""#, "\"\\u0000\\u001f\u{7f}\""),
        (r#""\\u0041 \\/ \" \n""#, r#""\\u0041 \\/ \" \n""#),
        (r#""\\\/""#, r#""\\/""#),
        (
            r#"{"n": 10.10, "e": 1E5, "z": -0.0}"#,
            r#"{"n":10.10,"e":1E5,"z":-0.0}"#,
        ),
    ] {
        assert_eq!(text(body::unescaped(sent.as_bytes())), unescaped);
    }
}

#[test]
fn lone_surrogates_and_broken_escapes_stay() {
    for kept in [
        r#""\ud83d""#,
        r#""\ude00\ud83d""#,
        r#""\ud83d\n""#,
        r#""\ud83dx""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u+123""#,
        r#""\x""#,
        r#""\"#,
        r#""\u"#,
    ] {
        assert_eq!(text(body::unescaped(kept.as_bytes())), kept);
    }
    assert_eq!(text(body::unescaped(br#""\ud83d\u0041""#)), r#""\ud83dA""#);
    assert_eq!(
        text(body::unescaped(br#""\ud83d\ud83d\ude00""#)),
        r#""\ud83d😀""#
    );
}

#[test]
fn php_keeps_line_separators_escaped() {
    let unescaped = "\"a\u{2028}b\u{2029}\u{2027}\"".as_bytes();
    let php = "\"a\\u2028b\\u2029\u{2027}\"";
    assert_eq!(
        body::with_line_separators_escaped(unescaped)
            .map(text)
            .as_deref(),
        Some(php)
    );
    assert_eq!(body::with_line_separators_escaped(b"\"a\""), None);
}

/// The form in which the real printers' hashed bytes are found in what they send.
fn form_of(sent: &[u8], hashed: &[u8]) -> Option<BodyForm> {
    let secret = Secret::new("secret");
    let mac = signature::sign(&secret, "POST", "/", "token", hashed, "time");
    signature::verify(&secret, "POST", "/", "token", sent, "time", &mac)
}

#[test]
fn what_the_real_printers_hash_is_found_in_what_they_send() {
    let cases: Value =
        serde_json::from_str(include_str!("../vectors/printed-bodies.json")).unwrap();
    let cases = cases.as_array().unwrap();
    let mut seen = std::collections::BTreeMap::<&str, usize>::new();
    for case in cases {
        let (printer, sent, hashed) = (
            case["printer"].as_str().unwrap(),
            case["sent"].as_str().unwrap(),
            case["hashed"].as_str().unwrap(),
        );
        *seen.entry(printer).or_default() += 1;
        assert!(
            form_of(sent.as_bytes(), hashed.as_bytes()).is_some(),
            "{printer}: {sent}"
        );
        let unescaped = text(body::unescaped(sent.as_bytes()));
        match printer {
            "python" => assert_eq!(text(body::compact(sent.as_bytes())), hashed),
            "node" => assert_eq!(text(body::compact(sent.as_bytes())), hashed),
            "java" => assert_eq!(unescaped, hashed),
            "php" => {
                let php = body::with_line_separators_escaped(unescaped.as_bytes())
                    .map_or(unescaped, text);
                assert_eq!(php, hashed);
            }
            other => panic!("who is {other}?"),
        }
    }
    assert_eq!(
        seen.keys().copied().collect::<Vec<_>>(),
        ["java", "node", "php", "python"]
    );
    assert!(seen.values().all(|count| *count >= 80), "{seen:?}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let compact = body::compact(&bytes);
        prop_assert!(compact.len() <= bytes.len());
        prop_assert_eq!(&body::compact(&compact), &compact);
        let unescaped = body::unescaped(&bytes);
        prop_assert!(unescaped.len() <= bytes.len());
        let _ = body::with_line_separators_escaped(&unescaped);
    }

    #[test]
    fn bytes_that_look_like_json_do_no_harm(text in r#"[\\"u/nd8cDC0-9aeF{}: ,]{0,60}"#) {
        let unescaped = body::unescaped(text.as_bytes());
        prop_assert!(std::str::from_utf8(&unescaped).is_ok());
    }

    #[test]
    fn rewriting_keeps_the_meaning(value in crate::printers::tree()) {
        let sent = crate::printers::gson(&value, &mut crate::printers::Gaps::none());
        let before: Value = serde_json::from_str(&sent).unwrap();
        for rewritten in [body::compact(sent.as_bytes()), body::unescaped(sent.as_bytes())] {
            prop_assert_eq!(&serde_json::from_slice::<Value>(&rewritten).unwrap(), &before);
        }
    }
}
