//! The body of each request: its shape, and each of its fields.

use bank_simulator::demo_customers;
use merchant_sdk::{Answer, RawOptions};
use serde_json::{Value, json};
use storage::merchants::MerchantSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::calls::*;
use super::stage::*;
use super::untouched::{Untouched, is_refusal};

const BAD_REQUEST: &str = "Bad Request";

/// `[[…1…]]` in an object: so many levels in all.
fn levels(count: usize) -> String {
    let (open, close) = ("[".repeat(count - 1), "]".repeat(count - 1));
    format!(r#"{{"additionalInfo":{open}1{close}}}"#)
}

/// A right body as text, with one more member in front.
fn with_member(body: &Value, member: &str) -> Vec<u8> {
    let text = body.to_string();
    format!("{{{member},{}", &text[1..]).into_bytes()
}

fn shapes(body: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let text = body.to_string();
    let twice = |text: &str| format!("{text}{text}").into_bytes();
    let first = body.as_object().unwrap().iter().next().unwrap();
    let (name, value) = first;
    let escaped: String = name
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    let mut not_utf8 = text.clone().into_bytes();
    not_utf8.truncate(not_utf8.len() - 1);
    not_utf8.extend_from_slice(b",\"unknown\":\"\xff\"}");
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("empty", Vec::new()),
        ("white space", b" \n".to_vec()),
        ("not JSON", b"grantType=client_credentials".to_vec()),
        ("cut off", text.as_bytes()[..text.len() - 1].to_vec()),
        ("two values", twice(&text)),
        ("null", b"null".to_vec()),
        ("a text", b"\"text\"".to_vec()),
        ("a number", b"1".to_vec()),
        ("an array", format!("[{text}]").into_bytes()),
        ("an empty array", b"[]".to_vec()),
        (
            "a comma too many",
            format!("{},}}", &text[..text.len() - 1]).into_bytes(),
        ),
        ("single quotes", text.replace('"', "'").into_bytes()),
        ("a comment", format!("/**/{text}").into_bytes()),
        ("NaN", with_member(body, "\"unknown\":NaN")),
        (
            "a number without end",
            with_member(body, "\"unknown\":1e999"),
        ),
        ("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16", utf16),
        ("not UTF-8", not_utf8),
        (
            "a repeated member",
            with_member(body, &format!("\"{name}\":{value}")),
        ),
        (
            "a member repeated by escapes",
            with_member(body, &format!("\"{escaped}\":{value}")),
        ),
        (
            "a repeated member of an unknown one",
            with_member(body, r#""unknown":{"a":1,"a":1}"#),
        ),
        (
            "17 levels",
            with_member(
                body,
                &levels(17)[1..levels(17).len() - 1].replace("additionalInfo", "unknown"),
            ),
        ),
        ("sixty thousand levels", "[".repeat(60_000).into_bytes()),
        ("NUL outside a text", format!("\0{text}").into_bytes()),
        ("NUL in a text", with_member(body, "\"unknown\":\"a\0b\"")),
        (
            "an escaped NUL",
            with_member(body, r#""unknown":"a\u0000b""#),
        ),
        (
            "an escaped NUL in a name",
            with_member(body, r#""unkn\u0000wn":1"#),
        ),
        (
            "a line break in a text",
            with_member(body, "\"unknown\":\"a\nb\""),
        ),
        (
            "an escaped line break",
            with_member(body, r#""unknown":"a\nb""#),
        ),
        (
            "an escaped DEL",
            with_member(body, r#""unknown":"a\u007fb""#),
        ),
        (
            "an escaped C1 control",
            with_member(body, r#""unknown":"a\u0085b""#),
        ),
        (
            "a high surrogate alone",
            with_member(body, r#""unknown":"a\ud83db""#),
        ),
        (
            "a low surrogate alone",
            with_member(body, r#""unknown":"a\ude00b""#),
        ),
        (
            "surrogates the wrong way round",
            with_member(body, r#""unknown":"\ude00\ud83d""#),
        ),
        ("a surrogate in a name", with_member(body, r#""\ud83d":1"#)),
    ]
}

#[tokio::test]
async fn a_body_of_a_wrong_shape_is_a_bad_request_and_no_name_of_it_comes_back() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for call in props.calls() {
        let code = call.code("400", "00");
        for (name, body) in shapes(&call.body) {
            let what = format!("{}: {name}", call.service);
            let answer = call.send_bytes(&stage.shop, body).await;
            untouched.refused(&what, &answer, &code, BAD_REQUEST).await;
        }
    }
}

#[tokio::test]
async fn a_control_character_in_a_field_is_named_by_its_path() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let places = [
        ("73", "/grantType", "grantType"),
        ("74", "/authCode", "authCode"),
        (
            "07",
            "/additionalInfo/customerName",
            "additionalInfo.customerName",
        ),
        ("11", "/additionalInfo/channel", "additionalInfo.channel"),
        ("54", "/additionalInfo/remarks", "additionalInfo.remarks"),
        (
            "54",
            "/additionalInfo/lineItems/0/name",
            "additionalInfo.lineItems[0].name",
        ),
        (
            "55",
            "/originalPartnerReferenceNo",
            "originalPartnerReferenceNo",
        ),
        ("58", "/reason", "reason"),
        ("09", "/tokenId", "tokenId"),
    ];
    for (service, pointer, field) in places {
        for text in ["a\0b", "a\nb", "\u{1b}[31m", "a\u{7f}", "a\u{9f}"] {
            let call = props.call(service).changed(pointer, Some(json!(text)));
            let answer = call.send(&stage.shop).await;
            let what = format!("{service}: {text:?} in {field}");
            let message = format!("Invalid Field Format {field}");
            untouched
                .refused(&what, &answer, &call.code("400", "01"), &message)
                .await;
        }
    }
}

#[tokio::test]
async fn a_body_over_64_kib_is_too_large_and_one_of_64_kib_is_not() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for call in props.calls() {
        let mut body = call.body.to_string().into_bytes();
        body.resize(64 * 1024 + 1, b' ');
        let answer = call.send_bytes(&stage.shop, body).await;
        let code = call.code("413", "00");
        untouched
            .refused(call.service, &answer, &code, "Payload Too Large")
            .await;
        let answer = in_chunks(&stage, call.path, 65 * 1024).await;
        untouched
            .refused("in chunks", &answer, &code, "Payload Too Large")
            .await;
    }
    for call in props.calls() {
        let mut body = call.body.to_string().into_bytes();
        body.resize(64 * 1024, b' ');
        is_done(call.service, &call.send_bytes(&stage.shop, body).await);
    }
}

/// A body whose size is not announced.
async fn in_chunks(stage: &Stage, path: &str, size: usize) -> Answer {
    let mut connection = TcpStream::connect(stage.gateway.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{size:x}\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&vec![b' '; size]).await.unwrap();
    connection.write_all(b"\r\n0\r\n\r\n").await.unwrap();
    let mut bytes = Vec::new();
    let _ = connection.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap()[9..12].parse().unwrap();
    let mut headers = reqwest::header::HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name: reqwest::header::HeaderName = name.parse().unwrap();
        headers.insert(name, value.parse().unwrap());
    }
    Answer {
        status,
        headers,
        body: body.as_bytes().to_vec(),
    }
}

#[tokio::test]
async fn sixteen_levels_are_fine() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    for call in props.calls() {
        let deep = levels(16)[1..levels(16).len() - 1].replace("additionalInfo", "unknown");
        let body = with_member(&call.body, &deep);
        is_done(call.service, &call.send_bytes(&stage.shop, body).await);
    }
}

#[tokio::test]
async fn a_wrong_method_and_an_unknown_path_are_answered_without_a_service() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for call in props.calls() {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            let what = format!("{method} {}", call.path);
            let body = call.body.to_string().into_bytes();
            let answer = stage
                .shop
                .client
                .send_raw(method, call.path, body, &call.options)
                .await
                .unwrap();
            let message = "Requested Function Is Not Supported";
            untouched.refused(&what, &answer, "4050000", message).await;
        }
        let (folder, last) = call.path.rsplit_once('/').unwrap();
        for path in [
            "/".to_owned(),
            format!("{}/", call.path),
            format!("/{}", call.path),
            format!("{folder}//{last}"),
            call.path.to_uppercase(),
            format!("{folder}/%{:02x}{}", last.as_bytes()[0], &last[1..]),
            format!("{}%20", call.path),
            format!("{};v=1", call.path),
            format!("{}.json", call.path),
            call.path.replace("/v1", "/v2"),
        ] {
            let answer = stage
                .shop
                .send(&path, &call.body, call.options.clone())
                .await;
            untouched
                .refused(&path, &answer, "4040000", "Not Found")
                .await;
        }
    }
}

/// What an empty text is taken for.
#[derive(Clone, Copy, PartialEq)]
enum Empty {
    Missing,
    Malformed,
    Absent,
}

use Empty::{Absent, Malformed, Missing};

/// Services, place, whether it must be there, what an empty text is, its longest text, wrong values.
type Field = (
    &'static [&'static str],
    &'static str,
    bool,
    Empty,
    usize,
    Value,
);

const URL: usize = 2_048;

#[rustfmt::skip] // a table
fn fields() -> Vec<Field> {
    let not_texts = || json!([5, true, {}, [], ["x"]]);
    let and = |more: Value| {
        let mut all = not_texts();
        all.as_array_mut().unwrap().extend(more.as_array().unwrap().iter().cloned());
        all
    };
    let urls = || and(json!([
        "shop.example/paid", "//shop.example/paid", "/paid", "http://shop.example/paid",
        "https://", "https:///paid", "https:shop.example", "https:\\\\shop.example",
        "https://user@shop.example/", "https://user:secret@shop.example/", "https://@shop.example/",
        "https://shop.example/a b", " https://shop.example/", "javascript:alert(1)",
        "data:text/html,x", "shopapp://paid", "ftp://shop.example/", "https://[::1/",
    ]));
    let money = || json!(["10000.00", 10000, true, [], ""]);
    vec![
        (&["73"], "/grantType", true, Malformed, 0, and(json!(["authorization_code", "password", "client-credentials"]))),
        (&["74"], "/grantType", true, Malformed, 0, and(json!(["client_credentials", "code"]))),
        (&["74"], "/authCode", true, Missing, 256, not_texts()),

        (&["07"], "/phoneNo", true, Malformed, 16, and(json!([
            "62811111", "+6281111111101", "0811-1111-1101", "62811111 1101", "６２８１１１１１１１１０１",
            "6281111111x01", 6281111111101_i64,
        ]))),
        (&["07", "09", "11", "54", "58"], "/additionalInfo", true, Malformed, 0, json!(["x", 5, true, []])),
        (&["07", "09", "11", "54", "58"], "/additionalInfo/channel", true, Malformed, 0, and(json!([
            "DIRECT_DEBIT_BRI_SNAP", "direct_debit_allo_snap", "DIRECT_DEBIT_ALLO_SNAP ", "DH",
        ]))),
        (&["07"], "/additionalInfo/custIdMerchant", true, Malformed, 64, not_texts()),
        (&["07"], "/additionalInfo/customerName", false, Absent, 70, not_texts()),
        (&["07"], "/additionalInfo/email", false, Absent, 256, not_texts()),
        (&["07"], "/additionalInfo/idCard", false, Absent, 20, not_texts()),
        (&["07"], "/additionalInfo/country", false, Absent, 60, not_texts()),
        (&["07"], "/additionalInfo/address", false, Absent, 255, not_texts()),
        (&["07"], "/additionalInfo/dateOfBirth", false, Absent, 8, and(json!([
            "1999-01-01", "19991301", "19990230", "1999011", "1999010x", 19990101,
        ]))),
        (&["07"], "/additionalInfo/successRegistrationUrl", true, Malformed, URL, urls()),
        (&["07"], "/additionalInfo/failedRegistrationUrl", true, Malformed, URL, urls()),
        (&["07"], "/additionalInfo/deviceModel", true, Malformed, 64, not_texts()),
        (&["07"], "/additionalInfo/osType", true, Malformed, 0, and(json!(["windows", "android ", "ios,android"]))),
        (&["07"], "/additionalInfo/channelId", true, Malformed, 0, and(json!(["tv", "DH"]))),

        (&["54"], "/partnerReferenceNo", true, Missing, 64, not_texts()),
        (&["54"], "/amount", true, Malformed, 0, money()),
        (&["54"], "/additionalInfo/remarks", true, Malformed, 40, not_texts()),
        (&["54"], "/additionalInfo/successPaymentUrl", true, Malformed, URL, urls()),
        (&["54"], "/additionalInfo/failedPaymentUrl", true, Malformed, URL, urls()),
        (&["54"], "/additionalInfo/lineItems", true, Malformed, 0, json!([[], {}, "x", 1, true])),
        (&["54"], "/additionalInfo/lineItems/0/name", true, Malformed, 32, not_texts()),
        (&["54"], "/additionalInfo/lineItems/0/price", true, Malformed, 0, json!([
            true, {}, [], "abc", "1e3", "-1.00", -1, 1e20, "1.000", "1,00", "12345678901234567.00", "+1",
        ])),
        (&["54"], "/additionalInfo/lineItems/0/quantity", true, Malformed, 0, json!([
            true, {}, [], "two", 0, "0", -1, "-1", 1.5, "1.5", "+1", 1_000_000_000, "18446744073709551616",
        ])),
        (&["54"], "/payOptionDetails", false, Malformed, 0, json!([{}, "x", 1, true])),
        (&["54"], "/chargeToken", false, Absent, 256, not_texts()),
        (&["54"], "/feeType", false, Absent, 25, not_texts()),

        (&["55"], "/originalPartnerReferenceNo", true, Missing, 64, not_texts()),
        (&["55"], "/originalReferenceNo", false, Absent, 64, not_texts()),
        (&["55"], "/originalExternalId", false, Absent, 64, not_texts()),
        (&["55"], "/serviceCode", true, Malformed, 0, json!([true, {}, [], "56", "5", "054", 56, 54.5, "fifty-four"])),
        (&["55"], "/transactionDate", false, Absent, 29, and(json!(["yesterday", "2026-01-02", "20260102", "2026-01-02T00:00:00"]))),
        (&["55"], "/amount", false, Absent, 0, json!(["10000.00", 10000, true, []])),
        (&["55"], "/merchantId", false, Absent, 64, not_texts()),
        (&["55"], "/subMerchantId", false, Absent, 32, not_texts()),
        (&["55"], "/externalStoreId", false, Absent, 64, not_texts()),

        (&["58"], "/originalPartnerReferenceNo", true, Missing, 64, not_texts()),
        (&["58"], "/originalReferenceNo", false, Absent, 64, not_texts()),
        (&["58"], "/originalExternalId", false, Absent, 64, not_texts()),
        (&["58"], "/refundAmount", true, Malformed, 0, money()),
        (&["58"], "/partnerRefundNo", true, Missing, 64, not_texts()),
        (&["58"], "/reason", false, Absent, 256, not_texts()),

        (&["09"], "/tokenId", true, Missing, 2_048, not_texts()),
    ]
}

/// `/additionalInfo/lineItems/0/price` becomes `additionalInfo.lineItems[0].price`.
fn path_of(pointer: &str) -> String {
    pointer[1..].split('/').fold(String::new(), |path, name| {
        match (path.as_str(), name.parse::<usize>()) {
            (_, Ok(index)) => format!("{path}[{index}]"),
            ("", _) => name.to_owned(),
            _ => format!("{path}.{name}"),
        }
    })
}

/// A text of so many characters, not all of them of one byte, which is a URL where it should be one.
fn text_of(length: usize) -> String {
    let start = match length {
        URL.. => "https://shop.example/é",
        2.. => "é",
        _ => "",
    };
    format!("{start}{}", "7".repeat(length - start.chars().count()))
}

#[tokio::test]
async fn each_field_missing_null_of_a_wrong_type_or_too_long_is_named() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for (services, pointer, needed, empty, longest, wrong) in fields() {
        let path = path_of(pointer);
        let missing = format!("Invalid Mandatory Field {path}");
        let malformed = format!("Invalid Field Format {path}");
        let mut cases: Vec<(Option<Value>, &str, &str)> = Vec::new();
        if needed {
            cases.push((None, "02", &missing));
            cases.push((Some(Value::Null), "02", &missing));
        }
        match empty {
            Missing => cases.push((Some(json!("")), "02", &missing)),
            Malformed => cases.push((Some(json!("")), "01", &malformed)),
            Absent => {}
        }
        if longest > 0 {
            cases.push((Some(json!(text_of(longest + 1))), "01", &malformed));
        }
        for value in wrong.as_array().unwrap() {
            cases.push((Some(value.clone()), "01", &malformed));
        }
        for service in services {
            for (value, case, message) in &cases {
                let what = format!("{service}: {path} {value:?}");
                let call = props.call(service).changed(pointer, value.clone());
                let answer = call.send(&stage.shop).await;
                untouched
                    .refused(&what, &answer, &call.code("400", case), message)
                    .await;
            }
        }
    }
}

#[rustfmt::skip] // a table
const AMOUNTS: &[&str] = &[
    "10000", "10000.0", "10000.000", "10000.", ".00", "-1.00", "+1.00", "1e3", "1e3.00", "0.00", "0000.00",
    "12345678901234567.00", "92233720368547758.08", "10,000.00", "10.000,00", "1 000.00", " 1.00", "1.00 ",
    "1.0O", "0x10.00", "NaN.00", "١٠.٠٠", "1.-1", "",
];

#[tokio::test]
async fn an_amount_in_another_form_or_currency_is_named() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for (service, pointer) in [
        ("54", "/amount"),
        ("54", "/payOptionDetails/0/transAmount"),
        ("54", "/payOptionDetails/0/feeAmount"),
        ("58", "/refundAmount"),
        ("55", "/amount"),
    ] {
        let mut right = props.call(service);
        if pointer.starts_with("/payOptionDetails") {
            let options = json!([{"payMethod": "BALANCE"}]);
            right = right.changed("/payOptionDetails", Some(options));
        }
        let path = path_of(pointer);
        let zero_is_fine = pointer.ends_with("/feeAmount") || service == "55";
        let mut cases: Vec<(Value, &str, String)> = Vec::new();
        let amounts = AMOUNTS.iter().map(|text| json!(text));
        let others = [
            json!(10000),
            json!(10000.5),
            json!(true),
            json!({}),
            json!([]),
        ];
        for value in amounts.chain(others) {
            if !(zero_is_fine && matches!(value.as_str(), Some("0.00" | "0000.00"))) {
                let amount = json!({"value": value, "currency": "IDR"});
                cases.push((amount, "01", format!("Invalid Field Format {path}.value")));
            }
        }
        for currency in [
            json!("USD"),
            json!("idr"),
            json!("360"),
            json!(360),
            json!(""),
            json!([]),
        ] {
            let amount = json!({"value": "10000.00", "currency": currency});
            cases.push((
                amount,
                "01",
                format!("Invalid Field Format {path}.currency"),
            ));
        }
        let missing = |name| format!("Invalid Mandatory Field {path}.{name}");
        cases.push((json!({"currency": "IDR"}), "02", missing("value")));
        cases.push((
            json!({"value": null, "currency": "IDR"}),
            "02",
            missing("value"),
        ));
        cases.push((json!({"value": "10000.00"}), "02", missing("currency")));
        cases.push((
            json!({"value": "1e3", "currency": null}),
            "02",
            missing("currency"),
        ));
        if right.body.get("payOptionDetails").is_none() && service != "55" {
            cases.push((json!({}), "02", missing("value")));
        }
        for (amount, case, message) in cases {
            let what = format!("{service}: {path} {amount}");
            let call = right.clone().changed(pointer, Some(amount));
            let answer = call.send(&stage.shop).await;
            untouched
                .refused(&what, &answer, &call.code("400", case), &message)
                .await;
        }
    }
}

#[tokio::test]
async fn pay_options_must_be_known_and_add_up() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let idr = |value: &str| json!({"value": value, "currency": "IDR"});
    let most = idr("9999999999999999.99");
    let option =
        |method: &str, amount: &str| json!({"payMethod": method, "transAmount": idr(amount)});
    let cases = [
        (
            json!([1]),
            "4005401",
            "Invalid Field Format payOptionDetails[0]",
        ),
        (
            json!([null]),
            "4005401",
            "Invalid Field Format payOptionDetails[0]",
        ),
        (
            json!([{}]),
            "4005402",
            "Invalid Mandatory Field payOptionDetails[0].payMethod",
        ),
        (
            json!([{"payMethod": "CASH"}]),
            "4005401",
            "Invalid Field Format payOptionDetails[0].payMethod",
        ),
        (
            json!([{"payMethod": ""}]),
            "4005401",
            "Invalid Field Format payOptionDetails[0].payMethod",
        ),
        (
            json!([{"payMethod": 5}]),
            "4005401",
            "Invalid Field Format payOptionDetails[0].payMethod",
        ),
        (
            json!([option("BALANCE", "500.00"), option("BALANCE", "500.00")]),
            "4005401",
            "Invalid Field Format payOptionDetails[1].payMethod",
        ),
        (
            json!([option("BALANCE", "500.00"), {"payMethod": "POINT"}]),
            "4005402",
            "Invalid Mandatory Field payOptionDetails[1].transAmount",
        ),
        (
            json!([{"payMethod": "BALANCE", "transAmount": "1000.00"}]),
            "4005401",
            "Invalid Field Format payOptionDetails[0].transAmount",
        ),
        (
            json!([option("BALANCE", "999.99")]),
            "4045413",
            "Invalid Amount",
        ),
        (
            json!([option("BALANCE", "1000.01")]),
            "4045413",
            "Invalid Amount",
        ),
        (
            json!([option("BALANCE", "500.00"), option("POINT", "400.00")]),
            "4045413",
            "Invalid Amount",
        ),
        (
            json!([
                {"payMethod": "BALANCE", "transAmount": most},
                {"payMethod": "POINT", "transAmount": most},
            ]),
            "4045413",
            "Invalid Amount",
        ),
    ];
    for (options, code, message) in cases {
        let what = options.to_string();
        let call = props.call("54").changed("/payOptionDetails", Some(options));
        let answer = call.send(&stage.shop).await;
        untouched.refused(&what, &answer, code, message).await;
    }
}

