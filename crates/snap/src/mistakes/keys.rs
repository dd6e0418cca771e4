//! Other ways to encode, other keys and other algorithms.

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RsaParameters,
};
use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{Candidate, Known, Mistake};
use crate::{PublicKey, Secret};

/// The bytes that a signature may stand for; those of a length that no MAC and no RSA signature has are left out.
pub fn decoded(signature: &str) -> Vec<(Option<Mistake>, Vec<u8>)> {
    let mut found = Vec::new();
    let mut add = |mistake, bytes: Option<Vec<u8>>| {
        found.extend(bytes.map(|bytes| (mistake, bytes)));
    };
    let squeezed: String = signature.split_whitespace().collect();
    add(None, STANDARD.decode(signature).ok());
    add(Some(Mistake::HEX), hex::decode(signature).ok());
    let url_safe = URL_SAFE.decode(signature);
    let url_safe = url_safe.or_else(|_| URL_SAFE_NO_PAD.decode(signature));
    add(
        Some(Mistake::BASE64_PADDING),
        STANDARD_NO_PAD.decode(signature).ok(),
    );
    add(Some(Mistake::BASE64URL), url_safe.ok());
    add(
        Some(Mistake::BASE64_BROKEN),
        STANDARD.decode(&squeezed).ok(),
    );
    let of_hex = STANDARD.decode(&squeezed).ok();
    let of_hex = of_hex.and_then(|text| hex::decode(text).ok());
    add(Some(Mistake::BASE64_OF_HEX), of_hex);
    found.retain(|(_, bytes)| matches!(bytes.len(), 32 | 64 | 256..=512));
    found
}

/// How the bytes of a MAC are made from a text.
pub struct Maker {
    /// The mistake in it, if it is one.
    pub mistake: Option<Mistake>,
    make: Make,
}

enum Make {
    Hmac(Box<hmac::Key>),
    /// SHA-512 of the secret and the text.
    Hash(Secret),
}

impl Maker {
    /// Whether this text leads to these bytes.
    pub fn makes(&self, text: &str, received: &[u8]) -> bool {
        let text = text.as_bytes();
        match &self.make {
            Make::Hmac(key) => same(hmac::sign(key, text).as_ref(), received),
            Make::Hash(secret) => {
                let secret = secret.expose().as_bytes();
                let hash = |bytes: Vec<u8>| digest::digest(&digest::SHA512, &bytes);
                same(hash([secret, text].concat()).as_ref(), received)
                    || same(hash([text, secret].concat()).as_ref(), received)
            }
        }
    }
}

/// The right key and the mistaken ones.
pub fn makers(known: &Known<'_>) -> Vec<Maker> {
    let mut makers = Vec::new();
    let mut add = |mistake, algorithm, secret: &[u8]| {
        let make = Make::Hmac(Box::new(hmac::Key::new(algorithm, secret)));
        makers.push(Maker { mistake, make });
    };
    let sha512 = hmac::HMAC_SHA512;
    if let Some(secret) = known.secret {
        let text = secret.expose();
        let trimmed = text.trim_end();
        add(None, sha512, text.as_bytes());
        add(
            Some(Mistake::HMAC_SHA256),
            hmac::HMAC_SHA256,
            text.as_bytes(),
        );
        for end in ["", "\n", "\r\n", " "] {
            let secret = Secret::new(format!("{trimmed}{end}"));
            add(
                Some(Mistake::SECRET_LINE_END),
                sha512,
                secret.expose().as_bytes(),
            );
        }
        let decoded = [STANDARD.decode(trimmed).ok(), hex::decode(trimmed).ok()];
        for decoded in decoded.into_iter().flatten() {
            add(Some(Mistake::SECRET_DECODED), sha512, &decoded);
        }
    }
    for other in known.other_secrets {
        add(
            Some(Mistake::OTHER_SECRET),
            sha512,
            other.expose().as_bytes(),
        );
    }
    if let Some(secret) = known.secret {
        let (mistake, make) = (Some(Mistake::NOT_HMAC), Make::Hash(secret.clone()));
        makers.push(Maker { mistake, make });
    }
    makers
}

/// Every way in which these secrets and texts lead to the signature.
pub fn by_secret(
    signature: &str,
    makers: &[Maker],
    texts: &[Candidate],
) -> Vec<[Option<Mistake>; 3]> {
    let mut found = Vec::new();
    for (encoding, received) in decoded(signature) {
        for maker in makers {
            let fits = |(mistake, text): &Candidate| {
                maker
                    .makes(text, &received)
                    .then_some([encoding, maker.mistake, *mistake])
            };
            found.extend(texts.iter().filter_map(fits));
        }
    }
    found
}

/// Every way in which these public keys and texts lead to the signature, with at most one mistake besides
/// the encoding: RSA is slow.
pub fn by_public_key(
    signature: &str,
    known: &Known<'_>,
    texts: &[Candidate],
) -> Vec<[Option<Mistake>; 3]> {
    let mut found = Vec::new();
    for (encoding, received) in decoded(signature) {
        for key in known.public_keys {
            let schemes = schemes(key);
            for (mistake, text) in texts {
                for (algorithm, scheme) in &schemes {
                    if (mistake.is_none() || algorithm.is_none())
                        && scheme.verify_sig(text.as_bytes(), &received).is_ok()
                    {
                        found.push([encoding, *algorithm, *mistake]);
                    }
                }
            }
        }
    }
    found
}

fn same(made: &[u8], received: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(made, received).is_ok()
}

/// The right algorithm and the mistaken ones.
fn schemes(key: &PublicKey) -> Vec<(Option<Mistake>, ParsedPublicKey)> {
    let schemes: [(Option<Mistake>, &'static RsaParameters); 4] = [
        (None, &RSA_PKCS1_2048_8192_SHA256),
        (Some(Mistake::RSA_PSS), &RSA_PSS_2048_8192_SHA256),
        (Some(Mistake::RSA_SHA512), &RSA_PKCS1_2048_8192_SHA512),
        (
            Some(Mistake::RSA_SHA1),
            &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        ),
    ];
    let parsed = |(mistake, scheme): (Option<Mistake>, &'static RsaParameters)| {
        let key = ParsedPublicKey::new(scheme, key.spki()).ok()?;
        Some((mistake, key))
    };
    schemes.into_iter().filter_map(parsed).collect()
}
