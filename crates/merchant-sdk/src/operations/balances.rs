//! Balance inquiry (service 11).

use snap::messages::CHANNEL;
use snap::messages::balance::{BalanceRequest, BalanceResponse};
use snap::paths;

use crate::{Customer, Error, Outcome};

impl Customer {
    /// What the customer has, by kind of money.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn balance(&self) -> Result<Outcome<BalanceResponse>, Error> {
        let message = BalanceRequest {
            channel: CHANNEL.to_owned(),
        };
        self.operation(paths::BALANCE, &message).await
    }
}
