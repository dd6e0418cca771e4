//! A customer's way from the merchant through our pages and the bank's and back, with a real gateway, the
//! bank simulator and the merchants' SDK, over loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod world;

use bank_simulator::{GatewayEndpoint, Partner, demo_customers};
use gateway::bank::Asked;
use gateway::{Given, Running};
use merchant_sdk::pages::{Customer, Ending, Script, Visit, complete};
use merchant_sdk::{
    Client, Handset, LineItem, NewBinding, NewPayment, Os, Outcome, Reference, RetryPolicy,
    ReturnTo, StatusResponse, Through,
};
use snap::messages::bank::BankStatusRequest;
use snap::{Amount, PrivateKey, Secret};
use tokio::net::TcpListener;

const SITI: usize = 0;
const BUDI: usize = 1;
const NO_MONEY: usize = 2;
const BLOCKED: usize = 3;
const DORMANT: usize = 4;

const SUCCESS: &str = "https://toko.example/ok?order=1&x=%20b;c='d'";
const FAILED: &str = "https://toko.example/failed?order=1";

struct Town {
    gateway: Running,
    bank: Option<bank_simulator::Running>,
    bank_url: String,
    merchant: Client,
    _folder: tempfile::TempDir,
}

/// A gateway, its bank and one merchant.
async fn town() -> Town {
    let folder = tempfile::tempdir().unwrap();
    let bank_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bank_url = format!("http://{}", bank_listener.local_addr().unwrap());
    let gateway_url = format!("http://{}", listener.local_addr().unwrap());
    let bank_key = PrivateKey::generate().unwrap();
    let mut config = world::config(&folder);
    config.public_url = gateway_url.clone();
    let configured = gateway::config::Bank {
        base_url: bank_url.clone(),
        client_id: "GTW-0001".to_owned(),
        secret: Secret::new("gateway to bank"),
        inbound_client_id: "ALLO-0001".to_owned(),
        inbound_secret: Secret::new("bank to gateway"),
        public_key: bank_key.public_key_pem(),
        private_key_file: None,
        channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
        acquirer_id: None,
        timeout_ms: 2_000,
        not_found_window_s: 60,
        replays_page: true,
        ca_file: None,
    };
    config.banks.insert("allo".to_owned(), configured);
    let given = Given {
        listener: Some(listener),
        ..Given::default()
    };
    let gateway = gateway::start(config, given).await.unwrap();
    let bank = bank_simulator::start(bank_simulator::Config {
        listen: bank_listener,
        public_url: bank_url,
        database: folder.path().join("bank.db"),
        partner: Partner {
            client_id: "GTW-0001".to_owned(),
            secret: Secret::new("gateway to bank"),
            public_key_pem: gateway.app().keys.bank().public_key_pem(),
            name: "Gerbang".to_owned(),
        },
        gateway: Some(GatewayEndpoint {
            token_url: format!("{gateway_url}/bank/allo/v1.0/access-token/b2b"),
            notify_url: format!("{gateway_url}/bank/allo/v1.0/debit/notify"),
            client_id: "ALLO-0001".to_owned(),
            private_key_pem: bank_key.to_pkcs8_pem(),
            secret: Secret::new("bank to gateway"),
        }),
        relaxed_otp: true,
        otp_above: Amount::parse("1000000.00").unwrap(),
        control_secret: None,
    })
    .await
    .unwrap();
    let key = PrivateKey::generate().unwrap();
    let settings = storage::merchants::MerchantSettings::default();
    world::add_merchant(
        gateway.app(),
        world::CLIENT_ID,
        world::SECRET,
        &key,
        settings,
    )
    .await;
    let secret = Secret::new(world::SECRET);
    let merchant = Client::builder(gateway_url, world::CLIENT_ID, secret, key)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    Town {
        gateway,
        bank_url: bank.url.clone(),
        bank: Some(bank),
        merchant,
        _folder: folder,
    }
}

/// The reference of an order.
fn reference(order: &str) -> Reference {
    Reference::new(format!("{order:->32}")).unwrap()
}

fn return_to() -> ReturnTo {
    ReturnTo {
        success: SUCCESS.to_owned(),
        failed: FAILED.to_owned(),
    }
}

impl Town {
    async fn bind(&self, customer: usize, name: &str) -> Outcome<(String, Secret)> {
        let handset = Handset {
            model: "phone".to_owned(),
            os: Os::Android,
            through: Through::Web,
        };
        let phone_no = demo_customers()[customer].phone_no;
        let request = NewBinding::new(phone_no, name, &handset, &return_to()).unwrap();
        let outcome = self.merchant.bind(&request).await.unwrap();
        outcome.map(|binding| (binding.redirect_url, binding.auth_code))
    }

