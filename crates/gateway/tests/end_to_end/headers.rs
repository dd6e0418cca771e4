//! Each header missing, empty, malformed and repeated, for each service.

use storage::merchants::MerchantSettings;

use super::calls::*;
use super::stage::*;
use super::untouched::Untouched;

/// What is done to a header.
#[derive(Clone, Debug)]
enum Spoilt {
    Absent,
    Is(String),
    Twice,
}

use Spoilt::{Absent, Twice};

fn is(value: &str) -> Spoilt {
    Spoilt::Is(value.to_owned())
}

/// Services, header, what is done to it, status, case, message.
type Row = (
    &'static [&'static str],
    &'static str,
    Spoilt,
    &'static str,
    &'static str,
    &'static str,
);

const EVERY: &[&str] = &["73", "74", "07", "11", "54", "55", "58", "09"];
const WITH_ADDRESS: &[&str] = &["07", "09", "11", "54", "58"];
const WITH_CUSTOMER: &[&str] = &["11", "54"];

const SIGNATURE: &str = "Unauthorized. [Invalid Signature]";
const RANGE: &str = "Unauthorized. [X-TIMESTAMP out of range]";
const NO_PARTNER: &str = "Invalid Mandatory Field X-PARTNER-ID";
const NO_CLIENT: &str = "Invalid Mandatory Field X-CLIENT-KEY";
const NO_TIME: &str = "Invalid Mandatory Field X-TIMESTAMP";
const ODD_TIME: &str = "Invalid Field Format X-TIMESTAMP";
const NO_SIGNATURE: &str = "Invalid Mandatory Field X-SIGNATURE";
const NO_ID: &str = "Invalid Mandatory Field X-EXTERNAL-ID";
const ODD_ID: &str = "Invalid Field Format X-EXTERNAL-ID";
const NO_ADDRESS: &str = "Invalid Mandatory Field X-IP-ADDRESS";
const ODD_ADDRESS: &str = "Invalid Field Format X-IP-ADDRESS";
const NO_DEVICE: &str = "Invalid Mandatory Field X-DEVICE-ID";
const ODD_DEVICE: &str = "Invalid Field Format X-DEVICE-ID";
const NO_B2B: &str = "Token Not Found (B2B)";
const ODD_B2B: &str = "Invalid Token (B2B)";
const NO_CUSTOMER: &str = "Customer Token Not Found";
const ODD_CUSTOMER: &str = "Invalid Customer Token";
const MEDIA: &str = "Unsupported Media Type";

