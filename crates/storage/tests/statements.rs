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
];

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let database = engines::sqlite().await;
    for sql in all_statements() {
        let scans = scans(&database, sql.text()).await;
        let may = MAY_SCAN.contains(&sql.name());
        // One that reads no whole table any more is no exception any more.
        assert_eq!(scans.is_some(), may, "{}: {scans:?}", sql.name());
    }
}

/// The step of a statement's plan that reads a whole table.
async fn scans(database: &Database, sql: &str) -> Option<String> {
    let query = format!("EXPLAIN QUERY PLAN {sql}");
    let plan = database.store.reader().unlisted_rows(query, &[]).await;
    let plan = plan.unwrap();
    assert!(!plan.is_empty() || !sql.contains("WHERE"), "no plan: {sql}");
    plan.into_iter()
        .map(
            |step| match step.into_iter().find(|(name, _)| name == "detail") {
                Some((_, Value::Text(detail))) => detail,
                other => panic!("a plan's step has another form: {other:?}"),
            },
        )
        .find(|detail| {
            detail.starts_with("SCAN")
                && !detail.contains("USING")
                && !detail.contains("CONSTANT")
                // Rows that came with the statement.
                && detail != "SCAN given"
        })
}
