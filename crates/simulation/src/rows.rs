//! The gateways' database as rows, for comparing.

use std::collections::BTreeMap;

use anyhow::Result;
use storage::{Session, Value};

/// The tables with work that is due.
const WORK: [&str; 4] = ["payments", "refunds", "bindings", "notifications"];
/// The other tables that are compared.
const RECORDS: [&str; 3] = ["postings", "history", "alarms"];

/// All rows of all tables that matter.
#[derive(Debug, Default)]
pub struct Rows(BTreeMap<&'static str, Vec<Row>>);

/// One row.
#[derive(Debug)]
pub struct Row(BTreeMap<String, Value>);

impl Rows {
    /// Reads all that is compared.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(s: &Session) -> Result<Self, storage::Error> {
        let mut rows = Self::read_work(s).await?;
        rows.add(s, &RECORDS).await?;
        Ok(rows)
    }

    /// Reads what may be due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read_work(s: &Session) -> Result<Self, storage::Error> {
        let mut rows = Self::default();
        rows.add(s, &WORK).await?;
        Ok(rows)
    }

    async fn add(&mut self, s: &Session, tables: &[&'static str]) -> Result<(), storage::Error> {
        for table in tables {
            let all = s
                .unlisted_rows(format!("SELECT * FROM {table}"), &[])
                .await?;
            let all = all.into_iter().map(|row| Row(row.into_iter().collect()));
            self.0.insert(table, all.collect());
        }
        Ok(())
    }

    /// The rows of a table.
    pub fn of(&self, table: &str) -> &[Row] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }

    /// The binding whose authCode it is.
    pub fn binding_of(&self, code: &str) -> Option<&Row> {
        let hash = gateway::derive::hash(code);
        let mut all = self.of("bindings").iter();
        all.find(|row| row.text("auth_code_hash") == hash)
    }

    /// The rows that something is due for, in words.
    pub fn open(&self) -> Vec<String> {
        let in_words = |table: &str, row: &Row| {
            let (id, state, at) = (row.text("id"), row.text("state"), row.due_ms());
            format!("{table} {id} is {state} and due at {at}")
        };
        let of = |table: &&'static str| {
            let rows = self.of(table).iter().filter(|row| row.is_due());
            rows.map(|row| in_words(table, row)).collect::<Vec<_>>()
        };
        WORK.iter().flat_map(of).collect()
    }

    /// When to look at the background work again; none when there is no more. What is due and was not done
    /// waits for something else, such as an earlier notification, or was put off for a moment.
    pub fn look_again_ms(&self, now_ms: i64) -> Option<i64> {
        let due = WORK.iter().flat_map(|table| {
            let open = self.of(table).iter().filter(|row| row.is_due());
            open.map(Row::due_ms)
        });
        let all: Vec<i64> = due.collect();
        let later = all.iter().filter(|due_ms| **due_ms > now_ms).min();
        all.first()?;
        Some(later.copied().unwrap_or(now_ms + 1_000))
    }
}

impl Row {
    /// Whether somebody still has to do something about it.
    pub fn is_due(&self) -> bool {
        self.has("settle_at") || self.has("due_at")
    }

    /// When that is, at the earliest.
    fn due_ms(&self) -> i64 {
        let at = self.int("settle_at").max(self.int("due_at"));
        at.max(self.int("lease_until"))
    }

    /// A text, empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// A number, zero if there is none.
    pub fn int(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }

    /// Whether there is a value.
    pub fn has(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Text(_) | Value::Int(_)))
    }
}

/// The whole database as lines that are the same for the same history: what is sealed differs each time.
///
/// # Errors
/// When the database fails.
pub async fn dump(store: &storage::Store) -> Result<Vec<String>, storage::Error> {
    let mut lines: Vec<String> = store
        .dump()
        .await?
        .iter()
        .map(|line| unsealed(line))
        .collect();
    lines.sort();
    Ok(lines)
}

fn unsealed(line: &str) -> String {
    let mut parts = line.split("=\"k:");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.split_once('"').map_or("", |(_, after)| after);
        whole.push_str("=sealed");
        whole.push_str(after);
    }
    whole
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_sealed_is_left_out_of_a_dump() {
        let line = r#"bindings: id="1" phone="k:AbC=" state="active" token="k:xx""#;
        let plain = r#"bindings: id="1" phone=sealed state="active" token=sealed"#;
        assert_eq!(unsealed(line), plain);
    }
}