#[rustfmt::skip] // a table
fn rows() -> Vec<Row> {
    let too_long = |length: usize| Spoilt::Is("7".repeat(length));
    vec![
        (EVERY, "Content-Type", Absent, "415", "00", MEDIA),
        (EVERY, "Content-Type", is(""), "415", "00", MEDIA),
        (EVERY, "Content-Type", is("text/plain"), "415", "00", MEDIA),
        (EVERY, "Content-Type", is("application/x-www-form-urlencoded"), "415", "00", MEDIA),
        (EVERY, "Content-Type", is("application/jsonp"), "415", "00", MEDIA),
        (EVERY, "Content-Type", Twice, "400", "01", "Invalid Field Format Content-Type"),

        (TOKENS, "X-CLIENT-KEY", Absent, "400", "02", NO_CLIENT),
        (TOKENS, "X-CLIENT-KEY", is(""), "400", "02", NO_CLIENT),
        (TOKENS, "X-CLIENT-KEY", is("nobody"), "401", "00", SIGNATURE),
        (TOKENS, "X-CLIENT-KEY", is("SHOP"), "401", "00", SIGNATURE),
        (TOKENS, "X-CLIENT-KEY", is("shop'; DROP TABLE merchants"), "401", "00", SIGNATURE),
        (TOKENS, "X-CLIENT-KEY", too_long(65), "401", "00", SIGNATURE),
        (TOKENS, "X-CLIENT-KEY", is("shöp"), "400", "01", "Invalid Field Format X-CLIENT-KEY"),
        (TOKENS, "X-CLIENT-KEY", Twice, "400", "01", "Invalid Field Format X-CLIENT-KEY"),

        (SIGNED, "X-PARTNER-ID", Absent, "400", "02", NO_PARTNER),
        (SIGNED, "X-PARTNER-ID", is(""), "400", "02", NO_PARTNER),
        (SIGNED, "X-PARTNER-ID", is("nobody"), "401", "00", SIGNATURE),
        (SIGNED, "X-PARTNER-ID", is("SHOP"), "401", "00", SIGNATURE),
        (SIGNED, "X-PARTNER-ID", is("shop'; DROP TABLE merchants"), "401", "00", SIGNATURE),
        (SIGNED, "X-PARTNER-ID", too_long(65), "401", "00", SIGNATURE),
        (SIGNED, "X-PARTNER-ID", is("shöp"), "400", "01", "Invalid Field Format X-PARTNER-ID"),
        (SIGNED, "X-PARTNER-ID", Twice, "400", "01", "Invalid Field Format X-PARTNER-ID"),

        (EVERY, "X-TIMESTAMP", Absent, "400", "02", NO_TIME),
        (EVERY, "X-TIMESTAMP", is(""), "400", "02", NO_TIME),
        (EVERY, "X-TIMESTAMP", is("today"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("1767322800"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-01-02T03:04:05"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-01-02 03:04:05Z"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-01-02T03:04:05z"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-01-02T03:04:05+0700"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-01-02T03:04:05+5.5:30"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-01-02T03:04:05.1234Z"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-02-30T03:04:05Z"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2026-01-02T25:04:05Z"), "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", Twice, "400", "01", ODD_TIME),
        (EVERY, "X-TIMESTAMP", is("2020-01-01T00:00:00Z"), "401", "00", RANGE),
        (EVERY, "X-TIMESTAMP", is("9999-12-31T23:59:59Z"), "401", "00", RANGE),

        (SIGNED, "Authorization", Absent, "401", "03", NO_B2B),
        (SIGNED, "Authorization", is(""), "401", "03", NO_B2B),
        (SIGNED, "Authorization", is("Bearer"), "401", "01", ODD_B2B),
        (SIGNED, "Authorization", is("Bearer x"), "401", "01", ODD_B2B),
        (SIGNED, "Authorization", is("Basic c2hvcDpzZWNyZXQ="), "401", "01", ODD_B2B),
        (SIGNED, "Authorization", Twice, "400", "01", "Invalid Field Format Authorization"),

        (EVERY, "X-SIGNATURE", Absent, "400", "02", NO_SIGNATURE),
        (EVERY, "X-SIGNATURE", is(""), "400", "02", NO_SIGNATURE),
        (EVERY, "X-SIGNATURE", is("AAAA"), "401", "00", SIGNATURE),
        (EVERY, "X-SIGNATURE", is("not base64!"), "401", "00", SIGNATURE),
        (EVERY, "X-SIGNATURE", too_long(8_000), "401", "00", SIGNATURE),
        (EVERY, "X-SIGNATURE", Twice, "400", "01", "Invalid Field Format X-SIGNATURE"),

        (SIGNED, "X-EXTERNAL-ID", Absent, "400", "02", NO_ID),
        (SIGNED, "X-EXTERNAL-ID", is(""), "400", "02", NO_ID),
        (SIGNED, "X-EXTERNAL-ID", too_long(65), "400", "01", ODD_ID),
        (SIGNED, "X-EXTERNAL-ID", is("a b"), "400", "01", ODD_ID),
        (SIGNED, "X-EXTERNAL-ID", is("a/b"), "400", "01", ODD_ID),
        (SIGNED, "X-EXTERNAL-ID", is("12é"), "400", "01", ODD_ID),
        (SIGNED, "X-EXTERNAL-ID", is("1,2"), "400", "01", ODD_ID),
        (SIGNED, "X-EXTERNAL-ID", Twice, "400", "01", ODD_ID),

        (WITH_ADDRESS, "X-IP-ADDRESS", Absent, "400", "02", NO_ADDRESS),
        (WITH_ADDRESS, "X-IP-ADDRESS", is(""), "400", "02", NO_ADDRESS),
        (SIGNED, "X-IP-ADDRESS", is("1.2.3"), "400", "01", ODD_ADDRESS),
        (SIGNED, "X-IP-ADDRESS", is("203.0.113.256"), "400", "01", ODD_ADDRESS),
        (SIGNED, "X-IP-ADDRESS", is("203.0.113.10, 203.0.113.11"), "400", "01", ODD_ADDRESS),
        (SIGNED, "X-IP-ADDRESS", is("203.0.113.10:443"), "400", "01", ODD_ADDRESS),
        (SIGNED, "X-IP-ADDRESS", is("[::1]"), "400", "01", ODD_ADDRESS),
        (SIGNED, "X-IP-ADDRESS", is("localhost"), "400", "01", ODD_ADDRESS),
        (SIGNED, "X-IP-ADDRESS", Twice, "400", "01", ODD_ADDRESS),

        (&["07"], "X-DEVICE-ID", Absent, "400", "02", NO_DEVICE),
        (&["07"], "X-DEVICE-ID", is(""), "400", "02", NO_DEVICE),
        (SIGNED, "X-DEVICE-ID", too_long(401), "400", "01", ODD_DEVICE),
        (SIGNED, "X-DEVICE-ID", is("a\tb"), "400", "01", ODD_DEVICE),
        (SIGNED, "X-DEVICE-ID", is("gerät"), "400", "01", ODD_DEVICE),
        (SIGNED, "X-DEVICE-ID", Twice, "400", "01", ODD_DEVICE),

        (WITH_CUSTOMER, "Authorization-Customer", Absent, "401", "04", NO_CUSTOMER),
        (WITH_CUSTOMER, "Authorization-Customer", is(""), "401", "04", NO_CUSTOMER),
        (&["11", "54", "58"], "Authorization-Customer", is("Bearer"), "401", "02", ODD_CUSTOMER),
        (&["11", "54", "58"], "Authorization-Customer", is("x"), "401", "02", ODD_CUSTOMER),
        (&["11", "54", "58"], "Authorization-Customer", is("Basic x"), "401", "02", ODD_CUSTOMER),
        (&["11", "54", "58"], "Authorization-Customer", Twice, "400", "01", "Invalid Field Format Authorization-Customer"),
    ]
}

fn spoil(call: Call, header: &str, spoilt: &Spoilt) -> Call {
    match spoilt {
        Spoilt::Absent => call.without(header),
        Spoilt::Is(value) => call.with(header, value),
        Spoilt::Twice => twice(call, header),
    }
}

/// The header stands twice; where the request has it, the first one is right.
fn twice(mut call: Call, header: &str) -> Call {
    let value = match header {
        "Content-Type" => "application/json",
        _ => "second",
    };
    let second = (header.to_owned(), value.to_owned());
    if header == "Authorization-Customer" && call.options.customer_token.is_none() {
        call.options.repeated.push(second.clone());
    }
    call.options.repeated.push(second);
    call
}

#[tokio::test]
async fn each_header_that_is_missing_empty_malformed_or_repeated_is_named() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for (services, header, spoilt, status, case, message) in rows() {
        for service in services {
            let call = spoil(props.call(service), header, &spoilt);
            let answer = call.send(&stage.shop).await;
            let what = format!("{service} with {header} {spoilt:?}");
            untouched
                .refused(&what, &answer, &call.code(status, case), message)
                .await;
        }
    }
    untouched.looked().await;
    // Every request was right but for its header.
    for call in props.calls() {
        is_done(call.service, &call.send(&stage.shop).await);
    }
}

