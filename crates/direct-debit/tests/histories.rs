//! Whatever happens, in whatever order and however often: money is conserved and no state goes back.
//!
//! A history is every command of a payment, its refunds and its binding, at random, with any amount: answers of
//! the bank that come late, twice or against each other, and merchants who ask for too much. What the flows do
//! with a step is done here too: a success and a refund are booked, and a late debit is sent back.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod samples;

use std::collections::BTreeMap;

use direct_debit::books::{Booked, PaymentBooks, RefundBooks};
use direct_debit::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use samples::*;
use snap::Amount;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Happens {
    ToPayment(PaymentCommand),
    ToBinding(BindingCommand),
    RefundAsked { sen: i64 },
    ToRefund(Index, RefundCommand),
}

fn happenings() -> impl Strategy<Value = Vec<Happens>> {
    let mut payment_commands = payment_commands();
    payment_commands.extend(CancelCause::ALL.map(|cause| PaymentCommand::Cancel { cause }));
    let mut binding_commands = binding_commands();
    binding_commands.extend(BindingEnd::ALL.map(|cause| BindingCommand::Finish { cause }));
    let sen = prop_oneof![
        1_i64..=AMOUNT_SEN,
        1_i64..=999_999_999_999_999_999,
        Just(AMOUNT_SEN),
    ];
    let one = prop_oneof![
        2 => select(payment_commands).prop_map(Happens::ToPayment),
        1 => select(binding_commands).prop_map(Happens::ToBinding),
        2 => sen.prop_map(|sen| Happens::RefundAsked { sen }),
        4 => (any::<Index>(), select(refund_commands())).prop_map(|(which, c)| Happens::ToRefund(which, c)),
    ];
    prop::collection::vec(one, 0..60)
}

const AMOUNT_SEN: i64 = 1_500_000;

/// What there is.
struct World {
    payment: Payment,
    binding: Binding,
    refunds: Vec<Refund>,
    journal: BTreeMap<String, Vec<Posting>>,
}

impl World {
    fn new(fee_sen: i64) -> Self {
        let new = payment(PaymentState::Created);
        Self {
            payment: Payment {
                fee: Amount::from_sen(fee_sen).unwrap(),
                ..new
            },
            binding: binding(BindingState::Created),
            refunds: Vec::new(),
            journal: BTreeMap::new(),
        }
    }

    fn happens(&mut self, what: Happens) {
        match what {
            Happens::ToPayment(command) => self.pays(command),
            Happens::ToBinding(command) => {
                if let Ok(step) = self.binding.clone().apply(command) {
                    self.binding = step.into_inner();
                }
            }
            Happens::RefundAsked { sen } => {
                let amount = Amount::from_sen(sen).unwrap();
                if let Ok(reserved) = self.payment.clone().reserve_refund(amount) {
                    self.payment = reserved;
                    self.add_refund(RefundKind::Merchant, amount);
                }
            }
            Happens::ToRefund(which, command) => {
                if !self.refunds.is_empty() {
                    self.goes_back(which.index(self.refunds.len()), command);
                }
            }
        }
    }

    fn pays(&mut self, command: PaymentCommand) {
        let was = self.payment.state.name();
        match self.payment.clone().apply(command) {
            Ok(Step::Changed(payment)) => {
                let is = payment.state.name();
                if is != was && is == PaymentStateName::Succeeded {
                    self.book("payment", postings_of_payment(payment.amount, payment.fee));
                }
                self.payment = payment;
            }
            Ok(Step::LateDebit(payment)) => {
                if !self.journal.contains_key("late") {
                    self.book("late", postings_of_late_debit(payment.amount));
                    self.add_refund(RefundKind::LateDebit, payment.amount);
                }
            }
            // The bank contradicts itself: somebody must look, and nothing changes.
            Ok(Step::Unchanged(_)) | Err(_) => {}
        }
    }

