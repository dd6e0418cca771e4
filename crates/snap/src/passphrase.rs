//! Private keys in PKCS#8 that are encrypted with a passphrase (RFC 5958, section 3).
//!
//! Two ways of encrypting are read: PBES2 (RFC 8018) with PBKDF2 and AES-CBC or 3DES-CBC, which is what
//! OpenSSL writes today, and PBE-SHA1-3DES (RFC 7292, appendix B), which is what DOKU's guide tells
//! merchants to write. Nothing here encrypts.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::{digest, iv::FixedLength, pbkdf2};
use des::TdesEde3;
use des::cipher::{BlockCipherDecrypt as _, KeyInit as _};
use zeroize::Zeroizing;

use crate::der::{Der, OBJECT, OCTET_STRING, SEQUENCE};
use crate::{KeyError, Secret};

const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const SCRYPT: &[u8] = b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
const PBE_SHA1_3DES: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03";
const HMAC_SHA1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x07";
const HMAC_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x09";
const HMAC_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x0a";
const HMAC_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x0b";
const AES_128_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x02";
const AES_192_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x16";
const AES_256_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
const DES_EDE3_CBC: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x03\x07";

/// More rounds than anybody writes; a file that asks for more would only hold the program up.
const MOST_ROUNDS: u32 = 10_000_000;
/// The block of SHA-1, in which PKCS#12 counts.
const SHA1_BLOCK: usize = 64;

type Bytes = Zeroizing<Vec<u8>>;

/// The key inside, in PKCS#8.
pub(crate) fn decrypt(der: &[u8], passphrase: &Secret) -> Result<Bytes, KeyError> {
    let damaged = || unreadable("a way that cannot be read");
    let mut outer = Der::new(der).sequence().ok_or_else(damaged)?;
    let mut scheme = outer.sequence().ok_or_else(damaged)?;
    let encrypted = outer.take(OCTET_STRING).ok_or_else(damaged)?;
    match scheme.take(OBJECT) {
        Some(PBES2) => {
            let mut parameters = scheme.sequence().ok_or_else(damaged)?;
            let derivation = parameters.sequence().ok_or_else(damaged)?;
            let cipher = parameters.sequence().ok_or_else(damaged)?;
            pbes2(derivation, cipher, encrypted, passphrase)
        }
        Some(PBE_SHA1_3DES) => {
            let mut parameters = scheme.sequence().ok_or_else(damaged)?;
            let salt = parameters.take(OCTET_STRING).ok_or_else(damaged)?;
            let rounds = rounds(parameters.number())?;
            let key = pkcs12_derive(1, salt, rounds, passphrase, 24)?;
            let iv = pkcs12_derive(2, salt, rounds, passphrase, 8)?;
            triple_des(&key, &iv, encrypted)
        }
        _ => Err(unreadable("an old or rare cipher")),
    }
}

fn pbes2(
    mut derivation: Der<'_>,
    mut cipher: Der<'_>,
    encrypted: &[u8],
    passphrase: &Secret,
) -> Result<Bytes, KeyError> {
    let damaged = || unreadable("a way that cannot be read");
    match derivation.take(OBJECT) {
        Some(PBKDF2) => {}
        Some(SCRYPT) => return Err(unreadable("scrypt")),
        _ => return Err(damaged()),
    }
    let mut parameters = derivation.sequence().ok_or_else(damaged)?;
    let salt = parameters.take(OCTET_STRING).ok_or_else(damaged)?;
    let rounds = rounds(parameters.number())?;
    // The length of the key may stand here; the cipher tells it too.
    parameters.number();
    let hash = match parameters.take(SEQUENCE) {
        None => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(hash) => match Der::new(hash).take(OBJECT) {
            Some(HMAC_SHA1) => pbkdf2::PBKDF2_HMAC_SHA1,
            Some(HMAC_SHA256) => pbkdf2::PBKDF2_HMAC_SHA256,
            Some(HMAC_SHA384) => pbkdf2::PBKDF2_HMAC_SHA384,
            Some(HMAC_SHA512) => pbkdf2::PBKDF2_HMAC_SHA512,
            _ => return Err(unreadable("PBKDF2 with a rare hash")),
        },
    };
    let derive = |length| {
        let mut key = Zeroizing::new(vec![0; length]);
        pbkdf2::derive(hash, rounds, salt, passphrase.expose().as_bytes(), &mut key);
        key
    };
    let name = cipher.take(OBJECT);
    let iv = cipher.take(OCTET_STRING).ok_or_else(damaged)?;
    match name {
        Some(AES_128_CBC) => aes(&AES_128, &derive(16), iv, encrypted),
        Some(AES_192_CBC) => aes(&AES_192, &derive(24), iv, encrypted),
        Some(AES_256_CBC) => aes(&AES_256, &derive(32), iv, encrypted),
        Some(DES_EDE3_CBC) => triple_des(&derive(24), iv, encrypted),
        _ => Err(unreadable("an old or rare cipher")),
    }
}

