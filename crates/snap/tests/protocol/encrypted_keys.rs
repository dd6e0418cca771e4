//! Private keys in every form, as OpenSSL writes them; the vectors are one key, made by it.

use base64::prelude::{BASE64_STANDARD, Engine};
use snap::{KeyError, PrivateKey, PublicKey, Secret};

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../vectors/keys/", $name))
    };
}

const ENCRYPTED: [(&str, &[u8]); 5] = [
    ("aes256", vector!("aes256.pem")),
    ("aes192 sha512", vector!("aes192-sha512.pem")),
    ("aes128 sha1", vector!("aes128-sha1.pem")),
    ("3des", vector!("des3.pem")),
    ("DOKU's guide", vector!("pbe-sha1-3des.pem")),
];

fn der(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    BASE64_STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn public() -> String {
    let text = std::str::from_utf8(vector!("public.pem")).unwrap();
    PublicKey::from_pem(text).unwrap().to_pem()
}

#[test]
fn an_encrypted_key_is_opened_by_its_passphrase_as_pem_and_as_der() {
    let passphrase = Secret::new("rahasia");
    for (name, pem) in ENCRYPTED {
        for bytes in [pem.to_vec(), der(pem)] {
            let key = PrivateKey::read(&bytes, Some(&passphrase));
            let key = key.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(key.public_key_pem(), public(), "{name}");
        }
    }
}

#[test]
fn a_wrong_or_missing_passphrase_is_said() {
    for (name, pem) in ENCRYPTED {
        for wrong in ["", "rahasiA", "rahasia "] {
            let refused = PrivateKey::read(pem, Some(&Secret::new(wrong)));
            assert_eq!(refused.unwrap_err(), KeyError::WrongPassphrase, "{name}");
        }
        let refused = PrivateKey::read(pem, None).unwrap_err();
        assert_eq!(refused, KeyError::PassphraseNeeded, "{name}");
        let refused = PrivateKey::from_der(&der(pem)).unwrap_err().to_string();
        assert!(refused.contains("encrypted"), "{name}: {refused}");
    }
}

#[test]
fn a_key_that_is_not_encrypted_is_read_in_every_form() {
    let pkcs1 = vector!("pkcs1.pem");
    let text = std::str::from_utf8(pkcs1).unwrap();
    let pkcs8 = PrivateKey::from_pem(text).unwrap().to_pkcs8_pem();
    let pkcs8 = pkcs8.expose().as_bytes();
    for pem in [pkcs1.as_slice(), pkcs8] {
        let bare = BASE64_STANDARD.encode(der(pem)).into_bytes();
        let crlf = std::str::from_utf8(pem).unwrap().replace('\n', "\r\n");
        for bytes in [pem.to_vec(), der(pem), bare, crlf.into_bytes()] {
            for passphrase in [None, Some(&Secret::new("not needed"))] {
                let key = PrivateKey::read(&bytes, passphrase).unwrap();
                assert_eq!(key.public_key_pem(), public());
            }
        }
    }
}

#[test]
fn what_else_is_found_is_named() {
    let passphrase = Secret::new("rahasia");
    let certificate = b"\x30\x06\x30\x00\x30\x00\x03\x00\xff".to_vec();
    let cut = der(vector!("pkcs1.pem"))[..200].to_vec();
    for (bytes, words) in [
        (vector!("scrypt.pem").to_vec(), "scrypt"),
        (vector!("proc-type.pem").to_vec(), "Proc-Type"),
        (vector!("public.pem").to_vec(), "found PUBLIC KEY"),
        (der(vector!("public.pem")), "found a public key"),
        (vector!("sec1.pem").to_vec(), "found EC PRIVATE KEY"),
        (
            der(vector!("sec1.pem")),
            "found an elliptic-curve private key",
        ),
        (certificate, "found a certificate"),
        (cut, "found bytes that are no key"),
        (vec![0xff; 40], "found bytes that are no key"),
    ] {
        let refused = PrivateKey::read(&bytes, Some(&passphrase)).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let scrypt = PrivateKey::read(vector!("scrypt.pem"), Some(&passphrase));
    let advice = scrypt.unwrap_err().to_string();
    assert!(advice.contains("openssl pkcs8 -topk8"), "{advice}");
}

#[test]
fn a_damaged_encrypted_key_is_refused_whatever_byte_was_hit() {
    let passphrase = Secret::new("rahasia");
    let whole = der(vector!("pbe-sha1-3des.pem"));
    // The outline and the scheme; rounds that grow too large are refused before they are made.
    for at in 0..60 {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        assert!(
            PrivateKey::read(&damaged, Some(&passphrase)).is_err(),
            "byte {at}"
        );
    }
    for length in 0..whole.len() {
        assert!(PrivateKey::read(&whole[..length], Some(&passphrase)).is_err());
    }
}
