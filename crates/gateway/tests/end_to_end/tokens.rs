//! Tokens and codes: of others, ended, revoked and forged.

use std::time::Duration;

use bank_simulator::demo_customers;
use merchant_sdk::pages::{Ending, Script};
use merchant_sdk::{Answer, Authorization, RawOptions, Signature};
use serde_json::{Value, json};
use storage::merchants::{Merchant, MerchantState};

use super::calls::*;
use super::forgery::forged;
use super::stage::*;
use super::untouched::Untouched;

const B2B: &str = "Invalid Token (B2B)";
const CUSTOMER: &str = "Invalid Customer Token";
const CODE: &str = "Unauthorized. [Invalid Authorization Code]";
const SIGNATURE: &str = "Unauthorized. [Invalid Signature]";
const LIFE: Duration = Duration::from_secs(901);

/// Both tokens that an authCode or a refresh token is exchanged for.
async fn exchanged(shop: &Shop, body: &Value) -> Answer {
    let options = RawOptions {
        signature: Signature::Asymmetric,
        ..RawOptions::default()
    };
    shop.send(snap::paths::TOKEN_B2B2C, body, options).await
}

fn with_code(code: &str) -> Value {
    json!({"grantType": "authorization_code", "authCode": code})
}

fn with_refresh(token: &str) -> Value {
    json!({"grantType": "refresh_token", "refreshToken": token})
}

fn text(answer: &Answer, member: &str) -> String {
    let body = answer.json();
    let text = body[member].as_str();
    text.unwrap_or_else(|| panic!("no {member}: {body}"))
        .to_owned()
}

async fn b2b_token(shop: &Shop) -> String {
    shop.client.b2b_token().await.unwrap().expose().to_owned()
}

/// Another B2B token from here on.
async fn renew_b2b(shop: &Shop) {
    let token = shop.client.b2b_token().await.unwrap();
    shop.client.forget_b2b_token(&token).await;
}

/// The call with this B2B token, which is the one in the string to sign, too.
fn by(mut call: Call, token: &str) -> Call {
    call.options.authorization = Authorization::Token(token.to_owned());
    call
}

/// The call with this customer token.
fn for_customer(mut call: Call, token: &str) -> Call {
    call.options.customer_token = Some(token.to_owned());
    call
}

async fn change_merchant(stage: &Stage, change: fn(&mut Merchant)) {
    let id = direct_debit::MerchantId::new(&stage.shop.client_id);
    stage
        .app()
        .store
        .transact("test: change", |s| {
            let id = &id;
            async move {
                let found = storage::merchants::by_id(&s, id).await?;
                let mut merchant = found.unwrap();
                change(&mut merchant);
                storage::merchants::update(&s, &merchant).await
            }
        })
        .await
        .unwrap();
    stage.app().merchants.forget();
}

#[tokio::test]
async fn a_b2b_token_that_is_forged_of_another_kind_or_of_another_merchant_is_refused() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let other = stage.another_shop("other").await;
    let good = b2b_token(&stage.shop).await;
    let refresh = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    let now_ms = stage.app().clock.business_now_ms();
    let tokens = &stage.app().tokens;
    let issued = |epoch, at_ms| tokens.b2b("shop", epoch, at_ms).unwrap().token;
    let mut wrong = forged(&stage, &good);
    wrong.extend([
        ("another merchant's", b2b_token(&other).await),
        ("a customer's", props.customer_token.clone()),
        ("for refreshing", text(&refresh, "refreshToken")),
        ("a bank's", tokens.bank("shop", now_ms).unwrap().token),
        ("of another epoch", issued(2, now_ms)),
        ("ended now", issued(1, now_ms - 900_000)),
        ("ended long ago", issued(1, now_ms - 86_400_000)),
    ]);
    let untouched = Untouched::since_now(&stage).await;
    for service in SIGNED {
        for (name, token) in &wrong {
            let call = by(props.call(service), token);
            let answer = call.send(&stage.shop).await;
            let what = format!("{service}: {name}");
            untouched
                .refused(&what, &answer, &call.code("401", "01"), B2B)
                .await;
        }
    }
    untouched.looked().await;
    let old_ms = stage.app().clock.business_now_ms() - 870_000;
    let call = by(props.call("55"), &issued(1, old_ms));
    is_done("alive for half a minute", &call.send(&stage.shop).await);
}

