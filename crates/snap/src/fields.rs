//! A cursor over an object that a stranger sent, which knows its path for the refusal.
//!
//! `null` is absent everywhere. An optional text that is empty is absent too: DOKU's Go and Node SDKs send
//! unset members as `""`.

use std::ops::RangeInclusive;

use serde_json::json;

use crate::openapi::{Seen, entry};
use crate::{Amount, Refusal, Rules, json::Node, web_address};

/// The members of one object and where it stands.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    members: &'a [(String, Node)],
    path: String,
    /// Who writes down what is asked for, to describe it.
    seen: Option<&'a Seen>,
}

impl<'a> Fields<'a> {
    pub(crate) fn root(members: &'a [(String, Node)]) -> Self {
        Self {
            members,
            path: String::new(),
            seen: None,
        }
    }

    /// The same, writing down what the reader asks for.
    pub(crate) fn seen_by(self, seen: &'a Seen) -> Self {
        Self {
            seen: Some(seen),
            ..self
        }
    }

    /// Tells the description something about a member that the reader checks by itself.
    pub(crate) fn describe(&self, name: &str, schema: impl FnOnce() -> serde_json::Value) {
        if let Some(seen) = self.seen {
            seen.note(&self.path_of(name), &schema());
        }
    }

    fn describe_mandatory(&self, names: &[&str]) {
        if let Some(seen) = self.seen {
            for name in names {
                seen.note_mandatory(&self.path_of(name));
            }
        }
    }

    /// The path of a member, such as `additionalInfo.lineItems[0].price`.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// `Invalid Field Format` for a member.
    #[must_use]
    pub fn malformed(&self, name: &str) -> Refusal {
        Refusal::format(self.path_of(name))
    }

    /// `Invalid Mandatory Field` for a member.
    #[must_use]
    pub fn missing(&self, name: &str) -> Refusal {
        Refusal::mandatory(self.path_of(name))
    }

