//! A token request whose RSA signature does not match.

use super::keys::{by_public_key, by_secret, decoded, makers};
use super::{Candidate, Known, Mistake, shortest, times};
use crate::{paths, signature};

/// One signed request for a token.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// X-CLIENT-KEY.
    pub client_key: &'a str,
    /// The text of X-TIMESTAMP.
    pub timestamp: &'a str,
    /// The body as sent; it is not signed, which some do all the same.
    pub body: &'a [u8],
    /// X-SIGNATURE.
    pub signature: &'a str,
}

impl TokenRequest<'_> {
    /// The right string to sign.
    #[must_use]
    pub fn string_to_sign(&self) -> String {
        signature::token_string_to_sign(self.client_key, self.timestamp)
    }

    /// The usual mistakes that together explain the signature; `None` when none do. Empty when there is no
    /// mistake.
    #[must_use]
    pub fn mistakes(&self, known: &Known<'_>) -> Option<Vec<Mistake>> {
        if decoded(self.signature).is_empty() {
            return None;
        }
        let texts = self.texts();
        let mut found = by_public_key(self.signature, known, &texts);
        if found.is_empty() {
            let by_secret = by_secret(self.signature, &makers(known), &texts).into_iter();
            found
                .extend(by_secret.map(|[encoding, _, mistake]| {
                    [encoding, Some(Mistake::HMAC_FOR_RSA), mistake]
                }));
        }
        shortest(found)
    }

    /// The mistake that leads to this string to sign; `None` when none does, or when it is right.
    #[must_use]
    pub fn mistake_in(&self, string_to_sign: &str) -> Option<Mistake> {
        let mut texts = self.texts().into_iter();
        let found = texts.find(|(_, text)| text == string_to_sign);
        found.and_then(|(mistake, _)| mistake)
    }

    fn texts(&self) -> Vec<Candidate> {
        let Self {
            client_key,
            timestamp,
            ..
        } = *self;
        let right = self.string_to_sign();
        let mut texts = vec![(None, right.clone())];
        let mut add = |mistake, text: String| texts.push((Some(mistake), text));
        for (mistake, timestamp) in times::others(timestamp) {
            add(
                mistake,
                signature::token_string_to_sign(client_key, &timestamp),
            );
        }
        add(
            Mistake::SWAPPED,
            signature::token_string_to_sign(timestamp, client_key),
        );
        for separator in [":", "", " | ", "||", "\\|"] {
            add(
                Mistake::SEPARATOR,
                format!("{client_key}{separator}{timestamp}"),
            );
        }
        for client_key in [client_key.to_lowercase(), client_key.to_uppercase()] {
            let text = signature::token_string_to_sign(&client_key, timestamp);
            add(Mistake::CLIENT_KEY_CASE, text);
        }
        add(Mistake::ONLY_CLIENT_KEY, client_key.to_owned());
        for end in ["\n", "\r\n", " "] {
            add(Mistake::TEXT_LINE_END, format!("{right}{end}"));
        }
        add(
            Mistake::HASHED_TWICE,
            signature::digest_hex(right.as_bytes()),
        );
        let digest = signature::digest_hex(&crate::body::compact(self.body));
        for path in [paths::TOKEN_B2B, paths::TOKEN_B2B2C] {
            for text in [
                signature::string_to_sign("POST", path, "", &digest, timestamp),
                format!("POST:{path}:{digest}:{timestamp}"),
            ] {
                add(Mistake::TRANSACTION_TEXT, text);
            }
        }
        texts
    }
}
