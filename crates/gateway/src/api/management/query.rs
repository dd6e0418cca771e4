//! The parameters of a question. Every name has to be known and stand once; every value is bounded.

use std::collections::BTreeMap;

use serde_json::Value;
use snap::timestamp::Timestamp;
use snap::{Case, Refusal};

/// All parameters there are.
const KNOWN: &[&str] = &[
    "address",
    "bindingNotificationUrl",
    "cursor",
    "failed",
    "from",
    "httpStatus",
    "kind",
    "limit",
    "merchant",
    "method",
    "notification",
    "notificationUrl",
    "outcome",
    "partnerReferenceNo",
    "path",
    "state",
    "subject",
    "text",
    "to",
    "tokenUrl",
    "wait",
];

/// Longest value, in bytes.
const LONGEST: usize = 512;

/// Parameters by name.
#[derive(Debug)]
pub(super) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Those of a URL.
    pub fn of_url(text: &str) -> Result<Self, Refusal> {
        let mut query = Self(BTreeMap::new());
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            query.add(&name, value.into_owned())?;
        }
        Ok(query)
    }

    /// The members of a body's object; an empty body has none.
    pub fn of_body(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut query = Self(BTreeMap::new());
        if bytes.is_empty() {
            return Ok(query);
        }
        let body: BTreeMap<String, Value> =
            serde_json::from_slice(bytes).map_err(|_| Refusal::new(Case::BadRequest))?;
        for (name, value) in body {
            match value {
                Value::Null => {}
                Value::String(text) => query.add(&name, text)?,
                Value::Number(number) => query.add(&name, number.to_string())?,
                _ => return Err(Refusal::new(Case::BadRequest)),
            }
        }
        Ok(query)
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), Refusal> {
        let known = KNOWN.iter().find(|known| **known == name);
        let Some(&known) = known else {
            return Err(Refusal::with(Case::BadRequest, "an unknown parameter"));
        };
        if value.len() > LONGEST || value.chars().any(char::is_control) {
            return Err(Refusal::format(known));
        }
        if self.0.insert(known, value).is_some() {
            return Err(Refusal::format(known));
        }
        Ok(())
    }

    /// A parameter's text; an empty one counts as an error, because it would look for everything.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name).map(String::as_str) {
            Some("") => Err(Refusal::format(name)),
            text => Ok(text),
        }
    }

    /// One of these words.
    pub fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Refusal> {
        let word = self.text(name)?;
        if word.is_some_and(|word| !words.contains(&word)) {
            return Err(Refusal::format(name));
        }
        Ok(word)
    }

    /// A number of this range.
    pub fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| Refusal::format(name))
    }

    /// How many rows are wanted.
    pub fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let limit = self.number("limit", 1..=most)?;
        Ok(limit
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(usual))
    }

    /// A time, in Unix milliseconds. A `+` that was not escaped arrives as a space.
    pub fn time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let time = Timestamp::parse(&text.replace(' ', "+")).map_err(|_| Refusal::format(name))?;
        Ok(Some(time.unix_ms()))
    }

    /// A cursor that is an id.
    pub fn id_cursor(&self) -> Result<Option<&str>, Refusal> {
        let cursor = self.text("cursor")?;
        if cursor.is_some_and(|cursor| !is_id(cursor)) {
            return Err(Refusal::format("cursor"));
        }
        Ok(cursor)
    }
}

/// Whether a text could be the id of a row.
pub(super) fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// The smallest id of a row that was made at this time: ids begin with it.
pub(super) fn first_id_at(unix_ms: i64) -> String {
    let hex = format!("{:012x}", unix_ms.max(0));
    let (high, low) = hex.split_at(hex.len().saturating_sub(4));
    format!("{high}-{low}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;

    #[test]
    fn a_row_made_at_a_time_has_an_id_between_that_time_and_the_next_millisecond() {
        let now_ms = 1_767_297_845_123;
        let id = Entropy::seeded(5).id(now_ms);
        assert!(
            first_id_at(now_ms) < id && id < first_id_at(now_ms + 1),
            "{id}"
        );
    }

    #[test]
    fn unknown_repeated_long_and_unprintable_parameters_are_refused() {
        for text in [
            "colour=red",
            "state=due&state=resting",
            "merchant=a%00b",
            "text=%1b%5b31m",
        ] {
            assert!(Query::of_url(text).is_err(), "{text}");
        }
        assert!(Query::of_url(&format!("text={}", "x".repeat(LONGEST + 1))).is_err());
        for body in ["[]", "{", r#"{"state":{}}"#, r#"{"limit":[1]}"#, "null"] {
            assert!(Query::of_body(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn numbers_and_times_have_to_be_in_their_range_and_form() {
        let query = Query::of_url("limit=101&wait=-1&from=yesterday&to=2026-01-02T03:04:05+07:00");
        let query = query.unwrap();
        assert!(query.limit(50, 100).is_err());
        assert!(query.number("wait", 0..=25).is_err());
        assert!(query.time("from").is_err());
        assert_eq!(query.time("to").unwrap(), Some(1_767_297_845_000));
        assert!(Query::of_url("cursor=a'--").unwrap().id_cursor().is_err());
    }
}
