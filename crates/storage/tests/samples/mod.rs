//! Values to store: complete, plain, and easy to tell apart.
#![allow(dead_code, clippy::unwrap_used)]

use direct_debit::{
    BankAccount, BankLink, Binding, BindingId, BindingState, FirstAnswer, Item, MerchantId,
    NotificationId, PayPart, Payment, PaymentDetails, PaymentId, PaymentState, Refund, RefundId,
    RefundKind, RefundState,
};
use snap::{Amount, PayMethod, Secret};
use storage::external_ids::{Claim, ClaimKey};
use storage::merchants::{Merchant, MerchantSettings, MerchantState};
use storage::notification_endpoints::{self, BreakerState, Endpoint};
use storage::notifications::{NewNotification, NotificationKind};
use storage::{Store, bindings, merchants, payments};

/// 2026-01-02, 03:04:05 in Jakarta.
pub const NOW_MS: i64 = 1_767_297_845_000;

pub fn merchant_id() -> MerchantId {
    MerchantId::new("M1")
}

pub fn sen(sen: i64) -> Amount {
    Amount::from_sen(sen).unwrap()
}

pub fn merchant() -> Merchant {
    Merchant {
        id: merchant_id(),
        name: "Warung Bu Sri".to_owned(),
        state: MerchantState::Active,
        epoch: 0,
        secret: Secret::new("SK-outbound"),
        previous_secret: None,
        inbound_secret: Secret::new("SK-inbound"),
        notification_url: Some("https://merchant.example/notify".to_owned()),
        token_url: None,
        binding_notification_url: None,
        previous_inbound_secret: None,
        extra_ca: None,
        settings: MerchantSettings::default(),
        created_at_ms: NOW_MS,
        version: 1,
    }
}

pub fn claim(external_id: &str, fingerprint: &str) -> Claim {
    Claim {
        key: ClaimKey {
            merchant: merchant_id(),
            scope: "54".to_owned(),
            day: "20260102".to_owned(),
            external_id: external_id.to_owned(),
        },
        fingerprint: fingerprint.to_owned(),
        claimed_at_ms: NOW_MS,
        in_flight_until_ms: NOW_MS + 15_000,
        answer: None,
        subject: None,
    }
}

pub fn binding(id: &str, customer: &str) -> Binding {
    Binding {
        id: BindingId::new(id),
        merchant: merchant_id(),
        bank: "allo".to_owned(),
        cust_id_merchant: customer.to_owned(),
        channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
        phone_no: "6281234567890".to_owned(),
        reference_no: format!("ref-{id}"),
        external_id: format!("ext-{id}"),
        success_url: "https://merchant.example/yes".to_owned(),
        failed_url: "https://merchant.example/no".to_owned(),
        created_at_ms: NOW_MS,
        expires_at_ms: NOW_MS + 900_000,
        bank_reference_no: None,
        bank_page: None,
        account: None,
        bank_link: BankLink::None,
        state: BindingState::Created,
        version: 1,
    }
}

pub fn binding_hashes(id: &str) -> bindings::Hashes {
    bindings::Hashes {
        page: format!("page-{id}"),
        state: format!("state-{id}"),
        auth_code: format!("code-{id}"),
        phone: "hash of the phone".to_owned(),
    }
}

pub fn account(id: &str) -> BankAccount {
    BankAccount {
        id: id.to_owned(),
        masked: "****7890".to_owned(),
    }
}

pub fn tokens() -> bindings::BankTokens {
    bindings::BankTokens {
        access: Secret::new("bank access"),
        refresh: Some(Secret::new("bank refresh")),
        expires_at_ms: NOW_MS + 900_000,
    }
}

pub fn payment(id: &str, amount_sen: i64) -> Payment {
    Payment {
        id: PaymentId::new(id),
        merchant: merchant_id(),
        binding: BindingId::new("B1"),
        partner_reference_no: format!("INV-{id}"),
        reference_no: format!("ref-{id}"),
        external_id: format!("ext-{id}"),
        amount: sen(amount_sen),
        parts: vec![
            PayPart {
                method: PayMethod::Balance,
                amount: sen(amount_sen - 1),
                fee_amount: Some(sen(7)),
            },
            PayPart {
                method: PayMethod::Point,
                amount: sen(1),
                fee_amount: None,
            },
        ],
        fee: sen(1),
        details: PaymentDetails {
            channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
            remarks: "O'Brien; \"kopi\" \\ ☕ 中文".to_owned(),
            success_url: "https://merchant.example/yes?a=1&b=2".to_owned(),
            failed_url: "https://merchant.example/no".to_owned(),
            items: vec![Item {
                name: "Kopi".to_owned(),
                price: sen(1_500_000),
                quantity: 2,
            }],
            ip_address: Some("::1".to_owned()),
            device_id: None,
        },
        first_answer: FirstAnswer::None,
        created_at_ms: NOW_MS,
        valid_until_ms: NOW_MS + 900_000,
        bank_reference_no: None,
        bank_page: None,
        refunded: Amount::ZERO,
        refund_reserved: Amount::ZERO,
        state: PaymentState::Created,
        version: 1,
    }
}

pub fn payment_hashes(id: &str) -> payments::Hashes {
    payments::Hashes::of(format!("page-{id}"), format!("state-{id}"))
}

pub fn refund(id: &str, payment: &str, amount_sen: i64) -> Refund {
    Refund {
        id: RefundId::new(id),
        merchant: merchant_id(),
        payment: PaymentId::new(payment),
        partner_refund_no: format!("RF-{id}"),
        refund_no: format!("no-{id}"),
        kind: RefundKind::Merchant,
        amount: sen(amount_sen),
        reason: Some("barang habis".to_owned()),
        created_at_ms: NOW_MS,
        state: RefundState::Created,
        version: 1,
    }
}

pub fn notification(id: &str, subject: &str) -> NewNotification {
    NewNotification {
        id: NotificationId::new(id),
        merchant: merchant_id(),
        kind: NotificationKind::Payment,
        subject: subject.to_owned(),
        external_id: format!("ext-{id}"),
        body: format!("{{\"about\":\"{subject}\"}}"),
        ip_address: None,
        device_id: None,
        due_at_ms: NOW_MS,
        created_at_ms: NOW_MS,
    }
}

/// The merchant with an endpoint that failed so often since it last answered.
pub async fn with_endpoint(store: &Store, failures: i64) {
    let endpoint = &Endpoint {
        merchant: merchant_id(),
        url: merchant().notification_url.unwrap(),
        state: BreakerState::Closed,
        failures,
        since_ms: NOW_MS,
        probe_at_ms: None,
        reason: None,
    };
    let write = |s| async move {
        merchants::insert(&s, &merchant()).await?;
        notification_endpoints::put(&s, endpoint).await
    };
    store.transact("endpoint", write).await.unwrap();
}
