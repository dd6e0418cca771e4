//! What merchants send: each field missing, malformed, at its limits, and the habits of DOKU's SDKs.

use proptest::prelude::*;
use serde_json::{Value, json};
use snap::{
    Amount, PayMethod, Request,
    messages::{
        balance::BalanceRequest,
        binding::BindingRequest,
        notify::{BindingNotifyRequest, NotifyRequest},
        payment::PaymentRequest,
        refund::RefundRequest,
        status::StatusRequest,
        token::{B2b2cRequest, B2bRequest, GrantType},
        unbinding::UnbindingRequest,
    },
};

use crate::{LENIENT, STRICT, check_mandatory, check_rows, path, read, verdict, with, without};

const REFERENCE: &str = "INV-2026-000000000000000000000000001";

pub fn binding() -> Value {
    json!({
        "phoneNo": "6281234567890",
        "additionalInfo": {
            "channel": "DIRECT_DEBIT_ALLO_SNAP",
            "custIdMerchant": "cust-001",
            "customerName": "Siti Nur Haliza",
            "email": "siti@example.com",
            "idCard": "3174000000000001",
            "country": "Indonesia",
            "address": "Jl. Melati 1",
            "dateOfBirth": "19990101",
            "successRegistrationUrl": "https://shop.example/ok?x=1&y=2",
            "failedRegistrationUrl": "https://shop.example/failed",
            "deviceModel": "iPhone 15",
            "osType": "ios",
            "channelId": "app",
            "origin": {"product": "SDK"},
        },
    })
}

fn payment() -> Value {
    json!({
        "partnerReferenceNo": REFERENCE,
        "amount": {"value": "15000.00", "currency": "IDR"},
        "payOptionDetails": [
            {"payMethod": "BALANCE", "transAmount": {"value": "10000.00", "currency": "IDR"},
             "feeAmount": {"value": "0.00", "currency": "IDR"}},
            {"payMethod": "POINT", "transAmount": {"value": "5000.00", "currency": "IDR"}},
        ],
        "additionalInfo": {
            "channel": "DIRECT_DEBIT_ALLO_SNAP",
            "remarks": "Kopi",
            "successPaymentUrl": "https://shop.example/ok",
            "failedPaymentUrl": "https://shop.example/failed",
            "lineItems": [{"name": "Kopi Gayo ☕", "price": "15000.00", "quantity": "1"}],
        },
    })
}

fn refund() -> Value {
    json!({
        "originalPartnerReferenceNo": REFERENCE,
        "originalExternalId": "1767323045",
        "refundAmount": {"value": "5000.00", "currency": "IDR"},
        "partnerRefundNo": "REF-2026-000000000000000000000000001",
        "reason": "half a bag",
        "additionalInfo": {"channel": "DIRECT_DEBIT_ALLO_SNAP"},
    })
}

fn status() -> Value {
    json!({"originalPartnerReferenceNo": REFERENCE, "serviceCode": "55"})
}

fn unbinding() -> Value {
    json!({"tokenId": "eyJ.e30.c2ln", "additionalInfo": {"channel": "DIRECT_DEBIT_ALLO_SNAP", "origin": null}})
}

fn text(length: usize) -> Value {
    json!("é".repeat(length))
}

#[test]
fn a_b2b_token_is_asked_for_with_client_credentials() {
    for body in [
        json!({"grantType": "client_credentials"}),
        json!({"grantType": "CLIENT_CREDENTIALS", "additionalInfo": ""}),
        json!({"grantType": "client_credentials", "additionalInfo": []}),
        json!({"grantType": "client_credentials", "additionalInfo": {"a": 1}}),
    ] {
        assert_eq!(
            read::<B2bRequest>(&body, LENIENT),
            Ok(B2bRequest::default()),
            "{body}"
        );
    }
    check_mandatory::<B2bRequest>(&json!({"grantType": "client_credentials"}), &["/grantType"]);
    for wrong in [
        json!("authorization_code"),
        json!(""),
        json!(1),
        json!({}),
        json!("password"),
    ] {
        let body = json!({"grantType": wrong});
        assert_eq!(
            verdict::<B2bRequest>(&body, LENIENT),
            "Invalid Field Format grantType"
        );
    }
}