#[tokio::test]
async fn unusual_headers_that_mean_no_harm_are_accepted() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let bare = props.customer_token.clone();
    let accepted: &[(&str, &str)] = &[
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Type", "Application/JSON"),
        ("X-EXTERNAL-ID", "1767322800"),
        ("X-EXTERNAL-ID", "1767322800123"),
        ("X-EXTERNAL-ID", "A-z_0.9"),
        ("X-IP-ADDRESS", "1.1.1.1"),
        ("X-IP-ADDRESS", "127.0.0.1"),
        ("X-IP-ADDRESS", "::1"),
        ("X-IP-ADDRESS", "2001:db8:0:0:8:800:200c:417a"),
        ("X-DEVICE-ID", "a phone, of sorts / 9"),
        ("X-DEVICE-ID", ""),
        ("CHANNEL-ID", ""),
        ("CHANNEL-ID", "DIRECT_DEBIT_ALLO_SNAP"),
        ("X-CHANNEL-ID", "DH"),
        ("Authorization-Customer", bare.as_str()),
        ("Authorization-Customer", &format!("bearer {bare}")),
        ("Authorization-Customer", &format!("Bearer   {bare}")),
    ];
    for (header, value) in accepted {
        let call = props.call("11").with(header, value);
        let answer = call.send(&stage.shop).await;
        is_done(&format!("{header}: {value}"), &answer);
    }
    let token = stage.shop.client.b2b_token().await.unwrap();
    for value in ["bearer", "BEARER", "Bearer  "] {
        let value = format!("{value} {}", token.expose());
        let call = props.call("11").with("Authorization", &value);
        is_done(&value, &call.send(&stage.shop).await);
    }
    for header in ["CHANNEL-ID", "X-DEVICE-ID"] {
        let call = props.call("11").without(header);
        is_done(header, &call.send(&stage.shop).await);
    }
    let status = props.call("55");
    for header in ["X-IP-ADDRESS", "X-DEVICE-ID", "CHANNEL-ID"] {
        let call = status.clone().without(header);
        is_done(header, &call.send(&stage.shop).await);
    }
    let twice = twice(props.call("11"), "CHANNEL-ID");
    is_done("an ignored header twice", &twice.send(&stage.shop).await);
    // A refund is the merchant's: an empty customer token is none.
    let refund = props.call("58").with("Authorization-Customer", "");
    is_done("an empty token", &refund.send(&stage.shop).await);
}

