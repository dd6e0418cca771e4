//! Steps 2 to 8 of every operation: what is checked, in which order, and what it is called.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod world;

use gateway::Trail;
use gateway::api::signed::{Signed, receive};
use snap::messages::balance::BalanceRequest;
use snap::messages::binding::BindingRequest;
use snap::messages::refund::RefundRequest;
use snap::messages::status::StatusRequest;
use snap::{Refusal, Request, paths};
use world::{CLIENT_ID, Call, World, add_merchant, change_merchant, world};

const BALANCE: &str = r#"{"additionalInfo":{"channel":"DIRECT_DEBIT_ALLO_SNAP"}}"#;

async fn received<R: Request>(world: &World, call: &Call) -> Result<Signed<R>, Refusal> {
    let mut trail = Trail::default();
    receive::<R>(world.app(), &call.parts(), call.body.as_bytes(), &mut trail).await
}

/// The response code and message of a refused balance inquiry.
async fn refused(world: &World, call: &Call) -> (String, String) {
    let refusal = received::<BalanceRequest>(world, call)
        .await
        .expect_err("should be refused");
    (
        refusal.code(BalanceRequest::SERVICE).to_string(),
        refusal.message(),
    )
}

fn balance(world: &World) -> Call {
    let mut call = Call::new(world, paths::BALANCE, BALANCE);
    let now_ms = world.app().clock.business_now_ms();
    let token = world
        .app()
        .tokens
        .b2b2c(CLIENT_ID, 0, "binding-1", now_ms)
        .unwrap()
        .token;
    call.set("Authorization-Customer", &format!("Bearer {token}"));
    call
}

#[tokio::test]
async fn a_signed_request_is_received_with_its_customer() {
    let world = world(|_| {}).await;
    let mut call = balance(&world);
    let signed = received::<BalanceRequest>(&world, &call).await.unwrap();
    assert_eq!(signed.merchant.id(), CLIENT_ID);
    assert_eq!(signed.external_id, "12345678901234567890");
    assert_eq!(signed.customer.unwrap().binding_id, "binding-1");
    assert_eq!(signed.canonical_body, BALANCE.as_bytes());
    assert_eq!(signed.ip, Some("203.0.113.10".parse().unwrap()));

    let bare = call.get("Authorization-Customer").replace("Bearer ", "");
    call.set("Authorization-Customer", &bare);
    assert!(
        received::<BalanceRequest>(&world, &call).await.is_ok(),
        "a bare customer token is fine"
    );
    world.running.stop().await;
}