#[test]
fn a_customers_token_needs_the_code_that_its_grant_type_asks_for() {
    let code = json!({"grantType": "authorization_code", "authCode": "abc", "refreshToken": "", "additionalInfo": null});
    assert_eq!(
        read::<B2b2cRequest>(&code, LENIENT),
        Ok(B2b2cRequest::with_auth_code("abc"))
    );
    let refresh = json!({"grantType": "REFRESH_TOKEN", "refreshToken": "def"});
    assert_eq!(
        read::<B2b2cRequest>(&refresh, LENIENT),
        Ok(B2b2cRequest::with_refresh_token("def"))
    );
    check_mandatory::<B2b2cRequest>(&code, &["/grantType", "/authCode"]);
    check_mandatory::<B2b2cRequest>(&refresh, &["/grantType", "/refreshToken"]);
    check_rows::<B2b2cRequest>(
        &code,
        LENIENT,
        &[
            (
                "/grantType",
                json!("client_credentials"),
                "Invalid Field Format grantType",
            ),
            ("/authCode", json!(""), "Invalid Mandatory Field authCode"),
            ("/authCode", text(256), "ok"),
            ("/authCode", text(257), "Invalid Field Format authCode"),
            ("/authCode", json!(1), "Invalid Field Format authCode"),
        ],
    );
    check_rows::<B2b2cRequest>(
        &refresh,
        LENIENT,
        &[
            ("/refreshToken", text(512), "ok"),
            (
                "/refreshToken",
                text(513),
                "Invalid Field Format refreshToken",
            ),
        ],
    );
}

#[test]
fn a_binding_is_read_whole() {
    let read: BindingRequest = read(&binding(), LENIENT).unwrap();
    assert_eq!(read.phone_no, "6281234567890");
    let info = &read.additional_info;
    assert_eq!(info.cust_id_merchant, "cust-001");
    assert_eq!(info.customer_name.as_deref(), Some("Siti Nur Haliza"));
    assert_eq!(info.date_of_birth.as_deref(), Some("19990101"));
    assert_eq!(
        (info.os_type.as_str(), info.channel_id.as_str()),
        ("ios", "app")
    );
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written, without(&binding(), "/additionalInfo/origin"));
    assert_eq!(format!("{read:?}"), "BindingRequest(…)");
}

#[test]
fn a_bindings_mandatory_fields_are_told_when_missing() {
    check_mandatory::<BindingRequest>(
        &binding(),
        &[
            "/phoneNo",
            "/additionalInfo",
            "/additionalInfo/channel",
            "/additionalInfo/custIdMerchant",
            "/additionalInfo/successRegistrationUrl",
            "/additionalInfo/failedRegistrationUrl",
            "/additionalInfo/deviceModel",
            "/additionalInfo/osType",
            "/additionalInfo/channelId",
        ],
    );
}

#[test]
fn a_bindings_optional_fields_may_be_absent_null_or_empty() {
    for name in [
        "customerName",
        "email",
        "idCard",
        "country",
        "address",
        "dateOfBirth",
        "origin",
    ] {
        let pointer = format!("/additionalInfo/{name}");
        assert_eq!(
            verdict::<BindingRequest>(&without(&binding(), &pointer), LENIENT),
            "ok"
        );
        for value in [Value::Null, json!("")] {
            assert_eq!(
                verdict::<BindingRequest>(&with(&binding(), &pointer, value), LENIENT),
                "ok",
                "{name}"
            );
        }
    }
}

