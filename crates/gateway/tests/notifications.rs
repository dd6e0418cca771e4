//! Notifications from the outbox to merchants of every kind: kind ones, hostile ones, slow ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod owing;
mod receiver;
mod world;

use std::sync::Arc;
use std::time::Duration;

use direct_debit::NotificationState;
use merchant_sdk::notifications::{Paths, Settings, router, to_channel};
use owing::*;
use receiver::{Receiver, Then, ok, plain, raw, snap as answer};
use snap::{PublicKey, Secret, paths, timestamp::Timestamp};
use storage::Lease;
use storage::merchants::{MerchantSettings, NotificationProfile};
use storage::notification_trials;
use storage::notifications::NotificationKind;
use tokio::net::TcpListener;
use world::{CLIENT_ID, add_merchant, change_merchant, world};

#[tokio::test]
async fn a_merchant_built_on_the_sdk_verifies_what_it_is_told() {
    let world = world(|_| {}).await;
    let app = world.app();
    let gateway = PublicKey::from_pem(&app.keys.notify()[0].public.to_pem()).unwrap();
    let settings = Settings::new(CLIENT_ID, gateway, Secret::new(INBOUND));
    let (deliver, mut received) = tokio::sync::mpsc::channel(8);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shop = router(settings, &Paths::default(), to_channel(deliver));
    tokio::spawn(async move { axum::serve(listener, shop).await });
    change_merchant(app, CLIENT_ID, |merchant| {
        merchant.token_url = Some(format!("{url}{}", paths::BANK_TOKEN_B2B));
        merchant.notification_url = Some(format!("{url}{}", paths::NOTIFY));
        merchant.binding_notification_url = Some(format!("{url}{}", paths::BINDING_NOTIFY));
    })
    .await;
    owe_one(app).await;
    owe(
        app,
        CLIENT_ID,
        "n-2",
        NotificationKind::Binding,
        "binding",
        BINDING,
    )
    .await;
    run(&world).await;
    let mut told = [
        received.recv().await.unwrap(),
        received.recv().await.unwrap(),
    ];
    told.sort_by_key(|one| one.external_id.clone());
    let payment = told[0].payment().unwrap();
    assert_eq!(
        (
            told[0].external_id.as_str(),
            payment.amount.to_string().as_str()
        ),
        ("10003", "10000.00")
    );
    assert_eq!(told[1].external_id, "10007");
    assert!(told[1].payment().is_none());
    assert_eq!(state(app).await, NotificationState::Delivered);
    let tries = attempts(app).await;
    assert_eq!(
        (tries.len(), tries[0].outcome.as_str(), tries[0].http_status),
        (1, "delivered", Some(200))
    );
    assert_eq!(tries[0].address.as_deref(), Some("127.0.0.1"));
    assert!(tries[0].answer.as_deref().unwrap().contains("2005600"));
    assert!(tries[0].key_id.as_deref().unwrap().starts_with("hmac:"));
    world.running.stop().await;
}

