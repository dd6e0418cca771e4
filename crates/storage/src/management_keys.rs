//! The keys with which operators use the management API: the hash of each, never the key.

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

const TABLE: &str = "management_keys";

statements! { "management_keys";
    INSERT = "INSERT INTO management_keys (id, name, scope, hash, created_at) \
              VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
    ALL = "SELECT id, name, scope, hash, created_at, last_used_at, revoked_at \
           FROM management_keys ORDER BY created_at, id";
    REVOKE = "UPDATE management_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    USED = "UPDATE management_keys SET last_used_at = $2 \
            WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// Everything.
    Operator,
    /// Looking, and nothing else.
    ReadOnly,
}

impl KeyScope {
    const ALL: [Self; 2] = [Self::Operator, Self::ReadOnly];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::ReadOnly => "read-only",
        }
    }
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagementKey {
    /// Its id, which is part of the key.
    pub id: String,
    /// Whose it is.
    pub name: String,
    /// What it is good for.
    pub scope: KeyScope,
    /// SHA-256 of its secret part, in hex.
    pub hash: String,
    /// When it was made, in Unix milliseconds.
    pub created_at_ms: i64,
    /// When it was last seen, to the minute.
    pub last_used_at_ms: Option<i64>,
    /// Since when it is refused.
    pub revoked_at_ms: Option<i64>,
}

/// Adds a key; false when there is one with this id.
pub async fn insert(s: &Session, key: &ManagementKey) -> Result<bool, Error> {
    let values = [
        (&key.id).into(),
        (&key.name).into(),
        key.scope.as_str().into(),
        (&key.hash).into(),
        key.created_at_ms.into(),
    ];
    Ok(s.execute(INSERT, &values).await? == 1)
}

/// All keys, revoked ones too, oldest first.
pub async fn all(s: &Session) -> Result<Vec<ManagementKey>, Error> {
    s.fetch_all(ALL, &[]).await?.iter().map(read).collect()
}

/// Refuses a key from now on; false when there is no such key, or it is revoked already.
pub async fn revoke(s: &Session, id: &str, now_ms: i64) -> Result<bool, Error> {
    Ok(s.execute(REVOKE, &[id.into(), now_ms.into()]).await? == 1)
}

/// Notes that a key was used.
pub async fn used(s: &Session, id: &str, now_ms: i64) -> Result<(), Error> {
    s.execute(USED, &[id.into(), now_ms.into()]).await.map(drop)
}

fn read(row: &Record) -> Result<ManagementKey, Error> {
    let id = row.text("id")?;
    Ok(ManagementKey {
        name: row.text("name")?,
        scope: row.named("scope", KeyScope::ALL, KeyScope::as_str, TABLE, &id)?,
        hash: row.text("hash")?,
        created_at_ms: row.int("created_at")?,
        last_used_at_ms: row.opt_int("last_used_at")?,
        revoked_at_ms: row.opt_int("revoked_at")?,
        id,
    })
}
