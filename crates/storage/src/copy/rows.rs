//! Rows of any table, as they are stored: read in pages, written in batches, summed up.

use aws_lc_rs::digest::{SHA256, digest};

use super::marks;
use crate::{Error, Session, Store, Value};

/// Rows in one page, and in one transaction.
pub(super) const PAGE: usize = 500;
/// Rows in one statement; both engines bound its parameters.
const ROWS_AT_ONCE: usize = 100;

/// Every table that is copied with its key, in the order of the schema.
pub(super) const KEYS: &[Table] = &[
    Table::new("merchants", &["id"]),
    Table::new("merchant_keys", &["merchant_id", "key_id"]),
    Table::new("gateway_keys", &["id"]),
    Table::new("management_keys", &["id"]),
    Table::new("settings", &["name"]),
    Table::new("bindings", &["merchant_id", "id"]),
    Table::new("payments", &["merchant_id", "id"]),
    Table::new("refunds", &["merchant_id", "id"]),
    Table::new("history", &["merchant_id", "subject", "version"]),
    Table::new(
        "external_ids",
        &["merchant_id", "scope", "day", "external_id"],
    ),
    Table::new("notifications", &["merchant_id", "id"]),
    Table::new(
        "notification_attempts",
        &["merchant_id", "notification_id", "version"],
    ),
    Table::new("notification_endpoints", &["merchant_id", "url"]),
    Table::new("listeners", &["merchant_id"]),
    Table::new("alarms", &["merchant_id", "id"]),
    Table::new("postings", &["merchant_id", "entry_id", "account"]),
];

/// A table and the columns of its key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    key: &'static [&'static str],
}

/// A row: the columns' names and values, in the order of the table.
pub(super) type Row = Vec<(String, Value)>;

/// The sum of a table that does not depend on the order of its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum {
    /// How many rows.
    pub rows: u64,
    /// The sum of the rows' hashes.
    pub sum: u128,
}

