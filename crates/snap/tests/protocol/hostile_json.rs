//! Bodies that no honest client sends.

use proptest::prelude::*;
use snap::{
    Request, Rules,
    json::{self, Node},
    messages::{
        bank::{
            BankBalanceRequest, BankBindingInquiryRequest, BankBindingRequest, BankCancelRequest,
            BankNotifyRequest, BankPaymentRequest, BankRefundRequest, BankStatusRequest,
            BankUnbindingRequest, StatementRequest,
        },
        binding::BindingRequest,
        notify::{BindingNotifyRequest, NotifyRequest},
        payment::PaymentRequest,
        refund::RefundRequest,
        status::StatusRequest,
        token::{B2b2cRequest, B2bRequest},
        unbinding::UnbindingRequest,
    },
};

fn message(body: &[u8]) -> String {
    json::parse(body).map_or_else(|refusal| refusal.message(), |_| "ok".to_owned())
}

fn nested(depth: usize, open: &str, close: &str) -> String {
    format!(
        r#"{{"x":{}1{}}}"#,
        open.repeat(depth - 1),
        close.repeat(depth - 1)
    )
}

#[test]
fn what_is_no_object_is_a_bad_request() {
    for body in [
        &b""[..],
        b" ",
        b"null",
        b"1",
        b"\"text\"",
        b"[]",
        b"[{}]",
        b"{",
        b"{}}",
        b"{} {}",
        b"{\"a\":1,}",
        b"{a:1}",
        b"{'a':1}",
        b"{\"a\":01}",
        b"{\"a\":NaN}",
        b"{\"a\":1e999}",
        b"{\"a\":tru}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"\0",
        b"{\"a\":\"\0\"}",
        b"{\"a\":\"\n\"}",
        b"{\"a\\u0000\":1}",
        b"grantType=client_credentials",
    ] {
        assert_eq!(
            message(body),
            "Bad Request",
            "{:?}",
            String::from_utf8_lossy(body)
        );
    }
    assert_eq!(message(b" { } "), "ok");
}

