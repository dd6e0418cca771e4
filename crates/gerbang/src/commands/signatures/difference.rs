//! Where two strings to sign part.

use serde_json::{Value, json};

/// How much is shown around the first difference.
const BEFORE: usize = 8;
const AFTER: usize = 24;

/// The first difference.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The part of the right string in which it lies.
    pub part: &'static str,
    /// The character, counted from one.
    pub at: usize,
    /// What stands there in the right string.
    pub right: String,
    /// What stands there in the other one.
    pub yours: String,
}

impl Difference {
    /// Between the right string, given by its named parts, and another one; `None` when they are the same.
    pub fn between(parts: &[(&'static str, String)], yours: &str) -> Option<Self> {
        let right: String = parts.iter().map(|(_, text)| text.as_str()).collect();
        if right == yours {
            return None;
        }
        let same = right.chars().zip(yours.chars());
        let at = same.take_while(|(one, other)| one == other).count();
        let mut end = 0;
        let part = parts.iter().find(|(_, text)| {
            end += text.chars().count();
            at < end
        });
        Some(Self {
            part: part.map_or("the end", |(name, _)| name),
            at: at + 1,
            right: around(&right, at),
            yours: around(yours, at),
        })
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        json!({ "part": self.part, "at": self.at, "right": self.right, "yours": self.yours })
    }
}

/// A little before and after, with what cannot be seen written as escapes.
fn around(text: &str, at: usize) -> String {
    let start = at.saturating_sub(BEFORE);
    let shown: String = text.chars().skip(start).take(BEFORE + AFTER).collect();
    let head = if start > 0 { "…" } else { "" };
    let more = text.chars().count() > start + BEFORE + AFTER;
    let tail = if more { "…" } else { "" };
    format!("{head}{}{tail}", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_difference_is_found_with_its_part() {
        let parts = [
            ("method", "POST:".to_owned()),
            ("path", "/a:".to_owned()),
            ("timestamp", "T".to_owned()),
        ];
        let between = |yours| Difference::between(&parts, yours);
        assert_eq!(between("POST:/a:T"), None);
        let found = between("POST:/é:T").unwrap();
        assert_eq!((found.part, found.at), ("path", 7));
        assert_eq!(
            (found.right.as_str(), found.yours.as_str()),
            ("POST:/a:T", "POST:/é:T")
        );
        let longer = between("POST:/a:T\r\n").unwrap();
        assert_eq!((longer.part, longer.at), ("the end", 10));
        assert!(longer.yours.ends_with("T\\r\\n"), "{longer:?}");
        assert_eq!(between("").unwrap().part, "method");
    }
}
