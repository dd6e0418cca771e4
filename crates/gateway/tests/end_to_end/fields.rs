//! Each field of each request: missing, null, of a wrong type, too long, in a wrong form; and what is
//! named first.

use bank_simulator::demo_customers;
use merchant_sdk::RawOptions;
use serde_json::{Value, json};

use super::calls::*;
use super::stage::*;
use super::untouched::{Untouched, is_refusal};

/// What an empty text is taken for.
#[derive(Clone, Copy, PartialEq)]
enum Empty {
    Missing,
    Malformed,
    Absent,
}

use Empty::{Absent, Malformed, Missing};

/// Services, place, whether it must be there, what an empty text is, its longest text, wrong values.
type Field = (
    &'static [&'static str],
    &'static str,
    bool,
    Empty,
    usize,
    Value,
);

const URL: usize = 2_048;

#[rustfmt::skip] // a table
fn fields() -> Vec<Field> {
    let not_texts = || json!([5, true, {}, [], ["x"]]);
    let and = |more: Value| {
        let mut all = not_texts();
        all.as_array_mut().unwrap().extend(more.as_array().unwrap().iter().cloned());
        all
    };
    let urls = || and(json!([
        "shop.example/paid", "//shop.example/paid", "/paid", "http://shop.example/paid",
        "https://", "https:///paid", "https:shop.example", "https:\\\\shop.example",
        "https://user@shop.example/", "https://user:secret@shop.example/", "https://@shop.example/",
        "https://shop.example/a b", " https://shop.example/", "javascript:alert(1)",
        "data:text/html,x", "shopapp://paid", "ftp://shop.example/", "https://[::1/",
    ]));
    let money = || json!(["10000.00", 10000, true, [], ""]);
    vec![
        (&["73"], "/grantType", true, Malformed, 0, and(json!(["authorization_code", "password", "client-credentials"]))),
        (&["74"], "/grantType", true, Malformed, 0, and(json!(["client_credentials", "code"]))),
        (&["74"], "/authCode", true, Missing, 256, not_texts()),

        (&["07"], "/phoneNo", true, Malformed, 16, and(json!([
            "62811111", "+6281111111101", "0811-1111-1101", "62811111 1101", "６２８１１１１１１１１０１",
            "6281111111x01", 6281111111101_i64,
        ]))),
        (&["07", "09", "11", "54", "58"], "/additionalInfo", true, Malformed, 0, json!(["x", 5, true, []])),
        (&["07", "09", "11", "54", "58"], "/additionalInfo/channel", true, Malformed, 0, and(json!([
            "DIRECT_DEBIT_BRI_SNAP", "direct_debit_allo_snap", "DIRECT_DEBIT_ALLO_SNAP ", "DH",
        ]))),
        (&["07"], "/additionalInfo/custIdMerchant", true, Malformed, 64, not_texts()),
        (&["07"], "/additionalInfo/customerName", false, Absent, 70, not_texts()),
        (&["07"], "/additionalInfo/email", false, Absent, 256, not_texts()),
        (&["07"], "/additionalInfo/idCard", false, Absent, 20, not_texts()),
        (&["07"], "/additionalInfo/country", false, Absent, 60, not_texts()),
        (&["07"], "/additionalInfo/address", false, Absent, 255, not_texts()),
        (&["07"], "/additionalInfo/dateOfBirth", false, Absent, 8, and(json!([
            "1999-01-01", "19991301", "19990230", "1999011", "1999010x", 19990101,
        ]))),
        (&["07"], "/additionalInfo/successRegistrationUrl", true, Malformed, URL, urls()),
        (&["07"], "/additionalInfo/failedRegistrationUrl", true, Malformed, URL, urls()),
        (&["07"], "/additionalInfo/deviceModel", true, Malformed, 64, not_texts()),
        (&["07"], "/additionalInfo/osType", true, Malformed, 0, and(json!(["windows", "android ", "ios,android"]))),
        (&["07"], "/additionalInfo/channelId", true, Malformed, 0, and(json!(["tv", "DH"]))),

        (&["54"], "/partnerReferenceNo", true, Missing, 64, not_texts()),
        (&["54"], "/amount", true, Malformed, 0, money()),
        (&["54"], "/additionalInfo/remarks", true, Malformed, 40, not_texts()),
        (&["54"], "/additionalInfo/successPaymentUrl", true, Malformed, URL, urls()),
        (&["54"], "/additionalInfo/failedPaymentUrl", true, Malformed, URL, urls()),
        (&["54"], "/additionalInfo/lineItems", true, Malformed, 0, json!([[], {}, "x", 1, true])),
        (&["54"], "/additionalInfo/lineItems/0/name", true, Malformed, 32, not_texts()),
        (&["54"], "/additionalInfo/lineItems/0/price", true, Malformed, 0, json!([
            true, {}, [], "abc", "1e3", "-1.00", -1, 1e20, "1.000", "1,00", "12345678901234567.00", "+1",
        ])),
        (&["54"], "/additionalInfo/lineItems/0/quantity", true, Malformed, 0, json!([
            true, {}, [], "two", 0, "0", -1, "-1", 1.5, "1.5", "+1", 1_000_000_000, "18446744073709551616",
        ])),
        (&["54"], "/payOptionDetails", false, Malformed, 0, json!([{}, "x", 1, true])),
        (&["54"], "/chargeToken", false, Absent, 256, not_texts()),
        (&["54"], "/feeType", false, Absent, 25, not_texts()),

        (&["55"], "/originalPartnerReferenceNo", true, Missing, 64, not_texts()),
        (&["55"], "/originalReferenceNo", false, Absent, 64, not_texts()),
        (&["55"], "/originalExternalId", false, Absent, 64, not_texts()),
        (&["55"], "/serviceCode", true, Malformed, 0, json!([true, {}, [], "56", "5", "054", 56, 54.5, "fifty-four"])),
        (&["55"], "/transactionDate", false, Absent, 29, and(json!(["yesterday", "2026-01-02", "20260102", "2026-01-02T00:00:00"]))),
        (&["55"], "/amount", false, Absent, 0, json!(["10000.00", 10000, true, []])),
        (&["55"], "/merchantId", false, Absent, 64, not_texts()),
        (&["55"], "/subMerchantId", false, Absent, 32, not_texts()),
        (&["55"], "/externalStoreId", false, Absent, 64, not_texts()),

        (&["58"], "/originalPartnerReferenceNo", true, Missing, 64, not_texts()),
        (&["58"], "/originalReferenceNo", false, Absent, 64, not_texts()),
        (&["58"], "/originalExternalId", false, Absent, 64, not_texts()),
        (&["58"], "/refundAmount", true, Malformed, 0, money()),
        (&["58"], "/partnerRefundNo", true, Missing, 64, not_texts()),
        (&["58"], "/reason", false, Absent, 256, not_texts()),

        (&["09"], "/tokenId", true, Missing, 2_048, not_texts()),
    ]
}

