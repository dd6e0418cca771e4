//! The client against a bank that speaks SNAP, and against one that has trouble speaking at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use gateway::bank::{Asked, Bank, BankProfile, BreakerLimits};
use gateway::{Clock, Entropy};
use http_body_util::BodyExt;
use snap::messages::bank::{
    B2b2cRequest, BankBalanceRequest, BankRefundRequest, BankStatusRequest, BankUnbindingRequest,
};
use snap::{Amount, PrivateKey, PublicKey, Secret, Service, paths, signature};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "the secret shared with the bank";
const CLIENT_ID: &str = "GTW-0001";

/// What the test's bank does with everything but tokens.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers 200 with the service's success code.
    Yes,
    /// Answers this code.
    Says(&'static str),
    /// Answers that the token is stale, so many times.
    Stale(usize),
    /// Answers these bytes with this status.
    Raw(u16, &'static str),
    /// Answers more than anybody would.
    Endless,
    /// Never answers.
    Silent,
}

#[derive(Default)]
struct Seen {
    tokens: AtomicUsize,
    calls: AtomicUsize,
    external_ids: Mutex<Vec<String>>,
    customers: Mutex<Vec<String>>,
    complaints: Mutex<Vec<String>>,
    bodies: Mutex<Vec<String>>,
}

struct FakeBank {
    url: String,
    seen: Arc<Seen>,
    key: Arc<PrivateKey>,
}

#[derive(Clone)]
struct Fake {
    manner: Manner,
    public: Arc<PublicKey>,
    seen: Arc<Seen>,
    token_delay: Duration,
}

impl FakeBank {
    async fn start(manner: Manner) -> Self {
        Self::slow_with_tokens(manner, Duration::ZERO).await
    }

    async fn slow_with_tokens(manner: Manner, token_delay: Duration) -> Self {
        let key = Arc::new(PrivateKey::generate().unwrap());
        let public = Arc::new(PublicKey::from_pem(&key.public_key_pem()).unwrap());
        let seen = Arc::new(Seen::default());
        let fake = Fake {
            manner,
            public,
            seen: Arc::clone(&seen),
            token_delay,
        };
        let router = Router::new().fallback(serve).with_state(fake);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen, key }
    }

    fn client(&self) -> Bank {
        self.client_with(|_| {})
    }

    fn client_with(&self, change: impl FnOnce(&mut BankProfile)) -> Bank {
        client(&self.url, &self.key, Clock::system(), change)
    }

    fn assert_content(&self) {
        assert_eq!(*self.seen.complaints.lock().unwrap(), Vec::<String>::new());
    }

    fn tokens(&self) -> usize {
        self.seen.tokens.load(Ordering::SeqCst)
    }

    fn calls(&self) -> usize {
        self.seen.calls.load(Ordering::SeqCst)
    }
}

fn client(
    url: &str,
    key: &Arc<PrivateKey>,
    clock: Clock,
    change: impl FnOnce(&mut BankProfile),
) -> Bank {
    let mut profile = BankProfile::new("allo", url, CLIENT_ID, Secret::new(SECRET));
    profile.timeout_ms = 2_000;
    change(&mut profile);
    Bank::new(profile, Arc::clone(key), clock, Entropy::seeded(1), None).unwrap()
}

async fn serve(State(fake): State<Fake>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = parts.uri.path().to_owned();
    if let Some(complaint) = complaint(&fake, &path, &parts.headers, &body) {
        fake.seen.complaints.lock().unwrap().push(complaint);
    }
    if path == format!("/api{}", paths::BANK_TOKEN_B2B) {
        let count = fake.seen.tokens.fetch_add(1, Ordering::SeqCst) + 1;
        // A bank that takes its time.
        tokio::time::sleep(fake.token_delay).await;
        let body = format!(
            r#"{{"responseCode":"2007300","responseMessage":"Successful","accessToken":"token-{count}","tokenType":"Bearer","expiresIn":"900"}}"#
        );
        return body.into_response();
    }
    let count = fake.seen.calls.fetch_add(1, Ordering::SeqCst) + 1;
    fake.seen
        .bodies
        .lock()
        .unwrap()
        .push(String::from_utf8(body.to_vec()).unwrap());
    let customer = parts
        .headers
        .get("authorization-customer")
        .map_or("", |value| value.to_str().unwrap());
    fake.seen
        .customers
        .lock()
        .unwrap()
        .push(customer.to_owned());
    if let Some(id) = parts.headers.get("x-external-id") {
        fake.seen
            .external_ids
            .lock()
            .unwrap()
            .push(id.to_str().unwrap().to_owned());
    }
    let service = service_of(path.trim_start_matches("/api"));
    match fake.manner {
        Manner::Yes => code(&format!("200{service}00")),
        Manner::Says(said) => code(said),
        Manner::Stale(times) if count <= times => code(&format!("401{service}01")),
        Manner::Stale(_) => code(&format!("200{service}00")),
        Manner::Raw(status, text) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
        Manner::Endless => format!(
            r#"{{"responseCode":"200{service}00","x":"{}"}}"#,
            "y".repeat(1 << 20)
        )
        .into_response(),
        Manner::Silent => std::future::pending().await,
    }
}

