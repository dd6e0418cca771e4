//! The schema of an answer: what serde writes of a full example, and of an empty one, whose members are
//! those that are always there.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{entry, words};

/// The schema of a message like this one.
pub fn schema<T: Serialize + Default>(example: &Value) -> Value {
    let mut schema = of(example);
    let empty = serde_json::to_value(T::default()).unwrap_or_default();
    if let Value::Object(always) = empty {
        for (name, _) in always.iter().filter(|(_, value)| value.is_null()) {
            let form = entry(entry(entry(&mut schema, "properties"), name), "type");
            *form = json!([form.take(), "null"]);
        }
        *entry(&mut schema, "required") = always.keys().cloned().collect();
    }
    schema
}

fn of(example: &Value) -> Value {
    match example {
        Value::Object(members) if is_money(members) => {
            json!({ "$ref": "#/components/schemas/Money" })
        }
        Value::Object(members) => {
            let mut schema = json!({ "type": "object", "properties": {} });
            for (name, value) in members {
                let mut member = of(value);
                if let Some(description) = words::member(name) {
                    *entry(&mut member, "description") = json!(description);
                }
                *entry(entry(&mut schema, "properties"), name) = member;
            }
            schema
        }
        Value::Array(items) => {
            let items = items.first().map_or_else(|| json!({}), of);
            json!({ "type": "array", "items": items })
        }
        Value::String(_) => json!({ "type": "string" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Null => json!({}),
    }
}

fn is_money(members: &Map<String, Value>) -> bool {
    members.len() == 2 && members.contains_key("value") && members.contains_key("currency")
}
