//! TLS at the gateway itself. The certificate in `tls/` is for `localhost` and for nothing but this test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::path::{Path, PathBuf};

use gateway::config::Tls;
use world::world;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tls")
        .join(name)
}

fn tls() -> Tls {
    Tls {
        cert: file("cert.pem"),
        key: file("key.pem"),
    }
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_answered_over_tls() {
    let world = world(|config| config.tls = Some(tls())).await;
    assert!(world.running.url.starts_with("https://127.0.0.1:"));
    let authority =
        reqwest::Certificate::from_pem(&std::fs::read(file("cert.pem")).unwrap()).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority])
        .build()
        .unwrap();
    let url = format!("{}/healthz", world.running.url);
    assert_eq!(trusting.get(&url).send().await.unwrap().status(), 200);
    assert!(
        world.http.get(&url).send().await.is_err(),
        "a stranger does not trust it"
    );
    let plain = world.http.get(url.replace("https", "http")).send().await;
    assert!(plain.is_err(), "nothing is answered in the clear");
    world.running.stop().await;
}

#[tokio::test]
async fn with_tls_a_gateway_may_listen_anywhere_and_without_it_may_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = world::config(&dir);
    config.public_url = "https://localhost".to_owned();
    config.listen = "0.0.0.0:0".parse().unwrap();
    assert!(config.check().is_err());
    config.tls = Some(tls());
    assert!(config.check().is_ok());
}

#[tokio::test]
async fn a_certificate_that_is_missing_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = world::config(&dir);
    config.tls = Some(Tls {
        cert: PathBuf::from("/nowhere.pem"),
        ..tls()
    });
    let error = gateway::start(config, gateway::Given::default())
        .await
        .unwrap_err();
    let text = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(text.contains("tls.cert"), "{text}");
}
