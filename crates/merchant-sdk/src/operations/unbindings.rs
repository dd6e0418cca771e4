//! Unbinding (service 09): ends the link to a customer's account.

use snap::messages::CHANNEL;
use snap::messages::unbinding::{UnbindingRequest, UnbindingResponse};
use snap::paths;

use crate::{Customer, Error, Outcome};

impl Customer {
    /// Ends the link. The customer's token only names it and may have expired; past payments stay
    /// refundable.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn unbind(&self) -> Result<Outcome<UnbindingResponse>, Error> {
        let message = UnbindingRequest {
            token_id: self.tokens().await.access_token.expose().to_owned(),
            channel: CHANNEL.to_owned(),
        };
        self.client.operation(paths::UNBINDING, &message).await
    }
}
