//! The forms that DOKU's clients send are accepted; a strict merchant is held to the documented ones.

use serde_json::{Value, json};
use storage::merchants::MerchantSettings;

use super::calls::*;
use super::stage::*;
use super::untouched::Untouched;

#[tokio::test]
async fn what_dokus_clients_send_is_accepted() {
    let stage = Stage::with(Wishes {
        settings: MerchantSettings {
            allowed_url_schemes: vec!["shopapp".to_owned()],
            ..MerchantSettings::default()
        },
        change: no_address_limit,
        ..Wishes::default()
    })
    .await;
    let props = Props::on(&stage).await;
    let token = |info: Option<Value>| props.call("73").changed("/additionalInfo", info);
    for info in [
        json!(""),
        json!(null),
        json!([]),
        json!({}),
        json!(5),
        json!("x"),
    ] {
        is_done("73", &token(Some(info.clone())).send(&stage.shop).await);
        let call = props.call("74").changed("/additionalInfo", Some(info));
        is_done(
            "74",
            &call
                .changed("/refreshToken", Some(json!("")))
                .send(&stage.shop)
                .await,
        );
    }
    let item = "/additionalInfo/lineItems/0";
    let accepted: &[(&str, &str, Value)] = &[
        ("54", "/additionalInfo/lineItems/0/price", json!(1000)),
        ("54", "/additionalInfo/lineItems/0/price", json!(1000.5)),
        ("54", "/additionalInfo/lineItems/0/price", json!("1000")),
        ("54", "/additionalInfo/lineItems/0/price", json!("0.00")),
        ("54", "/additionalInfo/lineItems/0/quantity", json!("2")),
        (
            "54",
            item,
            json!({"name": "Kopi é", "price": 1, "quantity": 999_999_999, "sku": "1"}),
        ),
        ("54", "/additionalInfo/remarks", json!("é".repeat(40))),
        ("54", "/additionalInfo/remarks", json!("<b>☕ \"Kopi\"</b>")),
        (
            "54",
            "/additionalInfo/successPaymentUrl",
            json!("http://127.0.0.1:8080/paid?a=1&b=2"),
        ),
        (
            "54",
            "/additionalInfo/successPaymentUrl",
            json!("shopapp://paid"),
        ),
        (
            "54",
            "/additionalInfo/origin",
            json!({"product": "SDK", "apiFormat": "SNAP"}),
        ),
        ("54", "/additionalInfo/paymentType", json!("SALE")),
        ("54", "/payOptionDetails", json!([])),
        ("54", "/payOptionDetails", json!(null)),
        (
            "54",
            "/payOptionDetails",
            json!([{"payMethod": "BALANCE", "transAmount": {}, "feeAmount": null}]),
        ),
        ("54", "/chargeToken", json!("")),
        ("54", "/chargeToken", json!(null)),
        ("54", "/feeType", json!(null)),
        ("54", "/partnerReferenceNo", json!("1")),
        ("54", "/partnerReferenceNo", json!("r".repeat(31))),
        ("54", "/partnerReferenceNo", json!("é".repeat(64))),
        ("54", "/amount/value", json!("00001000.00")),
        ("55", "/serviceCode", json!("55")),
        ("55", "/serviceCode", json!(54)),
        ("55", "/serviceCode", json!(55)),
        ("55", "/amount", json!({})),
        ("55", "/amount", json!({"value": "", "currency": ""})),
        ("55", "/amount", json!(null)),
        (
            "55",
            "/amount",
            json!({"value": "20000.00", "currency": "IDR"}),
        ),
        ("55", "/originalReferenceNo", json!("")),
        ("55", "/originalExternalId", json!(null)),
        ("55", "/transactionDate", json!("")),
        ("55", "/additionalInfo", json!(null)),
        ("55", "/additionalInfo", json!({"channel": "whatever"})),
        ("58", "/originalExternalId", json!("")),
        ("58", "/reason", json!(null)),
        ("58", "/reason", json!("é".repeat(256))),
        ("58", "/partnerRefundNo", json!("r")),
        ("11", "/additionalInfo/origin", json!({"product": "SDK"})),
        ("11", "/partnerReferenceNo", json!("not read")),
    ];
    for (service, pointer, value) in accepted {
        let call = props.call(service).changed(pointer, Some(value.clone()));
        let call = if *service == "58" {
            call.changed("/refundAmount/value", Some(json!("1.00")))
        } else {
            call
        };
        let answer = call.send(&stage.shop).await;
        is_done(&format!("{service}: {pointer} {value}"), &answer);
    }
    let accepted = [
        ("/additionalInfo/osType", json!("iOS")),
        ("/additionalInfo/osType", json!("ANDROID")),
        ("/additionalInfo/channelId", json!("WEB")),
        ("/additionalInfo/email", json!("")),
        ("/additionalInfo/idCard", json!(null)),
        ("/additionalInfo/dateOfBirth", json!("20000229")),
        ("/phoneNo", json!("081111111102")),
    ];
    for (pointer, value) in accepted {
        let call = props.call("07").changed(pointer, Some(value.clone()));
        is_done(
            &format!("07: {pointer} {value}"),
            &call.send(&stage.shop).await,
        );
    }
    let mut unbinding = props.call("09");
    unbinding.path = snap::paths::UNBINDING_WITHOUT_CORE;
    is_done("09 without core", &unbinding.send(&stage.shop).await);
}