#[tokio::test]
async fn every_try_has_the_same_id_and_body_and_its_own_time_and_signature() {
    let receiver = Receiver::with_tokens(|seen| {
        if seen.before < 3 {
            plain(500, "")
        } else {
            ok()
        }
    })
    .await;
    let world = telling_with_token(&receiver).await;
    let app = world.app();
    owe_one(app).await;
    run(&world).await;
    for (failed, low, high) in [(1, 4, 6), (2, 24, 36), (3, 96, 144)] {
        assert_eq!(receiver.notifications().len(), failed);
        let due = due_in_ms(app).await;
        assert!(
            (low * SECOND - 500..=high * SECOND).contains(&due),
            "after {failed}: {due}"
        );
        run_after(&world, due - 1_000).await;
        assert_eq!(receiver.notifications().len(), failed, "too soon");
        run_after(&world, 1_100).await;
    }
    assert_eq!(state(app).await, NotificationState::Delivered);
    let seen = receiver.notifications();
    assert_eq!(seen.len(), 4);
    for one in &seen {
        assert_eq!(
            (one.path.as_str(), one.body.as_str()),
            ("/notify?shop=1", BODY)
        );
        assert_eq!(one.get("x-external-id"), Some("10003"));
        assert_eq!(one.get("x-partner-id"), Some(CLIENT_ID));
        assert_eq!(one.get("x-client-key"), Some(CLIENT_ID));
        assert_eq!(one.get("content-type"), Some("application/json"));
        assert_eq!(one.get("authorization-customer"), None);
        let time = Timestamp::parse(one.get("x-timestamp").unwrap()).unwrap();
        let off_ms = time.unix_ms().abs_diff(app.clock.wall_now_ms());
        assert!(
            off_ms < 60_000,
            "the wall's time, not the business's: {off_ms}"
        );
        assert!(one.is_signed(INBOUND));
        assert_eq!(one.bearer(), "token-0", "the token is kept for its life");
    }
    let asked = receiver.token_requests();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].is_token_request_of(CLIENT_ID, &app.keys.notify()[0].public));
    let words: Vec<_> = attempts(app)
        .await
        .into_iter()
        .map(|one| one.outcome)
        .collect();
    assert_eq!(words, ["refused", "refused", "refused", "delivered"]);
    world.running.stop().await;
}

#[tokio::test]
async fn without_a_token_url_there_is_no_authorization_and_an_empty_token_is_signed() {
    let receiver = Receiver::with_tokens(|_| ok()).await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    let seen = receiver.notifications();
    assert_eq!((seen.len(), receiver.token_requests().len()), (1, 0));
    assert_eq!(seen[0].get("authorization"), None);
    assert!(seen[0].is_signed(INBOUND));
    world.running.stop().await;
}

#[tokio::test]
async fn the_customers_address_and_device_go_along_where_they_are_known() {
    let receiver = Receiver::with_tokens(|_| ok()).await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    let app = world.app();
    change_merchant(app, CLIENT_ID, |merchant| {
        merchant.binding_notification_url = merchant.notification_url.clone();
    })
    .await;
    owe_one(app).await;
    run(&world).await;
    let kind = NotificationKind::Binding;
    owe(app, CLIENT_ID, "n-2", kind, "b-1", BINDING).await;
    run(&world).await;
    let seen = receiver.notifications();
    assert_eq!(seen[0].get("x-ip-address"), Some("203.0.113.10"));
    assert_eq!(seen[0].get("x-device-id"), Some("device-1"));
    assert_eq!(seen[1].get("x-ip-address"), None);
    assert_eq!(seen[1].get("x-device-id"), None);
    world.running.stop().await;
}

#[tokio::test]
async fn a_token_that_the_merchant_no_longer_knows_is_renewed_once_within_the_try() {
    for (status, code, message) in [
        (401, "4015601", "Invalid Token (B2B)"),
        (500, "5005600", "Invalid Token"),
        (200, "5005600", "Invalid Token"),
    ] {
        let receiver = Receiver::with_tokens(move |seen| match seen.bearer() {
            "token-0" => answer(status, code, message),
            _ => ok(),
        })
        .await;
        let world = telling_with_token(&receiver).await;
        owe_one(world.app()).await;
        run(&world).await;
        let tokens: Vec<_> = receiver
            .notifications()
            .iter()
            .map(|one| one.bearer().to_owned())
            .collect();
        assert_eq!(tokens, ["token-0", "token-1"], "{status}");
        assert_eq!(state(world.app()).await, NotificationState::Delivered);
        assert_eq!(
            attempts(world.app()).await.len(),
            1,
            "both posts are one try"
        );
        world.running.stop().await;
    }
}

