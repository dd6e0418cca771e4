//! Reading a configuration: a TOML file, then the environment over it.
//!
//! `GERBANG_LISTEN` sets `listen`, `GERBANG_BANKS__ALLO__SECRET` sets `banks.allo.secret`. Names without
//! `__` that are no setting belong to the command line and are left alone; an unknown name with `__`,
//! and any unknown key in the file, is an error. A secret of the environment is taken as it stands, also
//! where it looks like a number (`0123`) or is in quotation marks. Messages name the key and where it came from, never a
//! secret value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use snap::Secret;

use super::Config;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(String),
    /// A value is wrong.
    #[error("{key}: {reason}")]
    Wrong {
        /// The key, as it stands in the file.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ConfigError {
    /// A wrong value of `key`.
    pub fn wrong(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Wrong {
            key: key.into(),
            reason: reason.into(),
        }
    }
}

/// Settings that the environment may give without a `__` in the name.
const TOP_LEVEL: &[&str] = &[
    "listen",
    "public_url",
    "database",
    "database_connections",
    "master_keys_file",
    "master_key",
    "clock_skew_s",
    "page_life_s",
    "trusted_proxies",
    "sandbox",
];

impl Config {
    /// Reads the file, if one is given, and the environment over it, and checks the result.
    ///
    /// # Errors
    /// When the file is missing or malformed, holds an unknown key, or a value is wrong.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::Unreadable(format!(
                    "there is no file {}",
                    file.display()
                )));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("GERBANG_")
            .filter(|key| {
                key.as_str().contains("__") || TOP_LEVEL.iter().any(|setting| key == setting)
            })
            .split("__");
        figment = figment.merge(environment.clone().filter(|key| !is_secret(key.as_str())));
        for (key, text) in environment
            .iter()
            .filter(|(key, _)| is_secret(key.as_str()))
        {
            figment = figment.merge(Serialized::default(key.as_str(), text));
        }
        let mut config: Self = figment
            .extract()
            .map_err(|error| ConfigError::Unreadable(error.to_string()))?;
        config.read_master_keys_file()?;
        config.check()?;
        Ok(config)
    }

    fn read_master_keys_file(&mut self) -> Result<(), ConfigError> {
        let Some(file) = &self.master_keys_file else {
            return Ok(());
        };
        let keys: BTreeMap<String, String> = Figment::from(Toml::file_exact(file))
            .extract()
            .map_err(|_| {
                ConfigError::wrong(
                    "master_keys_file",
                    "expected lines of the form id = \"base64\"",
                )
            })?;
        self.master_keys
            .extend(keys.into_iter().map(|(id, key)| (id, Secret::new(key))));
        Ok(())
    }
}

/// Whether a key, its parts divided by dots, holds a secret.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "database"
        || key.starts_with("master_keys.")
        || key.ends_with(".secret")
        || key.ends_with(".inbound_secret")
}

/// Reads a secret. A number is refused: whoever wrote it may have lost zeros.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    deserializer.deserialize_any(SecretText)
}

/// Reads secrets by name.
pub(super) fn secrets<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Secret>, D::Error> {
    let texts = BTreeMap::<String, Wrapped>::deserialize(deserializer)?;
    Ok(texts
        .into_iter()
        .map(|(name, text)| (name, text.0))
        .collect())
}

struct Wrapped(Secret);

impl<'de> Deserialize<'de> for Wrapped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        secret(deserializer).map(Self)
    }
}

struct SecretText;

impl Visitor<'_> for SecretText {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }
}
