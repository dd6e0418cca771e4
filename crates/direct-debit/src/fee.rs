//! What the merchant pays for a successful payment.

use snap::Amount;

/// A merchant's fee: a flat part and a share of the amount. Charged once, when a payment
/// succeeds, and not returned on refund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// The flat part, in sen.
    pub flat_sen: i64,
    /// The share, in hundredths of a per cent.
    pub basis_points: i64,
}

impl Fee {
    /// The fee for one payment, rounded half up to a sen, and never more than the payment.
    pub fn of(self, amount: Amount) -> Amount {
        let share = (i128::from(amount.sen()) * i128::from(self.basis_points) + 5_000) / 10_000;
        let fee = (share + i128::from(self.flat_sen)).clamp(0, i128::from(amount.sen()));
        i64::try_from(fee)
            .ok()
            .and_then(Amount::from_sen)
            .unwrap_or(Amount::ZERO)
    }
}
