//! Signatures: the forms of the body that they may be made over, what makes them wrong, and the time.

use std::time::{Duration, Instant};

use merchant_sdk::{Answer, RawOptions, Signature};
use serde_json::json;
use snap::{PrivateKey, Secret, signature, timestamp};

use super::calls::*;
use super::stage::*;
use super::untouched::{Untouched, is_refusal};

const SIGNATURE: &str = "Unauthorized. [Invalid Signature]";
const RANGE: &str = "Unauthorized. [X-TIMESTAMP out of range]";

fn now_ms(stage: &Stage) -> i64 {
    stage.app().clock.wall_now_ms()
}

/// A signature as it should be, but for what the test gives otherwise.
struct Signer<'a> {
    secret: &'a Secret,
    method: &'a str,
    path: &'a str,
    token: &'a str,
    time: &'a str,
}

impl Signer<'_> {
    fn over(&self, body: &[u8]) -> String {
        let Self {
            secret,
            method,
            path,
            token,
            time,
        } = self;
        signature::sign(secret, method, path, token, body, time)
    }
}

/// Sends these bytes under a signature that was made elsewhere.
async fn send(shop: &Shop, call: &Call, body: &[u8], time: &str, signature: String) -> Answer {
    let options = RawOptions {
        signature: Signature::Text(signature),
        timestamp: Some(time.to_owned()),
        ..call.options.clone()
    };
    shop.send_bytes(call.path, body.to_vec(), options).await
}

/// A payment's body with all that the printers of DOKU's SDKs treat differently.
fn payment_text(reference: &str) -> String {
    let mut body = payment(reference, "1000.00");
    let info = &mut body["additionalInfo"];
    info["remarks"] = json!("Kopi é ☕ 😀 \"x\" / <b>");
    info["successPaymentUrl"] = json!("https://shop.example/paid?a=1&b='2'");
    body.to_string()
}

/// Spaces after `,` and `:` outside of strings, as Python prints.
fn with_spaces(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    text.chars().fold(String::new(), |mut out, letter| {
        out.push(letter);
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => inside = !inside,
            ',' | ':' if !inside => out.push(' '),
            _ => {}
        }
        out
    })
}

/// Some letters as `\uXXXX`.
fn escaped(text: &str, which: impl Fn(char) -> bool) -> String {
    text.chars().fold(String::new(), |mut out, letter| {
        if which(letter) {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(letter);
        }
        out
    })
}

#[tokio::test]
async fn each_sdks_way_of_printing_and_signing_a_body_is_accepted() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let shop = &stage.shop;
    let token = shop.client.b2b_token().await.unwrap();
    let not_ascii = |letter: char| !letter.is_ascii();
    let html = |letter: char| matches!(letter, '&' | '<' | '>');
    let gson = |letter: char| matches!(letter, '&' | '<' | '>' | '=' | '\'');
    type Print = Box<dyn Fn(&str) -> String>;
    let plain = || -> Print { Box::new(str::to_owned) };
    // How the body is sent, and the form of it that is signed.
    let sdks: Vec<(&str, Print, Print)> = vec![
        ("Node", plain(), plain()),
        (
            "Python",
            Box::new(move |text| with_spaces(&escaped(text, not_ascii))),
            Box::new(move |text| escaped(text, not_ascii)),
        ),
        (
            "Go",
            Box::new(move |text| escaped(text, html)),
            Box::new(move |text| escaped(text, html)),
        ),
        (
            "PHP",
            Box::new(move |text| escaped(text, not_ascii).replace('/', "\\/")),
            plain(),
        ),
        ("Java", Box::new(move |text| escaped(text, gson)), plain()),
        (
            "spaces, signed as sent",
            Box::new(with_spaces),
            Box::new(with_spaces),
        ),
        (
            "indented",
            Box::new(|text| format!("\r\n\t{}\n", text.replacen('{', "{\n  ", 1))),
            plain(),
        ),
    ];
    for (name, sent, signed) in sdks {
        let text = payment_text(&reference("PAY"));
        let time = timestamp::format_jakarta(now_ms(&stage));
        let signer = Signer {
            secret: &shop.secret,
            method: "POST",
            path: PAYMENT,
            token: token.expose(),
            time: &time,
        };
        let signature = signer.over(signed(&text).as_bytes());
        let body = sent(&text);
        let answer = send(shop, &props.call("54"), body.as_bytes(), &time, signature).await;
        assert_eq!(answer.code().as_deref(), Some("2005400"), "{name}: {body}");
    }
}

