//! X-TIMESTAMP and the other times on the wire: ISO 8601 with an offset, kept as the text that was sent.
//!
//! The text goes into signatures byte for byte, so it is never printed again from the parsed time. Nothing
//! here asks what time it is. The business day is Jakarta's (UTC+7, no summer time).

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Jakarta's distance from UTC.
const JAKARTA_OFFSET_MS: i64 = 7 * 60 * 60 * 1000;

/// A time as it was written on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    text: String,
    unix_ms: i64,
}

/// The text is not a time of the wire's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a timestamp is yyyy-MM-ddTHH:mm:ss, at most three decimals, and Z or an offset such as +07:00"
)]
pub struct TimestampError;

impl Timestamp {
    /// Reads `yyyy-MM-ddTHH:mm:ss`, optionally one to three decimals, and `Z` or `±HH:MM`.
    ///
    /// # Errors
    /// [`TimestampError`] for anything else, also for dates that do not exist.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let unix_ms = parse_unix_ms(text).ok_or(TimestampError)?;
        Ok(Self {
            text: text.to_owned(),
            unix_ms,
        })
    }

    /// The time in Jakarta's spelling, for our own messages.
    #[must_use]
    pub fn from_unix_ms(unix_ms: i64) -> Self {
        Self {
            text: format_jakarta(unix_ms),
            unix_ms,
        }
    }

    /// The text as it was sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Milliseconds since 1970 UTC.
    #[must_use]
    pub fn unix_ms(&self) -> i64 {
        self.unix_ms
    }

    /// The calendar day in Jakarta, such as `20260102`.
    #[must_use]
    pub fn jakarta_day(&self) -> String {
        jakarta_day(self.unix_ms)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// `2026-01-02T10:04:05+07:00`: whole seconds, Jakarta's offset. A time outside the years 0 to 9999 is
/// printed as the nearest one inside.
#[must_use]
pub fn format_jakarta(unix_ms: i64) -> String {
    let at = jakarta(unix_ms);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+07:00",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The calendar day in Jakarta, such as `20260102`.
#[must_use]
pub fn jakarta_day(unix_ms: i64) -> String {
    let at = jakarta(unix_ms);
    format!("{:04}{:02}{:02}", at.year(), u8::from(at.month()), at.day())
}

/// Whether a text is an existing day written `YYYYMMDD`.
#[must_use]
pub fn is_calendar_day(text: &str) -> bool {
    text.len() == 8
        && digits(text, 0, 4)
            .zip(digits(text, 4, 2))
            .zip(digits(text, 6, 2))
            .and_then(|((year, month), day)| date(year, month, day))
            .is_some()
}

/// A date and time whose fields read as Jakarta's clock shows them.
fn jakarta(unix_ms: i64) -> OffsetDateTime {
    /// 0001-01-01T00:00:00Z and 9999-12-31T16:59:59Z.
    const EARLIEST_S: i64 = -62_135_596_800;
    const LATEST_S: i64 = 253_402_275_599;
    let seconds = unix_ms.div_euclid(1000).clamp(EARLIEST_S, LATEST_S);
    OffsetDateTime::from_unix_timestamp(seconds + JAKARTA_OFFSET_MS / 1000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn parse_unix_ms(text: &str) -> Option<i64> {
    let day = date(
        digits(text, 0, 4)?,
        digits(text, 5, 2)?,
        digits(text, 8, 2)?,
    )?;
    for (at, expected) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] {
        if text.get(at..at + 1)? != expected {
            return None;
        }
    }
    let (millisecond, offset) = decimals(text.get(19..)?)?;
    let clock = Time::from_hms_milli(
        u8::try_from(digits(text, 11, 2)?).ok()?,
        u8::try_from(digits(text, 14, 2)?).ok()?,
        u8::try_from(digits(text, 17, 2)?).ok()?,
        millisecond,
    )
    .ok()?;
    let at = PrimitiveDateTime::new(day, clock).assume_offset(parse_offset(offset)?);
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Splits `.123Z` into milliseconds and the rest.
fn decimals(rest: &str) -> Option<(u16, &str)> {
    let Some(rest) = rest.strip_prefix('.') else {
        return Some((0, rest));
    };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let value = u16::try_from(digits(rest, 0, count)?).ok()?;
    let factor = match count {
        1 => 100,
        2 => 10,
        3 => 1,
        _ => return None,
    };
    Some((value.checked_mul(factor)?, rest.get(count..)?))
}

fn parse_offset(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let sign = match text.get(0..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    if text.len() != 6 || text.get(3..4)? != ":" {
        return None;
    }
    let hours = i8::try_from(digits(text, 1, 2)?).ok()?;
    let minutes = i8::try_from(digits(text, 4, 2)?).ok()?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
}

/// The number written by `count` ASCII digits (at most four) from byte `start`.
fn digits(text: &str, start: usize, count: usize) -> Option<u32> {
    let part = text.get(start..start.checked_add(count)?)?;
    if part.is_empty() || part.len() > 4 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    part.parse().ok()
}
