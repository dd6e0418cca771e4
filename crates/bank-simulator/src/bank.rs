//! The bank in memory: what every part of it needs to answer a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use snap::{Amount, PrivateKey, PublicKey, Secret};
use sqlx::SqliteConnection;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::db::Db;
use crate::faults::{Known, armed, met};
use crate::{Config, Error, GatewayEndpoint, customers, entropy};

/// Above this a single payment is refused, unless set otherwise: Rp20.000.000.
const PAYMENT_LIMIT: i64 = 2_000_000_000;

pub(crate) struct Bank {
    pub db: Db,
    pub clock: Arc<Clock>,
    pub partner: Partner,
    pub gateway: Option<Gateway>,
    pub public_url: String,
    pub relaxed_otp: bool,
    pub otp_above: Amount,
    pub control_secret: Option<Secret>,
    /// Rung when a notification may be due.
    pub wake: Notify,
    /// What may go wrong.
    pub faults: Known,
    payment_limit: AtomicI64,
    derive_key: Secret,
}

pub(crate) struct Partner {
    pub client_id: String,
    pub secret: Secret,
    pub public_key: PublicKey,
    pub name: String,
}

pub(crate) struct Gateway {
    pub endpoint: GatewayEndpoint,
    pub private_key: PrivateKey,
    /// Path and query of the notification URL, as the signature needs it.
    pub notify_path: String,
}

impl Bank {
    pub(crate) async fn open(config: Config) -> Result<(Self, tokio::net::TcpListener), Error> {
        let public_key = PublicKey::from_pem(&config.partner.public_key_pem)
            .map_err(|error| Error::Config(format!("the partner's public key: {error}")))?;
        let public_url = origin(&config.public_url)?;
        let gateway = config.gateway.map(Gateway::new).transpose()?;
        let db = Db::open(&config.database).await?;
        let mut write = db.write().await?;
        let offset = number(&mut write, "clock_offset_ms").await?;
        let clock = Clock::at_offset(offset.unwrap_or(0));
        let derive_key = match setting(&mut write, "derive_key").await? {
            Some(key) => key,
            None => {
                let key = entropy::secret()?;
                set(&mut write, "derive_key", &key).await?;
                key
            }
        };
        let limit = number(&mut write, "payment_limit").await?;
        customers::seed(&mut write, clock.now_ms()).await?;
        let armed = !armed::list(&mut *write).await?.is_empty();
        let met = met::any(&mut *write).await?;
        write.commit().await?;
        let bank = Self {
            db,
            clock: Arc::new(clock),
            partner: Partner {
                client_id: config.partner.client_id,
                secret: config.partner.secret,
                public_key,
                name: config.partner.name,
            },
            gateway,
            public_url,
            relaxed_otp: config.relaxed_otp,
            otp_above: config.otp_above,
            control_secret: config.control_secret,
            wake: Notify::new(),
            faults: Known::new(armed, met),
            payment_limit: AtomicI64::new(limit.unwrap_or(PAYMENT_LIMIT)),
            derive_key: Secret::new(derive_key),
        };
        Ok((bank, config.listen))
    }

    /// The id of the page for a link or payment: the same whenever it is asked for.
    pub(crate) fn page_id(&self, subject_id: &str) -> String {
        entropy::derive(self.derive_key.expose(), "page", subject_id)
    }

    pub(crate) fn page_url(&self, subject_id: &str) -> String {
        format!("{}/pages/{}", self.public_url, self.page_id(subject_id))
    }

    /// The authCode of a link.
    pub(crate) fn auth_code(&self, link_id: &str) -> String {
        format!(
            "{link_id}.{}",
            entropy::derive(self.derive_key.expose(), "authCode", link_id)
        )
    }

    /// The most that one payment may be, in sen.
    pub(crate) fn payment_limit(&self) -> i64 {
        self.payment_limit.load(Ordering::Relaxed)
    }

    pub(crate) async fn set_payment_limit(&self, sen: i64) -> Result<(), Error> {
        let mut write = self.db.write().await?;
        set(&mut write, "payment_limit", &sen.to_string()).await?;
        write.commit().await?;
        self.payment_limit.store(sen, Ordering::Relaxed);
        Ok(())
    }

    /// Moves business time forward, for good; returns the new offset.
    pub(crate) async fn advance(&self, by_ms: i64) -> Result<i64, Error> {
        let mut write = self.db.write().await?;
        let offset = self.clock.offset_ms().saturating_add(by_ms.max(0));
        set(&mut write, "clock_offset_ms", &offset.to_string()).await?;
        self.clock.set_offset(offset);
        write.commit().await?;
        self.wake.notify_one();
        Ok(offset)
    }
}

impl Gateway {
    fn new(endpoint: GatewayEndpoint) -> Result<Self, Error> {
        let private_key = PrivateKey::from_pem(endpoint.private_key_pem.expose())
            .map_err(|error| Error::Config(format!("the bank's private key: {error}")))?;
        let url = url::Url::parse(&endpoint.notify_url)
            .map_err(|error| Error::Config(format!("the gateway's notification URL: {error}")))?;
        let notify_path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self {
            endpoint,
            private_key,
            notify_path,
        })
    }
}

/// The bank's address without a trailing slash. Its pages stand at the root, because their cookies do.
fn origin(public_url: &str) -> Result<String, Error> {
    let wrong = |why: &str| Error::Config(format!("public_url {why}"));
    let url =
        url::Url::parse(public_url).map_err(|error| wrong(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
        return Err(wrong("must be http(s)://host[:port] without a path"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

async fn number(conn: &mut SqliteConnection, name: &'static str) -> Result<Option<i64>, Error> {
    let text = setting(conn, name).await?;
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| Error::Corrupt("settings", format!("{name} is no number")))
}

async fn setting(conn: &mut SqliteConnection, name: &str) -> Result<Option<String>, Error> {
    Ok(
        sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(conn)
            .await?,
    )
}

async fn set(conn: &mut SqliteConnection, name: &str, value: &str) -> Result<(), Error> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
    sqlx::query(sql)
        .bind(name)
        .bind(value)
        .execute(conn)
        .await?;
    Ok(())
}
