//! Refund (service 58): gives money back, wholly or in part.

use snap::messages::refund::{RefundRequest, RefundResponse};
use snap::paths;

use crate::{Client, Error, Outcome};

impl Client {
    /// Refunds a payment. The customer token may be left out, and after unbinding it must not be
    /// looked for: past payments stay refundable.
    pub async fn refund(
        &self,
        request: &RefundRequest,
        customer_token: Option<&str>,
    ) -> Result<Outcome<RefundResponse>, Error> {
        self.operation(paths::REFUND, request, customer_token).await
    }
}
