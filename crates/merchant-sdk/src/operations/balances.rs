//! Balance inquiry (service 11).

use snap::messages::balance::{BalanceRequest, BalanceResponse};
use snap::paths;

use crate::{Client, Error, Outcome};

impl Client {
    /// What the customer has, by kind of balance.
    pub async fn balance(
        &self,
        request: &BalanceRequest,
        customer_token: &str,
    ) -> Result<Outcome<BalanceResponse>, Error> {
        self.operation(paths::BALANCE, request, Some(customer_token))
            .await
    }
}
