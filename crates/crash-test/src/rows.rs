//! Rows of the two databases as both can dump them.

use std::iter::Peekable;
use std::str::Chars;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

/// Every row of a database.
pub struct Rows(Vec<(String, Map<String, Value>)>);

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'a>(&'a Map<String, Value>);

impl Rows {
    /// What the bank's control API dumps: one JSON object a line.
    ///
    /// # Errors
    /// When a line is something else.
    pub fn of_bank(dump: &str) -> Result<Self> {
        let mut rows = Vec::new();
        for line in dump.lines() {
            let row: Map<String, Value> = serde_json::from_str(line)?;
            let table = row
                .get("table")
                .and_then(Value::as_str)
                .context("a row of no table")?;
            rows.push((table.to_owned(), row));
        }
        Ok(Self(rows))
    }

    /// What the storage dumps: `table: name="text" name=5 name=null`.
    ///
    /// # Errors
    /// When a line is something else.
    pub fn of_gateway(dump: &[String]) -> Result<Self> {
        let read = |line: &String| {
            let (table, cells) = line.split_once(": ").context("a line without a table")?;
            Ok((table.to_owned(), cells_of(cells)))
        };
        Ok(Self(dump.iter().map(read).collect::<Result<_>>()?))
    }

    /// The rows of a table.
    pub fn of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = Row<'a>> {
        self.0
            .iter()
            .filter(move |(name, _)| name == table)
            .map(|(_, row)| Row(row))
    }
}

impl<'a> Row<'a> {
    /// A text, empty if there is none.
    pub fn text(self, name: &str) -> &'a str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number, zero if there is none.
    pub fn int(self, name: &str) -> i64 {
        self.0.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// Whether there is no value.
    pub fn is_null(self, name: &str) -> bool {
        self.0.get(name).is_none_or(Value::is_null)
    }
}

fn cells_of(text: &str) -> Map<String, Value> {
    let mut cells = Map::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let name: String = std::iter::from_fn(|| chars.next().filter(|c| *c != '=')).collect();
        let value = if chars.next_if_eq(&'"').is_some() {
            Value::from(quoted(&mut chars))
        } else {
            let word: String = std::iter::from_fn(|| chars.next_if(|c| *c != ' ')).collect();
            word.parse::<i64>().map_or(Value::Null, Value::from)
        };
        cells.insert(name, value);
        chars.next_if_eq(&' ');
    }
    cells
}

/// A text in Rust's debug form, after its opening quote. Only what our rows hold is undone exactly.
fn quoted(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_line_of_the_gateways_dump_is_read_cell_by_cell() {
        let line = r#"payments: id="p 1" state="awaiting customer" amount=500 settle_at=null text="a \"b\" c=d""#;
        let rows = Rows::of_gateway(&[line.to_owned()]).unwrap();
        let row = rows.of("payments").next().unwrap();
        assert_eq!(
            (row.text("id"), row.text("state")),
            ("p 1", "awaiting customer")
        );
        assert_eq!(row.int("amount"), 500);
        assert!(row.is_null("settle_at"));
        assert_eq!(row.text("text"), r#"a "b" c=d"#);
        assert_eq!(rows.of("refunds").count(), 0);
    }
}
