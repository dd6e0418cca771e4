//! Unbinding (service 09): ends the link to a customer's account.

use snap::messages::unbinding::{UnbindingRequest, UnbindingResponse};
use snap::paths;

use crate::{Client, Error, Outcome};

impl Client {
    /// Ends the binding that the customer token names. The token may have expired.
    pub async fn unbind(
        &self,
        request: &UnbindingRequest,
    ) -> Result<Outcome<UnbindingResponse>, Error> {
        self.operation(paths::UNBINDING, request, None).await
    }
}
