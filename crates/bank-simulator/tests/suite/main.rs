//! The bank through real HTTP: a small SNAP client plays the gateway, a small browser plays the customer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions
)]

mod books;
mod browser;
mod faults;
mod harness;
mod journey;
mod limits;
mod logs;
mod notifications;
mod pages;
mod refusals;
mod restart;
mod signed_calls;
mod testers;