    fn script(&self, customer: usize) -> Script {
        let customer = &demo_customers()[customer];
        Script {
            inbox_url: Some(format!("{}/inbox", self.bank_url)),
            customers: vec![Customer {
                phone_no: customer.phone_no.to_owned(),
                pin: Secret::new(customer.pin),
            }],
            ..Script::default()
        }
    }

    async fn visit(&self, url: &str, customer: usize) -> Visit {
        complete(url, &self.script(customer)).await.unwrap()
    }

    /// A linked customer at the merchant.
    async fn linked(&self, customer: usize) -> merchant_sdk::Customer {
        let (page, code) = self.bind(customer, "customer").await.done().unwrap();
        let visit = self.visit(&page, customer).await;
        assert_eq!(
            (visit.ending, visit.sent_to.as_deref()),
            (Ending::Completed, Some(SUCCESS)),
            "{visit:?}"
        );
        self.merchant
            .exchange_code(&code)
            .await
            .unwrap()
            .done()
            .unwrap()
    }

    async fn pay(
        &self,
        order: &str,
        amount: &str,
        customer: &merchant_sdk::Customer,
    ) -> Outcome<String> {
        let amount = Amount::parse(amount).unwrap();
        let item = LineItem {
            name: "kopi".to_owned(),
            price: amount,
            quantity: 1,
        };
        let request =
            NewPayment::new(&reference(order), amount, "kopi", vec![item], &return_to()).unwrap();
        let outcome = customer.pay(&request).await.unwrap();
        outcome.map(|payment| payment.page().unwrap().to_owned())
    }

    async fn status(&self, order: &str) -> StatusResponse {
        self.merchant
            .status(&reference(order))
            .await
            .unwrap()
            .done()
            .unwrap()
    }

