//! A bank's statement as a CSV file: a header, then one line for each booking.

use std::path::Path;

use anyhow::{Context as _, bail};
use direct_debit::reconcile::{Direction, Line};
use serde::Deserialize;
use snap::{Amount, Timestamp};

/// One line of the file; its columns are named as in SNAP's statement.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "transactionDate")]
    transaction_date: String,
    #[serde(rename = "type")]
    kind: String,
    amount: String,
    #[serde(rename = "partnerReferenceNo")]
    partner_reference_no: String,
    #[serde(rename = "referenceNo", default)]
    reference_no: Option<String>,
}

/// Reads all of it.
pub fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(false)
        .from_path(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let mut lines = Vec::new();
    for (index, row) in reader.deserialize().enumerate() {
        let number = index.saturating_add(2);
        let line = row
            .map_err(anyhow::Error::from)
            .and_then(line)
            .with_context(|| format!("{}, line {number}", path.display()))?;
        lines.push(line);
    }
    Ok(lines)
}

fn line(row: Row) -> anyhow::Result<Line> {
    let at = Timestamp::parse(&row.transaction_date).with_context(|| {
        format!(
            "transactionDate `{}` is not a time such as 2026-01-31T10:00:00+07:00",
            row.transaction_date
        )
    })?;
    let amount = Amount::parse_lenient(&row.amount)
        .with_context(|| format!("amount `{}` is not a number such as 10000.00", row.amount))?;
    Ok(Line {
        direction: match row.kind.to_ascii_uppercase().as_str() {
            "DEBIT" => Direction::Debit,
            "CREDIT" => Direction::Credit,
            other => bail!("type `{other}` is neither DEBIT nor CREDIT"),
        },
        reference: Some(row.partner_reference_no).filter(|text| !text.is_empty()),
        bank_reference: row.reference_no.filter(|text| !text.is_empty()),
        amount_sen: amount.sen(),
        at_ms: at.unix_ms(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read_text(text: &str) -> anyhow::Result<Vec<Line>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("statement.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn columns_are_found_by_name_and_others_are_ignored() {
        let text = "amount,note,type,transactionDate,partnerReferenceNo\n\
                    10000.00,\"a, b\",DEBIT,1970-01-01T07:00:01+07:00,P1\n\
                    5,,credit,1970-01-01T00:00:02Z,\n";
        let lines = read_text(text).unwrap();
        let expected = [
            (Direction::Debit, Some("P1".to_owned()), 1_000_000, 1_000),
            (Direction::Credit, None, 500, 2_000),
        ];
        let seen: Vec<_> = lines
            .into_iter()
            .map(|line| (line.direction, line.reference, line.amount_sen, line.at_ms))
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let header = "transactionDate,type,amount,partnerReferenceNo,referenceNo\n";
        for (row, words) in [
            ("yesterday,DEBIT,1.00,P,B\n", "transactionDate"),
            ("2026-01-31T10:00:00+07:00,DEBIT,Rp1,P,B\n", "amount"),
            ("2026-01-31T10:00:00+07:00,BOTH,1.00,P,B\n", "neither"),
            ("2026-01-31T10:00:00+07:00,DEBIT\n", "fields"),
        ] {
            let error = format!("{:#}", read_text(&format!("{header}{row}")).unwrap_err());
            assert!(error.contains("line 2") && error.contains(words), "{error}");
        }
        let error = format!("{:#}", read_text("type,amount\nDEBIT,1.00\n").unwrap_err());
        assert!(error.contains("transactionDate"), "{error}");
    }
}
