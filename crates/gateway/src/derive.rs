//! Values that must be unguessable and yet be made again: page ids, authCodes and the `state` we give
//! the bank.
//!
//! Each is a keyed hash of its purpose and a row's id, so that a stored answer can be rebuilt without
//! storing the value. They are independent of each other: knowing one says nothing about another. Only
//! their hashes are stored. The key never leaves `keys.rs` and this file.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The key that the values are derived with.
#[derive(Clone)]
pub struct DeriveKey(hmac::Key);

impl DeriveKey {
    /// From 32 secret bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }
}

impl std::fmt::Debug for DeriveKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeriveKey(…)")
    }
}

/// The page id of a binding or a payment: what stands in `redirectUrl` and `webRedirectUrl`.
#[must_use]
pub fn page_id(key: &DeriveKey, id: &str) -> String {
    derived(key, "page", id)
}

/// The authCode of a binding.
#[must_use]
pub fn auth_code(key: &DeriveKey, binding_id: &str) -> String {
    derived(key, "authCode", binding_id)
}

/// The `state` that the bank hands back with the browser.
#[must_use]
pub fn state(key: &DeriveKey, id: &str) -> String {
    derived(key, "state", id)
}

/// What is stored of a page id, an authCode or a state: hex SHA-256.
#[must_use]
pub fn hash(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// A keyed hash of a text under a purpose, in hex: to look something up without storing it, such as a
/// phone number.
#[must_use]
pub fn keyed_hash(key: &DeriveKey, purpose: &str, text: &str) -> String {
    hex::encode(tag(key, purpose, text))
}

fn derived(key: &DeriveKey, purpose: &str, id: &str) -> String {
    let tag = tag(key, purpose, id);
    URL_SAFE_NO_PAD.encode(tag.as_ref().get(..24).unwrap_or_default())
}

fn tag(key: &DeriveKey, purpose: &str, text: &str) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&key.0);
    context.update(purpose.as_bytes());
    // No purpose holds a NUL, so no two pairs of purpose and text read alike.
    context.update(&[0]);
    context.update(text.as_bytes());
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_values_are_stable_and_independent() {
        let key = DeriveKey::new(&[7; 32]);
        let values = [
            page_id(&key, "a"),
            auth_code(&key, "a"),
            state(&key, "a"),
            page_id(&key, "b"),
        ];
        assert_eq!(values[0], page_id(&key, "a"));
        assert_ne!(values[0], page_id(&DeriveKey::new(&[8; 32]), "a"));
        for (at, value) in values.iter().enumerate() {
            assert_eq!(value.len(), 32);
            assert!(values.iter().skip(at + 1).all(|other| other != value));
        }
    }
}
