//! Every statement is read by both engines, has a name of its own, and uses an index.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;

use std::collections::HashSet;

use engines::{Database, on_both_engines};
use storage::{Store, Value, all_statements};

on_both_engines!(
    every_statement_can_be_prepared,
    every_table_of_the_schema_is_listed
);

async fn every_statement_can_be_prepared(database: Database) {
    for sql in all_statements() {
        if let Err(error) = database.store.prepare(sql.text()).await {
            panic!("{}: {error}\n{}", sql.name(), sql.text());
        }
    }
}

async fn every_table_of_the_schema_is_listed(database: Database) {
    let query = match database.store.engine() {
        "sqlite" => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
        }
        _ => "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = 'public'",
    };
    let rows = database
        .store
        .reader()
        .unlisted_rows(query.to_owned(), &[])
        .await
        .unwrap();
    let there: HashSet<String> = rows
        .into_iter()
        .filter_map(|row| match &row[0].1 {
            Value::Text(name) => Some(name.clone()),
            _ => None,
        })
        .filter(|name| name != "_sqlx_migrations")
        .collect();
    let listed: HashSet<String> = Store::tables()
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(there, listed);
}

#[test]
fn every_statement_has_a_name_of_its_own() {
    let names: Vec<&str> = all_statements().iter().map(|sql| sql.name()).collect();
    let different: HashSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), different.len());
}

/// Reading all of these tables is meant: they hold a few rows however many payments there are, or
/// the statement is asked for by an operator.
const MAY_SCAN: &[&str] = &[
    "merchants::ALL",
    "gateway_keys::ALL",
    "management_keys::ALL",
    "gateways::FORGET",
    "listeners::FORGET",
    "ledger::ENTRIES",
    "postings::UNBALANCED",
];

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let database = engines::sqlite().await;
    for sql in all_statements() {
        if MAY_SCAN.contains(&sql.name()) {
            continue;
        }
        let plan = database
            .store
            .reader()
            .unlisted_rows(format!("EXPLAIN QUERY PLAN {}", sql.text()), &[])
            .await
            .unwrap();
        for step in plan {
            let detail = step
                .iter()
                .find_map(|(name, value)| match value {
                    Value::Text(text) if name == "detail" => Some(text.clone()),
                    _ => None,
                })
                .unwrap_or_default();
            let scans = detail.starts_with("SCAN")
                && !detail.contains("USING")
                && !detail.contains("CONSTANT")
                // Rows that came with the statement.
                && detail != "SCAN given";
            assert!(!scans, "{}: {detail}\n{}", sql.name(), sql.text());
        }
    }
}
