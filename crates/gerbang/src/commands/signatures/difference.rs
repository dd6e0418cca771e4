//! Where two strings to sign part.

use std::ops::Range;

use serde_json::{Value, json};

/// The name of the part of which little is shown.
pub const TOKEN: &str = "the token";

/// How much is shown before the first difference, within its part, and behind it.
const BEFORE: usize = 8;
const AFTER: usize = 24;
/// How much of a token is shown.
const OF_TOKEN: usize = 4;

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
        let (mut start, mut end) = (0, 0);
        let part = parts.iter().find(|(_, text)| {
            start = end;
            end += text.chars().count();
            at < end
        });
        let part = part.map_or("the end", |(name, _)| *name);
        let start = start.max(at.saturating_sub(BEFORE));
        let window = if part == TOKEN {
            at..at + OF_TOKEN
        } else {
            start..at + AFTER
        };
        Some(Self {
            part,
            at: at + 1,
            right: shown(&right, &window),
            yours: shown(yours, &window),
        })
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        json!({ "part": self.part, "at": self.at, "right": self.right, "yours": self.yours })
    }
}

/// What stands there, with what cannot be seen written as escapes.
fn shown(text: &str, window: &Range<usize>) -> String {
    let shown: String = text.chars().skip(window.start).take(window.len()).collect();
    let head = if window.start > 0 { "…" } else { "" };
    let more = text.chars().count() > window.end;
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
            ("…/a:T", "…/é:T")
        );
        let longer = between("POST:/a:T\r\n").unwrap();
        assert_eq!((longer.part, longer.at), ("the end", 10));
        assert!(longer.yours.ends_with("\\r\\n"), "{longer:?}");
        assert_eq!(between("").unwrap().part, "method");
        let parts = [(TOKEN, "secret-token:".to_owned())];
        let token = Difference::between(&parts, "secret-other-token:").unwrap();
        assert_eq!(
            (token.right.as_str(), token.yours.as_str()),
            ("…toke…", "…othe…")
        );
    }
}
