//! What a configuration must hold before anything starts. Every message names its key.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use snap::Secret;
use storage::MasterKeys;
use url::{Host, Url};

use super::{Bank, Config, ConfigError};
use crate::notify::policy::Policy;

impl Config {
    /// Checks every value that can be checked without touching the world.
    ///
    /// # Errors
    /// Names the first wrong key and what is wrong with it.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_addresses()?;
        self.check_keys()?;
        self.check_numbers()?;
        let mut channels = BTreeSet::new();
        for (id, bank) in &self.banks {
            check_bank(id, bank, self.sandbox)?;
            if !channels.insert(bank.channel.as_str()) {
                return Err(ConfigError::wrong(
                    format!("banks.{id}.channel"),
                    "is served by another bank",
                ));
            }
        }
        for (at, network) in self.notifications.allowed_networks.iter().enumerate() {
            if Policy::network(network).is_none() {
                let key = format!("notifications.allowed_networks[{at}]");
                return Err(ConfigError::wrong(key, "is a network such as 10.0.0.0/8"));
            }
        }
        Ok(())
    }

    /// The master keys in the form that storage reads, the one in use first.
    ///
    /// # Errors
    /// When there is none, one is not 32 bytes of base64, or the named one is missing.
    pub fn master_key_lines(&self) -> Result<Secret, ConfigError> {
        let in_use = self.master_key_in_use()?;
        let mut first = String::new();
        let mut rest = String::new();
        for (id, text) in &self.master_keys {
            let key = format!("master_keys.{id}");
            if id.is_empty()
                || !id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            {
                return Err(ConfigError::wrong(
                    key,
                    "an id is letters, digits and hyphens",
                ));
            }
            let bytes = STANDARD.decode(text.expose().trim()).ok();
            let Some(bytes) = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) else {
                return Err(ConfigError::wrong(key, "expected 32 bytes in base64"));
            };
            let lines = if id == in_use { &mut first } else { &mut rest };
            lines.push_str(MasterKeys::line(id, &bytes).expose());
        }
        Ok(Secret::new(first + &rest))
    }

    fn master_key_in_use(&self) -> Result<&str, ConfigError> {
        match &self.master_key {
            Some(id) if self.master_keys.contains_key(id) => Ok(id),
            Some(_) => Err(ConfigError::wrong(
                "master_key",
                "names no key in master_keys",
            )),
            None => self
                .master_keys
                .keys()
                .next_back()
                .map(String::as_str)
                .ok_or_else(|| {
                    ConfigError::wrong(
                        "master_keys",
                        "a gateway does not start without a master key (openssl rand -base64 32)",
                    )
                }),
        }
    }

    fn check_addresses(&self) -> Result<(), ConfigError> {
        if self.tls.is_none() && !self.listen.ip().is_loopback() {
            return Err(ConfigError::wrong(
                "listen",
                "without tls a gateway listens on a loopback address only, behind a proxy",
            ));
        }
        if self.public_url.is_empty() {
            return Err(ConfigError::wrong(
                "public_url",
                "is missing: https://, the host that browsers and merchants use, and no path",
            ));
        }
        let url = web_url("public_url", &self.public_url)?;
        if url.scheme() == "http" && !(self.sandbox || is_loopback(&url)) {
            return Err(ConfigError::wrong(
                "public_url",
                "must be https, or http to loopback",
            ));
        }
        if self.public_url.ends_with('/') || url.path() != "/" {
            return Err(ConfigError::wrong(
                "public_url",
                "is scheme, host and port, without a path",
            ));
        }
        if self.database.expose().is_empty() {
            return Err(ConfigError::wrong(
                "database",
                "is missing: sqlite:/path or postgres://…",
            ));
        }
        Ok(())
    }

    fn check_keys(&self) -> Result<(), ConfigError> {
        self.master_key_lines().map(drop)
    }

    fn check_numbers(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        let positive = [
            ("database_connections", self.database_connections > 0),
            ("clock_skew_s", self.clock_skew_s > 0),
            ("page_life_s", self.page_life_s > 0),
            ("tokens.b2b_s", self.tokens.b2b_s > 0),
            ("tokens.b2b2c_s", self.tokens.b2b2c_s > 0),
            ("tokens.refresh_s", self.tokens.refresh_s > 0),
            ("limits.merchant_per_second", limits.merchant_per_second > 0),
            ("limits.address_per_second", limits.address_per_second > 0),
            ("limits.phone_per_minute", limits.phone_per_minute > 0),
            ("limits.resends_per_minute", limits.resends_per_minute > 0),
            ("limits.body_bytes", limits.body_bytes > 0),
            ("limits.read_timeout_s", limits.read_timeout_s > 0),
            ("limits.connections", limits.connections > 0),
            (
                "limits.connections_per_address",
                limits.connections_per_address > 0,
            ),
        ];
        for (key, fine) in positive {
            if !fine {
                return Err(ConfigError::wrong(key, "must be greater than 0"));
            }
        }
        // The tries of one round decide when the next one is.
        if self.retention.attempts_days < 7 {
            return Err(ConfigError::wrong(
                "retention.attempts_days",
                "must be at least 7",
            ));
        }
        if limits.head_bytes < 8_192 {
            return Err(ConfigError::wrong(
                "limits.head_bytes",
                "must be at least 8192",
            ));
        }
        Ok(())
    }
}

fn check_bank(id: &str, bank: &Bank, sandbox: bool) -> Result<(), ConfigError> {
    let key = |name: &str| format!("banks.{id}.{name}");
    if !id
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        return Err(ConfigError::wrong(
            format!("banks.{id}"),
            "an id is lower-case letters, digits, hyphens",
        ));
    }
    let url = web_url(&key("base_url"), &bank.base_url)?;
    if url.scheme() == "http" && !(sandbox || is_loopback(&url)) {
        return Err(ConfigError::wrong(
            key("base_url"),
            "must be https, or http to loopback",
        ));
    }
    if bank.base_url.ends_with('/') {
        return Err(ConfigError::wrong(
            key("base_url"),
            "must not end with a slash",
        ));
    }
    for (name, empty) in [
        ("client_id", bank.client_id.is_empty()),
        ("secret", bank.secret.expose().is_empty()),
        ("inbound_client_id", bank.inbound_client_id.is_empty()),
        ("inbound_secret", bank.inbound_secret.expose().is_empty()),
        ("channel", bank.channel.is_empty()),
        ("timeout_ms", bank.timeout_ms == 0),
    ] {
        if empty {
            return Err(ConfigError::wrong(key(name), "must not be empty"));
        }
    }
    // A token and the call itself may each take the timeout before the bank has heard of it.
    let least_s = u64::from(bank.timeout_ms)
        .saturating_mul(2)
        .div_ceil(1_000)
        .saturating_add(5);
    if u64::from(bank.not_found_window_s) < least_s {
        return Err(ConfigError::wrong(
            key("not_found_window_s"),
            format!("must be at least {least_s}: twice timeout_ms and 5 s"),
        ));
    }
    if let Err(error) = snap::signature::PublicKey::from_pem(&bank.public_key) {
        return Err(ConfigError::wrong(key("public_key"), error.to_string()));
    }
    Ok(())
}

fn web_url(key: &str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|error| ConfigError::wrong(key, error.to_string()))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !plain {
        return Err(ConfigError::wrong(key, "expected http(s)://host[:port]"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