/// A text of so many characters, not all of them of one byte, which is a URL where it should be one.
fn text_of(length: usize) -> String {
    let start = match length {
        URL.. => "https://shop.example/é",
        2.. => "é",
        _ => "",
    };
    format!("{start}{}", "7".repeat(length - start.chars().count()))
}

#[tokio::test]
async fn each_field_missing_null_of_a_wrong_type_or_too_long_is_named() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for (services, pointer, needed, empty, longest, wrong) in fields() {
        let path = path_of(pointer);
        let missing = format!("Invalid Mandatory Field {path}");
        let malformed = format!("Invalid Field Format {path}");
        let mut cases: Vec<(Option<Value>, &str, &str)> = Vec::new();
        if needed {
            cases.push((None, "02", &missing));
            cases.push((Some(Value::Null), "02", &missing));
        }
        match empty {
            Missing => cases.push((Some(json!("")), "02", &missing)),
            Malformed => cases.push((Some(json!("")), "01", &malformed)),
            Absent => {}
        }
        if longest > 0 {
            cases.push((Some(json!(text_of(longest + 1))), "01", &malformed));
        }
        for value in wrong.as_array().unwrap() {
            cases.push((Some(value.clone()), "01", &malformed));
        }
        for service in services {
            for (value, case, message) in &cases {
                let what = format!("{service}: {path} {value:?}");
                let call = props.call(service).changed(pointer, value.clone());
                let answer = call.send(&stage.shop).await;
                untouched
                    .refused(&what, &answer, &call.code("400", case), message)
                    .await;
            }
        }
    }
    untouched.looked().await;
}

