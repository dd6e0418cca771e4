//! The outbox as the flows write it, filled for a measurement.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use direct_debit::{MerchantId, NotificationId};
use snap::Secret;
use storage::merchants::{self, Merchant, MerchantSettings, MerchantState};
use storage::notifications::{self, NewNotification, NotificationKind};
use storage::{MasterKeys, Settings, Store};
use tokio::net::TcpListener;

use super::receivers::{Receivers, SECRET, merchant_id};
use crate::{wire, world};

/// Rows written in one transaction.
const AT_ONCE: usize = 500;

/// The gateway's database, opened beside it.
pub struct Outbox {
    store: Store,
    written: AtomicUsize,
    /// What writing a row took when last measured.
    row_us: AtomicU64,
}

/// Endpoints of merchants that are gone: every second refuses connections, the others accept them and
/// never answer.
pub struct Dead {
    count: usize,
    port: u16,
}

impl Dead {
    /// Each has an address of its own, all on this machine.
    pub async fn start(count: usize) -> Result<Self> {
        let listener = TcpListener::bind("0.0.0.0:0").await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((socket, _)) = listener.accept().await {
                held.push(socket);
                // The oldest have been given up long since.
                if held.len() > 4_000 {
                    held.drain(..1_000);
                }
            }
        });
        Ok(Self { count, port })
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.count
    }

    fn url(&self, number: usize, path: &str) -> String {
        let (high, low) = (number / 250, number % 250 + 1);
        // Nothing listens on the second network's port 9.
        match number % 2 {
            0 => format!("http://127.1.{high}.{low}:{}/{path}", self.port),
            _ => format!("http://127.2.{high}.{low}:9/{path}"),
        }
    }
}

impl Outbox {
    /// Opens the database and brings its schema up to date.
    pub async fn open(database: &str) -> Result<Self> {
        let line = format!("k1:{}", world::MASTER_KEY);
        let keys = MasterKeys::parse(&Secret::new(line))?;
        Ok(Self {
            store: Store::open(&Settings::new(database), keys).await?,
            written: AtomicUsize::new(0),
            row_us: AtomicU64::new(1_000),
        })
    }

    /// Adds the merchants that work.
    pub async fn add_merchants(&self, receivers: &Receivers) -> Result<()> {
        let merchants = (0..receivers.count()).map(|number| Merchant {
            token_url: Some(receivers.url(number, "token")),
            ..merchant(&merchant_id(number), receivers.url(number, "notify"))
        });
        self.add(merchants.collect()).await
    }

    /// One notification for each dead endpoint, whose merchants are added too.
    pub async fn owe_dead(&self, dead: &Dead, due_at_ms: i64) -> Result<()> {
        let ids: Vec<String> = (0..dead.count)
            .map(|number| format!("DEAD-{number}"))
            .collect();
        let merchants = ids.iter().enumerate();
        let merchants = merchants.map(|(number, id)| Merchant {
            token_url: Some(dead.url(number, "token")),
            ..merchant(id, dead.url(number, "notify"))
        });
        self.add(merchants.collect()).await?;
        self.write(ids, due_at_ms).await
    }

    /// So many notifications, to all merchants that work in turn.
    pub async fn owe(&self, count: usize, due_at_ms: i64) -> Result<()> {
        let ids = (0..count).map(|number| merchant_id(number % super::MERCHANTS));
        self.write(ids.collect(), due_at_ms).await
    }

    /// How long so many rows take to write, with some to spare.
    pub fn filling(&self, rows: usize) -> Duration {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        Duration::from_micros(self.row_us.load(Ordering::Relaxed)) * rows * 5 / 4
    }

    /// How many that were due then have been delivered, by what is on disk.
    pub async fn delivered_since(&self, due_at_ms: i64) -> Result<usize> {
        self.count(&format!("at >= {due_at_ms} AND outcome = 'delivered'"))
            .await
    }

    /// How many tries came to something else since then.
    pub async fn failed_since(&self, due_at_ms: i64) -> Result<usize> {
        self.count(&format!("at >= {due_at_ms} AND outcome <> 'delivered'"))
            .await
    }

    async fn count(&self, which: &str) -> Result<usize> {
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM notification_attempts WHERE {which}"
        );
        let rows = self.store.reader().unlisted_rows(sql, &[]).await?;
        let count = rows.first().and_then(|row| row.first());
        match count {
            Some((_, storage::Value::Int(count))) => Ok(usize::try_from(*count)?),
            _ => anyhow::bail!("the attempts cannot be counted"),
        }
    }

    async fn add(&self, merchants: Vec<Merchant>) -> Result<()> {
        for group in merchants.chunks(AT_ONCE) {
            let add = |s: storage::Session| async move {
                let mut added = true;
                for merchant in group {
                    added &= merchants::insert(&s, merchant).await?;
                }
                Ok::<bool, storage::Error>(added)
            };
            ensure!(
                self.store.transact("bench", add).await?,
                "a merchant is there already"
            );
        }
        Ok(())
    }

    async fn write(&self, merchants: Vec<String>, due_at_ms: i64) -> Result<()> {
        let (begun, rows) = (Instant::now(), u128::try_from(merchants.len().max(1))?);
        for group in merchants.chunks(AT_ONCE) {
            let new: Vec<_> = group.iter().map(|id| self.next(id, due_at_ms)).collect();
            let owe = |s: storage::Session| {
                let new = &new;
                async move {
                    for one in new {
                        notifications::insert(&s, one).await?;
                    }
                    Ok::<(), storage::Error>(())
                }
            };
            self.store.transact("bench", owe).await?;
        }
        let row_us = u64::try_from(begun.elapsed().as_micros() / rows)?.max(100);
        self.row_us.store(row_us, Ordering::Relaxed);
        Ok(())
    }

    fn next(&self, merchant: &str, due_at_ms: i64) -> NewNotification {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        NewNotification {
            id: NotificationId::new(format!("{:012x}-{number:08x}", wire::now_ms())),
            merchant: MerchantId::new(merchant),
            kind: NotificationKind::Payment,
            subject: format!("payment-{number:08x}"),
            external_id: format!("{number:032}"),
            body: body(number),
            ip_address: Some("203.0.113.10".to_owned()),
            device_id: Some("bench".to_owned()),
            due_at_ms,
            created_at_ms: wire::now_ms(),
        }
    }
}

fn merchant(id: &str, url: String) -> Merchant {
    Merchant {
        id: MerchantId::new(id),
        name: id.to_owned(),
        state: MerchantState::Active,
        epoch: 0,
        secret: Secret::new("the merchant signs with this"),
        previous_secret: None,
        inbound_secret: Secret::new(SECRET),
        notification_url: Some(url),
        token_url: None,
        binding_notification_url: None,
        previous_inbound_secret: None,
        extra_ca: None,
        settings: MerchantSettings::default(),
        created_at_ms: wire::now_ms(),
        version: 1,
    }
}

/// As long as a real one.
fn body(number: usize) -> String {
    format!(
        r#"{{"originalPartnerReferenceNo":"INV-{number:032}","originalReferenceNo":"{number:032}","originalExternalId":"{number:032}","latestTransactionStatus":"00","transactionStatusDesc":"Success","amount":{{"value":"10000.00","currency":"IDR"}},"additionalInfo":{{"custIdMerchant":"customer-{number}","accountType":"DIRECT_DEBIT","channelId":"DIRECT_DEBIT_ALLO_SNAP","acquirerId":"ALLO","lineItems":[{{"name":"Kopi susu","price":"10000.00","quantity":"1"}}]}}}}"#
    )
}
