//! Texts of statements over several rows, put together when the program is compiled.
//!
//! One statement for 64 rows costs a round trip and a plan where 64 statements cost as many. The texts are
//! constants like all others and stand in the same lists; nothing is put together at run time.

// Only ever run by the compiler, which refuses an index that is out of bounds.
#![allow(clippy::indexing_slicing)]

use crate::Value;
use crate::statements::Sql;

/// The type of a column of the rows given.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Text,
    Int,
}

/// The same statement for 64 rows, for 8 and for one.
pub(crate) struct Sized {
    pub many: Sql,
    pub some: Sql,
    pub one: Sql,
}

impl Sized {
    /// Cuts rows of values into as few statements as there can be.
    pub fn cut<'a>(
        &self,
        mut rows: &'a [Vec<Value>],
    ) -> impl Iterator<Item = (Sql, Vec<Value>)> + use<'a> {
        let sizes = [(64, self.many), (8, self.some), (1, self.one)];
        std::iter::from_fn(move || {
            let (size, sql) = sizes.iter().find(|(size, _)| rows.len() >= *size)?;
            let (group, rest) = rows.split_at(*size);
            rows = rest;
            Some((*sql, group.concat()))
        })
    }
}

/// The text `before (CAST($1 AS …), …), (…) after` with this many groups.
macro_rules! rows_text {
    ($rows:literal, $before:literal, $columns:expr, $after:literal) => {{
        const LEN: usize = $crate::rows::write::<0>($before, $columns, $rows, $after).1;
        const BYTES: [u8; LEN] = $crate::rows::write::<LEN>($before, $columns, $rows, $after).0;
        match std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => "",
        }
    }};
}
pub(crate) use rows_text;

/// The bytes, as far as there is room, and how many there are.
pub(crate) const fn write<const N: usize>(
    before: &str,
    columns: &[Column],
    rows: usize,
    after: &str,
) -> ([u8; N], usize) {
    let mut out = Out {
        bytes: [0; N],
        len: 0,
    };
    out = out.put(before);
    let (mut row, mut number) = (0, 1);
    while row < rows {
        out = out.put(if row == 0 { "(" } else { ", (" });
        let mut column = 0;
        while column < columns.len() {
            out = out.put(if column == 0 { "CAST($" } else { ", CAST($" });
            out = out.put_number(number);
            out = out.put(match columns[column] {
                Column::Text => " AS TEXT)",
                Column::Int => " AS BIGINT)",
            });
            number += 1;
            column += 1;
        }
        out = out.put(")");
        row += 1;
    }
    out = out.put(after);
    (out.bytes, out.len)
}

struct Out<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Out<N> {
    const fn put(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut at = 0;
        while at < text.len() {
            if self.len < N {
                self.bytes[self.len] = text[at];
            }
            self.len += 1;
            at += 1;
        }
        self
    }

    const fn put_number(self, number: usize) -> Self {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let more = number / 10;
        let out = if more > 0 {
            self.put_number(more)
        } else {
            self
        };
        out.put(DIGITS[number % 10])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::Text, Column::Int];

    #[test]
    fn rows_are_numbered_through() {
        assert_eq!(
            rows_text!(1, "VALUES ", COLUMNS, ";"),
            "VALUES (CAST($1 AS TEXT), CAST($2 AS BIGINT));"
        );
        let many = rows_text!(64, "VALUES ", COLUMNS, "");
        assert!(many.ends_with(", (CAST($127 AS TEXT), CAST($128 AS BIGINT))"));
    }

    #[test]
    fn rows_are_cut_into_as_few_statements_as_there_can_be() {
        let sized = Sized {
            many: Sql::new("many", ""),
            some: Sql::new("some", ""),
            one: Sql::new("one", ""),
        };
        let rows: Vec<Vec<Value>> = (0..64 + 2 * 8 + 1).map(|n| vec![Value::Int(n)]).collect();
        let names: Vec<&str> = sized.cut(&rows).map(|(sql, _)| sql.name()).collect();
        assert_eq!(names, ["many", "some", "some", "one"]);
        let values: Vec<Value> = sized.cut(&rows).flat_map(|(_, values)| values).collect();
        assert_eq!(values, rows.concat());
        assert_eq!(sized.cut(&[]).count(), 0);
    }
}
