//! Tokens: what is believed and what is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::{Entropy, Kind, TokenError, TokenKey, Tokens, config};

const NOW_MS: i64 = 1_760_000_000_000;

fn key(id: &str, byte: u8, made_at_ms: i64) -> TokenKey {
    TokenKey {
        id: id.to_owned(),
        secret: vec![byte; 32],
        signs: true,
        made_at_ms,
    }
}

fn tokens(keys: &[TokenKey]) -> Tokens {
    Tokens::new(keys, config::Tokens::default(), Entropy::seeded(1))
}

fn with_header_and_claims(
    token: &str,
    change: impl Fn(&mut serde_json::Value, &mut serde_json::Value),
) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (mut header, mut claims) = (json(parts[0]), json(parts[1]));
    change(&mut header, &mut claims);
    let text = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", text(header), text(claims), parts[2])
}

#[test]
fn a_token_is_believed_until_it_ends() {
    let tokens = tokens(&[key("token-1", 1, 0)]);
    let issued = tokens.b2b("M", 2, NOW_MS).unwrap();
    assert_eq!(issued.expires_at_ms, NOW_MS + 900_000);
    let claims = tokens
        .verify(Kind::B2b, &issued.token, "M", 2, NOW_MS + 899_999)
        .unwrap();
    assert_eq!(
        (claims.client_id.as_str(), claims.epoch, claims.binding_id),
        ("M", 2, None)
    );
    let verify =
        |kind, client, epoch, now_ms| tokens.verify(kind, &issued.token, client, epoch, now_ms);
    assert_eq!(
        verify(Kind::B2b, "M", 2, NOW_MS + 900_000),
        Err(TokenError::Expired)
    );
    assert_eq!(verify(Kind::B2b, "M", 3, NOW_MS), Err(TokenError::Revoked));
    assert_eq!(
        verify(Kind::B2b, "N", 2, NOW_MS),
        Err(TokenError::OtherClient)
    );
    for kind in [Kind::B2b2c, Kind::Refresh, Kind::Bank] {
        assert_eq!(verify(kind, "M", 2, NOW_MS), Err(TokenError::OtherKind));
    }
    assert!(
        tokens
            .verify_ended_too(Kind::B2b, &issued.token, "M")
            .is_ok()
    );
}

#[test]
fn a_customers_token_names_its_binding_and_two_of_one_second_differ() {
    let tokens = tokens(&[key("token-1", 1, 0)]);
    let first = tokens.b2b2c("M", 0, "b-1", NOW_MS).unwrap();
    let second = tokens.b2b2c("M", 0, "b-1", NOW_MS).unwrap();
    assert_ne!(first.token, second.token);
    let claims = tokens
        .verify(Kind::B2b2c, &first.token, "M", 0, NOW_MS)
        .unwrap();
    assert_eq!(claims.binding_id.as_deref(), Some("b-1"));
    let refresh = tokens.refresh("M", 0, "b-1", NOW_MS).unwrap();
    assert_eq!(refresh.expires_at_ms, NOW_MS + 15 * 86_400_000);
}

#[test]
fn a_token_that_was_changed_or_signed_by_others_is_forged() {
    let tokens = tokens(&[key("token-1", 1, 0)]);
    let good = tokens.b2b("M", 0, NOW_MS).unwrap().token;
    let forged = [
        with_header_and_claims(&good, |_, claims| claims["exp"] = 9_999_999_999_i64.into()),
        with_header_and_claims(&good, |_, claims| claims["clientId"] = "M".into())
            .replace("eyJ", "eyI"),
        with_header_and_claims(&good, |header, _| header["alg"] = "none".into()),
        with_header_and_claims(&good, |header, _| header["alg"] = "HS512".into()),
        with_header_and_claims(&good, |header, _| header["alg"] = "RS256".into()),
        with_header_and_claims(&good, |header, _| header["kid"] = "token-2".into()),
        with_header_and_claims(&good, |header, _| {
            drop(header.as_object_mut().unwrap().remove("kid"))
        }),
        format!(
            "{}.",
            with_header_and_claims(&good, |h, _| h["alg"] = "none".into())
                .rsplit_once('.')
                .unwrap()
                .0
        ),
        self::tokens(&[key("token-1", 2, 0)])
            .b2b("M", 0, NOW_MS)
            .unwrap()
            .token,
        good.trim_end_matches(|_| true).to_owned(),
        "a.b.c".to_owned(),
    ];
    for token in forged {
        assert_eq!(
            tokens.verify(Kind::B2b, &token, "M", 0, NOW_MS),
            Err(TokenError::Forged),
            "{token}"
        );
        assert_eq!(
            tokens.verify_ended_too(Kind::B2b, &token, "M"),
            Err(TokenError::Forged),
            "{token}"
        );
    }
}

#[test]
fn a_new_key_signs_when_all_gateways_know_it_and_the_old_one_is_still_believed() {
    let tokens = tokens(&[key("token-1", 1, 0)]);
    let issue = |now_ms| tokens.b2b("M", 0, now_ms).unwrap().token;
    let kid = |token: &str, now_ms| tokens.verify(Kind::B2b, token, "M", 0, now_ms).unwrap().kid;
    let old = issue(NOW_MS);
    let new_key = key("token-2", 2, NOW_MS);
    tokens.replace(&[key("token-1", 1, 0), new_key.clone()]);
    assert_eq!(kid(&issue(NOW_MS + 59_999), NOW_MS), "token-1");
    let new = issue(NOW_MS + 60_000);
    assert_eq!(kid(&new, NOW_MS), "token-2");
    assert_eq!(kid(&old, NOW_MS), "token-1");

    tokens.replace(&[new_key]);
    assert_eq!(
        tokens.verify(Kind::B2b, &old, "M", 0, NOW_MS),
        Err(TokenError::Forged),
        "retired"
    );
    assert_eq!(kid(&new, NOW_MS), "token-2");
}

#[test]
fn another_issuer_or_audience_is_not_ours() {
    let ours = tokens(&[key("token-1", 1, 0)]);
    let settings = config::Tokens {
        issuer: "other".to_owned(),
        ..config::Tokens::default()
    };
    let theirs = Tokens::new(&[key("token-1", 1, 0)], settings, Entropy::seeded(1));
    let token = theirs.b2b("M", 0, NOW_MS).unwrap().token;
    assert_eq!(
        ours.verify(Kind::B2b, &token, "M", 0, NOW_MS),
        Err(TokenError::Forged)
    );
}

#[test]
fn a_token_is_not_shown_by_whoever_prints_what_was_issued() {
    let issued = tokens(&[key("token-1", 1, 0)]).b2b("M", 2, NOW_MS).unwrap();
    let shown = format!("{issued:?}");
    assert!(
        shown.contains("expires_at_ms") && !shown.contains("eyJ"),
        "{shown}"
    );
}
