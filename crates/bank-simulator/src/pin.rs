//! PINs: PBKDF2-HMAC-SHA256 with a salt per customer.
//!
//! The work factor is modest: these are the PINs of a simulator, printed in its documentation. What matters is that
//! the shape is right: no PIN in the database, none in a log, compared in constant time, never on the async threads.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;

use crate::{Error, entropy};

const ROUNDS: NonZeroU32 = match NonZeroU32::new(10_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// A new salt and the PIN's hash under it, both hex.
pub(crate) fn protect(pin: &str) -> Result<(String, String), Error> {
    let salt = entropy::hash(&entropy::secret()?);
    let mut out = [0u8; 32];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        ROUNDS,
        salt.as_bytes(),
        pin.as_bytes(),
        &mut out,
    );
    Ok((salt, hex::encode(out)))
}

/// Is this the PIN? Runs on a thread of its own.
pub(crate) async fn matches(pin: String, salt: String, hash: String) -> Result<bool, Error> {
    tokio::task::spawn_blocking(move || {
        let expected = hex::decode(hash).unwrap_or_default();
        pbkdf2::verify(
            pbkdf2::PBKDF2_HMAC_SHA256,
            ROUNDS,
            salt.as_bytes(),
            pin.as_bytes(),
            &expected,
        )
        .is_ok()
    })
    .await
    .map_err(|_| Error::Stopped)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn only_the_right_pin_matches() {
        let (salt, hash) = protect("123456").unwrap();
        assert!(
            matches("123456".into(), salt.clone(), hash.clone())
                .await
                .unwrap()
        );
        assert!(!matches("123457".into(), salt.clone(), hash).await.unwrap());
        assert!(
            !matches("123456".into(), salt, "not hex".into())
                .await
                .unwrap()
        );
    }
}
