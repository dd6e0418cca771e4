//! A row as the tables' files read it: by column name, into the domain's types or an error.

use direct_debit::BankReason;
use snap::Amount;

use crate::Error;
use crate::engine::Row;
use crate::statements::Sql;

/// A row and the statement that found it, so that a column that cannot be read is told with it.
pub(crate) struct Record {
    row: Row,
    statement: &'static str,
}

impl Record {
    pub(crate) fn new(row: Row, sql: Sql) -> Self {
        Self {
            row,
            statement: sql.name(),
        }
    }

    pub(crate) fn text(&self, column: &str) -> Result<String, Error> {
        self.row
            .text(column)
            .map_err(|source| self.unreadable(source))
    }

    pub(crate) fn opt_text(&self, column: &str) -> Result<Option<String>, Error> {
        self.row
            .opt_text(column)
            .map_err(|source| self.unreadable(source))
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64, Error> {
        self.row
            .int(column)
            .map_err(|source| self.unreadable(source))
    }

    pub(crate) fn opt_int(&self, column: &str) -> Result<Option<i64>, Error> {
        self.row
            .opt_int(column)
            .map_err(|source| self.unreadable(source))
    }

    /// The value whose word the column holds.
    pub(crate) fn named<T: Copy>(
        &self,
        column: &str,
        all: impl IntoIterator<Item = T>,
        name: impl Fn(T) -> &'static str,
        table: &'static str,
        id: &str,
    ) -> Result<T, Error> {
        let word = self.text(column)?;
        all.into_iter()
            .find(|value| name(*value) == word)
            .ok_or_else(|| Error::corrupt(table, id, format!("{column} is {word:?}")))
    }

    /// A column of sen.
    pub(crate) fn amount(
        &self,
        column: &str,
        table: &'static str,
        id: &str,
    ) -> Result<Amount, Error> {
        let sen = self.int(column)?;
        Amount::from_sen(sen)
            .ok_or_else(|| Error::corrupt(table, id, format!("{column} is {sen} sen")))
    }

    /// The bank's words, from `failure_code` and `failure_message`.
    pub(crate) fn reason(
        &self,
        table: &'static str,
        id: &str,
    ) -> Result<Option<BankReason>, Error> {
        match (
            self.opt_text("failure_code")?,
            self.opt_text("failure_message")?,
        ) {
            (None, None) => Ok(None),
            (Some(code), Some(message)) => Ok(Some(BankReason { code, message })),
            _ => Err(Error::corrupt(table, id, "half a reason")),
        }
    }

    fn unreadable(&self, source: sqlx::Error) -> Error {
        Error::Statement {
            statement: self.statement,
            source,
        }
    }
}
