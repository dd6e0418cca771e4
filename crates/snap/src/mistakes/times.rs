//! Other times that may have been signed: the same moment spelled otherwise, or a second reading of the
//! clock.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::Mistake;
use crate::Timestamp;

/// How far apart two readings of the clock may be.
const APART_S: i64 = 5;

const FORMS: [&[BorrowedFormatItem<'_>]; 7] = [
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"),
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"),
    format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]:[offset_minute]"
    ),
    format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory]:[offset_minute]"
    ),
    format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory][offset_minute]"
    ),
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"),
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"),
];

/// The mistaken times for this X-TIMESTAMP; none when it is no time.
pub fn others(timestamp: &str) -> Vec<(Mistake, String)> {
    let Ok(given) = Timestamp::parse(timestamp) else {
        return Vec::new();
    };
    let mut others = Vec::new();
    for apart_s in -APART_S..=APART_S {
        let mistake = if apart_s == 0 {
            Mistake::TIME_SPELLING
        } else {
            Mistake::CLOCK_READ_TWICE
        };
        let unix_ms = given.unix_ms().saturating_add(apart_s * 1000);
        others.extend(spellings(unix_ms).into_iter().map(|text| (mistake, text)));
    }
    others
}

fn spellings(unix_ms: i64) -> Vec<String> {
    let mut spellings = vec![unix_ms.to_string(), unix_ms.div_euclid(1000).to_string()];
    let nanoseconds = i128::from(unix_ms) * 1_000_000;
    let Ok(utc) = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds) else {
        return spellings;
    };
    for offset_h in [0, 7] {
        let Ok(offset) = UtcOffset::from_hms(offset_h, 0, 0) else {
            continue;
        };
        let Some(at) = utc.checked_to_offset(offset) else {
            continue;
        };
        // A Z means UTC, so Jakarta's clock with a Z is a wrong time; some write it all the same.
        spellings.extend(FORMS.iter().filter_map(|form| at.format(form).ok()));
    }
    spellings
}
