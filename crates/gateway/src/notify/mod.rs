//! The way to the merchants: delivers what the outbox holds, at least once and in order per payment.
//!
//! Flows write the outbox in the transaction of what it tells; here it is only sent. A try never holds
//! a transaction, never follows a merchant's URL into the operator's own network, and never logs a
//! token, a secret or a body. To change when something is tried again, see `schedule`; what counts as
//! received, `receipt`; where it may go, `policy` and `addresses`.

pub mod addresses;
mod attempt;
mod breaker;
mod claims;
mod endpoints;
pub mod policy;
mod receipt;
mod record;
mod round;
pub mod schedule;
mod sending;
mod tokens;
mod trials;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use self::endpoints::Endpoints;
use self::policy::Policy;
use self::sending::Sending;
use self::tokens::MerchantTokens;
use self::trials::Progress;
use crate::app::App;
use crate::config::Config;
use crate::network::Network;
use crate::workers::Run;

/// How long one try may take, its token included.
const TIMEOUT_MS: u32 = 30_000;

/// What is kept between tries: connections, tokens, and the rules for URLs.
#[derive(Debug)]
pub struct Notifier {
    policy: Arc<Policy>,
    sending: Sending,
    tokens: MerchantTokens,
    timeout: Duration,
    endpoints: Endpoints,
    trials: Progress,
    slow: Slow,
}

/// Tries that have taken long and are still under way.
#[derive(Debug, Default)]
struct Slow {
    /// To endpoints that were quick.
    quick: AtomicUsize,
    /// To all others.
    others: AtomicUsize,
}

/// One run: everything that is due now.
#[must_use]
pub fn run(app: Arc<App>) -> Run {
    Box::pin(async move {
        round::all_due(&app)
            .await
            .map_err(|error| crate::flows::chain(&error))
    })
}

impl Notifier {
    /// From the configuration. Without a given network the machine's is used.
    #[must_use]
    pub fn new(config: &Config, network: Option<Arc<dyn Network>>) -> Self {
        let policy = Arc::new(Policy::new(&config.notifications, config.sandbox));
        let timeout_ms = config.notifications.timeout_ms.unwrap_or(TIMEOUT_MS);
        Self {
            sending: Sending::new(&policy, network),
            policy,
            tokens: MerchantTokens::default(),
            timeout: Duration::from_millis(u64::from(timeout_ms)),
            endpoints: Endpoints::default(),
            trials: Progress::default(),
            slow: Slow::default(),
        }
    }

    /// Where notifications may go.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Checks a certificate authority that a merchant brings: PEM.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn check_authority(&self, pem: &str) -> Result<(), String> {
        sending::check_authority(pem)
    }

    fn sending(&self) -> &Sending {
        &self.sending
    }

    fn tokens(&self) -> &MerchantTokens {
        &self.tokens
    }

    const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    const fn trials(&self) -> &Progress {
        &self.trials
    }

    const fn timeout(&self) -> Duration {
        self.timeout
    }
}
