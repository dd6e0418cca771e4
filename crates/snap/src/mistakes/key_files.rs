//! What form a private key has: libraries that believe the file's first line fail on the other one, which
//! is the commonest reason why a token request cannot be signed at all.

use crate::keys;

/// The form of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateKeyForm {
    /// `PKCS#8` or `PKCS#1`.
    pub name: &'static str,
    /// What is wrong with the file's first line.
    pub note: Option<&'static str>,
}

/// The form of this private key; `None` when it is no key.
#[must_use]
pub fn private_key_form(text: &str) -> Option<PrivateKeyForm> {
    let der = keys::private_der(text).ok()?;
    let says_pkcs1 = text.contains("BEGIN RSA PRIVATE KEY");
    let says_pkcs8 = text.contains("BEGIN PRIVATE KEY");
    Some(if keys::is_pkcs1(&der)? {
        PrivateKeyForm {
            name: "PKCS#1",
            note: says_pkcs8.then_some(
                "the file says PRIVATE KEY, which is PKCS#8, but holds PKCS#1: convert it with \
                 `openssl pkcs8 -topk8 -nocrypt`, or write RSA PRIVATE KEY into its first and last line",
            ),
        }
    } else {
        PrivateKeyForm {
            name: "PKCS#8",
            note: says_pkcs1.then_some(
                "the file says RSA PRIVATE KEY, which is PKCS#1, but holds PKCS#8: write PRIVATE KEY \
                 into its first and last line",
            ),
        }
    })
}
