//! The management API: operators with keys, merchants with their signature, each with what is theirs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod listeners;
#[path = "../receiver/mod.rs"]
mod receiver;
#[path = "../world/mod.rs"]
mod world;

use std::time::{Duration, Instant};

use direct_debit::{MerchantId, NotificationId};
use gateway::management_keys::make;
use receiver::{Receiver, ok, plain};
use serde_json::{Value, json};
use snap::{Secret, signature};
use storage::management_keys::{self, KeyScope};
use storage::merchants::MerchantSettings;
use storage::notifications::{self, NewNotification, NotificationKind};
use world::{CLIENT_ID, SECRET, World, add_merchant, change_merchant, world_given};

const OTHER: &str = "BRN-0002-1700000000000";
const OTHER_SECRET: &str = "SK-secret-of-another";
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// A gateway with two merchants and an operator's key.
struct Desk {
    world: World,
    key: Secret,
}

struct Said {
    status: u16,
    body: Value,
    headers: http::HeaderMap,
}

impl Said {
    fn code(&self) -> &str {
        self.body["responseCode"].as_str().unwrap()
    }

    fn ids(&self) -> Vec<&str> {
        let all = self.body["notifications"].as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap()).collect()
    }
}

async fn desk_with(change: impl FnOnce(&mut gateway::Config)) -> Desk {
    desk_given(gateway::Given::default(), change).await
}

async fn desk_given(given: gateway::Given, change: impl FnOnce(&mut gateway::Config)) -> Desk {
    let world = world_given(given, |config| {
        config.notifications.timeout_ms = Some(2_000);
        change(config);
    })
    .await;
    let settings = MerchantSettings::default();
    add_merchant(world.app(), OTHER, OTHER_SECRET, &world.key, settings).await;
    let key = add_key(&world, KeyScope::Operator).await;
    Desk { world, key }
}

async fn desk() -> Desk {
    desk_with(|_| {}).await
}

async fn add_key(world: &World, scope: KeyScope) -> Secret {
    let app = world.app();
    let (key, text) = make(&app.entropy, "ops", scope, app.clock.business_now_ms());
    app.store
        .transact("add a key", |s| {
            let key = key.clone();
            async move { management_keys::insert(&s, &key).await }
        })
        .await
        .unwrap();
    text
}

