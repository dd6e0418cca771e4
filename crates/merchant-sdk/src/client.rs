//! The client: who the merchant is, where the gateway is, and one connection pool.

use std::sync::Arc;

use snap::{PrivateKey, Secret};

use crate::RetryPolicy;
use crate::retry::Wait;
use crate::token::TokenCache;

/// The customer's device, sent along with every operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `X-IP-ADDRESS`: the customer's address, not the server's. DOKU wants IPv4.
    pub ip_address: String,
    /// `X-DEVICE-ID`: letters and digits that name the device.
    pub device_id: String,
}

impl Default for Device {
    /// A device on this machine, for a sandbox.
    fn default() -> Self {
        Self {
            ip_address: "127.0.0.1".to_owned(),
            device_id: "merchantserver".to_owned(),
        }
    }
}

/// A merchant's connection to one gateway. Cloning is cheap and shares the B2B token and the
/// connections.
///
/// It does what the merchant does: [`bind`](Self::bind), [`exchange_code`](Self::exchange_code),
/// [`status`](Self::status), [`refund`](Self::refund). What is done for a customer (balance,
/// payment, unbinding) is done through a [`crate::Customer`], so that two customers of one process
/// can never be charged on each other's token.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) device: Device,
}

pub(crate) struct Shared {
    pub(crate) http: reqwest::Client,
    pub(crate) base_url: String,
    pub(crate) client_id: String,
    pub(crate) secret: Secret,
    pub(crate) private_key: PrivateKey,
    pub(crate) retry: RetryPolicy,
    pub(crate) wait: Wait,
    pub(crate) token: TokenCache,
}

impl Client {
    /// The same client, speaking for this customer's device.
    #[must_use]
    pub fn on_device(&self, device: Device) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            device,
        }
    }

    /// The merchant's client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.shared.client_id
    }

    /// Where the gateway is, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// How far this client goes by itself when an answer is missing.
    #[must_use]
    pub fn retry_policy(&self) -> &RetryPolicy {
        &self.shared.retry
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.shared.base_url)
            .field("client_id", &self.shared.client_id)
            .finish_non_exhaustive()
    }
}
