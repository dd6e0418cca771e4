//! RSA keys for the asymmetric signature of token requests: SHA256withRSA (PKCS#1 v1.5), 2048 to 4096 bits.
//!
//! Private keys are read from PKCS#8 or PKCS#1, as PEM, bare base64 or DER, and from PKCS#8 that is encrypted
//! with a passphrase; public ones from SubjectPublicKeyInfo or PKCS#1. A private key is never printed; it leaves only through [`PrivateKey::to_pkcs8_pem`].

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{self, KeyPair, KeySize},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use base64::prelude::{BASE64_STANDARD, Engine};
use zeroize::Zeroizing;

use crate::der::{Der, Form, INTEGER};
use crate::{Secret, passphrase, signature};

/// Why a text or a file is not a key we can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The PEM holds something else.
    #[error("expected {expected}, found {found}")]
    WrongForm {
        /// What would do.
        expected: &'static str,
        /// What the text says it is.
        found: String,
    },
    /// Neither PEM nor base64.
    #[error("expected {expected} as PEM, found neither PEM nor base64")]
    NotPem {
        /// What would do.
        expected: &'static str,
    },
    /// The bytes are not an RSA key of that form.
    #[error("expected {expected}, found {found}")]
    NotRsa {
        /// What would do.
        expected: &'static str,
        /// What the bytes look like.
        found: &'static str,
    },
    /// The key is encrypted and no passphrase was given.
    #[error("the private key is encrypted (PKCS#8): give its passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the private key (PKCS#8)")]
    WrongPassphrase,
    /// The key is encrypted in a way that is not read here.
    #[error(
        "the private key is encrypted with {how}; write it anew with \
         `openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW`"
    )]
    Encryption {
        /// The way.
        how: &'static str,
    },
    /// Too short or too long.
    #[error("an RSA key must have 2048 to 4096 bits, this one has {bits}")]
    Size {
        /// How long it is.
        bits: usize,
    },
    /// The key could not be generated.
    #[error("no RSA key could be generated")]
    Generate,
}

const PRIVATE_FORMS: &str =
    "an RSA private key in PKCS#8 (PRIVATE KEY) or PKCS#1 (RSA PRIVATE KEY)";
/// What an encrypted key is labelled as too.
const PRIVATE_LABELS: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];
const PUBLIC_FORMS: &str = "an RSA public key (PUBLIC KEY or RSA PUBLIC KEY)";

/// A private key for signing token requests.
pub struct PrivateKey(KeyPair);

impl PrivateKey {
    /// Makes a new key of 2048 bits.
    ///
    /// # Errors
    /// [`KeyError::Generate`] when the system gives no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?;
        can_be_written(&pair).ok_or(KeyError::Generate)?;
        Ok(Self(pair))
    }

    /// Reads a key in whatever form it comes: PKCS#8 or PKCS#1, as PEM, bare base64 or DER, and PKCS#8 that
    /// is encrypted, if its passphrase is given. A passphrase that is not needed does no harm.
    ///
    /// # Errors
    /// A [`KeyError`] that names what was found.
    pub fn read(bytes: &[u8], passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        // DER of a key is no text: the second byte of its length never begins a character.
        let der = match std::str::from_utf8(bytes) {
            Ok(text) => Zeroizing::new(decode(text, &PRIVATE_LABELS, PRIVATE_FORMS)?),
            Err(_) => Zeroizing::new(bytes.to_vec()),
        };
        match (Form::of(&der), passphrase) {
            (Form::Pkcs8Encrypted, Some(passphrase)) => {
                let key = passphrase::decrypt(&der, passphrase)?;
                Self::from_der(&key).map_err(|_| KeyError::WrongPassphrase)
            }
            (Form::Pkcs8Encrypted, None) => Err(KeyError::PassphraseNeeded),
            _ => Self::from_der(&der),
        }
    }

    /// Reads PEM, PKCS#8 or PKCS#1, or the bare base64 of either.
    ///
    /// # Errors
    /// A [`KeyError`] that names what was found.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_der(&private_der(text)?)
    }

    /// Reads DER, PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`KeyError::NotRsa`] or [`KeyError::Size`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let not_rsa = || KeyError::NotRsa {
            expected: PRIVATE_FORMS,
            found: Form::of(der).words(),
        };
        let pair = KeyPair::from_pkcs8(der)
            .or_else(|_| KeyPair::from_der(der))
            .map_err(|_| not_rsa())?;
        can_be_written(&pair).ok_or_else(not_rsa)?;
        check_bits(modulus_bits(pair.public_key().as_ref()))?;
        Ok(Self(pair))
    }

    /// Signs `client key|timestamp` for a token request; base64. Empty only if the library fails to sign.
    #[must_use]
    pub fn sign_token(&self, client_key: &str, timestamp: &str) -> String {
        self.sign(signature::token_string_to_sign(client_key, timestamp).as_bytes())
    }

    /// Signs any bytes with SHA256withRSA; base64. Empty only if the library fails to sign.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        let mut output = vec![0; self.0.public_modulus_len()];
        // This padding is deterministic: the randomness is not used.
        match self.0.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message,
            &mut output,
        ) {
            Ok(()) => BASE64_STANDARD.encode(output),
            Err(_) => String::new(),
        }
    }

    /// The public half as PEM (SubjectPublicKeyInfo).
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        AsDer::<PublicKeyX509Der<'_>>::as_der(self.0.public_key())
            .map(|der| pem("PUBLIC KEY", der.as_ref()))
            .unwrap_or_default()
    }

    /// The key as PEM in PKCS#8, for a file or an encrypted column.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Secret {
        let text = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.0)
            .map(|der| pem("PRIVATE KEY", der.as_ref()))
            .unwrap_or_default();
        Secret::new(text)
    }
}

