//! Faults that a tester armed: for the next so many calls, or for a share of them. They lie in the database, so that
//! a restart keeps them.
//!
//! Which calls of a share go wrong is decided by a seed and by counting, so that a test repeats.

use serde::Serialize;
use sqlx::SqliteConnection;

use super::{Operation, Outcome, outcome};
use crate::Error;

/// Of a million calls.
pub(crate) const WHOLE: i64 = 1_000_000;

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    /// The next so many.
    Times(i64),
    /// So many of a million, by this seed, until it is cleared.
    Share { millionths: i64, seed: i64 },
}

/// A fault as it is listed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub(crate) struct Armed {
    pub id: i64,
    pub operation: String,
    pub outcome: String,
    /// How many calls are still to go wrong.
    pub times: Option<i64>,
    /// Of a million.
    #[serde(serialize_with = "as_share")]
    pub share: Option<i64>,
    pub seed: i64,
    /// How many calls it has looked at.
    pub seen: i64,
    /// How many of them went wrong.
    pub hits: i64,
}

fn as_share<S: serde::Serializer>(share: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
    // At most a million: exact in an f64.
    let share = share.and_then(|share| i32::try_from(share).ok());
    share.map(|share| f64::from(share) / 1e6).serialize(to)
}

const ALL: &str = "SELECT id, operation, outcome, times, share, seed, seen, hits FROM faults";

/// Arms a fault, after those that are armed already.
pub(crate) async fn arm(
    conn: &mut SqliteConnection,
    operation: Operation,
    outcome: Outcome,
    measure: Measure,
) -> Result<Armed, Error> {
    let (times, share, seed) = match measure {
        Measure::Times(times) => (Some(times), None, 0),
        Measure::Share { millionths, seed } => (None, Some(millionths), seed),
    };
    let sql = "INSERT INTO faults (operation, outcome, times, share, seed) VALUES ($1, $2, $3, $4, $5) \
               RETURNING id, operation, outcome, times, share, seed, seen, hits";
    Ok(sqlx::query_as(sql)
        .bind(operation.name())
        .bind(outcome.to_string())
        .bind(times)
        .bind(share)
        .bind(seed)
        .fetch_one(conn)
        .await?)
}

/// What is armed, in the order in which it was.
pub(crate) async fn list<'c, C>(conn: C) -> Result<Vec<Armed>, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = sqlx::AssertSqlSafe(format!("{ALL} ORDER BY id"));
    Ok(sqlx::query_as(sql).fetch_all(conn).await?)
}

/// Disarms everything, or one operation, or one outcome of it; tells how many.
pub(crate) async fn clear(
    conn: &mut SqliteConnection,
    operation: Option<Operation>,
    outcome: Option<Outcome>,
) -> Result<u64, Error> {
    let sql =
        "DELETE FROM faults WHERE ($1 IS NULL OR operation = $1) AND ($2 IS NULL OR outcome = $2)";
    let done = sqlx::query(sql)
        .bind(operation.map(Operation::name))
        .bind(outcome.map(|outcome| outcome.to_string()))
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// The armed fault that hits this call, counted; the first one that does, of those that `wanted` lets through.
pub(crate) async fn take(
    conn: &mut SqliteConnection,
    operation: Operation,
    wanted: fn(Outcome) -> bool,
) -> Result<Option<Outcome>, Error> {
    let any = match operation {
        Operation::Notify => operation,
        _ => Operation::Any,
    };
    let sql = sqlx::AssertSqlSafe(format!("{ALL} WHERE operation IN ($1, $2) ORDER BY id"));
    let armed: Vec<Armed> = sqlx::query_as(sql)
        .bind(operation.name())
        .bind(any.name())
        .fetch_all(&mut *conn)
        .await?;
    for fault in armed {
        let named = super::operation(&fault.operation);
        let Some(outcome) = named
            .and_then(|named| outcome(named, &fault.outcome))
            .ok()
            .filter(|outcome| wanted(*outcome))
        else {
            continue;
        };
        let hit = fault
            .share
            .is_none_or(|share| chosen(fault.seed, fault.seen, share));
        let sql = match fault.times {
            Some(..=1) => "DELETE FROM faults WHERE id = $1 AND $2 = 1",
            _ => {
                "UPDATE faults SET seen = seen + 1, hits = hits + $2, times = times - $2 WHERE id = $1"
            }
        };
        sqlx::query(sql)
            .bind(fault.id)
            .bind(i64::from(hit))
            .execute(&mut *conn)
            .await?;
        if hit {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

/// Whether the call with this number is one of the share: SplitMix64, so that a seed always chooses the same.
fn chosen(seed: i64, number: i64, millionths: i64) -> bool {
    let [seed, number, millionths] =
        [seed, number, millionths].map(|value| u64::try_from(value).unwrap_or_default());
    let step = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut mixed = seed.wrapping_mul(0xd6e8_feb8_6659_fd93).wrapping_add(step);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % WHOLE.unsigned_abs() < millionths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_what_it_says_and_its_seed_repeats_it() {
        let run = |seed, share| -> Vec<bool> {
            (0..10_000).map(|call| chosen(seed, call, share)).collect()
        };
        assert_eq!(run(1, 250_000), run(1, 250_000));
        assert_ne!(run(1, 250_000), run(2, 250_000));
        let hits = run(7, 250_000).iter().filter(|hit| **hit).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(run(3, WHOLE).iter().all(|hit| *hit));
    }
}
