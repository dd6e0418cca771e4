//! The client: who the merchant is, where the gateway is, and one connection pool.

use std::sync::Arc;
use std::time::Duration;

use snap::PrivateKey;
use snap::Secret;
use url::Url;

use crate::Error;
use crate::token::TokenCache;

/// The channel of DOKU's Allo Bank direct debit.
const ALLO: &str = "DIRECT_DEBIT_ALLO_SNAP";

/// Everything a client needs to know before its first call.
pub struct Config {
    /// Where the gateway is, such as `http://127.0.0.1:8700`.
    pub base_url: String,
    /// The merchant's client id (`X-PARTNER-ID`, `X-CLIENT-KEY`).
    pub client_id: String,
    /// The secret that signs operations.
    pub secret: Secret,
    /// The RSA key that signs token requests.
    pub private_key: PrivateKey,
    /// `additionalInfo.channel` where the client fills it in (status, balance).
    pub channel: String,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for a whole answer.
    pub timeout: Duration,
}

impl Config {
    /// A configuration with the usual channel and timeouts: 5 s to connect, 30 s for an answer
    /// (a gateway waits for its bank for ten).
    pub fn new(
        base_url: impl Into<String>,
        client_id: impl Into<String>,
        secret: Secret,
        private_key: PrivateKey,
    ) -> Self {
        Self {
            base_url: base_url.into(),
            client_id: client_id.into(),
            secret,
            private_key,
            channel: ALLO.to_owned(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
        }
    }
}

/// The customer's device, sent along with every operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `X-IP-ADDRESS`: the customer's address, not the server's.
    pub ip_address: String,
    /// `X-DEVICE-ID`: letters and digits that name the device.
    pub device_id: String,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            ip_address: "127.0.0.1".to_owned(),
            device_id: "merchantserver".to_owned(),
        }
    }
}

/// A merchant's connection to one gateway. Cloning is cheap and shares the B2B token and the
/// connections. It keeps no customer token: those are parameters, so that two customers of one
/// process can never be charged on each other's.
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
    pub(crate) channel: String,
    pub(crate) token: TokenCache,
}

impl Client {
    /// A client that has not spoken to the gateway yet.
    pub fn new(config: Config) -> Result<Self, Error> {
        let base_url = config.base_url.trim_end_matches('/').to_owned();
        let parsed = Url::parse(&base_url).map_err(|_| Error::BaseUrl(base_url.clone()))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err(Error::BaseUrl(base_url));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("gerbang-merchant-sdk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(Error::Setup)?;
        Ok(Self {
            shared: Arc::new(Shared {
                http,
                base_url,
                client_id: config.client_id,
                secret: config.secret,
                private_key: config.private_key,
                channel: config.channel,
                token: TokenCache::default(),
            }),
            device: Device::default(),
        })
    }

    /// The same client, speaking for this customer's device.
    #[must_use]
    pub fn on_device(&self, device: Device) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            device,
        }
    }

    /// The merchant's client id.
    pub fn client_id(&self) -> &str {
        &self.shared.client_id
    }

    /// Where the gateway is, without a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// The channel that the client fills in.
    pub fn channel(&self) -> &str {
        &self.shared.channel
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