#[rustfmt::skip] // a table
const AMOUNTS: &[&str] = &[
    "10000", "10000.0", "10000.000", "10000.", ".00", "-1.00", "+1.00", "1e3", "1e3.00", "0.00", "0000.00",
    "12345678901234567.00", "92233720368547758.08", "10,000.00", "10.000,00", "1 000.00", " 1.00", "1.00 ",
    "1.0O", "0x10.00", "NaN.00", "١٠.٠٠", "1.-1", "",
];

#[tokio::test]
async fn an_amount_in_another_form_or_currency_is_named() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for (service, pointer) in [
        ("54", "/amount"),
        ("54", "/payOptionDetails/0/transAmount"),
        ("54", "/payOptionDetails/0/feeAmount"),
        ("58", "/refundAmount"),
        ("55", "/amount"),
    ] {
        let mut right = props.call(service);
        if pointer.starts_with("/payOptionDetails") {
            let options = json!([{"payMethod": "BALANCE"}]);
            right = right.changed("/payOptionDetails", Some(options));
        }
        let path = path_of(pointer);
        let zero_is_fine = pointer.ends_with("/feeAmount") || service == "55";
        let mut cases: Vec<(Value, &str, String)> = Vec::new();
        let amounts = AMOUNTS.iter().map(|text| json!(text));
        let others = [
            json!(10000),
            json!(10000.5),
            json!(true),
            json!({}),
            json!([]),
        ];
        for value in amounts.chain(others) {
            if !(zero_is_fine && matches!(value.as_str(), Some("0.00" | "0000.00"))) {
                let amount = json!({"value": value, "currency": "IDR"});
                cases.push((amount, "01", format!("Invalid Field Format {path}.value")));
            }
        }
        for currency in [
            json!("USD"),
            json!("idr"),
            json!("360"),
            json!(360),
            json!(""),
            json!([]),
        ] {
            let amount = json!({"value": "10000.00", "currency": currency});
            cases.push((
                amount,
                "01",
                format!("Invalid Field Format {path}.currency"),
            ));
        }
        let missing = |name| format!("Invalid Mandatory Field {path}.{name}");
        cases.push((json!({"currency": "IDR"}), "02", missing("value")));
        cases.push((
            json!({"value": null, "currency": "IDR"}),
            "02",
            missing("value"),
        ));
        cases.push((json!({"value": "10000.00"}), "02", missing("currency")));
        cases.push((
            json!({"value": "1e3", "currency": null}),
            "02",
            missing("currency"),
        ));
        if right.body.get("payOptionDetails").is_none() && service != "55" {
            cases.push((json!({}), "02", missing("value")));
        }
        for (amount, case, message) in cases {
            let what = format!("{service}: {path} {amount}");
            let call = right.clone().changed(pointer, Some(amount));
            let answer = call.send(&stage.shop).await;
            untouched
                .refused(&what, &answer, &call.code("400", case), &message)
                .await;
        }
    }
    untouched.looked().await;
}

