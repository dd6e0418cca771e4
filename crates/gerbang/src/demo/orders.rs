//! What the demo merchant sends: its messages, made from a few values.

use snap::messages::CHANNEL;
use snap::messages::binding::{BindingInfo, BindingRequest};
use snap::messages::payment::{LineItem, PayOption, PaymentInfo, PaymentRequest};
use snap::messages::refund::RefundRequest;
use snap::{Amount, PayMethod};

use crate::entropy;

/// The linking of a customer's account.
pub fn binding(phone_no: &str, merchant_url: &str) -> BindingRequest {
    BindingRequest {
        phone_no: phone_no.to_owned(),
        additional_info: BindingInfo {
            channel: CHANNEL.to_owned(),
            cust_id_merchant: entropy::reference("cust-"),
            customer_name: None,
            email: None,
            id_card: None,
            country: None,
            address: None,
            date_of_birth: None,
            success_registration_url: format!("{merchant_url}/linked"),
            failed_registration_url: format!("{merchant_url}/failed"),
            device_model: "Pixel 9".to_owned(),
            os_type: "android".to_owned(),
            channel_id: "app".to_owned(),
        },
    }
}

/// The payment of an order.
pub fn payment(reference: &str, amount: Amount, item: &str, merchant_url: &str) -> PaymentRequest {
    PaymentRequest {
        partner_reference_no: reference.to_owned(),
        amount,
        pay_option_details: vec![PayOption {
            pay_method: PayMethod::Balance,
            trans_amount: Some(amount),
            fee_amount: None,
        }],
        additional_info: PaymentInfo {
            channel: CHANNEL.to_owned(),
            remarks: item.to_owned(),
            success_payment_url: format!("{merchant_url}/paid"),
            failed_payment_url: format!("{merchant_url}/failed"),
            line_items: vec![LineItem {
                name: item.to_owned(),
                price: amount,
                quantity: 1,
            }],
        },
        charge_token: None,
        fee_type: None,
    }
}

/// The refund of an order, or of a part of it.
pub fn refund(original: &str, amount: Amount, reason: &str) -> RefundRequest {
    RefundRequest {
        original_partner_reference_no: original.to_owned(),
        original_reference_no: None,
        original_external_id: None,
        refund_amount: amount,
        partner_refund_no: entropy::reference("REF"),
        reason: Some(reason.to_owned()),
        channel: CHANNEL.to_owned(),
    }
}
