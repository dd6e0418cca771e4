//! Amounts: the strict form, the lenient one, arithmetic and the two spellings.

use proptest::prelude::*;
use snap::{Amount, AmountError, Money};

#[test]
fn the_strict_form_is_digits_a_point_and_two_digits() {
    for (text, sen) in [
        ("0.00", 0),
        ("1.00", 100),
        ("10000.00", 1_000_000),
        ("0.01", 1),
        ("007.50", 750),
        ("9999999999999999.99", 999_999_999_999_999_999),
    ] {
        assert_eq!(Amount::parse(text).map(Amount::sen), Ok(sen), "{text}");
    }
}

#[test]
fn everything_else_is_refused() {
    for text in [
        "",
        "10000",
        "10000.0",
        "10000.000",
        "-1.00",
        "+1.00",
        "1e3",
        "1e3.00",
        ".00",
        "1.",
        "1.0 ",
        " 1.00",
        "12345678901234567.00",
        "1,000.00",
        "1.000,00",
        "١.00",
        "0x1.00",
        "1.-1",
        "1.+1",
        "NaN",
        "1..0",
        "1.0.0",
        "10000.00\n",
    ] {
        assert_eq!(Amount::parse(text), Err(AmountError::Format), "{text:?}");
    }
}

#[test]
fn the_lenient_form_also_takes_whole_rupiah_and_one_decimal() {
    for (text, sen) in [
        ("10000", 1_000_000),
        ("10000.5", 1_000_050),
        ("10000.50", 1_000_050),
    ] {
        assert_eq!(
            Amount::parse_lenient(text).map(Amount::sen),
            Ok(sen),
            "{text}"
        );
    }
    for text in ["", "-1", "1e3", "1.234", "12345678901234567", "1."] {
        assert_eq!(
            Amount::parse_lenient(text),
            Err(AmountError::Format),
            "{text:?}"
        );
    }
}

#[test]
fn arithmetic_never_leaves_the_range() {
    let most = Amount::parse("9999999999999999.99").unwrap();
    let one = Amount::from_sen(1).unwrap();
    assert_eq!(most.checked_add(one), None);
    assert_eq!(Amount::ZERO.checked_sub(one), None);
    assert_eq!(one.checked_sub(one), Some(Amount::ZERO));
    assert_eq!(Amount::from_sen(-1), None);
    assert_eq!(Amount::from_sen(i64::MAX), None);
    assert_eq!(Amount::from_rupiah(u64::MAX), None);
    assert_eq!([most, one].into_iter().sum::<Option<Amount>>(), None);
}

#[test]
fn people_read_rupiah_with_points() {
    for (text, people) in [
        ("0.00", "Rp0"),
        ("999.00", "Rp999"),
        ("10000.00", "Rp10.000"),
        ("1234567.05", "Rp1.234.567,05"),
    ] {
        assert_eq!(Amount::parse(text).unwrap().rupiah_text(), people);
    }
}

#[test]
fn the_wire_object_is_value_and_currency() {
    let amount = Amount::parse("10000.00").unwrap();
    let wire = r#"{"value":"10000.00","currency":"IDR"}"#;
    assert_eq!(serde_json::to_string(&amount).unwrap(), wire);
    assert_eq!(serde_json::to_string(&Money(amount)).unwrap(), wire);
    assert_eq!(serde_json::from_str::<Money>(wire).unwrap().0, amount);
    for lenient in [
        r#"{"value":10000}"#,
        r#"{"currency":"IDR","value":"10000.0","x":1}"#,
    ] {
        assert_eq!(
            serde_json::from_str::<Amount>(lenient).unwrap(),
            amount,
            "{lenient}"
        );
    }
    for wrong in [
        r#"{"value":"1.00","currency":"USD"}"#,
        r#"{"currency":"IDR"}"#,
        r#""1.00""#,
        r#"{"value":"-1"}"#,
    ] {
        assert!(serde_json::from_str::<Amount>(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(sen in 0_i64..=999_999_999_999_999_999) {
        let amount = Amount::from_sen(sen).unwrap();
        prop_assert_eq!(Amount::parse(&amount.to_string()), Ok(amount));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,24}") {
        let _ = Amount::parse(&text);
        let _ = Amount::parse_lenient(&text);
    }
}