#[tokio::test]
async fn a_missing_field_is_named_before_a_malformed_one_of_the_same_object() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let (bad, none) = (|| Some(json!(5)), None::<Value>);
    let cases = [
        (
            "07",
            "/phoneNo",
            bad(),
            "/additionalInfo",
            none.clone(),
            "02",
            "additionalInfo",
        ),
        (
            "07",
            "/phoneNo",
            bad(),
            "/additionalInfo/channelId",
            none.clone(),
            "01",
            "phoneNo",
        ),
        (
            "07",
            "/additionalInfo/channel",
            bad(),
            "/additionalInfo/channelId",
            none.clone(),
            "02",
            "additionalInfo.channelId",
        ),
        (
            "07",
            "/additionalInfo/channel",
            bad(),
            "/additionalInfo/osType",
            bad(),
            "01",
            "additionalInfo.channel",
        ),
        (
            "54",
            "/partnerReferenceNo",
            bad(),
            "/amount",
            none.clone(),
            "02",
            "amount",
        ),
        (
            "54",
            "/partnerReferenceNo",
            bad(),
            "/amount",
            bad(),
            "01",
            "partnerReferenceNo",
        ),
        (
            "54",
            "/amount/value",
            bad(),
            "/amount/currency",
            none.clone(),
            "02",
            "amount.currency",
        ),
        (
            "54",
            "/amount/value",
            bad(),
            "/additionalInfo/channel",
            none.clone(),
            "01",
            "amount.value",
        ),
        (
            "54",
            "/additionalInfo/lineItems/0/name",
            bad(),
            "/additionalInfo/lineItems/0/quantity",
            none.clone(),
            "02",
            "additionalInfo.lineItems[0].quantity",
        ),
        (
            "55",
            "/originalPartnerReferenceNo",
            bad(),
            "/serviceCode",
            none.clone(),
            "02",
            "serviceCode",
        ),
        (
            "58",
            "/originalPartnerReferenceNo",
            bad(),
            "/partnerRefundNo",
            none.clone(),
            "02",
            "partnerRefundNo",
        ),
        (
            "58",
            "/refundAmount",
            bad(),
            "/partnerRefundNo",
            bad(),
            "01",
            "refundAmount",
        ),
        (
            "09",
            "/tokenId",
            bad(),
            "/additionalInfo",
            none.clone(),
            "02",
            "additionalInfo",
        ),
        (
            "09",
            "/tokenId",
            bad(),
            "/additionalInfo/channel",
            none,
            "01",
            "tokenId",
        ),
    ];
    for (service, first, one, second, other, case, field) in cases {
        let call = props
            .call(service)
            .changed(first, one)
            .changed(second, other);
        let words = if case == "02" {
            "Mandatory Field"
        } else {
            "Field Format"
        };
        let answer = call.send(&stage.shop).await;
        let what = format!("{service}: {first} and {second}");
        let message = format!("Invalid {words} {field}");
        untouched
            .refused(&what, &answer, &call.code("400", case), &message)
            .await;
    }
}