#[test]
fn lone_surrogates_are_a_bad_request() {
    for body in [
        r#"{"reason":"\ud800"}"#,
        r#"{"reason":"\udc00"}"#,
        r#"{"reason":"\ud800\ud800"}"#,
        r#"{"\ud800":1}"#,
    ] {
        assert_eq!(message(body.as_bytes()), "Bad Request", "{body}");
    }
    assert_eq!(message(br#"{"reason":"\ud83d\ude00"}"#), "ok");
}

#[test]
fn a_repeated_member_is_a_bad_request_at_every_level() {
    for body in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"\u0061":3}"#,
        r#"{"a":{"b":[{"c":1,"c":2}]}}"#,
        r#"{"additionalInfo":null,"additionalInfo":{}}"#,
    ] {
        assert_eq!(message(body.as_bytes()), "Bad Request", "{body}");
    }
    assert_eq!(message(br#"{"a":{"a":{"a":1}},"A":1}"#), "ok");
}

#[test]
fn sixteen_levels_are_enough() {
    assert_eq!(message(nested(16, "[", "]").as_bytes()), "ok");
    assert_eq!(message(nested(17, "[", "]").as_bytes()), "Bad Request");
    assert_eq!(message(nested(16, r#"{"x":"#, "}").as_bytes()), "ok");
    assert_eq!(
        message(nested(17, r#"{"x":"#, "}").as_bytes()),
        "Bad Request"
    );
    assert_eq!(message(nested(30_000, "[", "]").as_bytes()), "Bad Request");
}

#[test]
fn a_control_character_is_told_with_the_field_if_we_know_the_field() {
    for (body, expected) in [
        (r#"{"reason":"a\u0000b"}"#, "Invalid Field Format reason"),
        (
            r#"{"additionalInfo":{"remarks":"a\nb"}}"#,
            "Invalid Field Format additionalInfo.remarks",
        ),
        (r#"{"reason":"\u007f"}"#, "Invalid Field Format reason"),
        (r#"{"reason":"\u009f"}"#, "Invalid Field Format reason"),
        (
            r#"{"additionalInfo":{"lineItems":[{"name":"a"},{"name":"\t"}]}}"#,
            "Invalid Field Format additionalInfo.lineItems[1].name",
        ),
        (r#"{"secretName":"\u0001"}"#, "Bad Request"),
        (
            r#"{"additionalInfo":{"secretName":{"name":"\u0001"}}}"#,
            "Bad Request",
        ),
        (r#"{"reason":"\u2028 \u00a0 \ufeff é"}"#, "ok"),
    ] {
        assert_eq!(message(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn numbers_are_kept_as_they_were_written() {
    let body = br#"{"a":18446744073709551615,"b":-42,"c\"1":10.10,"d":[1e3,"4\\",-5.50,{"6":7E-1}],
        "e":"8 \" 9","f":9999999999999999.99 , "g":15000.00}"#;
    let Node::Object(members) = json::parse(body).unwrap() else {
        panic!("an object")
    };
    let mut numbers = Vec::new();
    let mut nodes: Vec<Node> = members.into_iter().rev().map(|(_, value)| value).collect();
    while let Some(node) = nodes.pop() {
        match node {
            Node::Number(text) => numbers.push(text),
            Node::Array(items) => nodes.extend(items.into_iter().rev()),
            Node::Object(members) => {
                nodes.extend(members.into_iter().rev().map(|(_, value)| value))
            }
            _ => {}
        }
    }
    let expected = [
        "18446744073709551615",
        "-42",
        "10.10",
        "1e3",
        "-5.50",
        "7E-1",
        "9999999999999999.99",
        "15000.00",
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn many_members_and_items_are_read_in_reasonable_time() {
    let members: Vec<String> = (0..5000).map(|at| format!(r#""{at}":{at}"#)).collect();
    assert_eq!(
        message(format!("{{{}}}", members.join(",")).as_bytes()),
        "ok"
    );
}

#[test]
fn what_a_stranger_sent_is_not_printed() {
    let node = json::parse(br#"{"phoneNo":"6281234567890"}"#).unwrap();
    assert!(!format!("{node:?} {:?}", node.fields()).contains("6281234567890"));
}

/// Reads the body as every request there is; none may panic.
fn read_as_everything(body: &[u8]) {
    fn one<R: Request>(body: &[u8]) {
        let schemes = ["myapp".to_owned()];
        for strict in [false, true] {
            let rules = Rules {
                strict,
                allow_loopback_http: true,
                url_schemes: &schemes,
            };
            if let Err(refusal) = snap::read::<R>(body, rules) {
                assert!(refusal.message().chars().count() <= 150);
            }
        }
    }
    one::<B2bRequest>(body);
    one::<B2b2cRequest>(body);
    one::<BindingRequest>(body);
    one::<UnbindingRequest>(body);
    one::<snap::messages::balance::BalanceRequest>(body);
    one::<PaymentRequest>(body);
    one::<StatusRequest>(body);
    one::<RefundRequest>(body);
    one::<NotifyRequest>(body);
    one::<BindingNotifyRequest>(body);
    one::<BankBindingRequest>(body);
    one::<BankBindingInquiryRequest>(body);
    one::<BankUnbindingRequest>(body);
    one::<BankBalanceRequest>(body);
    one::<BankPaymentRequest>(body);
    one::<BankStatusRequest>(body);
    one::<BankCancelRequest>(body);
    one::<BankRefundRequest>(body);
    one::<BankNotifyRequest>(body);
    one::<StatementRequest>(body);
}

/// Objects of the standard's names with values of any kind.
fn plausible() -> impl Strategy<Value = String> {
    let names = prop_oneof![
        Just("additionalInfo"),
        Just("amount"),
        Just("value"),
        Just("currency"),
        Just("phoneNo"),
        Just("channel"),
        Just("payOptionDetails"),
        Just("payMethod"),
        Just("transAmount"),
        Just("feeAmount"),
        Just("lineItems"),
        Just("name"),
        Just("price"),
        Just("quantity"),
        Just("remarks"),
        Just("partnerReferenceNo"),
        Just("originalPartnerReferenceNo"),
        Just("serviceCode"),
        Just("transactionDate"),
        Just("refundAmount"),
        Just("partnerRefundNo"),
        Just("grantType"),
        Just("authCode"),
        Just("tokenId"),
        Just("urlParams"),
        Just("url"),
        Just("successPaymentUrl"),
        Just("failedPaymentUrl"),
        Just("validUpTo"),
        Just("latestTransactionStatus"),
        Just("pageNumber"),
        Just("fromDateTime"),
        Just("toDateTime"),
        Just("isDeeplink"),
        Just("type"),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("{}".to_owned()),
        Just("[]".to_owned()),
        "-?[1-9][0-9]{0,20}([.][0-9]{1,3})?",
        "\"[a-zA-Z0-9 ./:@é-]{0,20}\"",
        Just("\"10000.00\"".to_owned()),
        Just("\"IDR\"".to_owned()),
        Just("\"DIRECT_DEBIT_ALLO_SNAP\"".to_owned()),
        Just("\"https://shop.example\"".to_owned()),
        Just("\"2026-01-02T03:04:05Z\"".to_owned()),
        Just("\"BALANCE\"".to_owned()),
        Just("\"authorization_code\"".to_owned()),
    ];
    let object = move |value: BoxedStrategy<String>| {
        proptest::collection::btree_map(names.clone(), value, 0..8).prop_map(|members| {
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            format!("{{{}}}", members.join(","))
        })
    };
    let inner = object.clone();
    let value = leaf.prop_recursive(4, 40, 6, move |value| {
        prop_oneof![
            2 => inner(value.clone().boxed()),
            1 => proptest::collection::vec(value, 0..3).prop_map(|items| format!("[{}]", items.join(","))),
        ]
    });
    object(value.boxed())
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_make_any_request_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn plausible_objects_do_not_make_any_request_panic(body in plausible()) {
        prop_assert!(json::parse(body.as_bytes()).is_ok());
        read_as_everything(body.as_bytes());
    }

    #[test]
    fn what_serde_json_reads_we_read_or_refuse(tree in crate::printers::tree()) {
        let text = crate::printers::gson(&tree, &mut crate::printers::Gaps::none());
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        let _ = json::parse(text.as_bytes());
    }
}
