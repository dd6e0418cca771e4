//! Endpoints that break, that are slow, that have certificates of their own, and keys that are rotated
//! while notifications go out: nothing is lost, nothing is overtaken, nobody waits for somebody else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod owing;
mod receiver;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use direct_debit::{MerchantId, NotificationState};
use gateway::App;
use owing::*;
use receiver::{Receiver, ok, plain, snap as answer, token};
use snap::{PublicKey, Secret};
use storage::merchants::{MerchantSettings, NotificationProfile, PreviousSecret};
use storage::notification_endpoints::{self, BreakerState, Endpoint};
use storage::notifications::NotificationKind;
use world::{CLIENT_ID, World, add_merchant, change_merchant, world};

const PAYMENT: NotificationKind = NotificationKind::Payment;

async fn endpoints(app: &App) -> Vec<Endpoint> {
    let merchant = MerchantId::new(CLIENT_ID);
    notification_endpoints::of_merchant(&app.store.reader(), &merchant)
        .await
        .unwrap()
}

async fn delivered(app: &App, count: usize) -> usize {
    let mut delivered = 0;
    for n in 0..count {
        let stored = stored(app, CLIENT_ID, &format!("n-{n}")).await;
        delivered += usize::from(stored.notification.state == NotificationState::Delivered);
    }
    delivered
}

