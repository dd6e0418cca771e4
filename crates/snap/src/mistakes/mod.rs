//! What was done wrong when a signature does not match: for whoever debugs it, never for an answer.
//!
//! Each usual mistake is made on purpose and the result compared with the signature that was received.
//! Nothing here prints a MAC of ours or a secret, and a token only as its first characters and a hash.
//! To add a mistake: its words in `words.rs`, and the text, body, time or key that it leads to in the
//! file of that name.

mod bodies;
mod key_files;
mod keys;
mod times;
mod token_request;
mod transaction;
mod words;

use crate::{PublicKey, Secret, signature};

pub use key_files::{PrivateKeyForm, private_key_form};
pub use token_request::TokenRequest;
pub use transaction::Transaction;
pub use words::Mistake;

/// What the side that checks knows besides the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The secret that should have been used.
    pub secret: Option<&'a Secret>,
    /// Other secrets that may have been taken for it.
    pub other_secrets: &'a [&'a Secret],
    /// The public keys that should have been used.
    pub public_keys: &'a [PublicKey],
    /// Where the API is, such as `https://gateway.example`.
    pub base_url: Option<&'a str>,
    /// The customer's token of the same request.
    pub customer_token: Option<&'a str>,
}

/// A token as it may be shown: six characters and the beginning of a hash.
#[must_use]
pub fn shortened(token: &str) -> String {
    let hash = signature::digest_hex(token.as_bytes());
    let head: String = token.chars().take(6).collect();
    format!("{head}…sha256:{}", hash.get(..8).unwrap_or_default())
}

/// A text that may have been signed, and the mistake it comes from; none for a right one.
type Candidate = (Option<Mistake>, String);

/// The shortest explanation: each holds the mistakes that together lead to the signature.
fn shortest(explanations: Vec<[Option<Mistake>; 3]>) -> Option<Vec<Mistake>> {
    explanations
        .into_iter()
        .map(|mistakes| mistakes.into_iter().flatten().collect::<Vec<_>>())
        .min_by_key(Vec::len)
}
