//! What was done wrong when a signature does not match: for the request log, never for the answer.
//!
//! Each usual mistake is made on purpose and its MAC compared with the one received. Our own MAC is
//! never shown, and the token only as its first characters and a hash.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use snap::{Secret, body, signature};

use crate::merchants::Merchant;

/// One request whose signature did not match.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query as received.
    pub target: &'a str,
    /// The B2B token.
    pub token: &'a str,
    /// The body as received.
    pub body: &'a [u8],
    /// The text of X-TIMESTAMP.
    pub timestamp: &'a str,
    /// X-SIGNATURE.
    pub signature: &'a str,
}

impl Attempt<'_> {
    /// The string to sign that we built, with the token shortened.
    #[must_use]
    pub fn shown(&self) -> String {
        let digest = signature::digest_hex(&body::compact(self.body));
        signature::string_to_sign(
            self.method,
            self.target,
            &shortened(self.token),
            &digest,
            self.timestamp,
        )
    }

    /// The usual mistake that explains the signature, if one does.
    #[must_use]
    pub fn mistake(&self, merchant: &Merchant, public_url: &str) -> Option<&'static str> {
        let secret = merchant.secret();
        if let Some(mistake) = self.encoding_mistake(secret) {
            return Some(mistake);
        }
        let received = STANDARD.decode(self.signature).ok()?;
        let digest = signature::digest_hex(&body::compact(self.body));
        let text = |method: &str, target: &str, token: &str, digest: &str, timestamp: &str| {
            signature::string_to_sign(method, target, token, digest, timestamp)
        };
        let Self {
            method,
            target,
            token,
            timestamp,
            ..
        } = *self;
        let path = target.split('?').next().unwrap_or(target);
        let with_body = |bytes: &[u8]| {
            text(
                method,
                target,
                token,
                &signature::digest_hex(bytes),
                timestamp,
            )
        };
        let squeezed: Vec<u8> = self
            .body
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        let plain = text(method, target, token, &digest, timestamp);
        let candidates = [
            (
                "white space inside the strings of the body was removed",
                with_body(&squeezed),
            ),
            (
                "the whole URL was signed instead of its path",
                text(
                    method,
                    &format!("{public_url}{target}"),
                    token,
                    &digest,
                    timestamp,
                ),
            ),
            (
                "the query was left out of the path",
                text(method, path, token, &digest, timestamp),
            ),
            (
                "the token was signed with the word Bearer before it",
                text(
                    method,
                    target,
                    &format!("Bearer {token}"),
                    &digest,
                    timestamp,
                ),
            ),
            (
                "no token was signed",
                text(method, target, "", &digest, timestamp),
            ),
            (
                "the method was signed in lower case",
                text(&method.to_lowercase(), target, token, &digest, timestamp),
            ),
            (
                "the digest of the body was signed in upper case",
                text(method, target, token, &digest.to_uppercase(), timestamp),
            ),
            (
                "a line end was added to the string to sign",
                format!("{plain}\n"),
            ),
            (
                "a line end was added to the body before it was hashed",
                with_body(&[self.body, b"\n"].concat()),
            ),
            (
                "the body was hashed with CRLF line ends",
                with_body(&with_crlf(self.body)),
            ),
            ("the digest of an empty body was signed", with_body(b"")),
        ];
        for (mistake, candidate) in &candidates {
            if same(hmac::HMAC_SHA512, secret, candidate, &received) {
                return Some(mistake);
            }
        }
        if same(
            hmac::HMAC_SHA512,
            merchant.notification_secret(),
            &plain,
            &received,
        ) {
            return Some("the notification secret was used instead of the client secret");
        }
        if same(hmac::HMAC_SHA256, secret, &plain, &received) {
            return Some("HMAC-SHA256 was used instead of HMAC-SHA512");
        }
        let shifted = |by: i8| shifted_seconds(timestamp, by);
        let second_reading = (-2..=2).filter_map(shifted).any(|timestamp| {
            same(
                hmac::HMAC_SHA512,
                secret,
                &text(method, target, token, &digest, &timestamp),
                &received,
            )
        });
        second_reading
            .then_some("the clock was read twice: X-TIMESTAMP is not the time that was signed")
    }

    /// The right MAC in the wrong alphabet.
    fn encoding_mistake(&self, secret: &Secret) -> Option<&'static str> {
        let verifies = |bytes: Vec<u8>| {
            let signature = STANDARD.encode(bytes);
            let Self {
                method,
                target,
                token,
                body,
                timestamp,
                ..
            } = *self;
            signature::verify(secret, method, target, token, body, timestamp, &signature).is_some()
        };
        if hex::decode(self.signature).is_ok_and(verifies) {
            return Some("the signature is in hex instead of base64");
        }
        let url_safe = URL_SAFE
            .decode(self.signature)
            .or_else(|_| URL_SAFE_NO_PAD.decode(self.signature));
        url_safe
            .is_ok_and(verifies)
            .then_some("the signature is in base64url instead of base64")
    }
}

/// A token as it may be shown: six characters and the beginning of a hash.
#[must_use]
pub fn shortened(token: &str) -> String {
    let hash = hex::encode(digest::digest(&digest::SHA256, token.as_bytes()));
    let head: String = token.chars().take(6).collect();
    format!("{head}…sha256:{}", hash.get(..8).unwrap_or_default())
}

fn same(algorithm: hmac::Algorithm, secret: &Secret, text: &str, received: &[u8]) -> bool {
    let key = hmac::Key::new(algorithm, secret.expose().as_bytes());
    constant_time::verify_slices_are_equal(hmac::sign(&key, text.as_bytes()).as_ref(), received)
        .is_ok()
}

fn with_crlf(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for &byte in body {
        if byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

/// The same timestamp some seconds earlier or later, in the same minute.
fn shifted_seconds(timestamp: &str, by: i8) -> Option<String> {
    let seconds: i8 = timestamp.get(17..19)?.parse().ok()?;
    let seconds = seconds
        .checked_add(by)
        .filter(|seconds| (0..60).contains(seconds))?;
    Some(format!(
        "{}{seconds:02}{}",
        timestamp.get(..17)?,
        timestamp.get(19..)?
    ))
}