#[tokio::test]
async fn a_merchant_that_knows_no_token_of_its_own_is_asked_twice_and_then_later() {
    let receiver = Receiver::with_tokens(|_| answer(200, "5005600", "Invalid Token")).await;
    let world = telling_with_token(&receiver).await;
    owe_one(world.app()).await;
    run(&world).await;
    assert_eq!(
        (
            receiver.notifications().len(),
            receiver.token_requests().len()
        ),
        (2, 2)
    );
    let tries = attempts(world.app()).await;
    assert_eq!(
        (tries.len(), tries[0].outcome.as_str(), tries[0].http_status),
        (1, "refused", Some(200))
    );
    assert_eq!(
        tries[0].detail.as_deref(),
        Some("answered 200 5005600 Invalid Token")
    );
    assert!(due_in_ms(world.app()).await > 0);
    world.running.stop().await;
}

#[tokio::test]
async fn a_token_endpoint_that_lies_or_fails_costs_a_try_and_no_more() {
    for (status, body) in [
        (500, "SECRET"),
        (200, "SECRET"),
        (200, r#"{"responseCode":"2007300","accessToken":""}"#),
        (302, "SECRET"),
    ] {
        let receiver = Receiver::start(move |seen| {
            let response = if seen.path == receiver::TOKEN {
                plain(status, body)
            } else {
                ok()
            };
            std::future::ready(response)
        })
        .await;
        let world = telling_with_token(&receiver).await;
        owe_one(world.app()).await;
        run(&world).await;
        assert!(receiver.notifications().is_empty());
        let tries = attempts(world.app()).await;
        assert_eq!(
            (tries[0].outcome.as_str(), tries[0].http_status),
            ("no-token", None),
            "{status}"
        );
        assert!(
            tries[0]
                .detail
                .as_deref()
                .unwrap()
                .starts_with("token: answered")
        );
        assert!(!format!("{tries:?}").contains("SECRET"));
        assert!(due_in_ms(world.app()).await > 0);
        world.running.stop().await;
    }
}

#[tokio::test]
async fn many_notifications_at_once_share_one_token_request() {
    let receiver = Receiver::with_tokens(|_| ok()).await;
    let world = telling_with_token(&receiver).await;
    for n in 0..40 {
        let id = format!("n-{n}");
        owe(
            world.app(),
            CLIENT_ID,
            &id,
            NotificationKind::Payment,
            &format!("p-{n}"),
            BODY,
        )
        .await;
    }
    run(&world).await;
    assert_eq!(
        (
            receiver.notifications().len(),
            receiver.token_requests().len()
        ),
        (40, 1)
    );
    world.running.stop().await;
}

#[tokio::test]
async fn an_answer_that_repeats_the_external_id_counts_only_on_a_later_try() {
    let receiver = Receiver::with_tokens(|_| answer(409, "4095600", "Conflict")).await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    assert!(due_in_ms(world.app()).await > 0);
    run_after(&world, 7 * SECOND).await;
    assert_eq!(state(world.app()).await, NotificationState::Delivered);
    let words: Vec<_> = attempts(world.app())
        .await
        .into_iter()
        .map(|one| one.outcome)
        .collect();
    assert_eq!(words, ["repeated", "repeated"]);
    world.running.stop().await;
}

#[tokio::test]
async fn a_conflict_after_tries_that_never_arrived_does_not_count() {
    let receiver = Receiver::with_tokens(|_| answer(409, "4095600", "Conflict")).await;
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let world = telling(&format!("http://{closed}/notify")).await;
    owe_one(world.app()).await;
    run(&world).await;
    let url = format!("{}/notify", receiver.url);
    change_merchant(world.app(), CLIENT_ID, |merchant| {
        merchant.notification_url = Some(url.clone())
    })
    .await;
    run_after(&world, 7 * SECOND).await;
    assert_eq!(attempts(world.app()).await[0].outcome, "not-sent");
    assert!(due_in_ms(world.app()).await > 0);
    run_after(&world, 40 * SECOND).await;
    assert_eq!(state(world.app()).await, NotificationState::Delivered);
    world.running.stop().await;
}

#[tokio::test]
async fn retry_after_puts_the_next_try_off() {
    let receiver = Receiver::with_tokens(|_| {
        let mut response = plain(503, "");
        response
            .headers_mut()
            .insert("retry-after", http::HeaderValue::from_static("120"));
        response
    })
    .await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    let due = due_in_ms(world.app()).await;
    assert!((115 * SECOND..=120 * SECOND).contains(&due), "{due}");
    world.running.stop().await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Receiver::with_tokens(|_| ok()).await;
    let target = elsewhere.url.clone();
    let receiver = Receiver::with_tokens(move |_| {
        let mut response = plain(307, "");
        response
            .headers_mut()
            .insert("location", target.parse().unwrap());
        response
    })
    .await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    assert!(elsewhere.notifications().is_empty());
    assert_eq!(attempts(world.app()).await[0].http_status, Some(307));
    assert!(due_in_ms(world.app()).await > 0);
    world.running.stop().await;
}

#[tokio::test]
async fn what_breaks_or_hangs_is_recorded_and_tried_again() {
    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"responseCode\":";
    for (bytes, then, outcome, status) in [
        ("", Then::Close, "lost", None),
        ("", Then::Reset, "lost", None),
        ("", Then::Hang, "late", None),
        ("nonsense\r\n\r\n", Then::Close, "lost", None),
        (HALF, Then::Close, "lost", Some(200)),
        (HALF, Then::Reset, "lost", Some(200)),
        (HALF, Then::Hang, "late", Some(200)),
        ("HTTP/1.1 200 OK\r\nx: ", Then::GoOnForEver, "lost", None),
    ] {
        let url = raw(bytes, then).await;
        let world = world(|config| config.notifications.timeout_ms = Some(400)).await;
        change_merchant(world.app(), CLIENT_ID, |merchant| {
            merchant.notification_url = Some(url.clone())
        })
        .await;
        owe_one(world.app()).await;
        run(&world).await;
        let tries = attempts(world.app()).await;
        let (word, http) = (tries[0].outcome.as_str(), tries[0].http_status);
        assert_eq!(
            (tries.len(), word, http),
            (1, outcome, status),
            "{bytes} {:?}",
            tries[0].detail
        );
        assert!(tries[0].detail.is_some() && tries[0].duration_ms < 2_000);
        assert!(due_in_ms(world.app()).await > 0);
        world.running.stop().await;
    }
}

#[tokio::test]
async fn of_an_answer_without_end_only_the_beginning_is_read_and_kept() {
    let endless = raw(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n",
        Then::GoOnForEver,
    )
    .await;
    let mega = Receiver::with_tokens(|_| plain(200, &"y".repeat(1 << 20))).await;
    for url in [endless, format!("{}/notify", mega.url)] {
        let world = telling(&url).await;
        owe_one(world.app()).await;
        run(&world).await;
        assert_eq!(
            state(world.app()).await,
            NotificationState::Delivered,
            "{url}"
        );
        let tries = attempts(world.app()).await;
        assert_eq!(tries[0].answer.as_ref().unwrap().len(), 4_096);
        assert!(tries[0].duration_ms < 1_500);
        world.running.stop().await;
    }
}

#[tokio::test]
async fn an_answer_is_kept_encrypted_whatever_bytes_it_is_made_of() {
    let receiver = Receiver::start(|_| async {
        let mut bytes = vec![0_u8, 255, 0, 200];
        bytes.extend_from_slice(b"visible");
        axum::response::IntoResponse::into_response((http::StatusCode::BAD_GATEWAY, bytes))
    })
    .await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    let tries = attempts(world.app()).await;
    assert_eq!(
        (tries[0].outcome.as_str(), tries[0].http_status),
        ("refused", Some(502))
    );
    assert!(tries[0].answer.as_ref().unwrap().ends_with("visible"));
    let dump = world.app().store.dump().await.unwrap().join("\n");
    assert!(!dump.contains("visible"));
    world.running.stop().await;
}

#[tokio::test]
async fn dokus_profile_counts_any_2xx_and_tries_after_30_minutes_6_and_12_hours() {
    let receiver = Receiver::with_tokens(|seen| match seen.before {
        0..4 => plain(500, ""),
        _ => answer(200, "5005600", "General Error"),
    })
    .await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    let app = world.app();
    change_merchant(app, CLIENT_ID, |merchant| {
        merchant.settings.notification_profile = NotificationProfile::Doku;
    })
    .await;
    owe_one(app).await;
    run(&world).await;
    for pause in [30 * MINUTE, 5 * HOUR + 30 * MINUTE, 6 * HOUR] {
        let due = due_in_ms(app).await;
        assert!(
            (pause - 2 * SECOND..=pause).contains(&due),
            "{due} for {pause}"
        );
        run_after(&world, due + 1).await;
    }
    assert_eq!(state(app).await, NotificationState::Resting);
    assert_eq!(receiver.notifications().len(), 4);

    owe(
        app,
        CLIENT_ID,
        "n-2",
        NotificationKind::Payment,
        "p-2",
        BODY,
    )
    .await;
    run(&world).await;
    assert_eq!(
        stored(app, CLIENT_ID, "n-2").await.notification.state,
        NotificationState::Delivered
    );
    world.running.stop().await;
}

#[tokio::test]
async fn the_prompt_schedule_ends_after_ten_tries() {
    let receiver = Receiver::with_tokens(|_| plain(500, "")).await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    while let NotificationState::Due { at_ms } = state(world.app()).await {
        run_after(&world, at_ms - world.app().clock.business_now_ms() + 1).await;
    }
    assert_eq!(state(world.app()).await, NotificationState::Resting);
    assert_eq!(
        (
            receiver.notifications().len(),
            attempts(world.app()).await.len()
        ),
        (10, 10)
    );
    run_after(&world, 48 * HOUR).await;
    assert_eq!(receiver.notifications().len(), 10, "it rests");
    world.running.stop().await;
}

#[tokio::test]
async fn of_one_payment_a_later_state_waits_for_an_earlier_one() {
    let receiver = Receiver::with_tokens(|seen| {
        if seen.before == 0 {
            plain(500, "")
        } else {
            ok()
        }
    })
    .await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    let app = world.app();
    owe_one(app).await;
    owe(
        app,
        CLIENT_ID,
        "n-2",
        NotificationKind::Payment,
        "p-1",
        r#"{"second":true}"#,
    )
    .await;
    owe(
        app,
        CLIENT_ID,
        "n-3",
        NotificationKind::Payment,
        "p-3",
        r#"{"other":true}"#,
    )
    .await;
    run(&world).await;
    let bodies = |receiver: &Receiver| -> Vec<String> {
        let of_first = receiver
            .notifications()
            .into_iter()
            .filter(|one| !one.body.contains("other"));
        of_first.map(|one| one.body).collect()
    };
    let first = bodies(&receiver);
    let failed = receiver.notifications()[0].body.contains("other");
    assert_eq!(first.len(), if failed { 2 } else { 1 });
    run_after(&world, 7 * SECOND).await;
    let sent = bodies(&receiver);
    assert_eq!(sent.last().unwrap(), r#"{"second":true}"#);
    assert_eq!(
        sent.iter().filter(|body| body.contains("second")).count(),
        1
    );
    world.running.stop().await;
}

#[tokio::test]
async fn without_a_url_it_rests_at_once_and_says_so() {
    let world = world(|_| {}).await;
    owe_one(world.app()).await;
    run(&world).await;
    assert_eq!(state(world.app()).await, NotificationState::Resting);
    let tries = attempts(world.app()).await;
    assert_eq!((tries.len(), tries[0].outcome.as_str()), (1, "no-url"));
    world.running.stop().await;
}

#[tokio::test]
async fn urls_into_the_operators_network_are_never_tried() {
    for url in [
        "http://10.0.0.1/notify",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00:ec2::254]/",
        "http://8.8.8.8/",
        "https://user:pass@shop.example/",
        "gopher://shop.example/",
    ] {
        let world = telling(url).await;
        owe_one(world.app()).await;
        run(&world).await;
        let tries = attempts(world.app()).await;
        assert_eq!(
            (tries[0].outcome.as_str(), tries[0].address.as_deref()),
            ("forbidden", None),
            "{url}"
        );
        assert!(
            due_in_ms(world.app()).await > 0,
            "the operator may yet allow it"
        );
        world.running.stop().await;
    }
}

#[tokio::test]
async fn a_name_is_checked_after_it_was_looked_up() {
    let receiver = Receiver::with_tokens(|_| ok()).await;
    let url = format!("{}/notify", receiver.url.replace("127.0.0.1", "localhost"));
    // Not a sandbox: this machine is as foreign as any other, unless the operator allows it.
    for (allowed, outcome) in [(false, "forbidden"), (true, "delivered")] {
        let world = world(|config| {
            config.sandbox = false;
            config.public_url = "https://gerbang.example".to_owned();
            config.notifications.allowed_networks = vec!["10.0.0.0/8".to_owned()];
            if allowed {
                config.notifications.allowed_hosts = vec!["LocalHost".to_owned()];
            }
        })
        .await;
        change_merchant(world.app(), CLIENT_ID, |merchant| {
            merchant.notification_url = Some(url.clone())
        })
        .await;
        owe_one(world.app()).await;
        run(&world).await;
        let tries = attempts(world.app()).await;
        assert_eq!(tries[0].outcome, outcome, "{:?}", tries[0].detail);
        let address = tries[0].address.as_deref().unwrap();
        assert!(
            address.contains("127.0.0.1") || address.contains("::1"),
            "{address}"
        );
        world.running.stop().await;
    }
    assert_eq!(receiver.notifications().len(), 1);
}

#[tokio::test]
async fn a_merchant_whose_certificate_is_not_trusted_is_told_nothing() {
    let file = |name: &str| {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/tls")
            .join(name)
    };
    let tls = gateway::config::Tls {
        cert: file("cert.pem"),
        key: file("key.pem"),
    };
    let impostor = world(|config| config.tls = Some(tls)).await;
    let world = telling(&format!("{}/notify", impostor.running.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    let tries = attempts(world.app()).await;
    assert_eq!(
        (tries[0].outcome.as_str(), tries[0].http_status),
        ("not-sent", None),
        "{:?}",
        tries[0].detail
    );
    world.running.stop().await;
    impostor.running.stop().await;
}

#[tokio::test]
async fn a_slow_merchant_does_not_hold_up_another() {
    let slow = Receiver::start(|_| async {
        // A merchant that takes its time.
        tokio::time::sleep(Duration::from_secs(30)).await;
        ok()
    })
    .await;
    let quick = Receiver::with_tokens(|_| ok()).await;
    let world = telling(&format!("{}/notify", slow.url)).await;
    let app = world.app();
    add_merchant(app, "QUICK", "s", &world.key, MerchantSettings::default()).await;
    let url = format!("{}/notify", quick.url);
    change_merchant(app, "QUICK", |merchant| {
        merchant.notification_url = Some(url.clone())
    })
    .await;
    for n in 0..100 {
        owe(
            app,
            CLIENT_ID,
            &format!("s-{n}"),
            NotificationKind::Payment,
            &format!("s-{n}"),
            BODY,
        )
        .await;
    }
    let background = {
        let app = Arc::clone(app);
        tokio::spawn(async move { app.run_until_idle().await })
    };
    until(|| !slow.notifications().is_empty()).await;
    owe(app, "QUICK", "q-1", NotificationKind::Payment, "q-1", BODY).await;
    until(|| quick.notifications().len() == 1).await;
    assert!(
        !background.is_finished(),
        "the slow merchant's tries are still under way"
    );
    assert!(
        slow.notifications().len() <= 16,
        "it takes up only so many places"
    );
    background.abort();
    world.running.stop().await;
}

#[tokio::test]
async fn what_a_dead_process_had_claimed_is_sent_when_its_lease_is_over() {
    let receiver = Receiver::with_tokens(|_| ok()).await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    let app = world.app();
    owe_one(app).await;
    let now_ms = app.clock.business_now_ms();
    let lease = Lease {
        now_ms,
        until_ms: now_ms + MINUTE,
        owner: "dead".to_owned(),
    };
    let places = on_trial(app).await;
    let claimed = app.store.transact("claim", |s| {
        let (lease, places) = (&lease, &places);
        async move { notification_trials::claim(&s, lease, places).await }
    });
    assert_eq!(claimed.await.unwrap().len(), 1);
    run(&world).await;
    assert!(receiver.notifications().is_empty());
    run_after(&world, MINUTE + 1).await;
    assert_eq!(receiver.notifications().len(), 1);
    assert_eq!(state(app).await, NotificationState::Delivered);
    world.running.stop().await;
}

#[tokio::test]
async fn a_gateway_that_stops_finishes_what_it_is_sending_and_begins_nothing_new() {
    let receiver = Receiver::start(|_| async {
        // A merchant that takes its time.
        tokio::time::sleep(Duration::from_millis(300)).await;
        ok()
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let mut config = world::config(&dir);
    let first = gateway::start(config.clone(), gateway::Given::default())
        .await
        .unwrap();
    let key = snap::PrivateKey::generate().unwrap();
    add_merchant(
        first.app(),
        CLIENT_ID,
        "s",
        &key,
        MerchantSettings::default(),
    )
    .await;
    let url = format!("{}/notify", receiver.url);
    change_merchant(first.app(), CLIENT_ID, |merchant| {
        merchant.notification_url = Some(url.clone());
    })
    .await;
    owe_one(first.app()).await;
    for n in 2..40 {
        let id = format!("n-{n}");
        owe(
            first.app(),
            CLIENT_ID,
            &id,
            NotificationKind::Payment,
            &id,
            BODY,
        )
        .await;
    }
    first.stop().await;

    config.background = gateway::Background::Running;
    let second = gateway::start(config.clone(), gateway::Given::default())
        .await
        .unwrap();
    until(|| !receiver.notifications().is_empty()).await;
    second.stop().await;
    let sent = receiver.notifications().len();
    assert!(sent < 39, "{sent}");

    config.background = gateway::Background::ByHand;
    let third = gateway::start(config, gateway::Given::default())
        .await
        .unwrap();
    third.app().advance_clock(3 * SECOND).await.unwrap();
    third.app().run_until_idle().await.unwrap();
    assert_eq!(receiver.notifications().len(), 39, "each exactly once");
    third.stop().await;
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let receiver = Receiver::with_tokens(|seen| {
        if seen.before == 0 {
            plain(500, "")
        } else {
            ok()
        }
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let config = world::config(&dir);
    let first = gateway::start(config.clone(), gateway::Given::default())
        .await
        .unwrap();
    let key = snap::PrivateKey::generate().unwrap();
    add_merchant(
        first.app(),
        CLIENT_ID,
        "s",
        &key,
        MerchantSettings::default(),
    )
    .await;
    let url = format!("{}/notify", receiver.url);
    change_merchant(first.app(), CLIENT_ID, |merchant| {
        merchant.notification_url = Some(url.clone())
    })
    .await;
    owe_one(first.app()).await;
    first.app().run_until_idle().await.unwrap();
    first.stop().await;

    let second = gateway::start(config, gateway::Given::default())
        .await
        .unwrap();
    second.app().advance_clock(7 * SECOND).await.unwrap();
    second.app().run_until_idle().await.unwrap();
    assert_eq!(state(second.app()).await, NotificationState::Delivered);
    let seen = receiver.notifications();
    assert_eq!(
        (seen.len(), &seen[0].body, seen[0].get("x-external-id")),
        (2, &seen[1].body, seen[1].get("x-external-id"))
    );
    second.stop().await;
}