#[test]
fn a_bindings_fields_have_their_forms_and_lengths() {
    let bad = |name: &str| format!("Invalid Field Format {name}");
    let info = |name: &str| bad(&format!("additionalInfo.{name}"));
    for (pointer, value) in [
        ("/phoneNo", json!("62812345")),
        ("/phoneNo", json!("62812345678901234")),
        ("/phoneNo", json!("+6281234567")),
        ("/phoneNo", json!("62812345678x")),
        ("/phoneNo", json!("６２８１２３４５６７８")),
        ("/phoneNo", json!("")),
        ("/phoneNo", json!(6_281_234_567_890_u64)),
        ("/additionalInfo", json!([])),
        ("/additionalInfo", json!("")),
    ] {
        let expected = bad(&path(pointer));
        assert_eq!(
            verdict::<BindingRequest>(&with(&binding(), pointer, value.clone()), LENIENT),
            expected,
            "{value}"
        );
    }
    for (name, value) in [
        ("channel", json!("DIRECT_DEBIT_CIMB_SNAP")),
        ("channel", json!("direct_debit_allo_snap")),
        ("channel", json!("")),
        ("channel", json!(1)),
        ("custIdMerchant", json!("")),
        ("custIdMerchant", text(65)),
        ("customerName", text(71)),
        ("email", text(257)),
        ("idCard", text(21)),
        ("country", text(61)),
        ("address", text(256)),
        ("dateOfBirth", json!("1999-01-01")),
        ("dateOfBirth", json!("19990231")),
        ("dateOfBirth", json!(19_990_101)),
        ("successRegistrationUrl", json!("http://shop.example")),
        ("failedRegistrationUrl", json!("")),
        ("deviceModel", json!("")),
        ("deviceModel", text(65)),
        ("osType", json!("windows")),
        ("osType", json!("")),
        ("osType", json!({})),
        ("channelId", json!("tv")),
    ] {
        let body = with(
            &binding(),
            &format!("/additionalInfo/{name}"),
            value.clone(),
        );
        assert_eq!(
            verdict::<BindingRequest>(&body, LENIENT),
            info(name),
            "{name} = {value}"
        );
    }
    for (pointer, value) in [
        ("/phoneNo", json!("081234567")),
        ("/phoneNo", json!("6281234567890123")),
        ("/additionalInfo/custIdMerchant", text(64)),
        ("/additionalInfo/customerName", text(70)),
        ("/additionalInfo/email", text(256)),
        ("/additionalInfo/idCard", text(20)),
        ("/additionalInfo/country", text(60)),
        ("/additionalInfo/address", text(255)),
        ("/additionalInfo/deviceModel", text(64)),
        ("/additionalInfo/osType", json!("Android")),
        ("/additionalInfo/channelId", json!("WEB")),
    ] {
        let body = with(&binding(), pointer, value);
        assert_eq!(verdict::<BindingRequest>(&body, LENIENT), "ok", "{pointer}");
    }
    let long_mail = with(&binding(), "/additionalInfo/email", text(65));
    assert_eq!(verdict::<BindingRequest>(&long_mail, STRICT), info("email"));
}

#[test]
fn a_leading_zero_becomes_the_country_code() {
    let local: BindingRequest = read(
        &with(&binding(), "/phoneNo", json!("081234567890")),
        LENIENT,
    )
    .unwrap();
    assert_eq!(
        (local.phone_no.as_str(), local.normalised_phone_no()),
        ("081234567890", "6281234567890".to_owned())
    );
    let abroad: BindingRequest =
        read(&with(&binding(), "/phoneNo", json!("6581234567")), LENIENT).unwrap();
    assert_eq!(abroad.normalised_phone_no(), "6581234567");
}

#[test]
fn what_is_missing_is_told_before_what_is_malformed_and_outer_before_inner() {
    let both = without(&with(&binding(), "/phoneNo", json!("1")), "/additionalInfo");
    assert_eq!(
        verdict::<BindingRequest>(&both, LENIENT),
        "Invalid Mandatory Field additionalInfo"
    );
    let outer = without(
        &with(&binding(), "/phoneNo", json!("1")),
        "/additionalInfo/channel",
    );
    assert_eq!(
        verdict::<BindingRequest>(&outer, LENIENT),
        "Invalid Field Format phoneNo"
    );
    let inner = without(
        &with(&binding(), "/additionalInfo/channel", json!("x")),
        "/additionalInfo/channelId",
    );
    assert_eq!(
        verdict::<BindingRequest>(&inner, LENIENT),
        "Invalid Mandatory Field additionalInfo.channelId"
    );
    let order = with(
        &with(&binding(), "/additionalInfo/osType", json!("x")),
        "/additionalInfo/channel",
        json!("x"),
    );
    assert_eq!(
        verdict::<BindingRequest>(&order, LENIENT),
        "Invalid Field Format additionalInfo.channel"
    );
}

#[test]
fn a_balance_needs_only_the_channel() {
    let body = json!({"additionalInfo": {"channel": "DIRECT_DEBIT_ALLO_SNAP", "origin": {}}});
    let read: BalanceRequest = read(&body, LENIENT).unwrap();
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        without(&body, "/additionalInfo/origin")
    );
    check_mandatory::<BalanceRequest>(&body, &["/additionalInfo", "/additionalInfo/channel"]);
    check_rows::<BalanceRequest>(
        &body,
        LENIENT,
        &[
            (
                "/additionalInfo",
                json!([]),
                "Invalid Field Format additionalInfo",
            ),
            (
                "/additionalInfo/channel",
                json!("EMONEY_OVO_SNAP"),
                "Invalid Field Format additionalInfo.channel",
            ),
        ],
    );
}

