//! The whole content as text, for tests that compare before and after.

use crate::schema::{PRESENCE, TABLES};
use crate::{Error, Store, Value};

impl Store {
    /// The names of all tables, each after those whose rows it refers to.
    pub fn tables() -> &'static [&'static str] {
        TABLES
    }

    /// Every row of every table as one line, sorted, but for the gateways that run. Encrypted values
    /// appear as they are stored.
    /// For small databases: everything is held in memory.
    pub async fn dump(&self) -> Result<Vec<String>, Error> {
        let reader = self.reader();
        let mut lines = Vec::new();
        for table in TABLES.iter().filter(|table| **table != PRESENCE) {
            for row in reader
                .unlisted_rows(format!("SELECT * FROM {table}"), &[])
                .await?
            {
                let cells: Vec<String> = row
                    .iter()
                    .map(|(name, value)| format!("{name}={}", show(value)))
                    .collect();
                lines.push(format!("{table}: {}", cells.join(" ")));
            }
        }
        lines.sort();
        Ok(lines)
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Int(number) => number.to_string(),
        Value::NullText | Value::NullInt => "null".to_owned(),
    }
}