    /// The member's value; `None` when absent or null.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.members
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value)
            .filter(|value| !matches!(value, Node::Null))
    }

    /// Refuses the first of these members that is absent. Called first for each object, so that what is
    /// missing is told before what is malformed.
    ///
    /// # Errors
    /// `Invalid Mandatory Field`.
    pub fn require(&self, names: &[&str]) -> Result<(), Refusal> {
        self.describe_mandatory(names);
        match names.iter().find(|name| self.get(name).is_none()) {
            Some(name) => Err(self.missing(name)),
            None => Ok(()),
        }
    }

    /// As [`Fields::require`], for references and tokens: an empty one is missing too.
    ///
    /// # Errors
    /// `Invalid Mandatory Field`.
    pub fn require_filled(&self, names: &[&str]) -> Result<(), Refusal> {
        self.describe_mandatory(names);
        match names.iter().find(|name| self.is_blank(name)) {
            Some(name) => Err(self.missing(name)),
            None => Ok(()),
        }
    }

    /// Refuses as if the first were missing when all of these are absent or empty.
    ///
    /// # Errors
    /// `Invalid Mandatory Field`.
    pub fn require_any(&self, names: &[&str]) -> Result<(), Refusal> {
        if let Some(seen) = self.seen {
            seen.note_any(&self.path, names);
        }
        match names.first() {
            Some(first) if names.iter().all(|name| self.is_blank(name)) => Err(self.missing(first)),
            _ => Ok(()),
        }
    }

    /// A mandatory text of so many characters.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn text(&self, name: &str, length: RangeInclusive<usize>) -> Result<String, Refusal> {
        self.describe_mandatory(&[name]);
        self.describe(name, || {
            let mut schema = json!({ "type": "string" });
            if *length.start() > 0 {
                *entry(&mut schema, "minLength") = json!(length.start());
            }
            if *length.end() < usize::MAX {
                *entry(&mut schema, "maxLength") = json!(length.end());
            }
            schema
        });
        self.text_of(name, length)
    }

    fn text_of(&self, name: &str, length: RangeInclusive<usize>) -> Result<String, Refusal> {
        match self.get(name) {
            None => Err(self.missing(name)),
            Some(Node::String(text)) if length.contains(&text.chars().count()) => Ok(text.clone()),
            Some(_) => Err(self.malformed(name)),
        }
    }

    /// An optional text of so many characters; empty is absent.
    ///
    /// # Errors
    /// `Invalid Field Format`.
    pub fn opt_text(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<String>, Refusal> {
        self.describe(
            name,
            || json!({ "type": "string", "maxLength": length.end() }),
        );
        if self.is_blank(name) {
            Ok(None)
        } else {
            self.text_of(name, length).map(Some)
        }
    }

    /// A mandatory text or number, as text.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn text_or_number(&self, name: &str) -> Result<&'a str, Refusal> {
        self.describe_mandatory(&[name]);
        self.describe(name, || json!({ "type": ["string", "number"] }));
        match self.get(name) {
            None => Err(self.missing(name)),
            Some(Node::String(text) | Node::Number(text)) => Ok(text),
            Some(_) => Err(self.malformed(name)),
        }
    }

    /// A mandatory text that is one of these in any case; the listed spelling is returned.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn one_of(&self, name: &str, allowed: &[&'static str]) -> Result<&'static str, Refusal> {
        let text = self.text(name, 0..=usize::MAX)?;
        self.describe(name, || json!({ "enum": allowed }));
        let found = allowed.iter().find(|word| word.eq_ignore_ascii_case(&text));
        found.copied().ok_or_else(|| self.malformed(name))
    }

    /// A mandatory object.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn object(&self, name: &str) -> Result<Fields<'a>, Refusal> {
        self.describe_mandatory(&[name]);
        self.opt_object(name)?.ok_or_else(|| self.missing(name))
    }

    /// An optional object.
    ///
    /// # Errors
    /// `Invalid Field Format`.
    pub fn opt_object(&self, name: &str) -> Result<Option<Fields<'a>>, Refusal> {
        self.describe(name, || json!({ "type": "object" }));
        self.object_of(name)
    }

    fn object_of(&self, name: &str) -> Result<Option<Fields<'a>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Object(members)) => Ok(Some(Fields {
                members,
                path: self.path_of(name),
                seen: self.seen,
            })),
            Some(_) => Err(self.malformed(name)),
        }
    }

    /// An optional array of objects, each with its path; `None` when absent.
    ///
    /// # Errors
    /// `Invalid Field Format` of the member or of the item that is no object.
    pub fn array(&self, name: &str) -> Result<Option<Vec<Fields<'a>>>, Refusal> {
        self.describe(name, || json!({ "type": "array" }));
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Node::Array(items)) => items,
            Some(_) => return Err(self.malformed(name)),
        };
        let read = |(index, item): (usize, &'a Node)| {
            let path = format!("{}[{index}]", self.path_of(name));
            match item {
                Node::Object(members) => Ok(Fields {
                    members,
                    path,
                    seen: self.seen,
                }),
                _ => Err(Refusal::format(path)),
            }
        };
        items
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A mandatory money object above zero, in the strict form, IDR.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format` of the object, its `value` or its `currency`.
    pub fn amount(&self, name: &str) -> Result<Amount, Refusal> {
        self.describe_mandatory(&[name]);
        self.amount_above_zero(name)
    }

    /// An optional money object above zero, in the strict form, IDR. An empty one is absent.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` of a part that is absent, or `Invalid Field Format`.
    pub fn opt_amount_above_zero(&self, name: &str) -> Result<Option<Amount>, Refusal> {
        if self.is_blank_amount(name) {
            self.describe(name, money_schema);
            return Ok(None);
        }
        self.amount_above_zero(name).map(Some)
    }

    fn amount_above_zero(&self, name: &str) -> Result<Amount, Refusal> {
        self.describe(name, money_schema);
        let object = self.money_object(name)?;
        let amount = object.money()?;
        if amount.is_zero() {
            Err(object.malformed("value"))
        } else {
            Ok(amount)
        }
    }

    /// An optional money object; zero is allowed. An empty one is absent: `{}`, one with empty members, `""`.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` of a part that is absent, or `Invalid Field Format`.
    pub fn opt_amount(&self, name: &str) -> Result<Option<Amount>, Refusal> {
        self.describe(name, money_schema);
        if self.is_blank_amount(name) {
            return Ok(None);
        }
        self.money_object(name)?.money().map(Some)
    }

    /// The object itself; what is in it is described as money.
    fn money_object(&self, name: &str) -> Result<Fields<'a>, Refusal> {
        let object = self.object_of(name)?.ok_or_else(|| self.missing(name))?;
        Ok(Fields {
            seen: None,
            ..object
        })
    }

    /// Whether a money object is absent or empty, as DOKU's SDKs send an unset one.
    #[must_use]
    pub fn is_blank_amount(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Node::Object(members)) => {
                let money = Fields::root(members);
                money.is_blank("value") && money.is_blank("currency")
            }
            _ => self.is_blank(name),
        }
    }

    /// This object read as money in the strict form, IDR; zero is allowed.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format` of `value` or `currency`.
    pub fn money(&self) -> Result<Amount, Refusal> {
        self.require(&["value", "currency"])?;
        let value = self.text("value", 4..=19)?;
        let amount = Amount::parse(&value).map_err(|_| self.malformed("value"))?;
        if self.text("currency", 0..=usize::MAX)? == crate::amount::CURRENCY {
            Ok(amount)
        } else {
            Err(self.malformed("currency"))
        }
    }

    /// A mandatory URL that a customer's browser may be sent to; kept exactly as given.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn url(&self, name: &str, rules: Rules<'_>) -> Result<String, Refusal> {
        let text = self.text(name, 1..=web_address::LENGTH_MAX)?;
        self.describe(name, || json!({ "format": "uri" }));
        if web_address::is_acceptable(&text, rules) {
            Ok(text)
        } else {
            Err(self.malformed(name))
        }
    }

    fn is_blank(&self, name: &str) -> bool {
        match self.get(name) {
            None => true,
            Some(Node::String(text)) => text.is_empty(),
            Some(_) => false,
        }
    }
}

fn money_schema() -> serde_json::Value {
    json!({ "$ref": "#/components/schemas/Money" })
}