#[tokio::test]
async fn a_customer_token_that_is_forged_of_another_kind_or_of_another_merchant_is_refused() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let other = stage.another_shop("other").await;
    let (_, foreign) = stage.linked(&other, &demo_customers()[1], "cust-1").await;
    let (_, neighbour) = stage
        .linked(&stage.shop, &demo_customers()[2], "cust-3")
        .await;
    let refresh = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    let now_ms = stage.app().clock.business_now_ms();
    let tokens = &stage.app().tokens;
    let of_binding = |id: &str| tokens.b2b2c("shop", 1, id, now_ms).unwrap().token;
    let mut wrong = forged(&stage, &props.customer_token);
    wrong.extend([
        ("another merchant's customer", foreign),
        ("a B2B token", b2b_token(&stage.shop).await),
        ("for refreshing", text(&refresh, "refreshToken")),
        ("of no binding", of_binding("nothing")),
        ("the authCode", props.auth_code.clone()),
    ]);
    let untouched = Untouched::since_now(&stage).await;
    for service in ["11", "54", "58"] {
        for (name, token) in &wrong {
            let call = for_customer(props.call(service), token);
            let answer = call.send(&stage.shop).await;
            let what = format!("{service}: {name}");
            untouched
                .refused(&what, &answer, &call.code("401", "02"), CUSTOMER)
                .await;
        }
    }
    // A refund belongs to the binding that paid.
    let call = for_customer(props.call("58"), &neighbour);
    let answer = call.send(&stage.shop).await;
    untouched
        .refused("a neighbour", &answer, "4015802", CUSTOMER)
        .await;
    untouched.looked().await;
    let call = for_customer(props.call("58"), &props.customer_token);
    is_done("the customer's own", &call.send(&stage.shop).await);
}

#[tokio::test]
async fn an_unbinding_takes_only_a_customer_token_of_ours_for_this_merchant() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let other = stage.another_shop("other").await;
    let (_, foreign) = stage.linked(&other, &demo_customers()[1], "cust-1").await;
    let refresh = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    let mut wrong = forged(&stage, &props.customer_token);
    wrong.extend([
        ("another merchant's customer", foreign),
        ("a B2B token", b2b_token(&stage.shop).await),
        ("for refreshing", text(&refresh, "refreshToken")),
        ("the authCode", props.auth_code.clone()),
        ("with Bearer", format!("Bearer {}", props.customer_token)),
    ]);
    let untouched = Untouched::since_now(&stage).await;
    for (name, token) in &wrong {
        let answer = stage.shop.post(UNBINDING, &unbinding(token)).await;
        untouched.refused(name, &answer, "4010902", CUSTOMER).await;
    }
    untouched.looked().await;

    // Expired, and of an epoch before: it only names the binding.
    stage.advance(LIFE).await;
    change_merchant(&stage, |merchant| merchant.epoch += 1).await;
    renew_b2b(&stage.shop).await;
    let body = unbinding(&props.customer_token);
    for time in ["first", "again"] {
        let answer = stage.shop.post(UNBINDING, &body).await;
        assert_eq!(answer.code().as_deref(), Some("2000900"), "{time}");
    }
}

#[tokio::test]
async fn tokens_end_when_their_time_is_over() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let old = b2b_token(&stage.shop).await;
    let first = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    let refresh = text(&first, "refreshToken");
    stage.advance(LIFE).await;

    let untouched = Untouched::since_now(&stage).await;
    for service in SIGNED {
        let call = by(props.call(service), &old);
        let answer = call.send(&stage.shop).await;
        untouched
            .refused(service, &answer, &call.code("401", "01"), B2B)
            .await;
    }
    renew_b2b(&stage.shop).await;
    for service in ["11", "54"] {
        let call = props.call(service);
        let answer = call.send(&stage.shop).await;
        untouched
            .refused(service, &answer, &call.code("401", "02"), CUSTOMER)
            .await;
    }
    untouched.looked().await;
    let call = for_customer(props.call("58"), &props.customer_token);
    is_done("a refund by an ended token", &call.send(&stage.shop).await);

    for time in ["first", "again"] {
        let answer = exchanged(&stage.shop, &with_refresh(&refresh)).await;
        let call = for_customer(props.call("11"), &text(&answer, "accessToken"));
        is_done(time, &call.send(&stage.shop).await);
    }
    stage.advance(Duration::from_secs(15 * 86_400)).await;
    let untouched = Untouched::since_now(&stage).await;
    let answer = exchanged(&stage.shop, &with_refresh(&refresh)).await;
    untouched.refused("refresh", &answer, "4017400", CODE).await;
    untouched.looked().await;
    let answer = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    is_done("the code lives as long as the binding", &answer);
}

