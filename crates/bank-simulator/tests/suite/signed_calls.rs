//! What is wrong with a call is told in the order of precedence, and leaves no trace.

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;
use snap::{Secret, paths, signature, timestamp};

use crate::harness::{TestBank, phone, wall_ms};

#[tokio::test]
async fn each_missing_or_malformed_header_is_named() {
    let bank = TestBank::open().await;
    bank.b2b().await;
    let before = bank.dump().await;
    let body =
        serde_json::to_vec(&json!({ "originalPartnerReferenceNo": "x", "serviceCode": "54" }))
            .unwrap();
    for (name, value, expected) in [
        (
            "X-PARTNER-ID",
            None,
            "4005502 Invalid Mandatory Field X-PARTNER-ID",
        ),
        (
            "X-TIMESTAMP",
            None,
            "4005502 Invalid Mandatory Field X-TIMESTAMP",
        ),
        (
            "X-TIMESTAMP",
            Some("yesterday"),
            "4005501 Invalid Field Format X-TIMESTAMP",
        ),
        (
            "X-TIMESTAMP",
            Some("2020-01-01T00:00:00Z"),
            "4015500 Unauthorized. [X-TIMESTAMP out of range]",
        ),
        ("Authorization", None, "4015503 Token Not Found (B2B)"),
        (
            "Authorization",
            Some("Bearer nonsense"),
            "4015501 Invalid Token (B2B)",
        ),
        (
            "Authorization",
            Some("nonsense"),
            "4015501 Invalid Token (B2B)",
        ),
        (
            "X-SIGNATURE",
            None,
            "4005502 Invalid Mandatory Field X-SIGNATURE",
        ),
        (
            "X-SIGNATURE",
            Some("AAAA"),
            "4015500 Unauthorized. [Invalid Signature]",
        ),
        (
            "X-PARTNER-ID",
            Some("somebody"),
            "4015500 Unauthorized. [Invalid Signature]",
        ),
        (
            "X-EXTERNAL-ID",
            None,
            "4005502 Invalid Mandatory Field X-EXTERNAL-ID",
        ),
        (
            "X-EXTERNAL-ID",
            Some("abc"),
            "4005501 Invalid Field Format X-EXTERNAL-ID",
        ),
        ("Content-Type", Some("text/plain"), "4155500"),
    ] {
        let mut request = bank.signed(paths::BANK_STATUS, &body, None).await;
        let header = HeaderName::try_from(name).unwrap();
        request.headers_mut().remove(&header);
        if let Some(value) = value {
            request
                .headers_mut()
                .insert(header, HeaderValue::from_str(value).unwrap());
        }
        let (status, answer) = bank.send(request).await;
        let told = format!(
            "{} {}",
            answer["responseCode"].as_str().unwrap(),
            answer["responseMessage"].as_str().unwrap()
        );
        assert!(told.starts_with(expected), "{name} {value:?}: {told}");
        assert_eq!(status.to_string(), expected[..3]);
        assert_eq!(answer.as_object().unwrap().len(), 2);
    }
    let mut twice = bank.signed(paths::BANK_STATUS, &body, None).await;
    twice
        .headers_mut()
        .append("X-EXTERNAL-ID", HeaderValue::from_static("1"));
    assert_eq!(bank.send(twice).await.1["responseCode"], "4005501");
    assert_eq!(bank.dump().await, before);
}

