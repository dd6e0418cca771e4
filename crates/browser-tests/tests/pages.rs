//! The hosted pages in a real browser: 360×640, touch, JavaScript off.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
use browser_tests::{
    Browser, Sandbox, Shop, go_on, in_a_phone, look_at, open, press, wait_for, walk,
};

#[tokio::test]
async fn a_customer_links_and_pays_on_a_small_phone_without_javascript() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);

        let (page, auth_code) = sandbox.bind(&customer, &shop).await;
        let visit = walk(&phone, &page, &customer, &shop.page("linked")).await;
        visit.assert_no_troubles();
        assert_eq!(visit.arrived_at(), shop.page("linked"));
        assert!(
            visit.steps().ends_with(&["otp", "pin"]),
            "{:?}",
            visit.steps()
        );

        let token = sandbox.customer_token(&auth_code).await;
        let (reference, page) = sandbox.pay(&token, "25000.00", &shop).await;
        let visit = walk(&phone, &page, &customer, &shop.page("paid")).await;
        visit.assert_no_troubles();
        assert_eq!(visit.arrived_at(), shop.page("paid"));
        assert!(
            visit
                .pages
                .iter()
                .any(|page| page.text.contains("Rp25.000")),
            "the amount was shown"
        );
        sandbox.wait_for_status(&reference, "00").await;
    })
    .await;
}

#[tokio::test]
async fn a_large_payment_asks_for_an_otp_too() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, auth_code) = sandbox.bind(&customer, &shop).await;
        walk(&phone, &page, &customer, &shop.page("linked")).await;
        let token = sandbox.customer_token(&auth_code).await;
        let (reference, page) = sandbox.pay(&token, "1500000.00", &shop).await;
        let visit = walk(&phone, &page, &customer, &shop.page("paid")).await;
        visit.assert_no_troubles();
        assert!(visit.steps().contains(&"otp"), "{:?}", visit.steps());
        sandbox.wait_for_status(&reference, "00").await;
    })
    .await;
}

#[tokio::test]
async fn opening_the_pages_sends_no_sms() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        open(&phone, &page).await;
        let bank = open_the_banks_page(&phone, &page).await;
        open(&phone, &bank).await;
        assert_eq!(customer.messages().await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_first_page_names_the_merchant_and_offers_to_cancel() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        let bank = open_the_banks_page(&phone, &page).await;
        let first = open(&phone, &bank).await;
        assert!(first.offers("cancel"), "{first:#?}");
        assert_eq!(first.troubles(), [""; 0]);
        press(&phone, "cancel", None).await;
        let over = wait_for(&phone, "the end", |page| page.end.is_some()).await;
        assert_eq!(over.end.as_deref(), Some("cancelled"));
        assert_eq!(over.troubles(), [""; 0]);
        let arrived = wait_for(&phone, "the shop", |page| page.title == "Shop").await;
        assert_eq!(arrived.url, shop.page("not-linked"));
    })
    .await;
}

#[tokio::test]
async fn back_button_and_reopened_page_tell_that_it_is_over() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        let visit = walk(&phone, &page, &customer, &shop.page("linked")).await;
        let bank = visit
            .pages
            .iter()
            .find(|page| page.offers("pin"))
            .unwrap()
            .url
            .clone();

        // Whatever the back button shows, typing the PIN again must not be asked for.
        phone.back().await.unwrap();
        let before = wait_for(&phone, "a page", |page| !page.url.is_empty()).await;
        assert!(
            !before.offers("pin") && !before.offers("otp"),
            "{before:#?}"
        );

        for address in [page, bank] {
            phone.goto(&address).await.unwrap();
            let over = wait_for(&phone, "an end", |page| {
                page.end.is_some() || page.title == "Shop"
            })
            .await;
            assert!(over.steps.is_empty(), "{over:#?}");
            if over.end.is_some() {
                assert_eq!(over.troubles(), [""; 0]);
                assert!(over.way_back.is_some(), "{over:#?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_tab_goes_on_where_the_first_is() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        let bank = open_the_banks_page(&phone, &page).await;
        press(&phone, "start", None).await;
        wait_for(&phone, "the OTP page", |page| page.offers("otp")).await;

        let tab = phone.new_window(true).await.unwrap();
        phone.switch_to_window(tab.handle).await.unwrap();
        let second = open(&phone, &bank).await;
        assert!(second.offers("otp"), "{second:#?}");
        let otp = customer.wait_for_otp(0).await;
        press(&phone, "otp", Some(&otp)).await;
        wait_for(&phone, "the PIN page", |page| page.offers("pin")).await;
    })
    .await;
}

