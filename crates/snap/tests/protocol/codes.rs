//! Response codes: every row of the standard, the messages, what a received code means, and the document.

use std::{collections::HashSet, fmt::Write as _};

use proptest::prelude::*;
use snap::{Case, Outcome, ReceivedCode, Refusal, ResponseCode, Service};

/// HTTP status, number and message of every case, written down a second time.
const ROWS: &str = "\
200 00 Successful
202 00 Request In Progress
400 00 Bad Request
400 01 Invalid Field Format
400 02 Invalid Mandatory Field
401 00 Unauthorized.
401 01 Invalid Token (B2B)
401 02 Invalid Customer Token
401 03 Token Not Found (B2B)
401 04 Customer Token Not Found
403 00 Transaction Expired
403 01 Feature Not Allowed
403 02 Exceeds Transaction Amount Limit
403 03 Suspected Fraud
403 04 Activity Count Limit Exceeded
403 05 Do Not Honor
403 06 Feature Not Allowed At This Time.
403 07 Card Blocked
403 08 Card Expired
403 09 Dormant Account
403 10 Need To Set Token Limit
403 11 OTP Blocked
403 12 OTP Lifetime Expired
403 13 OTP Sent To Cardholder
403 14 Insufficient Funds
403 15 Transaction Not Permitted.
403 16 Suspend Transaction
403 17 Token Limit Exceeded
403 18 Inactive Card/Account/Customer
403 19 Merchant Blacklisted
403 20 Merchant Limit Exceed
403 21 Set Limit Not Allowed
403 22 Token Limit Invalid
403 23 Account Limit Exceed
403 24 Invalid CVV
403 25 Invalid Expiration
403 26 Invalid Card Type
403 27 Card Usage Exceeded
403 28 Restricted by CVM
403 29 Duplicate Authorization
403 30 Error OTP Request
403 31 EMI Not Available
403 32 Payer Is Invalid
403 33 Account No Is Invalid
404 00 Invalid Transaction Status
404 01 Transaction Not Found
404 02 Invalid Routing
404 03 Bank Not Supported By Switch
404 04 Transaction Cancelled
404 05 Merchant Is Not Registered For Card Registration Services
404 06 Need To Request OTP
404 07 Journey Not Found
404 08 Invalid Merchant
404 09 No Issuer
404 10 Invalid API Transition
404 11 Invalid Card/Account/Customer/Virtual Account
404 12 Invalid Bill/Virtual Account
404 13 Invalid Amount
404 14 Paid Bill
404 15 Invalid OTP
404 16 Partner Not Found
404 17 Invalid Terminal
404 18 Inconsistent Request
404 19 Invalid Bill/Virtual Account
405 00 Requested Function Is Not Supported
405 01 Requested Operation Is Not Allowed
409 00 Conflict
409 01 Duplicate partnerReferenceNo
413 00 Payload Too Large
415 00 Unsupported Media Type
429 00 Too Many Requests
500 00 General Error
500 01 Internal Server Error
500 02 External Server Error
504 00 Timeout
404 00 Not Found
";

#[test]
fn the_table_is_the_standards() {
    let mut rows = String::new();
    for case in Case::all() {
        writeln!(
            rows,
            "{} {:02} {}",
            case.http_status(),
            case.number(),
            case.message()
        )
        .unwrap();
    }
    assert_eq!(rows, ROWS);
}

#[test]
fn no_two_cases_share_a_code_but_the_missing_route() {
    let cases = Case::all()
        .iter()
        .filter(|case| **case != Case::RouteNotFound);
    let codes: HashSet<(u16, u8)> = cases
        .clone()
        .map(|case| (case.http_status(), case.number()))
        .collect();
    assert_eq!(codes.len(), cases.count());
}

#[test]
fn every_service_has_its_number_and_name() {
    let numbers: Vec<u8> = Service::all()
        .iter()
        .map(|service| service.number())
        .collect();
    assert_eq!(numbers, (1..=81).collect::<Vec<u8>>());
    let names: HashSet<&str> = Service::all()
        .iter()
        .map(|service| service.name())
        .collect();
    assert_eq!(names.len(), 81);
    for (service, number, name) in [
        (Service::BINDING, 7, "Account binding"),
        (Service::BINDING_INQUIRY, 8, "Account binding inquiry"),
        (Service::UNBINDING, 9, "Account unbinding"),
        (Service::BALANCE, 11, "Balance inquiry"),
        (Service::BANK_STATEMENT, 14, "Bank statement"),
        (Service::PAYMENT, 54, "Direct debit payment"),
        (Service::STATUS, 55, "Direct debit status"),
        (Service::NOTIFY, 56, "Direct debit notify"),
        (Service::CANCEL, 57, "Direct debit cancel"),
        (Service::REFUND, 58, "Direct debit refund"),
        (Service::TOKEN_B2B, 73, "Access token B2B"),
        (Service::TOKEN_B2B2C, 74, "Access token B2B2C"),
        (Service::OTP, 81, "OTP"),
        (Service::NONE, 0, "None"),
    ] {
        assert_eq!((service.number(), service.name()), (number, name));
        assert_eq!(Service::from_number(number), Some(service));
    }
    assert_eq!(Service::from_number(82), None);
}

