//! The body of each request: its shape and size; and the paths and methods there are.

use merchant_sdk::Answer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::calls::*;
use super::stage::*;
use super::untouched::Untouched;

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
    untouched.looked().await;
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
    untouched.looked().await;
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
    untouched.looked().await;
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
    untouched.looked().await;
}
