//! The API described as OpenAPI 3.1, out of the code that speaks it: requests from what their readers ask
//! for, answers from what serde writes, codes from [`crate::Case`].
//!
//! Nothing here is sent or stored. To describe one more operation: an example of each of its messages in
//! `examples.rs`, a row in `operations.rs`, and words for new members in `words.rs`; tests miss what was
//! forgotten.

mod answers;
mod examples;
mod operations;
mod postman;
mod reading;
mod webhooks;
mod words;
mod writing;

use serde_json::{Value, json};

use crate::{headers, messages::CHANNEL};

pub use operations::{Operation, operations};
pub use postman::{SIGNING_SCRIPT, collection};
pub(crate) use reading::Seen;
pub use words::case as meaning;

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut paths = json!({});
    for operation in operations() {
        for path in operation.paths {
            *entry(&mut paths, path) = json!({ "post": operation.described(path) });
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Gerbang",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "SNAP direct debit, compatible with DOKU's Allo Bank Direct Debit API",
            "description": ABOUT,
            "license": { "name": "Apache 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [
            { "url": "http://127.0.0.1:8700", "description": "gerbang sandbox" },
        ],
        "paths": paths,
        "webhooks": webhooks::described(),
        "components": {
            "schemas": {
                "Money": money(),
                "Error": answers::error_schema(),
            },
            "parameters": parameters(),
            "securitySchemes": {
                "b2bToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of service 73.",
                },
            },
        },
    })
}

const ABOUT: &str = "Every request is signed. Token requests carry SHA256withRSA over `X-CLIENT-KEY|X-TIMESTAMP`, all \
    others HMAC-SHA512 with the client secret over `METHOD:path:token:lower(hex(SHA-256(body))):X-TIMESTAMP`, \
    both in base64.\n\nA member that is null counts as absent everywhere, an optional text that is empty too. Members \
    that are not described are ignored. Forms marked `x-strict` hold for merchants whose setting is strict.\n\nA path that does not exist is answered \
    with 4040000, another method than POST with 4050000. An answer with 202, 409, 429, 5xx, or none at all does not say that nothing \
    happened: ask for the status.";

/// The member of this name, made if need be; whatever is no object becomes one.
pub(crate) fn entry<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(members) => members.entry(name).or_insert(Value::Null),
        other => other,
    }
}

fn money() -> Value {
    json!({
        "type": "object",
        "description": "An amount: one to sixteen digits, a point, two digits.",
        "properties": {
            "value": { "type": "string", "pattern": "^[0-9]{1,16}\\.[0-9]{2}$" },
            "currency": { "const": crate::amount::CURRENCY },
        },
        "required": ["value", "currency"],
        "examples": [{ "value": "10000.00", "currency": "IDR" }],
    })
}

/// The headers, each described once.
fn parameters() -> Value {
    let header = |name: &str, schema: Value, required: bool, description: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": required,
            "description": description,
            "schema": schema,
        })
    };
    let text = || json!({ "type": "string", "minLength": 1 });
    let external_id = json!({
        "type": "string",
        "pattern": "^[A-Za-z0-9._-]{1,64}$",
        "x-strict": { "pattern": "^[0-9]{1,36}$" },
    });
    let ip = json!({
        "type": "string",
        "x-strict": { "format": "ipv4", "minLength": 10, "maxLength": 15 },
    });
    let device = json!({ "type": "string", "minLength": 1, "maxLength": 400, "x-strict": { "maxLength": 64 } });
    json!({
        (headers::X_CLIENT_KEY): header(headers::X_CLIENT_KEY, text(), true, "Your client id."),
        (headers::X_PARTNER_ID): header(headers::X_PARTNER_ID, text(), true, "Your client id."),
        (headers::X_TIMESTAMP): header(
            headers::X_TIMESTAMP,
            json!({ "type": "string", "format": "date-time", "examples": ["2026-01-02T10:04:05+07:00"] }),
            true,
            "Now, at most five minutes away from the gateway's clock; the text is signed as it stands.",
        ),
        (headers::X_SIGNATURE): header(headers::X_SIGNATURE, text(), true, "The signature, in base64."),
        (headers::X_EXTERNAL_ID): header(
            headers::X_EXTERNAL_ID,
            external_id,
            true,
            "Names this request. The same one with the same body within the Jakarta day gets the stored answer's body under 409.",
        ),
        (headers::X_IP_ADDRESS): header(headers::X_IP_ADDRESS, ip, true, "The customer's address, IPv4 or IPv6."),
        (headers::X_DEVICE_ID): header(headers::X_DEVICE_ID, device, true, "The customer's device."),
        (headers::AUTHORIZATION_CUSTOMER): header(
            headers::AUTHORIZATION_CUSTOMER,
            text(),
            true,
            "The customer's token, with or without `Bearer`.",
        ),
        (headers::CHANNEL_ID): header(
            headers::CHANNEL_ID,
            text(),
            false,
            &format!("Not read. What chooses the channel is `additionalInfo.channel`: {CHANNEL}."),
        ),
    })
}
