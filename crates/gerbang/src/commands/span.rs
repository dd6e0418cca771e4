//! Times as people type them: spans (`90s`, `15m`, `2h`, `1d`, or several in a row), and days and moments.

use anyhow::{Context as _, bail};
use snap::Timestamp;

/// A day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Reads a span.
pub fn duration(text: &str) -> anyhow::Result<std::time::Duration> {
    Ok(std::time::Duration::from_millis(u64::try_from(
        milliseconds(text)?,
    )?))
}

/// Reads a span into milliseconds.
pub fn milliseconds(text: &str) -> anyhow::Result<i64> {
    let mut total: i64 = 0;
    let mut digits = String::new();
    for letter in text.trim().chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit: i64 = match letter {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => bail!("`{text}` is not a time; write it like 90s, 15m, 2h or 1d"),
        };
        let count: i64 = digits
            .parse()
            .with_context(|| format!("`{text}` is not a time; write it like 90s, 15m, 2h or 1d"))?;
        total = count
            .checked_mul(unit)
            .and_then(|span| total.checked_add(span))
            .with_context(|| format!("`{text}` is too long"))?;
        digits.clear();
    }
    if !digits.is_empty() {
        bail!("`{text}` has no unit; write it like 90s, 15m, 2h or 1d");
    }
    if total <= 0 {
        bail!("time only moves forward; write it like 90s, 15m, 2h or 1d");
    }
    Ok(total)
}

/// A day of Jakarta's, or a time, in Unix milliseconds; a day may count to its end.
pub fn time(text: &str, day_adds_ms: i64) -> anyhow::Result<i64> {
    if let Ok(day) = Timestamp::parse(&format!("{text}T00:00:00+07:00")) {
        return Ok(day.unix_ms().saturating_add(day_adds_ms));
    }
    match Timestamp::parse(text) {
        Ok(time) => Ok(time.unix_ms()),
        Err(_) => bail!(
            "`{text}` is neither a day such as 2026-01-31 nor a time such as 2026-01-31T10:00:00+07:00"
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_span_is_a_number_with_its_unit_or_several_of_them() {
        assert_eq!(milliseconds("90s").unwrap(), 90_000);
        assert_eq!(milliseconds("15m").unwrap(), 900_000);
        assert_eq!(milliseconds("1d2h").unwrap(), 93_600_000);
    }

    #[test]
    fn what_is_not_a_span_is_refused_with_an_example() {
        for text in ["", "15", "m", "-5m", "5y", "0s", "99999999999999d"] {
            let error = milliseconds(text).unwrap_err().to_string();
            assert!(
                error.contains("15m") || error.contains("too long"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_day_is_jakartas_and_part_of_the_range() {
        assert_eq!(time("1970-01-02", 0).unwrap(), 17 * 60 * 60 * 1_000);
        assert_eq!(time("1970-01-01", DAY_MS).unwrap(), 17 * 60 * 60 * 1_000);
        assert_eq!(time("1970-01-01T07:00:01+07:00", DAY_MS).unwrap(), 1_000);
        assert!(time("soon", 0).unwrap_err().to_string().contains("soon"));
    }
}