/// What is wrong with the headers or the signature of a request, as a bank would see it.
fn complaint(fake: &Fake, path: &str, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let timestamp = text("x-timestamp");
    if snap::Timestamp::parse(timestamp).is_err() || text("content-type") != "application/json" {
        return Some(format!("{path}: X-TIMESTAMP or Content-Type"));
    }
    if snap::body::compact(body) != body {
        return Some(format!("{path}: the body is not compact"));
    }
    if path.contains("/access-token/") {
        let signed = fake
            .public
            .verify_token(text("x-client-key"), timestamp, text("x-signature"));
        return (!signed || text("x-client-key") != CLIENT_ID)
            .then(|| format!("{path}: RSA signature"));
    }
    let Some(token) = text("authorization").strip_prefix("Bearer ") else {
        return Some(format!("{path}: Authorization"));
    };
    let secret = Secret::new(SECRET);
    if signature::verify(
        &secret,
        "POST",
        path,
        token,
        body,
        timestamp,
        text("x-signature"),
    )
    .is_none()
    {
        return Some(format!("{path}: HMAC"));
    }
    let id = text("x-external-id");
    let digits = id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_digit());
    let known = text("x-partner-id") == CLIENT_ID && text("channel-id") == "GTWAY";
    (!digits || !known).then(|| format!("{path}: X-EXTERNAL-ID, X-PARTNER-ID or CHANNEL-ID"))
}

fn service_of(path: &str) -> Service {
    [
        (paths::BANK_STATUS, Service::STATUS),
        (paths::BANK_BALANCE, Service::BALANCE),
        (paths::BANK_REFUND, Service::REFUND),
        (paths::BANK_UNBINDING, Service::UNBINDING),
        (paths::BANK_TOKEN_B2B2C, Service::TOKEN_B2B2C),
    ]
    .into_iter()
    .find_map(|(known, service)| (known == path).then_some(service))
    .unwrap_or(Service::NONE)
}

fn code(code: &str) -> Response {
    let status = StatusCode::from_u16(code[..3].parse().unwrap()).unwrap();
    (
        status,
        format!(r#"{{"responseCode":"{code}","responseMessage":"said"}}"#),
    )
        .into_response()
}

fn status() -> BankStatusRequest {
    BankStatusRequest::of("payment-1")
}

/// A bank below HTTP: gives tokens, and then does `work` with the connection of any other request.
async fn raw_bank<F, Fut>(work: F) -> (String, Arc<PrivateKey>)
where
    F: Fn(TcpStream) -> Fut + Send + Clone + 'static,
    Fut: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let work = work.clone();
            tokio::spawn(async move {
                while let Some(head) = read_request(&mut socket).await {
                    if !head.contains("/access-token/b2b ") {
                        return work(socket).await;
                    }
                    let body = r#"{"responseCode":"2007300","accessToken":"t","expiresIn":900}"#;
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    socket.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (url, Arc::new(PrivateKey::generate().unwrap()))
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length: ")
                    .and_then(|length| length.parse::<usize>().ok())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(head.to_owned());
            }
        }
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

#[tokio::test]
async fn a_call_is_signed_as_the_bank_checks_it_and_its_answer_is_read() {
    let fake = FakeBank::start(Manner::Yes).await;
    let bank = fake.client();
    assert!(matches!(bank.status(&status()).await, Asked::Done(_)));
    let customer = Secret::new("customer token");
    let balance = BankBalanceRequest {
        partner_reference_no: "é/\"x".to_owned(),
        account_no: None,
    };
    assert!(matches!(
        bank.balance(&balance, &customer).await,
        Asked::Done(_)
    ));
    let exchange = B2b2cRequest::with_auth_code("code");
    assert!(matches!(
        bank.customer_token(&exchange).await,
        Asked::Done(_)
    ));
    fake.assert_content();
    assert_eq!(fake.tokens(), 1);
    assert_eq!(
        fake.seen.customers.lock().unwrap().as_slice(),
        ["", "Bearer customer token", ""]
    );
    let ids = fake.seen.external_ids.lock().unwrap().clone();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(bank.counts().of(Service::STATUS, "done"), 1);
}

#[tokio::test]
async fn many_calls_at_once_fetch_one_token() {
    let fake = FakeBank::slow_with_tokens(Manner::Yes, Duration::from_millis(100)).await;
    let bank = Arc::new(fake.client());
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let bank = Arc::clone(&bank);
            tokio::spawn(async move { bank.status(&status()).await })
        })
        .collect();
    for call in calls {
        assert!(matches!(call.await.unwrap(), Asked::Done(_)));
    }
    assert_eq!((fake.tokens(), fake.calls()), (1, 64));
    fake.assert_content();
}

