//! The same client for programs without an async runtime (feature `blocking`).
//!
//! A facade and nothing else: each call runs the async one to its end on a runtime of its own, on
//! the caller's thread. Inside another runtime it refuses with [`Error::InsideRuntime`]: use
//! [`crate::Client`] there.
//!
//! ```no_run
//! # fn example(key: merchant_sdk::PrivateKey) -> Result<(), Box<dyn std::error::Error>> {
//! use merchant_sdk::{Client, DOKU_SANDBOX, Secret};
//!
//! let client = Client::builder(DOKU_SANDBOX, "BRN-1", Secret::new("SK-…"), key).build_blocking()?;
//! let payment = client.status("INV-20260102-1")?.done()?;
//! println!("{}", payment.latest_transaction_status);
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use snap::Secret;
use snap::messages::balance::BalanceResponse;
use snap::messages::status::StatusResponse;
use snap::messages::unbinding::UnbindingResponse;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    Binding, ClientBuilder, CustomerTokens, Device, Error, NewBinding, NewPayment, NewRefund,
    Outcome, Payment, PaymentId, Refund,
};

/// [`crate::Client`], waiting for each answer.
#[derive(Debug, Clone)]
pub struct Client {
    inner: crate::Client,
    own: Arc<Own>,
}

/// [`crate::Customer`], waiting for each answer.
#[derive(Debug, Clone)]
pub struct Customer {
    inner: crate::Customer,
    own: Arc<Own>,
}

impl ClientBuilder {
    /// The client for programs without an async runtime.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`], and when the system gives no runtime.
    pub fn build_blocking(self) -> Result<Client, Error> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Client {
            inner: self.build()?,
            own: Arc::new(Own(Some(runtime.map_err(Error::Runtime)?))),
        })
    }
}

impl Client {
    /// As [`crate::Client::on_device`].
    #[must_use]
    pub fn on_device(&self, device: Device) -> Self {
        Self {
            inner: self.inner.on_device(device),
            own: Arc::clone(&self.own),
        }
    }

    /// As [`crate::Client::bind`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn bind(&self, request: &NewBinding) -> Result<Outcome<Binding>, Error> {
        self.own.run(self.inner.bind(request))
    }

    /// As [`crate::Client::exchange_code`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn exchange_code(&self, auth_code: &Secret) -> Result<Outcome<Customer>, Error> {
        let given = self.own.run(self.inner.exchange_code(auth_code))?;
        Ok(given.map(|inner| self.with(inner)))
    }

    /// As [`crate::Client::customer`].
    #[must_use]
    pub fn customer(&self, tokens: CustomerTokens) -> Customer {
        self.with(self.inner.customer(tokens))
    }

    /// As [`crate::Client::status`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn status(&self, payment: impl Into<PaymentId>) -> Result<Outcome<StatusResponse>, Error> {
        self.own.run(self.inner.status(payment))
    }

    /// As [`crate::Client::refund`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn refund(&self, refund: &NewRefund) -> Result<Outcome<Refund>, Error> {
        self.own.run(self.inner.refund(refund))
    }

    fn with(&self, inner: crate::Customer) -> Customer {
        let own = Arc::clone(&self.own);
        Customer { inner, own }
    }
}

impl Customer {
    /// As [`crate::Customer::on_device`].
    #[must_use]
    pub fn on_device(&self, device: Device) -> Self {
        Self {
            inner: self.inner.on_device(device),
            own: Arc::clone(&self.own),
        }
    }

    /// As [`crate::Customer::tokens`].
    ///
    /// # Errors
    /// Inside another runtime.
    pub fn tokens(&self) -> Result<CustomerTokens, Error> {
        self.own.run(async { Ok(self.inner.tokens().await) })
    }

    /// As [`crate::Customer::refresh`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn refresh(&self) -> Result<Outcome<()>, Error> {
        self.own.run(self.inner.refresh())
    }

    /// As [`crate::Customer::balance`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn balance(&self) -> Result<Outcome<BalanceResponse>, Error> {
        self.own.run(self.inner.balance())
    }

    /// As [`crate::Customer::pay`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn pay(&self, payment: &NewPayment) -> Result<Outcome<Payment>, Error> {
        self.own.run(self.inner.pay(payment))
    }

    /// As [`crate::Customer::refund`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn refund(&self, refund: &NewRefund) -> Result<Outcome<Refund>, Error> {
        self.own.run(self.inner.refund(refund))
    }

    /// As [`crate::Customer::unbind`].
    ///
    /// # Errors
    /// When nothing was sent.
    pub fn unbind(&self) -> Result<Outcome<UnbindingResponse>, Error> {
        self.own.run(self.inner.unbind())
    }
}

/// The runtime; none only while it is dropped.
#[derive(Debug)]
struct Own(Option<Runtime>);

impl Own {
    fn run<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match &self.0 {
            Some(runtime) if Handle::try_current().is_err() => runtime.block_on(call),
            _ => Err(Error::InsideRuntime),
        }
    }
}

impl Drop for Own {
    /// In the background: a runtime that is dropped inside another one would panic.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
