//! Reading hostile JSON.
//!
//! A body is an object in UTF-8, at most sixteen levels deep, without repeated member names, control
//! characters or lone surrogates. The names of members that we do not know are never told back.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

pub use crate::Fields;
use crate::{Case, Refusal, wire_names::is_wire_name};

/// How deep objects and arrays may be nested, the body itself counted.
const DEPTH_MAX: usize = 16;

/// A JSON value.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written: a price must not pass through a float.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object, in the order of the text.
    Object(Vec<(String, Node)>),
}

/// Reads a body.
///
/// # Errors
/// [`Case::BadRequest`] for what is not an acceptable object; [`Case::InvalidFieldFormat`] with the path for
/// a control character in the value of a field that we know.
pub fn parse(bytes: &[u8]) -> Result<Node, Refusal> {
    let node = parse_any(bytes).ok_or_else(|| Refusal::new(Case::BadRequest))?;
    if !matches!(node, Node::Object(_)) {
        return Err(Refusal::new(Case::BadRequest));
    }
    check_text(&node, &mut Vec::new())?;
    Ok(node)
}

impl Node {
    /// A cursor over this object; over nothing when it is not an object.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        match self {
            Self::Object(members) => Fields::root(members),
            _ => Fields::root(&[]),
        }
    }
}

impl fmt::Debug for Node {
    /// The kind only: bodies hold tokens and personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool(…)",
            Self::Number(_) => "Number(…)",
            Self::String(_) => "String(…)",
            Self::Array(_) => "Array(…)",
            Self::Object(_) => "Object(…)",
        })
    }
}

fn parse_any(bytes: &[u8]) -> Option<Node> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let numbers = Numbers::of(text);
    let node = Level {
        depth: 0,
        numbers: &numbers,
    };
    let node = node.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(node)
}

/// One step of the way to a value.
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

fn check_text<'a>(node: &'a Node, path: &mut Vec<Step<'a>>) -> Result<(), Refusal> {
    match node {
        Node::String(text) if text.chars().any(char::is_control) => Err(control_character(path)),
        Node::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Item(index));
                check_text(item, path)?;
                path.pop();
            }
            Ok(())
        }
        Node::Object(members) => {
            for (name, value) in members {
                if name.chars().any(char::is_control) {
                    return Err(Refusal::new(Case::BadRequest));
                }
                path.push(Step::Member(name));
                check_text(value, path)?;
                path.pop();
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Names the field if every name on the way is the standard's, else says no more than `Bad Request`.
fn control_character(path: &[Step<'_>]) -> Refusal {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Member(name) if !is_wire_name(name) => return Refusal::new(Case::BadRequest),
            Step::Member(name) if text.is_empty() => text.push_str(name),
            Step::Member(name) => {
                text.push('.');
                text.push_str(name);
            }
            Step::Item(index) => text.push_str(&format!("[{index}]")),
        }
    }
    Refusal::format(text)
}

/// The numbers of a text as they were written, in order. serde tells their values only, and in the same order.
struct Numbers<'a> {
    texts: RefCell<VecDeque<&'a str>>,
}

impl<'a> Numbers<'a> {
    /// Whatever stands outside of strings and begins as a number does. Of a text that is no JSON this is
    /// nonsense, which nobody reads.
    fn of(text: &'a str) -> Self {
        let mut texts = VecDeque::new();
        let mut rest = text;
        while let Some(at) = rest.find(|letter: char| "\"-0123456789".contains(letter)) {
            let found = rest.get(at..).unwrap_or_default();
            rest = match found.strip_prefix('"') {
                Some(string) => after_string(string),
                None => {
                    let end = found.find(|letter: char| !"+-.eE0123456789".contains(letter));
                    let (number, after) = found.split_at(end.unwrap_or(found.len()));
                    texts.push_back(number);
                    after
                }
            };
        }
        Self {
            texts: RefCell::new(texts),
        }
    }

    fn next(&self) -> Node {
        let text = self.texts.borrow_mut().pop_front();
        Node::Number(text.unwrap_or_default().to_owned())
    }
}

/// What follows the string that begins here.
fn after_string(text: &str) -> &str {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return text.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

/// Reads one value that stands inside so many objects and arrays.
#[derive(Clone, Copy)]
struct Level<'a> {
    depth: usize,
    numbers: &'a Numbers<'a>,
}

impl Level<'_> {
    fn deeper<E: de::Error>(&self) -> Result<Self, E> {
        if self.depth < DEPTH_MAX {
            Ok(Self {
                depth: self.depth + 1,
                numbers: self.numbers,
            })
        } else {
            Err(E::custom("too deep"))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Node;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(self.numbers.next())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(self.numbers.next())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(self.numbers.next())
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let inside = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let inside = self.deeper()?;
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            members.push((name, access.next_value_seed(inside)?));
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(de::Error::custom("repeated member"));
        }
        Ok(Node::Object(members))
    }
}