    async fn text(&self, url: &str) -> String {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.get(url).header("accept-language", "en");
        request.send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_links_pays_and_is_led_back_each_time() {
    let town = town().await;
    let customer = town.linked(SITI).await;
    let page = town
        .pay("INV-1", "25000.00", &customer)
        .await
        .done()
        .unwrap();
    let visit = town.visit(&page, SITI).await;
    assert_eq!(
        (visit.ending, visit.sent_to.as_deref()),
        (Ending::Completed, Some(SUCCESS)),
        "{visit:?}"
    );
    assert_eq!(
        town.status("INV-1")
            .await
            .latest_transaction_status
            .as_str(),
        "00"
    );
    // Opened again from the messenger: words, the amount, and no second payment.
    let text = town.text(&page).await;
    assert!(
        text.contains("data-end=\"success\"") && text.contains("Rp25.000"),
        "{text}"
    );
    assert!(text.contains("Payment complete") && !text.contains("http-equiv=\"refresh\""));
    town.gateway.app().run_until_idle().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_cancels_is_led_to_the_failed_url_and_nothing_is_linked_or_paid() {
    let town = town().await;
    let (page, code) = town.bind(BUDI, "customer").await.done().unwrap();
    let cancel = Script {
        cancel: true,
        ..town.script(BUDI)
    };
    let visit = complete(&page, &cancel).await.unwrap();
    assert_eq!(
        (visit.ending, visit.sent_to.as_deref()),
        (Ending::Cancelled, Some(FAILED)),
        "{visit:?}"
    );
    let refused = town.merchant.exchange_code(&code).await.unwrap();
    assert_eq!(refused.code(), Some("4017400"));
    assert!(town.text(&page).await.contains("data-end=\"cancelled\""));

    let customer = town.linked(SITI).await;
    let page = town
        .pay("INV-1", "25000.00", &customer)
        .await
        .done()
        .unwrap();
    let visit = complete(
        &page,
        &Script {
            cancel: true,
            ..town.script(SITI)
        },
    )
    .await
    .unwrap();
    assert_eq!(
        (visit.ending, visit.sent_to.as_deref()),
        (Ending::Cancelled, Some(FAILED)),
        "{visit:?}"
    );
    assert_eq!(
        town.status("INV-1")
            .await
            .latest_transaction_status
            .as_str(),
        "05"
    );
    assert!(town.text(&page).await.contains("No money was taken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_with_a_wrong_pin_is_told_why() {
    let town = town().await;
    let customer = town.linked(SITI).await;
    let page = town
        .pay("INV-1", "25000.00", &customer)
        .await
        .done()
        .unwrap();
    let visit = complete(
        &page,
        &Script {
            wrong_pin: true,
            ..town.script(SITI)
        },
    )
    .await
    .unwrap();
    assert_eq!(
        (visit.ending, visit.sent_to.as_deref()),
        (Ending::Refused, Some(FAILED)),
        "{visit:?}"
    );
    assert!(visit.code.is_some(), "{visit:?}");
    assert_eq!(
        town.status("INV-1")
            .await
            .latest_transaction_status
            .as_str(),
        "06"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_knows_before_its_page_is_refused_at_once() {
    let town = town().await;
    for (customer, code) in [(BLOCKED, "4030705"), (DORMANT, "4030709")] {
        assert_eq!(town.bind(customer, "refused").await.code(), Some(code));
    }
    let customer = town.linked(NO_MONEY).await;
    assert_eq!(
        town.pay("INV-1", "25000.00", &customer).await.code(),
        Some("4035414")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_replaced_says_so_and_the_newer_one_works() {
    let town = town().await;
    let (older, _) = town.bind(SITI, "customer").await.done().unwrap();
    let (newer, code) = town.bind(SITI, "customer").await.done().unwrap();
    assert!(town.text(&older).await.contains("data-end=\"superseded\""));
    let visit = town.visit(&newer, SITI).await;
    assert_eq!(visit.ending, Ending::Completed, "{visit:?}");
    assert!(
        town.merchant
            .exchange_code(&code)
            .await
            .unwrap()
            .done()
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_unlinks_at_the_bank_is_found_gone_at_the_next_payment() {
    let town = town().await;
    let customer = town.linked(SITI).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let unlink = format!("{{\"phone_no\":\"{}\"}}", demo_customers()[SITI].phone_no);
    let request = http
        .post(format!("{}/control/unlink", town.bank_url))
        .body(unlink);
    let response = request
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap();
    assert!(
        response.status().is_success(),
        "{}",
        response.text().await.unwrap()
    );
    let refused = town.pay("INV-1", "25000.00", &customer).await;
    assert_eq!(refused.code(), Some("4015402"), "{refused:?}");
    let again = town.pay("INV-2", "25000.00", &customer).await;
    assert_eq!(again.code(), Some("4015402"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notify_that_is_forged_repeated_or_early_changes_nothing_but_the_truth() {
    let town = town().await;
    let customer = town.linked(SITI).await;
    for (reference, amount) in [
        ("INV-1", "25000.53"),
        ("INV-2", "25000.55"),
        ("INV-3", "25000.56"),
    ] {
        let page = town.pay(reference, amount, &customer).await.done().unwrap();
        let visit = town.visit(&page, SITI).await;
        assert_eq!(visit.ending, Ending::Completed, "{amount} {visit:?}");
        let status = town.status(reference).await;
        assert_eq!(status.latest_transaction_status.as_str(), "00", "{amount}");
        assert_eq!(status.trans_amount, Amount::parse(amount).ok(), "{amount}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bank_is_down_nothing_is_claimed_and_an_open_page_says_so() {
    let mut town = town().await;
    let customer = town.linked(SITI).await;
    let page = town
        .pay("INV-1", "25000.00", &customer)
        .await
        .done()
        .unwrap();
    town.bank.take().unwrap().stop().await;
    let bank = town.gateway.app().banks.get("allo").unwrap();
    for attempt in 0..20 {
        if !bank.would_ask() {
            break;
        }
        let asked = bank.status(&BankStatusRequest::of("nothing")).await;
        assert!(
            matches!(asked, Asked::NotAsked | Asked::Unknown(_)),
            "{attempt}: {asked:?}"
        );
    }
    assert!(!bank.would_ask());
    let begun = std::time::Instant::now();
    assert_eq!(
        town.pay("INV-2", "25000.00", &customer).await.code(),
        Some("5045400")
    );
    assert!(begun.elapsed() < std::time::Duration::from_secs(1));
    let missing = town.merchant.status(&reference("INV-2")).await.unwrap();
    assert_eq!(
        missing.code(),
        Some("4045501"),
        "the refused payment left a row"
    );
    let text = town.text(&page).await;
    assert!(
        text.contains("data-end=\"bank-down\"") && text.contains("data-go-on"),
        "{text}"
    );
    assert!(
        text.contains("Your bank cannot be reached") && text.contains("http-equiv=\"refresh\"")
    );
}
