//! The subcommands, one file each.

pub mod bank;
mod control;
pub mod customer;
pub mod merchant;
pub mod sandbox;
pub mod serve;
mod span;
