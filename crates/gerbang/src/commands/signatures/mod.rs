//! `gerbang sign` and `gerbang verify`: signatures made and checked without a network.
//!
//! Secrets come from files and the environment only. What is printed holds no secret, no signature but the
//! one that was asked for, and a token only on request. What is wrong with a signature is found by
//! `snap::mistakes`, the same code that explains signatures in the gateway's request log.

mod case;
mod curl;
mod difference;
mod keys;
mod raw;
mod sign;
mod verify;

pub use sign::run as sign;
pub use verify::run as verify;
