//! Random histories of refunds conserve money, and fees and postings add up.

mod samples;

use direct_debit::*;
use proptest::prelude::*;
use samples::*;
use snap::Amount;

#[derive(Clone, Debug)]
enum Move {
    Reserve(i64),
    Settle(usize),
    Release(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec(
        prop_oneof![
            (1i64..2_000_000).prop_map(Move::Reserve),
            any::<usize>().prop_map(Move::Settle),
            any::<usize>().prop_map(Move::Release),
        ],
        0..60,
    )
}

proptest! {
    #[test]
    fn refunds_never_exceed_the_payment(moves in moves()) {
        let mut payment = payment(PaymentState::Succeeded { paid_at_ms: NOON_MS });
        let mut open: Vec<Amount> = Vec::new();
        let mut settled = 0i64;
        for step in moves {
            match step {
                Move::Reserve(sen) => {
                    let amount = Amount::from_sen(sen).unwrap();
                    if let Ok(next) = payment.clone().reserve_refund(amount) {
                        payment = next;
                        open.push(amount);
                    }
                }
                Move::Settle(which) if !open.is_empty() => {
                    let amount = open.remove(which % open.len());
                    payment = payment.settle_refund(amount).unwrap();
                    settled += amount.sen();
                }
                Move::Release(which) if !open.is_empty() => {
                    let amount = open.remove(which % open.len());
                    payment = payment.release_refund(amount).unwrap();
                }
                Move::Settle(_) | Move::Release(_) => {}
            }
            let reserved: i64 = open.iter().map(|amount| amount.sen()).sum();
            prop_assert_eq!(payment.refund_reserved.sen(), reserved);
            prop_assert_eq!(payment.refunded.sen(), settled);
            prop_assert!(settled + reserved <= payment.amount.sen());
            let all_back = settled == payment.amount.sen();
            prop_assert_eq!(payment.state.name() == PaymentStateName::Refunded, all_back);
        }
    }

    #[test]
    fn every_entry_of_the_journal_adds_up_to_zero(sen in 1i64..=999_999_999_999_999_999, flat in 0i64..1_000_000, points in 0i64..=10_000) {
        let amount = Amount::from_sen(sen).unwrap();
        let fee = Fee { flat_sen: flat, basis_points: points }.of(amount);
        prop_assert!(fee <= amount);
        for entry in [
            postings_of_payment(amount, fee),
            postings_of_refund(amount),
            postings_of_late_debit(amount),
            postings_of_late_refund(amount),
        ] {
            prop_assert_eq!(entry.iter().map(|line| i128::from(line.amount_sen)).sum::<i128>(), 0);
            prop_assert!(entry.iter().all(|line| line.amount_sen != 0), "{:?}", entry);
        }
    }
}

#[test]
fn a_fee_of_the_whole_amount_leaves_the_merchant_no_line() {
    let amount = Amount::from_sen(250_000).unwrap();
    let accounts = |fee| {
        let entry = postings_of_payment(amount, fee);
        entry.iter().map(|line| line.account).collect::<Vec<_>>()
    };
    assert_eq!(accounts(amount), [Account::Bank, Account::Fees]);
    assert_eq!(accounts(Amount::ZERO), [Account::Bank, Account::Merchant]);
}

#[test]
fn a_fee_is_rounded_half_up() {
    let fee = |points, sen| {
        Fee {
            flat_sen: 0,
            basis_points: points,
        }
        .of(Amount::from_sen(sen).unwrap())
        .sen()
    };
    assert_eq!(fee(1, 4_999), 0);
    assert_eq!(fee(1, 5_000), 1);
    assert_eq!(fee(150, 1_000_000), 15_000);
    assert_eq!(
        Fee {
            flat_sen: 250_000,
            basis_points: 0
        }
        .of(rupiah(10_000))
        .sen(),
        250_000
    );
    assert_eq!(
        Fee {
            flat_sen: 500,
            basis_points: 0
        }
        .of(Amount::from_sen(100).unwrap())
        .sen(),
        100
    );
}

#[test]
fn a_refund_of_an_unpaid_payment_is_refused() {
    for state in payment_states() {
        let refusal = payment(state.clone()).reserve_refund(rupiah(1)).err();
        let wanted = match state.name() {
            PaymentStateName::Succeeded => None,
            PaymentStateName::Refunded => Some(Refusal::RefundAboveLimit),
            _ => Some(Refusal::PaymentNotPaid),
        };
        assert_eq!(refusal, wanted, "{state:?}");
    }
}

#[test]
fn the_parts_of_a_payment_are_its_amount_together() {
    let with_parts = |sens: &[i64]| {
        let parts = sens.iter().map(|sen| PayPart {
            method: snap::PayMethod::Balance,
            amount: Amount::from_sen(*sen).unwrap(),
            fee_amount: Some(rupiah(1)),
        });
        Payment {
            parts: parts.collect(),
            ..payment(PaymentState::Created)
        }
    };
    for right in [&[1_500_000][..], &[1_000_000, 500_000]] {
        assert_eq!(with_parts(right).check_parts(), Ok(()), "{right:?}");
    }
    let most = Amount::parse("9999999999999999.99").unwrap().sen();
    for wrong in [&[1_499_999][..], &[1_500_000, 1], &[most, most], &[]] {
        assert_eq!(
            with_parts(wrong).check_parts(),
            Err(Refusal::PartsDoNotAddUp),
            "{wrong:?}"
        );
    }
}

#[test]
fn refusals_are_listed_in_their_order_of_precedence() {
    assert!(Refusal::ALL.is_sorted());
}
