//! What the tests of the hosted pages need: a real browser as small as an old phone, a sandbox, a shop
//! that the customer returns to, and a look at a page that finds what a customer would trip over.
//!
//! Its own crate, so that nothing else pays for the WebDriver client. It uses the product only from
//! outside: the binary, the merchant's API, the pages. It never reaches into a database.
//!
//! The tests need the `gerbang` binary beside them (`cargo xtask test` and any `--workspace` run build
//! it), and `chromium` with `chromedriver` in PATH.

// Support for tests: whatever goes wrong here fails the test that asked for it.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod browser;
mod journey;
mod look;
mod sandbox;
mod shop;

pub use browser::{Browser, in_a_phone};
pub use journey::{Customer, Visit, go_on, open, press, walk};
pub use look::{Look, look_at, wait_for};
pub use sandbox::Sandbox;
pub use shop::Shop;