fn rounds(number: Option<u32>) -> Result<NonZeroU32, KeyError> {
    number
        .filter(|rounds| *rounds <= MOST_ROUNDS)
        .and_then(NonZeroU32::new)
        .ok_or_else(|| unreadable("a number of rounds that makes no sense"))
}

fn aes(
    algorithm: &'static Algorithm,
    key: &[u8],
    iv: &[u8],
    encrypted: &[u8],
) -> Result<Bytes, KeyError> {
    let wrong = |_| KeyError::WrongPassphrase;
    let iv: [u8; 16] = iv.try_into().map_err(|_| unreadable("a wrong IV"))?;
    let key = UnboundCipherKey::new(algorithm, key).map_err(wrong)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(wrong)?;
    let mut text = Zeroizing::new(encrypted.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let length = key.decrypt(&mut text, context).map_err(wrong)?.len();
    text.truncate(length);
    Ok(text)
}

fn triple_des(key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Bytes, KeyError> {
    let key = TdesEde3::new_from_slice(key).map_err(|_| KeyError::WrongPassphrase)?;
    let mut before: [u8; 8] = iv.try_into().map_err(|_| unreadable("a wrong IV"))?;
    let mut text = Zeroizing::new(Vec::with_capacity(encrypted.len()));
    let (blocks, rest) = encrypted.as_chunks::<8>();
    for block in blocks {
        let mut clear = (*block).into();
        key.decrypt_block(&mut clear);
        text.extend(clear.iter().zip(before).map(|(byte, other)| byte ^ other));
        before = *block;
    }
    let padding = text.last().copied().unwrap_or_default();
    let length = text.len().saturating_sub(usize::from(padding));
    let tail = text.get(length..).unwrap_or_default();
    let padded = (1..=8).contains(&padding) && tail.iter().all(|byte| *byte == padding);
    if !rest.is_empty() || !padded || tail.len() != usize::from(padding) {
        return Err(KeyError::WrongPassphrase);
    }
    text.truncate(length);
    Ok(text)
}

/// RFC 7292, appendix B.2, with SHA-1. `purpose` is 1 for a key and 2 for an IV.
fn pkcs12_derive(
    purpose: u8,
    salt: &[u8],
    rounds: NonZeroU32,
    passphrase: &Secret,
    length: usize,
) -> Result<Bytes, KeyError> {
    let passphrase: Bytes = Zeroizing::new(
        passphrase
            .expose()
            .encode_utf16()
            .chain([0])
            .flat_map(u16::to_be_bytes)
            .collect(),
    );
    let filled = |bytes: &[u8]| -> Bytes {
        let whole = bytes.len().div_ceil(SHA1_BLOCK) * SHA1_BLOCK;
        Zeroizing::new(bytes.iter().copied().cycle().take(whole).collect())
    };
    let mut input = filled(salt);
    input.extend_from_slice(&filled(&passphrase));
    let mut output = Zeroizing::new(Vec::new());
    while output.len() < length {
        let mut hash = sha1(&[&[purpose; SHA1_BLOCK], input.as_slice()]);
        for _ in 1..rounds.get() {
            hash = sha1(&[hash.as_ref()]);
        }
        output.extend_from_slice(hash.as_ref());
        for block in input.chunks_mut(SHA1_BLOCK) {
            add(block, hash.as_ref());
        }
    }
    output.truncate(length);
    Ok(output)
}

fn sha1(parts: &[&[u8]]) -> digest::Digest {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// Adds the hash, repeated to the block's length, and one: big-endian numbers, the carry at the top lost.
fn add(block: &mut [u8], hash: &[u8]) {
    let repeated: Vec<u8> = hash.iter().copied().cycle().take(block.len()).collect();
    let mut carry = 1_u16;
    for (byte, more) in block.iter_mut().zip(repeated).rev() {
        let [over, sum] = (u16::from(*byte) + u16::from(more) + carry).to_be_bytes();
        *byte = sum;
        carry = u16::from(over);
    }
}

fn unreadable(how: &'static str) -> KeyError {
    KeyError::Encryption { how }
}