#[tokio::test]
async fn a_signature_over_anything_else_is_wrong() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let shop = &stage.shop;
    let token = shop.client.b2b_token().await.unwrap();
    let token = token.expose();
    let bearer = format!("Bearer {token}");
    let now_ms = now_ms(&stage);
    let time = timestamp::format_jakarta(now_ms);
    let earlier = timestamp::format_jakarta(now_ms - 1_000);
    let same_in_utc = format!("{}Z", &timestamp::format_jakarta(now_ms - 25_200_000)[..19]);
    let (empty, other) = (Secret::new(""), Secret::new("secret of other"));
    let untouched = Untouched::since_now(&stage).await;
    for service in SIGNED {
        let call = props.call(service);
        let body = call.body.to_string();
        let bytes = body.as_bytes();
        let right = Signer {
            secret: &shop.secret,
            method: "POST",
            path: call.path,
            token,
            time: &time,
        };
        let mac = right.over(bytes);
        let url = format!("{}{}", stage.gateway.url, call.path);
        let query = format!("{}?", call.path);
        let slash = format!("{}/", call.path);
        let more = body.replacen('{', "{\"a\":1,", 1);
        let reordered = reversed(&body);
        let no_spaces: String = body.split(' ').collect();
        let capitals: String = mac.chars().map(swap_case).collect();
        let raw = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &mac).unwrap();
        let url_safe = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE, &raw);
        let rsa = key().sign_token(&shop.client_id, &time);
        let mut wrong = vec![
            (
                "another secret",
                Signer {
                    secret: &other,
                    ..right
                }
                .over(bytes),
            ),
            (
                "no secret",
                Signer {
                    secret: &empty,
                    ..right
                }
                .over(bytes),
            ),
            (
                "a small method",
                Signer {
                    method: "post",
                    ..right
                }
                .over(bytes),
            ),
            (
                "another method",
                Signer {
                    method: "GET",
                    ..right
                }
                .over(bytes),
            ),
            (
                "the whole URL",
                Signer {
                    path: &url,
                    ..right
                }
                .over(bytes),
            ),
            (
                "a question mark",
                Signer {
                    path: &query,
                    ..right
                }
                .over(bytes),
            ),
            (
                "a slash",
                Signer {
                    path: &slash,
                    ..right
                }
                .over(bytes),
            ),
            (
                "another path",
                Signer {
                    path: "/v1.0/debit/notify",
                    ..right
                }
                .over(bytes),
            ),
            (
                "the word Bearer",
                Signer {
                    token: &bearer,
                    ..right
                }
                .over(bytes),
            ),
            ("no token", Signer { token: "", ..right }.over(bytes)),
            (
                "a second earlier",
                Signer {
                    time: &earlier,
                    ..right
                }
                .over(bytes),
            ),
            (
                "the same time in UTC",
                Signer {
                    time: &same_in_utc,
                    ..right
                }
                .over(bytes),
            ),
            ("an empty body", right.over(b"")),
            ("a body with one member more", right.over(more.as_bytes())),
            ("hex", hex::encode(&raw)),
            ("half of it", mac[..44].to_owned()),
            ("without padding", mac.trim_end_matches('=').to_owned()),
            ("twice", format!("{mac}{mac}")),
            ("RSA over the time", rsa),
        ];
        let same_anyway = [
            (
                "another order of the members",
                right.over(reordered.as_bytes()),
                reordered == body,
            ),
            (
                "no white space even in texts",
                right.over(no_spaces.as_bytes()),
                no_spaces == body,
            ),
            ("the other case", capitals.clone(), capitals == mac),
            ("URL-safe base64", url_safe.clone(), url_safe == mac),
        ];
        let others = same_anyway.into_iter().filter(|(_, _, same)| !same);
        wrong.extend(others.map(|(name, signature, _)| (name, signature)));
        for (name, signature) in wrong {
            let answer = send(shop, &call, bytes, &time, signature).await;
            let what = format!("{service}: {name}");
            untouched
                .refused(&what, &answer, &call.code("401", "00"), SIGNATURE)
                .await;
        }
    }
    untouched.looked().await;
    // The query is part of what is signed.
    let mut call = props.call("55");
    call.path = "/orders/v1.0/debit/status?a=1";
    is_done("a query", &call.send(shop).await);
    let body = call.body.to_string();
    let signer = Signer {
        secret: &shop.secret,
        method: "POST",
        path: STATUS,
        token,
        time: &time,
    };
    let signature = signer.over(body.as_bytes());
    let answer = send(shop, &call, body.as_bytes(), &time, signature).await;
    is_refusal("a query", &answer, "4015500", SIGNATURE);
}

