//! The protocol from outside: what is read, what is written, what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions
)]

mod amounts;
mod answers;
mod bank_requests;
mod bodies;
mod codes;
mod encrypted_keys;
mod header_values;
mod hostile_json;
mod keys;
mod merchant_requests;
mod mistakes;
mod money_requests;
mod one_wrong_field;
mod openapi;
mod printers;
mod signatures;
mod timestamps;
mod urls;

use serde_json::Value;
use snap::{Refusal, Request, Rules};

/// The rules of a merchant without settings.
const LENIENT: Rules<'_> = Rules {
    strict: false,
    allow_loopback_http: false,
    url_schemes: &[],
};

/// The rules of a merchant who asked for strictness.
const STRICT: Rules<'_> = Rules {
    strict: true,
    allow_loopback_http: false,
    url_schemes: &[],
};

fn read<R: Request>(body: &Value, rules: Rules<'_>) -> Result<R, Refusal> {
    snap::read(body.to_string().as_bytes(), rules)
}

/// The message of the refusal, or `ok`.
fn verdict<R: Request>(body: &Value, rules: Rules<'_>) -> String {
    read::<R>(body, rules).map_or_else(|refusal| refusal.message(), |_| "ok".to_owned())
}

/// A copy with the value at a JSON pointer replaced or put in.
fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match body.pointer_mut(parent).expect("the parent is there") {
        Value::Object(members) => {
            members.insert(name.to_owned(), value);
        }
        Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("the parent holds nothing"),
    }
    body
}

/// A copy without the member at a JSON pointer.
fn without(body: &Value, pointer: &str) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .expect("an object");
    parent.remove(name).expect("the member was there");
    body
}

/// Each row: a pointer, a value, the expected message.
fn check_rows<R: Request>(body: &Value, rules: Rules<'_>, rows: &[(&str, Value, &str)]) {
    for (pointer, value, expected) in rows {
        assert_eq!(
            &verdict::<R>(&with(body, pointer, value.clone()), rules),
            expected,
            "{pointer} = {value}"
        );
    }
}

/// Each of these members, absent and null, is told as missing; the path follows from the pointer.
fn check_mandatory<R: Request>(body: &Value, pointers: &[&str]) {
    for pointer in pointers {
        let expected = format!("Invalid Mandatory Field {}", path(pointer));
        assert_eq!(
            verdict::<R>(&without(body, pointer), LENIENT),
            expected,
            "{pointer} absent"
        );
        assert_eq!(
            verdict::<R>(&with(body, pointer, Value::Null), LENIENT),
            expected,
            "{pointer} null"
        );
    }
}

/// `/a/b/0/c` as `a.b[0].c`.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{step}]"));
        } else if path.is_empty() {
            path.push_str(step);
        } else {
            path.push_str(&format!(".{step}"));
        }
    }
    path
}
