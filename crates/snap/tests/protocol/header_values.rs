//! The values of headers.

use snap::headers::{bearer, customer_token, ip_address, is_device_id, is_external_id};

#[test]
fn a_bearer_token_stands_behind_the_word_in_any_case() {
    for (value, token) in [
        ("Bearer abc", Some("abc")),
        ("bearer abc", Some("abc")),
        ("BEARER  abc ", Some("abc")),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearerabc", None),
        ("Basic abc", None),
        ("abc", None),
        ("", None),
        ("Bearée abc", None),
    ] {
        assert_eq!(bearer(value), token, "{value:?}");
    }
}

#[test]
fn a_customers_token_may_stand_bare() {
    for value in ["abc", " abc ", "Bearer abc", "bearer abc"] {
        assert_eq!(customer_token(value), "abc", "{value:?}");
    }
    assert_eq!(customer_token(""), "");
}

#[test]
fn every_sdks_external_id_is_one_and_strictly_digits_only() {
    let sdks = [
        "12345678901234561767323045",
        "12345678901767323045",
        "1767323045123",
        "1767323045",
    ];
    for id in sdks {
        assert!(
            is_external_id(id, false) && is_external_id(id, true),
            "{id}"
        );
    }
    let longest = "a".repeat(64);
    for id in ["0190a5c2-7c6a-7000-8000-000000000000", "A_b.c-1", &longest] {
        assert!(
            is_external_id(id, false) && !is_external_id(id, true),
            "{id}"
        );
    }
    let too_long = "1".repeat(65);
    for id in ["", " ", "a b", "é", "a/b", "1\n", &too_long] {
        assert!(
            !is_external_id(id, false) && !is_external_id(id, true),
            "{id:?}"
        );
    }
    assert!(is_external_id(&"1".repeat(36), true) && !is_external_id(&"1".repeat(37), true));
}

#[test]
fn any_address_will_do_and_strictly_the_documented_ones() {
    for text in [
        "10.0.0.10x",
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4:80",
        "[::1]",
        " 1.2.3.4",
        "01.2.3.4",
    ] {
        assert_eq!(ip_address(text, false), None, "{text:?}");
    }
    for text in ["1.1.1.1", "127.0.0.1", "2001:db8::1"] {
        assert!(
            ip_address(text, false).is_some() && ip_address(text, true).is_none(),
            "{text}"
        );
    }
    for text in ["10.0.0.101", "203.114.255.100"] {
        assert!(ip_address(text, true).is_some(), "{text}");
    }
}

#[test]
fn a_device_id_is_printable() {
    assert!(is_device_id(&"a".repeat(400), false) && !is_device_id(&"a".repeat(401), false));
    assert!(is_device_id(&"a".repeat(64), true) && !is_device_id(&"a".repeat(65), true));
    assert!(!is_device_id("", false) && !is_device_id("é", false) && !is_device_id("a\tb", false));
}
