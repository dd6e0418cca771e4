//! What every part of a running gateway shares. Nothing in it is needed by another gateway process: any
//! of them may be killed.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use direct_debit::MerchantId;
use snap::{Case, Refusal};
use storage::{Session, Store, settings};
use tokio::sync::Notify;

use crate::bank::{Bank, Banks};
use crate::clock::Clock;
use crate::config::Config;
use crate::derive;
use crate::entropy::Entropy;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::management_keys::ManagementKeys;
use crate::merchants::Merchants;
use crate::notify::Notifier;
use crate::presence::Presence;
use crate::readiness::Readiness;
use crate::request_log::RequestLog;
use crate::tokens::Tokens;
use crate::workers::Workers;

/// A gateway's parts.
#[derive(Debug)]
pub struct App {
    /// This process, in the leases it takes: no other process has this name.
    pub name: String,
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The gateway's own keys.
    pub keys: Keys,
    /// The merchants, cached.
    pub merchants: Merchants,
    /// The operators' keys, cached.
    pub management_keys: ManagementKeys,
    /// The banks.
    pub banks: Banks,
    /// The way to the merchants.
    pub notifier: Notifier,
    /// Access tokens.
    pub tokens: Tokens,
    /// Rates.
    pub limits: Limits,
    /// The latest requests.
    pub request_log: RequestLog,
    /// Background work.
    pub workers: Workers,
    /// What the database says of this process.
    pub presence: Presence,
    /// Requests that are being answered.
    pub in_flight: InFlight,
    /// Whether the database was found to work.
    pub readiness: Readiness,
}

impl App {
    /// Counts a request of someone who did not prove who they are: over the rate, the refusal becomes
    /// Too Many Requests.
    #[must_use]
    pub fn count_stranger(&self, address: IpAddr, refusal: Refusal) -> Refusal {
        if self.limits.address(address) {
            refusal
        } else {
            Refusal::new(Case::TooManyRequests)
        }
    }

    /// The bank that serves a channel.
    #[must_use]
    pub fn bank_by_channel(&self, channel: &str) -> Option<&Arc<Bank>> {
        let mut banks = self.config.banks.iter();
        let (id, _) = banks.find(|(_, bank)| bank.channel == channel)?;
        self.banks.get(id)
    }

    /// The name of a merchant, as customers see it; empty for one that does not exist.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn merchant_name(&self, id: &MerchantId) -> Result<String, storage::Error> {
        let merchant = storage::merchants::by_id(&self.store.reader(), id).await?;
        Ok(merchant.map(|merchant| merchant.name).unwrap_or_default())
    }

    /// What is stored of the page id of a binding or a payment.
    #[must_use]
    pub fn page_hash(&self, id: &str) -> String {
        derive::hash(&derive::page_id(self.keys.derive(), id))
    }

    /// What is stored of the `state` of a binding or a payment.
    #[must_use]
    pub fn state_hash(&self, id: &str) -> String {
        derive::hash(&derive::state(self.keys.derive(), id))
    }

    /// Moves business time forward for every process on this database.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn advance_clock(&self, by_ms: i64) -> Result<(), storage::Error> {
        let by_ms = by_ms.max(0);
        let advance = |s: Session| async move {
            let offset_ms = stored_offset_ms(&s).await?.saturating_add(by_ms);
            settings::put(&s, settings::CLOCK_OFFSET, &offset_ms.to_string()).await?;
            Ok::<_, storage::Error>(offset_ms)
        };
        self.clock
            .set_offset_ms(self.store.transact("advance the clock", advance).await?);
        self.workers.poke();
        Ok(())
    }

    /// Takes over the stored offset of business time.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn reread_clock(&self) -> Result<(), storage::Error> {
        self.clock
            .set_offset_ms(stored_offset_ms(&self.store.reader()).await?);
        Ok(())
    }

    /// Whether the database takes what the gateway has to write.
    ///
    /// # Errors
    /// When it does not.
    pub async fn is_ready(&self) -> Result<(), storage::Error> {
        self.readiness.ask(&self.store).await
    }

    /// Runs all background work until there is none left: for tests.
    ///
    /// # Errors
    /// The first failure of a task, or that the work does not come to an end.
    pub async fn run_until_idle(self: &Arc<Self>) -> Result<(), String> {
        self.workers.run_until_idle(self).await
    }
}

async fn stored_offset_ms(s: &Session) -> Result<i64, storage::Error> {
    let Some(text) = settings::get(s, settings::CLOCK_OFFSET).await? else {
        return Ok(0);
    };
    text.parse().map_err(|_| {
        let what = "it is no number of milliseconds";
        storage::Error::corrupt("settings", settings::CLOCK_OFFSET, what)
    })
}

/// How many requests are being answered.
#[derive(Debug, Default)]
pub struct InFlight {
    inner: Arc<InFlightCount>,
}

#[derive(Debug, Default)]
struct InFlightCount {
    count: AtomicUsize,
    none: Notify,
}

/// One request that is being answered; drop it when it is.
#[derive(Debug)]
pub struct Busy {
    inner: Arc<InFlightCount>,
}

impl InFlight {
    /// One more.
    #[must_use]
    pub fn enter(&self) -> Busy {
        self.inner.count.fetch_add(1, Ordering::SeqCst);
        Busy {
            inner: Arc::clone(&self.inner),
        }
    }

    /// Waits until there is none.
    pub async fn none(&self) {
        loop {
            let woken = self.inner.none.notified();
            if self.inner.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            woken.await;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.inner.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.inner.none.notify_waiters();
        }
    }
}