#[test]
fn an_unbinding_names_the_token() {
    let read: UnbindingRequest = read(&unbinding(), LENIENT).unwrap();
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        without(&unbinding(), "/additionalInfo/origin")
    );
    check_mandatory::<UnbindingRequest>(
        &unbinding(),
        &["/tokenId", "/additionalInfo", "/additionalInfo/channel"],
    );
    check_rows::<UnbindingRequest>(
        &unbinding(),
        LENIENT,
        &[
            ("/tokenId", json!(""), "Invalid Mandatory Field tokenId"),
            ("/tokenId", text(2048), "ok"),
            ("/tokenId", text(2049), "Invalid Field Format tokenId"),
            ("/tokenId", json!(1), "Invalid Field Format tokenId"),
            (
                "/additionalInfo/channel",
                json!("x"),
                "Invalid Field Format additionalInfo.channel",
            ),
        ],
    );
}

#[test]
fn a_payment_is_read_whole() {
    let read: PaymentRequest = read(&payment(), LENIENT).unwrap();
    assert_eq!(read.amount, Amount::parse("15000.00").unwrap());
    let sources = [
        (PayMethod::Balance, "10000.00"),
        (PayMethod::Point, "5000.00"),
    ];
    assert_eq!(
        read.sources(),
        sources.map(|(method, amount)| (method, Amount::parse(amount).unwrap()))
    );
    assert_eq!(read.additional_info.line_items[0].quantity, 1);
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(
        written,
        with(&payment(), "/additionalInfo/lineItems/0/quantity", json!(1))
    );
}

#[test]
fn a_payments_mandatory_fields_are_told_when_missing() {
    check_mandatory::<PaymentRequest>(
        &payment(),
        &[
            "/partnerReferenceNo",
            "/amount",
            "/amount/value",
            "/amount/currency",
            "/payOptionDetails/0/payMethod",
            "/payOptionDetails/1/transAmount",
            "/payOptionDetails/1/transAmount/value",
            "/payOptionDetails/0/feeAmount/currency",
            "/additionalInfo",
            "/additionalInfo/channel",
            "/additionalInfo/remarks",
            "/additionalInfo/successPaymentUrl",
            "/additionalInfo/failedPaymentUrl",
            "/additionalInfo/lineItems",
            "/additionalInfo/lineItems/0/name",
            "/additionalInfo/lineItems/0/price",
            "/additionalInfo/lineItems/0/quantity",
        ],
    );
}

#[test]
fn a_payments_amount_is_strict_and_above_zero() {
    let wrong = "Invalid Field Format amount.value";
    for value in [
        "10000",
        "10000.0",
        "0.00",
        "-1.00",
        "1e3",
        "12345678901234567.00",
        "",
        "1,000.00",
        " 1.00",
    ] {
        let body = with(&payment(), "/amount/value", json!(value));
        assert_eq!(verdict::<PaymentRequest>(&body, LENIENT), wrong, "{value}");
    }
    check_rows::<PaymentRequest>(
        &payment(),
        LENIENT,
        &[
            ("/amount/value", json!(15000), wrong),
            ("/amount/value", json!(15000.5), wrong),
            (
                "/amount/currency",
                json!("USD"),
                "Invalid Field Format amount.currency",
            ),
            (
                "/amount/currency",
                json!("idr"),
                "Invalid Field Format amount.currency",
            ),
            ("/amount", json!("15000.00"), "Invalid Field Format amount"),
            ("/amount", json!({}), "Invalid Mandatory Field amount.value"),
        ],
    );
}

