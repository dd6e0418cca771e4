//! Encryption of single values: secrets, tokens, stored answers, phone numbers.
//!
//! AES-256-GCM. A stored value is `keyid:base64(nonce | ciphertext | tag)`. Table, row and column
//! are authenticated with it, so that a value copied to another place does not open there. They
//! also go into the key: each place is encrypted under its own key, derived from the master key by
//! HMAC-SHA256, so that random nonces stay safe however many values one master key covers (under
//! the master key itself the limit would be 2^32). A log never sees a key or a clear value.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use snap::Secret;
use thiserror::Error;
use zeroize::Zeroizing;

const KEY_LEN: usize = 32;

/// Why a value could not be encrypted or decrypted, or a master key not be read.
#[derive(Debug, Error)]
pub enum CipherError {
    /// The value names a key that was not given.
    #[error("master key {0} is not known")]
    UnknownKey(String),
    /// The value is not in the form that this module writes.
    #[error("the value is malformed")]
    Malformed,
    /// The value was changed, or belongs to another place, or another key has this name.
    #[error("the value does not open under master key {0}")]
    Refused(String),
    /// A line of the master keys is not `keyid:base64 of 32 bytes`.
    #[error("line {line} of the master keys is not `name:base64 of 32 bytes`")]
    BadKey {
        /// The line, from 1.
        line: usize,
    },
    /// No key was given, or two of one name.
    #[error("the master keys need at least one key and no name twice")]
    BadKeys,
}

/// Where a value lives. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
    pub(crate) column: &'static str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        // Table and column are ours and hold no bar, so the text is unambiguous.
        format!("{}|{}|{}", self.table, self.column, self.row).into_bytes()
    }
}

struct MasterKey {
    id: String,
    key: hmac::Key,
}

/// The master keys: the first encrypts, all decrypt.
pub struct MasterKeys(Vec<MasterKey>);

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

impl MasterKeys {
    /// Reads one `keyid:base64` a line; the first is the active one. Empty lines and lines that
    /// begin with `#` are skipped. An id is letters, digits, `-`, `_` and `.`.
    pub fn parse(text: &Secret) -> Result<Self, CipherError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (index, line) in text.expose().lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = || CipherError::BadKey {
                line: index.saturating_add(1),
            };
            let (id, key) = line.split_once(':').ok_or_else(bad)?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let bytes = Zeroizing::new(STANDARD.decode(key.trim()).map_err(|_| bad())?);
            if id.is_empty() || !id.chars().all(plain) || bytes.len() != KEY_LEN {
                return Err(bad());
            }
            if keys.iter().any(|other| other.id == id) {
                return Err(CipherError::BadKeys);
            }
            keys.push(MasterKey {
                id: id.to_owned(),
                key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
            });
        }
        if keys.is_empty() {
            Err(CipherError::BadKeys)
        } else {
            Ok(Self(keys))
        }
    }

    /// No key at all, for what moves stored values without opening them.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// The line that [`MasterKeys::parse`] reads, for a key just made.
    pub fn line(id: &str, bytes: &[u8; KEY_LEN]) -> Secret {
        Secret::new(format!("{id}:{}\n", STANDARD.encode(bytes)))
    }

    /// The name of the key that encrypts.
    pub fn active(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// True when a stored value was not written under the active key.
    pub(crate) fn is_outdated(&self, stored: &str) -> bool {
        stored
            .split_once(':')
            .is_none_or(|(id, _)| id != self.active())
    }

    pub(crate) fn seal(&self, place: Place<'_>, clear: &str) -> Result<String, CipherError> {
        let master = self.0.first().ok_or(CipherError::BadKeys)?;
        let place = place.bytes();
        let refused = || CipherError::Refused(master.id.clone());
        let mut sealed = Zeroizing::new(clear.as_bytes().to_vec());
        let nonce = key_of(master, &place)?
            .seal_in_place_append_tag(Aad::from(&place), &mut *sealed)
            .map_err(|_| refused())?;
        let mut stored = Vec::with_capacity(NONCE_LEN.saturating_add(sealed.len()));
        stored.extend_from_slice(nonce.as_ref());
        stored.extend_from_slice(&sealed);
        Ok(format!("{}:{}", master.id, STANDARD.encode(stored)))
    }

    pub(crate) fn open(&self, place: Place<'_>, stored: &str) -> Result<Secret, CipherError> {
        let (id, text) = stored.split_once(':').ok_or(CipherError::Malformed)?;
        let master = self
            .0
            .iter()
            .find(|key| key.id == id)
            .ok_or_else(|| CipherError::UnknownKey(id.to_owned()))?;
        let mut bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| CipherError::Malformed)?);
        let (nonce, sealed) = bytes
            .split_at_mut_checked(NONCE_LEN)
            .ok_or(CipherError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CipherError::Malformed)?;
        let place = place.bytes();
        let clear = key_of(master, &place)?
            .open_in_place(nonce, Aad::from(&place), sealed)
            .map_err(|_| CipherError::Refused(id.to_owned()))?;
        let clear = std::str::from_utf8(clear).map_err(|_| CipherError::Malformed)?;
        Ok(Secret::new(clear))
    }
}

