//! What must be true of the journal: every success is booked once and in full, nothing else is, and
//! every entry adds up to zero.
//!
//! A caller brings a payment, a refund or an entry together with what the journal holds of it, all
//! read at one moment; what comes back is what is wrong. To add a rule, add it here and a row to the
//! tables in `tests/books.rs`.

use snap::Amount;

use crate::{
    Account, MerchantId, PaymentId, PaymentStateName, Posting, RefundId, RefundKind,
    RefundStateName, postings_of_late_debit, postings_of_late_refund, postings_of_payment,
    postings_of_refund,
};

/// The lines of one entry; zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Booked {
    /// What the bank owes us, in sen.
    pub bank_sen: i64,
    /// What we owe the merchant, as a negative number.
    pub merchant_sen: i64,
    /// Our fee, as a negative number.
    pub fees_sen: i64,
    /// Money that is to go back, as a negative number.
    pub suspense_sen: i64,
}

impl Booked {
    /// The lines as one value.
    #[must_use]
    pub fn of(postings: &[Posting]) -> Self {
        postings.iter().fold(Self::default(), |mut booked, line| {
            let sum = match line.account {
                Account::Bank => &mut booked.bank_sen,
                Account::Merchant => &mut booked.merchant_sen,
                Account::Fees => &mut booked.fees_sen,
                Account::Suspense => &mut booked.suspense_sen,
            };
            *sum = sum.saturating_add(line.amount_sen);
            booked
        })
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A payment and what the journal holds of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentBooks {
    /// The payment.
    pub id: PaymentId,
    /// Where it stands.
    pub state: PaymentStateName,
    /// Its amount.
    pub amount: Amount,
    /// Its fee.
    pub fee: Amount,
    /// What its row says was refunded.
    pub refunded: Amount,
    /// What its row says is set aside for open refunds.
    pub reserved: Amount,
    /// What its refunds say was refunded, in sen.
    pub refunds_done_sen: i64,
    /// What its refunds say is open, in sen.
    pub refunds_open_sen: i64,
    /// How many refunds there are of a late debit.
    pub late_refunds: i64,
    /// The entry of its success.
    pub booked: Booked,
    /// The entry of a late debit.
    pub late: Booked,
    /// When it was booked, or else when it was paid, in Unix milliseconds.
    pub booked_at_ms: Option<i64>,
    /// When the late debit was booked.
    pub late_at_ms: Option<i64>,
}

/// A refund and what the journal holds of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundBooks {
    /// The refund.
    pub id: RefundId,
    /// Why there is a refund.
    pub kind: RefundKind,
    /// Where it stands.
    pub state: RefundStateName,
    /// Its amount.
    pub amount: Amount,
    /// Where its payment stands; nothing if there is none.
    pub payment_state: Option<PaymentStateName>,
    /// Its entry.
    pub booked: Booked,
    /// When it was booked, or else when the money went back, in Unix milliseconds.
    pub booked_at_ms: Option<i64>,
}

/// An entry of the journal and the states of what it could be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryBooks {
    /// The entry.
    pub id: String,
    /// What it is about.
    pub subject: String,
    /// When it was booked, in Unix milliseconds.
    pub booked_at_ms: i64,
    /// The sum of its lines.
    pub sum_sen: i64,
    /// Its line for the merchant.
    pub merchant_sen: i64,
    /// The state of the payment that is its subject.
    pub payment_state: Option<PaymentStateName>,
    /// The state of the refund that is its subject.
    pub refund_state: Option<RefundStateName>,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Whose money.
    pub merchant: MerchantId,
    /// The payment, the refund or the entry.
    pub subject: String,
    /// What is wrong with it.
    pub what: String,
}

fn is_paid(state: PaymentStateName) -> bool {
    matches!(
        state,
        PaymentStateName::Succeeded | PaymentStateName::Refunded
    )
}