#[test]
fn a_payments_fields_have_their_forms_and_lengths() {
    check_rows::<PaymentRequest>(
        &payment(),
        LENIENT,
        &[
            (
                "/partnerReferenceNo",
                json!(""),
                "Invalid Mandatory Field partnerReferenceNo",
            ),
            ("/partnerReferenceNo", json!("1"), "ok"),
            ("/partnerReferenceNo", text(64), "ok"),
            (
                "/partnerReferenceNo",
                text(65),
                "Invalid Field Format partnerReferenceNo",
            ),
            (
                "/partnerReferenceNo",
                json!(1),
                "Invalid Field Format partnerReferenceNo",
            ),
            (
                "/additionalInfo/channel",
                json!("x"),
                "Invalid Field Format additionalInfo.channel",
            ),
            (
                "/additionalInfo/remarks",
                json!(""),
                "Invalid Field Format additionalInfo.remarks",
            ),
            ("/additionalInfo/remarks", text(40), "ok"),
            (
                "/additionalInfo/remarks",
                text(41),
                "Invalid Field Format additionalInfo.remarks",
            ),
            (
                "/additionalInfo/successPaymentUrl",
                json!("x"),
                "Invalid Field Format additionalInfo.successPaymentUrl",
            ),
            (
                "/additionalInfo/failedPaymentUrl",
                json!("x"),
                "Invalid Field Format additionalInfo.failedPaymentUrl",
            ),
            ("/chargeToken", json!(""), "ok"),
            ("/chargeToken", Value::Null, "ok"),
            ("/chargeToken", json!("token"), "ok"),
            ("/feeType", json!("OUR"), "ok"),
            ("/unknown", json!({"any": ["thing"]}), "ok"),
        ],
    );
    check_rows::<PaymentRequest>(
        &payment(),
        STRICT,
        &[
            (
                "/partnerReferenceNo",
                text(31),
                "Invalid Field Format partnerReferenceNo",
            ),
            ("/partnerReferenceNo", text(32), "ok"),
            (
                "/partnerReferenceNo",
                text(65),
                "Invalid Field Format partnerReferenceNo",
            ),
        ],
    );
}

#[test]
fn line_items_are_lenient_in_their_numbers() {
    let items = "/additionalInfo/lineItems";
    let item = |name: &str| format!("{items}/0/{name}");
    let wrong = |name: &str| format!("Invalid Field Format additionalInfo.lineItems[0].{name}");
    for (name, value, expected) in [
        ("name", json!(""), wrong("name")),
        ("name", text(32), "ok".to_owned()),
        ("name", text(33), wrong("name")),
        ("price", json!(15000), "ok".to_owned()),
        ("price", json!(15000.5), "ok".to_owned()),
        ("price", json!("15000"), "ok".to_owned()),
        ("price", json!("0.00"), "ok".to_owned()),
        ("price", json!("1e3"), wrong("price")),
        ("price", json!(-1), wrong("price")),
        ("price", json!(0.001), wrong("price")),
        ("price", json!(""), wrong("price")),
        ("price", json!({"value": "1.00"}), wrong("price")),
        ("quantity", json!(1), "ok".to_owned()),
        ("quantity", json!("12"), "ok".to_owned()),
        ("quantity", json!(0), wrong("quantity")),
        ("quantity", json!(-1), wrong("quantity")),
        ("quantity", json!(1.5), wrong("quantity")),
        ("quantity", json!("+1"), wrong("quantity")),
        ("quantity", json!(""), wrong("quantity")),
        ("quantity", json!("18446744073709551616"), wrong("quantity")),
        ("quantity", json!(true), wrong("quantity")),
    ] {
        let body = with(&payment(), &item(name), value.clone());
        assert_eq!(
            verdict::<PaymentRequest>(&body, LENIENT),
            expected,
            "{name} = {value}"
        );
    }
    check_rows::<PaymentRequest>(
        &payment(),
        LENIENT,
        &[
            (
                items,
                json!([]),
                "Invalid Field Format additionalInfo.lineItems",
            ),
            (
                items,
                json!({}),
                "Invalid Field Format additionalInfo.lineItems",
            ),
            (
                items,
                json!([1]),
                "Invalid Field Format additionalInfo.lineItems[0]",
            ),
            (
                items,
                json!([{"name": "a", "price": "1.00", "quantity": 1}, {}]),
                "Invalid Mandatory Field additionalInfo.lineItems[1].name",
            ),
        ],
    );
    let number = with(&payment(), &item("price"), json!(15000));
    assert_eq!(verdict::<PaymentRequest>(&number, STRICT), wrong("price"));
}

