//! Tokens: random, stored as hashes, looked up on every call; they live on the bank's clock.
//!
//! A token of a customer is worthless as soon as its link is no longer linked.

use sqlx::SqliteConnection;

use crate::links::{self, Link};
use crate::{Error, entropy};

pub(crate) const B2B_LIFE: i64 = 900_000;
pub(crate) const CUSTOMER_LIFE: i64 = 15 * 24 * 3_600_000;
pub(crate) const REFRESH_LIFE: i64 = 30 * 24 * 3_600_000;

/// Makes a token and stores its hash.
pub(crate) async fn issue(
    conn: &mut SqliteConnection,
    kind: &str,
    link_id: Option<&str>,
    expires_at: i64,
) -> Result<String, Error> {
    let token = entropy::secret()?;
    sqlx::query("INSERT INTO tokens (hash, kind, link_id, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(entropy::hash(&token))
        .bind(kind)
        .bind(link_id)
        .bind(expires_at)
        .execute(conn)
        .await?;
    Ok(token)
}

/// Is this a B2B token that still lives?
pub(crate) async fn is_b2b<'c, C>(conn: C, token: &str, now_ms: i64) -> Result<bool, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = "SELECT COUNT(*) FROM tokens WHERE hash = $1 AND kind = 'b2b' AND expires_at > $2";
    let found: i64 = sqlx::query_scalar(sql)
        .bind(entropy::hash(token))
        .bind(now_ms)
        .fetch_one(conn)
        .await?;
    Ok(found > 0)
}

/// The link that a customer or refresh token stands for, if token and link still live.
pub(crate) async fn link(
    conn: &mut SqliteConnection,
    kind: &str,
    token: &str,
    now_ms: i64,
) -> Result<Option<Link>, Error> {
    let sql = "SELECT link_id FROM tokens WHERE hash = $1 AND kind = $2 AND expires_at > $3";
    let link_id: Option<String> = sqlx::query_scalar(sql)
        .bind(entropy::hash(token))
        .bind(kind)
        .bind(now_ms)
        .fetch_optional(&mut *conn)
        .await?
        .flatten();
    let Some(link_id) = link_id else {
        return Ok(None);
    };
    Ok(Some(links::by_id(conn, &link_id).await?).filter(Link::is_linked))
}

/// Forgets what has expired.
pub(crate) async fn sweep(conn: &mut SqliteConnection, now_ms: i64) -> Result<(), Error> {
    sqlx::query("DELETE FROM tokens WHERE expires_at <= $1")
        .bind(now_ms)
        .execute(conn)
        .await?;
    Ok(())
}
