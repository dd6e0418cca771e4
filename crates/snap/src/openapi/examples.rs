//! One full example of every message: every member is there, so that each is described.

use serde::Serialize;
use serde_json::{Value, json};

use crate::messages::CHANNEL;
use crate::messages::balance::{AccountInfo, BalanceResponse};
use crate::messages::binding::{BindingResponse, BindingResult};
use crate::messages::notify::NotifyResponse;
use crate::messages::payment::PaymentResponse;
use crate::messages::refund::RefundResponse;
use crate::messages::status::{RefundHistory, StatusInfo, StatusResponse};
use crate::messages::token::{B2b2cResponse, B2bResponse};
use crate::messages::unbinding::UnbindingResponse;
use crate::{Amount, Case, RefundStatus, ResponseCode, Service, TransactionStatus};

const REFERENCE: &str = "INV20260102000000000000000000001";
const REFUND: &str = "RFD20260102000000000000000000001";
const OURS: &str = "G2026010200000001";
const TIME: &str = "2026-01-02T10:04:05+07:00";
const CUSTOMER: &str = "cust-001";

fn rupiah(amount: u64) -> Amount {
    Amount::from_rupiah(amount).unwrap_or_default()
}

fn money(amount: u64) -> Value {
    written(&rupiah(amount))
}

fn written(message: &impl Serialize) -> Value {
    serde_json::to_value(message).unwrap_or_default()
}

fn code(service: Service) -> String {
    ResponseCode::new(service, Case::Successful).to_string()
}

