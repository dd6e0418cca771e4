//! One field anywhere made wrong: the refusal names that field.

use proptest::prelude::*;
use serde_json::{Value, json};
use snap::{
    Request,
    messages::{
        binding::BindingRequest, payment::PaymentRequest, refund::RefundRequest,
        unbinding::UnbindingRequest,
    },
};

use crate::{
    LENIENT,
    merchant_requests::{binding, unbinding},
    money_requests::{payment, refund},
    path, verdict, with,
};

/// A value of a kind that the field is not, put at any place.
fn wrong_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(-1.5)),
        Just(json!("")),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{}])),
        "\\PC{0,70}".prop_map(Value::String),
    ]
}

/// Every pointer into a value, the root's members first.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => return,
    };
    for (name, value) in members {
        let pointer = format!("{at}/{name}");
        found.push(pointer.clone());
        pointers(value, &pointer, found);
    }
}

fn only_names_where_it_was_changed<R: Request>(
    body: &Value,
    choice: usize,
    value: Value,
) -> Result<(), TestCaseError> {
    let mut found = Vec::new();
    pointers(body, "", &mut found);
    let pointer = &found[choice % found.len()];
    let message = verdict::<R>(&with(body, pointer, value), LENIENT);
    let changed = path(pointer);
    let named = message
        .strip_prefix("Invalid Field Format ")
        .or(message.strip_prefix("Invalid Mandatory Field "));
    match named {
        Some(name) => prop_assert!(
            name.starts_with(&changed),
            "{message} for a change at {changed}"
        ),
        None => prop_assert_eq!(message, "ok", "a change at {}", changed),
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_refusal_names_what_is_wrong_and_nothing_else(choice in 0_usize..100, value in wrong_value()) {
        only_names_where_it_was_changed::<BindingRequest>(&binding(), choice, value.clone())?;
        only_names_where_it_was_changed::<PaymentRequest>(&payment(), choice, value.clone())?;
        only_names_where_it_was_changed::<RefundRequest>(&refund(), choice, value.clone())?;
        only_names_where_it_was_changed::<UnbindingRequest>(&unbinding(), choice, value)?;
    }
}
