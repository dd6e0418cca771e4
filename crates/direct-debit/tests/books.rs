//! What the journal must hold of payments, refunds and entries, and what is told when it does not.
#![allow(clippy::unwrap_used)]

use direct_debit::books::{Booked, EntryBooks, PaymentBooks, RefundBooks};
use direct_debit::{
    PaymentId, PaymentStateName as P, RefundId, RefundKind, RefundStateName as R,
    postings_of_late_debit, postings_of_late_refund, postings_of_payment, postings_of_refund,
};
use snap::Amount;

fn sen(sen: i64) -> Amount {
    Amount::from_sen(sen).unwrap()
}

fn paid() -> PaymentBooks {
    PaymentBooks {
        id: PaymentId::new("P"),
        state: P::Succeeded,
        amount: sen(1_000),
        fee: sen(30),
        refunded: sen(400),
        reserved: sen(100),
        refunds_done_sen: 400,
        refunds_open_sen: 100,
        late_refunds: 0,
        booked: Booked::of(&postings_of_payment(sen(1_000), sen(30))),
        late: Booked::default(),
        booked_at_ms: Some(1),
        late_at_ms: None,
    }
}

fn ended() -> PaymentBooks {
    PaymentBooks {
        state: P::Cancelled,
        refunded: sen(0),
        reserved: sen(0),
        refunds_done_sen: 0,
        refunds_open_sen: 0,
        booked: Booked::default(),
        ..paid()
    }
}

fn refund() -> RefundBooks {
    RefundBooks {
        id: RefundId::new("R"),
        kind: RefundKind::Merchant,
        state: R::Succeeded,
        amount: sen(400),
        payment_state: Some(P::Succeeded),
        booked: Booked::of(&postings_of_refund(sen(400))),
        booked_at_ms: Some(1),
    }
}

#[test]
fn what_is_booked_as_it_should_be_has_no_faults() {
    let late = PaymentBooks {
        late: Booked::of(&postings_of_late_debit(sen(1_000))),
        late_refunds: 1,
        ..ended()
    };
    let whole = PaymentBooks {
        state: P::Refunded,
        refunded: sen(1_000),
        refunds_done_sen: 1_000,
        reserved: sen(0),
        refunds_open_sen: 0,
        ..paid()
    };
    let open = PaymentBooks {
        state: P::AwaitingCustomer,
        ..ended()
    };
    for books in [paid(), ended(), late, whole, open] {
        assert_eq!(books.faults(), Vec::<String>::new(), "{books:?}");
    }
    let back = RefundBooks {
        kind: RefundKind::LateDebit,
        payment_state: Some(P::Cancelled),
        booked: Booked::of(&postings_of_late_refund(sen(400))),
        ..refund()
    };
    let open = RefundBooks {
        state: R::Unknown,
        booked: Booked::default(),
        ..refund()
    };
    for books in [refund(), back, open] {
        assert_eq!(books.faults(), Vec::<String>::new(), "{books:?}");
    }
}

#[test]
fn every_fault_of_a_payment_is_found() {
    let table = [
        (
            PaymentBooks {
                booked: Booked::default(),
                ..paid()
            },
            "was not booked",
        ),
        (
            PaymentBooks {
                fee: sen(31),
                ..paid()
            },
            "instead of",
        ),
        (
            PaymentBooks {
                state: P::Failed,
                ..paid()
            },
            "booked as paid",
        ),
        (
            PaymentBooks {
                state: P::Refunded,
                ..paid()
            },
            "were refunded",
        ),
        (
            PaymentBooks {
                refunds_done_sen: 300,
                ..paid()
            },
            "its refunds say 300",
        ),
        (
            PaymentBooks {
                refunds_open_sen: 0,
                ..paid()
            },
            "aside",
        ),
        (
            PaymentBooks {
                late_refunds: 1,
                ..ended()
            },
            "not booked",
        ),
        (
            PaymentBooks {
                late: Booked::of(&postings_of_late_debit(sen(1_000))),
                late_refunds: 1,
                ..paid()
            },
            "a late debit is booked, but it is succeeded",
        ),
        (
            PaymentBooks {
                late: Booked::of(&postings_of_late_debit(sen(999))),
                late_refunds: 1,
                ..ended()
            },
            "not of its amount",
        ),
        (
            PaymentBooks {
                late: Booked::of(&postings_of_late_debit(sen(1_000))),
                ..ended()
            },
            "0 refunds",
        ),
    ];
    for (books, words) in table {
        let faults = books.faults();
        assert!(
            faults.iter().any(|fault| fault.contains(words)),
            "{words}: {faults:?}"
        );
    }
}

#[test]
fn every_fault_of_a_refund_is_found() {
    let table = [
        (
            RefundBooks {
                booked: Booked::default(),
                ..refund()
            },
            "was not booked",
        ),
        (
            RefundBooks {
                state: R::Failed,
                ..refund()
            },
            "is booked, but is failed",
        ),
        (
            RefundBooks {
                amount: sen(401),
                ..refund()
            },
            "instead of -401",
        ),
        (
            RefundBooks {
                payment_state: None,
                ..refund()
            },
            "its payment is missing",
        ),
        (
            RefundBooks {
                payment_state: Some(P::Unknown),
                ..refund()
            },
            "its payment is unknown",
        ),
        (
            RefundBooks {
                kind: RefundKind::LateDebit,
                ..refund()
            },
            "its payment is succeeded",
        ),
    ];
    for (books, words) in table {
        let faults = books.faults();
        assert!(
            faults.iter().any(|fault| fault.contains(words)),
            "{words}: {faults:?}"
        );
    }
}

#[test]
fn an_entry_balances_and_has_an_owner_in_a_state_to_be_booked() {
    let entry = |id: &str, payment_state, refund_state| EntryBooks {
        id: id.to_owned(),
        subject: "X".to_owned(),
        booked_at_ms: 1,
        sum_sen: 0,
        merchant_sen: -1,
        payment_state,
        refund_state,
    };
    for good in [
        entry("payment-X", Some(P::Succeeded), None),
        entry("payment-X", Some(P::Refunded), None),
        entry("late-X", Some(P::Failed), None),
        entry("refund-X", None, Some(R::Succeeded)),
    ] {
        assert!(good.faults().is_empty(), "{good:?}");
        assert!(good.has_owner());
    }
    let torn = EntryBooks {
        sum_sen: 5,
        ..entry("payment-X", Some(P::Succeeded), None)
    };
    assert_eq!(torn.faults(), ["its lines add up to 5 sen"]);
    for (bad, owner) in [
        (entry("payment-X", Some(P::Failed), None), true),
        (entry("late-X", Some(P::Succeeded), None), true),
        (entry("late-X", Some(P::Unknown), None), true),
        (entry("refund-X", None, Some(R::Unknown)), true),
        (entry("payment-X", None, Some(R::Succeeded)), false),
        (entry("payment-Y", Some(P::Succeeded), None), false),
        (entry("gift-X", Some(P::Succeeded), None), false),
        (entry("X", Some(P::Succeeded), None), false),
    ] {
        assert_eq!(bad.faults().len(), 1, "{bad:?}");
        assert_eq!(bad.has_owner(), owner, "{bad:?}");
    }
}