impl Table {
    const fn new(name: &'static str, key: &'static [&'static str]) -> Self {
        Self { name, key }
    }

    /// The rows after this key, in the order of the keys, and the last row's key. Each engine sorts
    /// in its own way, so a cursor is good for the engine that it came from.
    pub(super) async fn page(
        self,
        s: &Session,
        after: Option<&[Value]>,
    ) -> Result<(Vec<Row>, Option<Vec<Value>>), Error> {
        let key = self.key.join(", ");
        let beyond = match after {
            None => String::new(),
            Some(after) => format!("WHERE ({key}) > ({})", parameters(1, after.len())),
        };
        let sql = format!(
            "SELECT * FROM {} {beyond} ORDER BY {key} LIMIT {PAGE}",
            self.name
        );
        let mut rows = s.unlisted_rows(sql, after.unwrap_or_default()).await?;
        let last = match rows.last() {
            Some(row) if rows.len() == PAGE => Some(self.key_of(row)?),
            _ => None,
        };
        if self.name == "settings" {
            let is_mark = |row: &Row| {
                row.iter().any(|(column, value)| {
                    column == "name" && matches!(value, Value::Text(name) if marks::is_mark(name))
                })
            };
            rows.retain(|row| !is_mark(row));
        }
        Ok((rows, last))
    }

    fn key_of(self, row: &Row) -> Result<Vec<Value>, Error> {
        let value = |column: &&str| {
            let found = row.iter().find(|(name, _)| name == column);
            found.map(|(_, value)| value.clone()).ok_or_else(|| {
                Error::corrupt(self.name, column, "a column of the key is not there")
            })
        };
        self.key.iter().map(value).collect()
    }

    /// Writes rows that are not there yet.
    pub(super) async fn insert(self, s: &Session, rows: &[Row]) -> Result<(), Error> {
        for some in rows.chunks(ROWS_AT_ONCE) {
            let Some(first) = some.first() else { continue };
            let columns: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
            let tuples: Vec<String> = (0..some.len())
                .map(|row| format!("({})", parameters(row * columns.len() + 1, columns.len())))
                .collect();
            let sql = format!(
                "INSERT INTO {} ({}) VALUES {}",
                self.name,
                columns.join(", "),
                tuples.join(", ")
            );
            let values: Vec<Value> = some
                .iter()
                .flat_map(|row| row.iter().map(|(_, value)| value.clone()))
                .collect();
            s.unlisted(sql, &values).await?;
        }
        Ok(())
    }

    /// Deletes a batch of rows, whichever; says how many.
    pub(super) async fn delete_some(self, s: &Session) -> Result<u64, Error> {
        let key = self.key.join(", ");
        let sql = format!(
            "DELETE FROM {0} WHERE ({key}) IN (SELECT {key} FROM {0} LIMIT {PAGE})",
            self.name
        );
        s.unlisted(sql, &[]).await
    }

    /// How many rows there are; nothing where counting takes too long.
    pub(super) async fn count(self, store: &Store) -> Option<u64> {
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {}", self.name);
        let rows = store.reader().unlisted_rows(sql, &[]).await.ok()?;
        match rows.first()?.first()? {
            (_, Value::Int(count)) => u64::try_from(*count).ok(),
            _ => None,
        }
    }

    /// Reads the whole table.
    pub(super) async fn checksum(
        self,
        store: &Store,
        tell: &mut (dyn FnMut(u64) -> bool + Send),
    ) -> Result<Option<Checksum>, Error> {
        let reader = store.reader();
        let (mut total, mut after) = (Checksum::default(), None::<Vec<Value>>);
        loop {
            let (rows, last) = self.page(&reader, after.as_deref()).await?;
            for row in &rows {
                total.rows = total.rows.saturating_add(1);
                total.sum = total.sum.wrapping_add(hash(row));
            }
            if !tell(total.rows) {
                return Ok(None);
            }
            match last {
                Some(last) => after = Some(last),
                None => return Ok(Some(total)),
            }
        }
    }
}

/// `$3, $4, $5`.
fn parameters(first: usize, count: usize) -> String {
    let numbers: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    numbers.join(", ")
}

/// A hash of the columns by name: their order may differ, and no value can pass for two.
fn hash(row: &Row) -> u128 {
    let mut columns: Vec<&(String, Value)> = row.iter().collect();
    columns.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = String::new();
    for (name, value) in columns {
        let (kind, value) = match value {
            Value::Text(text) => ('t', text.clone()),
            Value::Int(number) => ('i', number.to_string()),
            Value::NullText | Value::NullInt => ('n', String::new()),
        };
        text.push_str(&format!("{name}{kind}{}:{value};", value.len()));
    }
    let hash = digest(&SHA256, text.as_bytes());
    let (first, _) = hash.as_ref().split_first_chunk().unwrap_or((&[0; 16], &[]));
    u128::from_be_bytes(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_but_the_gateways_is_copied_in_the_order_of_the_schema() {
        let copied: Vec<&str> = KEYS.iter().map(|table| table.name).collect();
        let all: Vec<&str> = Store::tables()
            .iter()
            .copied()
            .filter(|table| *table != crate::schema::PRESENCE)
            .collect();
        assert_eq!(copied, all);
    }

    #[test]
    fn a_hash_tells_rows_apart_and_not_the_order_of_columns() {
        let cell = |name: &str, value: Value| (name.to_owned(), value);
        let row = vec![cell("a", "1".into()), cell("b", 1.into())];
        let turned = vec![cell("b", 1.into()), cell("a", "1".into())];
        assert_eq!(hash(&row), hash(&turned));
        let other = [
            vec![cell("a", 1.into()), cell("b", 1.into())],
            vec![cell("a", "1".into()), cell("b", Value::NullInt)],
            vec![cell("a", "".into()), cell("b", 1.into())],
            vec![cell("a", Value::NullText), cell("b", 1.into())],
        ];
        for other in &other {
            assert_ne!(hash(&row), hash(other), "{other:?}");
        }
        assert_ne!(hash(&other[2]), hash(&other[3]));
    }
}