    fn goes_back(&mut self, which: usize, command: RefundCommand) {
        let before = &self.refunds[which];
        let Ok(Step::Changed(refund)) = before.clone().apply(command) else {
            return;
        };
        let (name, amount) = (format!("refund {which}"), refund.amount);
        match (refund.state.name(), refund.kind) {
            (RefundStateName::Succeeded, RefundKind::Merchant) => {
                self.book(&name, postings_of_refund(amount));
                self.payment = self.payment.clone().settle_refund(amount).unwrap();
            }
            (RefundStateName::Succeeded, RefundKind::LateDebit) => {
                self.book(&name, postings_of_late_refund(amount));
            }
            (RefundStateName::Failed, RefundKind::Merchant) => {
                self.payment = self.payment.clone().release_refund(amount).unwrap();
            }
            _ => {}
        }
        self.refunds[which] = refund;
    }

    fn add_refund(&mut self, kind: RefundKind, amount: Amount) {
        self.refunds.push(Refund {
            kind,
            amount,
            ..refund(RefundState::Created)
        });
    }

    fn book(&mut self, name: &str, postings: Vec<Posting>) {
        let before = self.journal.insert(name.to_owned(), postings);
        assert_eq!(before, None, "{name} is booked twice");
    }

    fn booked(&self, name: &str) -> Booked {
        Booked::of(self.journal.get(name).map_or(&[], Vec::as_slice))
    }

    /// What refunds of a kind in these states come to.
    fn sum(&self, kind: RefundKind, states: &[RefundStateName]) -> i64 {
        let is_one =
            |refund: &&Refund| refund.kind == kind && states.contains(&refund.state.name());
        let amounts = self.refunds.iter().filter(is_one);
        amounts.map(|refund| refund.amount.sen()).sum()
    }

    fn is_paid(&self) -> bool {
        matches!(
            self.payment.state.name(),
            PaymentStateName::Succeeded | PaymentStateName::Refunded
        )
    }

    /// The rules of money, from the states alone.
    fn money_is_conserved(&self) -> Result<(), TestCaseError> {
        use RefundStateName as Is;
        let payment = &self.payment;
        for entry in self.journal.values() {
            prop_assert_eq!(entry.iter().map(|line| line.amount_sen).sum::<i64>(), 0);
        }
        let refunded = self.sum(RefundKind::Merchant, &[Is::Succeeded]);
        let open = self.sum(RefundKind::Merchant, &[Is::Created, Is::Unknown]);
        prop_assert_eq!(payment.refunded.sen(), refunded);
        prop_assert_eq!(payment.refund_reserved.sen(), open);
        prop_assert!(refunded + open <= payment.amount.sen());
        let (paid, fees) = if self.is_paid() {
            (payment.amount.sen(), payment.fee.sen())
        } else {
            (0, 0)
        };
        let late = if self.journal.contains_key("late") {
            payment.amount.sen()
        } else {
            0
        };
        let returned = self.sum(RefundKind::LateDebit, &[Is::Succeeded]);
        prop_assert!(returned <= late);
        let lines: Vec<Posting> = self.journal.values().flatten().copied().collect();
        let expected = Booked {
            bank_sen: paid - refunded + late - returned,
            merchant_sen: -(paid - refunded - fees),
            fees_sen: -fees,
            suspense_sen: -(late - returned),
        };
        prop_assert_eq!(Booked::of(&lines), expected);
        Ok(())
    }

    /// What `gerbang ledger check` would say.
    fn books_are_sound(&self) -> Result<(), TestCaseError> {
        use RefundStateName as Is;
        let (payment, at_ms) = (&self.payment, Some(NOON_MS));
        let late = self.journal.contains_key("late");
        let books = PaymentBooks {
            id: payment.id.clone(),
            state: payment.state.name(),
            amount: payment.amount,
            fee: payment.fee,
            refunded: payment.refunded,
            reserved: payment.refund_reserved,
            refunds_done_sen: self.sum(RefundKind::Merchant, &[Is::Succeeded]),
            refunds_open_sen: self.sum(RefundKind::Merchant, &[Is::Created, Is::Unknown]),
            late_refunds: i64::from(late),
            booked: self.booked("payment"),
            late: self.booked("late"),
            booked_at_ms: at_ms.filter(|_| self.is_paid()),
            late_at_ms: at_ms.filter(|_| late),
        };
        prop_assert_eq!(books.faults(), Vec::<String>::new());
        for (which, refund) in self.refunds.iter().enumerate() {
            let booked = self.booked(&format!("refund {which}"));
            let books = RefundBooks {
                id: refund.id.clone(),
                kind: refund.kind,
                state: refund.state.name(),
                amount: refund.amount,
                payment_state: Some(payment.state.name()),
                booked,
                booked_at_ms: at_ms.filter(|_| refund.state.name() == Is::Succeeded),
            };
            prop_assert_eq!(books.faults(), Vec::<String>::new());
        }
        Ok(())
    }