/// The members of each success that DOKU's Python SDK knows; it fails on any other.
#[rustfmt::skip] // a table
const MEMBERS: &[(&str, &[&str], &[&str])] = &[
    // service, always, sometimes
    ("73", &["accessToken", "tokenType", "expiresIn"], &[]),
    ("74", &["accessToken", "tokenType", "accessTokenExpiryTime", "refreshToken", "refreshTokenExpiryTime"], &[]),
    ("07", &["referenceNo", "redirectUrl", "additionalInfo"], &[]),
    ("11", &["accountInfos"], &[]),
    ("54", &["webRedirectUrl", "partnerReferenceNo", "referenceNo"], &[]),
    ("55", &["originalPartnerReferenceNo", "originalReferenceNo", "originalExternalId", "serviceCode",
             "latestTransactionStatus", "transactionStatusDesc", "transAmount"],
           &["approvalCode", "originalResponseCode", "originalResponseMessage", "sessionId", "requestID",
             "refundNo", "partnerRefundNo", "refundAmount", "refundStatus", "refundDate", "reason",
             "refundHistory", "feeAmount", "paidTime", "additionalInfo"]),
    ("58", &["refundAmount", "originalPartnerReferenceNo", "originalReferenceNo", "refundNo",
             "partnerRefundNo", "refundTime"], &[]),
    ("09", &["referenceNo"], &["additionalInfo"]),
];

#[tokio::test]
async fn a_success_has_the_members_that_dokus_sdks_know_and_no_other() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    for call in props.calls() {
        let answer = call.send(&stage.shop).await;
        let body = answer.json();
        let what = format!("{}: {body}", call.service);
        assert_eq!(answer.status, 200, "{what}");
        assert_eq!(body["responseCode"], call.code("200", "00"), "{what}");
        assert_eq!(body["responseMessage"], "Successful", "{what}");
        let (_, always, sometimes) = MEMBERS
            .iter()
            .find(|(service, ..)| *service == call.service)
            .unwrap();
        for (name, value) in body.as_object().unwrap() {
            let known = ["responseCode", "responseMessage"].contains(&name.as_str())
                || always.contains(&name.as_str())
                || sometimes.contains(&name.as_str());
            assert!(known && !value.is_null(), "{name} of {what}");
        }
        for name in *always {
            assert!(body.get(name).is_some(), "no {name} in {what}");
        }
        for header in ["x-timestamp", "x-request-id"] {
            assert!(answer.headers.contains_key(header), "no {header}: {what}");
        }
        assert_eq!(answer.headers["content-type"], "application/json", "{what}");
        let key = answer.headers.get("x-client-key");
        let is_token = TOKENS.contains(&call.service);
        assert_eq!(
            key.map(|key| key == "shop"),
            is_token.then_some(true),
            "{what}"
        );
        match call.service {
            "73" => assert_eq!(body["expiresIn"], 900, "{what}"),
            "07" => {
                let info = &body["additionalInfo"];
                assert_eq!(
                    (&info["accountStatus"], &info["status"]),
                    (&json!("PENDING"), &json!("PENDING"))
                );
                assert_eq!(info["custIdMerchant"], "cust-2");
            }
            "11" => {
                let info = &body["accountInfos"][0];
                for name in [
                    "amount",
                    "flatAmount",
                    "floatAmount",
                    "holdAmount",
                    "availableBalance",
                ] {
                    assert_eq!(info[name]["currency"], "IDR", "{name} of {what}");
                }
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_strict_merchant_is_held_to_the_documented_fields() {
    let stage = Stage::with(Wishes {
        settings: MerchantSettings {
            strict: true,
            ..MerchantSettings::default()
        },
        change: no_address_limit,
        ..Wishes::default()
    })
    .await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let refused = [
        ("54", "/partnerReferenceNo", json!("r".repeat(31))),
        ("54", "/partnerReferenceNo", json!("r".repeat(65))),
        ("54", "/additionalInfo/lineItems/0/price", json!(1000)),
        ("54", "/additionalInfo/lineItems/0/price", json!("1000")),
        ("58", "/originalPartnerReferenceNo", json!("r".repeat(31))),
        ("58", "/partnerRefundNo", json!("r".repeat(31))),
        ("58", "/originalExternalId", json!("7".repeat(37))),
        ("07", "/additionalInfo/email", json!("e".repeat(65))),
    ];
    for (service, pointer, value) in refused {
        let call = props.call(service).changed(pointer, Some(value.clone()));
        let answer = call.send(&stage.shop).await;
        let message = format!("Invalid Field Format {}", path_of(pointer));
        let what = format!("{service}: {pointer} {value}");
        untouched
            .refused(&what, &answer, &call.code("400", "01"), &message)
            .await;
    }
    untouched.looked().await;
    for (service, pointer, value) in [
        ("54", "/partnerReferenceNo", json!("r".repeat(32))),
        ("58", "/partnerRefundNo", json!("r".repeat(64))),
        ("55", "/serviceCode", json!("54")),
    ] {
        let call = props.call(service).changed(pointer, Some(value));
        is_done(service, &call.send(&stage.shop).await);
    }
}