/// The members of the outermost object the other way round.
fn reversed(body: &str) -> String {
    let object: serde_json::Map<_, _> = serde_json::from_str(body).unwrap();
    let members: Vec<_> = object
        .iter()
        .rev()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn swap_case(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}

#[tokio::test]
async fn a_body_changed_after_signing_is_refused() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let shop = &stage.shop;
    let token = shop.client.b2b_token().await.unwrap();
    let call = props.call("54");
    let body = call.body.to_string();
    let time = timestamp::format_jakarta(now_ms(&stage));
    let signer = Signer {
        secret: &shop.secret,
        method: "POST",
        path: PAYMENT,
        token: token.expose(),
        time: &time,
    };
    let signature = signer.over(body.as_bytes());
    let sent = [
        ("another amount", body.replace("1000.00", "1000.01")),
        (
            "another number text",
            body.replace("\"quantity\":1", "\"quantity\":1.0"),
        ),
        (
            "a number for a text",
            body.replace("\"quantity\":1", "\"quantity\":\"1\""),
        ),
        ("a space in a text", body.replace("Kopi Gayo", "Kopi  Gayo")),
        (
            "another case of a name",
            body.replace("\"currency\"", "\"Currency\""),
        ),
        ("a null more", body.replacen('{', "{\"feeType\":null,", 1)),
        ("a byte after it", format!("{body}\0")),
        ("nothing", String::new()),
    ];
    let untouched = Untouched::since_now(&stage).await;
    for (name, text) in sent {
        assert_ne!(text, body, "{name}");
        let answer = send(shop, &call, text.as_bytes(), &time, signature.clone()).await;
        untouched.refused(name, &answer, "4015400", SIGNATURE).await;
    }
    untouched.looked().await;
    let answer = send(shop, &call, body.as_bytes(), &time, signature).await;
    is_done("unchanged", &answer);
}

