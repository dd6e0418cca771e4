//! What merchants and customers do, at random.

use std::sync::Arc;

use serde_json::{Value, json};
use snap::messages::CHANNEL;
use snap::{Amount, paths};

use crate::bank::{Linked, Paid};
use crate::calls::{Caller, text_in};
use crate::hub::Hub;
use crate::shop::{Link, Paying, Told};
use crate::tell;

/// How much one program of a merchant does.
const DEEDS: u64 = 3;
/// Programs of each merchant: those of one compete for its payments.
pub const PROGRAMS: [usize; 2] = [2, 1];
/// Phone numbers that customers of one merchant have.
const PHONES: u64 = 9;

/// One program of a merchant, from its first binding to its last deed.
pub async fn run(caller: Caller) {
    bind(&caller).await;
    for _ in 0..DEEDS {
        let world = Arc::clone(&caller.hub.world);
        let label = format!("shop {} thinks", caller.at);
        world.pause(None, world.below(6_000), label).await;
        match world.below(20) {
            0..=1 => bind(&caller).await,
            2..=9 => pay(&caller).await,
            10..=15 => refund(&caller).await,
            16 => status(&caller).await,
            17 => unbind(&caller).await,
            18 => repeat(&caller).await,
            _ => exchange(&caller).await,
        }
    }
}

/// Trouble that nobody asked for: the bank goes down, and customers leave it.
pub async fn mishaps(hub: Arc<Hub>) {
    let world = &hub.world;
    for _ in 0..3 {
        world
            .pause(None, world.below(40_000), "something happens".to_owned())
            .await;
        if world.strikes(300) {
            let until_ms = world.now_ms().saturating_add_unsigned(world.below(15_000));
            hub.bank().down_until_ms = until_ms;
            world.note("the bank goes down");
        } else if world.strikes(200) {
            let customer = format!("customer-{}", world.below(4));
            hub.bank().customer_leaves(&customer);
            world.note(&format!("{customer} leaves the bank's app"));
            tell::start(&hub);
        }
    }
}

async fn bind(caller: &Caller) {
    let world = &caller.hub.world;
    let customer = format!("customer-{}", world.below(4));
    let body = json!({
        "phoneNo": format!("62811000{}{}", caller.at, world.below(PHONES)),
        "additionalInfo": {
            "channel": CHANNEL,
            "custIdMerchant": customer,
            "successRegistrationUrl": "https://shop.example/linked",
            "failedRegistrationUrl": "https://shop.example/not-linked",
            "deviceModel": "simulation",
            "osType": "android",
            "channelId": "app",
        },
    });
    let Some(told) = caller
        .insist(caller.wire(paths::BINDING, &body, None))
        .await
    else {
        return;
    };
    let code = text_in(&told.body, "/additionalInfo/authCode");
    keep(caller, told);
    let Some(code) = code else { return };
    let link = Link {
        customer: customer.clone(),
        ..Link::default()
    };
    if let Some(shop) = caller.shop() {
        shop.book().bindings.insert(code.clone(), link);
    }
    tokio::spawn(customer_links(caller.clone(), customer));
    for _ in 0..4 {
        let after_ms = 2_000 + world.below(9_000);
        world
            .pause(None, after_ms, format!("shop {} tries a code", caller.at))
            .await;
        if caller.exchange(&code).await {
            return;
        }
    }
}

async fn exchange(caller: &Caller) {
    if let Some((code, _)) = binding(caller, false) {
        caller.exchange(&code).await;
    }
}

async fn pay(caller: &Caller) {
    let world = &caller.hub.world;
    let Some((code, _)) = binding(caller, true) else {
        return;
    };
    let reference = caller.fresh("PAY-");
    let sen = amount(caller, 100);
    let paying = Paying {
        sen,
        code: code.clone(),
        ..Paying::default()
    };
    if let Some(shop) = caller.shop() {
        shop.book().payments.insert(reference.clone(), paying);
    }
    let body = payment(caller.at, &reference, sen);
    let wire = caller.wire(paths::PAYMENT, &body, Some(&code));
    if world.strikes(150) {
        // The same request, and another about the same reference, at the same moment.
        for other in [
            wire.clone(),
            caller.wire(paths::PAYMENT, &body, Some(&code)),
        ] {
            let caller = caller.clone();
            tokio::spawn(async move { caller.once(&other).await });
        }
    }
    let Some(told) = caller.insist(wire).await else {
        return;
    };
    if let Some(shop) = caller.shop()
        && let Some(paying) = shop.book().payments.get_mut(&reference)
    {
        paying.accepted |= told.done;
        // An ended payment answers so to whoever never heard the first answer.
        paying.refused |= !told.done && told.code != "4035400" && !told.code.starts_with("401");
    }
    let accepted = told.done;
    keep(caller, told);
    if accepted {
        tokio::spawn(customer_pays(caller.clone(), reference));
    }
}