#[tokio::test]
async fn a_refresh_token_must_be_ours_and_of_its_kind_and_merchant() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let other = stage.another_shop("other").await;
    let (foreign_code, _) = stage.linked(&other, &demo_customers()[1], "cust-1").await;
    let foreign = exchanged(&other, &with_code(&foreign_code)).await;
    let own = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    let good = text(&own, "refreshToken");
    let mut wrong = forged(&stage, &good);
    wrong.extend([
        ("another merchant's", text(&foreign, "refreshToken")),
        ("an access token", text(&own, "accessToken")),
        ("a B2B token", b2b_token(&stage.shop).await),
    ]);
    let untouched = Untouched::since_now(&stage).await;
    for (name, token) in wrong.iter().filter(|(_, token)| token.len() <= 512) {
        let answer = exchanged(&stage.shop, &with_refresh(token)).await;
        untouched.refused(name, &answer, "4017400", CODE).await;
    }
    untouched.looked().await;
    let answer = stage
        .shop
        .post(UNBINDING, &unbinding(&props.customer_token))
        .await;
    is_done("unbinding", &answer);
    let untouched = Untouched::since_now(&stage).await;
    let answer = exchanged(&stage.shop, &with_refresh(&good)).await;
    untouched
        .refused("of an ended binding", &answer, "4017400", CODE)
        .await;
    untouched.looked().await;
}

#[tokio::test]
async fn the_tokens_of_a_client_with_a_long_id_are_as_short_as_the_standard_wants() {
    let stage = patient_stage().await;
    let name = "BRN-0208-1727235845507-and-a-bit-mor"; // 36, the standard's longest
    let shop = stage.another_shop(name).await;
    let (code, token) = stage.linked(&shop, &demo_customers()[0], "cust-1").await;
    assert!(b2b_token(&shop).await.len() <= 2_048 && token.len() <= 2_048 && code.len() <= 256);
    let first = exchanged(&shop, &with_code(&code)).await;
    let refresh = text(&first, "refreshToken");
    assert!(refresh.len() <= 512, "{} characters", refresh.len());
    let again = exchanged(&shop, &with_refresh(&refresh)).await;
    is_done("refreshed", &again);
}

#[tokio::test]
async fn an_auth_code_is_good_from_the_customers_finish_to_the_end_of_the_binding() {
    let stage = patient_stage().await;
    let other = stage.another_shop("other").await;
    let siti = &demo_customers()[0];
    let answer = stage
        .shop
        .post(BINDING, &binding(siti.phone_no, "cust-1"))
        .await;
    is_done("binding", &answer);
    let body = answer.json();
    let code = body["additionalInfo"]["authCode"].as_str().unwrap();
    let page = body["redirectUrl"].as_str().unwrap();

    // The bank is asked whether the customer has finished; that leaves nothing behind, either.
    let untouched = Untouched::since_now(&stage).await;
    let before = exchanged(&stage.shop, &with_code(code)).await;
    untouched.refused("before", &before, "4017400", CODE).await;
    untouched.looked().await;

    let visit = stage.visit(page, Script::default()).await;
    assert_eq!(visit.ending, Ending::Completed);
    let untouched = Untouched::since_now(&stage).await;
    let last = if code.ends_with('A') { 'B' } else { 'A' };
    let changed = format!("{}{last}", &code[..code.len() - 1]);
    for (name, wrong) in [
        ("another", "0123456789"),
        ("changed", changed.as_str()),
        ("of the page", page.rsplit_once('/').unwrap().1),
        ("the reference", body["referenceNo"].as_str().unwrap()),
        ("in capitals", &code.to_uppercase()),
    ] {
        let answer = exchanged(&stage.shop, &with_code(wrong)).await;
        untouched.refused(name, &answer, "4017400", CODE).await;
    }
    let answer = exchanged(&other, &with_code(code)).await;
    untouched
        .refused("of another merchant", &answer, "4017400", CODE)
        .await;

    // As often as the merchant likes, and no exchange ends an earlier token.
    let first = text(
        &exchanged(&stage.shop, &with_code(code)).await,
        "accessToken",
    );
    let second = text(
        &exchanged(&stage.shop, &with_code(code)).await,
        "accessToken",
    );
    untouched.looked().await;
    for token in [&first, &second] {
        let answer = stage.shop.post_for(token, BALANCE, &balance()).await;
        assert_eq!(answer.code().as_deref(), Some("2001100"));
    }

    let answer = stage.shop.post(UNBINDING, &unbinding(&first)).await;
    assert_eq!(answer.code().as_deref(), Some("2000900"));
    let untouched = Untouched::since_now(&stage).await;
    let answer = exchanged(&stage.shop, &with_code(code)).await;
    untouched.refused("after", &answer, "4017400", CODE).await;
    for token in [&first, &second] {
        let answer = stage.shop.post_for(token, BALANCE, &balance()).await;
        untouched
            .refused("unbound", &answer, "4011102", CUSTOMER)
            .await;
        let answer = stage.shop.pay(token, &reference("PAY"), "1000.00").await;
        untouched
            .refused("unbound", &answer, "4015402", CUSTOMER)
            .await;
    }
    untouched.looked().await;
}

