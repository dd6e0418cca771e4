//! The customer's hands: reading the SMS, typing, pressing, from the first page to the shop.

use crate::look::{Look, wait_for};
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, PointerAction, TouchActions};
use fantoccini::{Client, Locator};
use serde::Deserialize;
use std::time::{Duration, Instant};

/// A demo customer with a phone.
#[derive(Clone, Debug)]
pub struct Customer {
    /// The number that SMS arrive under.
    pub phone_no: String,
    /// The PIN of the bank account.
    pub pin: String,
    /// Where the simulator shows SMS.
    pub inbox_url: String,
}

/// What a customer has seen on the way.
#[derive(Debug)]
pub struct Visit {
    /// Every page in order, the shop's last.
    pub pages: Vec<Look>,
}

#[derive(Deserialize)]
struct Inbox {
    messages: Vec<Message>,
}

#[derive(Clone, Deserialize)]
struct Message {
    otp: String,
    sent_at_ms: i64,
}

impl Visit {
    /// Fails if any page of ours would trouble a customer.
    pub fn assert_no_troubles(&self) {
        let (_shop, ours) = self.pages.split_last().unwrap();
        for page in ours {
            let troubles = page.troubles();
            assert!(
                troubles.is_empty(),
                "{} ({}): {troubles:#?}",
                page.url,
                page.title
            );
        }
    }

    /// The last page's address: where in the shop the customer arrived.
    pub fn arrived_at(&self) -> &str {
        &self.pages.last().unwrap().url
    }

    /// How the bank's or the gateway's last end page said it ended.
    pub fn end(&self) -> Option<&str> {
        self.pages.iter().rev().find_map(|page| page.end.as_deref())
    }

    /// The steps that were offered, page by page.
    pub fn steps(&self) -> Vec<&str> {
        self.pages
            .iter()
            .filter_map(|page| page.steps.first())
            .map(String::as_str)
            .collect()
    }
}

impl Customer {
    /// How many SMS have come so far.
    pub async fn messages(&self) -> usize {
        self.inbox().await.len()
    }

    /// The OTP of the newest SMS, once there are more than before.
    pub async fn wait_for_otp(&self, before: usize) -> String {
        let started = Instant::now();
        loop {
            let mut messages = self.inbox().await;
            if messages.len() > before {
                messages.sort_by_key(|message| message.sent_at_ms);
                return messages.pop().unwrap().otp;
            }
            assert!(started.elapsed() < Duration::from_secs(10), "no SMS came");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn inbox(&self) -> Vec<Message> {
        let address = format!("{}.json?phone={}", self.inbox_url, self.phone_no);
        let answer = reqwest::get(address).await.unwrap().bytes().await.unwrap();
        serde_json::from_slice::<Inbox>(&answer).unwrap().messages
    }
}

/// Opens an address in the browser and waits for something to press there.
pub async fn open(browser: &Client, url: &str) -> Look {
    browser.goto(url).await.unwrap();
    wait_for(browser, "a page of ours", |page| {
        !page.steps.is_empty() || page.end.is_some()
    })
    .await
}

/// Goes all the way as a customer who does everything right, until the shop.
pub async fn walk(browser: &Client, url: &str, customer: &Customer, shop: &str) -> Visit {
    browser.goto(url).await.unwrap();
    let mut pages: Vec<Look> = Vec::new();
    let mut messages = customer.messages().await;
    for _ in 0..20 {
        let before = pages.last().map(signature);
        let page = wait_for(browser, "the next page", |page| {
            let is_somewhere = !page.steps.is_empty() || page.end.is_some() || is_shop(page, shop);
            is_somewhere && Some(signature(page)) != before
        })
        .await;
        pages.push(page.clone());
        if is_shop(&page, shop) {
            return Visit { pages };
        }
        if page.offers("pin") {
            press(browser, "pin", Some(&customer.pin)).await;
        } else if page.offers("otp") {
            let otp = customer.wait_for_otp(messages).await;
            press(browser, "otp", Some(&otp)).await;
        } else if page.offers("start") {
            messages = customer.messages().await;
            press(browser, "start", None).await;
        } else if page.goes_on {
            go_on(browser).await;
        }
    }
    panic!("no end after {} pages: {pages:#?}", pages.len())
}

/// Types into a step's field, if there is something to type, and presses its button.
pub async fn press(browser: &Client, step: &str, typed: Option<&str>) {
    let form = format!("form[data-step={step}]");
    if let Some(typed) = typed {
        let field = format!("{form} input:not([type=hidden])");
        let field = browser.find(Locator::Css(&field)).await.unwrap();
        field.send_keys(typed).await.unwrap();
    }
    wait_for_tap_on(browser, &format!("{form} button")).await;
}

/// Follows the landing page's link to the bank.
pub async fn go_on(browser: &Client) {
    wait_for_tap_on(browser, "a[data-go-on]").await;
}

/// Taps with a thumb, and waits until the page that was tapped is gone.
///
/// ChromeDriver's own click waits for a timer inside the page, which never comes without JavaScript.
async fn wait_for_tap_on(browser: &Client, what: &str) {
    let target = browser.find(Locator::Css(what)).await.unwrap();
    let into_view = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
    let argument = serde_json::to_value(&target).unwrap();
    browser.execute(into_view, vec![argument]).await.unwrap();
    let onto = PointerAction::MoveToElement {
        element: target.clone(),
        duration: None,
        x: 0.0,
        y: 0.0,
    };
    let thumb = TouchActions::new("thumb".to_owned())
        .then(onto)
        .then(PointerAction::Down {
            button: MOUSE_BUTTON_LEFT,
        })
        .then(PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        });
    browser.perform_actions(thumb).await.unwrap();
    let started = Instant::now();
    while target.tag_name().await.is_ok() {
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "nothing came after tapping {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What tells one page from the next: a form may post to its own address.
fn signature(page: &Look) -> (String, Vec<String>, Option<String>) {
    (page.url.clone(), page.steps.clone(), page.end.clone())
}

fn is_shop(page: &Look, shop: &str) -> bool {
    page.url.starts_with(shop.split('?').next().unwrap_or(shop)) || page.title == "Shop"
}
