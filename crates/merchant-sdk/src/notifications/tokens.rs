//! The merchant's own B2B tokens, given to the gateway. A token carries its end and a MAC under
//! the inbound secret, so nothing is stored and any process of the merchant accepts it.

use snap::signature;

use super::Verifier;
use crate::entropy;

/// What the MAC is computed over, in the places where a request has its method and path. No
/// request has this method, so a token's MAC can never pass for a notification's signature.
const METHOD: &str = "TOKEN";

impl Verifier {
    /// A new token, good from now for the configured life.
    pub(super) fn issue_token(&self, now_ms: i64) -> String {
        let until_ms = now_ms + self.settings.token_life_s * 1_000;
        let claims = format!("{until_ms}.{}", entropy::nonce());
        let mac = signature::sign(
            &self.settings.secret,
            METHOD,
            &self.settings.client_id,
            "",
            claims.as_bytes(),
            "",
        );
        format!("{claims}.{mac}")
    }

    /// Whether a token is one of ours and has not ended.
    pub(super) fn token_is_good(&self, token: &str, now_ms: i64) -> bool {
        let Some((claims, mac)) = token.rsplit_once('.') else {
            return false;
        };
        let alive = claims
            .split_once('.')
            .and_then(|(until_ms, _)| until_ms.parse::<i64>().ok())
            .is_some_and(|until_ms| now_ms < until_ms);
        let ours = signature::verify(
            &self.settings.secret,
            METHOD,
            &self.settings.client_id,
            "",
            claims.as_bytes(),
            "",
            mac,
        );
        alive && ours.is_some()
    }
}
