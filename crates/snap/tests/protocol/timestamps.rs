//! Timestamps: what is accepted, what time it is, Jakarta's day.

use proptest::prelude::*;
use snap::timestamp::{Timestamp, format_jakarta, is_calendar_day, jakarta_day};

#[test]
fn the_offsets_that_clients_send_are_read() {
    for (text, unix_ms) in [
        ("2026-01-02T03:04:05Z", 1_767_323_045_000),
        ("2026-01-02T10:04:05+07:00", 1_767_323_045_000),
        ("2026-01-02T03:04:05-00:00", 1_767_323_045_000),
        ("2026-01-02T03:04:05+00:00", 1_767_323_045_000),
        ("2026-01-02T08:34:05+05:30", 1_767_323_045_000),
        ("2026-01-01T22:04:05-05:00", 1_767_323_045_000),
        ("2026-01-02T03:04:05.1Z", 1_767_323_045_100),
        ("2026-01-02T03:04:05.12Z", 1_767_323_045_120),
        ("2026-01-02T10:04:05.123+07:00", 1_767_323_045_123),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("1970-01-01T00:00:00Z", 0),
    ] {
        let timestamp = Timestamp::parse(text).unwrap();
        assert_eq!(timestamp.unix_ms(), unix_ms, "{text}");
        assert_eq!(timestamp.text(), text);
    }
}

#[test]
fn everything_else_is_refused() {
    for text in [
        "",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "2026-01-02t03:04:05z",
        "2026-01-02T03:04:05+0700",
        "2026-01-02T03:04:05+7:00",
        "2026-01-02T03:04:05+5.5:30",
        "2026-01-02T03:04:05+07:00 ",
        " 2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.1234Z",
        "2026-01-02T03:04:05,123Z",
        "2026-02-30T03:04:05Z",
        "2025-02-29T03:04:05Z",
        "2026-13-02T03:04:05Z",
        "2026-00-02T03:04:05Z",
        "2026-01-02T24:04:05Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05+15:00",
        "2026-01-02T03:04:05+07:60",
        "2026-01-02T03:04:05Z\n",
        "+026-01-02T03:04:05Z",
        "20260102T030405Z",
        "1767323045",
        "２026-01-02T03:04:05Z",
    ] {
        assert!(Timestamp::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn the_business_day_is_jakartas() {
    for (text, day) in [
        ("2026-01-01T16:59:59Z", "20260101"),
        ("2026-01-01T17:00:00Z", "20260102"),
        ("2026-01-02T00:00:00+07:00", "20260102"),
        ("2025-12-31T23:59:59.999+07:00", "20251231"),
    ] {
        assert_eq!(Timestamp::parse(text).unwrap().jakarta_day(), day, "{text}");
    }
    assert_eq!(
        format_jakarta(1_767_323_045_999),
        "2026-01-02T10:04:05+07:00"
    );
    assert_eq!(format_jakarta(-1), "1970-01-01T06:59:59+07:00");
}

#[test]
fn times_outside_the_calendar_are_printed_as_its_ends() {
    assert_eq!(format_jakarta(i64::MAX), "9999-12-31T23:59:59+07:00");
    assert_eq!(format_jakarta(i64::MIN), "0001-01-01T07:00:00+07:00");
    assert_eq!(jakarta_day(i64::MAX), "99991231");
}

#[test]
fn a_calendar_day_exists() {
    for day in ["19990101", "20240229"] {
        assert!(is_calendar_day(day), "{day}");
    }
    for day in [
        "",
        "19990230",
        "1999-1-1",
        "19991301",
        "199901011",
        "1999010a",
        "+9990101",
    ] {
        assert!(!is_calendar_day(day), "{day}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(seconds in 0_i64..253_402_275_599) {
        let printed = Timestamp::from_unix_ms(seconds * 1000);
        prop_assert_eq!(Timestamp::parse(printed.text()).unwrap(), printed);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,32}") {
        let _ = Timestamp::parse(&text);
        let _ = is_calendar_day(&text);
    }

    #[test]
    fn almost_right_texts_do_not_make_it_panic(text in "[0-9é]{3,5}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.]?[0-9]{0,4}[Z+-]?[0-9:]{0,6}") {
        let _ = Timestamp::parse(&text);
    }
}
