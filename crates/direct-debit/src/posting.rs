//! The journal's entries: each movement of money as postings that add up to zero.

use snap::Amount;

/// Whose money a posting moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// What the customer's bank owes us.
    Bank,
    /// What we owe the merchant (as a negative number).
    Merchant,
    /// What we earned (as a negative number).
    Fees,
    /// Money that reached us for a payment that had ended, until it is back (as a negative number).
    Suspense,
}

impl Account {
    /// Every account.
    pub const ALL: [Self; 4] = [Self::Bank, Self::Merchant, Self::Fees, Self::Suspense];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Merchant => "merchant",
            Self::Fees => "fees",
            Self::Suspense => "suspense",
        }
    }
}

/// One line of an entry. Debits are positive, credits negative; an entry's lines add up to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Whose money.
    pub account: Account,
    /// How much, in sen.
    pub amount_sen: i64,
}

/// A payment succeeded: the bank owes us the amount, we owe it to the merchant less the fee.
pub fn postings_of_payment(amount: Amount, fee: Amount) -> Vec<Posting> {
    let mut lines = vec![
        line(Account::Bank, amount.sen()),
        line(Account::Merchant, fee.sen() - amount.sen()),
        line(Account::Fees, -fee.sen()),
    ];
    // Without a fee, or where the fee takes all of it.
    lines.retain(|line| line.amount_sen != 0);
    lines
}

/// A refund succeeded: the money went back; the fee stays.
pub fn postings_of_refund(amount: Amount) -> Vec<Posting> {
    both_ways(Account::Merchant, -amount.sen())
}

/// The bank debited for a payment that had ended.
pub fn postings_of_late_debit(amount: Amount) -> Vec<Posting> {
    both_ways(Account::Suspense, amount.sen())
}

/// The money of such a debit went back.
pub fn postings_of_late_refund(amount: Amount) -> Vec<Posting> {
    both_ways(Account::Suspense, -amount.sen())
}

fn both_ways(other: Account, from_bank_sen: i64) -> Vec<Posting> {
    vec![
        line(Account::Bank, from_bank_sen),
        line(other, -from_bank_sen),
    ]
}

fn line(account: Account, amount_sen: i64) -> Posting {
    Posting {
        account,
        amount_sen,
    }
}
