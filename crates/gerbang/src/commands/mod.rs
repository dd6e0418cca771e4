//! The subcommands, one file each.

pub mod bank;
mod control;
pub mod customer;
mod fault;
pub mod merchant;
pub mod sandbox;
pub mod serve;
mod span;
