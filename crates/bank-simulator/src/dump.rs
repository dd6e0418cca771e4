//! Every row of every table as JSON lines, so that a test can see that nothing changed.

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Row, SqliteConnection, TypeInfo, ValueRef};

use crate::Error;

/// Tables of the bank. `settings` is left out: it holds the bank's own key and its clock.
const TABLES: [&str; 17] = [
    "customers",
    "accounts",
    "movements",
    "postings",
    "links",
    "tokens",
    "payments",
    "payment_parts",
    "refunds",
    "pages",
    "otps",
    "wrong_otps",
    "inbox",
    "notifications",
    "faults",
    "faults_met",
    "forgeries",
];

/// One JSON object a line, with its table's name, in a stable order.
pub(crate) async fn dump(conn: &mut SqliteConnection) -> Result<String, Error> {
    let mut out = String::new();
    for table in TABLES {
        // The names are the constants above.
        let sql = sqlx::AssertSqlSafe(format!("SELECT * FROM {table} ORDER BY 1, 2"));
        for row in sqlx::query(sql).fetch_all(&mut *conn).await? {
            let mut object = Map::from_iter([("table".to_owned(), Value::from(table))]);
            object.extend(values(&row)?);
            out.push_str(&Value::Object(object).to_string());
            out.push('\n');
        }
    }
    Ok(out)
}

fn values(row: &SqliteRow) -> Result<Map<String, Value>, Error> {
    let mut object = Map::new();
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        let value = match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" => Value::from(row.try_get::<i64, _>(column.ordinal())?),
            _ => Value::from(row.try_get::<String, _>(column.ordinal())?),
        };
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}
