//! Making the clients of all configured banks, once, when the gateway starts.

use std::sync::Arc;

use snap::PrivateKey;

use super::{Bank, BankError, BankProfile, Banks};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::entropy::Entropy;
use crate::keys::Keys;

/// Why the banks' clients could not be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file of a bank's configuration cannot be read.
    #[error("banks.{bank}: a file cannot be read")]
    File {
        /// The bank's id.
        bank: String,
        /// Why.
        source: std::io::Error,
    },
    /// Our private key for a bank is unusable.
    #[error("banks.{bank}.private_key_file is unusable")]
    Key {
        /// The bank's id.
        bank: String,
        /// Why.
        source: snap::KeyError,
    },
    /// The client cannot be made.
    #[error("the client cannot be made")]
    Client(#[from] BankError),
}

/// The clients of all banks of a configuration.
pub fn open(
    config: &Config,
    keys: &Keys,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Banks, OpenError> {
    let mut banks = Vec::new();
    for (id, bank) in &config.banks {
        let profile = BankProfile::configured(id, bank).map_err(|source| OpenError::File {
            bank: id.clone(),
            source,
        })?;
        let key = private_key(id, bank, keys)?;
        banks.push(Bank::new(profile, key, clock.clone(), entropy.clone())?);
    }
    Ok(Banks::new(banks))
}

fn private_key(id: &str, bank: &config::Bank, keys: &Keys) -> Result<Arc<PrivateKey>, OpenError> {
    let Some(file) = &bank.private_key_file else {
        return Ok(Arc::clone(keys.bank()));
    };
    let pem = std::fs::read_to_string(file).map_err(|source| OpenError::File {
        bank: id.to_owned(),
        source,
    })?;
    let key = PrivateKey::from_pem(&pem).map_err(|source| OpenError::Key {
        bank: id.to_owned(),
        source,
    })?;
    Ok(Arc::new(key))
}
