//! The HTTP API for merchants: one noun, one file. Here bytes become requests and outcomes become bytes;
//! what happens in between is told in `flows`.

pub mod answer;
mod described;
pub mod headers;
pub mod health;
pub mod management;
pub mod requests;
pub mod router;
pub mod signed;
pub mod tokens;
