//! What merchants send to be let in and to link customers: each field missing, malformed, at its limits.

use serde_json::{Value, json};
use snap::messages::{
    balance::BalanceRequest,
    binding::BindingRequest,
    notify::{BindingNotifyRequest, NotifyRequest},
    token::{B2b2cRequest, B2bRequest, GrantType},
    unbinding::UnbindingRequest,
};

use crate::{LENIENT, STRICT, check_mandatory, check_rows, path, read, verdict, with, without};

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

pub fn unbinding() -> Value {
    json!({"tokenId": "eyJ.e30.c2ln", "additionalInfo": {"channel": "DIRECT_DEBIT_ALLO_SNAP", "origin": null}})
}

pub fn text(length: usize) -> Value {
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