#[tokio::test]
async fn the_code_of_a_binding_that_failed_is_no_good() {
    let stage = patient_stage().await;
    let siti = &demo_customers()[0];
    let body = binding(siti.phone_no, "cust-1");
    let answer = stage.shop.post(BINDING, &body).await.json();
    let code = answer["additionalInfo"]["authCode"].as_str().unwrap();
    let cancel = Script {
        cancel: true,
        ..Script::default()
    };
    let visit = stage
        .visit(answer["redirectUrl"].as_str().unwrap(), cancel)
        .await;
    assert_ne!(visit.ending, Ending::Completed);
    stage.idle().await;
    let untouched = Untouched::since_now(&stage).await;
    let answer = exchanged(&stage.shop, &with_code(code)).await;
    untouched
        .refused("cancelled", &answer, "4017400", CODE)
        .await;
    untouched.looked().await;
}

#[tokio::test]
async fn a_new_epoch_revokes_all_tokens_but_no_codes() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let old = b2b_token(&stage.shop).await;
    let first = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    let refresh = text(&first, "refreshToken");
    change_merchant(&stage, |merchant| merchant.epoch += 1).await;

    let untouched = Untouched::since_now(&stage).await;
    for service in SIGNED {
        let call = by(props.call(service), &old);
        let answer = call.send(&stage.shop).await;
        untouched
            .refused(service, &answer, &call.code("401", "01"), B2B)
            .await;
    }
    renew_b2b(&stage.shop).await;
    for service in ["11", "54"] {
        let call = props.call(service);
        let answer = call.send(&stage.shop).await;
        untouched
            .refused(service, &answer, &call.code("401", "02"), CUSTOMER)
            .await;
    }
    let answer = exchanged(&stage.shop, &with_refresh(&refresh)).await;
    untouched.refused("refresh", &answer, "4017400", CODE).await;
    untouched.looked().await;

    let answer = exchanged(&stage.shop, &with_code(&props.auth_code)).await;
    let call = for_customer(props.call("11"), &text(&answer, "accessToken"));
    is_done("a new token", &call.send(&stage.shop).await);
    let call = for_customer(props.call("58"), &props.customer_token);
    is_done("a refund by a revoked token", &call.send(&stage.shop).await);
}

#[tokio::test]
async fn a_disabled_merchant_is_answered_as_an_unknown_one() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    change_merchant(&stage, |merchant| merchant.state = MerchantState::Disabled).await;
    let untouched = Untouched::since_now(&stage).await;
    for call in props.calls() {
        let answer = call.send(&stage.shop).await;
        untouched
            .refused(call.service, &answer, &call.code("401", "00"), SIGNATURE)
            .await;
    }
    untouched.looked().await;
    change_merchant(&stage, |merchant| merchant.state = MerchantState::Active).await;
    for call in props.calls() {
        is_done(call.service, &call.send(&stage.shop).await);
    }
}
