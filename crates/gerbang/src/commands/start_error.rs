//! What to do when a gateway does not start or its database does not open: which setting it is about.
//!
//! It must never show a password: of the database's URL it takes host, port and name.

use std::io::ErrorKind;
use std::path::Path;

use gateway::{KeysError, StartError};
use snap::Secret;
use storage::{CipherError, Error};
use url::Url;

/// The error with what to do above it, where that is known.
pub fn explained(error: StartError, database: &Secret) -> anyhow::Error {
    match remedy(&error, database.expose()) {
        Some(remedy) => anyhow::Error::new(error).context(remedy),
        None => error.into(),
    }
}

fn remedy(error: &StartError, database: &str) -> Option<String> {
    match error {
        StartError::Listen { source, .. } if source.kind() == ErrorKind::AddrInUse => {
            Some("stop what listens there, or change the setting `listen`".to_owned())
        }
        StartError::Store(Error::Unavailable(_) | Error::Settings(_)) => Some(unopened(database)),
        StartError::Keys(KeysError::Store(Error::Cipher {
            source: CipherError::UnknownKey(_) | CipherError::Refused(_),
            ..
        })) => Some(
            "the database was sealed with another master key than the settings give; give the one it \
             was made with, in `master_keys` or `master_keys_file`"
                .to_owned(),
        ),
        _ => None,
    }
}

fn unopened(database: &str) -> String {
    if let Some(path) = database.strip_prefix("sqlite:") {
        let folder = Path::new(path.strip_prefix("//").unwrap_or(path)).parent();
        return match folder.filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            Some(folder) => format!(
                "there is no folder {}; make it, or change the setting `database`",
                folder.display()
            ),
            None => "the file that the setting `database` names cannot be used".to_owned(),
        };
    }
    match Url::parse(database) {
        Ok(url) if url.query().is_none() && url.host_str().is_some() => format!(
            "cannot use the database {} at {}:{}; see that PostgreSQL runs there and lets this user in, \
             or change the setting `database`",
            url.path().trim_start_matches('/'),
            url.host_str().unwrap_or_default(),
            url.port().unwrap_or(5432)
        ),
        _ => "cannot use the PostgreSQL that the setting `database` names; see that it runs and lets \
              this user in"
            .to_owned(),
    }
}
