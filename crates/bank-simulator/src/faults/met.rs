//! What an amount or a customer asks for goes wrong once for each reference: a repeat goes well, so that whoever
//! asks again gets to an end. A call that was left open stays so until its time is over.

use sqlx::SqliteConnection;

use super::Operation;
use crate::Error;

/// When the call that is left open is done, if it was met before; a time in the past if it was not left open.
pub(crate) async fn open_until<'c, C>(
    conn: C,
    operation: Operation,
    reference: &str,
) -> Result<Option<i64>, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = "SELECT open_until FROM faults_met WHERE operation = $1 AND reference = $2";
    Ok(sqlx::query_scalar(sql)
        .bind(operation.name())
        .bind(reference)
        .fetch_optional(conn)
        .await?)
}

/// Notes it. False when it was noted before.
pub(crate) async fn note(
    conn: &mut SqliteConnection,
    operation: Operation,
    reference: &str,
    open_until: i64,
) -> Result<bool, Error> {
    let sql = "INSERT INTO faults_met (operation, reference, open_until) VALUES ($1, $2, $3) \
               ON CONFLICT (operation, reference) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(operation.name())
        .bind(reference)
        .bind(open_until)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether anything was noted.
pub(crate) async fn any<'c, C>(conn: C) -> Result<bool, Error>
where
    C: sqlx::SqliteExecutor<'c>,
{
    let sql = "SELECT EXISTS (SELECT 1 FROM faults_met)";
    Ok(sqlx::query_scalar(sql).fetch_one(conn).await?)
}