fn successful() -> String {
    Case::Successful.message().to_owned()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub fn b2b_request() -> Value {
    json!({ "grantType": "client_credentials" })
}

pub fn b2b_response() -> Value {
    written(&B2bResponse {
        response_code: code(Service::TOKEN_B2B),
        response_message: successful(),
        access_token: "eyJhbGciOiJFUzI1NiJ9.…".to_owned(),
        token_type: "Bearer".to_owned(),
        expires_in: 900,
    })
}

pub fn auth_code_request() -> Value {
    json!({ "grantType": "authorization_code", "authCode": "the authCode of the binding" })
}

pub fn refresh_request() -> Value {
    json!({ "grantType": "refresh_token", "refreshToken": "the refreshToken of the last answer" })
}

pub fn b2b2c_response() -> Value {
    written(&B2b2cResponse {
        response_code: code(Service::TOKEN_B2B2C),
        response_message: successful(),
        access_token: "eyJhbGciOiJFUzI1NiJ9.…".to_owned(),
        token_type: "Bearer".to_owned(),
        access_token_expiry_time: some(TIME),
        refresh_token: some("eyJhbGciOiJFUzI1NiJ9.…"),
        refresh_token_expiry_time: some(TIME),
    })
}

pub fn binding_request() -> Value {
    json!({
        "phoneNo": "6281111111101",
        "additionalInfo": {
            "channel": CHANNEL,
            "custIdMerchant": CUSTOMER,
            "customerName": "Siti Nurhaliza",
            "email": "siti@example.com",
            "idCard": "3171000000000001",
            "country": "ID",
            "address": "Jl. Sudirman 1, Jakarta",
            "dateOfBirth": "19900131",
            "successRegistrationUrl": "https://merchant.example/linked",
            "failedRegistrationUrl": "https://merchant.example/not-linked",
            "deviceModel": "Pixel 9",
            "osType": "android",
            "channelId": "app",
        },
    })
}

pub fn binding_response() -> Value {
    written(&BindingResponse {
        response_code: code(Service::BINDING),
        response_message: successful(),
        reference_no: some(OURS),
        redirect_url: some("https://gateway.example/direct-debit/ui/binding/core/…"),
        additional_info: Some(BindingResult::pending(CUSTOMER, "…")),
    })
}

pub fn balance_request() -> Value {
    json!({ "additionalInfo": { "channel": CHANNEL } })
}

pub fn balance_response() -> Value {
    written(&BalanceResponse {
        response_code: code(Service::BALANCE),
        response_message: successful(),
        account_infos: vec![AccountInfo::new("BALANCE", rupiah(10_000_000), rupiah(0))],
    })
}

pub fn payment_request() -> Value {
    json!({
        "partnerReferenceNo": REFERENCE,
        "amount": money(25_000),
        "payOptionDetails": [
            { "payMethod": "BALANCE", "transAmount": money(25_000), "feeAmount": money(0) },
        ],
        "additionalInfo": {
            "channel": CHANNEL,
            "remarks": "Kopi Gayo",
            "successPaymentUrl": "https://merchant.example/paid",
            "failedPaymentUrl": "https://merchant.example/not-paid",
            "lineItems": [{ "name": "Kopi Gayo 250 g", "price": "25000.00", "quantity": "1" }],
        },
        "chargeToken": "",
        "feeType": "",
    })
}

pub fn payment_response() -> Value {
    written(&PaymentResponse {
        response_code: code(Service::PAYMENT),
        response_message: successful(),
        web_redirect_url: some("https://gateway.example/direct-debit/ui/payment/core/…"),
        partner_reference_no: some(REFERENCE),
        reference_no: some(OURS),
    })
}

pub fn status_request() -> Value {
    json!({
        "originalPartnerReferenceNo": REFERENCE,
        "originalReferenceNo": OURS,
        "originalExternalId": "17673230450001",
        "serviceCode": "54",
        "transactionDate": TIME,
        "amount": money(25_000),
        "merchantId": "",
        "subMerchantId": "",
        "externalStoreId": "",
    })
}

pub fn status_response() -> Value {
    let refund = RefundHistory {
        refund_no: some(OURS),
        refund_date: some(TIME),
        reason: some("Sold out"),
        ..RefundHistory::new(REFUND, rupiah(10_000), RefundStatus::Success)
    };
    written(&StatusResponse {
        response_code: code(Service::STATUS),
        response_message: successful(),
        original_partner_reference_no: some(REFERENCE),
        original_reference_no: some(OURS),
        original_external_id: some("17673230450001"),
        service_code: some("54"),
        latest_transaction_status: TransactionStatus::Success.code().to_owned(),
        transaction_status_desc: some(TransactionStatus::Success.description()),
        original_response_code: Some(code(Service::PAYMENT)),
        original_response_message: Some(successful()),
        refund_history: vec![refund],
        trans_amount: Some(rupiah(25_000)),
        fee_amount: Some(rupiah(0)),
        paid_time: some(TIME),
        additional_info: Some(StatusInfo {
            channel: some(CHANNEL),
            ..StatusInfo::default()
        }),
        ..StatusResponse::default()
    })
}

pub fn refund_request() -> Value {
    json!({
        "originalPartnerReferenceNo": REFERENCE,
        "originalReferenceNo": OURS,
        "originalExternalId": "17673230450001",
        "refundAmount": money(10_000),
        "partnerRefundNo": REFUND,
        "reason": "Sold out",
        "additionalInfo": { "channel": CHANNEL },
    })
}

pub fn refund_response() -> Value {
    written(&RefundResponse {
        response_code: code(Service::REFUND),
        response_message: successful(),
        refund_amount: Some(rupiah(10_000)),
        original_partner_reference_no: some(REFERENCE),
        original_reference_no: some(OURS),
        refund_no: some("R2026010200000001"),
        partner_refund_no: some(REFUND),
        refund_time: some(TIME),
    })
}

pub fn unbinding_request() -> Value {
    json!({ "tokenId": "the customer's access token", "additionalInfo": { "channel": CHANNEL } })
}

pub fn unbinding_response() -> Value {
    written(&UnbindingResponse {
        response_code: code(Service::UNBINDING),
        response_message: successful(),
        reference_no: some(OURS),
    })
}

pub fn notification() -> Value {
    json!({
        "originalPartnerReferenceNo": REFERENCE,
        "originalReferenceNo": OURS,
        "originalExternalId": "17673230450001",
        "latestTransactionStatus": TransactionStatus::Success.code(),
        "transactionStatusDesc": TransactionStatus::Success.description(),
        "amount": money(25_000),
        "additionalInfo": {
            "custIdMerchant": CUSTOMER,
            "accountType": "DIRECT_DEBIT",
            "channelId": CHANNEL,
            "acquirerId": "allo",
            "lineItems": [{ "name": "Kopi Gayo 250 g", "price": "25000.00", "quantity": "1" }],
            "refundNo": OURS,
            "partnerRefundNo": REFUND,
            "refundAmount": money(10_000),
            "refundStatus": RefundStatus::Success.code(),
        },
    })
}

pub fn notification_response() -> Value {
    written(&NotifyResponse {
        response_code: code(Service::NOTIFY),
        response_message: successful(),
        approval_code: some("201039000200"),
    })
}

pub fn binding_notification() -> Value {
    json!({
        "originalExternalId": "17673230450001",
        "additionalInfo": { "status": "SUCCESS", "custIdMerchant": CUSTOMER, "authCode": "…" },
    })
}

pub fn binding_notification_response() -> Value {
    written(&NotifyResponse {
        response_code: code(Service::BINDING),
        response_message: successful(),
        approval_code: some("201039000200"),
    })
}