async fn owe_many(app: &App, count: usize) {
    for n in 0..count {
        let id = format!("n-{n}");
        owe(app, CLIENT_ID, &id, PAYMENT, &id, BODY).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_is_probed_and_the_others_use_up_no_try() {
    let (up, receiver, world) = telling_one_that_is_down(503).await;
    let app = world.app();
    owe_many(app, 60).await;
    run(&world).await;
    // What was under way when the fifth failure was heard still came to its end.
    let tried = receiver.notifications().len();
    assert!((5..=21).contains(&tried), "{tried} tries");
    let told = endpoints(app).await;
    assert_eq!((told.len(), told[0].state), (1, BreakerState::Open));
    assert!(told[0].reason.as_deref().unwrap().contains("answered 503"));
    assert!(told[0].probe_at_ms.is_some());
    let mut untried = 0;
    for n in 0..60 {
        let stored = stored(app, CLIENT_ID, &format!("n-{n}")).await;
        assert!(matches!(
            stored.notification.state,
            NotificationState::Due { .. }
        ));
        untried += usize::from(stored.notification.attempts == 0);
    }
    assert_eq!(untried + tried, 60, "who was not sent has used up no try");

    // Each time a probe is due, one more goes and no other.
    for probes in 1..=3 {
        run_after(&world, MINUTE + 1).await;
        assert_eq!(receiver.notifications().len(), tried + probes);
    }

    up.store(true, Ordering::SeqCst);
    for _ in 0..12 {
        run_after(&world, MINUTE).await;
    }
    assert_eq!(delivered(app, 60).await, 60);
    assert_eq!(endpoints(app).await[0].state, BreakerState::Closed);
    world.running.stop().await;
}

#[tokio::test]
async fn of_one_payment_the_order_holds_across_an_open_breaker() {
    let (up, receiver, world) = telling_one_that_is_down(500).await;
    let app = world.app();
    for n in 0..24 {
        // Three states of each of eight payments.
        let (id, subject) = (format!("n-{n}"), format!("p-{}", n % 8));
        owe(
            app,
            CLIENT_ID,
            &id,
            PAYMENT,
            &subject,
            &format!(r#"{{"n":{n}}}"#),
        )
        .await;
    }
    run(&world).await;
    up.store(true, Ordering::SeqCst);
    let before = receiver.notifications().len();
    for _ in 0..12 {
        run_after(&world, MINUTE).await;
    }
    let arrived: Vec<usize> = receiver.notifications()[before..]
        .iter()
        .map(|seen| {
            let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
            usize::try_from(body["n"].as_u64().unwrap()).unwrap()
        })
        .collect();
    assert_eq!(arrived.len(), 24);
    for payment in 0..8 {
        let of_one: Vec<_> = arrived.iter().filter(|n| *n % 8 == payment).collect();
        assert!(of_one.is_sorted(), "{of_one:?}");
    }
    world.running.stop().await;
}

#[tokio::test]
async fn a_process_that_starts_knows_which_endpoints_are_broken() {
    let receiver = Receiver::with_tokens(|_| ok()).await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    let app = world.app();
    let now_ms = app.clock.business_now_ms();
    let broken = Endpoint {
        merchant: MerchantId::new(CLIENT_ID),
        url: format!("{}/notify", receiver.url),
        state: BreakerState::Open,
        failures: 9,
        since_ms: now_ms,
        probe_at_ms: Some(now_ms + MINUTE),
        reason: None,
    };
    let put = |s| {
        let broken = &broken;
        async move { notification_endpoints::put(&s, broken).await }
    };
    app.store.transact("a broken one", put).await.unwrap();
    owe_many(app, 3).await;
    run(&world).await;
    assert!(receiver.notifications().is_empty());
    run_after(&world, MINUTE + 1).await;
    run_after(&world, MINUTE).await;
    assert_eq!(delivered(app, 3).await, 3);
    assert_eq!(endpoints(app).await[0].state, BreakerState::Closed);
    world.running.stop().await;
}

#[tokio::test]
async fn a_list_of_pauses_of_the_merchants_own_is_followed_to_its_end() {
    let receiver = Receiver::with_tokens(|_| plain(500, "")).await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    let app = world.app();
    let own: NotificationProfile = "10s,1m,1h".parse().unwrap();
    change_merchant(app, CLIENT_ID, |merchant| {
        merchant.settings.notification_profile = own.clone();
    })
    .await;
    owe_one(app).await;
    run(&world).await;
    for pause in [10 * SECOND, MINUTE, HOUR] {
        let due = due_in_ms(app).await;
        let about = pause * 8 / 10 - 5 * SECOND..=pause * 12 / 10;
        assert!(about.contains(&due), "{due} for {pause}");
        run_after(&world, due + 1).await;
    }
    assert_eq!(state(app).await, NotificationState::Resting);
    assert_eq!(receiver.notifications().len(), 4);
    world.running.stop().await;
}

/// A server with the certificate in `tls/`, which is for `localhost` and 127.0.0.1.
async fn over_tls(listen: &str) -> World {
    let file = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/tls")
            .join(name)
    };
    let tls = gateway::config::Tls {
        cert: file("cert.pem"),
        key: file("key.pem"),
    };
    world(|config| {
        config.listen = listen.parse().unwrap();
        config.tls = Some(tls);
    })
    .await
}

#[tokio::test]
async fn an_authority_of_the_merchants_own_counts_for_its_urls_and_for_no_others() {
    let right = over_tls("127.0.0.1:0").await;
    let wrong = over_tls("127.0.0.2:0").await;
    let pem = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/cert.pem");
    let pem = std::fs::read_to_string(pem).unwrap();
    let (right_url, wrong_url) = (&right.running.url, &wrong.running.url);
    assert!(wrong_url.starts_with("https://127.0.0.2:"), "{wrong_url}");
    for (url, authority, outcome, words) in [
        // It answers, as a server that knows no such path.
        (right_url, Some(&pem), "refused", "answered 404"),
        (right_url, None, "not-sent", "certificate"),
        (wrong_url, Some(&pem), "not-sent", "certificate"),
    ] {
        let world = telling(&format!("{url}/notify")).await;
        let app = world.app();
        change_merchant(app, CLIENT_ID, |merchant| {
            merchant.extra_ca = authority.cloned();
        })
        .await;
        // Another merchant's authority changes nothing.
        add_merchant(app, "OTHER", "s", &world.key, MerchantSettings::default()).await;
        let other = format!("{right_url}/notify");
        change_merchant(app, "OTHER", |merchant| {
            merchant.notification_url = Some(other.clone());
        })
        .await;
        owe_one(app).await;
        owe(app, "OTHER", "o-1", PAYMENT, "o-1", BODY).await;
        run(&world).await;
        let tries = attempts(app).await;
        let detail = tries[0].detail.as_deref().unwrap_or_default();
        assert_eq!(tries[0].outcome, outcome, "{url}: {detail}");
        assert!(detail.contains(words), "{url}: {detail}");
        let other = attempts_of(app, "OTHER", "o-1").await;
        assert_eq!(other[0].outcome, "not-sent");
        world.running.stop().await;
    }
    right.running.stop().await;
    wrong.running.stop().await;
}

#[tokio::test]
async fn a_text_that_is_no_certificate_is_no_authority() {
    let world = world(|_| {}).await;
    let notifier = &world.app().notifier;
    for wrong in [
        "",
        "certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(notifier.check_authority(wrong).is_err(), "{wrong}");
    }
    let pem = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/cert.pem");
    let pem = std::fs::read_to_string(pem).unwrap();
    assert_eq!(notifier.check_authority(&pem), Ok(()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_notification_secret_that_is_rotated_loses_nothing_whenever_the_merchant_follows() {
    // The merchant verifies with the old secret until it has heard ten, then with the new one.
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let receiver = Receiver::with_tokens(move |seen| {
        let secret = if count.load(Ordering::SeqCst) < 10 {
            INBOUND
        } else {
            "new-secret"
        };
        if !seen.is_signed(secret) {
            return answer(401, "4015600", "Unauthorized. [Signature]");
        }
        count.fetch_add(1, Ordering::SeqCst);
        ok()
    })
    .await;
    let world = telling_with_token(&receiver).await;
    let app = world.app();
    owe_many(app, 30).await;
    let background = {
        let app = Arc::clone(app);
        tokio::spawn(async move { app.run_until_idle().await })
    };
    until(|| heard.load(Ordering::SeqCst) > 0).await;
    let until_ms = app.clock.business_now_ms() + HOUR;
    change_merchant(app, CLIENT_ID, |merchant| {
        let secret = std::mem::replace(&mut merchant.inbound_secret, Secret::new("new-secret"));
        merchant.previous_inbound_secret = Some(PreviousSecret { secret, until_ms });
    })
    .await;
    background.await.unwrap().unwrap();
    for n in 30..60 {
        let id = format!("n-{n}");
        owe(app, CLIENT_ID, &id, PAYMENT, &id, BODY).await;
    }
    run(&world).await;
    run_after(&world, MINUTE).await;
    assert_eq!(delivered(app, 60).await, 60);
    // Which secret the merchant believed is recorded.
    let (first, last) = (
        attempts_of(app, CLIENT_ID, "n-0").await,
        attempts_of(app, CLIENT_ID, "n-59").await,
    );
    assert_ne!(first.last().unwrap().key_id, last.last().unwrap().key_id);

    // After the overlap the old one is never used again.
    app.advance_clock(HOUR).await.unwrap();
    heard.store(0, Ordering::SeqCst);
    let before = receiver.notifications().len();
    owe(app, CLIENT_ID, "n-60", PAYMENT, "n-60", BODY).await;
    run(&world).await;
    let seen = receiver.notifications();
    assert!(
        seen[before..]
            .iter()
            .all(|seen| seen.is_signed("new-secret"))
    );
    world.running.stop().await;
}

#[tokio::test]
async fn the_gateways_own_key_is_rotated_under_way_without_a_restart() {
    let known: Arc<std::sync::Mutex<Vec<PublicKey>>> = Arc::default();
    let keys = Arc::clone(&known);
    let receiver = Receiver::start(move |seen| {
        let believed =
            keys.lock().unwrap().iter().any(|key| {
                seen.path == receiver::TOKEN && seen.is_token_request_of(CLIENT_ID, key)
            });
        std::future::ready(match seen.path.as_str() {
            // A token of no life is asked for each time.
            receiver::TOKEN if believed => token(&format!("token-{}", seen.before), "0"),
            receiver::TOKEN => answer(401, "4017300", "Unauthorized. Invalid Signature"),
            _ => ok(),
        })
    })
    .await;
    let world = telling_with_token(&receiver).await;
    let app = world.app();
    let copy = |key: &PublicKey| PublicKey::from_pem(&key.to_pem()).unwrap();
    let old = copy(&app.keys.notify()[0].public);
    known.lock().unwrap().push(copy(&old));
    let tell = async |n: usize| {
        let id = format!("n-{n}");
        owe(app, CLIENT_ID, &id, PAYMENT, &id, BODY).await;
        run(&world).await;
        let tries = attempts_of(app, CLIENT_ID, &id).await;
        assert_eq!(tries[0].outcome, "delivered", "{:?}", tries[0].detail);
        tries[0].key_id.clone().unwrap()
    };
    assert!(tell(0).await.ends_with(&old.fingerprint()));

    let now_ms = app.clock.business_now_ms();
    let new = gateway::rotate_notify_key(&app.store, &app.entropy, now_ms, HOUR)
        .await
        .unwrap();
    // In the overlap the old one signs; a merchant that has taken over the new one too early is
    // asked with that.
    assert!(tell(1).await.ends_with(&old.fingerprint()));
    *known.lock().unwrap() = vec![copy(&new)];
    assert!(tell(2).await.ends_with(&new.fingerprint()));
    let again = gateway::rotate_notify_key(&app.store, &app.entropy, now_ms, HOUR).await;
    assert!(again.is_err(), "one at a time");

    // Afterwards the new one signs; a merchant that has forgotten to take it over is asked with the
    // old one.
    app.advance_clock(HOUR).await.unwrap();
    assert!(tell(3).await.ends_with(&new.fingerprint()));
    *known.lock().unwrap() = vec![copy(&old)];
    assert!(tell(4).await.ends_with(&old.fingerprint()));

    // In the end the old one is retired.
    app.advance_clock(gateway::NOTIFY_OVERLAP_MS).await.unwrap();
    *known.lock().unwrap() = vec![copy(&new)];
    assert!(tell(5).await.ends_with(&new.fingerprint()));
    assert_eq!(app.keys.notify().len(), 1);
    world.running.stop().await;
}

#[tokio::test]
async fn token_keys_are_retired_when_nothing_that_they_signed_can_be_alive() {
    let world = world(|_| {}).await;
    let app = world.app();
    let now_ms = app.clock.business_now_ms();
    gateway::rotate_token_key(&app.store, &app.entropy, now_ms)
        .await
        .unwrap();
    let old = app.tokens.b2b(CLIENT_ID, 0, now_ms).unwrap().token;
    let verify = |now_ms| {
        app.tokens
            .verify(gateway::Kind::B2b, &old, CLIENT_ID, 0, now_ms)
            .err()
    };
    run_after(&world, 14 * 24 * HOUR).await;
    assert_eq!(verify(now_ms), None);
    run_after(&world, 2 * 24 * HOUR).await;
    assert!(verify(now_ms).is_some(), "the key is gone");
    world.running.stop().await;
}

/// What fits into the buffers of two sockets, with room to spare; a gibibyte does not.
const A_FEW_BUFFERS: usize = 32 << 20;

#[tokio::test]
async fn of_a_gibibyte_only_the_beginning_is_taken_wherever_it_comes_from() {
    const BODY_OF_IT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
    const REFUSAL: &str = "HTTP/1.1 500 No\r\ncontent-length: 1073741824\r\n\r\n";
    const HEAD_OF_IT: &str = "HTTP/1.1 200 OK\r\nx-header: ";
    for (head, outcome) in [
        (BODY_OF_IT, "delivered"),
        (REFUSAL, "refused"),
        (HEAD_OF_IT, "lost"),
    ] {
        let (url, written) = receiver::gibibyte(head).await;
        let world = telling(&url).await;
        owe_one(world.app()).await;
        run(&world).await;
        assert_eq!(attempts(world.app()).await[0].outcome, outcome, "{head}");
        assert!(written.load(Ordering::SeqCst) < A_FEW_BUFFERS);

        // The same at the token URL costs the try.
        change_merchant(world.app(), CLIENT_ID, |merchant| {
            merchant.token_url = Some(url.clone());
        })
        .await;
        written.store(0, Ordering::SeqCst);
        owe(world.app(), CLIENT_ID, "n-2", PAYMENT, "p-2", BODY).await;
        run(&world).await;
        let tries = attempts_of(world.app(), CLIENT_ID, "n-2").await;
        assert_eq!(tries[0].outcome, "no-token", "{head}");
        assert!(written.load(Ordering::SeqCst) < A_FEW_BUFFERS);
        world.running.stop().await;
    }
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    const ZEROS: &[u8] = include_bytes!("receiver/ten_mebibytes_of_zeros.gz");
    let receiver = Receiver::start(|_| async {
        let mut bomb = plain(200, "");
        *bomb.body_mut() = ZEROS.into();
        let gzip = http::HeaderValue::from_static("gzip");
        bomb.headers_mut().insert("content-encoding", gzip);
        bomb
    })
    .await;
    let world = telling(&format!("{}/notify", receiver.url)).await;
    owe_one(world.app()).await;
    run(&world).await;
    let tries = attempts(world.app()).await;
    assert_eq!(tries[0].outcome, "delivered");
    let packed = String::from_utf8_lossy(&ZEROS[..4_096]).replace('\0', "\u{fffd}");
    assert_eq!(tries[0].answer.as_deref(), Some(packed.as_str()));
    assert!(receiver.notifications()[0].get("accept-encoding").is_none());
    world.running.stop().await;
}

#[tokio::test]
async fn a_token_url_that_sends_us_in_circles_is_asked_once() {
    let receiver = Receiver::start(|seen| {
        let mut response = plain(307, "");
        let location = http::HeaderValue::from_str(&seen.path).unwrap();
        response.headers_mut().insert("location", location);
        std::future::ready(response)
    })
    .await;
    let world = telling_with_token(&receiver).await;
    owe_one(world.app()).await;
    run(&world).await;
    let tries = attempts(world.app()).await;
    assert_eq!(tries[0].outcome, "no-token");
    assert_eq!(tries[0].detail.as_deref(), Some("token: answered 307"));
    assert_eq!(receiver.token_requests().len(), 1);
    assert!(receiver.notifications().is_empty());
    world.running.stop().await;
}
