//! The bank's statement against the journal: what agrees, what may yet agree, and what does not, with
//! what each difference means and what to do about it.
//!
//! Payments and refunds are compared by their reference, never by their time: gateway and bank book at
//! different moments. To add a kind of difference, add it to [`Difference`] and a row to the table in
//! `tests/reconcile.rs`.

use crate::MerchantId;

/// Which way money went, seen from the customer's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the customer: a payment.
    Debit,
    /// To the customer: a refund.
    Credit,
}

/// One booking of the bank's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which way.
    pub direction: Direction,
    /// Our payment or refund, where the bank names one.
    pub reference: Option<String>,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// How much, in sen.
    pub amount_sen: i64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

/// What the gateway knows of a payment or refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its id.
    pub reference: String,
    /// Payment or refund.
    pub direction: Direction,
    /// Its amount, in sen.
    pub amount_sen: i64,
    /// Where it stands.
    pub standing: Standing,
    /// When it last moved here, in Unix milliseconds.
    pub at_ms: i64,
}

/// Where a payment or refund stands, as far as money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The outcome is not known.
    Open,
    /// The journal says that the money moved.
    Moved,
    /// It ended without money, and no late debit was booked.
    Ended,
    /// A late debit was booked; the money is on its way back.
    LateReturning,
    /// A late debit was booked; the money is back.
    LateReturned,
}

/// What one reference comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both sides say the same.
    Agrees,
    /// They differ, but too little time has passed for it to mean anything.
    InFlight,
    /// They agree on a debit that should not have happened and that went back.
    Returned,
    /// They differ.
    Differs(Difference),
}

/// What can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// A payment that succeeded here has no debit there.
    MissingAtBank,
    /// A refund that succeeded here has no credit there.
    RefundMissingAtBank,
    /// A debit there belongs to no payment here.
    MissingHere,
    /// A credit there belongs to no refund here.
    RefundMissingHere,
    /// The amounts differ.
    AmountDiffers,
    /// The bank debited more than once under one reference.
    DebitedTwice,
    /// The bank credited more than once under one reference.
    RefundedTwice,
    /// The money moved there and the payment or refund is still open here.
    StillOpenHere,
    /// The bank debited for a payment that had ended, and the journal does not know.
    LateDebitNotBooked,
    /// The bank debited for a payment that had ended, and the money is not back yet.
    LateDebitNotReturned,
    /// The bank credited a refund that it had refused.
    RefundedThoughRefused,
}

impl Difference {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::MissingAtBank,
        Self::RefundMissingAtBank,
        Self::MissingHere,
        Self::RefundMissingHere,
        Self::AmountDiffers,
        Self::DebitedTwice,
        Self::RefundedTwice,
        Self::StillOpenHere,
        Self::LateDebitNotBooked,
        Self::LateDebitNotReturned,
        Self::RefundedThoughRefused,
    ];

    /// Its name for scripts and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingAtBank => "missing at the bank",
            Self::RefundMissingAtBank => "refund missing at the bank",
            Self::MissingHere => "missing here",
            Self::RefundMissingHere => "refund missing here",
            Self::AmountDiffers => "amount differs",
            Self::DebitedTwice => "debited twice",
            Self::RefundedTwice => "refunded twice",
            Self::StillOpenHere => "still open here",
            Self::LateDebitNotBooked => "late debit, not booked",
            Self::LateDebitNotReturned => "late debit, not returned",
            Self::RefundedThoughRefused => "refunded though refused",
        }
    }

    /// What it means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::MissingAtBank => {
                "The merchant was told that the customer paid; the bank's statement has no such debit."
            }
            Self::RefundMissingAtBank => {
                "The merchant was told that the money went back; the bank's statement has no such credit."
            }
            Self::MissingHere => {
                "The bank debited a customer in our name for a payment that this database does not know."
            }
            Self::RefundMissingHere => {
                "The bank paid back in our name for a refund that this database does not know."
            }
            Self::AmountDiffers => "Both sides know it, with different amounts.",
            Self::DebitedTwice => "The bank debited the customer more than once for one payment.",
            Self::RefundedTwice => "The bank paid the customer back more than once for one refund.",
            Self::StillOpenHere => {
                "The money moved at the bank, and the gateway still does not know the outcome."
            }
            Self::LateDebitNotBooked => {
                "The payment ended here without a debit, and the bank debited all the same. The bank has \
                 not told the gateway, so nothing is booked and nothing goes back by itself."
            }
            Self::LateDebitNotReturned => {
                "The payment ended here without a debit, and the bank debited all the same. It is booked; \
                 the gateway asks the bank to send the money back until it has."
            }
            Self::RefundedThoughRefused => {
                "The merchant was told that the bank refused the refund; the bank paid it all the same."
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::MissingAtBank | Self::RefundMissingAtBank => {
                "Ask the bank for this reference. If it answers success to a status (55), its statement \
                 is incomplete; if not, settle with the bank and the merchant by hand."
            }
            Self::MissingHere | Self::RefundMissingHere => {
                "Check that this is the right database, and that none was restored from an old backup. \
                 Otherwise have the bank undo it."
            }
            Self::AmountDiffers => {
                "Show both to the bank; what the customer confirmed is the amount here."
            }
            Self::DebitedTwice => "Have the bank give the second debit back.",
            Self::RefundedTwice => "Tell the bank: it paid the second one from its own money.",
            Self::StillOpenHere => {
                "Look at the gateway's log: its background work asks the bank again and again. If no \
                 gateway runs, start one."
            }
            Self::LateDebitNotBooked => {
                "Have the bank send its notification (56) again, or give the money back by hand."
            }
            Self::LateDebitNotReturned => {
                "Wait for the refund; if an alarm says that the bank refused it, settle it with the bank."
            }
            Self::RefundedThoughRefused => "Tell the merchant, and show it to the bank.",
        }
    }
}