#[tokio::test]
async fn bodies_that_are_no_requests_are_refused() {
    let bank = TestBank::open().await;
    bank.b2b().await;
    let before = bank.dump().await;
    let deep = format!(
        "{}{}",
        "{\"a\":".repeat(17),
        "1".to_owned() + &"}".repeat(17)
    );
    for (body, expected) in [
        ("", "4005400"),
        ("no json", "4005400"),
        ("[]", "4005400"),
        (
            "{\"partnerReferenceNo\":\"a\",\"partnerReferenceNo\":\"b\"}",
            "4005400",
        ),
        (deep.as_str(), "4005400"),
        ("{}", "4005402"),
        ("{\"partnerReferenceNo\":\"a\\u0000\"}", "4005401"),
    ] {
        let request = bank
            .signed(paths::BANK_PAYMENT, body.as_bytes(), None)
            .await;
        let (_, answer) = bank.send(request).await;
        assert_eq!(answer["responseCode"], expected, "{body}: {answer}");
    }
    let large = vec![b' '; 65 * 1024];
    let (status, answer) = bank
        .send(bank.signed(paths::BANK_PAYMENT, &large, None).await)
        .await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (413, Some("4135400"))
    );
    let body = bank.payment_body("p-1", "1.00");
    let (status, answer) = bank.call(paths::BANK_PAYMENT, &body, None).await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (401, Some("4015404"))
    );
    let (status, answer) = bank
        .call(paths::BANK_PAYMENT, &body, Some("nonsense"))
        .await;
    assert_eq!(
        (status, answer["responseCode"].as_str()),
        (401, Some("4015402"))
    );
    assert_eq!(bank.dump().await, before);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_snaps_words() {
    let bank = TestBank::open().await;
    let response = bank
        .http
        .get(format!("{}{}", bank.url, paths::BANK_PAYMENT))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 405);
    assert!(response.text().await.unwrap().contains("4055400"));
    let response = bank
        .http
        .post(format!("{}/v1.0/nothing", bank.url))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("4040000"));
}

#[tokio::test]
async fn token_requests_need_the_partners_key() {
    let bank = TestBank::open().await;
    let body = json!({ "grantType": "client_credentials" });
    let stranger = snap::PrivateKey::generate().unwrap();
    let now = timestamp::format_jakarta(wall_ms());
    for (client, key) in [
        ("GERBANG-TEST", &stranger),
        ("somebody", crate::harness::key()),
    ] {
        let request = bank
            .http
            .post(format!("{}{}", bank.url, paths::BANK_TOKEN_B2B))
            .header("X-CLIENT-KEY", client)
            .header("X-TIMESTAMP", &now)
            .header("X-SIGNATURE", key.sign_token(client, &now))
            .json(&body)
            .build()
            .unwrap();
        let (status, answer) = bank.send(request).await;
        assert_eq!(
            (status, answer["responseCode"].as_str()),
            (401, Some("4017300"))
        );
        assert_eq!(
            answer["responseMessage"],
            "Unauthorized. [Invalid Signature]"
        );
    }
    let (_, answer) = bank
        .for_token(paths::BANK_TOKEN_B2B, json!({ "grantType": "password" }))
        .await;
    assert_eq!(answer["responseCode"], "4007301");
    for code in ["", "nonsense", "LK1.nonsense"] {
        let answer = bank.exchange(code).await.1;
        assert!(
            matches!(answer["responseCode"].as_str(), Some("4017400" | "4007402")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn an_auth_code_is_worth_nothing_before_the_customer_has_finished() {
    let bank = TestBank::open().await;
    let (binding, _) = bank.bind(0).await;
    assert!(
        bank.inquire(&binding).await["additionalInfo"]
            .get("authCode")
            .is_none()
    );
    assert_eq!(bank.inquire("unknown").await["responseCode"], "4040801");
    let unbind = json!({ "partnerReferenceNo": "u-1", "linkId": "unknown" });
    assert_eq!(
        bank.call(paths::BANK_UNBINDING, &unbind, None).await.1["responseCode"],
        "4040911"
    );
}

#[tokio::test]
async fn a_signature_over_another_body_form_is_taken() {
    let bank = TestBank::open().await;
    let token = bank.b2b().await;
    let body = serde_json::to_string_pretty(&bank.binding_body("b-1", phone(0))).unwrap();
    let mut request = bank
        .signed(paths::BANK_BINDING, body.as_bytes(), None)
        .await;
    let now = request.headers()["X-TIMESTAMP"]
        .to_str()
        .unwrap()
        .to_owned();
    let compact = snap::body::compact(body.as_bytes());
    let secret = Secret::new("gateway-to-bank-secret");
    let signed = signature::sign(&secret, "POST", paths::BANK_BINDING, &token, &compact, &now);
    request
        .headers_mut()
        .insert("X-SIGNATURE", HeaderValue::from_str(&signed).unwrap());
    assert_eq!(bank.send(request).await.1["responseCode"], "2000700");
}
