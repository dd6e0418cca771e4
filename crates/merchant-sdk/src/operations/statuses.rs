//! Payment status (service 55): the truth about a payment.

use snap::messages::status::{StatusRequest, StatusResponse};
use snap::paths;

use crate::{Client, Error, Outcome};

impl Client {
    /// How a payment stands, with its refunds.
    pub async fn status(&self, request: &StatusRequest) -> Result<Outcome<StatusResponse>, Error> {
        self.operation(paths::STATUS, request, None).await
    }
}