    /// How far everything has come: the payment, the binding, the refunds.
    fn ranks(&self) -> Vec<u8> {
        let payment = match self.payment.state.name() {
            PaymentStateName::Created => 0,
            PaymentStateName::Unknown => 1,
            PaymentStateName::AwaitingCustomer => 2,
            PaymentStateName::Succeeded
            | PaymentStateName::Cancelled
            | PaymentStateName::Failed => 3,
            PaymentStateName::Refunded => 4,
        };
        let binding = match self.binding.state.name() {
            BindingStateName::Created => 0,
            BindingStateName::Unknown => 1,
            BindingStateName::AwaitingCustomer => 2,
            BindingStateName::Active => 3,
            BindingStateName::Ending => 4,
            BindingStateName::Ended | BindingStateName::Failed => 5,
        };
        let refunds = self.refunds.iter().map(|refund| match refund.state.name() {
            RefundStateName::Created => 0,
            RefundStateName::Unknown => 1,
            RefundStateName::Succeeded | RefundStateName::Failed => 2,
        });
        [payment, binding].into_iter().chain(refunds).collect()
    }

    /// The states with their data, where nothing may change any more.
    fn ended(&self) -> (Option<PaymentState>, Option<BindingState>, Vec<RefundState>) {
        use PaymentStateName as Is;
        let payment = Some(self.payment.state.clone())
            .filter(|state| matches!(state.name(), Is::Refunded | Is::Cancelled | Is::Failed));
        let binding = Some(self.binding.state.clone()).filter(|state| {
            matches!(
                state.name(),
                BindingStateName::Ended | BindingStateName::Failed
            )
        });
        let refunds = self.refunds.iter().map(|refund| refund.state.clone());
        let over = |state: &RefundState| {
            matches!(
                state.name(),
                RefundStateName::Succeeded | RefundStateName::Failed
            )
        };
        (payment, binding, refunds.filter(over).collect())
    }
}

proptest! {
    #[test]
    fn whatever_happens_money_is_conserved(fee_sen in 0..=AMOUNT_SEN, history in happenings()) {
        let mut world = World::new(fee_sen);
        for what in history {
            world.happens(what);
            world.money_is_conserved()?;
            world.books_are_sound()?;
        }
    }

    #[test]
    fn whatever_happens_no_state_goes_back(history in happenings()) {
        let mut world = World::new(0);
        for what in history {
            let (ranks, ended) = (world.ranks(), world.ended());
            let was = world.payment.state.name();
            world.happens(what);
            for (before, after) in ranks.iter().zip(world.ranks()) {
                prop_assert!(*before <= after, "{before} became {after}");
            }
            // What has ended stays as it is, but that all of a payment may go back.
            let now = world.ended();
            if ended.0.is_some() {
                prop_assert_eq!(&now.0, &ended.0);
            }
            if ended.1.is_some() {
                prop_assert_eq!(&now.1, &ended.1);
            }
            prop_assert!(ended.2.iter().all(|state| now.2.contains(state)));
            let is = world.payment.state.name();
            if was == PaymentStateName::Succeeded {
                prop_assert!(world.is_paid(), "{was:?} became {is:?}");
            }
            if is == PaymentStateName::Refunded {
                prop_assert!(matches!(was, PaymentStateName::Succeeded | PaymentStateName::Refunded));
            }
        }
    }
}
