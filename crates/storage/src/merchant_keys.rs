//! Merchants' public keys: several may be active while one replaces another.

use direct_debit::MerchantId;

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

const TABLE: &str = "merchant_keys";

statements! { "merchant_keys";
    INSERT = "INSERT INTO merchant_keys (merchant_id, key_id, public_key, state, created_at) \
              VALUES ($1, $2, $3, $4, $5) ON CONFLICT (merchant_id, key_id) DO NOTHING";
    OF_MERCHANT = "SELECT key_id, public_key, state, created_at FROM merchant_keys \
                   WHERE merchant_id = $1 ORDER BY created_at, key_id";
    SET_STATE = "UPDATE merchant_keys SET state = $3 WHERE merchant_id = $1 AND key_id = $2";
}

/// Whether a key is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MerchantKeyState {
    /// It is.
    Active,
    /// It is not any more.
    Retired,
}

impl MerchantKeyState {
    const ALL: [Self; 2] = [Self::Active, Self::Retired];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// One public key of a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantKey {
    /// Its id within the merchant, such as its fingerprint.
    pub key_id: String,
    /// The key as PEM.
    pub public_key: String,
    /// Whether it is accepted.
    pub state: MerchantKeyState,
    /// When it was added, in Unix milliseconds.
    pub created_at_ms: i64,
}

/// Adds a key; false when the merchant has a key with this id already.
pub async fn insert(s: &Session, merchant: &MerchantId, key: &MerchantKey) -> Result<bool, Error> {
    let values = [
        merchant.as_str().into(),
        (&key.key_id).into(),
        (&key.public_key).into(),
        key.state.as_str().into(),
        key.created_at_ms.into(),
    ];
    Ok(s.execute(INSERT, &values).await? == 1)
}

/// All keys of a merchant, oldest first.
pub async fn of_merchant(s: &Session, merchant: &MerchantId) -> Result<Vec<MerchantKey>, Error> {
    s.fetch_all(OF_MERCHANT, &[merchant.as_str().into()])
        .await?
        .iter()
        .map(key)
        .collect()
}

/// Accepts a key, or no more; false when there is no such key.
pub async fn set_state(
    s: &Session,
    merchant: &MerchantId,
    key_id: &str,
    state: MerchantKeyState,
) -> Result<bool, Error> {
    let values = [
        merchant.as_str().into(),
        key_id.into(),
        state.as_str().into(),
    ];
    Ok(s.execute(SET_STATE, &values).await? == 1)
}

fn key(row: &Record) -> Result<MerchantKey, Error> {
    let key_id = row.text("key_id")?;
    let state = row.named(
        "state",
        MerchantKeyState::ALL,
        MerchantKeyState::as_str,
        TABLE,
        &key_id,
    )?;
    Ok(MerchantKey {
        public_key: row.text("public_key")?,
        state,
        created_at_ms: row.int("created_at")?,
        key_id,
    })
}