#[test]
fn codes_are_seven_digits_and_come_back() {
    for (service, case, text) in [
        (Service::PAYMENT, Case::InvalidFieldFormat, "4005401"),
        (Service::BINDING, Case::Successful, "2000700"),
        (Service::NONE, Case::RouteNotFound, "4040000"),
        (Service::NONE, Case::FunctionNotSupported, "4050000"),
        (Service::TOKEN_B2B, Case::Unauthorized, "4017300"),
        (Service::BALANCE, Case::TooManyRequests, "4291100"),
        (Service::REFUND, Case::InProgress, "2025800"),
    ] {
        let code = ResponseCode::new(service, case);
        assert_eq!(code.to_string(), text);
        assert_eq!(code.http_status().to_string(), text[..3]);
    }
    for service in Service::all() {
        for case in Case::all()
            .iter()
            .filter(|case| **case != Case::RouteNotFound)
        {
            let text = ResponseCode::new(*service, *case).to_string();
            let received = ReceivedCode::parse(&text).unwrap();
            assert_eq!(
                (received.service, received.case()),
                (service.number(), Some(*case)),
                "{text}"
            );
            assert_eq!(received.to_string(), text);
        }
    }
    assert_eq!(
        ReceivedCode::parse("4040000").unwrap().case(),
        Some(Case::RouteNotFound)
    );
    assert_eq!(ReceivedCode::parse("4039999").unwrap().case(), None);
    for wrong in [
        "",
        "200540",
        "20054000",
        "2005 00",
        "+005400",
        "6005400",
        "0995400",
        "٢٠٠٥٤٠٠",
        "200540x",
    ] {
        assert_eq!(ReceivedCode::parse(wrong), None, "{wrong:?}");
    }
}

#[test]
fn a_received_code_tells_done_refused_or_unknown() {
    for (code, outcome) in [
        ("2005400", Outcome::Done),
        ("2000700", Outcome::Done),
        ("2025400", Outcome::Unknown),
        ("4005401", Outcome::Refused),
        ("4015402", Outcome::Refused),
        ("4035414", Outcome::Refused),
        ("4045401", Outcome::Refused),
        ("4045418", Outcome::Refused),
        ("4045818", Outcome::Done),
        ("4055801", Outcome::Refused),
        ("4095400", Outcome::Unknown),
        ("4095401", Outcome::Unknown),
        ("4295400", Outcome::Unknown),
        ("5005400", Outcome::Unknown),
        ("5005401", Outcome::Unknown),
        ("5045400", Outcome::Unknown),
        ("3025400", Outcome::Unknown),
        ("1005400", Outcome::Unknown),
    ] {
        let received = ReceivedCode::parse(code).unwrap();
        assert_eq!(received.outcome(), outcome, "{code}");
        assert_eq!(received.is_success(), code.starts_with('2'), "{code}");
    }
}

#[test]
fn messages_say_the_field_or_the_reason() {
    for (refusal, message) in [
        (Refusal::format("phoneNo"), "Invalid Field Format phoneNo"),
        (
            Refusal::mandatory("additionalInfo.lineItems[0].price"),
            "Invalid Mandatory Field additionalInfo.lineItems[0].price",
        ),
        (
            Refusal::unauthorized("Invalid Signature"),
            "Unauthorized. [Invalid Signature]",
        ),
        (Refusal::new(Case::Unauthorized), "Unauthorized"),
        (
            Refusal::with(Case::TransactionNotPermitted, "Account Already Registered"),
            "Transaction Not Permitted. [Account Already Registered]",
        ),
        (
            Refusal::new(Case::TransactionNotPermitted),
            "Transaction Not Permitted",
        ),
        (
            Refusal::with(Case::FeatureNotAllowed, "closed"),
            "Feature Not Allowed [closed]",
        ),
        (
            Refusal::with(Case::InvalidAccount, "phoneNo"),
            "Invalid Card/Account/Customer [phoneNo]/Virtual Account",
        ),
        (
            Refusal::new(Case::InvalidAccount),
            "Invalid Card/Account/Customer/Virtual Account",
        ),
        (Refusal::new(Case::InsufficientFunds), "Insufficient Funds"),
        (Refusal::new(Case::Conflict), "Conflict"),
    ] {
        assert_eq!(refusal.message(), message);
        assert_eq!(refusal.to_string(), message);
    }
    let long = Refusal::unauthorized("é".repeat(500)).message();
    assert_eq!(long.chars().count(), 150);
}

fn document() -> String {
    let mut text = String::from(
        "# Response codes\n\n\
         `responseCode` is the HTTP status, the service and the case: `4005401` is HTTP 400, service 54, case 01. \
         `responseMessage` is the message below, with the field or the reason behind it, at most 150 characters.\n\n\
         Generated from the table in `crates/snap/src/case.rs` and `service.rs`; \
         `UPDATE_DOCS=1 cargo test -p snap` writes it again.\n\n\
         ## Cases\n\n| HTTP | Case | Message | In the code |\n|---|---|---|---|\n",
    );
    for case in Case::all() {
        let (http, number, message) = (case.http_status(), case.number(), case.message());
        writeln!(text, "| {http} | {number:02} | {message} | `{case:?}` |").unwrap();
    }
    text.push_str(
        "\n413 00, 415 00 and `RouteNotFound` (service 00) are this gateway's own. \
         403 24 to 33 are known from one published copy of the standard and never answered here.\n\n\
         ## Services\n\n| Code | Service |\n|---|---|\n",
    );
    for service in Service::all() {
        writeln!(text, "| {service} | {} |", service.name()).unwrap();
    }
    text
}

#[test]
#[allow(clippy::disallowed_methods)] // asks whether to write the document
fn the_document_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/response-codes.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == document(),
        "docs/response-codes.md is old: UPDATE_DOCS=1 cargo test -p snap"
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,10}") {
        let _ = ReceivedCode::parse(&text);
    }

    #[test]
    fn any_seven_digits_have_an_outcome(number in 0_u32..10_000_000) {
        if let Some(code) = ReceivedCode::parse(&format!("{number:07}")) {
            prop_assert!(code.outcome() != Outcome::Done || code.is_success() || code.case == 18);
        }
    }
}
