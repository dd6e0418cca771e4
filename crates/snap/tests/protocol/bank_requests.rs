//! The bank port's requests: written by the gateway, read by a bank, and back.

use serde::Serialize;
use serde_json::{Value, json};
use snap::{
    Amount, PayMethod, Request, TransactionStatus,
    messages::bank::{
        BankBalanceRequest, BankBindingInfo, BankBindingInquiryRequest, BankBindingRequest,
        BankCancelRequest, BankNotifyInfo, BankNotifyRequest, BankPaymentInfo, BankPaymentRequest,
        BankRefundRequest, BankStatusRequest, BankUnbindingRequest, LineItem, PayOption,
        StatementRequest, UrlParam,
    },
};

use crate::{LENIENT, check_mandatory, check_rows, read};

fn amount() -> Amount {
    Amount::parse("15000.00").unwrap()
}

fn binding() -> BankBindingRequest {
    BankBindingRequest {
        partner_reference_no: "bnd-1".to_owned(),
        phone_no: "6281234567890".to_owned(),
        merchant_id: "mrc-1".to_owned(),
        redirect_url: "http://gateway.internal:8080/returned/binding?state=abc".to_owned(),
        additional_info: BankBindingInfo {
            merchant_name: "Toko Kopi".to_owned(),
            device_model: Some("iPhone 15".to_owned()),
            valid_up_to: "2026-01-02T10:19:05+07:00".to_owned(),
            ..BankBindingInfo::default()
        },
    }
}

fn payment() -> BankPaymentRequest {
    BankPaymentRequest {
        partner_reference_no: "pay-1".to_owned(),
        amount: amount(),
        pay_option_details: vec![PayOption {
            pay_method: PayMethod::Balance,
            trans_amount: Some(amount()),
            fee_amount: None,
        }],
        valid_up_to: "2026-01-02T10:19:05+07:00".to_owned(),
        url_params: vec![UrlParam::pay_return(
            "https://gateway.example/returned/payment?state=abc&x=1",
        )],
        additional_info: BankPaymentInfo {
            merchant_name: "Toko Kopi".to_owned(),
            remarks: "Kopi".to_owned(),
            line_items: vec![LineItem {
                name: "Kopi".to_owned(),
                price: amount(),
                quantity: 1,
            }],
        },
    }
}

fn notify() -> BankNotifyRequest {
    BankNotifyRequest {
        original_partner_reference_no: "pay-1".to_owned(),
        original_reference_no: Some("bank-1".to_owned()),
        latest_transaction_status: TransactionStatus::Failed.code().to_owned(),
        transaction_status_desc: Some(TransactionStatus::Failed.description().to_owned()),
        amount: amount().into(),
        additional_info: BankNotifyInfo {
            original_response_code: Some("4035414".to_owned()),
            original_response_message: Some("Insufficient Funds".to_owned()),
            paid_time: None,
        },
    }
}

/// Written, read and written again it is the same.
fn round_trip<R: Request + Serialize>(request: &R) -> Value {
    let wire = serde_json::to_value(request).unwrap();
    let again: R = read(&wire, LENIENT).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), wire);
    wire
}

