//! The end-to-end tests with the gateway's data in PostgreSQL.

mod end_to_end;
#[path = "postgres_only/mod.rs"]
mod postgres_only;

const ENGINE: end_to_end::stage::Engine = end_to_end::stage::Engine::Postgres;