#[tokio::test]
async fn a_stale_token_is_renewed_and_the_same_call_made_once_more() {
    let fake = FakeBank::start(Manner::Stale(1)).await;
    let bank = fake.client();
    assert!(matches!(bank.status(&status()).await, Asked::Done(_)));
    assert_eq!((fake.tokens(), fake.calls()), (2, 2));
    let bodies = fake.seen.bodies.lock().unwrap().clone();
    assert_eq!(bodies[0], bodies[1]);
    fake.assert_content();
}

#[tokio::test]
async fn a_bank_that_takes_no_token_of_its_own_was_not_asked() {
    let fake = FakeBank::start(Manner::Stale(usize::MAX)).await;
    assert!(matches!(
        fake.client().status(&status()).await,
        Asked::NotAsked
    ));
    assert_eq!((fake.tokens(), fake.calls()), (2, 2));
}

#[tokio::test]
async fn what_the_bank_says_is_told_apart() {
    let (none, held) = (None, Some("token"));
    for (token, said, expected) in [
        (none, "2000900", "done"),
        (none, "2020900", "in progress"),
        (none, "4040911", "refused"),
        (none, "4010902", "refused"),
        (held, "4010902", "unlinked"),
        (none, "4290900", "unknown"),
        (none, "5000901", "unknown"),
        (none, "5040900", "unknown"),
    ] {
        let unbinding = BankUnbindingRequest {
            partner_reference_no: "1".to_owned(),
            link_id: "2".to_owned(),
            token_id: token.map(str::to_owned),
        };
        let fake = FakeBank::start(Manner::Says(said)).await;
        let asked = fake.client().unbind(&unbinding).await;
        assert_eq!(asked.outcome(), expected, "{said}: {asked:?}");
    }
}

#[tokio::test]
async fn a_customer_who_has_gone_is_told_apart() {
    let balance = BankBalanceRequest {
        partner_reference_no: "1".to_owned(),
        account_no: None,
    };
    let fake = FakeBank::start(Manner::Says("4011102")).await;
    let asked = fake.client().balance(&balance, &Secret::new("t")).await;
    assert!(matches!(asked, Asked::Unlinked(_)), "{asked:?}");
    for said in ["4017400", "4017402"] {
        let fake = FakeBank::start(Manner::Says(said)).await;
        let asked = fake
            .client()
            .customer_token(&B2b2cRequest::with_auth_code("code"))
            .await;
        assert!(matches!(asked, Asked::Unlinked(_)), "{said}: {asked:?}");
    }
}

#[tokio::test]
async fn a_refund_that_the_bank_has_under_this_id_was_done() {
    let request = BankRefundRequest {
        original_partner_reference_no: "1".to_owned(),
        partner_refund_no: "2".to_owned(),
        refund_amount: Amount::from_sen(100).unwrap(),
        reason: None,
    };
    let fake = FakeBank::start(Manner::Says("4045818")).await;
    assert!(matches!(
        fake.client().refund(&request).await,
        Asked::Done(_)
    ));
    let fake = FakeBank::start(Manner::Says("4045813")).await;
    assert!(matches!(
        fake.client().refund(&request).await,
        Asked::Refused(_)
    ));
}