#[tokio::test]
async fn a_token_request_is_signed_by_the_merchants_key_over_client_and_time() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let other = stage.another_shop("other").await;
    let stranger = PrivateKey::generate().unwrap();
    let now_ms = now_ms(&stage);
    let time = timestamp::format_jakarta(now_ms);
    let earlier = timestamp::format_jakarta(now_ms - 1_000);
    let good = key().sign_token("shop", &time);
    let raw = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &good).unwrap();
    let wrong = [
        ("another key", stranger.sign_token("shop", &time)),
        ("another time", key().sign_token("shop", &earlier)),
        ("another client", key().sign_token(&other.client_id, &time)),
        ("the other way round", key().sign_token(&time, "shop")),
        ("hex", hex::encode(&raw)),
        ("half of it", good[..172].to_owned()),
        ("without padding", good.trim_end_matches('=').to_owned()),
        ("the other case", good.chars().map(swap_case).collect()),
        ("zeros", "A".repeat(342) + "=="),
        (
            "HMAC",
            signature::mac(&stage.shop.secret, &format!("shop|{time}")),
        ),
    ];
    let untouched = Untouched::since_now(&stage).await;
    for service in TOKENS {
        let mut call = props.call(service);
        call.options.timestamp = Some(time.clone());
        for (name, signature) in &wrong {
            let call = call.clone().with("X-SIGNATURE", signature);
            let answer = call.send(&stage.shop).await;
            let what = format!("{service}: {name}");
            untouched
                .refused(&what, &answer, &call.code("401", "00"), SIGNATURE)
                .await;
        }
        // There is no memory of signatures: identical requests are answered alike.
        for _ in 0..2 {
            let call = call.clone().with("X-SIGNATURE", &good);
            is_done(service, &call.send(&stage.shop).await);
        }
    }
    untouched.looked().await;
}

/// So many milliseconds from now, to the millisecond.
fn from_now(stage: &Stage, by_ms: i64) -> String {
    let at_ms = now_ms(stage) + by_ms;
    let text = timestamp::format_jakarta(at_ms);
    format!(
        "{}.{:03}{}",
        &text[..19],
        at_ms.rem_euclid(1_000),
        &text[19..]
    )
}

/// Sent with a time so far from now; again if the machine was too slow for the time to mean anything.
async fn sent_at(stage: &Stage, call: &Call, by_ms: i64) -> Answer {
    loop {
        let begun = Instant::now();
        let mut call = call.clone();
        call.options.timestamp = Some(from_now(stage, by_ms));
        let answer = call.send(&stage.shop).await;
        if begun.elapsed() < Duration::from_millis(900) {
            return answer;
        }
    }
}

#[tokio::test]
async fn a_timestamp_may_be_five_minutes_off() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for service in ["73", "74", "11", "55"] {
        let call = props.call(service);
        for by_ms in [-299_000, -7_000, 299_000] {
            let answer = sent_at(&stage, &call, by_ms).await;
            is_done(&format!("{service}: {by_ms} ms"), &answer);
        }
    }
    untouched.looked().await;
    let untouched = Untouched::since_now(&stage).await;
    for call in props.calls() {
        for by_ms in [-86_400_000, -301_000, 301_000, 86_400_000] {
            let answer = sent_at(&stage, &call, by_ms).await;
            let what = format!("{}: {by_ms} ms", call.service);
            untouched
                .refused(&what, &answer, &call.code("401", "00"), RANGE)
                .await;
        }
    }
    untouched.looked().await;
}

#[tokio::test]
async fn a_timestamp_may_be_written_in_all_the_ways_of_the_sdks() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let jakarta_ms = 25_200_000;
    // The zone that is written, its distance from UTC in minutes, and the decimals.
    let forms = [
        ("+07:00", 420, ""),
        ("Z", 0, ""),
        ("+00:00", 0, ""),
        ("-00:00", 0, ""),
        ("-03:30", -210, ""),
        ("+14:00", 840, ""),
        ("Z", 0, ".1"),
        ("Z", 0, ".12"),
        ("+07:00", 420, ".000"),
        ("-00:00", 0, ".999"),
    ];
    for (zone, minutes, decimals) in forms {
        let shown_ms = now_ms(&stage) - jakarta_ms + minutes * 60_000;
        let digits = &timestamp::format_jakarta(shown_ms)[..19];
        let text = format!("{digits}{decimals}{zone}");
        for service in ["73", "74", "11", "54", "55"] {
            let mut call = props.call(service);
            call.options.timestamp = Some(text.clone());
            let answer = call.send(&stage.shop).await;
            is_done(&format!("{service}: {text}"), &answer);
        }
    }
}
