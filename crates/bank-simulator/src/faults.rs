//! Refusals on demand: real rupiah amounts have no sen, so the sen say what the bank answers.
//!
//! To add one: a line in [`by_amount`] and one in the table of the merchant guide.

use snap::{Amount, Case};

/// What an amount asks for: `.02` over limit, `.05` do not honor, `.14` no funds.
pub(crate) fn by_amount(amount: Amount) -> Option<Case> {
    match amount.sen() % 100 {
        2 => Some(Case::ExceedsAmountLimit),
        5 => Some(Case::DoNotHonor),
        14 => Some(Case::InsufficientFunds),
        _ => None,
    }
}
