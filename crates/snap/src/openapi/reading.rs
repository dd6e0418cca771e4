//! The schema of a request, written down while its reader reads an example: what it asks for is what it
//! describes, and the lengths are those that it enforces.

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::{Request, Rules, json as hostile};

use super::{entry, words};

/// What a reader has asked for.
#[derive(Debug, Default)]
pub(crate) struct Seen(RefCell<Vec<Asked>>);

#[derive(Debug)]
enum Asked {
    Schema(String, Value),
    Mandatory(String),
    AnyOf(String, Vec<String>),
}

impl Seen {
    /// A member has this form.
    pub(crate) fn note(&self, path: &str, schema: &Value) {
        self.push(Asked::Schema(path.to_owned(), schema.clone()));
    }

    /// A member must be there.
    pub(crate) fn note_mandatory(&self, path: &str) {
        self.push(Asked::Mandatory(path.to_owned()));
    }

    /// One of these members must be there.
    pub(crate) fn note_any(&self, path: &str, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.push(Asked::AnyOf(path.to_owned(), names));
    }

    fn push(&self, asked: Asked) {
        if let Ok(mut all) = self.0.try_borrow_mut() {
            all.push(asked);
        }
    }
}

/// The schema of `R`, whose reader reads this example.
pub fn schema<R: Request>(example: &Value) -> Value {
    let mut schema = read::<R>(example, false);
    mark_strict(&mut schema, &read::<R>(example, true));
    schema
}

fn read<R: Request>(example: &Value, strict: bool) -> Value {
    let mut schema = json!({ "type": "object" });
    let Ok(node) = hostile::parse(example.to_string().as_bytes()) else {
        return schema;
    };
    let rules = Rules {
        strict,
        ..Rules::default()
    };
    let seen = Seen::default();
    // An example that is refused leaves a schema with holes; a test reads each.
    drop(R::read(&node.fields().seen_by(&seen), rules));
    for asked in seen.0.into_inner() {
        match asked {
            Asked::Schema(path, found) => merge(member(&mut schema, &path), found),
            Asked::Mandatory(path) => {
                let (parent, name) = path.rsplit_once('.').unwrap_or(("", &path));
                add_required(member(&mut schema, parent), name);
            }
            Asked::AnyOf(path, names) => {
                let any = names.iter().map(|name| json!({ "required": [name] }));
                *entry(member(&mut schema, &path), "anyOf") = any.collect();
            }
        }
    }
    schema
}

/// The schema of the member at this path, made if need be, with its description.
fn member<'a>(schema: &'a mut Value, path: &str) -> &'a mut Value {
    let steps = path.split('.').filter(|step| !step.is_empty());
    steps.fold(schema, |schema, step| {
        let (name, index) = step.split_once('[').unwrap_or((step, ""));
        let member = entry(entry(schema, "properties"), name);
        if member.is_null() {
            *member = json!({});
            if let Some(description) = words::member(name) {
                *entry(member, "description") = json!(description);
            }
        }
        if index.is_empty() {
            member
        } else {
            let items = entry(member, "items");
            if items.is_null() {
                *items = json!({ "type": "object" });
            }
            items
        }
    })
}

/// Adds what was found; a reference stands alone, as tools expect, but for its description.
fn merge(schema: &mut Value, found: Value) {
    if let (Value::Object(schema), Value::Object(found)) = (schema, found) {
        for (name, value) in found {
            if name == "enum" && schema.get("type").is_some_and(Value::is_array) {
                schema.remove("type");
            }
            schema.insert(name, value);
        }
    }
}

fn add_required(schema: &mut Value, name: &str) {
    let required = entry(schema, "required");
    if required.is_null() {
        *required = json!([]);
    }
    if let Value::Array(names) = required
        && !names.iter().any(|known| known == name)
    {
        names.push(json!(name));
    }
}

/// Says what is different for strict merchants.
fn mark_strict(schema: &mut Value, strict: &Value) {
    let (Value::Object(members), Value::Object(strict)) = (schema, strict) else {
        return;
    };
    let mut different = json!({});
    for (name, strict) in strict {
        match (name.as_str(), members.get_mut(name)) {
            ("properties", Some(Value::Object(members))) => {
                for (name, member) in members {
                    mark_strict(member, strict.get(name).unwrap_or(&Value::Null));
                }
            }
            ("items", Some(value)) => mark_strict(value, strict),
            (_, value) if value.as_deref() != Some(strict) => {
                *entry(&mut different, name) = strict.clone()
            }
            _ => {}
        }
    }
    if different != json!({}) {
        members.insert("x-strict".to_owned(), different);
    }
}
