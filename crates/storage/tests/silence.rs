//! A PostgreSQL that says nothing any more, as when its machine lost power: nobody waits for ever, and when it is back
//! the same store works on.
#![allow(clippy::unwrap_used, clippy::panic)]

mod engines;

use std::sync::Arc;
use std::time::{Duration, Instant};

use storage::{Error, Point, Session, Store, settings};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;

const A_MOMENT: Duration = Duration::from_millis(500);
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// Between a store and its server. Silent, it keeps every connection open and carries nothing; those that were made
/// before it fell silent stay so.
struct Relay {
    url: String,
    silent: watch::Sender<bool>,
}

impl Relay {
    async fn before(url: &str) -> Self {
        let (start, rest) = url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (silent, _) = watch::channel(false);
        let (heard, server) = (silent.clone(), server.to_owned());
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(near, server.clone(), heard.subscribe()));
            }
        });
        Self {
            url: format!("{start}@{here}/{database}"),
            silent,
        }
    }
}

async fn carry(mut near: TcpStream, server: String, mut silent: watch::Receiver<bool>) {
    let mut far = TcpStream::connect(server).await.unwrap();
    tokio::select! {
        // Either side may have hung up in any way.
        _ = copy_bidirectional(&mut near, &mut far) => return,
        _ = silent.wait_for(|silent| *silent) => {}
    }
    // Held, not closed.
    std::future::pending::<()>().await;
    drop((near, far));
}

async fn stage() -> (Store, Relay) {
    let relay = Relay::before(&engines::postgres_url().await).await;
    (engines::open(&relay.url).await, relay)
}

/// The server falls silent while all connections are in use. What was done on them goes on to its end, or is given up
/// when it was silent for that long.
async fn fall_silent(store: &Store, relay: &Relay, patience: Duration) -> JoinSet<bool> {
    let together = Arc::new(Barrier::new(9));
    let mut works = JoinSet::new();
    for _ in 0..8 {
        let (store, together) = (store.clone(), Arc::clone(&together));
        let silent = relay.silent.subscribe();
        works.spawn(async move {
            let work = |s: Session| {
                let (together, mut silent) = (Arc::clone(&together), silent.clone());
                async move {
                    settings::get(&s, "a").await?;
                    together.wait().await;
                    silent.wait_for(|silent| *silent).await.unwrap();
                    settings::get(&s, "a").await
                }
            };
            tokio::select! {
                result = store.transact("read", work) => result.is_ok(),
                () = until_given_up(silent.clone(), patience) => false,
            }
        });
    }
    together.wait().await;
    relay.silent.send_replace(true);
    works
}

async fn until_given_up(mut silent: watch::Receiver<bool>, patience: Duration) {
    silent.wait_for(|silent| *silent).await.unwrap();
    tokio::time::sleep(patience).await;
}

async fn works_again(store: &Store) {
    let begun = Instant::now();
    while store.transact("put", |s| put(s, "c")).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not used again");
    }
    let found = settings::get(&store.reader(), "c").await.unwrap();
    assert_eq!(found.as_deref(), Some("1"));
}

async fn put(s: Session, name: &'static str) -> Result<(), Error> {
    settings::put(&s, name, "1").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_ever_for_a_silent_server_and_it_is_used_again_when_it_is_back() {
    let (store, relay) = stage().await;
    let mut waiting = fall_silent(&store, &relay, FOR_EVER).await;
    // More than there are connections, reading and writing.
    for number in 0..20 {
        let store = store.clone();
        waiting.spawn(async move {
            if number % 2 == 0 {
                store.transact("put", |s| put(s, "b")).await.is_ok()
            } else {
                settings::get(&store.reader(), "a").await.is_ok()
            }
        });
    }
    assert_eq!(waiting.join_all().await, [false; 28]);
    relay.silent.send_replace(false);
    works_again(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_into_silence_is_of_unknown_outcome() {
    let (store, relay) = stage().await;
    let silent = relay.silent.clone();
    store.set_hook(Some(Arc::new(move |point, _| {
        if point == Point::BeforeCommit {
            silent.send_replace(true);
        }
        Ok(())
    })));
    let result = store.transact("pay", |s| put(s, "a")).await;
    assert!(
        matches!(result, Err(Error::CommitUnknown { .. })),
        "{result:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_was_given_up_leaves_the_connections_to_others() {
    let (store, relay) = stage().await;
    // As a check of readiness does, again and again.
    let given_up = fall_silent(&store, &relay, A_MOMENT).await;
    assert_eq!(given_up.join_all().await, [false; 8]);
    for _ in 0..20 {
        let reader = store.reader();
        let asked = tokio::time::timeout(A_MOMENT, settings::get(&reader, "a"));
        assert!(asked.await.is_err());
    }
    relay.silent.send_replace(false);
    works_again(&store).await;
}
