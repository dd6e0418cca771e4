//! A payment.

use snap::messages::CHANNEL;
use snap::messages::payment::{LineItem, PayOption, PaymentInfo, PaymentRequest};
use snap::{Amount, PayMethod};

use super::{Invalid, Reference, ReturnTo, checked_with_schemes};

/// Asks a customer for money (service 54).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    pub(crate) message: PaymentRequest,
}

impl NewPayment {
    /// A payment of this amount under this reference, all of it from the customer's balance.
    /// `remarks` is what the customer reads, 1 to 40 characters; of the items, at least one, the
    /// name has 1 to 32. Prices are not added up.
    ///
    /// # Errors
    /// [`Invalid`] names the field that is wrong.
    pub fn new(
        reference: &Reference,
        amount: Amount,
        remarks: &str,
        items: Vec<LineItem>,
        return_to: &ReturnTo,
    ) -> Result<Self, Invalid> {
        Self::checked(PaymentRequest {
            partner_reference_no: reference.to_string(),
            amount,
            pay_option_details: vec![pay_option(PayMethod::Balance, amount)],
            additional_info: PaymentInfo {
                channel: CHANNEL.to_owned(),
                remarks: remarks.to_owned(),
                success_payment_url: return_to.success.clone(),
                failed_payment_url: return_to.failed.clone(),
                line_items: items,
            },
            charge_token: None,
            fee_type: None,
        })
    }

    /// The same payment, taken from these sources; they must add up to the amount.
    ///
    /// # Errors
    /// [`Invalid`] when they do not, or when one is named twice.
    pub fn from_sources(mut self, sources: &[(PayMethod, Amount)]) -> Result<Self, Invalid> {
        let total: Option<Amount> = sources.iter().map(|(_, amount)| *amount).sum();
        if total != Some(self.message.amount) {
            return Err(Invalid::new("payOptionDetails"));
        }
        self.message.pay_option_details = sources
            .iter()
            .map(|(method, amount)| pay_option(*method, *amount))
            .collect();
        Self::checked(self.message)
    }

    /// The merchant's reference.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.message.partner_reference_no
    }

    /// How much.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.message.amount
    }

    fn checked(message: PaymentRequest) -> Result<Self, Invalid> {
        let info = &message.additional_info;
        let urls = [
            info.success_payment_url.clone(),
            info.failed_payment_url.clone(),
        ];
        let [success, failed] = &urls;
        let message = checked_with_schemes(message, &[success, failed])?;
        Ok(Self { message })
    }
}

fn pay_option(pay_method: PayMethod, amount: Amount) -> PayOption {
    PayOption {
        pay_method,
        trans_amount: Some(amount),
        fee_amount: None,
    }
}
