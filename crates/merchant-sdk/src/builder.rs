//! Setting up a client.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use snap::{PrivateKey, Secret};
use url::Url;

use crate::client::{Device, Shared};
use crate::retry::{RetryPolicy, Wait, real_wait};
use crate::token::TokenCache;
use crate::{Client, Error};

/// DOKU's sandbox.
pub const DOKU_SANDBOX: &str = "https://api-sandbox.doku.com";
/// DOKU's production.
pub const DOKU_PRODUCTION: &str = "https://api.doku.com";

/// Sets up a [`Client`]. What must be known is asked for by [`Client::builder`]; the rest has
/// usual values.
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    base_url: String,
    client_id: String,
    secret: Secret,
    private_key: PrivateKey,
    connect_timeout: Duration,
    timeout: Duration,
    proxy: Option<String>,
    device: Device,
    retry: Option<RetryPolicy>,
    wait: Wait,
}

impl Client {
    /// Begins to set up a client: where the gateway is ([`DOKU_SANDBOX`], [`DOKU_PRODUCTION`] or
    /// your own), the merchant's client id, the secret that signs operations, and the RSA key that
    /// signs token requests.
    pub fn builder(
        base_url: impl Into<String>,
        client_id: impl Into<String>,
        secret: Secret,
        private_key: PrivateKey,
    ) -> ClientBuilder {
        ClientBuilder {
            base_url: base_url.into(),
            client_id: client_id.into(),
            secret,
            private_key,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            proxy: None,
            device: Device::default(),
            retry: None,
            wait: real_wait(),
        }
    }
}

impl ClientBuilder {
    /// How long to wait for a connection; 5 s if not said.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long to wait for a whole answer; 30 s if not said. A gateway waits for its bank, so a
    /// shorter time makes more outcomes unknown.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// An HTTP proxy, such as `http://proxy.example:3128`. Proxies of the environment are not used.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// The device that calls speak for where none is said with [`Client::on_device`].
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// How far to go by itself when the answer to a payment or refund is missing.
    /// [`RetryPolicy::doku`] at DOKU and [`RetryPolicy::default`] elsewhere, if not said.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Waits in another way than by tokio's clock, for tests that have no time.
    pub fn waiting_with<F>(mut self, wait: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.wait = Arc::new(move |pause| Box::pin(wait(pause)));
        self
    }

    /// The client. It has not spoken to the gateway yet.
    ///
    /// # Errors
    /// When the base URL or the proxy is not a URL to call, or TLS cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let parsed = base_url(&self.base_url)?;
        let mut http = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("gerbang-merchant-sdk/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &self.proxy {
            http = http.proxy(reqwest::Proxy::all(proxy).map_err(|_| Error::Proxy)?);
        }
        let retry = self.retry.unwrap_or_else(|| usual_retry(&parsed));
        Ok(Client {
            shared: Arc::new(Shared {
                http: http.build().map_err(Error::Setup)?,
                base_url: self.base_url.trim_end_matches('/').to_owned(),
                client_id: self.client_id,
                secret: self.secret,
                private_key: self.private_key,
                retry,
                wait: self.wait,
                token: TokenCache::default(),
            }),
            device: self.device,
        })
    }
}

/// An http or https URL without a user name, which would be a password in a setting that is shown.
fn base_url(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|_| Error::BaseUrl)?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain {
        Ok(url)
    } else {
        Err(Error::BaseUrl)
    }
}

fn usual_retry(base_url: &Url) -> RetryPolicy {
    let host = base_url.host_str().unwrap_or_default();
    if host == "doku.com" || host.ends_with(".doku.com") {
        RetryPolicy::doku()
    } else {
        RetryPolicy::default()
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
