//! The description of the API: that it is OpenAPI 3.1, that it says what the readers and writers do, and that
//! the copies in `docs` are its own.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use snap::openapi::{Operation, SIGNING_SCRIPT, collection, document, operations};
use snap::{Case, Refusal, ResponseCode, Rules, messages as m, openapi};

use crate::{LENIENT, STRICT, with, without};

/// Whether the value has the form that this place of the document describes.
fn fits(pointer: &str, value: &Value) -> Result<(), String> {
    let mut compiler = Compiler::new();
    compiler
        .add_resource("https://gerbang.test/openapi.json", document())
        .unwrap();
    let mut schemas = Schemas::new();
    let at = format!("https://gerbang.test/openapi.json#{pointer}");
    let schema = compiler.compile(&at, &mut schemas).unwrap();
    schemas
        .validate(value, schema)
        .map_err(|error| format!("{error:#}"))
}

fn request_schema(path: &str) -> String {
    let path = path.replace('/', "~1");
    format!("/paths/{path}/post/requestBody/content/application~1json/schema")
}

fn read(operation: &Operation, body: &Value, rules: Rules<'_>) -> Result<(), Refusal> {
    let body = body.to_string();
    let body = body.as_bytes();
    match operation.id {
        "getB2bToken" => snap::read::<m::token::B2bRequest>(body, rules).map(drop),
        "getCustomerToken" => snap::read::<m::token::B2b2cRequest>(body, rules).map(drop),
        "bind" => snap::read::<m::binding::BindingRequest>(body, rules).map(drop),
        "getBalance" => snap::read::<m::balance::BalanceRequest>(body, rules).map(drop),
        "pay" => snap::read::<m::payment::PaymentRequest>(body, rules).map(drop),
        "getStatus" => snap::read::<m::status::StatusRequest>(body, rules).map(drop),
        "refund" => snap::read::<m::refund::RefundRequest>(body, rules).map(drop),
        "unbind" => snap::read::<m::unbinding::UnbindingRequest>(body, rules).map(drop),
        other => panic!("no reader for {other}"),
    }
}

#[test]
fn it_is_openapi_3_1() {
    let spec = oas3::from_json(document().to_string()).unwrap();
    assert_eq!(spec.openapi, "3.1.0");
    let paths = spec.paths.unwrap();
    assert_eq!(
        paths.len(),
        operations().len() + 1,
        "unbinding has two spellings"
    );
    assert_eq!(spec.webhooks.len(), 3);
}

#[test]
fn every_example_is_read_and_has_the_form_that_is_described() {
    for operation in operations() {
        for rules in [LENIENT, STRICT] {
            assert_eq!(
                read(&operation, &operation.request, rules),
                Ok(()),
                "{}",
                operation.id
            );
        }
        for path in operation.paths {
            assert_eq!(
                fits(&request_schema(path), &operation.request),
                Ok(()),
                "{path}"
            );
            let answer = format!(
                "/paths/{}/post/responses/200/content/application~1json/schema",
                path.replace('/', "~1")
            );
            assert_eq!(fits(&answer, &operation.response), Ok(()), "{path}");
        }
    }
    let document = document();
    for name in ["token", "payment", "binding"] {
        for place in ["requestBody", "responses/200"] {
            let content = format!("/webhooks/{name}/post/{place}/content/application~1json");
            let example = document.pointer(&format!("{content}/example")).unwrap();
            assert_eq!(
                fits(&format!("{content}/schema"), example),
                Ok(()),
                "{content}"
            );
        }
    }
}

#[test]
fn what_the_reader_enforces_is_described() {
    let rows: &[(&str, &str, Value)] = &[
        ("bind", "/phoneNo", json!("12345678")),
        ("bind", "/phoneNo", json!("12345678901234567")),
        ("bind", "/phoneNo", json!("1234abcd5678")),
        ("bind", "/additionalInfo/custIdMerchant", json!("")),
        (
            "bind",
            "/additionalInfo/custIdMerchant",
            json!("x".repeat(65)),
        ),
        ("bind", "/additionalInfo/osType", json!("windows")),
        ("bind", "/additionalInfo/channel", json!("OTHER")),
        ("pay", "/amount/value", json!("10000")),
        ("pay", "/amount/currency", json!("USD")),
        ("pay", "/additionalInfo/lineItems", json!([])),
        ("pay", "/additionalInfo/remarks", json!("x".repeat(41))),
        ("pay", "/payOptionDetails/0/payMethod", json!("CASH")),
        ("refund", "/reason", json!("x".repeat(257))),
        ("getStatus", "/serviceCode", json!("58")),
        ("getB2bToken", "/grantType", json!("refresh_token")),
    ];
    for (id, pointer, value) in rows {
        let operation = operations().into_iter().find(|one| one.id == *id).unwrap();
        let body = with(&operation.request, pointer, value.clone());
        assert!(
            read(&operation, &body, LENIENT).is_err(),
            "{id} {pointer} {value}"
        );
        let schema = request_schema(operation.paths[0]);
        assert!(fits(&schema, &body).is_err(), "{id} {pointer} {value}");
    }
}