#[tokio::test]
async fn a_strict_merchant_is_held_to_the_documented_headers() {
    let settings = MerchantSettings {
        strict: true,
        ..MerchantSettings::default()
    };
    let stage = Stage::with(Wishes {
        settings,
        change: no_address_limit,
        ..Wishes::default()
    })
    .await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let refused = [
        ("X-EXTERNAL-ID", "7".repeat(37), ODD_ID),
        ("X-EXTERNAL-ID", "A-z_0.9".to_owned(), ODD_ID),
        ("X-IP-ADDRESS", "1.1.1.1".to_owned(), ODD_ADDRESS),
        ("X-IP-ADDRESS", "::1".to_owned(), ODD_ADDRESS),
        (
            "X-IP-ADDRESS",
            "2001:db8::1".to_owned(), // as long as an IPv4 address may be
            ODD_ADDRESS,
        ),
        ("X-DEVICE-ID", "d".repeat(65), ODD_DEVICE),
    ];
    for service in SIGNED {
        for (header, value, message) in &refused {
            let call = props.call(service).with(header, value);
            let answer = call.send(&stage.shop).await;
            let what = format!("{service}: {header} {value}");
            untouched
                .refused(&what, &answer, &call.code("400", "01"), message)
                .await;
        }
    }
    untouched.looked().await;
    for call in props.calls() {
        is_done(call.service, &call.send(&stage.shop).await);
    }
}
