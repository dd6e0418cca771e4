//! Named values that outlive a process and that every gateway reads, such as the clock's offset.

use crate::statements::statements;
use crate::{Error, Session};

statements! { "settings";
    GET = "SELECT value FROM settings WHERE name = $1";
    PUT = "INSERT INTO settings (name, value) VALUES ($1, $2) \
           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// The setting that holds how far business time is ahead of the wall clock, in milliseconds.
pub const CLOCK_OFFSET: &str = "clock_offset_ms";

/// The value of a setting.
pub async fn get(s: &Session, name: &str) -> Result<Option<String>, Error> {
    s.fetch_optional(GET, &[name.into()])
        .await?
        .map(|row| row.text("value"))
        .transpose()
}

/// Sets a setting, whether or not it was there.
pub async fn put(s: &Session, name: &str, value: &str) -> Result<(), Error> {
    s.execute(PUT, &[name.into(), value.into()]).await.map(drop)
}
