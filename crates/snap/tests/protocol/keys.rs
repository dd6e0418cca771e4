//! RSA keys: the forms they come in, the sizes, the signatures of DOKU's SDK.

use serde_json::Value;
use snap::{KeyError, PrivateKey, PublicKey, Secret};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/doku-python-sdk.json")).unwrap()
}

fn private_pem() -> String {
    vectors()["rsa_private_key_pkcs8"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn public_pem() -> String {
    vectors()["rsa_public_key_spki"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn dokus_sdk_and_we_sign_token_requests_alike() {
    let private = PrivateKey::from_pem(&private_pem()).unwrap();
    let public = PublicKey::from_pem(&public_pem()).unwrap();
    let vectors = vectors();
    let rows = vectors["asymmetric"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let (client, time, signature) = (text("client_id"), text("timestamp"), text("signature"));
        assert_eq!(
            snap::signature::token_string_to_sign(client, time),
            text("string_to_sign")
        );
        assert_eq!(private.sign_token(client, time), signature);
        assert!(public.verify_token(client, time, signature));
        assert!(!public.verify_token(client, "2026-01-02T03:04:06Z", signature));
        assert!(!public.verify_token(&client.to_lowercase(), time, &signature.to_lowercase()));
    }
}

#[test]
fn a_signature_is_canonical_base64_or_wrong() {
    let private = PrivateKey::from_pem(&private_pem()).unwrap();
    let public = PublicKey::from_pem(&public_pem()).unwrap();
    let signature = private.sign_token("client", "2026-01-02T03:04:05Z");
    for wrong in [
        String::new(),
        signature.trim_end_matches('=').to_owned(),
        format!("{signature}\n"),
        format!(" {signature}"),
        signature.replace('+', "-").replace('/', "_"),
        "é".to_owned(),
        "AAAA".to_owned(),
    ] {
        if wrong != signature {
            assert!(
                !public.verify_token("client", "2026-01-02T03:04:05Z", &wrong),
                "{wrong:?}"
            );
        }
    }
}

#[test]
fn line_ends_wrapping_and_bare_base64_do_not_matter() {
    let pem = private_pem();
    let bare: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let one_line = format!("-----BEGIN PRIVATE KEY-----{bare}-----END PRIVATE KEY-----");
    let expected = PrivateKey::from_pem(&pem).unwrap().public_key_pem();
    for form in [
        pem.replace('\n', "\r\n"),
        one_line,
        bare,
        format!("\u{feff}\n  {pem}\n\n"),
    ] {
        assert_eq!(
            PrivateKey::from_pem(&form).unwrap().public_key_pem(),
            expected
        );
    }
    let bare: String = public_pem()
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let public = PublicKey::from_pem(&bare).unwrap();
    assert_eq!(public.to_pem(), expected);
    assert_eq!(
        public.fingerprint(),
        PublicKey::from_pem(&expected).unwrap().fingerprint()
    );
    assert_eq!(public.fingerprint().len(), 64);
}

#[test]
fn the_older_rsa_forms_are_read_too() {
    let private = PrivateKey::from_pem(include_str!("../vectors/rsa-2048-pkcs1.pem")).unwrap();
    let public = PublicKey::from_pem(include_str!("../vectors/rsa-2048-pkcs1-public.pem")).unwrap();
    assert!(public.verify_token("a", "b", &private.sign_token("a", "b")));
    assert_eq!(public.to_pem(), private.public_key_pem());
    let again = PrivateKey::from_pem(private.to_pkcs8_pem().expose()).unwrap();
    assert_eq!(again.public_key_pem(), private.public_key_pem());
}

#[test]
fn a_generated_key_goes_through_pem_and_back() {
    let key = PrivateKey::generate().unwrap();
    let pem = key.to_pkcs8_pem();
    assert!(pem.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let public = PublicKey::from_pem(&key.public_key_pem()).unwrap();
    let again = PrivateKey::from_pem(pem.expose()).unwrap();
    assert!(public.verify(b"message", &again.sign(b"message")));
    assert!(!public.verify(b"massage", &again.sign(b"message")));
}

#[test]
fn what_is_not_a_key_is_named() {
    let wrapped = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let wrong = |label: &str| {
        PrivateKey::from_pem(&wrapped(label))
            .unwrap_err()
            .to_string()
    };
    let expected =
        "expected an RSA private key in PKCS#8 (PRIVATE KEY) or PKCS#1 (RSA PRIVATE KEY), found ";
    assert_eq!(
        wrong("ENCRYPTED PRIVATE KEY"),
        format!("{expected}a private key encrypted with a passphrase")
    );
    assert_eq!(wrong("EC PRIVATE KEY"), format!("{expected}EC PRIVATE KEY"));
    assert_eq!(wrong("PUBLIC KEY"), format!("{expected}PUBLIC KEY"));
    assert_eq!(wrong("CERTIFICATE"), format!("{expected}a certificate"));
    assert_eq!(
        wrong("OPENSSH PRIVATE KEY"),
        format!("{expected}a private key in OpenSSH's own form")
    );
    assert_eq!(wrong("hëllo"), format!("{expected}something else"));
    assert!(matches!(
        PrivateKey::from_pem(&wrapped("PRIVATE KEY")),
        Err(KeyError::NotRsa { .. })
    ));
    for text in [
        "",
        "hello!",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA",
    ] {
        assert!(
            matches!(PrivateKey::from_pem(text), Err(KeyError::NotPem { .. })),
            "{text:?}"
        );
    }
    assert!(matches!(
        PublicKey::from_pem(&private_pem()),
        Err(KeyError::WrongForm { .. })
    ));
    assert!(matches!(
        PrivateKey::from_pem(&public_pem()),
        Err(KeyError::WrongForm { .. })
    ));
    let passphrase = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    assert!(
        PrivateKey::from_pem(passphrase)
            .unwrap_err()
            .to_string()
            .contains("Proc-Type")
    );
}

#[test]
fn keys_outside_2048_to_4096_bits_and_of_other_kinds_are_refused() {
    let short = include_str!("../vectors/rsa-1024-public.pem");
    assert!(matches!(
        PublicKey::from_pem(short),
        Err(KeyError::Size { bits: 1024 } | KeyError::NotRsa { .. })
    ));
    let long = include_str!("../vectors/rsa-8192-public.pem");
    assert_eq!(
        PublicKey::from_pem(long).unwrap_err(),
        KeyError::Size { bits: 8192 }
    );
    let curve = include_str!("../vectors/p256-public.pem");
    assert!(matches!(
        PublicKey::from_pem(curve),
        Err(KeyError::NotRsa { .. })
    ));
    assert!(PublicKey::from_pem(include_str!("../vectors/rsa-4096-public.pem")).is_ok());
}

#[test]
fn secrets_are_not_printed_and_compare() {
    let secret = Secret::new("SK-test-secret");
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    assert_eq!(secret, Secret::new("SK-test-secret"));
    assert_ne!(secret, Secret::new("SK-test-secreT"));
    assert_ne!(secret, Secret::new("SK-test-secret "));
    let key = PrivateKey::from_pem(&private_pem()).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey(…)");
}
