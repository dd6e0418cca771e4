//! One value of each noun in each state, and one of each command.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of the samples, and may fail loudly"
)]

use direct_debit::*;
use snap::{Amount, PayMethod};

pub const NOON_MS: i64 = 1_767_330_000_000;

pub fn rupiah(rupiah: i64) -> Amount {
    Amount::from_sen(rupiah * 100).unwrap()
}

pub fn reason() -> BankReason {
    BankReason {
        code: "4035414".into(),
        message: "Insufficient Funds".into(),
    }
}

pub fn payment_states() -> Vec<PaymentState> {
    vec![
        PaymentState::Created,
        PaymentState::AwaitingCustomer,
        PaymentState::Unknown,
        PaymentState::Succeeded {
            paid_at_ms: NOON_MS,
        },
        PaymentState::Refunded {
            paid_at_ms: NOON_MS,
        },
        PaymentState::Cancelled {
            cause: CancelCause::Customer,
        },
        PaymentState::Failed { reason: reason() },
    ]
}

pub fn payment(state: PaymentState) -> Payment {
    let page_is_known = state != PaymentState::Created && state != PaymentState::Unknown;
    Payment {
        id: PaymentId::new("pay-1"),
        merchant: MerchantId::new("shop"),
        binding: BindingId::new("bind-1"),
        partner_reference_no: "INV-1".into(),
        reference_no: "ref-1".into(),
        external_id: "41807553358950093184162180797837".into(),
        amount: rupiah(15_000),
        parts: vec![PayPart {
            method: PayMethod::Balance,
            amount: rupiah(15_000),
            fee_amount: None,
        }],
        fee: Amount::ZERO,
        details: PaymentDetails {
            channel: "DIRECT_DEBIT_ALLO_SNAP".into(),
            remarks: "Kopi".into(),
            success_url: "https://shop.example/ok".into(),
            failed_url: "https://shop.example/failed".into(),
            items: vec![Item {
                name: "Kopi Gayo".into(),
                price: rupiah(15_000),
                quantity: 1,
            }],
            ip_address: Some("203.0.113.7".into()),
            device_id: None,
        },
        first_answer: FirstAnswer::Accepted,
        created_at_ms: NOON_MS,
        valid_until_ms: NOON_MS + 900_000,
        bank_reference_no: page_is_known.then(|| "bank-1".into()),
        bank_page: page_is_known.then(|| "https://bank.example/pages/1".into()),
        refunded: if matches!(state, PaymentState::Refunded { .. }) {
            rupiah(15_000)
        } else {
            Amount::ZERO
        },
        refund_reserved: Amount::ZERO,
        state,
        version: 1,
    }
}

pub fn payment_commands() -> Vec<PaymentCommand> {
    vec![
        PaymentCommand::OpenPage {
            bank_reference_no: Some("bank-1".into()),
            bank_page: "https://bank.example/pages/1".into(),
        },
        PaymentCommand::LoseSight,
        PaymentCommand::Pay {
            paid_at_ms: NOON_MS,
            bank_reference_no: Some("bank-1".into()),
        },
        PaymentCommand::Cancel {
            cause: CancelCause::Expired,
        },
        PaymentCommand::Fail { reason: reason() },
    ]
}

pub fn refund_states() -> Vec<RefundState> {
    vec![
        RefundState::Created,
        RefundState::Unknown,
        RefundState::Succeeded {
            refunded_at_ms: NOON_MS,
        },
        RefundState::Failed { reason: reason() },
    ]
}

pub fn refund(state: RefundState) -> Refund {
    Refund {
        id: RefundId::new("refund-1"),
        merchant: MerchantId::new("shop"),
        payment: PaymentId::new("pay-1"),
        partner_refund_no: "REF-1".into(),
        refund_no: "refund-no-1".into(),
        kind: RefundKind::Merchant,
        amount: rupiah(5_000),
        reason: None,
        created_at_ms: NOON_MS,
        state,
        version: 1,
    }
}

pub fn refund_commands() -> Vec<RefundCommand> {
    vec![
        RefundCommand::LoseSight,
        RefundCommand::Succeed {
            refunded_at_ms: NOON_MS,
        },
        RefundCommand::Fail { reason: reason() },
    ]
}

pub fn account() -> BankAccount {
    BankAccount {
        id: "acc-1".into(),
        masked: "••••7890".into(),
    }
}

pub fn binding_states() -> Vec<BindingState> {
    vec![
        BindingState::Created,
        BindingState::AwaitingCustomer,
        BindingState::Unknown,
        BindingState::Active,
        BindingState::Ending,
        BindingState::Ended {
            cause: BindingEnd::Merchant,
        },
        BindingState::Failed {
            failure: BindingFailure::Expired,
        },
    ]
}

pub fn binding(state: BindingState) -> Binding {
    use BindingStateName as Is;
    let is = state.name();
    let linked = matches!(is, Is::Active | Is::Ending | Is::Ended);
    Binding {
        id: BindingId::new("bind-1"),
        merchant: MerchantId::new("shop"),
        bank: "allo".into(),
        cust_id_merchant: "cust-001".into(),
        channel: "DIRECT_DEBIT_ALLO_SNAP".into(),
        phone_no: "6281234567890".into(),
        reference_no: "ref-1".into(),
        external_id: "41807553358950093184162180797837".into(),
        success_url: "https://shop.example/ok".into(),
        failed_url: "https://shop.example/failed".into(),
        created_at_ms: NOON_MS,
        expires_at_ms: NOON_MS + 900_000,
        bank_reference_no: None,
        bank_page: (is != Is::Created).then(|| "https://bank.example/pages/1".into()),
        account: linked.then(account),
        bank_link: match is {
            Is::Created => BankLink::None,
            Is::Ended => BankLink::Gone,
            Is::Failed => BankLink::Unwanted,
            Is::AwaitingCustomer | Is::Unknown | Is::Active | Is::Ending => BankLink::Open,
        },
        state,
        version: 1,
    }
}

pub fn binding_commands() -> Vec<BindingCommand> {
    vec![
        BindingCommand::OpenPage {
            bank_reference_no: Some("bank-1".into()),
            bank_page: "https://bank.example/pages/1".into(),
        },
        BindingCommand::LoseSight,
        BindingCommand::Link { account: account() },
        BindingCommand::Fail {
            failure: BindingFailure::Expired,
        },
        BindingCommand::End,
        BindingCommand::Finish {
            cause: BindingEnd::Bank,
        },
    ]
}

pub fn notification(state: NotificationState) -> Notification {
    Notification {
        id: NotificationId::new("n-1"),
        merchant: MerchantId::new("shop"),
        attempts: 1,
        state,
    }
}

pub fn notification_states() -> Vec<NotificationState> {
    vec![
        NotificationState::Due { at_ms: NOON_MS },
        NotificationState::Delivered,
        NotificationState::Resting,
    ]
}

pub fn notification_commands() -> Vec<(&'static str, NotificationCommand)> {
    vec![
        ("deliver", NotificationCommand::Deliver),
        (
            "retry",
            NotificationCommand::Retry {
                at_ms: Some(NOON_MS),
            },
        ),
        (
            "retry, the last",
            NotificationCommand::Retry { at_ms: None },
        ),
        (
            "send again",
            NotificationCommand::SendAgain { at_ms: NOON_MS },
        ),
    ]
}