#[test]
fn what_the_gateway_writes_the_bank_reads() {
    let binding = round_trip(&binding());
    check_mandatory::<BankBindingRequest>(
        &binding,
        &[
            "/partnerReferenceNo",
            "/phoneNo",
            "/merchantId",
            "/redirectUrl",
            "/additionalInfo",
            "/additionalInfo/merchantName",
            "/additionalInfo/validUpTo",
        ],
    );
    check_rows::<BankBindingRequest>(
        &binding,
        LENIENT,
        &[
            ("/phoneNo", json!("123"), "Invalid Field Format phoneNo"),
            (
                "/redirectUrl",
                json!("javascript:alert(1)"),
                "Invalid Field Format redirectUrl",
            ),
            (
                "/additionalInfo/validUpTo",
                json!("soon"),
                "Invalid Field Format additionalInfo.validUpTo",
            ),
        ],
    );

    let payment = round_trip(&payment());
    assert_eq!(payment["urlParams"][0]["type"], "PAY_RETURN");
    assert_eq!(payment["urlParams"][0]["isDeeplink"], "N");
    check_mandatory::<BankPaymentRequest>(
        &payment,
        &[
            "/partnerReferenceNo",
            "/amount",
            "/validUpTo",
            "/urlParams",
            "/urlParams/0/url",
            "/additionalInfo",
            "/additionalInfo/merchantName",
            "/additionalInfo/remarks",
        ],
    );
    check_rows::<BankPaymentRequest>(
        &payment,
        LENIENT,
        &[
            ("/urlParams", json!([]), "Invalid Field Format urlParams"),
            (
                "/urlParams/0/isDeeplink",
                json!("maybe"),
                "Invalid Field Format urlParams[0].isDeeplink",
            ),
            (
                "/amount/value",
                json!("1"),
                "Invalid Field Format amount.value",
            ),
        ],
    );

    let inquiry = BankBindingInquiryRequest {
        original_partner_reference_no: "bnd-1".to_owned(),
    };
    check_mandatory::<BankBindingInquiryRequest>(
        &round_trip(&inquiry),
        &["/originalPartnerReferenceNo"],
    );

    let unbinding = BankUnbindingRequest {
        partner_reference_no: "unb-1".to_owned(),
        link_id: "bnd-1".to_owned(),
        token_id: Some("token".to_owned()),
    };
    check_mandatory::<BankUnbindingRequest>(
        &round_trip(&unbinding),
        &["/partnerReferenceNo", "/linkId"],
    );

    let balance = BankBalanceRequest {
        partner_reference_no: "bal-1".to_owned(),
        account_no: None,
    };
    check_mandatory::<BankBalanceRequest>(&round_trip(&balance), &["/partnerReferenceNo"]);

    let status = round_trip(&BankStatusRequest::of("pay-1"));
    assert_eq!(
        status,
        json!({"originalPartnerReferenceNo": "pay-1", "serviceCode": "54"})
    );
    check_mandatory::<BankStatusRequest>(&status, &["/originalPartnerReferenceNo", "/serviceCode"]);

    let cancel = BankCancelRequest {
        original_partner_reference_no: "pay-1".to_owned(),
        reason: Some("expired".to_owned()),
    };
    check_mandatory::<BankCancelRequest>(&round_trip(&cancel), &["/originalPartnerReferenceNo"]);

    let refund = BankRefundRequest {
        original_partner_reference_no: "pay-1".to_owned(),
        partner_refund_no: "rfd-1".to_owned(),
        refund_amount: amount(),
        reason: None,
    };
    check_mandatory::<BankRefundRequest>(
        &round_trip(&refund),
        &[
            "/originalPartnerReferenceNo",
            "/partnerRefundNo",
            "/refundAmount",
        ],
    );

    let statement = StatementRequest {
        from_date_time: "2026-01-01T00:00:00+07:00".to_owned(),
        to_date_time: "2026-01-02T00:00:00+07:00".to_owned(),
        page_number: Some(2),
    };
    let statement = round_trip(&statement);
    check_mandatory::<StatementRequest>(&statement, &["/fromDateTime", "/toDateTime"]);
    check_rows::<StatementRequest>(
        &statement,
        LENIENT,
        &[
            ("/pageNumber", json!("3"), "ok"),
            ("/pageNumber", json!(0), "Invalid Field Format pageNumber"),
            ("/pageNumber", json!("x"), "Invalid Field Format pageNumber"),
            (
                "/toDateTime",
                json!("2026-01-02"),
                "Invalid Field Format toDateTime",
            ),
        ],
    );
}

#[test]
fn what_the_bank_notifies_the_gateway_reads_also_in_another_currency() {
    let wire = round_trip(&notify());
    check_mandatory::<BankNotifyRequest>(
        &wire,
        &[
            "/originalPartnerReferenceNo",
            "/latestTransactionStatus",
            "/amount",
            "/amount/currency",
        ],
    );
    let read: BankNotifyRequest = read(&wire, LENIENT).unwrap();
    assert_eq!(read.status(), Some(TransactionStatus::Failed));
    assert!(read.amount.is(amount()));
    assert!(!read.amount.is(Amount::parse("15000.01").unwrap()));
    let dollars = crate::with(&wire, "/amount/currency", json!("USD"));
    let read: BankNotifyRequest = crate::read(&dollars, LENIENT).unwrap();
    assert!(!read.amount.is(amount()));
}

#[test]
fn requests_with_tokens_or_phone_numbers_print_nothing_of_them() {
    assert_eq!(format!("{:?}", binding()), "BankBindingRequest(…)");
}