/// Both halves can be encoded, so that no empty text is ever stored in place of a key.
fn can_be_written(pair: &KeyPair) -> Option<()> {
    AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).ok()?;
    AsDer::<Pkcs8V1Der<'_>>::as_der(pair).ok()?;
    Some(())
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// A public key for checking the signature of token requests.
pub struct PublicKey {
    parsed: ParsedPublicKey,
    spki: Vec<u8>,
}

impl PublicKey {
    /// Reads PEM, SubjectPublicKeyInfo or PKCS#1, or the bare base64 of either.
    ///
    /// # Errors
    /// A [`KeyError`] that names what was found.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_der(&decode(
            text,
            &["PUBLIC KEY", "RSA PUBLIC KEY"],
            PUBLIC_FORMS,
        )?)
    }

    /// Reads DER, SubjectPublicKeyInfo or PKCS#1.
    ///
    /// # Errors
    /// [`KeyError::NotRsa`] or [`KeyError::Size`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let not_rsa = || KeyError::NotRsa {
            expected: PUBLIC_FORMS,
            found: Form::of(der).words(),
        };
        let key = rsa::PublicKey::from_der(der).map_err(|_| not_rsa())?;
        check_bits(modulus_bits(key.as_ref()))?;
        let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(&key).map_err(|_| not_rsa())?;
        let spki = spki.as_ref().to_vec();
        let parsed =
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki).map_err(|_| not_rsa())?;
        Ok(Self { parsed, spki })
    }

    /// Whether this key signed `client key|timestamp`. The base64 must be canonical.
    #[must_use]
    pub fn verify_token(&self, client_key: &str, timestamp: &str, signature: &str) -> bool {
        let text = signature::token_string_to_sign(client_key, timestamp);
        self.verify(text.as_bytes(), signature)
    }

    /// Whether this key signed these bytes with SHA256withRSA.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &str) -> bool {
        BASE64_STANDARD
            .decode(signature)
            .is_ok_and(|signature| self.parsed.verify_sig(message, &signature).is_ok())
    }

    /// SHA-256 of the SubjectPublicKeyInfo in lower-case hex: what identifies the key to people.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        signature::digest_hex(&self.spki)
    }

    /// The key's SubjectPublicKeyInfo.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key as PEM (SubjectPublicKeyInfo), whatever form it was read from.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &self.spki)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(label, der), config)
}

/// The DER of a private key.
pub(crate) fn private_der(text: &str) -> Result<Vec<u8>, KeyError> {
    decode(text, &["PRIVATE KEY", "RSA PRIVATE KEY"], PRIVATE_FORMS)
}

/// Whether this is a private key in PKCS#1 rather than PKCS#8. `None` for neither.
pub(crate) fn is_pkcs1(der: &[u8]) -> Option<bool> {
    match Form::of(der) {
        Form::Pkcs1Private => Some(true),
        Form::Pkcs8Rsa | Form::Pkcs8Other => Some(false),
        _ => None,
    }
}

/// Takes the bytes out of PEM or bare base64. Line ends and wrapping do not matter.
fn decode(text: &str, labels: &[&str], expected: &'static str) -> Result<Vec<u8>, KeyError> {
    let not_pem = || KeyError::NotPem { expected };
    let text = text.trim_start_matches('\u{feff}').trim();
    let base64 = match text.split_once("-----BEGIN ") {
        None => text,
        Some((_, after)) => {
            let (label, after) = after.split_once("-----").ok_or_else(not_pem)?;
            if !labels.contains(&label) {
                let found = form_found(label);
                return Err(KeyError::WrongForm { expected, found });
            }
            after.split_once("-----END ").ok_or_else(not_pem)?.0
        }
    };
    if base64.contains("Proc-Type:") {
        return Err(KeyError::Encryption {
            how: "OpenSSL's old way (PKCS#1, Proc-Type)",
        });
    }
    let base64: String = base64.split_ascii_whitespace().collect();
    let der = BASE64_STANDARD.decode(base64).map_err(|_| not_pem())?;
    if der.is_empty() {
        Err(not_pem())
    } else {
        Ok(der)
    }
}

/// A name for what a PEM label says; the label itself only when it is a plausible one.
fn form_found(label: &str) -> String {
    match label {
        "ENCRYPTED PRIVATE KEY" => "a private key encrypted with a passphrase".to_owned(),
        "CERTIFICATE" => "a certificate".to_owned(),
        "OPENSSH PRIVATE KEY" => "a private key in OpenSSH's own form".to_owned(),
        _ if label.len() <= 40
            && label
                .bytes()
                .all(|byte| byte == b' ' || byte.is_ascii_uppercase()) =>
        {
            label.to_owned()
        }
        _ => "something else".to_owned(),
    }
}

fn check_bits(bits: usize) -> Result<(), KeyError> {
    if (2048..=4096).contains(&bits) {
        Ok(())
    } else {
        Err(KeyError::Size { bits })
    }
}

/// The length of the modulus in an `RSAPublicKey`: the first INTEGER in a SEQUENCE.
fn modulus_bits(pkcs1: &[u8]) -> usize {
    let modulus = || {
        let integer = Der::new(pkcs1).sequence()?.take(INTEGER)?;
        let start = integer.iter().position(|&byte| byte != 0)?;
        integer.get(start..)
    };
    let Some(modulus) = modulus() else { return 0 };
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
    (modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or_default())
}