#[tokio::test]
async fn what_dokus_clients_send_is_accepted() {
    let stage = Stage::with(Wishes {
        settings: MerchantSettings {
            allowed_url_schemes: vec!["shopapp".to_owned()],
            ..MerchantSettings::default()
        },
        change: no_address_limit,
        ..Wishes::default()
    })
    .await;
    let props = Props::on(&stage).await;
    let token = |info: Option<Value>| props.call("73").changed("/additionalInfo", info);
    for info in [
        json!(""),
        json!(null),
        json!([]),
        json!({}),
        json!(5),
        json!("x"),
    ] {
        is_done("73", &token(Some(info.clone())).send(&stage.shop).await);
        let call = props.call("74").changed("/additionalInfo", Some(info));
        is_done(
            "74",
            &call
                .changed("/refreshToken", Some(json!("")))
                .send(&stage.shop)
                .await,
        );
    }
    let item = "/additionalInfo/lineItems/0";
    let accepted: &[(&str, &str, Value)] = &[
        ("54", "/additionalInfo/lineItems/0/price", json!(1000)),
        ("54", "/additionalInfo/lineItems/0/price", json!(1000.5)),
        ("54", "/additionalInfo/lineItems/0/price", json!("1000")),
        ("54", "/additionalInfo/lineItems/0/price", json!("0.00")),
        ("54", "/additionalInfo/lineItems/0/quantity", json!("2")),
        (
            "54",
            item,
            json!({"name": "Kopi é", "price": 1, "quantity": 999_999_999, "sku": "1"}),
        ),
        ("54", "/additionalInfo/remarks", json!("é".repeat(40))),
        ("54", "/additionalInfo/remarks", json!("<b>☕ \"Kopi\"</b>")),
        (
            "54",
            "/additionalInfo/successPaymentUrl",
            json!("http://127.0.0.1:8080/paid?a=1&b=2"),
        ),
        (
            "54",
            "/additionalInfo/successPaymentUrl",
            json!("shopapp://paid"),
        ),
        (
            "54",
            "/additionalInfo/origin",
            json!({"product": "SDK", "apiFormat": "SNAP"}),
        ),
        ("54", "/additionalInfo/paymentType", json!("SALE")),
        ("54", "/payOptionDetails", json!([])),
        ("54", "/payOptionDetails", json!(null)),
        (
            "54",
            "/payOptionDetails",
            json!([{"payMethod": "BALANCE", "transAmount": {}, "feeAmount": null}]),
        ),
        ("54", "/chargeToken", json!("")),
        ("54", "/chargeToken", json!(null)),
        ("54", "/feeType", json!(null)),
        ("54", "/partnerReferenceNo", json!("1")),
        ("54", "/partnerReferenceNo", json!("r".repeat(31))),
        ("54", "/partnerReferenceNo", json!("é".repeat(64))),
        ("54", "/amount/value", json!("00001000.00")),
        ("55", "/serviceCode", json!("55")),
        ("55", "/serviceCode", json!(54)),
        ("55", "/serviceCode", json!(55)),
        ("55", "/amount", json!({})),
        ("55", "/amount", json!({"value": "", "currency": ""})),
        ("55", "/amount", json!(null)),
        (
            "55",
            "/amount",
            json!({"value": "20000.00", "currency": "IDR"}),
        ),
        ("55", "/originalReferenceNo", json!("")),
        ("55", "/originalExternalId", json!(null)),
        ("55", "/transactionDate", json!("")),
        ("55", "/additionalInfo", json!(null)),
        ("55", "/additionalInfo", json!({"channel": "whatever"})),
        ("58", "/originalExternalId", json!("")),
        ("58", "/reason", json!(null)),
        ("58", "/reason", json!("é".repeat(256))),
        ("58", "/partnerRefundNo", json!("r")),
        ("11", "/additionalInfo/origin", json!({"product": "SDK"})),
        ("11", "/partnerReferenceNo", json!("not read")),
    ];
    for (service, pointer, value) in accepted {
        let call = props.call(service).changed(pointer, Some(value.clone()));
        let call = if *service == "58" {
            call.changed("/refundAmount/value", Some(json!("1.00")))
        } else {
            call
        };
        let answer = call.send(&stage.shop).await;
        is_done(&format!("{service}: {pointer} {value}"), &answer);
    }
    let accepted = [
        ("/additionalInfo/osType", json!("iOS")),
        ("/additionalInfo/osType", json!("ANDROID")),
        ("/additionalInfo/channelId", json!("WEB")),
        ("/additionalInfo/email", json!("")),
        ("/additionalInfo/idCard", json!(null)),
        ("/additionalInfo/dateOfBirth", json!("20000229")),
        ("/phoneNo", json!("081111111102")),
    ];
    for (pointer, value) in accepted {
        let call = props.call("07").changed(pointer, Some(value.clone()));
        is_done(
            &format!("07: {pointer} {value}"),
            &call.send(&stage.shop).await,
        );
    }
    let mut unbinding = props.call("09");
    unbinding.path = snap::paths::UNBINDING_WITHOUT_CORE;
    is_done("09 without core", &unbinding.send(&stage.shop).await);
}

