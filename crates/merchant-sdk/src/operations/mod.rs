//! The operations of the API, one file per noun. Each writes its message once, signs and sends
//! those same bytes, and reads the answer into an [`Outcome`].
//!
//! To add one: a file with the noun's name and a method on [`Client`] or [`crate::Customer`] that
//! calls `operation`.

mod balances;
mod bindings;
mod customer_tokens;
mod payments;
mod refunds;
mod statuses;
mod unbindings;

pub use bindings::Binding;
pub(crate) use customer_tokens::Grant;
pub use payments::{Next, Payment};
pub use refunds::Refund;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use snap::Secret;

use crate::sending::RawOptions;
use crate::{Client, Error, Outcome, clock, outcome};

impl Client {
    /// Sends one message without a customer's token.
    pub(crate) async fn operation<B: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        message: &B,
    ) -> Result<Outcome<A>, Error> {
        self.send(path, serde_json::to_vec(message)?, None).await
    }

    /// Sends these bytes under the B2B token. A token that the gateway no longer knows (it was
    /// restarted, or its keys changed) is renewed once: such a refusal claims nothing there.
    pub(crate) async fn send<A: DeserializeOwned>(
        &self,
        path: &str,
        body: Vec<u8>,
        customer_token: Option<&Secret>,
    ) -> Result<Outcome<A>, Error> {
        let options = RawOptions {
            customer_token: customer_token.map(|token| token.expose().to_owned()),
            ..RawOptions::default()
        };
        let now_ms = clock::now_ms();
        let token = self.b2b_token_at(now_ms).await?;
        let first = self
            .send_signed(now_ms, path, &token, body.clone(), &options)
            .await?;
        if !refused_with(&first, "01") {
            return Ok(first);
        }
        self.forget_b2b_token(&token).await;
        let now_ms = clock::now_ms();
        let token = self.b2b_token_at(now_ms).await?;
        self.send_signed(now_ms, path, &token, body, &options).await
    }

    async fn send_signed<A: DeserializeOwned>(
        &self,
        now_ms: i64,
        path: &str,
        token: &Secret,
        body: Vec<u8>,
        options: &RawOptions,
    ) -> Result<Outcome<A>, Error> {
        let token = Some(token.expose());
        let sent = self.send_at(now_ms, Method::POST, path, token, body, options);
        outcome::read(sent.await)
    }
}

/// Whether the outcome is 401 with this case: 01 for the B2B token, 02 for the customer's.
pub(crate) fn refused_with<T>(outcome: &Outcome<T>, case: &str) -> bool {
    matches!(outcome, Outcome::Refused { code, .. }
        if code.starts_with("401") && code.ends_with(case))
}
