//! Rows of the two databases as both can dump them.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

/// Every row of a database, and what was read of them that is not there.
pub struct Rows {
    all: Vec<(String, Map<String, Value>)>,
    missing: Mutex<BTreeSet<String>>,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a str,
    cells: &'a Map<String, Value>,
    missing: &'a Mutex<BTreeSet<String>>,
}

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
        Ok(Self::of_all(rows))
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
        Ok(Self::of_all(dump.iter().map(read).collect::<Result<_>>()?))
    }

    fn of_all(all: Vec<(String, Map<String, Value>)>) -> Self {
        Self {
            all,
            missing: Mutex::default(),
        }
    }

    /// What a check read and did not find: a column by another name, or no number where one was asked for. A
    /// comparison of such values says nothing.
    pub fn missing(&self) -> Vec<String> {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.iter().cloned().collect()
    }

    /// The rows of a table.
    pub fn of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = Row<'a>> {
        self.all
            .iter()
            .filter(move |(name, _)| name == table)
            .map(|(table, cells)| Row {
                table,
                cells,
                missing: &self.missing,
            })
    }
}

impl<'a> Row<'a> {
    /// A text, empty if there is none.
    pub fn text(self, name: &str) -> &'a str {
        match self.cell(name) {
            Some(Value::String(text)) => text,
            Some(Value::Null) | None => "",
            Some(_) => {
                self.lacks("text", name);
                ""
            }
        }
    }

    /// A number.
    pub fn int(self, name: &str) -> i64 {
        let number = self.cell(name).and_then(Value::as_i64);
        number.unwrap_or_else(|| {
            self.lacks("number", name);
            0
        })
    }

    /// Whether there is no value.
    pub fn is_null(self, name: &str) -> bool {
        self.cell(name).is_none_or(Value::is_null)
    }

    fn cell(self, name: &str) -> Option<&'a Value> {
        let cell = self.cells.get(name);
        if cell.is_none() {
            self.lacks("column", name);
        }
        cell
    }

    fn lacks(self, what: &str, name: &str) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.insert(format!("{} has no {what} {name}", self.table));
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
        assert_eq!(rows.missing(), Vec::<String>::new());
    }

    #[test]
    fn what_was_read_and_is_not_there_is_remembered() {
        let line = r#"payments: id="p 1" amount=null refunded=5"#;
        let rows = Rows::of_gateway(&[line.to_owned()]).unwrap();
        let row = rows.of("payments").next().unwrap();
        assert_eq!((row.int("amount"), row.int("given_back")), (0, 0));
        assert_eq!((row.text("amount"), row.text("refunded")), ("", ""));
        assert!(row.is_null("due_at"));
        assert_eq!(
            rows.missing(),
            [
                "payments has no column due_at",
                "payments has no column given_back",
                "payments has no number amount",
                "payments has no number given_back",
                "payments has no text refunded",
            ]
        );
    }
}