#[tokio::test]
async fn another_browser_may_start_over_only_until_the_otp_is_accepted() {
    let sandbox = Sandbox::start().await;
    let other = Browser::start().await;
    let stranger = other.client();
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        let bank = open_the_banks_page(&phone, &page).await;
        press(&phone, "start", None).await;
        wait_for(&phone, "the OTP page", |page| page.offers("otp")).await;

        let seen = open(&stranger, &bank).await;
        assert!(seen.offers("start") && !seen.offers("otp"), "{seen:#?}");

        let otp = customer.wait_for_otp(0).await;
        press(&phone, "otp", Some(&otp)).await;
        wait_for(&phone, "the PIN page", |page| page.offers("pin")).await;

        stranger.goto(&bank).await.unwrap();
        let seen = wait_for(&stranger, "a page", |page| !page.text.is_empty()).await;
        assert!(!seen.offers("start") && !seen.offers("pin"), "{seen:#?}");
        assert_eq!(seen.troubles(), [""; 0]);
    })
    .await;
    other.close().await;
}

#[tokio::test]
async fn three_wrong_otps_end_the_page_with_words_and_a_way_back() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        open_the_banks_page(&phone, &page).await;
        press(&phone, "start", None).await;
        let otp = customer.wait_for_otp(0).await;
        let wrong = if otp == "000000" { "111111" } else { "000000" };
        for _ in 0..3 {
            let page = wait_for(&phone, "the OTP page", |page| page.offers("otp")).await;
            assert_eq!(page.troubles(), [""; 0]);
            press(&phone, "otp", Some(wrong)).await;
        }
        let over = wait_for(&phone, "the end", |page| page.end.is_some()).await;
        assert_eq!(over.end.as_deref(), Some("refused"));
        assert_eq!(over.troubles(), [""; 0]);
        let arrived = wait_for(&phone, "the shop", |page| page.title == "Shop").await;
        assert_eq!(arrived.url, shop.page("not-linked"));
    })
    .await;
}

#[tokio::test]
async fn an_expired_page_has_words_and_a_way_back_at_the_gateway_and_at_the_bank() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        let bank = open_the_banks_page(&phone, &page).await;
        sandbox.advance("20m");
        for address in [page, bank] {
            let over = open(&phone, &address).await;
            assert_eq!(over.end.as_deref(), Some("expired"), "{over:#?}");
            assert!(over.steps.is_empty(), "{over:#?}");
            assert!(over.way_back.is_some(), "{over:#?}");
            assert_eq!(over.troubles(), [""; 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn every_page_speaks_english_too() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let customer = sandbox.customer(0);
        let (page, _) = sandbox.bind(&customer, &shop).await;
        let bank = open_the_banks_page(&phone, &page).await;
        for address in [page, bank] {
            let english = open(&phone, &format!("{address}?lang=en")).await;
            assert_eq!(english.language, "en");
            assert!(english.text.contains("Continue"), "{}", english.text);
            assert_eq!(english.troubles(), [""; 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_that_names_nothing_is_told_apart() {
    let sandbox = Sandbox::start().await;
    in_a_phone(|phone| async move {
        let shop = Shop::open();
        let (page, _) = sandbox.bind(&sandbox.customer(0), &shop).await;
        let nothing = format!("{}AAAA", &page[..page.len() - 4]);
        let told = open(&phone, &nothing).await;
        assert_eq!(told.end.as_deref(), Some("not-found"), "{told:#?}");
        assert_eq!(told.troubles(), [""; 0]);
    })
    .await;
}

/// From the gateway's landing page to the bank's first page; gives the bank page's address.
async fn open_the_banks_page(phone: &fantoccini::Client, landing: &str) -> String {
    let first = open(phone, landing).await;
    assert_eq!(first.troubles(), [""; 0]);
    let gateway = url::Url::parse(landing).unwrap().origin();
    let elsewhere = |page: &str| url::Url::parse(page).is_ok_and(|url| url.origin() != gateway);
    if !elsewhere(&first.url) {
        go_on(phone).await;
    }
    wait_for(phone, "the bank's page", |page| {
        elsewhere(&page.url) && !page.steps.is_empty()
    })
    .await;
    look_at(phone).await.unwrap().url
}