/// Compares what both sides know of one reference. `lines` are all lines of it in its direction.
/// What moved less than `window_ms` before `now_ms` may still come to agree by itself.
#[must_use]
pub fn judge(ours: Option<&Ours>, lines: &[Line], now_ms: i64, window_ms: i64) -> Verdict {
    let is_young = |at_ms: i64| now_ms.saturating_sub(at_ms) < window_ms;
    let unless_young = |at_ms: i64, difference: Difference| {
        if is_young(at_ms) {
            Verdict::InFlight
        } else {
            Verdict::Differs(difference)
        }
    };
    let Some(line) = lines.first() else {
        return match ours {
            None => Verdict::Agrees,
            Some(ours) => nothing_there(ours, unless_young),
        };
    };
    let is_refund = line.direction == Direction::Credit;
    if lines.len() > 1 {
        return Verdict::Differs(if is_refund {
            Difference::RefundedTwice
        } else {
            Difference::DebitedTwice
        });
    }
    let Some(ours) = ours else {
        let difference = if is_refund {
            Difference::RefundMissingHere
        } else {
            Difference::MissingHere
        };
        return unless_young(line.at_ms, difference);
    };
    if line.amount_sen != ours.amount_sen {
        return Verdict::Differs(Difference::AmountDiffers);
    }
    match (ours.standing, is_refund) {
        (Standing::Moved, _) => Verdict::Agrees,
        (Standing::Open, _) => unless_young(line.at_ms, Difference::StillOpenHere),
        (Standing::Ended, true) => unless_young(line.at_ms, Difference::RefundedThoughRefused),
        (Standing::Ended, false) => unless_young(line.at_ms, Difference::LateDebitNotBooked),
        (Standing::LateReturning, _) => unless_young(ours.at_ms, Difference::LateDebitNotReturned),
        (Standing::LateReturned, _) => Verdict::Returned,
    }
}

/// Nothing is on the statement.
fn nothing_there(ours: &Ours, unless_young: impl Fn(i64, Difference) -> Verdict) -> Verdict {
    match (ours.standing, ours.direction) {
        (Standing::Open | Standing::Ended, _) => Verdict::Agrees,
        (Standing::Moved, Direction::Credit) => {
            unless_young(ours.at_ms, Difference::RefundMissingAtBank)
        }
        // The bank told us of a late debit, so it must be there as well.
        (Standing::Moved | Standing::LateReturning | Standing::LateReturned, _) => {
            unless_young(ours.at_ms, Difference::MissingAtBank)
        }
    }
}
