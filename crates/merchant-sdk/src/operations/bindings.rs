//! Binding (service 07): begins the linking of a customer's account.

use std::fmt;

use snap::messages::binding::BindingResponse;
use snap::{Secret, paths};

use crate::{Client, Error, NewBinding, Outcome};

/// A binding that waits for the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    /// The page to open in the customer's browser. Whoever has it can go on in their place.
    pub redirect_url: String,
    /// For [`Client::exchange_code`], once the customer has finished there.
    pub auth_code: Secret,
    /// The gateway's reference.
    pub reference_no: Option<String>,
    /// `2000700`.
    pub response_code: String,
}

impl Client {
    /// Begins a binding. Send the customer to `redirect_url`; `auth_code` becomes good for
    /// [`Client::exchange_code`] when they have finished there.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn bind(&self, request: &NewBinding) -> Result<Outcome<Binding>, Error> {
        let outcome: Outcome<BindingResponse> =
            self.operation(paths::BINDING, &request.message).await?;
        Ok(outcome.complete(|answer| {
            Some(Binding {
                redirect_url: answer.redirect_url?,
                auth_code: Secret::new(answer.additional_info?.auth_code?),
                reference_no: answer.reference_no,
                response_code: answer.response_code,
            })
        }))
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("reference_no", &self.reference_no)
            .finish_non_exhaustive()
    }
}
