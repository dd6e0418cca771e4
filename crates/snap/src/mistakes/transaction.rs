//! A transaction or notification whose HMAC does not match.

use aws_lc_rs::digest;
use base64::prelude::{BASE64_STANDARD, Engine};

use super::keys::{by_public_key, by_secret, decoded, makers};
use super::{Candidate, Known, Mistake, bodies, shortened, shortest, times};
use crate::{body, paths, signature};

/// Where DOKU's API is: some sign its address although they call another.
const DOKU: [&str; 2] = ["https://api.doku.com", "https://api-sandbox.doku.com"];

/// One signed request.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query as called.
    pub target: &'a str,
    /// The B2B token.
    pub token: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
    /// The text of X-TIMESTAMP.
    pub timestamp: &'a str,
    /// X-SIGNATURE.
    pub signature: &'a str,
}

impl Transaction<'_> {
    /// The right string to sign, over the compact body.
    #[must_use]
    pub fn string_to_sign(&self) -> String {
        self.text(&self.digest())
    }

    /// The same with the token shortened, so that it may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        let token = shortened(self.token);
        Transaction {
            token: &token,
            ..*self
        }
        .string_to_sign()
    }

    /// The usual mistakes that together explain the signature; `None` when none do. Empty when there is no
    /// mistake.
    #[must_use]
    pub fn mistakes(&self, known: &Known<'_>) -> Option<Vec<Mistake>> {
        if decoded(self.signature).is_empty() {
            return None;
        }
        let texts = self.texts(known);
        let mut found = by_secret(self.signature, &makers(known), &texts);
        if found.is_empty() {
            let right = (None, self.string_to_sign());
            let rsa = [right, (None, self.without_token())];
            let by_key = by_public_key(self.signature, known, &rsa).into_iter();
            found.extend(
                by_key.map(|[encoding, scheme, _]| [encoding, Some(Mistake::RSA_FOR_HMAC), scheme]),
            );
        }
        shortest(found)
    }

    /// The mistake that leads to this string to sign; `None` when none does, or when it is right.
    #[must_use]
    pub fn mistake_in(&self, known: &Known<'_>, string_to_sign: &str) -> Option<Mistake> {
        let texts = self.texts(known);
        let found = texts.into_iter().find(|(_, text)| text == string_to_sign);
        found.and_then(|(mistake, _)| mistake)
    }

    fn texts(&self, known: &Known<'_>) -> Vec<Candidate> {
        let digest = self.digest();
        let mut texts: Vec<Candidate> = bodies::forms(self.body)
            .into_iter()
            .map(|(mistake, form)| (mistake, self.text(&signature::digest_hex(&form))))
            .collect();
        let mut add = |mistake, text: String| texts.push((Some(mistake), text));
        for (mistake, digest) in self.other_digests() {
            add(mistake, self.text(&digest));
        }
        for (mistake, target) in self.other_targets(known) {
            add(
                mistake,
                Transaction {
                    target: &target,
                    ..*self
                }
                .text(&digest),
            );
        }
        for (mistake, token) in self.other_tokens(known) {
            add(
                mistake,
                Transaction {
                    token: &token,
                    ..*self
                }
                .text(&digest),
            );
        }
        for (mistake, timestamp) in times::others(self.timestamp) {
            let other = Transaction {
                timestamp: &timestamp,
                ..*self
            };
            add(mistake, other.text(&digest));
        }
        let method = self.method.to_lowercase();
        let other = Transaction {
            method: &method,
            ..*self
        };
        add(Mistake::LOWER_CASE_METHOD, other.text(&digest));
        for end in ["\n", "\r\n", " "] {
            add(
                Mistake::TEXT_LINE_END,
                format!("{}{end}", self.text(&digest)),
            );
        }
        texts
    }

    fn other_digests(&self) -> Vec<(Mistake, String)> {
        let compact = body::compact(self.body);
        let sha256 = digest::digest(&digest::SHA256, &compact);
        let sha512 = digest::digest(&digest::SHA512, &compact);
        vec![
            (Mistake::DIGEST_UPPER_CASE, self.digest().to_uppercase()),
            (Mistake::DIGEST_BASE64, BASE64_STANDARD.encode(sha256)),
            (Mistake::DIGEST_SHA512, hex::encode(sha512)),
            (
                Mistake::NO_DIGEST,
                String::from_utf8_lossy(&compact).into_owned(),
            ),
        ]
    }

    fn other_targets(&self, known: &Known<'_>) -> Vec<(Mistake, String)> {
        let target = self.target;
        let path = target.split('?').next().unwrap_or(target);
        let mut others = vec![
            (Mistake::NO_QUERY, path.to_owned()),
            (Mistake::SLASH, format!("{target}/")),
            (Mistake::SLASH, target.trim_end_matches('/').to_owned()),
            (Mistake::SLASH, target.trim_start_matches('/').to_owned()),
        ];
        let bases = DOKU.iter().copied().chain(known.base_url);
        for base in bases.map(|base| base.trim_end_matches('/')) {
            others.push((Mistake::WHOLE_URL, format!("{base}{target}")));
            let host = base.split("://").last().unwrap_or(base);
            others.push((Mistake::HOST, format!("{host}{target}")));
        }
        match path {
            paths::UNBINDING => {
                others.push((
                    Mistake::OTHER_SPELLING,
                    paths::UNBINDING_WITHOUT_CORE.to_owned(),
                ));
            }
            paths::UNBINDING_WITHOUT_CORE => {
                others.push((Mistake::OTHER_SPELLING, paths::UNBINDING.to_owned()));
            }
            _ => {}
        }
        others
    }

    fn other_tokens(&self, known: &Known<'_>) -> Vec<(Mistake, String)> {
        let token = self.token;
        let mut others = vec![
            (Mistake::NO_TOKEN, String::new()),
            (Mistake::BEARER, format!("Bearer {token}")),
            (Mistake::BEARER, format!("bearer {token}")),
            (Mistake::BEARER, format!("Bearer{token}")),
            (Mistake::TOKEN_LINE_END, format!("{token}\n")),
            (Mistake::TOKEN_LINE_END, format!("\"{token}\"")),
            (Mistake::TOKEN_LINE_END, format!("\"{token}\"\n")),
        ];
        if let Some(customer) = known.customer_token {
            others.push((Mistake::CUSTOMER_TOKEN, customer.to_owned()));
            others.push((Mistake::CUSTOMER_TOKEN, format!("Bearer {customer}")));
        }
        others
    }

    fn digest(&self) -> String {
        signature::digest_hex(&body::compact(self.body))
    }

    fn text(&self, digest: &str) -> String {
        signature::string_to_sign(self.method, self.target, self.token, digest, self.timestamp)
    }

    /// The standard's text for RSA, which has no token.
    fn without_token(&self) -> String {
        let Self {
            method,
            target,
            timestamp,
            ..
        } = self;
        format!("{method}:{target}:{}:{timestamp}", self.digest())
    }
}
