//! Too many requests: of one merchant, and of one address that has not proved who it is.

use merchant_sdk::Answer;
use storage::merchants::MerchantSettings;

use super::calls::*;
use super::stage::*;
use super::untouched::{Untouched, is_refusal};

const TOO_MANY: &str = "Too Many Requests";

/// Sends until the rate of one a second is over; never more than a few requests are needed for that.
async fn sent_too_often(call: &Call, shop: &Shop) -> Answer {
    for _ in 0..50 {
        let answer = call.send(shop).await;
        if answer.status == 429 {
            return answer;
        }
    }
    panic!("{}: fifty requests and no limit", call.service);
}

#[tokio::test]
async fn a_merchant_over_its_rate_waits_and_another_does_not() {
    let stage = Stage::with(Wishes {
        settings: MerchantSettings {
            requests_per_second: Some(1),
            ..MerchantSettings::default()
        },
        ..Wishes::default()
    })
    .await;
    let other = stage.another_shop("other").await;
    let unknown = Props::unknown();
    stage.shop.client.b2b_token().await.unwrap();
    // Neither of these leaves a trace when it is not over the rate.
    for service in ["73", "55"] {
        let call = unknown.call(service);
        let untouched = Untouched::since_now(&stage).await;
        let answer = sent_too_often(&call, &stage.shop).await;
        untouched
            .refused(service, &answer, &call.code("429", "00"), TOO_MANY)
            .await;
        untouched.looked().await;
    }
    for _ in 0..5 {
        let answer = unknown.call("55").send(&other).await;
        is_refusal("another's", &answer, "4045501", "Transaction Not Found");
    }
}

#[tokio::test]
async fn an_address_that_does_not_prove_who_it_is_waits_and_a_merchant_there_does_not() {
    let stage = Stage::with(Wishes {
        change: |config| config.limits.address_per_second = 1,
        ..Wishes::default()
    })
    .await;
    let unknown = Props::unknown();
    is_done("a token", &unknown.call("73").send(&stage.shop).await);
    let untouched = Untouched::since_now(&stage).await;
    for call in unknown.calls() {
        let forged = call.with("X-SIGNATURE", "forged");
        let answer = sent_too_often(&forged, &stage.shop).await;
        untouched
            .refused(forged.service, &answer, &forged.code("429", "00"), TOO_MANY)
            .await;
    }
    // Ids that nobody has are not looked up without end, either.
    for (call, header) in [
        (unknown.call("73"), "X-CLIENT-KEY"),
        (unknown.call("55"), "X-PARTNER-ID"),
    ] {
        let call = call.with(header, "nobody");
        let answer = sent_too_often(&call, &stage.shop).await;
        untouched
            .refused(header, &answer, &call.code("429", "00"), TOO_MANY)
            .await;
    }
    untouched.looked().await;
    for _ in 0..5 {
        let answer = unknown.call("55").send(&stage.shop).await;
        is_refusal("signed", &answer, "4045501", "Transaction Not Found");
    }
}