#[tokio::test]
async fn junk_and_endless_answers_are_unknown() {
    for manner in [
        Manner::Raw(200, ""),
        Manner::Raw(200, "<html>maintenance</html>"),
        Manner::Raw(302, "{}"),
        Manner::Raw(502, "Bad Gateway"),
        Manner::Raw(404, "no route"),
        Manner::Raw(200, r#"{"responseCode":"2005500","responseMessage":"x""#),
        Manner::Endless,
    ] {
        let fake = FakeBank::start(manner).await;
        let asked = fake.client().status(&status()).await;
        assert!(matches!(asked, Asked::Unknown(_)), "{asked:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (url, key) = raw_bank(|mut socket| async move {
        let answer = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /v1.0/access-token/b2b \r\ncontent-length: 0\r\n\r\n";
        socket.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let asked = client(&url, &key, Clock::system(), |_| {})
        .status(&status())
        .await;
    assert!(matches!(asked, Asked::Unknown(_)), "{asked:?}");
}

#[tokio::test]
async fn a_bank_that_is_silent_or_drips_is_unknown_at_the_deadline() {
    let fake = FakeBank::start(Manner::Silent).await;
    let begun = Instant::now();
    let bank = fake.client_with(|profile| profile.timeout_ms = 2_000);
    assert!(matches!(bank.status(&status()).await, Asked::Unknown(_)));
    let (url, key) = raw_bank(|mut socket| async move {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        while socket.write_all(b" ").await.is_ok() {
            // A bank that drips.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let bank = client(&url, &key, Clock::system(), |profile| {
        profile.timeout_ms = 2_000
    });
    assert!(matches!(bank.status(&status()).await, Asked::Unknown(_)));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_unknown() {
    let (url, key) = raw_bank(|socket| async move { drop(socket) }).await;
    let asked = client(&url, &key, Clock::system(), |_| {})
        .status(&status())
        .await;
    assert!(matches!(asked, Asked::Unknown(_)), "{asked:?}");
    let (url, key) = raw_bank(|mut socket| async move {
        let _ = socket
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{")
            .await;
    })
    .await;
    let asked = client(&url, &key, Clock::system(), |_| {})
        .status(&status())
        .await;
    assert!(matches!(asked, Asked::Unknown(_)), "{asked:?}");
}

#[tokio::test]
async fn a_bank_that_cannot_be_reached_was_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let key = Arc::new(PrivateKey::generate().unwrap());
    let asked = client(&url, &key, Clock::system(), |_| {})
        .status(&status())
        .await;
    assert!(matches!(asked, Asked::NotAsked), "{asked:?}");
}

#[tokio::test]
async fn a_silent_bank_is_left_alone_and_then_tried_by_one_call() {
    let fake = FakeBank::start(Manner::Raw(503, "down")).await;
    let clock = Clock::test(1_000_000);
    let bank = client(&fake.url, &fake.key, clock.clone(), |profile| {
        profile.breaker = BreakerLimits {
            failures: 3,
            rest_ms: 1_000,
        };
    });
    for _ in 0..3 {
        assert!(bank.would_ask());
        assert!(matches!(bank.status(&status()).await, Asked::Unknown(_)));
    }
    assert!(!bank.would_ask());
    assert!(matches!(bank.status(&status()).await, Asked::NotAsked));
    assert_eq!(fake.calls(), 3);
    clock.move_test_wall(1_000);
    assert!(bank.would_ask());
    assert!(matches!(bank.status(&status()).await, Asked::Unknown(_)));
    assert!(!bank.would_ask());
    assert_eq!(fake.calls(), 4);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let fake = FakeBank::start(Manner::Yes).await;
    let clock = Clock::test(1_000_000);
    let bank = client(&fake.url, &fake.key, clock.clone(), |_| {});
    for (later_ms, tokens) in [(0, 1), (839_000, 1), (2_000, 2), (10_000, 2)] {
        clock.move_test_wall(later_ms);
        assert!(matches!(bank.status(&status()).await, Asked::Done(_)));
        assert_eq!(fake.tokens(), tokens, "after {later_ms}");
    }
    fake.assert_content();
}

#[test]
fn a_client_id_that_no_header_can_carry_makes_no_client() {
    let key = Arc::new(PrivateKey::generate().unwrap());
    let profile = BankProfile::new("allo", "https://bank.example", "id\n", Secret::new(SECRET));
    let made = Bank::new(profile, key, Clock::system(), Entropy::seeded(1), None);
    let told = made.err().unwrap().to_string();
    assert!(told.contains("client id at bank allo"), "{told}");
}

#[test]
fn a_base_url_that_is_none_makes_no_client() {
    let key = Arc::new(PrivateKey::generate().unwrap());
    for url in [
        "",
        "bank.example",
        "ftp://bank.example",
        "https://bank.example/?a=1",
    ] {
        let profile = BankProfile::new("allo", url, CLIENT_ID, Secret::new(SECRET));
        let made = Bank::new(
            profile,
            Arc::clone(&key),
            Clock::system(),
            Entropy::seeded(1),
            None,
        );
        assert!(made.is_err(), "{url}");
    }
}