async fn refund(caller: &Caller) {
    let world = &caller.hub.world;
    let Some((reference, paying)) = payment_of(caller) else {
        return;
    };
    let sen = match world.below(3) {
        0 => paying.sen,
        _ => amount(caller, 50).min(paying.sen),
    };
    let number = caller.fresh("REF-");
    if let Some(shop) = caller.shop()
        && let Some(paying) = shop.book().payments.get_mut(&reference)
    {
        paying.refunds.push((number.clone(), sen, None));
    }
    let body = json!({
        "originalPartnerReferenceNo": reference,
        "partnerRefundNo": number,
        "refundAmount": money(sen),
        "additionalInfo": {"channel": CHANNEL},
    });
    let wire = caller.wire(paths::REFUND, &body, None);
    let twice_at_once = world.strikes(150);
    if twice_at_once {
        let (caller, other) = (caller.clone(), caller.wire(paths::REFUND, &body, None));
        tokio::spawn(async move { caller.once(&other).await });
    }
    let Some(told) = caller.insist(wire).await else {
        return;
    };
    // A refusal says no only to this request, when another one went unheard: it claimed nothing then.
    let said = match told.done {
        true => Some(true),
        false if told.tries == 1 && !twice_at_once => Some(false),
        false => None,
    };
    if let Some(shop) = caller.shop()
        && let Some(paying) = shop.book().payments.get_mut(&reference)
        && let Some(refund) = paying.refunds.iter_mut().find(|refund| refund.0 == number)
    {
        refund.2 = said;
    }
    keep(caller, told);
}

async fn status(caller: &Caller) {
    let Some((reference, _)) = payment_of(caller) else {
        return;
    };
    let body = json!({"originalPartnerReferenceNo": reference, "serviceCode": "54"});
    let Some(told) = caller.insist(caller.wire(paths::STATUS, &body, None)).await else {
        return;
    };
    let status = text_in(&told.body, "/latestTransactionStatus").unwrap_or_default();
    let ended = ["00", "04", "05", "06"].contains(&status.as_str());
    if let Some(shop) = caller.shop()
        && ended
        && let Some(paying) = shop.book().payments.get_mut(&reference)
    {
        paying.statuses.push(status);
    }
}

async fn unbind(caller: &Caller) {
    let Some((code, link)) = binding(caller, true) else {
        return;
    };
    let Some(token) = link.token else { return };
    let mark = |ended: bool| {
        if let Some(shop) = caller.shop()
            && let Some(link) = shop.book().bindings.get_mut(&code)
        {
            link.ending = true;
            link.ended |= ended;
        }
    };
    mark(false);
    let body = json!({"tokenId": token, "additionalInfo": {"channel": CHANNEL}});
    let told = caller
        .insist(caller.wire(paths::UNBINDING, &body, None))
        .await;
    if let Some(told) = told {
        mark(told.done && told.code == "2000900");
        keep(caller, told);
    }
}

/// Asks something again that was answered before.
async fn repeat(caller: &Caller) {
    let Some(shop) = caller.shop() else { return };
    let before = {
        let book = shop.book();
        caller.hub.world.one_of(&book.answers).cloned()
    };
    let Some(before) = before.filter(|before| before.done) else {
        return;
    };
    let again = caller.once(&before.wire).await;
    let wrong = again.filter(|again| again.status == 409 && again.body != before.body);
    if let Some(wrong) = wrong {
        let body = String::from_utf8_lossy(&wrong.body).into_owned();
        let line = format!(
            "{} was answered otherwise later: {body}",
            before.wire.external_id
        );
        shop.book().oddities.push(line);
    }
}