#[test]
fn a_member_is_mandatory_in_the_description_if_the_reader_misses_it() {
    for operation in operations() {
        let schema = request_schema(operation.paths[0]);
        for pointer in pointers(&operation.request, "") {
            let body = without(&operation.request, &pointer);
            assert_eq!(
                read(&operation, &body, LENIENT).is_err(),
                fits(&schema, &body).is_err(),
                "{} without {pointer}",
                operation.id
            );
        }
    }
}

/// The place of every member.
fn pointers(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                let here = format!("{at}/{name}");
                let mut all = pointers(value, &here);
                all.push(here);
                all
            })
            .collect(),
        Value::Array(items) => (0..items.len())
            .flat_map(|index| pointers(&items[index], &format!("{at}/{index}")))
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn strict_forms_are_marked() {
    let document = document();
    let path = request_schema(snap::paths::PAYMENT);
    let reference = document
        .pointer(&format!("{path}/properties/partnerReferenceNo"))
        .unwrap();
    assert_eq!(reference["maxLength"], 64);
    assert_eq!(reference["x-strict"], json!({ "minLength": 32 }));
    let item = format!("{path}/properties/additionalInfo/properties/lineItems/items");
    let price = document
        .pointer(&format!("{item}/properties/price/x-strict"))
        .unwrap();
    assert_eq!(
        *price,
        json!({ "type": "string", "minLength": 4, "maxLength": 19 })
    );
}

#[test]
fn every_member_is_told_in_words() {
    fn check(value: &Value, at: &str) {
        if let Value::Object(members) = value {
            if let Some(Value::Object(properties)) = members.get("properties")
                && !at.ends_with("/1")
                && !at.contains("Money")
            {
                for (name, member) in properties {
                    assert!(member["description"].is_string(), "{at}: {name}");
                }
            }
            for (name, value) in members {
                check(value, &format!("{at}/{name}"));
            }
        } else if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                check(item, &format!("{at}/{index}"));
            }
        }
    }
    check(&document(), "");
}

#[test]
fn every_code_that_can_be_answered_is_there() {
    let document = document();
    for operation in operations() {
        let path = operation.paths[0].replace('/', "~1");
        let cases = operation.all_cases();
        assert!(cases.contains(&Case::Successful) && cases.contains(&Case::Unauthorized));
        for case in cases {
            let code = ResponseCode::new(operation.service, case);
            let status = code.http_status();
            let answer = document
                .pointer(&format!("/paths/{path}/post/responses/{status}"))
                .unwrap();
            let told = answer["description"].as_str().unwrap();
            assert!(told.contains(&code.to_string()), "{code}: {told}");
        }
    }
}

#[test]
fn the_collection_signs_every_request_and_sends_what_is_described() {
    let collection = collection();
    let script = collection["event"][0]["script"]["exec"].as_array().unwrap();
    assert_eq!(script.len(), SIGNING_SCRIPT.lines().count());
    let items = collection["item"].as_array().unwrap();
    assert_eq!(items.len(), operations().len());
    for (item, operation) in items.iter().zip(operations()) {
        let raw = item["request"]["body"]["raw"].as_str().unwrap();
        let body: Value = serde_json::from_str(raw).unwrap();
        let schema = request_schema(operation.paths[0]);
        assert_eq!(fits(&schema, &body), Ok(()), "{}", operation.id);
        let headers = item["request"]["header"].to_string();
        for header in operation.headers {
            assert!(headers.contains(header), "{header}");
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // asks whether to write the documents
fn the_copies_in_docs_are_these() {
    for (name, value) in [
        ("openapi.json", openapi::document()),
        ("postman-collection.json", openapi::collection()),
    ] {
        let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = format!("{value:#}\n");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "docs/{name} is old: UPDATE_DOCS=1 cargo test -p snap"
        );
    }
}
