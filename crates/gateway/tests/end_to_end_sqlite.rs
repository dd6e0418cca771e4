//! The end-to-end tests with the gateway's data in SQLite.

mod end_to_end;
#[path = "sqlite_only/mod.rs"]
mod sqlite_only;

const ENGINE: end_to_end::stage::Engine = end_to_end::stage::Engine::Sqlite;
