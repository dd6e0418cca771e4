//! Payment (service 54): asks the customer's bank for money.

use snap::messages::payment::{PaymentRequest, PaymentResponse};
use snap::paths;

use crate::{Client, Error, Outcome};

impl Client {
    /// Begins a payment. Done means accepted, not paid: send the customer to `webRedirectUrl`;
    /// the notification or [`Client::status`] tells how it ended. Repeating with the same
    /// `partnerReferenceNo` and content never pays twice.
    pub async fn pay(
        &self,
        request: &PaymentRequest,
        customer_token: &str,
    ) -> Result<Outcome<PaymentResponse>, Error> {
        self.operation(paths::PAYMENT, request, Some(customer_token))
            .await
    }
}
