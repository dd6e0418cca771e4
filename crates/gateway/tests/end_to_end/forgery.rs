//! Tokens that look like ours.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::Kind;
use serde_json::{Value, json};

use super::stage::{Stage, key};

/// Tokens made from a good one of any kind that must not be believed; each has one thing wrong.
pub fn forged(stage: &Stage, good: &str) -> Vec<(&'static str, String)> {
    let own = stage.app().keys.token().last().unwrap().secret.clone();
    let [header, claims, signature] = parts_of(good);
    let (head, body) = (read(header), read(claims));
    let hs256 = |secret: &[u8], header: &Value, claims: &Value| {
        signed(hmac::HMAC_SHA256, secret, header, claims)
    };
    let other_header = |name: &str, value: Value| {
        let mut other = head.clone();
        other[name] = value;
        other
    };
    let other_claims = |name: &str, value: Value| {
        let mut other = body.clone();
        other[name] = value;
        hs256(&own, &head, &other)
    };
    let without_claim = |name: &str| {
        let mut other = body.clone();
        other.as_object_mut().unwrap().remove(name).unwrap();
        hs256(&own, &head, &other)
    };
    // The way these are made is right: with nothing wrong it is believed.
    let same = hs256(&own, &head, &body);
    let (kind, client) = (body["typ"].clone(), body["clientId"].as_str().unwrap());
    let kind: Kind = serde_json::from_value(kind).unwrap();
    let believed = stage.app().tokens.verify_ended_too(kind, &same, client);
    assert!(believed.is_ok(), "{believed:?}");
    let public_key = key().public_key_pem();
    let none = |alg: &str| format!("{}.{claims}.", text(&other_header("alg", json!(alg))));
    let with_header = |header: &Value| format!("{}.{claims}.{signature}", text(header));
    let mut later = body.clone();
    later["exp"] = json!(body["exp"].as_i64().unwrap() + 1);
    let no_kid = json!({"typ": "JWT", "alg": "HS256"});
    let jwk = json!({"kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode("mine")});
    #[rustfmt::skip] // a table
    let forged = vec![
        ("not a token", "token".to_owned()),
        ("three dots", "...".to_owned()),
        ("the claims alone", claims.to_owned()),
        ("no signature", format!("{header}.{claims}")),
        ("an empty signature", format!("{header}.{claims}.")),
        ("a fourth part", format!("{good}.{signature}")),
        ("padding", format!("{good}=")),
        ("a changed header", format!("{}.{claims}.{signature}", flipped(header))),
        ("changed claims", format!("{header}.{}.{signature}", flipped(claims))),
        ("a changed signature", format!("{header}.{claims}.{}", flipped(signature))),
        ("a shorter signature", good[..good.len() - 4].to_owned()),
        ("a later end", format!("{header}.{}.{signature}", text(&later))),
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("alg none with a signature", with_header(&other_header("alg", json!("none")))),
        ("no alg", format!("{}.{claims}.{signature}", text(&json!({"kid": head["kid"]})))),
        ("HS512 by our key", signed(hmac::HMAC_SHA512, &own, &other_header("alg", json!("HS512")), &body)),
        ("HS384 by our key", signed(hmac::HMAC_SHA384, &own, &other_header("alg", json!("HS384")), &body)),
        ("RS256 by the merchant's key", rs256(&other_header("alg", json!("RS256")), &body)),
        ("RS256 in name", hs256(&own, &other_header("alg", json!("RS256")), &body)),
        ("another key", hs256(b"another key of thirty-two bytes!", &head, &body)),
        ("an empty key", hs256(b"", &head, &body)),
        ("the secret as key", hs256(b"secret of shop", &head, &body)),
        ("the public key as key", hs256(public_key.as_bytes(), &head, &body)),
        ("an unknown kid", hs256(&own, &other_header("kid", json!("token-0")), &body)),
        ("a kid that is a path", hs256(b"", &other_header("kid", json!("/dev/null")), &body)),
        ("no kid", hs256(&own, &no_kid, &body)),
        ("a key in the header", hs256(b"mine", &other_header("jwk", jwk), &body)),
        ("another kid in the claims", other_claims("kid", json!("token-0"))),
        ("another issuer", other_claims("iss", json!("DOKU"))),
        ("another audience", other_claims("aud", json!("somebody"))),
        ("another client", other_claims("clientId", json!("other"))),
        ("an unknown typ", other_claims("typ", json!("root"))),
        ("no typ", without_claim("typ")),
        ("no end", without_claim("exp")),
        ("no client", without_claim("clientId")),
    ];
    forged
}

/// The three parts of a token.
fn parts_of(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn text(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// Another letter in the middle, so that the length stays.
fn flipped(part: &str) -> String {
    let middle = part.len() / 2;
    let other = if &part[middle..=middle] == "A" {
        "B"
    } else {
        "A"
    };
    format!("{}{other}{}", &part[..middle], &part[middle + 1..])
}

fn signed(algorithm: hmac::Algorithm, secret: &[u8], header: &Value, claims: &Value) -> String {
    let head = format!("{}.{}", text(header), text(claims));
    let mac = hmac::sign(&hmac::Key::new(algorithm, secret), head.as_bytes());
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// Signed by the key whose public half the gateway holds for the merchant.
fn rs256(header: &Value, claims: &Value) -> String {
    let head = format!("{}.{}", text(header), text(claims));
    let pem = pem::parse(key().to_pkcs8_pem().expose()).unwrap();
    let key = RsaKeyPair::from_pkcs8(pem.contents()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        head.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(signature))
}