#[tokio::test]
async fn each_missing_or_spoilt_header_has_its_own_answer() {
    let world = world(|_| {}).await;
    type Spoil = fn(&mut Call) -> &mut Call;
    const OTHER: &str = r#"{"additionalInfo":{"channel":"DIRECT_DEBIT_BRI_SNAP"}}"#;
    #[rustfmt::skip] // a table
    let cases: &[(&str, Spoil, &str, &str)] = &[
        ("no partner", |c| c.remove("X-PARTNER-ID"), "4001102", "Invalid Mandatory Field X-PARTNER-ID"),
        ("empty partner", |c| c.set("X-PARTNER-ID", ""), "4001102", "Invalid Mandatory Field X-PARTNER-ID"),
        ("unknown partner", |c| c.set("X-PARTNER-ID", "X"), "4011100", "Unauthorized. [Invalid Signature]"),
        ("no time", |c| c.remove("X-TIMESTAMP"), "4001102", "Invalid Mandatory Field X-TIMESTAMP"),
        ("odd time", |c| c.set("X-TIMESTAMP", "today"), "4001101", "Invalid Field Format X-TIMESTAMP"),
        ("old time", |c| c.set("X-TIMESTAMP", "2020-01-01T00:00:00Z"), "4011100", "Unauthorized. [X-TIMESTAMP out of range]"),
        ("no token", |c| c.remove("Authorization"), "4011103", "Token Not Found (B2B)"),
        ("other scheme", |c| c.set("Authorization", "Basic x"), "4011101", "Invalid Token (B2B)"),
        ("forged token", |c| c.set("Authorization", "Bearer x.y.z"), "4011101", "Invalid Token (B2B)"),
        ("no signature", |c| c.remove("X-SIGNATURE"), "4001102", "Invalid Mandatory Field X-SIGNATURE"),
        ("wrong signature", |c| c.set("X-SIGNATURE", "AAAA"), "4011100", "Unauthorized. [Invalid Signature]"),
        ("other body", |c| c.body(OTHER), "4011100", "Unauthorized. [Invalid Signature]"),
        ("no external id", |c| c.remove("X-EXTERNAL-ID"), "4001102", "Invalid Mandatory Field X-EXTERNAL-ID"),
        ("odd external id", |c| c.set("X-EXTERNAL-ID", "a b"), "4001101", "Invalid Field Format X-EXTERNAL-ID"),
        ("no address", |c| c.set("X-IP-ADDRESS", ""), "4001102", "Invalid Mandatory Field X-IP-ADDRESS"),
        ("odd address", |c| c.set("X-IP-ADDRESS", "1.2.3"), "4001101", "Invalid Field Format X-IP-ADDRESS"),
        ("no customer", |c| c.remove("Authorization-Customer"), "4011104", "Customer Token Not Found"),
        ("odd customer", |c| c.set("Authorization-Customer", "x"), "4011102", "Invalid Customer Token"),
        ("not JSON", |c| c.body("{").sign(), "4001100", "Bad Request"),
        ("no channel", |c| c.body(r#"{"additionalInfo":{}}"#).sign(), "4001102", "Invalid Mandatory Field additionalInfo.channel"),
    ];
    for (name, spoil, code, message) in cases {
        let mut call = balance(&world);
        spoil(&mut call);
        assert_eq!(
            refused(&world, &call).await,
            ((*code).to_owned(), (*message).to_owned()),
            "{name}"
        );
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_repeated_header_is_refused_by_its_name() {
    let world = world(|_| {}).await;
    for name in [
        "X-PARTNER-ID",
        "X-TIMESTAMP",
        "Authorization",
        "X-SIGNATURE",
        "X-EXTERNAL-ID",
        "X-IP-ADDRESS",
    ] {
        let mut call = balance(&world);
        let value = call.get(name);
        call.headers.push((name.to_lowercase(), value));
        let expected = ("4001101".to_owned(), format!("Invalid Field Format {name}"));
        assert_eq!(refused(&world, &call).await, expected);
    }
    world.running.stop().await;
}

#[tokio::test]
async fn the_first_failing_step_answers() {
    let world = world(|_| {}).await;
    // Everything is wrong at once; mending it step by step shows the order.
    let mut call = balance(&world);
    let good = balance(&world);
    call.body = "{".to_owned();
    for name in [
        "Authorization-Customer",
        "X-EXTERNAL-ID",
        "X-SIGNATURE",
        "Authorization",
        "X-TIMESTAMP",
    ] {
        call.remove(name);
    }
    call.set("X-PARTNER-ID", "nobody");
    let steps: &[(&str, &str)] = &[
        ("4011100", "X-PARTNER-ID"),
        ("4001102", "X-TIMESTAMP"),
        ("4011103", "Authorization"),
        ("4001102", "X-SIGNATURE"),
        ("4001102", "X-EXTERNAL-ID"),
    ];
    for (code, header) in steps {
        assert_eq!(refused(&world, &call).await.0, *code, "{header}");
        call.set(header, &good.get(header));
        if *header == "X-SIGNATURE" {
            call.sign();
        }
    }
    assert_eq!(refused(&world, &call).await.0, "4001100", "the body");
    call.body = BALANCE.to_owned();
    call.sign();
    assert_eq!(
        refused(&world, &call).await.0,
        "4011104",
        "the customer's token"
    );
    world.running.stop().await;
}

#[tokio::test]
async fn tokens_of_others_expired_and_revoked_ones_are_refused() {
    let world = world(|_| {}).await;
    let app = world.app();
    let now_ms = app.clock.business_now_ms();
    let other = app.tokens.b2b("BRN-other", 0, now_ms).unwrap().token;
    let old = app
        .tokens
        .b2b(CLIENT_ID, 0, now_ms - 901_000)
        .unwrap()
        .token;
    let revoked = app.tokens.b2b(CLIENT_ID, 9, now_ms).unwrap().token;
    let customer = app.tokens.b2b2c(CLIENT_ID, 0, "b", now_ms).unwrap().token;
    for token in [&other, &old, &revoked, &customer] {
        let mut call = balance(&world);
        call.set("Authorization", &format!("Bearer {token}"));
        call.sign();
        assert_eq!(refused(&world, &call).await.0, "4011101");
    }
    let expired = app
        .tokens
        .b2b2c(CLIENT_ID, 0, "b", now_ms - 901_000)
        .unwrap()
        .token;
    let foreign = app.tokens.b2b2c("BRN-other", 0, "b", now_ms).unwrap().token;
    for token in [&expired, &foreign, &world.token()] {
        let mut call = balance(&world);
        call.set("Authorization-Customer", token);
        assert_eq!(refused(&world, &call).await.0, "4011102");
    }
    world.running.stop().await;
}

#[tokio::test]
async fn moving_business_time_forward_ends_tokens_but_not_timestamps() {
    let world = world(|_| {}).await;
    let call = balance(&world);
    world.app().advance_clock(899_000).await.unwrap();
    assert!(received::<BalanceRequest>(&world, &call).await.is_ok());
    world.app().advance_clock(2_000).await.unwrap();
    assert_eq!(refused(&world, &call).await.0, "4011101");
    assert!(
        received::<BalanceRequest>(&world, &balance(&world))
            .await
            .is_ok()
    );
    world.running.stop().await;
}

#[tokio::test]
async fn a_refund_takes_an_expired_customer_token_or_none_but_no_foreign_one() {
    let world = world(|_| {}).await;
    let body = r#"{"originalPartnerReferenceNo":"p-1","refundAmount":{"value":"1.00","currency":"IDR"},
        "partnerRefundNo":"r-1","reason":"x","additionalInfo":{"channel":"DIRECT_DEBIT_ALLO_SNAP"}}"#;
    let mut call = Call::new(&world, paths::REFUND, body);
    assert!(
        received::<RefundRequest>(&world, &call)
            .await
            .unwrap()
            .customer
            .is_none()
    );
    let now_ms = world.app().clock.business_now_ms();
    let expired = world
        .app()
        .tokens
        .b2b2c(CLIENT_ID, 0, "b", now_ms - 901_000)
        .unwrap()
        .token;
    call.set("Authorization-Customer", &expired);
    let signed = received::<RefundRequest>(&world, &call).await.unwrap();
    assert_eq!(signed.customer.unwrap().binding_id, "b");
    let foreign = world
        .app()
        .tokens
        .b2b2c("BRN-other", 0, "b", now_ms)
        .unwrap()
        .token;
    call.set("Authorization-Customer", &foreign);
    let refusal = received::<RefundRequest>(&world, &call).await.unwrap_err();
    assert_eq!(refusal.code(RefundRequest::SERVICE).to_string(), "4015802");
    world.running.stop().await;
}

#[tokio::test]
async fn a_status_needs_no_address_and_a_binding_needs_a_device() {
    let world = world(|_| {}).await;
    let body = r#"{"originalPartnerReferenceNo":"p-1","serviceCode":"54"}"#;
    let mut call = Call::new(&world, paths::STATUS, body);
    call.remove("X-IP-ADDRESS");
    call.remove("X-DEVICE-ID");
    assert!(received::<StatusRequest>(&world, &call).await.is_ok());

    let mut call = Call::new(&world, paths::BINDING, "{}");
    call.remove("X-DEVICE-ID");
    let refusal = received::<BindingRequest>(&world, &call).await.unwrap_err();
    assert_eq!(refusal, Refusal::mandatory("X-DEVICE-ID"));
    world.running.stop().await;
}

#[tokio::test]
async fn a_strict_merchant_is_held_to_the_documented_forms() {
    let world = world(|_| {}).await;
    change_merchant(world.app(), CLIENT_ID, |merchant| {
        merchant.settings.strict = true
    })
    .await;
    for (name, value) in [
        ("X-EXTERNAL-ID", "abc"),
        ("X-IP-ADDRESS", "1.1.1.1"),
        ("X-IP-ADDRESS", "::1"),
    ] {
        let mut call = balance(&world);
        call.set(name, value);
        assert_eq!(
            refused(&world, &call).await.1,
            format!("Invalid Field Format {name}")
        );
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_disabled_merchant_answers_like_an_unknown_one() {
    let world = world(|_| {}).await;
    change_merchant(world.app(), CLIENT_ID, |merchant| {
        merchant.state = storage::merchants::MerchantState::Disabled
    })
    .await;
    let expected = (
        "4011100".to_owned(),
        "Unauthorized. [Invalid Signature]".to_owned(),
    );
    assert_eq!(refused(&world, &balance(&world)).await, expected);
    world.running.stop().await;
}

#[tokio::test]
async fn the_secret_before_is_accepted_until_its_time_is_over() {
    let world = world(|_| {}).await;
    let until_ms = world.app().clock.business_now_ms() + 60_000;
    change_merchant(world.app(), CLIENT_ID, |merchant| {
        let secret = merchant.secret.clone();
        merchant.previous_secret = Some(storage::merchants::PreviousSecret { secret, until_ms });
        merchant.secret = snap::Secret::new("the-new-one");
    })
    .await;
    assert!(
        received::<BalanceRequest>(&world, &balance(&world))
            .await
            .is_ok()
    );
    world.app().advance_clock(61_000).await.unwrap();
    assert_eq!(refused(&world, &balance(&world)).await.0, "4011100");
    world.running.stop().await;
}

#[tokio::test]
async fn over_its_rate_a_merchant_waits_and_a_stranger_too() {
    let world = world(|config| config.limits.address_per_second = 3).await;
    change_merchant(world.app(), CLIENT_ID, |merchant| {
        merchant.settings.requests_per_second = Some(2)
    })
    .await;
    let call = balance(&world);
    for _ in 0..2 {
        assert!(received::<BalanceRequest>(&world, &call).await.is_ok());
    }
    let is_over = async |call: &Call| match received::<BalanceRequest>(&world, call).await {
        Ok(_) => false,
        Err(refusal) => refusal.code(BalanceRequest::SERVICE).to_string() == "4291100",
    };
    let mut stranger = balance(&world);
    stranger.set("X-SIGNATURE", "AAAA");
    for who in [&call, &stranger] {
        // A slow machine lets so much time pass between them that some more are within the rate.
        let mut tries = 1;
        while !is_over(who).await {
            tries += 1;
            assert!(tries < 100, "the rate never ends");
        }
    }
    world.running.stop().await;
}

#[tokio::test]
async fn the_usual_mistakes_are_found_for_the_request_log() {
    let world = world(|_| {}).await;
    let good = balance(&world);
    let token = good.get("Authorization").replace("Bearer ", "");
    let now = good.get("X-TIMESTAMP");
    let secret = snap::Secret::new(world::SECRET);
    let sign = |method: &str, path: &str, token: &str, body: &[u8]| {
        snap::signature::sign(&secret, method, path, token, body, &now)
    };
    let right = sign("POST", paths::BALANCE, &token, BALANCE.as_bytes());
    let hex = hex::encode(
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &right).unwrap(),
    );
    let url = format!("{}{}", world.app().config.public_url, paths::BALANCE);
    let cases = [
        (
            sign("post", paths::BALANCE, &token, BALANCE.as_bytes()),
            "lower case",
        ),
        (sign("POST", &url, &token, BALANCE.as_bytes()), "whole URL"),
        (
            sign(
                "POST",
                paths::BALANCE,
                &format!("Bearer {token}"),
                BALANCE.as_bytes(),
            ),
            "word Bearer",
        ),
        (hex, "hex"),
        (sign("POST", paths::BALANCE, &token, b""), "empty body"),
    ];
    for (signature, finding) in cases {
        let mut call = balance(&world);
        call.set("Authorization", &format!("Bearer {token}"));
        call.set("X-TIMESTAMP", &now);
        call.set("X-SIGNATURE", &signature);
        let mut trail = Trail::default();
        let parts = call.parts();
        assert!(
            receive::<BalanceRequest>(world.app(), &parts, BALANCE.as_bytes(), &mut trail)
                .await
                .is_err()
        );
        assert!(
            trail
                .finding
                .as_deref()
                .is_some_and(|found| found.contains(finding)),
            "{:?}",
            trail.finding
        );
        let shown = trail.string_to_sign.unwrap();
        assert!(
            !shown.contains(&token)
                && shown.starts_with("POST:/direct-debit/core/v1/balance-inquiry:"),
            "{shown}"
        );
    }
    world.running.stop().await;
}

#[tokio::test]
async fn one_merchants_signature_is_not_anothers() {
    let world = world(|_| {}).await;
    add_merchant(
        world.app(),
        "BRN-2",
        "another-secret",
        &world.key,
        Default::default(),
    )
    .await;
    let mut call = balance(&world);
    call.set("X-PARTNER-ID", "BRN-2");
    assert_eq!(
        refused(&world, &call).await.0,
        "4011101",
        "the token is not theirs"
    );
    let now_ms = world.app().clock.business_now_ms();
    let theirs = world.app().tokens.b2b("BRN-2", 0, now_ms).unwrap().token;
    call.set("Authorization", &format!("Bearer {theirs}"));
    call.sign();
    assert_eq!(
        refused(&world, &call).await.0,
        "4011100",
        "the secret is not theirs"
    );
    world.running.stop().await;
}