async fn customer_links(caller: Caller, customer: String) {
    let (hub, world) = (&caller.hub, &caller.hub.world);
    world
        .pause(
            None,
            world.moment(15_000),
            format!("{customer} looks at a page"),
        )
        .await;
    let does = match world.below(12) {
        0 => Linked::Refused,
        1 => Linked::Pending,
        _ => Linked::Yes,
    };
    let mine = format!("account-62811000{}", caller.at);
    let page = {
        let bank = hub.bank();
        let mut open = bank.links.iter().filter(|(_, link)| {
            link.state == Linked::Pending
                && link.customer == customer
                && link.account.starts_with(&mine)
        });
        open.next_back()
            .map(|(id, link)| (id.clone(), link.return_url.clone()))
    };
    let Some((id, url)) = page else { return };
    if does == Linked::Pending || !hub.bank().customer_links(&id, does, world.now_ms()) {
        return;
    }
    world.note(&format!("{customer} ends the page of {id}: {does:?}"));
    come_back(&caller, &url, &customer).await;
}

async fn customer_pays(caller: Caller, reference: String) {
    let (hub, world) = (&caller.hub, &caller.hub.world);
    world
        .pause(
            None,
            world.moment(20_000),
            format!("the page of {reference} is seen"),
        )
        .await;
    let does = match world.below(12) {
        0 => Paid::Cancelled,
        1 => Paid::Failed,
        2 => Paid::Pending,
        _ => Paid::Yes,
    };
    let shop = format!("{}|{reference}", caller.at);
    let page = {
        let bank = hub.bank();
        let mut all = bank.payments.iter();
        all.find(|(_, payment)| payment.remarks == shop)
            .map(|(id, payment)| (id.clone(), payment.return_url.clone()))
    };
    let Some((id, url)) = page else { return };
    if !hub.bank().customer_pays(&id, does, world.now_ms()) {
        return;
    }
    world.note(&format!("the page of {reference} ends: {does:?}"));
    tell::start(hub);
    come_back(&caller, &url, &reference).await;
}

/// The browser returns to the gateway, or is closed.
async fn come_back(caller: &Caller, url: &str, what: &str) {
    if caller.hub.world.below(3) == 0 {
        return;
    }
    let target = url.strip_prefix("http://gateway").unwrap_or(url);
    let request = http::Request::get(target).body(bytes::Bytes::new());
    if let Ok(request) = request {
        caller
            .hub
            .ask_gateway(request, &format!("the browser of {what}"))
            .await;
    }
}

/// Some binding whose code the merchant has.
fn binding(caller: &Caller, with_token: bool) -> Option<(String, Link)> {
    let book = caller.shop()?.book();
    let usable = |link: &Link| !link.ending && (!with_token || link.token.is_some());
    let usable: Vec<_> = book
        .bindings
        .iter()
        .filter(|(_, link)| usable(link))
        .collect();
    let (code, link) = caller.hub.world.one_of(&usable)?;
    Some(((*code).clone(), (*link).clone()))
}

fn payment_of(caller: &Caller) -> Option<(String, Paying)> {
    let book = caller.shop()?.book();
    let accepted: Vec<_> = book
        .payments
        .iter()
        .filter(|(_, one)| one.accepted)
        .collect();
    let (reference, paying) = caller.hub.world.one_of(&accepted)?;
    Some(((*reference).clone(), (*paying).clone()))
}

fn keep(caller: &Caller, told: Told) {
    if let Some(shop) = caller.shop() {
        shop.book().answers.push(told);
    }
}

/// Whole rupiah; some amounts make the bank say no or leave it open, see `bank.rs`.
fn amount(caller: &Caller, most: u64) -> i64 {
    let rupiah = i64::try_from(1 + caller.hub.world.below(most)).unwrap_or(1);
    rupiah.saturating_mul(100)
}

/// A payment request of a merchant.
fn payment(shop: usize, reference: &str, sen: i64) -> Value {
    let value = Amount::from_sen(sen).unwrap_or(Amount::ZERO).to_string();
    json!({
        "partnerReferenceNo": reference,
        "amount": money(sen),
        "additionalInfo": {
            "channel": CHANNEL,
            // The bank shows it to the customer, who finds the page by it.
            "remarks": format!("{shop}|{reference}"),
            "successPaymentUrl": "https://shop.example/paid",
            "failedPaymentUrl": "https://shop.example/not-paid",
            "lineItems": [{"name": "Kopi", "price": value, "quantity": 1}],
        },
    })
}

fn money(sen: i64) -> Value {
    let amount = Amount::from_sen(sen).unwrap_or(Amount::ZERO);
    json!({"value": amount.to_string(), "currency": "IDR"})
}