#[test]
fn pay_options_are_known_and_add_up() {
    let money = |value: &str| json!({"value": value, "currency": "IDR"});
    let option =
        |method: &str, value: &str| json!({"payMethod": method, "transAmount": money(value)});
    let rows = [
        (json!([]), "ok"),
        (Value::Null, "ok"),
        (json!([{"payMethod": "BALANCE"}]), "ok"),
        (json!([{"payMethod": "PAYLATER"}]), "ok"),
        (json!([option("POINT", "15000.00")]), "ok"),
        (json!([option("BALANCE", "14999.99")]), "Invalid Amount"),
        (
            json!([option("BALANCE", "15000.00"), option("POINT", "0.01")]),
            "Invalid Amount",
        ),
        (
            json!([
                option("BALANCE", "9999999999999999.99"),
                option("POINT", "9999999999999999.99")
            ]),
            "Invalid Amount",
        ),
        (
            json!([option("BALANCE", "0.00")]),
            "Invalid Field Format payOptionDetails[0].transAmount.value",
        ),
        (
            json!([option("CASH", "15000.00")]),
            "Invalid Field Format payOptionDetails[0].payMethod",
        ),
        (
            json!([option("balance", "15000.00")]),
            "Invalid Field Format payOptionDetails[0].payMethod",
        ),
        (
            json!([option("BALANCE", "7500.00"), option("BALANCE", "7500.00")]),
            "Invalid Field Format payOptionDetails[1].payMethod",
        ),
        (
            json!([{"payMethod": "BALANCE"}, option("POINT", "5000.00")]),
            "Invalid Mandatory Field payOptionDetails[0].transAmount",
        ),
        (json!({}), "Invalid Field Format payOptionDetails"),
        (
            json!(["BALANCE"]),
            "Invalid Field Format payOptionDetails[0]",
        ),
        (
            json!([{"payMethod": "BALANCE", "transAmount": {"value": "15000.00", "currency": "USD"}}]),
            "Invalid Field Format payOptionDetails[0].transAmount.currency",
        ),
    ];
    for (value, expected) in rows {
        let body = with(&payment(), "/payOptionDetails", value.clone());
        assert_eq!(
            verdict::<PaymentRequest>(&body, LENIENT),
            expected,
            "{value}"
        );
    }
    let none: PaymentRequest = read(&without(&payment(), "/payOptionDetails"), LENIENT).unwrap();
    assert_eq!(none.sources(), [(PayMethod::Balance, none.amount)]);
    assert!(
        serde_json::to_value(&none)
            .unwrap()
            .get("payOptionDetails")
            .is_none()
    );
}

#[test]
fn a_malformed_field_is_told_before_a_sum_that_is_wrong() {
    let body = with(
        &with(&payment(), "/amount/value", json!("1.00")),
        "/additionalInfo/remarks",
        json!(""),
    );
    assert_eq!(
        verdict::<PaymentRequest>(&body, LENIENT),
        "Invalid Field Format additionalInfo.remarks"
    );
}

#[test]
fn a_status_finds_the_payment_by_any_id() {
    let by_partner: StatusRequest = read(&status(), LENIENT).unwrap();
    assert_eq!(
        by_partner.original_partner_reference_no.as_deref(),
        Some(REFERENCE)
    );
    for name in ["originalReferenceNo", "originalExternalId"] {
        assert_eq!(
            verdict::<StatusRequest>(&json!({name: "x", "serviceCode": 54}), LENIENT),
            "ok",
            "{name}"
        );
    }
    for body in [
        json!({"serviceCode": "55"}),
        json!({"serviceCode": "55", "originalPartnerReferenceNo": "", "originalReferenceNo": null}),
        json!({}),
    ] {
        assert_eq!(
            verdict::<StatusRequest>(&body, LENIENT),
            "Invalid Mandatory Field originalPartnerReferenceNo"
        );
    }
    check_mandatory::<StatusRequest>(&status(), &["/serviceCode"]);
    check_rows::<StatusRequest>(
        &status(),
        LENIENT,
        &[
            ("/serviceCode", json!("54"), "ok"),
            ("/serviceCode", json!(55), "ok"),
            (
                "/serviceCode",
                json!("56"),
                "Invalid Field Format serviceCode",
            ),
            (
                "/serviceCode",
                json!(""),
                "Invalid Field Format serviceCode",
            ),
            (
                "/serviceCode",
                json!([]),
                "Invalid Field Format serviceCode",
            ),
            (
                "/originalPartnerReferenceNo",
                text(65),
                "Invalid Field Format originalPartnerReferenceNo",
            ),
            (
                "/originalReferenceNo",
                text(65),
                "Invalid Field Format originalReferenceNo",
            ),
            (
                "/originalExternalId",
                json!(1),
                "Invalid Field Format originalExternalId",
            ),
            ("/transactionDate", json!("2026-01-02T10:04:05+07:00"), "ok"),
            ("/transactionDate", json!(""), "ok"),
            (
                "/transactionDate",
                json!("yesterday"),
                "Invalid Field Format transactionDate",
            ),
            ("/amount", json!({}), "ok"),
            ("/amount", json!(""), "ok"),
            ("/amount", Value::Null, "ok"),
            ("/amount", json!({"value": null, "currency": ""}), "ok"),
            ("/amount", json!({"value": "1.00", "currency": "IDR"}), "ok"),
            (
                "/amount",
                json!({"value": "1.00"}),
                "Invalid Mandatory Field amount.currency",
            ),
            (
                "/amount",
                json!({"value": "1", "currency": "IDR"}),
                "Invalid Field Format amount.value",
            ),
            (
                "/amount",
                json!({"value": 1, "currency": "IDR"}),
                "Invalid Field Format amount.value",
            ),
            ("/amount", json!([]), "Invalid Field Format amount"),
            ("/merchantId", text(65), "Invalid Field Format merchantId"),
            (
                "/subMerchantId",
                text(33),
                "Invalid Field Format subMerchantId",
            ),
            (
                "/externalStoreId",
                text(65),
                "Invalid Field Format externalStoreId",
            ),
            ("/additionalInfo", json!("anything"), "ok"),
        ],
    );
}

