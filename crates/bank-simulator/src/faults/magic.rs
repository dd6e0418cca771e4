//! Real rupiah amounts have no sen, so the sen of a payment or a refund say what goes wrong with it.
//!
//! To add one: its line in [`MAGIC`] and in the table of `docs/simulator.md`.

use snap::{Amount, Case};

use super::{LATE_ANSWER_S, LATE_NOTIFICATION_S, Operation, Outcome};

/// What sen ask for: of which operation, which outcome.
pub(crate) const MAGIC: [(i64, Operation, Outcome); 11] = [
    (2, Operation::Payment, Outcome::No(Case::ExceedsAmountLimit)),
    (5, Operation::Payment, Outcome::No(Case::DoNotHonor)),
    (14, Operation::Payment, Outcome::No(Case::InsufficientFunds)),
    (50, Operation::Payment, Outcome::Late(LATE_ANSWER_S)),
    (51, Operation::Payment, Outcome::Silent),
    (52, Operation::Payment, Outcome::Lost),
    (53, Operation::Notify, Outcome::Twice),
    (54, Operation::Notify, Outcome::Late(LATE_NOTIFICATION_S)),
    (55, Operation::Notify, Outcome::Early),
    (56, Operation::Notify, Outcome::Forged),
    (57, Operation::Payment, Outcome::Open),
];

/// What the amount of a payment or a refund asks of the call itself.
pub(crate) fn of_call(sen: i64) -> Option<Outcome> {
    asked(sen, Operation::Payment)
}

/// What the amount of a payment asks of its notification.
pub(crate) fn of_notification(sen: i64) -> Option<Outcome> {
    asked(sen, Operation::Notify)
}

/// The refusal that an amount asks for.
pub(crate) fn refusal(amount: Amount) -> Option<Case> {
    match of_call(amount.sen()) {
        Some(Outcome::No(case)) => Some(case),
        _ => None,
    }
}

fn asked(sen: i64, operation: Operation) -> Option<Outcome> {
    let mut lines = MAGIC.iter();
    let line = lines.find(|(magic, of, _)| *magic == sen % 100 && *of == operation)?;
    Some(line.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_rupiah_ask_for_nothing() {
        assert_eq!(of_call(1_500_000), None);
        assert_eq!(of_notification(1_500_000), None);
        assert_eq!(of_call(1_500_052), Some(Outcome::Lost));
        assert_eq!(of_call(1_500_053), None);
        assert_eq!(of_notification(1_500_053), Some(Outcome::Twice));
    }
}
