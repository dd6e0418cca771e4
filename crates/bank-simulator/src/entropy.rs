//! Secure randomness, hashes, and values derived from the bank's own key.
//!
//! Page ids and authCodes are derived by keyed hash, so that a repeated request gets the same page although the
//! database only keeps hashes of them. Nothing here is ever logged.

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Error;

fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut out = [0u8; N];
    rand::fill(&mut out).map_err(|_| Error::Entropy)?;
    Ok(out)
}

/// 256 random bits in base64url: tokens, sessions, keys.
pub(crate) fn secret() -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// An id for a row or a reference number: 20 upper-case hex digits behind a prefix.
pub(crate) fn id(prefix: &str) -> Result<String, Error> {
    Ok(format!("{prefix}{}", hex::encode_upper(bytes::<10>()?)))
}

/// Decimal digits, each equally likely.
pub(crate) fn digits(count: usize) -> Result<String, Error> {
    let mut out = String::with_capacity(count);
    while out.len() < count {
        for byte in bytes::<32>()? {
            // 250 is the largest multiple of ten in a byte: anything above would favour low digits.
            if byte < 250 && out.len() < count {
                out.push(char::from(b'0' + byte % 10));
            }
        }
    }
    Ok(out)
}

/// SHA-256 in hex: how secrets are looked up without being stored.
pub(crate) fn hash(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// A value that only the holder of `key` can compute, the same for the same purpose and id: 192 bits in base64url.
pub(crate) fn derive(key: &str, purpose: &str, id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, format!("{purpose}|{id}").as_bytes());
    URL_SAFE_NO_PAD.encode(tag.as_ref().iter().take(24).copied().collect::<Vec<u8>>())
}

/// Compares without telling by its time where the texts differ.
pub(crate) fn same(left: &str, right: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn digits_are_digits_and_differ() {
        let one = digits(20).unwrap();
        assert_eq!(one.len(), 20);
        assert!(one.bytes().all(|b| b.is_ascii_digit()));
        assert_ne!(one, digits(20).unwrap());
    }

    #[test]
    fn a_derived_value_depends_on_key_purpose_and_id() {
        let value = derive("key", "page", "1");
        assert_eq!(value, derive("key", "page", "1"));
        assert_eq!(value.len(), 32);
        assert_ne!(value, derive("other", "page", "1"));
        assert_ne!(value, derive("key", "code", "1"));
        assert_ne!(value, derive("key", "page", "2"));
    }
}