#[tokio::test]
async fn pay_options_must_be_known() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let idr = |value: &str| json!({"value": value, "currency": "IDR"});
    let option =
        |method: &str, amount: &str| json!({"payMethod": method, "transAmount": idr(amount)});
    #[rustfmt::skip] // a table
    let cases = [
        (json!([1]), "4005401", "Invalid Field Format payOptionDetails[0]"),
        (json!([null]), "4005401", "Invalid Field Format payOptionDetails[0]"),
        (json!([{}]), "4005402", "Invalid Mandatory Field payOptionDetails[0].payMethod"),
        (json!([{"payMethod": "CASH"}]), "4005401", "Invalid Field Format payOptionDetails[0].payMethod"),
        (json!([{"payMethod": ""}]), "4005401", "Invalid Field Format payOptionDetails[0].payMethod"),
        (json!([{"payMethod": 5}]), "4005401", "Invalid Field Format payOptionDetails[0].payMethod"),
        (json!([option("BALANCE", "500.00"), option("BALANCE", "500.00")]), "4005401", "Invalid Field Format payOptionDetails[1].payMethod"),
        (json!([option("BALANCE", "500.00"), {"payMethod": "POINT"}]), "4005402", "Invalid Mandatory Field payOptionDetails[1].transAmount"),
        (json!([{"payMethod": "BALANCE", "transAmount": "1000.00"}]), "4005401", "Invalid Field Format payOptionDetails[0].transAmount"),
    ];
    for (options, code, message) in cases {
        let what = options.to_string();
        let call = props.call("54").changed("/payOptionDetails", Some(options));
        let answer = call.send(&stage.shop).await;
        untouched.refused(&what, &answer, code, message).await;
    }
    untouched.looked().await;
}

#[tokio::test]
async fn a_missing_field_is_named_before_a_malformed_one_of_the_same_object() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let (bad, none) = (|| Some(json!(5)), None::<Value>);
    #[rustfmt::skip] // a table
    let cases = [
        ("07", "/phoneNo", bad(), "/additionalInfo", none.clone(), "02", "additionalInfo"),
        ("07", "/phoneNo", bad(), "/additionalInfo/channelId", none.clone(), "01", "phoneNo"),
        ("07", "/additionalInfo/channel", bad(), "/additionalInfo/channelId", none.clone(), "02", "additionalInfo.channelId"),
        ("07", "/additionalInfo/channel", bad(), "/additionalInfo/osType", bad(), "01", "additionalInfo.channel"),
        ("54", "/partnerReferenceNo", bad(), "/amount", none.clone(), "02", "amount"),
        ("54", "/partnerReferenceNo", bad(), "/amount", bad(), "01", "partnerReferenceNo"),
        ("54", "/amount/value", bad(), "/amount/currency", none.clone(), "02", "amount.currency"),
        ("54", "/amount/value", bad(), "/additionalInfo/channel", none.clone(), "01", "amount.value"),
        ("54", "/additionalInfo/lineItems/0/name", bad(), "/additionalInfo/lineItems/0/quantity", none.clone(), "02", "additionalInfo.lineItems[0].quantity"),
        ("55", "/originalPartnerReferenceNo", bad(), "/serviceCode", none.clone(), "02", "serviceCode"),
        ("58", "/originalPartnerReferenceNo", bad(), "/partnerRefundNo", none.clone(), "02", "partnerRefundNo"),
        ("58", "/refundAmount", bad(), "/partnerRefundNo", bad(), "01", "refundAmount"),
        ("09", "/tokenId", bad(), "/additionalInfo", none.clone(), "02", "additionalInfo"),
        ("09", "/tokenId", bad(), "/additionalInfo/channel", none, "01", "tokenId"),
    ];
    for (service, first, one, second, other, case, field) in cases {
        let call = props
            .call(service)
            .changed(first, one)
            .changed(second, other);
        let words = if case == "02" {
            "Mandatory Field"
        } else {
            "Field Format"
        };
        let answer = call.send(&stage.shop).await;
        let what = format!("{service}: {first} and {second}");
        let message = format!("Invalid {words} {field}");
        untouched
            .refused(&what, &answer, &call.code("400", case), &message)
            .await;
    }
    untouched.looked().await;
}