impl PaymentBooks {
    /// What is wrong, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let is = self.state.as_str();
        let (amount, fee) = (self.amount, self.fee);
        if is_paid(self.state) {
            let due = Booked::of(&postings_of_payment(amount, fee));
            if self.booked.is_nothing() {
                faults.push(format!("it is {is}, but was not booked"));
            } else if self.booked != due {
                faults.push(format!(
                    "it is booked with bank {}, merchant {} and fees {} sen instead of {}, {} and {}",
                    self.booked.bank_sen,
                    self.booked.merchant_sen,
                    self.booked.fees_sen,
                    due.bank_sen,
                    due.merchant_sen,
                    due.fees_sen
                ));
            }
        } else if !self.booked.is_nothing() {
            faults.push(format!("it is booked as paid, but is {is}"));
        }
        if (self.state == PaymentStateName::Refunded) != (self.refunded == amount) {
            faults.push(format!(
                "{} of {amount} were refunded, but it is {is}",
                self.refunded
            ));
        }
        if self.refunded.sen() != self.refunds_done_sen {
            faults.push(format!(
                "its row says that {} sen were refunded, its refunds say {}",
                self.refunded.sen(),
                self.refunds_done_sen
            ));
        }
        if self.reserved.sen() != self.refunds_open_sen {
            faults.push(format!(
                "its row sets {} sen aside for open refunds, its open refunds are {}",
                self.reserved.sen(),
                self.refunds_open_sen
            ));
        }
        self.late_faults(&mut faults);
        faults
    }

    fn late_faults(&self, faults: &mut Vec<String>) {
        if self.late.is_nothing() {
            if self.late_refunds != 0 {
                faults.push("a late debit is sent back that was not booked".to_owned());
            }
            return;
        }
        if !matches!(
            self.state,
            PaymentStateName::Cancelled | PaymentStateName::Failed
        ) {
            faults.push(format!(
                "a late debit is booked, but it is {}",
                self.state.as_str()
            ));
        }
        if self.late != Booked::of(&postings_of_late_debit(self.amount)) {
            faults.push("the entry of its late debit is not of its amount".to_owned());
        }
        if self.late_refunds != 1 {
            faults.push(format!(
                "a late debit is booked, and {} refunds send it back instead of one",
                self.late_refunds
            ));
        }
    }
}

impl RefundBooks {
    /// What is wrong, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let due = match (self.state, self.kind) {
            (RefundStateName::Succeeded, RefundKind::Merchant) => {
                Booked::of(&postings_of_refund(self.amount))
            }
            (RefundStateName::Succeeded, RefundKind::LateDebit) => {
                Booked::of(&postings_of_late_refund(self.amount))
            }
            _ => Booked::default(),
        };
        if self.booked != due {
            faults.push(if self.booked.is_nothing() {
                "it succeeded, but was not booked".to_owned()
            } else if due.is_nothing() {
                format!("it is booked, but is {}", self.state.as_str())
            } else {
                format!(
                    "it is booked with {} sen at the bank instead of {}",
                    self.booked.bank_sen, due.bank_sen
                )
            });
        }
        let fits = match (self.payment_state, self.kind) {
            (None, _) => false,
            (Some(_), RefundKind::Merchant) if self.state == RefundStateName::Failed => true,
            (Some(state), RefundKind::Merchant) => is_paid(state),
            (Some(state), RefundKind::LateDebit) => state.is_final() && !is_paid(state),
        };
        if !fits {
            let payment = self
                .payment_state
                .map_or("missing", PaymentStateName::as_str);
            faults.push(format!(
                "it is a refund of kind {}, but its payment is {payment}",
                self.kind.as_str()
            ));
        }
        faults
    }
}

impl EntryBooks {
    /// Whether the entry belongs to a payment or a refund that exists.
    #[must_use]
    pub fn has_owner(&self) -> bool {
        self.owner_agrees().is_some()
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.sum_sen != 0 {
            faults.push(format!("its lines add up to {} sen", self.sum_sen));
        }
        match self.owner_agrees() {
            Some(true) => {}
            Some(false) => faults.push(format!("{} is not in a state to be booked", self.subject)),
            None => faults.push(format!("nothing is known of {}", self.subject)),
        }
        faults
    }

    /// Nothing where there is no owner.
    fn owner_agrees(&self) -> Option<bool> {
        let (kind, subject) = self.id.split_once('-')?;
        if subject != self.subject {
            return None;
        }
        match kind {
            "payment" => self.payment_state.map(is_paid),
            "late" => self
                .payment_state
                .map(|state| state.is_final() && !is_paid(state)),
            "refund" => self
                .refund_state
                .map(|state| state == RefundStateName::Succeeded),
            _ => None,
        }
    }
}
