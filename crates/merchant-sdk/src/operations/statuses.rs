//! Payment status (service 55): the truth about a payment.

use snap::messages::status::StatusResponse;
use snap::paths;

use crate::{Client, Error, Outcome, PaymentId};

impl Client {
    /// How a payment stands, with its refunds. Only a status that is final settles anything: see
    /// [`snap::TransactionStatus::is_final`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn status(
        &self,
        payment: impl Into<PaymentId>,
    ) -> Result<Outcome<StatusResponse>, Error> {
        let message = payment.into().into_message()?;
        self.operation(paths::STATUS, &message).await
    }
}
