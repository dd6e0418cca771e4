//! The operations of the API, one file per noun. Each writes its message once, signs and sends
//! those same bytes, and reads the answer into an [`Outcome`].
//!
//! To add one: a file with the noun's name and a method on [`Client`] that calls `operation`.

mod balances;
mod bindings;
mod customer_tokens;
mod payments;
mod refunds;
mod statuses;
mod unbindings;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sending::{Answer, Authorization, RawOptions};
use crate::{Client, Error, Outcome, outcome};

impl Client {
    /// Sends one message under the B2B token. A token that the gateway no longer knows (it was
    /// restarted, or its keys changed) is renewed once: such a refusal claims nothing there.
    pub(crate) async fn operation<B: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        message: &B,
        customer_token: Option<&str>,
    ) -> Result<Outcome<A>, Error> {
        let body = serde_json::to_vec(message)?;
        let token = self.b2b_token().await?;
        let mut options = RawOptions {
            authorization: Authorization::Token(token.expose().to_owned()),
            customer_token: customer_token.map(str::to_owned),
            ..RawOptions::default()
        };
        let first = self.send_raw("POST", path, body.clone(), &options).await;
        if !first.as_ref().is_ok_and(refused_the_token) {
            return outcome::read(first);
        }
        self.forget_b2b_token(&token).await;
        options.authorization = Authorization::Cached;
        outcome::read(self.send_raw("POST", path, body, &options).await)
    }
}

/// `401xx01`: Invalid Token (B2B).
fn refused_the_token(answer: &Answer) -> bool {
    answer.status == 401
        && answer
            .code()
            .is_some_and(|code| code.starts_with("401") && code.ends_with("01"))
}
