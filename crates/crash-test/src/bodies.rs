//! What the merchants ask for.

use anyhow::Result;
use snap::Amount;
use snap::messages::CHANNEL;
use snap::messages::balance::BalanceRequest;
use snap::messages::binding::{BindingInfo, BindingRequest};
use snap::messages::payment::{LineItem, PaymentInfo, PaymentRequest};
use snap::messages::refund::RefundRequest;
use snap::messages::status::StatusRequest;
use snap::messages::unbinding::UnbindingRequest;

/// A binding (07).
///
/// # Errors
/// Never, as things are.
pub fn binding(phone_no: &str, cust_id_merchant: &str) -> Result<Vec<u8>> {
    let request = BindingRequest {
        phone_no: phone_no.to_owned(),
        additional_info: BindingInfo {
            cust_id_merchant: cust_id_merchant.to_owned(),
            success_registration_url: "https://toko.example/linked".to_owned(),
            failed_registration_url: "https://toko.example/not-linked".to_owned(),
            device_model: "crash test".to_owned(),
            ..BindingInfo::default()
        },
    };
    Ok(serde_json::to_vec(&request)?)
}

/// A payment (54).
///
/// # Errors
/// Never, as things are.
pub fn payment(reference: &str, amount: Amount) -> Result<Vec<u8>> {
    let request = PaymentRequest {
        partner_reference_no: reference.to_owned(),
        amount,
        pay_option_details: Vec::new(),
        additional_info: PaymentInfo {
            channel: CHANNEL.to_owned(),
            remarks: "Kopi susu".to_owned(),
            success_payment_url: "https://toko.example/paid".to_owned(),
            failed_payment_url: "https://toko.example/not-paid".to_owned(),
            line_items: vec![LineItem {
                name: "Kopi susu".to_owned(),
                price: amount,
                quantity: 1,
            }],
        },
        charge_token: None,
        fee_type: None,
    };
    Ok(serde_json::to_vec(&request)?)
}

/// A refund (58).
///
/// # Errors
/// Never, as things are.
pub fn refund(reference: &str, refund_no: &str, amount: Amount) -> Result<Vec<u8>> {
    let request = RefundRequest {
        original_partner_reference_no: reference.to_owned(),
        original_reference_no: None,
        original_external_id: None,
        refund_amount: amount,
        partner_refund_no: refund_no.to_owned(),
        reason: Some("returned".to_owned()),
        channel: CHANNEL.to_owned(),
    };
    Ok(serde_json::to_vec(&request)?)
}

/// A status inquiry (55).
///
/// # Errors
/// Never, as things are.
pub fn status(reference: &str) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(&StatusRequest::of(reference))?)
}

/// A balance inquiry (11).
///
/// # Errors
/// Never, as things are.
pub fn balance() -> Result<Vec<u8>> {
    let request = BalanceRequest {
        channel: CHANNEL.to_owned(),
    };
    Ok(serde_json::to_vec(&request)?)
}

/// An unbinding (09).
///
/// # Errors
/// Never, as things are.
pub fn unbinding(token: &str) -> Result<Vec<u8>> {
    let request = UnbindingRequest {
        token_id: token.to_owned(),
        channel: CHANNEL.to_owned(),
    };
    Ok(serde_json::to_vec(&request)?)
}

/// A token request (74) by authCode or by refresh token.
///
/// # Errors
/// Never, as things are.
pub fn exchange(code: &str, refresh: bool) -> Result<Vec<u8>> {
    let body = if refresh {
        serde_json::json!({ "grantType": "refresh_token", "refreshToken": code })
    } else {
        serde_json::json!({ "grantType": "authorization_code", "authCode": code })
    };
    Ok(serde_json::to_vec(&body)?)
}
