//! A refund, of all or of a part.

use snap::Amount;
use snap::messages::CHANNEL;
use snap::messages::refund::RefundRequest;

use super::{Invalid, Reference, checked};

/// Gives money back (service 58).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    pub(crate) message: RefundRequest,
}

impl NewRefund {
    /// A refund of this much of the payment that the merchant calls by `payment`, under a
    /// reference of its own.
    ///
    /// # Errors
    /// [`Invalid`] names the field that is wrong.
    pub fn new(
        payment: &Reference,
        amount: Amount,
        refund_reference: &Reference,
    ) -> Result<Self, Invalid> {
        Self::checked(RefundRequest {
            original_partner_reference_no: payment.to_string(),
            original_reference_no: None,
            original_external_id: None,
            refund_amount: amount,
            partner_refund_no: refund_reference.to_string(),
            reason: None,
            channel: CHANNEL.to_owned(),
        })
    }

    /// With a reason, at most 256 characters.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer.
    pub fn reason(mut self, reason: &str) -> Result<Self, Invalid> {
        self.message.reason = Some(reason.to_owned());
        Self::checked(self.message)
    }

    /// The refund's own reference.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.message.partner_refund_no
    }

    /// How much.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.message.refund_amount
    }

    fn checked(message: RefundRequest) -> Result<Self, Invalid> {
        let message = checked(message)?;
        Ok(Self { message })
    }
}