impl Desk {
    async fn send(&self, request: reqwest::RequestBuilder) -> Said {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(
            body["responseCode"].as_str().unwrap()[..3],
            status.to_string(),
            "{body}"
        );
        Said {
            status,
            body,
            headers,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/management/v1/{path}", self.world.running.url)
    }

    async fn get_with(&self, key: &str, path: &str) -> Said {
        self.send(self.world.http.get(self.url(path)).bearer_auth(key))
            .await
    }

    async fn post_with(&self, key: &str, path: &str, body: &Value) -> Said {
        let request = self.world.http.post(self.url(path)).bearer_auth(key);
        self.send(request.json(body)).await
    }

    async fn get(&self, path: &str) -> Said {
        self.get_with(self.key.expose(), path).await
    }

    async fn post(&self, path: &str, body: &Value) -> Said {
        self.post_with(self.key.expose(), path, body).await
    }

    /// As a merchant, signed over the path with its query.
    async fn signed(&self, method: &str, path: &str, body: &str) -> Said {
        self.signed_by(CLIENT_ID, SECRET, method, path, path, body)
            .await
    }

    async fn signed_by(
        &self,
        id: &str,
        secret: &str,
        method: &str,
        path: &str,
        signed_path: &str,
        body: &str,
    ) -> Said {
        let app = self.world.app();
        let token = app.tokens.b2b(id, 0, app.clock.business_now_ms()).unwrap();
        let (now, target) = (self.world.now(), format!("/management/v1/{signed_path}"));
        let secret = Secret::new(secret);
        let signed = signature::sign(
            &secret,
            method,
            &target,
            &token.token,
            body.as_bytes(),
            &now,
        );
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.world.http.request(method, self.url(path));
        let request = request
            .bearer_auth(&token.token)
            .header("content-type", "application/json")
            .header("X-PARTNER-ID", id)
            .header("X-TIMESTAMP", now)
            .header("X-SIGNATURE", signed)
            .body(body.to_owned());
        self.send(request).await
    }

    async fn owe(&self, merchant: &str, reference: &str) -> String {
        let app = self.world.app();
        let now_ms = app.clock.business_now_ms();
        let id = app.entropy.id(now_ms);
        let body = json!({
            "originalPartnerReferenceNo": reference,
            "latestTransactionStatus": "00",
            "additionalInfo": {"custIdMerchant": "CUST-SECRET"},
        });
        let new = NewNotification {
            id: NotificationId::new(&id),
            merchant: MerchantId::new(merchant),
            kind: NotificationKind::Payment,
            subject: format!("payment-{reference}"),
            external_id: "1000".to_owned(),
            body: body.to_string(),
            ip_address: None,
            device_id: None,
            due_at_ms: now_ms,
            created_at_ms: now_ms,
        };
        app.store
            .transact("owe", |s| {
                let new = new.clone();
                async move { notifications::insert(&s, &new).await }
            })
            .await
            .unwrap();
        id
    }

    async fn notify_at(&self, url: &str) {
        change_merchant(self.world.app(), CLIENT_ID, |merchant| {
            merchant.notification_url = Some(url.to_owned());
        })
        .await;
    }

    /// A revoked key is refused within five seconds.
    async fn until_refused(&self) {
        let begun = Instant::now();
        loop {
            let said = self.get("notifications").await;
            if said.status != 200 {
                return assert_eq!(said.code(), "4010000");
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "it is still accepted"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn idle(&self) {
        self.world.app().run_until_idle().await.unwrap();
    }
}

#[tokio::test]
async fn an_operator_sees_all_notifications_with_their_tries_and_a_merchant_only_its_own() {
    let desk = desk().await;
    let answer = |_: &_| plain(503, r#"{"responseCode":"5035600","email":"a@b.example"}"#);
    let receiver = Receiver::with_tokens(answer).await;
    desk.notify_at(&format!("{}/notify", receiver.url)).await;
    let mine = desk.owe(CLIENT_ID, "INV-1").await;
    let theirs = desk.owe(OTHER, "INV-2").await;
    desk.idle().await;

    // Both may be of one millisecond, so their order is open.
    let all = desk.get("notifications").await;
    let all: std::collections::BTreeSet<String> =
        all.ids().iter().map(ToString::to_string).collect();
    assert_eq!(all, [theirs.to_string(), mine.to_string()].into());
    let of_other = desk.get(&format!("notifications?merchant={OTHER}")).await;
    assert_eq!(of_other.ids(), [&theirs]);
    let own = desk.signed("GET", "notifications?limit=10", "").await;
    assert_eq!(own.ids(), [&mine]);

    let shown = desk
        .signed("GET", &format!("notifications/{mine}"), "")
        .await;
    let one = &shown.body["notification"];
    assert_eq!(one["partnerReferenceNo"], "INV-1");
    assert_eq!(one["state"], "due");
    assert_eq!(one["triesInAll"], 1);
    let attempt = &one["attempts"][0];
    assert_eq!(
        (&attempt["httpStatus"], &attempt["outcome"]),
        (&json!(503), &json!("refused"))
    );
    assert!(
        attempt["address"]
            .as_str()
            .unwrap()
            .starts_with("127.0.0.1")
    );
    assert!(attempt["keyId"].as_str().unwrap().starts_with("hmac:"));
    assert!(attempt["answer"].as_str().unwrap().contains("5035600"));
    let text = shown.body.to_string();
    assert!(
        !text.contains("a@b.example") && !text.contains("CUST-SECRET"),
        "{text}"
    );

    // What is another's does not exist, and does not differ from what exists nowhere.
    let nowhere = desk.world.app().entropy.id(1);
    for path in ["notifications/{}", "notifications/{}/resend"] {
        let method = if path.ends_with("resend") {
            "POST"
        } else {
            "GET"
        };
        let others = desk.signed(method, &path.replace("{}", &theirs), "").await;
        let none = desk.signed(method, &path.replace("{}", &nowhere), "").await;
        assert_eq!(others.code(), "4040001");
        assert_eq!(others.body, none.body);
    }
    for path in ["notifications", "attempts", "requests", "merchants"] {
        let named = desk
            .signed("GET", &format!("{path}?merchant={OTHER}"), "")
            .await;
        assert_eq!(named.code(), "4040001", "{path}");
    }
    let resent = desk
        .signed(
            "POST",
            "notifications/resend",
            &json!({"merchant": OTHER}).to_string(),
        )
        .await;
    assert_eq!(resent.code(), "4040001");
    let merchants = desk.signed("GET", "merchants", "").await;
    assert_eq!(merchants.body["merchants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_is_heard_without_a_living_key_or_a_right_signature() {
    let desk = desk().await;
    let key = desk.key.expose();
    let (id, secret) = key[4..].split_once('_').unwrap();
    let wrong_keys = [
        String::from("gbk_"),
        format!("gbk_{id}_"),
        format!("gbk_{id}_{secret}x"),
        format!("gbk_{id}_{}", "A".repeat(secret.len())),
        format!("gbk_ffffffffffffffff_{secret}"),
        format!("gbk_%_{secret}"),
        format!("gbk_' OR 1=1_{secret}"),
    ];
    for wrong in &wrong_keys {
        let said = desk.get_with(wrong, "notifications").await;
        assert_eq!(said.code(), "4010000", "{wrong}");
    }
    let nobody = desk.world.http.get(desk.url("notifications"));
    assert_eq!(desk.send(nobody).await.code(), "4010000");
    let unsigned = desk.world.http.get(desk.url("notifications"));
    let unsigned = unsigned.header("X-PARTNER-ID", CLIENT_ID);
    assert_eq!(desk.send(unsigned).await.code(), "4000002");
    let wrong = desk
        .signed_by(
            CLIENT_ID,
            OTHER_SECRET,
            "GET",
            "notifications",
            "notifications",
            "",
        )
        .await;
    assert_eq!(wrong.code(), "4010000");
    // The query is part of what is signed.
    let widened = desk
        .signed_by(CLIENT_ID, SECRET, "GET", "requests?limit=1", "requests", "")
        .await;
    assert_eq!(widened.code(), "4010000");

    assert_eq!(desk.get("notifications").await.status, 200);
    let noted = management_keys::all(&desk.world.app().store.reader())
        .await
        .unwrap();
    assert!(noted[0].last_used_at_ms.is_some());
    assert!(
        !format!("{noted:?}").contains(secret),
        "only a hash is stored"
    );
    desk.world
        .app()
        .store
        .transact("revoke", |s| async move {
            management_keys::revoke(&s, id, 1).await
        })
        .await
        .unwrap();
    desk.until_refused().await;
}

#[tokio::test]
async fn a_key_that_may_only_read_sends_nothing_again() {
    let desk = desk().await;
    let looking = add_key(&desk.world, KeyScope::ReadOnly).await;
    let id = desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    let before = desk.world.app().store.dump().await.unwrap();
    let looking = looking.expose();
    assert_eq!(desk.get_with(looking, "notifications").await.ids(), [&id]);
    for path in [
        format!("notifications/{id}/resend"),
        "notifications/resend".to_owned(),
    ] {
        let said = desk.post_with(looking, &path, &json!({})).await;
        assert_eq!(said.code(), "4030001", "{path}");
    }
    let after = desk.world.app().store.dump().await.unwrap();
    let others = |rows: Vec<String>| -> Vec<String> {
        let kept = rows
            .into_iter()
            .filter(|row| !row.starts_with("management_keys"));
        kept.collect()
    };
    assert_eq!(others(before), others(after));
}

#[tokio::test]
async fn hostile_questions_are_refused_by_the_name_of_what_is_wrong() {
    let desk = desk().await;
    desk.owe(CLIENT_ID, "INV-1").await;
    let table = [
        ("notifications?cursor=%27%20OR%201%3D1", "cursor"),
        ("notifications?cursor=", "cursor"),
        ("notifications?limit=0", "limit"),
        ("notifications?limit=201", "limit"),
        ("notifications?limit=99999999999999999999", "limit"),
        ("notifications?limit=ten", "limit"),
        ("notifications?state=lost", "state"),
        ("notifications?kind=%25", "kind"),
        ("notifications?from=yesterday", "from"),
        ("notifications?to=2026-02-30T00:00:00Z", "to"),
        ("notifications?merchant=a%00b", "merchant"),
        ("notifications?state=due&state=due", "state"),
        ("notifications?partnerReferenceNo=INV-1", "merchant"),
        ("attempts?cursor=1.2", "cursor"),
        ("attempts?cursor=x.y.z", "cursor"),
        ("attempts?cursor=1.a'b.1", "cursor"),
        ("attempts?httpStatus=1000", "httpStatus"),
        ("attempts?outcome=fine", "outcome"),
        ("requests?cursor=-1", "cursor"),
        ("requests?wait=3600", "wait"),
    ];
    for (path, field) in table {
        let said = desk.get(path).await;
        assert_eq!(said.status, 400, "{path}: {}", said.body);
        let message = said.body["responseMessage"].as_str().unwrap();
        assert!(message.ends_with(field), "{path}: {message}");
    }
    assert_eq!(desk.get("notifications?sort=id").await.code(), "4000000");
    for (body, code) in [
        (json!({"state": "due"}), "4000001"),
        (json!({"state": "delivered"}), "4000002"),
        (json!({"limit": 501}), "4000001"),
        (json!({"cursor": "%"}), "4000001"),
        (json!({"everything": true}), "4000000"),
        (json!([]), "4000000"),
    ] {
        let said = desk.post("notifications/resend", &body).await;
        assert_eq!(said.code(), code, "{body}");
    }
    for id in ["%25", "..", "'--", "%00"] {
        let said = desk.get(&format!("notifications/{id}")).await;
        assert_eq!(said.status, 404, "{id}");
    }
    assert_eq!(desk.get("nothing").await.status, 404);
    let deleted = desk.world.http.delete(desk.url("notifications"));
    assert_eq!(desk.send(deleted).await.status, 405);
}

#[tokio::test]
async fn lists_are_paged_filtered_and_found_by_reference() {
    let desk = desk().await;
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(desk.owe(CLIENT_ID, &format!("INV-{number}")).await);
        desk.world.app().advance_clock(1_000).await.unwrap();
    }
    ids.reverse();
    let (mut path, mut seen) = ("notifications?limit=3".to_owned(), Vec::new());
    loop {
        let page = desk.get(&path).await;
        seen.extend(page.ids().into_iter().map(str::to_owned));
        let Some(cursor) = page.body["nextCursor"].as_str() else {
            break;
        };
        path = format!("notifications?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ids);

    let of_one = desk
        .signed("GET", "notifications?subject=payment-INV-3", "")
        .await;
    assert_eq!(of_one.ids(), [&ids[3]]);
    let unknown = desk
        .signed("GET", "notifications?partnerReferenceNo=INV-%25", "")
        .await;
    assert_eq!(unknown.code(), "4040001");
    let all = desk.get("notifications").await;
    let time = |at: usize| {
        let text = all.body["notifications"][at]["createdAt"].as_str().unwrap();
        text.replace('+', "%2B")
    };
    let range = format!("notifications?from={}&to={}", time(4), time(1));
    assert_eq!(desk.get(&range).await.ids(), [&ids[2], &ids[3], &ids[4]]);
    assert!(
        desk.get("notifications?state=delivered")
            .await
            .ids()
            .is_empty()
    );
    assert_eq!(
        desk.get("notifications?state=due&kind=payment")
            .await
            .ids()
            .len(),
        7
    );
}

#[tokio::test]
async fn tries_are_found_by_what_came_of_them_and_wildcards_are_only_text() {
    let desk = desk().await;
    let answer = |seen: &receiver::Seen| match seen.before {
        0 => plain(500, "Database 100% full"),
        _ => ok(),
    };
    let receiver = Receiver::with_tokens(answer).await;
    desk.notify_at(&format!("{}/notify", receiver.url)).await;
    let id = desk.owe(CLIENT_ID, "INV-1").await;
    desk.owe(OTHER, "INV-2").await;
    desk.idle().await;
    desk.world.app().advance_clock(60_000).await.unwrap();
    desk.idle().await;

    let count = async |query: &str| {
        let said = desk.get(&format!("attempts?{query}")).await;
        said.body["attempts"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count("httpStatus=500").await, 1);
    assert_eq!(count("outcome=delivered").await, 1);
    assert_eq!(count("outcome=no-url").await, 1);
    assert_eq!(count(&format!("notification={id}")).await, 2);
    assert_eq!(count("address=127.0.0.1").await, 2);
    assert_eq!(count("text=DATABASE%20100%25").await, 1);
    for wild in ["%25", "_", "a%25full"] {
        let found = count(&format!("text={wild}")).await;
        assert_eq!(found, usize::from(wild == "%25"), "{wild}");
    }
    let own = desk.signed("GET", "attempts?limit=1", "").await;
    assert_eq!(own.body["attempts"][0]["partnerReferenceNo"], "INV-1");
    let cursor = own.body["nextCursor"].as_str().unwrap();
    let rest = desk
        .signed("GET", &format!("attempts?cursor={cursor}"), "")
        .await;
    assert_eq!(rest.body["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["attempts"][0]["httpStatus"], 500);
    assert_eq!(rest.body["nextCursor"], Value::Null);
}

#[tokio::test]
async fn one_notification_is_sent_again_however_often_it_is_asked_for() {
    let desk = desk().await;
    let receiver = Receiver::with_tokens(|_| ok()).await;
    desk.notify_at(&format!("{}/notify", receiver.url)).await;
    let id = desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    let path = format!("notifications/{id}/resend");
    for changed in [1, 0, 0] {
        let said = desk.signed("POST", &path, "{}").await;
        assert_eq!(said.body["resent"], changed);
        assert_eq!(said.body["notification"]["state"], "due");
    }
    desk.idle().await;
    assert_eq!(receiver.notifications().len(), 2);
    let shown = desk.get(&format!("notifications/{id}")).await;
    assert_eq!(shown.body["notification"]["state"], "delivered");
    assert_eq!(shown.body["notification"]["triesInAll"], 2);
}

#[tokio::test]
async fn all_that_rest_are_sent_again_in_batches_with_a_cursor_and_no_one_elses() {
    let desk = desk().await;
    // Without a URL they come to rest at once.
    for number in 0..5 {
        desk.owe(CLIENT_ID, &format!("INV-{number}")).await;
    }
    desk.owe(OTHER, "INV-X").await;
    desk.idle().await;
    assert_eq!(desk.get("notifications?state=resting").await.ids().len(), 6);
    let receiver = Receiver::with_tokens(|_| ok()).await;
    desk.notify_at(&format!("{}/notify", receiver.url)).await;

    let first = desk
        .signed("POST", "notifications/resend", r#"{"limit":2}"#)
        .await;
    assert_eq!(
        (&first.body["resent"], &first.body["total"]),
        (&json!(2), &json!(5))
    );
    let mut cursor = first.body["nextCursor"].clone();
    let (mut resent, mut batches) = (2, 1);
    while let Some(after) = cursor.as_str() {
        let body = json!({"limit": 2, "cursor": after}).to_string();
        let next = desk.signed("POST", "notifications/resend", &body).await;
        resent += next.body["resent"].as_i64().unwrap();
        batches += 1;
        cursor = next.body["nextCursor"].clone();
    }
    assert_eq!((resent, batches), (5, 3));
    let again = desk.signed("POST", "notifications/resend", "{}").await;
    assert_eq!(
        (&again.body["resent"], &again.body["total"]),
        (&json!(0), &json!(0))
    );
    desk.idle().await;
    assert_eq!(receiver.notifications().len(), 5);
    assert_eq!(desk.get("notifications?state=resting").await.ids().len(), 1);

    let delivered =
        json!({"state": "delivered", "from": "2020-01-01T00:00:00Z", "merchant": CLIENT_ID});
    let said = desk.post("notifications/resend", &delivered).await;
    assert_eq!(said.body["resent"], 5);
}

#[tokio::test]
async fn who_asks_for_too_much_again_is_told_how_long_to_wait() {
    let desk = desk_with(|config| config.limits.resends_per_minute = 3).await;
    let id = desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    let path = format!("notifications/{id}/resend");
    for _ in 0..3 {
        assert_eq!(desk.post(&path, &json!({})).await.status, 200);
    }
    for path in [path.as_str(), "notifications/resend"] {
        let refused = desk.post(path, &json!({})).await;
        assert_eq!(refused.code(), "4290000");
        let wait_s: u64 = refused.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=61).contains(&wait_s), "{wait_s}");
    }
    // Another caller has a share of its own.
    assert_eq!(desk.signed("POST", &path, "{}").await.status, 200);
}

#[tokio::test]
async fn a_merchant_follows_its_own_requests_and_sees_what_was_wrong_with_them() {
    let desk = desk().await;
    let start = desk.signed("GET", "requests", "").await;
    assert!(start.body["requests"].as_array().unwrap().is_empty());
    let cursor = start.body["nextCursor"].as_str().unwrap().to_owned();
    let follow = format!("requests?wait=20&cursor={cursor}");
    let waiting = desk.signed("GET", &follow, "");
    let failing = async {
        let mut call = world::Call::new(&desk.world, snap::paths::STATUS, "{}");
        call.set("X-SIGNATURE", "bm90IGEgc2lnbmF0dXJl");
        let mut request = desk
            .world
            .http
            .post(format!("{}{}", desk.world.running.url, call.path))
            .body(call.body.clone());
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        assert_eq!(request.send().await.unwrap().status().as_u16(), 401);
    };
    let (heard, ()) = tokio::join!(waiting, failing);
    let requests = heard.body["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 1, "{}", heard.body);
    assert_eq!(requests[0]["status"], 401);
    assert!(
        requests[0]["stringToSign"]
            .as_str()
            .unwrap()
            .contains("POST:")
    );
    let other = desk
        .signed_by(OTHER, OTHER_SECRET, "GET", "requests", "requests", "")
        .await;
    assert!(other.body["requests"].as_array().unwrap().is_empty());
    let next = heard.body["nextCursor"].as_str().unwrap();
    let nothing = desk
        .signed("GET", &format!("requests?cursor={next}&failed=true"), "")
        .await;
    assert!(nothing.body["requests"].as_array().unwrap().is_empty());
    let seen = desk
        .get(&format!("requests?merchant={CLIENT_ID}&failed=true"))
        .await;
    assert_eq!(seen.body["requests"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tries_are_thrown_away_when_their_time_is_over_and_not_before() {
    let desk = desk_with(|config| config.retention.attempts_days = 10).await;
    let id = desk.owe(CLIENT_ID, "INV-1").await;
    desk.idle().await;
    let tries = async || {
        let shown = desk.get(&format!("notifications/{id}")).await;
        shown.body["notification"]["triesInAll"].as_i64().unwrap()
    };
    assert_eq!(tries().await, 1);
    desk.world
        .app()
        .advance_clock(10 * DAY - 60_000)
        .await
        .unwrap();
    desk.idle().await;
    assert_eq!(tries().await, 1);
    desk.world.app().advance_clock(120_000).await.unwrap();
    desk.idle().await;
    assert_eq!(tries().await, 0);
    let shown = desk.get(&format!("notifications/{id}")).await;
    assert_eq!(shown.body["notification"]["state"], "resting");
}
