//! The symmetric signature of transactions and the strings that both kinds of signature are made over.
//!
//! What is compared here is compared in constant time, and what was expected is never told.

use aws_lc_rs::{digest, hmac};
use base64::prelude::{BASE64_STANDARD, Engine};

pub use crate::keys::{KeyError, PrivateKey, PublicKey};
use crate::{BodyForm, Secret, body};

/// What the token requests sign: `client key|timestamp`.
#[must_use]
pub fn token_string_to_sign(client_key: &str, timestamp: &str) -> String {
    format!("{client_key}|{timestamp}")
}

/// What transactions sign: `METHOD:path[?query]:token:hex digest of the body:timestamp`.
#[must_use]
pub fn string_to_sign(
    method: &str,
    path_and_query: &str,
    token: &str,
    digest_hex: &str,
    timestamp: &str,
) -> String {
    format!("{method}:{path_and_query}:{token}:{digest_hex}:{timestamp}")
}

/// SHA-256 of the bytes, in lower-case hex.
#[must_use]
pub fn digest_hex(body: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, body))
}

/// Signs the body as given: HMAC-SHA512 with the secret's bytes, base64. Senders give the compact bytes that
/// they send.
#[must_use]
pub fn sign(
    secret: &Secret,
    method: &str,
    path_and_query: &str,
    token: &str,
    body: &[u8],
    timestamp: &str,
) -> String {
    let text = string_to_sign(method, path_and_query, token, &digest_hex(body), timestamp);
    mac(secret, &text)
}

/// HMAC-SHA512 of a string to sign, base64. To explain a signature; to check one, use [`verify`].
#[must_use]
pub fn mac(secret: &Secret, string_to_sign: &str) -> String {
    BASE64_STANDARD.encode(hmac::sign(&key(secret), string_to_sign.as_bytes()))
}

/// Checks a signature against the three forms of the body and tells which one it was made over.
///
/// The base64 must be canonical and of the exact letters. [`BodyForm::Unescaped`] is tried as Jackson and as PHP print
/// it; they differ only in U+2028 and U+2029.
#[must_use]
pub fn verify(
    secret: &Secret,
    method: &str,
    path_and_query: &str,
    token: &str,
    body: &[u8],
    timestamp: &str,
    signature: &str,
) -> Option<BodyForm> {
    let mac = BASE64_STANDARD.decode(signature).ok()?;
    let key = key(secret);
    let matches = |form: &[u8]| {
        let text = string_to_sign(method, path_and_query, token, &digest_hex(form), timestamp);
        hmac::verify(&key, text.as_bytes(), &mac).is_ok()
    };
    if matches(body) {
        return Some(BodyForm::Raw);
    }
    let compact = body::compact(body);
    if compact != body && matches(&compact) {
        return Some(BodyForm::Compact);
    }
    let unescaped = body::unescaped(body);
    if unescaped != compact && matches(&unescaped) {
        return Some(BodyForm::Unescaped);
    }
    let php = body::with_line_separators_escaped(&unescaped)?;
    matches(&php).then_some(BodyForm::Unescaped)
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA512, secret.expose().as_bytes())
}
