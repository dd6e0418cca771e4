//! What merchants send to be paid: payment, status and refund, each field missing, malformed, at its limits.

use serde_json::{Value, json};
use snap::{
    Amount, PayMethod,
    messages::{payment::PaymentRequest, refund::RefundRequest, status::StatusRequest},
};

use crate::{
    LENIENT, STRICT, check_mandatory, check_rows, merchant_requests::text, read, verdict, with,
    without,
};

const REFERENCE: &str = "INV-2026-000000000000000000000000001";

pub fn payment() -> Value {
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

pub fn refund() -> Value {
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

#[test]
fn a_payment_is_read_whole() {
    let read: PaymentRequest = read(&payment(), LENIENT).unwrap();
    assert_eq!(read.amount, Amount::parse("15000.00").unwrap());
    let sources = [
        (PayMethod::Balance, "10000.00"),
        (PayMethod::Point, "5000.00"),
    ];
    let read_sources: Vec<_> = read
        .pay_option_details
        .iter()
        .map(|option| (option.pay_method, option.trans_amount))
        .collect();
    assert_eq!(
        read_sources,
        sources.map(|(method, amount)| (method, Some(Amount::parse(amount).unwrap())))
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
fn pay_options_are_known_and_their_sum_is_no_matter_of_form() {
    let money = |value: &str| json!({"value": value, "currency": "IDR"});
    let option =
        |method: &str, value: &str| json!({"payMethod": method, "transAmount": money(value)});
    let rows = [
        (json!([]), "ok"),
        (Value::Null, "ok"),
        (json!([{"payMethod": "BALANCE"}]), "ok"),
        (json!([{"payMethod": "PAYLATER"}]), "ok"),
        (json!([option("POINT", "15000.00")]), "ok"),
        (json!([option("BALANCE", "14999.99")]), "ok"),
        (
            json!([option("BALANCE", "15000.00"), option("POINT", "0.01")]),
            "ok",
        ),
        (
            json!([
                option("BALANCE", "9999999999999999.99"),
                option("POINT", "9999999999999999.99")
            ]),
            "ok",
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
        (
            json!([{"payMethod": "BALANCE", "transAmount": {}, "feeAmount": {"value": "", "currency": ""}}]),
            "ok",
        ),
        (
            json!([{"payMethod": "BALANCE", "transAmount": "", "feeAmount": ""}]),
            "ok",
        ),
        (
            json!([{"payMethod": "BALANCE", "feeAmount": {"value": "1.00"}}]),
            "Invalid Mandatory Field payOptionDetails[0].feeAmount.currency",
        ),
        (
            json!([{"payMethod": "BALANCE", "transAmount": []}]),
            "Invalid Field Format payOptionDetails[0].transAmount",
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
    assert_eq!(none.pay_option_details, []);
    assert!(
        serde_json::to_value(&none)
            .unwrap()
            .get("payOptionDetails")
            .is_none()
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