fn key_of(master: &MasterKey, place: &[u8]) -> Result<RandomizedNonceKey, CipherError> {
    let derived = hmac::sign(&master.key, place);
    RandomizedNonceKey::new(&AES_256_GCM, derived.as_ref())
        .map_err(|_| CipherError::Refused(master.id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place {
        table: "merchants",
        row: "M1",
        column: "secret",
    };

    fn keys(text: &str) -> MasterKeys {
        MasterKeys::parse(&Secret::new(text)).unwrap()
    }

    fn line(id: &str, byte: u8) -> String {
        MasterKeys::line(id, &[byte; 32]).expose().to_owned()
    }

    #[test]
    fn a_value_opens_where_it_was_sealed() {
        let keys = keys(&line("a", 1));
        let stored = keys.seal(HERE, "s3cret").unwrap();
        assert!(stored.starts_with("a:"));
        assert!(!stored.contains("s3cret"));
        assert_eq!(keys.open(HERE, &stored).unwrap().expose(), "s3cret");
    }

    #[test]
    fn a_value_opens_in_no_other_row_column_or_table() {
        let keys = keys(&line("a", 1));
        let stored = keys.seal(HERE, "s3cret").unwrap();
        for place in [
            Place { row: "M2", ..HERE },
            Place {
                column: "inbound_secret",
                ..HERE
            },
            Place {
                table: "gateway_keys",
                ..HERE
            },
        ] {
            assert!(matches!(
                keys.open(place, &stored),
                Err(CipherError::Refused(_))
            ));
        }
    }

    #[test]
    fn a_value_sealed_twice_looks_different() {
        let keys = keys(&line("a", 1));
        assert_ne!(keys.seal(HERE, "x").unwrap(), keys.seal(HERE, "x").unwrap());
    }

    #[test]
    fn an_older_key_opens_and_the_first_seals() {
        let old = keys(&line("old", 1)).seal(HERE, "x").unwrap();
        let both = keys(&format!("# keys\n\n{}{}", line("new", 2), line("old", 1)));
        assert_eq!(both.open(HERE, &old).unwrap().expose(), "x");
        assert!(both.is_outdated(&old));
        assert!(!both.is_outdated(&both.seal(HERE, "x").unwrap()));
    }

    #[test]
    fn a_changed_value_and_a_foreign_key_are_refused() {
        let keys = keys(&line("a", 1));
        let stored = keys.seal(HERE, "x").unwrap();
        let other = MasterKeys::parse(&Secret::new(line("a", 9))).unwrap();
        assert!(matches!(
            other.open(HERE, &stored),
            Err(CipherError::Refused(_))
        ));
        let unknown = MasterKeys::parse(&Secret::new(line("b", 1))).unwrap();
        assert!(matches!(
            unknown.open(HERE, &stored),
            Err(CipherError::UnknownKey(_))
        ));
        for text in ["", "x", "a:", "a:AAAA", "a:????"] {
            assert!(keys.open(HERE, text).is_err(), "{text}");
        }
    }

    #[test]
    fn master_keys_that_are_none_short_or_double_are_refused() {
        for text in ["", "\n# only words\n", "a", "a:AAAA", "a b:AAAA", ":AAAA"] {
            assert!(MasterKeys::parse(&Secret::new(text)).is_err(), "{text}");
        }
        let double = format!("{}{}", line("a", 1), line("a", 2));
        assert!(matches!(
            MasterKeys::parse(&Secret::new(double)),
            Err(CipherError::BadKeys)
        ));
    }
}
