//! The hosted pages over HTTP: what a customer's browser meets for each kind of link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod world;

use direct_debit::{
    BankAccount, BankLink, Binding, BindingCommand, BindingId, BindingState, FirstAnswer,
    MerchantId, PayPart, Payment, PaymentCommand, PaymentDetails, PaymentId, PaymentState,
};
use gateway::{Config, derive};
use snap::{Amount, PayMethod, PrivateKey, Secret};
use storage::{bindings, payments};
use world::{CLIENT_ID, World, world};

const SUCCESS: &str = "https://toko.example/ok?order=1&x=2";
const FAILED: &str = "https://toko.example/failed?order=1";
const BANK_PAGE: &str = "https://bank.example/pages/1?a=1&b=2";

struct Page {
    status: u16,
    location: Option<String>,
    text: String,
    headers: reqwest::header::HeaderMap,
}

/// A bank that is configured and answers nobody.
fn with_bank(config: &mut Config) {
    let bank = gateway::config::Bank {
        base_url: "http://127.0.0.1:9".to_owned(),
        client_id: "GTW-0001".to_owned(),
        secret: Secret::new("ours"),
        inbound_client_id: "ALLO-0001".to_owned(),
        inbound_secret: Secret::new("theirs"),
        public_key: PrivateKey::generate().unwrap().public_key_pem(),
        private_key_file: None,
        channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
        acquirer_id: None,
        timeout_ms: 1_000,
        not_found_window_s: 60,
        replays_page: true,
        ca_file: None,
    };
    config.banks.insert("allo".to_owned(), bank);
}

async fn open(world: &World, path: &str, language: &str) -> Page {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let request = http
        .get(format!("{}{path}", world.running.url))
        .header("accept-language", language);
    let response = request.send().await.unwrap();
    let headers = response.headers().clone();
    Page {
        status: response.status().as_u16(),
        location: headers
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned()),
        text: response.text().await.unwrap(),
        headers,
    }
}

fn binding(world: &World, id: &str) -> Binding {
    let now_ms = world.app().clock.business_now_ms();
    Binding {
        id: BindingId::new(id),
        merchant: MerchantId::new(CLIENT_ID),
        bank: "allo".to_owned(),
        cust_id_merchant: id.to_owned(),
        channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
        phone_no: "6281234567890".to_owned(),
        reference_no: format!("reference of {id}"),
        external_id: id.to_owned(),
        success_url: SUCCESS.to_owned(),
        failed_url: FAILED.to_owned(),
        created_at_ms: now_ms,
        expires_at_ms: now_ms + 900_000,
        bank_reference_no: None,
        bank_page: None,
        account: None,
        bank_link: BankLink::None,
        state: BindingState::Created,
        version: 1,
    }
}

fn payment(world: &World, id: &str, binding: &Binding) -> Payment {
    let now_ms = world.app().clock.business_now_ms();
    let amount = Amount::from_sen(1_000_000).unwrap();
    Payment {
        id: PaymentId::new(id),
        merchant: binding.merchant.clone(),
        binding: binding.id.clone(),
        partner_reference_no: format!("INV-{id}"),
        reference_no: format!("reference of {id}"),
        external_id: id.to_owned(),
        amount,
        parts: vec![PayPart {
            method: PayMethod::Balance,
            amount,
            fee_amount: None,
        }],
        fee: Amount::ZERO,
        details: PaymentDetails {
            channel: binding.channel.clone(),
            remarks: "remarks".to_owned(),
            success_url: SUCCESS.to_owned(),
            failed_url: FAILED.to_owned(),
            items: Vec::new(),
            ip_address: None,
            device_id: None,
        },
        first_answer: FirstAnswer::None,
        created_at_ms: now_ms,
        valid_until_ms: now_ms + 900_000,
        bank_reference_no: None,
        bank_page: None,
        refunded: Amount::ZERO,
        refund_reserved: Amount::ZERO,
        state: PaymentState::Created,
        version: 1,
    }
}

fn page_of(world: &World, id: &str) -> String {
    derive::page_id(world.app().keys.derive(), id)
}

async fn store_binding(world: &World, binding: &Binding) {
    let app = world.app();
    let hashes = bindings::Hashes {
        page: app.page_hash(binding.id.as_str()),
        state: app.state_hash(binding.id.as_str()),
        auth_code: derive::hash(&derive::auth_code(app.keys.derive(), binding.id.as_str())),
        phone: app.keys.phone_hash(&binding.phone_no),
    };
    let hashes = &hashes;
    app.store
        .transact("store a binding", |s| async move {
            bindings::insert(&s, binding, hashes, i64::MAX).await
        })
        .await
        .unwrap();
}

/// Applies a command to a stored binding.
async fn change_binding(world: &World, binding: Binding, command: BindingCommand) -> Binding {
    let mut changed = binding.apply(command).unwrap().into_inner();
    let stored = &changed;
    world
        .app()
        .store
        .transact("change a binding", |s| async move {
            bindings::update(&s, stored, None, "test", stored.created_at_ms).await
        })
        .await
        .unwrap();
    changed.version += 1;
    changed
}