#[tokio::test]
async fn a_strict_merchant_is_held_to_the_documented_fields() {
    let stage = Stage::with(Wishes {
        settings: MerchantSettings {
            strict: true,
            ..MerchantSettings::default()
        },
        change: no_address_limit,
        ..Wishes::default()
    })
    .await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let refused = [
        ("54", "/partnerReferenceNo", json!("r".repeat(31))),
        ("54", "/partnerReferenceNo", json!("r".repeat(65))),
        ("54", "/additionalInfo/lineItems/0/price", json!(1000)),
        ("54", "/additionalInfo/lineItems/0/price", json!("1000")),
        ("58", "/originalPartnerReferenceNo", json!("r".repeat(31))),
        ("58", "/partnerRefundNo", json!("r".repeat(31))),
        ("58", "/originalExternalId", json!("7".repeat(37))),
        ("07", "/additionalInfo/email", json!("e".repeat(65))),
    ];
    for (service, pointer, value) in refused {
        let call = props.call(service).changed(pointer, Some(value.clone()));
        let answer = call.send(&stage.shop).await;
        let message = format!("Invalid Field Format {}", path_of(pointer));
        let what = format!("{service}: {pointer} {value}");
        untouched
            .refused(&what, &answer, &call.code("400", "01"), &message)
            .await;
    }
    for (service, pointer, value) in [
        ("54", "/partnerReferenceNo", json!("r".repeat(32))),
        ("58", "/partnerRefundNo", json!("r".repeat(64))),
        ("55", "/serviceCode", json!("54")),
    ] {
        let call = props.call(service).changed(pointer, Some(value));
        is_done(service, &call.send(&stage.shop).await);
    }
}

