//! Listeners: where a merchant's notifications go for a while instead of to its own URLs. A merchant has
//! one at most; the latest takes over. Times are the wall clock's: a listener is a process that lives now,
//! however far business time was moved.

use direct_debit::MerchantId;

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session, merchants};

/// An expired one can still be renewed for so long.
const FORGOTTEN_AFTER_MS: i64 = 60 * 60 * 1_000;

statements! { "listeners";
    PUT = "INSERT INTO listeners (merchant_id, id, notification_url, token_url, \
           binding_notification_url, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
           ON CONFLICT (merchant_id) DO UPDATE SET id = excluded.id, \
           notification_url = excluded.notification_url, token_url = excluded.token_url, \
           binding_notification_url = excluded.binding_notification_url, \
           created_at = excluded.created_at, expires_at = excluded.expires_at";
    RENEW = "UPDATE listeners SET expires_at = $3 WHERE merchant_id = $1 AND id = $2";
    END = "DELETE FROM listeners WHERE merchant_id = $1 AND id = $2";
    FORGET = "DELETE FROM listeners WHERE expires_at < $1";
    BY_ID = "SELECT merchant_id, id, notification_url, token_url, binding_notification_url, \
             created_at, expires_at FROM listeners WHERE id = $1";
    ALL = "SELECT merchant_id, id, notification_url, token_url, binding_notification_url, \
              created_at, expires_at FROM listeners ORDER BY merchant_id LIMIT $1";
    SOME = "SELECT merchant_id, id, notification_url, token_url, binding_notification_url, \
            created_at, expires_at FROM listeners WHERE merchant_id IN ($1, $2, $3, $4, $5, $6, \
            $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
}

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its id.
    pub id: String,
    /// Whose notifications it hears.
    pub merchant: MerchantId,
    /// Where those of payments and refunds go.
    pub notification_url: String,
    /// Where its token is fetched; nothing where it wants none.
    pub token_url: Option<String>,
    /// Where those of bindings go.
    pub binding_notification_url: String,
    /// When it began, in Unix milliseconds of the wall clock.
    pub created_at_ms: i64,
    /// When it ends unless it is renewed, likewise.
    pub expires_at_ms: i64,
}

impl Listener {
    /// Whether it still listens.
    #[must_use]
    pub fn is_live(&self, wall_now_ms: i64) -> bool {
        wall_now_ms < self.expires_at_ms
    }
}

/// Begins a listener; one that the merchant had is over. Forgets those that expired long ago.
pub async fn put(s: &Session, listener: &Listener) -> Result<(), Error> {
    let long_ago_ms = listener.created_at_ms.saturating_sub(FORGOTTEN_AFTER_MS);
    s.execute(FORGET, &[long_ago_ms.into()]).await?;
    let values = [
        listener.merchant.as_str().into(),
        (&listener.id).into(),
        (&listener.notification_url).into(),
        (&listener.token_url).into(),
        (&listener.binding_notification_url).into(),
        listener.created_at_ms.into(),
        listener.expires_at_ms.into(),
    ];
    s.execute(PUT, &values).await.map(drop)
}

/// Lets a listener live until then; false when it ended or another took over.
pub async fn renew(
    s: &Session,
    merchant: &MerchantId,
    id: &str,
    expires_at_ms: i64,
) -> Result<bool, Error> {
    let values = [merchant.as_str().into(), id.into(), expires_at_ms.into()];
    Ok(s.execute(RENEW, &values).await? == 1)
}

/// Ends a listener; false when it had ended or another took over.
pub async fn end(s: &Session, merchant: &MerchantId, id: &str) -> Result<bool, Error> {
    let values = [merchant.as_str().into(), id.into()];
    Ok(s.execute(END, &values).await? == 1)
}

/// The listener with this id, expired or not.
pub async fn by_id(s: &Session, id: &str) -> Result<Option<Listener>, Error> {
    let row = s.fetch_optional(BY_ID, &[id.into()]).await?;
    row.map(|row| read(&row)).transpose()
}

/// At most so many listeners, expired or not, by merchant.
pub async fn all(s: &Session, limit: i64) -> Result<Vec<Listener>, Error> {
    let rows = s.fetch_all(ALL, &[limit.into()]).await?;
    rows.iter().map(read).collect()
}

/// Those of these merchants, expired or not, in no order.
pub async fn some(s: &Session, of: &[MerchantId]) -> Result<Vec<Listener>, Error> {
    let rows = merchants::rows_of(s, SOME, of).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Record) -> Result<Listener, Error> {
    Ok(Listener {
        merchant: MerchantId::new(row.text("merchant_id")?),
        id: row.text("id")?,
        notification_url: row.text("notification_url")?,
        token_url: row.opt_text("token_url")?,
        binding_notification_url: row.text("binding_notification_url")?,
        created_at_ms: row.int("created_at")?,
        expires_at_ms: row.int("expires_at")?,
    })
}
