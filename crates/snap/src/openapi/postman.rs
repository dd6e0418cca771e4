//! The same operations as a Postman collection (format 2.1), which signs by a script.

use serde_json::{Value, json};

use super::{Operation, entry, operations};
use crate::{Service, headers};

/// The script that signs every request of the collection.
pub const SIGNING_SCRIPT: &str = include_str!("signing.js");

/// What is kept of an answer for the requests after it.
const KEPT: &[(Service, &str)] = &[
    (
        Service::TOKEN_B2B,
        "pm.collectionVariables.set('b2bToken', pm.response.json().accessToken);",
    ),
    (
        Service::TOKEN_B2B2C,
        "pm.collectionVariables.set('customerToken', pm.response.json().accessToken);",
    ),
    (
        Service::BINDING,
        "pm.collectionVariables.set('authCode', pm.response.json().additionalInfo.authCode);",
    ),
    (
        Service::PAYMENT,
        "pm.collectionVariables.set('partnerReferenceNo', pm.response.json().partnerReferenceNo);",
    ),
];

/// The collection.
#[must_use]
pub fn collection() -> Value {
    let variable = |name: &str, value: &str| json!({ "key": name, "value": value });
    json!({
        "info": {
            "name": "Gerbang",
            "description": ABOUT,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "event": [script("prerequest", SIGNING_SCRIPT)],
        "variable": [
            variable("baseUrl", "http://127.0.0.1:8700"),
            variable("clientId", ""),
            variable("clientSecret", ""),
            variable("privateKey", ""),
            variable("b2bToken", ""),
            variable("authCode", ""),
            variable("customerToken", ""),
            variable("partnerReferenceNo", ""),
        ],
        "item": operations().iter().map(item).collect::<Vec<_>>(),
    })
}

const ABOUT: &str = "Set clientId, clientSecret and privateKey, then send the requests from top to bottom; open redirectUrl and \
    webRedirectUrl in a browser between them. Every request is signed by the script of the collection.";

fn item(operation: &Operation) -> Value {
    let path = operation.paths.first().copied().unwrap_or_default();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let mut item = json!({
        "name": operation.service.name(),
        "request": {
            "method": "POST",
            "description": operation.summary,
            "header": sent_headers(operation),
            "url": { "raw": format!("{{{{baseUrl}}}}{path}"), "host": ["{{baseUrl}}"], "path": steps },
            "body": {
                "mode": "raw",
                "raw": body(operation),
                "options": { "raw": { "language": "json" } },
            },
        },
        "response": [],
    });
    if let Some((_, kept)) = KEPT
        .iter()
        .find(|(service, _)| *service == operation.service)
    {
        let kept = format!("if (pm.response.code === 200) {{\n    {kept}\n}}\n");
        *entry(&mut item, "event") = json!([script("test", &kept)]);
    }
    item
}

/// The headers that the script does not set.
fn sent_headers(operation: &Operation) -> Vec<Value> {
    let header = |name: &str, value: &str| json!({ "key": name, "value": value });
    let mut all = vec![header(headers::CONTENT_TYPE, "application/json")];
    all.extend(operation.headers.iter().map(|name| match *name {
        headers::X_IP_ADDRESS => header(name, "203.0.113.10"),
        headers::X_DEVICE_ID => header(name, "device-1"),
        headers::AUTHORIZATION_CUSTOMER => header(name, "Bearer {{customerToken}}"),
        name => header(name, ""),
    }));
    all
}

/// The example, with what other requests have filled in; a new reference for every payment and refund.
fn body(operation: &Operation) -> String {
    let mut body = operation.request.clone();
    let (ours, new) = ("{{partnerReferenceNo}}", "{{$randomUUID}}");
    match operation.service {
        Service::TOKEN_B2B2C => *entry(&mut body, "authCode") = json!("{{authCode}}"),
        Service::PAYMENT => *entry(&mut body, "partnerReferenceNo") = json!(new),
        Service::STATUS => {
            body = json!({ "originalPartnerReferenceNo": ours, "serviceCode": "54" });
        }
        Service::REFUND => {
            *entry(&mut body, "originalPartnerReferenceNo") = json!(ours);
            *entry(&mut body, "partnerRefundNo") = json!(new);
            if let Value::Object(members) = &mut body {
                members.remove("originalReferenceNo");
                members.remove("originalExternalId");
            }
        }
        Service::UNBINDING => *entry(&mut body, "tokenId") = json!("{{customerToken}}"),
        _ => {}
    }
    format!("{body:#}")
}

fn script(listen: &str, text: &str) -> Value {
    let lines: Vec<&str> = text.lines().collect();
    json!({ "listen": listen, "script": { "type": "text/javascript", "exec": lines } })
}
