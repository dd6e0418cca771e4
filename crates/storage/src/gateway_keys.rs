//! The gateway's own keys: RSA pairs, token keys, the key that page ids are derived with.
//!
//! Of each purpose several may be alive: the newest active one makes new things, all that are not
//! retired still verify. Every gateway on the database reads the same ones.

use snap::Secret;

use crate::cipher::Place;
use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

const TABLE: &str = "gateway_keys";

statements! { "gateway_keys";
    INSERT = "INSERT INTO gateway_keys (id, purpose, material, state, created_at, \
              signs_from) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
    ALL = "SELECT id, purpose, material, state, created_at, signs_from FROM gateway_keys \
           ORDER BY created_at DESC, id DESC";
    SET_STATE = "UPDATE gateway_keys SET state = $2 WHERE id = $1";
    SET_MATERIAL = "UPDATE gateway_keys SET material = $2 WHERE id = $1 AND material = $3";
}

/// What may be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It makes new things and verifies old ones.
    Active,
    /// It only verifies.
    Previous,
    /// It does nothing any more.
    Retired,
}

impl KeyState {
    const ALL: [Self; 3] = [Self::Active, Self::Previous, Self::Retired];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Previous => "previous",
            Self::Retired => "retired",
        }
    }
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayKey {
    /// Its id; also the `kid` of the tokens that it signs.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// The key itself, as text.
    pub material: Secret,
    /// What may be done with it.
    pub state: KeyState,
    /// When it was made, in Unix milliseconds.
    pub created_at_ms: i64,
    /// Until then the key before it makes new things; at once where nothing is said.
    pub signs_from_ms: Option<i64>,
}

/// Adds a key; false when a key with this id is there already (then read that one).
pub async fn insert(s: &Session, key: &GatewayKey) -> Result<bool, Error> {
    let material = s.seal(place(&key.id), key.material.expose())?;
    let values = [
        (&key.id).into(),
        (&key.purpose).into(),
        material.into(),
        key.state.as_str().into(),
        key.created_at_ms.into(),
        key.signs_from_ms.into(),
    ];
    Ok(s.execute(INSERT, &values).await? == 1)
}

/// All keys that are not retired, newest first.
pub async fn alive(s: &Session) -> Result<Vec<GatewayKey>, Error> {
    let mut keys = all(s).await?;
    keys.retain(|key| key.state != KeyState::Retired);
    Ok(keys)
}

/// All keys, newest first.
pub async fn all(s: &Session) -> Result<Vec<GatewayKey>, Error> {
    s.fetch_all(ALL, &[])
        .await?
        .iter()
        .map(|row| key(s, row))
        .collect()
}

/// Changes what may be done with a key; false when there is no such key.
pub async fn set_state(s: &Session, id: &str, state: KeyState) -> Result<bool, Error> {
    Ok(s.execute(SET_STATE, &[id.into(), state.as_str().into()])
        .await?
        == 1)
}

/// Writes again, under the active master key, what stands under an older one. Returns how many.
pub async fn reseal(s: &Session) -> Result<u64, Error> {
    let mut changed = 0;
    for row in s.fetch_all(ALL, &[]).await? {
        let (id, stored) = (row.text("id")?, row.text("material")?);
        if let Some(sealed) = s.reseal(place(&id), &stored)? {
            changed += s
                .execute(SET_MATERIAL, &[id.into(), sealed.into(), stored.into()])
                .await?;
        }
    }
    Ok(changed)
}

fn key(s: &Session, row: &Record) -> Result<GatewayKey, Error> {
    let id = row.text("id")?;
    let state = row.named("state", KeyState::ALL, KeyState::as_str, TABLE, &id)?;
    Ok(GatewayKey {
        material: s.unseal(place(&id), &row.text("material")?)?,
        purpose: row.text("purpose")?,
        state,
        created_at_ms: row.int("created_at")?,
        signs_from_ms: row.opt_int("signs_from")?,
        id,
    })
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: TABLE,
        row: id,
        column: "material",
    }
}