fn opened() -> BindingCommand {
    BindingCommand::OpenPage {
        bank_reference_no: None,
        bank_page: BANK_PAGE.to_owned(),
    }
}

#[tokio::test]
async fn a_link_that_names_nothing_says_so_in_the_customers_language() {
    let world = world(with_bank).await;
    let long = format!("/direct-debit/ui/payment/core/{}", "a".repeat(5_000));
    let unknown = format!("/direct-debit/ui/binding/core/{}", "a".repeat(32));
    for path in [
        unknown.as_str(),
        long.as_str(),
        "/direct-debit/ui/payment/core/%00%ff",
        "/direct-debit/ui/payment/core/x?lang=%ff",
        "/direct-debit/ui/return/allo",
        "/direct-debit/ui/return/allo?state=",
        "/direct-debit/ui/return/allo?state=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/direct-debit/ui/return/other?state=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&state=b",
    ] {
        let page = open(&world, path, "id").await;
        assert!((400..500).contains(&page.status), "{path}: {}", page.status);
        assert!(page.location.is_none());
    }
    let page = open(&world, &unknown, "en-GB").await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("Page not found") && page.text.contains("data-end=\"not-found\""));
    assert_eq!(page.headers["cache-control"], "no-store");
    let page = open(&world, &format!("{unknown}?lang=id"), "en-GB").await;
    assert!(page.text.contains("Halaman tidak ditemukan"));
}

#[tokio::test]
async fn an_open_binding_sends_the_browser_on_to_the_bank_and_an_ended_one_has_words() {
    let world = world(with_bank).await;
    let binding = binding(&world, "binding-1");
    store_binding(&world, &binding).await;
    let path = format!(
        "/direct-debit/ui/binding/core/{}",
        page_of(&world, "binding-1")
    );
    let page = open(&world, &path, "en").await;
    assert!(page.text.contains("data-end=\"unknown\""), "{}", page.text);

    let binding = change_binding(&world, binding, opened()).await;
    let page = open(&world, &path, "en").await;
    assert_eq!(
        (page.status, page.location.as_deref()),
        (303, Some(BANK_PAGE))
    );
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let page = open(&world, &format!("{path}?returned=1"), "en").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("data-end=\"open\"") && page.text.contains("data-go-on"));

    let account = BankAccount {
        id: "account-1".to_owned(),
        masked: "•••• 4321".to_owned(),
    };
    change_binding(&world, binding, BindingCommand::Link { account }).await;
    let page = open(&world, &path, "en").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("data-end=\"success\"") && page.text.contains("•••• 4321"));
    assert!(
        page.text
            .contains("href=\"https://toko.example/ok?order=1&amp;x=2\" data-way-back")
    );
    assert!(page.text.contains("Toko Uji"));
}

#[tokio::test]
async fn a_paid_payment_shows_what_was_paid_and_leads_back() {
    let world = world(with_bank).await;
    let binding = binding(&world, "binding-1");
    store_binding(&world, &binding).await;
    let binding = change_binding(&world, binding, opened()).await;
    let account = BankAccount {
        id: "account-1".to_owned(),
        masked: "•••• 4321".to_owned(),
    };
    let binding = change_binding(&world, binding, BindingCommand::Link { account }).await;
    let payment = payment(&world, "payment-1", &binding);
    let hashes = payments::Hashes {
        page: world.app().page_hash("payment-1"),
        state: world.app().state_hash("payment-1"),
    };
    let paid = PaymentCommand::Pay {
        paid_at_ms: payment.created_at_ms,
        bank_reference_no: None,
    };
    let paid = payment.clone().apply(paid).unwrap().into_inner();
    let (stored, after, hashes) = (&payment, &paid, &hashes);
    world
        .app()
        .store
        .transact("store a payment", |s| async move {
            payments::insert(&s, stored, hashes, i64::MAX).await?;
            payments::update(&s, after, None, "test", after.created_at_ms).await
        })
        .await
        .unwrap();
    let path = format!(
        "/direct-debit/ui/payment/core/{}",
        page_of(&world, "payment-1")
    );
    let page = open(&world, &path, "id").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("data-end=\"success\"") && page.text.contains("Rp10.000"));
    assert!(page.text.contains("INV-payment-1") && page.text.contains("Pembayaran berhasil"));

    // The browser comes back, twice: the bank's address is dead, and nothing needs to be asked.
    let state = derive::state(world.app().keys.derive(), "payment-1");
    for _ in 0..2 {
        let page = open(
            &world,
            &format!("/direct-debit/ui/return/allo?state={state}"),
            "id",
        )
        .await;
        assert_eq!(page.status, 303, "{}", page.text);
        let location = page.location.unwrap();
        assert!(
            location.ends_with(&format!("{path}?returned=1")),
            "{location}"
        );
    }
    let page = open(&world, &format!("{path}?returned=1"), "id").await;
    assert!(page.text.contains(
        "http-equiv=\"refresh\" content=\"3;url=https://toko.example/ok?order=1&amp;x=2\""
    ));
}