#[tokio::test]
async fn an_unknown_payment_is_not_found_and_a_status_leaves_nothing_behind() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let (paid, missing) = (props.paid.as_str(), "Transaction Not Found");
    let found = stage.shop.post(STATUS, &status(paid)).await.json();
    let (number, id) = (&found["originalReferenceNo"], &found["originalExternalId"]);
    let unknown = [
        json!({"originalPartnerReferenceNo": "nothing", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": paid.to_lowercase(), "serviceCode": "54"}),
        json!({"originalReferenceNo": "nothing", "serviceCode": "55"}),
        json!({"originalExternalId": "nothing", "serviceCode": 54}),
        json!({"originalPartnerReferenceNo": paid, "originalReferenceNo": "nothing", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": paid, "originalExternalId": "nothing", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": "nothing", "originalReferenceNo": number, "serviceCode": "54"}),
        json!({"originalExternalId": id, "transactionDate": "2020-01-01T00:00:00+07:00", "serviceCode": "54"}),
    ];
    for body in unknown {
        let answer = stage.shop.post(STATUS, &body).await;
        untouched
            .refused(&body.to_string(), &answer, "4045501", missing)
            .await;
    }
    for body in [
        json!({"serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": "", "originalReferenceNo": null, "serviceCode": "54"}),
    ] {
        let answer = stage.shop.post(STATUS, &body).await;
        let message = "Invalid Mandatory Field originalPartnerReferenceNo";
        untouched
            .refused(&body.to_string(), &answer, "4005502", message)
            .await;
    }
    let now = found["paidTime"].clone();
    for body in [
        json!({"originalReferenceNo": number, "serviceCode": "54"}),
        json!({"originalExternalId": id, "serviceCode": "54"}),
        json!({"originalExternalId": id, "transactionDate": now, "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": paid, "originalReferenceNo": number, "originalExternalId": id, "serviceCode": "55"}),
    ] {
        let answer = stage.shop.post(STATUS, &body).await;
        is_done(&body.to_string(), &answer);
        assert_eq!(answer.json()["originalPartnerReferenceNo"], paid);
    }
    // Another merchant's payment does not exist.
    let other = stage.another_shop("other").await;
    untouched_by(&stage, &other, paid).await;
}

async fn untouched_by(stage: &Stage, other: &Shop, paid: &str) {
    let untouched = Untouched::since_now(stage).await;
    let answer = other.post(STATUS, &status(paid)).await;
    untouched
        .refused("another's", &answer, "4045501", "Transaction Not Found")
        .await;
    let answer = other.refund(paid, &reference("REF"), "1.00").await;
    is_refusal("another's", &answer, "4045801", "Transaction Not Found");
}

#[tokio::test]
async fn a_mended_request_may_be_sent_again_with_the_same_ids() {
    let stage = patient_stage().await;
    let siti = &demo_customers()[0];
    let (_, token) = stage.linked(&stage.shop, siti, "cust-1").await;
    let untouched = Untouched::since_now(&stage).await;
    let body = payment(&reference("PAY"), "1000.00");
    let options = RawOptions {
        customer_token: Some(token),
        external_id: Some("20261122".to_owned()),
        ..RawOptions::default()
    };
    let usd = changed(body.clone(), "/amount/currency", Some(json!("USD")));
    let answer = stage.shop.send(PAYMENT, &usd, options.clone()).await;
    untouched
        .refused(
            "USD",
            &answer,
            "4005401",
            "Invalid Field Format amount.currency",
        )
        .await;
    let nobody = RawOptions {
        customer_token: None,
        ..options.clone()
    };
    let answer = stage.shop.send(PAYMENT, &body, nobody).await;
    untouched
        .refused("nobody", &answer, "4015404", "Customer Token Not Found")
        .await;
    let answer = stage.shop.send(PAYMENT, &body, options).await;
    is_done("mended", &answer);
}
