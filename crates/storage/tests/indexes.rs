//! What indexes begin with, because PostgreSQL chooses among them before it knows the tables.
//!
//! The plan of a prepared statement is made on a new and empty table and kept until the table is analysed.
//! On an empty table every index that begins with a column of the condition costs the same, and the one
//! made last is taken. An index that begins with the merchant would then be taken to find a row by the
//! primary key, and read all rows of the merchant for it.

#![allow(clippy::unwrap_used)]

use std::path::Path;

/// Read by ranges of time, which nothing more selective could begin.
const RANGES: &[&str] = &["postings_by_time"];

#[test]
fn only_primary_keys_begin_with_the_merchant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let is_index = line.contains("INDEX") || line.trim_start().starts_with("UNIQUE (");
            seen += usize::from(is_index);
            let excepted = RANGES.iter().any(|name| line.contains(name));
            assert!(
                !is_index || excepted || !line.contains("(merchant_id"),
                "{}: {line}: begin with what is looked for",
                path.display()
            );
        }
    }
    assert!(seen > 20, "only {seen} indexes were seen");
}
