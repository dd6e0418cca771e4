//! Listeners: who hears a merchant's notifications for a while in its place.

use super::*;

/// A desk whose gateway takes listeners and whose clock stands, and the merchant's own receiver.
async fn desk_that_takes_listeners() -> (Desk, Receiver) {
    let given = gateway::Given {
        clock: Some(gateway::Clock::test(1_767_297_845_000)),
        ..gateway::Given::default()
    };
    let desk = desk_given(given, |config| config.management.listeners = true).await;
    let own = Receiver::with_tokens(|_: &_| ok()).await;
    desk.notify_at(&format!("{}/own", own.url)).await;
    (desk, own)
}

impl Desk {
    async fn listen(&self, receiver: &Receiver) -> Said {
        let urls = json!({
            "notificationUrl": format!("{}/heard", receiver.url),
            "tokenUrl": format!("{}{}", receiver.url, receiver::TOKEN),
        });
        self.signed("POST", "listeners", &urls.to_string()).await
    }

    async fn live_listeners(&self) -> usize {
        let said = self.get("listeners").await;
        said.body["listeners"].as_array().unwrap().len()
    }
}

fn listener_id(said: &Said) -> String {
    assert_eq!(said.status, 200, "{}", said.body);
    said.body["listener"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_listener_hears_notifications_in_the_merchants_place_until_it_ends() {
    let (desk, own) = desk_that_takes_listeners().await;
    let there = Receiver::with_tokens(|_: &_| ok()).await;
    let begun = desk.listen(&there).await;
    let id = listener_id(&begun);
    assert_eq!(begun.body["tookOver"], false);
    assert_eq!(
        begun.body["listener"]["expiresAt"],
        "2026-01-02T03:05:05+07:00"
    );

    let told = desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    let heard = there.notifications();
    assert_eq!((heard.len(), own.notifications().len()), (1, 0));
    assert_eq!(heard[0].path, "/heard");
    assert_eq!(heard[0].bearer(), "token-0");
    assert!(heard[0].is_signed("inbound-secret"));
    let shown = desk.get(&format!("notifications/{told}")).await;
    let attempt = &shown.body["notification"]["attempts"][0];
    assert_eq!(attempt["outcome"], "delivered");

    let ended = desk.signed("DELETE", &format!("listeners/{id}"), "").await;
    assert_eq!(ended.body["ended"], id.as_str());
    desk.owe(CLIENT_ID, "INV-2").await;
    desk.idle().await;
    assert_eq!(
        (there.notifications().len(), own.notifications().len()),
        (1, 1)
    );
    assert_eq!(own.notifications()[0].bearer(), "");
    let again = desk.signed("DELETE", &format!("listeners/{id}"), "").await;
    assert_eq!(again.code(), "4040001");
}

#[tokio::test]
async fn a_listener_is_over_a_minute_after_it_was_last_renewed() {
    let (desk, own) = desk_that_takes_listeners().await;
    let there = Receiver::with_tokens(|_: &_| ok()).await;
    let id = listener_id(&desk.listen(&there).await);
    let clock = &desk.world.app().clock;
    clock.move_test_wall(59_000);
    let renewed = desk
        .signed("POST", &format!("listeners/{id}/renew"), "")
        .await;
    assert_eq!(
        renewed.body["listener"]["expiresAt"],
        "2026-01-02T03:06:04+07:00"
    );
    clock.move_test_wall(59_000);
    desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    assert_eq!(
        (there.notifications().len(), own.notifications().len()),
        (1, 0)
    );
    // Business time is not what it lives by.
    desk.world.app().advance_clock(DAY).await.unwrap();
    assert_eq!(desk.live_listeners().await, 1);

    clock.move_test_wall(1_000);
    assert_eq!(desk.live_listeners().await, 0);
    desk.owe(CLIENT_ID, "INV-2").await;
    desk.idle().await;
    assert_eq!(
        (there.notifications().len(), own.notifications().len()),
        (1, 1)
    );
    // A process that slept comes back to it.
    let renewed = desk
        .signed("POST", &format!("listeners/{id}/renew"), "")
        .await;
    assert_eq!(listener_id(&renewed), id);
    assert_eq!(desk.live_listeners().await, 1);
}

#[tokio::test]
async fn what_a_dead_listener_did_not_hear_goes_to_the_merchant_by_the_schedule() {
    let (desk, own) = desk_that_takes_listeners().await;
    let there = Receiver::with_tokens(|_: &_| plain(500, "{}")).await;
    listener_id(&desk.listen(&there).await);
    let id = desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    assert_eq!(
        (there.notifications().len(), own.notifications().len()),
        (1, 0)
    );
    desk.world.app().clock.move_test_wall(60_000);
    desk.post(&format!("notifications/{id}/resend"), &json!({}))
        .await;
    desk.world.app().advance_clock(DAY).await.unwrap();
    desk.idle().await;
    assert_eq!(
        (there.notifications().len(), own.notifications().len()),
        (1, 1)
    );
    let shown = desk.get(&format!("notifications/{id}")).await;
    assert_eq!(shown.body["notification"]["triesInAll"], 2);
    assert_eq!(shown.body["notification"]["state"], "delivered");
}

#[tokio::test]
async fn the_latest_listener_of_a_merchant_takes_over() {
    let (desk, _own) = desk_that_takes_listeners().await;
    let first = Receiver::with_tokens(|_: &_| ok()).await;
    let second = Receiver::with_tokens(|_: &_| ok()).await;
    let old = listener_id(&desk.listen(&first).await);
    let begun = desk.listen(&second).await;
    assert_eq!(begun.body["tookOver"], true);
    desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    assert_eq!(
        (first.notifications().len(), second.notifications().len()),
        (0, 1)
    );
    for (method, path) in [
        ("POST", format!("listeners/{old}/renew")),
        ("DELETE", format!("listeners/{old}")),
    ] {
        assert_eq!(
            desk.signed(method, &path, "").await.code(),
            "4040001",
            "{path}"
        );
    }
    assert_eq!(desk.live_listeners().await, 1);
}

#[tokio::test]
async fn another_merchants_listener_does_not_exist_and_an_operator_names_whose_it_begins() {
    let (desk, _own) = desk_that_takes_listeners().await;
    let looking = add_key(&desk.world, KeyScope::ReadOnly).await;
    let there = Receiver::with_tokens(|_: &_| ok()).await;
    let urls = json!({"merchant": OTHER, "notificationUrl": format!("{}/heard", there.url)});
    let theirs = listener_id(&desk.post("listeners", &urls).await);
    assert_eq!(
        desk.signed("POST", "listeners", &urls.to_string())
            .await
            .code(),
        "4040001"
    );
    for (method, path) in [
        ("POST", format!("listeners/{theirs}/renew")),
        ("DELETE", format!("listeners/{theirs}")),
    ] {
        assert_eq!(
            desk.signed(method, &path, "").await.code(),
            "4040001",
            "{path}"
        );
    }
    let own = desk.signed("GET", "listeners", "").await;
    assert!(own.body["listeners"].as_array().unwrap().is_empty());
    let said = desk.post_with(looking.expose(), "listeners", &urls).await;
    assert_eq!(said.code(), "4030001");

    let nobodys = json!({"notificationUrl": format!("{}/heard", there.url)});
    assert_eq!(desk.post("listeners", &nobodys).await.code(), "4000002");
    let unknown = json!({"merchant": "BRN-9", "notificationUrl": format!("{}/heard", there.url)});
    assert_eq!(desk.post("listeners", &unknown).await.code(), "4040001");
    assert_eq!(desk.live_listeners().await, 1);
    let ended = desk
        .world
        .http
        .delete(desk.url(&format!("listeners/{theirs}")));
    assert_eq!(
        desk.send(ended.bearer_auth(desk.key.expose())).await.status,
        200
    );
    assert_eq!(desk.live_listeners().await, 0);
}

#[tokio::test]
async fn hostile_listeners_are_refused_and_nothing_is_stored() {
    let (desk, _own) = desk_that_takes_listeners().await;
    let good = "http://127.0.0.1:1/heard";
    for bad in [
        "http://169.254.169.254/latest/meta-data",
        "http://192.168.1.1/",
        "http://[::ffff:10.0.0.1]/",
        "https://user:pass@example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "127.0.0.1:80",
        "http://example.com\u{0}/",
    ] {
        for member in ["notificationUrl", "tokenUrl", "bindingNotificationUrl"] {
            let mut urls = json!({"notificationUrl": good});
            urls[member] = json!(bad);
            let said = desk.signed("POST", "listeners", &urls.to_string()).await;
            assert_eq!(said.code(), "4000001", "{bad}: {}", said.body);
            let message = said.body["responseMessage"].as_str().unwrap();
            assert!(message.contains(member), "{bad}: {message}");
        }
    }
    assert_eq!(
        desk.signed("POST", "listeners", "{}").await.code(),
        "4000002"
    );
    assert_eq!(
        desk.signed("POST", "listeners", r#"{"url":"x"}"#)
            .await
            .code(),
        "4000000"
    );
    for path in ["listeners/%27/renew", "listeners/0/renew"] {
        assert_eq!(
            desk.signed("POST", path, "").await.code(),
            "4040001",
            "{path}"
        );
    }
    assert_eq!(desk.live_listeners().await, 0);
}

#[tokio::test]
async fn a_gateway_that_takes_no_listeners_says_so() {
    let desk = desk().await;
    let urls = json!({"merchant": CLIENT_ID, "notificationUrl": "http://127.0.0.1:1/heard"});
    let begun = desk.post("listeners", &urls).await;
    assert_eq!(begun.code(), "4030001");
    assert!(
        begun.body["responseMessage"]
            .as_str()
            .unwrap()
            .contains("management.listeners")
    );
    assert_eq!(desk.get("listeners").await.code(), "4030001");
    for (method, path) in [("POST", "listeners/0/renew"), ("DELETE", "listeners/0")] {
        assert_eq!(
            desk.signed(method, path, "").await.code(),
            "4030001",
            "{path}"
        );
    }
}