#[test]
fn what_the_go_and_node_sdks_send_for_a_status_is_read() {
    let go = json!({"originalPartnerReferenceNo": REFERENCE, "serviceCode": "55", "amount": {},
                    "additionalInfo": {"channel": "DIRECT_DEBIT_ALLO_SNAP"}});
    let node = json!({"originalPartnerReferenceNo": REFERENCE, "originalReferenceNo": "", "originalExternalId": "",
                      "serviceCode": "55", "transactionDate": "", "amount": "", "merchantId": "", "subMerchantId": "",
                      "externalStoreId": "", "additionalInfo": {"deviceId": "", "channel": ""}});
    for body in [go, node] {
        let expected = StatusRequest {
            service_code: "55".to_owned(),
            ..StatusRequest::of(REFERENCE)
        };
        assert_eq!(read::<StatusRequest>(&body, LENIENT), Ok(expected));
    }
}

#[test]
fn a_refund_is_read_whole() {
    let read: RefundRequest = read(&refund(), LENIENT).unwrap();
    assert_eq!(read.refund_amount, Amount::parse("5000.00").unwrap());
    assert_eq!(serde_json::to_value(&read).unwrap(), refund());
    check_mandatory::<RefundRequest>(
        &refund(),
        &[
            "/originalPartnerReferenceNo",
            "/refundAmount",
            "/refundAmount/value",
            "/refundAmount/currency",
            "/partnerRefundNo",
            "/additionalInfo",
            "/additionalInfo/channel",
        ],
    );
    check_rows::<RefundRequest>(
        &refund(),
        LENIENT,
        &[
            (
                "/originalPartnerReferenceNo",
                json!(""),
                "Invalid Mandatory Field originalPartnerReferenceNo",
            ),
            (
                "/originalPartnerReferenceNo",
                text(65),
                "Invalid Field Format originalPartnerReferenceNo",
            ),
            ("/partnerRefundNo", json!("1"), "ok"),
            (
                "/partnerRefundNo",
                text(65),
                "Invalid Field Format partnerRefundNo",
            ),
            (
                "/refundAmount/value",
                json!("100.5"),
                "Invalid Field Format refundAmount.value",
            ),
            (
                "/refundAmount/value",
                json!("0.00"),
                "Invalid Field Format refundAmount.value",
            ),
            (
                "/refundAmount/currency",
                json!("USD"),
                "Invalid Field Format refundAmount.currency",
            ),
            ("/reason", json!(""), "ok"),
            ("/reason", text(256), "ok"),
            ("/reason", text(257), "Invalid Field Format reason"),
            ("/originalExternalId", json!(""), "ok"),
            ("/originalReferenceNo", json!("x"), "ok"),
            (
                "/additionalInfo/channel",
                json!("x"),
                "Invalid Field Format additionalInfo.channel",
            ),
        ],
    );
    check_rows::<RefundRequest>(
        &refund(),
        STRICT,
        &[
            (
                "/originalPartnerReferenceNo",
                text(31),
                "Invalid Field Format originalPartnerReferenceNo",
            ),
            (
                "/partnerRefundNo",
                text(31),
                "Invalid Field Format partnerRefundNo",
            ),
            ("/partnerRefundNo", text(32), "ok"),
            (
                "/originalExternalId",
                text(37),
                "Invalid Field Format originalExternalId",
            ),
        ],
    );
}