#[tokio::test]
async fn an_unknown_payment_is_not_found_and_a_status_leaves_nothing_behind() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    let (paid, missing) = (props.paid.as_str(), "Transaction Not Found");
    let found = stage.shop.post(STATUS, &status(paid)).await.json();
    let (number, id) = (&found["originalReferenceNo"], &found["originalExternalId"]);
    let unknown = [
        json!({"originalPartnerReferenceNo": "nothing", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": paid.to_lowercase(), "serviceCode": "54"}),
        json!({"originalReferenceNo": "nothing", "serviceCode": "55"}),
        json!({"originalExternalId": "nothing", "serviceCode": 54}),
        json!({"originalPartnerReferenceNo": paid, "originalReferenceNo": "nothing", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": paid, "originalExternalId": "nothing", "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": "nothing", "originalReferenceNo": number, "serviceCode": "54"}),
        json!({"originalExternalId": id, "transactionDate": "2020-01-01T00:00:00+07:00", "serviceCode": "54"}),
    ];
    for body in unknown {
        let answer = stage.shop.post(STATUS, &body).await;
        untouched
            .refused(&body.to_string(), &answer, "4045501", missing)
            .await;
    }
    for body in [
        json!({"serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": "", "originalReferenceNo": null, "serviceCode": "54"}),
    ] {
        let answer = stage.shop.post(STATUS, &body).await;
        let message = "Invalid Mandatory Field originalPartnerReferenceNo";
        untouched
            .refused(&body.to_string(), &answer, "4005502", message)
            .await;
    }
    let now = found["paidTime"].clone();
    for body in [
        json!({"originalReferenceNo": number, "serviceCode": "54"}),
        json!({"originalExternalId": id, "serviceCode": "54"}),
        json!({"originalExternalId": id, "transactionDate": now, "serviceCode": "54"}),
        json!({"originalPartnerReferenceNo": paid, "originalReferenceNo": number, "originalExternalId": id, "serviceCode": "55"}),
    ] {
        let answer = stage.shop.post(STATUS, &body).await;
        is_done(&body.to_string(), &answer);
        assert_eq!(answer.json()["originalPartnerReferenceNo"], paid);
    }
    untouched.looked().await;
    // Another merchant's payment does not exist.
    let other = stage.another_shop("other").await;
    untouched_by(&stage, &other, paid).await;
}

async fn untouched_by(stage: &Stage, other: &Shop, paid: &str) {
    let untouched = Untouched::since_now(stage).await;
    let answer = other.post(STATUS, &status(paid)).await;
    untouched
        .refused("another's", &answer, "4045501", "Transaction Not Found")
        .await;
    untouched.looked().await;
    let answer = other.refund(paid, &reference("REF"), "1.00").await;
    is_refusal("another's", &answer, "4045801", "Transaction Not Found");
}

#[tokio::test]
async fn a_mended_request_may_be_sent_again_with_the_same_ids() {
    let stage = patient_stage().await;
    let siti = &demo_customers()[0];
    let (_, token) = stage.linked(&stage.shop, siti, "cust-1").await;
    let untouched = Untouched::since_now(&stage).await;
    let body = payment(&reference("PAY"), "1000.00");
    let options = RawOptions {
        customer_token: Some(token),
        external_id: Some("20261122".to_owned()),
        ..RawOptions::default()
    };
    let usd = changed(body.clone(), "/amount/currency", Some(json!("USD")));
    let answer = stage.shop.send(PAYMENT, &usd, options.clone()).await;
    untouched
        .refused(
            "USD",
            &answer,
            "4005401",
            "Invalid Field Format amount.currency",
        )
        .await;
    let nobody = RawOptions {
        customer_token: None,
        ..options.clone()
    };
    let answer = stage.shop.send(PAYMENT, &body, nobody).await;
    untouched
        .refused("nobody", &answer, "4015404", "Customer Token Not Found")
        .await;
    untouched.looked().await;
    let answer = stage.shop.send(PAYMENT, &body, options).await;
    is_done("mended", &answer);
}
