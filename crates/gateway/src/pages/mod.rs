//! The hosted pages: what a customer's browser opens before the bank's page and after it.
//!
//! They show where a binding or a payment stands and lead on to the bank or back to the merchant. A GET
//! changes nothing, because messengers open links by themselves. OTP and PIN are never asked for here.

mod language;
mod look;
mod view;
mod way_back;
mod words;

#[cfg(test)]
mod tests;
