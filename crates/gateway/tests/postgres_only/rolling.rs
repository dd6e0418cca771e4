//! A rolling restart under load: two gateways behind two addresses, each stopped and started again in
//! turn, and merchants that go to the other one when a connection is refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bank_simulator::demo_customers;
use gateway::config::{Background, Config};
use merchant_sdk::RawOptions;
use snap::paths;

use crate::end_to_end::stage::*;

const MERCHANTS: usize = 6;
const ROUNDS: usize = 2;

fn working(config: &mut Config) {
    config.background = Background::Running;
}

/// What became of one payment.
struct Ended {
    number: String,
    /// The answers that were not final, in order: their codes, or that there was none.
    before: Vec<String>,
}

/// Pays again and again until told to stop; every payment is brought to a final answer.
async fn load(shops: Vec<Shop>, token: String, enough: Arc<AtomicBool>) -> Vec<Ended> {
    let mut ended = Vec::new();
    let mut turn = 0;
    while !enough.load(Ordering::SeqCst) {
        let number = reference("PAY");
        let body = payment(&number, "1000.00").to_string();
        let mut before = Vec::new();
        loop {
            let options = RawOptions {
                external_id: Some(number.clone()),
                customer_token: Some(token.clone()),
                ..Default::default()
            };
            let client = &shops[turn % shops.len()].client;
            let answer = client
                .send_raw("POST", PAYMENT, body.clone().into_bytes(), &options)
                .await;
            match answer {
                Ok(answer) if answer.code().as_deref() == Some("2005400") => break,
                Ok(answer) => before.push(answer.code().unwrap()),
                Err(_) => {
                    before.push("no answer".to_owned());
                    turn += 1;
                }
            }
            assert!(before.len() < 200, "{number}: {before:?}");
        }
        ended.push(Ended { number, before });
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_a_rolling_restart_comes_to_a_final_answer() {
    let stage = Stage::new().await;
    let (_, token) = stage
        .linked(&stage.shop, &demo_customers()[0], "cust-1")
        .await;
    let mut gateways = Vec::new();
    for _ in 0..2 {
        gateways.push(stage.another_gateway(working).await);
    }
    let enough = Arc::new(AtomicBool::new(false));
    let merchants: Vec<_> = (0..MERCHANTS)
        .map(|first| {
            // Half of them begin with the one, half with the other.
            let mut shops: Vec<_> = gateways.iter().map(|one| stage.shop.at(&one.url)).collect();
            shops.rotate_left(first % 2);
            tokio::spawn(load(shops, token.clone(), Arc::clone(&enough)))
        })
        .collect();
    for _ in 0..ROUNDS {
        for _ in 0..gateways.len() {
            let before = stage.wire.calls(paths::BANK_PAYMENT);
            until("payments are made", async || {
                stage.wire.calls(paths::BANK_PAYMENT) > before + 20
            })
            .await;
            let gateway = gateways.remove(0);
            let address = gateway.address.to_string();
            gateway.stop().await;
            gateways.push(stage.gateway_at(&address, working).await);
        }
    }
    enough.store(true, Ordering::SeqCst);
    let mut all = Vec::new();
    for merchant in merchants {
        all.extend(merchant.await.unwrap());
    }
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for code in all.iter().flat_map(|one| &one.before) {
        *codes.entry(code).or_default() += 1;
    }
    assert!(
        codes.contains_key("no answer"),
        "nobody met a stopped gateway"
    );
    for code in codes.keys() {
        // Of the others every one may be repeated, and the loop above proves that it helps.
        let repeatable = ["no answer", "4095400", "2025400", "5005401", "5045400"];
        assert!(repeatable.contains(code), "{codes:?}");
    }
    assert_eq!(
        stage.wire.calls(paths::BANK_PAYMENT),
        all.len(),
        "{codes:?}"
    );
    for one in &all {
        assert_eq!(stage.shop.status_of(&one.number).await, "02");
    }
    for gateway in gateways {
        gateway.stop().await;
    }
}
