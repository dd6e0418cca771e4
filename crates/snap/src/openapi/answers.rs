//! The answers of an operation: one entry for each HTTP status, with the codes it may carry.

use serde_json::{Value, json};

use super::{Operation, entry, words};
use crate::{Case, ResponseCode, Service};

/// The body of every answer that is no success.
pub fn error_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "responseCode": {
                "type": "string",
                "pattern": "^[0-9]{7}$",
                "description": words::member("responseCode").unwrap_or_default(),
            },
            "responseMessage": {
                "type": "string",
                "maxLength": 150,
                "description": words::member("responseMessage").unwrap_or_default(),
            },
        },
        "required": ["responseCode", "responseMessage"],
    })
}

/// The member `responses`.
pub fn described(operation: &Operation) -> Value {
    let mut responses = json!({});
    let cases = operation.all_cases();
    let mut statuses: Vec<u16> = cases.iter().map(|case| case.http_status()).collect();
    statuses.dedup();
    for status in statuses {
        let of_status = cases.iter().filter(|case| case.http_status() == status);
        let of_status: Vec<Case> = of_status.copied().collect();
        *entry(&mut responses, &status.to_string()) = answer(operation, &of_status);
    }
    responses
}

fn answer(operation: &Operation, cases: &[Case]) -> Value {
    let service = operation.service;
    let lines: Vec<String> = cases.iter().map(|case| line(service, *case)).collect();
    let mut codes: Vec<String> = cases
        .iter()
        .map(|case| ResponseCode::new(service, *case).to_string())
        .collect();
    let success = cases.iter().any(|case| case.is_success());
    if success && service == Service::REFUND && cases.contains(&Case::Successful) {
        // DOKU's own code, for merchants whose setting asks for it.
        codes.push(ResponseCode::new(Service::BINDING, Case::Successful).to_string());
    }
    // A repeated request gets the body of the first answer, under 409.
    let code = if cases.contains(&Case::Conflict) {
        json!({})
    } else {
        json!({ "properties": { "responseCode": { "enum": codes } } })
    };
    let error = json!({ "$ref": "#/components/schemas/Error" });
    let (schema, example) = match cases.first() {
        Some(Case::Successful) => (
            json!({ "allOf": [operation.response_schema, code] }),
            operation.response.clone(),
        ),
        Some(case) => {
            let mut example = json!({
                "responseCode": ResponseCode::new(service, *case).to_string(),
                "responseMessage": case.message(),
            });
            if service == Service::PAYMENT {
                *entry(&mut example, "webRedirectUrl") = Value::Null;
            }
            (json!({ "allOf": [error, code] }), example)
        }
        None => (error, Value::Null),
    };
    json!({
        "description": lines.join("\n"),
        "headers": {
            "X-TIMESTAMP": { "schema": { "type": "string" }, "description": "When it was answered." },
            "X-REQUEST-ID": { "schema": { "type": "string" }, "description": "The name of this request in the gateway's logs." },
        },
        "content": { "application/json": { "schema": schema, "example": example } },
    })
}

fn line(service: Service, case: Case) -> String {
    let code = ResponseCode::new(service, case);
    match words::case(case) {
        Some(meaning) => format!("- {code} {}: {meaning}", case.message()),
        None => format!("- {code} {}", case.message()),
    }
}