#[test]
fn notifications_are_read_by_merchants_as_doku_writes_them() {
    let body = json!({
        "originalPartnerReferenceNo": "E2E20230811001",
        "originalReferenceNo": "abc",
        "originalExternalId": "1767323045",
        "latestTransactionStatus": "00",
        "transactionStatusDesc": "Success",
        "amount": {"value": "15000.00", "currency": "IDR"},
        "additionalInfo": {"custIdMerchant": "UATALLO1", "accountType": "DIRECT_DEBIT"},
    });
    let notification: NotifyRequest = read(&body, LENIENT).unwrap();
    assert_eq!(
        notification.status(),
        Some(snap::TransactionStatus::Success)
    );
    assert_eq!(serde_json::to_value(&notification).unwrap(), body);
    check_mandatory::<NotifyRequest>(
        &body,
        &[
            "/originalPartnerReferenceNo",
            "/latestTransactionStatus",
            "/amount",
        ],
    );
    let java = with(
        &body,
        "/additionalInfo/channel",
        json!("DIRECT_DEBIT_ALLO_SNAP"),
    );
    let java: NotifyRequest = read(&java, LENIENT).unwrap();
    assert_eq!(
        java.additional_info.channel_id.as_deref(),
        Some("DIRECT_DEBIT_ALLO_SNAP")
    );
    let unknown: NotifyRequest = read(
        &with(&body, "/latestTransactionStatus", json!("99")),
        LENIENT,
    )
    .unwrap();
    assert_eq!(unknown.status(), None);

    let binding = json!({"originalExternalId": "1", "additionalInfo":
        {"status": "SUCCESS", "custIdMerchant": "cust-001", "authCode": "abc"}});
    let read: BindingNotifyRequest = read(&binding, LENIENT).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), binding);
    check_mandatory::<BindingNotifyRequest>(
        &binding,
        &["/additionalInfo", "/additionalInfo/status"],
    );
}

#[test]
fn grant_types_are_written_in_lower_case() {
    let written = serde_json::to_string(&B2bRequest {
        grant_type: GrantType::ClientCredentials,
    })
    .unwrap();
    assert_eq!(written, r#"{"grantType":"client_credentials"}"#);
    let written = serde_json::to_string(&B2b2cRequest::with_auth_code("x")).unwrap();
    assert_eq!(
        written,
        r#"{"grantType":"authorization_code","authCode":"x"}"#
    );
}

/// A value of a kind that the field is not, put at any place.
fn wrong_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(-1.5)),
        Just(json!("")),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{}])),
        "\\PC{0,70}".prop_map(Value::String),
    ]
}

/// Every pointer into a value, the root's members first.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => return,
    };
    for (name, value) in members {
        let pointer = format!("{at}/{name}");
        found.push(pointer.clone());
        pointers(value, &pointer, found);
    }
}

fn only_names_where_it_was_changed<R: Request>(
    body: &Value,
    choice: usize,
    value: Value,
) -> Result<(), TestCaseError> {
    let mut found = Vec::new();
    pointers(body, "", &mut found);
    let pointer = &found[choice % found.len()];
    let message = verdict::<R>(&with(body, pointer, value), LENIENT);
    let changed = path(pointer);
    let named = message
        .strip_prefix("Invalid Field Format ")
        .or(message.strip_prefix("Invalid Mandatory Field "));
    match named {
        Some(name) => prop_assert!(
            name.starts_with(&changed),
            "{message} for a change at {changed}"
        ),
        None => prop_assert!(
            message == "ok" || message == "Invalid Amount",
            "{message} for a change at {changed}"
        ),
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_refusal_names_what_is_wrong_and_nothing_else(choice in 0_usize..100, value in wrong_value()) {
        only_names_where_it_was_changed::<BindingRequest>(&binding(), choice, value.clone())?;
        only_names_where_it_was_changed::<PaymentRequest>(&payment(), choice, value.clone())?;
        only_names_where_it_was_changed::<RefundRequest>(&refund(), choice, value.clone())?;
        only_names_where_it_was_changed::<UnbindingRequest>(&unbinding(), choice, value)?;
    }
}
