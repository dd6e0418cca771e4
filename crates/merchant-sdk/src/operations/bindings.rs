//! Binding (service 07): begins the linking of a customer's account.

use snap::messages::binding::{BindingRequest, BindingResponse};
use snap::paths;

use crate::{Client, Error, Outcome};

impl Client {
    /// Begins a binding. Send the customer to `redirectUrl`; `authCode` becomes good for
    /// [`Client::exchange_code`] when they have finished there.
    pub async fn bind(&self, request: &BindingRequest) -> Result<Outcome<BindingResponse>, Error> {
        self.operation(paths::BINDING, request, None).await
    }
}
