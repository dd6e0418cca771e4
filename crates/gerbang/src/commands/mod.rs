//! The subcommands, one file each.

pub mod alarms;
pub mod bank;
pub mod completion;
pub mod control;
pub mod copy_database;
pub mod customer;
mod fault;
pub mod ledger;
pub mod listen;
pub mod management_key;
pub mod merchant;
pub mod notification;
mod notification_tables;
mod open;
pub mod operations;
pub mod profile;
pub mod reconcile;
pub mod request_logs;
pub mod sandbox;
pub mod serve;
pub mod signatures;
mod span;
mod start_error;
mod statement_file;
pub mod token;
pub mod trigger;

pub use span::milliseconds;
