//! The names of the protocol's headers and the forms of their values.
//!
//! Names are spelled as the standard prints them; header maps do not care about case. Whether a header must be
//! there is the receiver's rule, not decided here.

use std::net::IpAddr;

/// `Authorization`: `Bearer` and the B2B token.
pub const AUTHORIZATION: &str = "Authorization";
/// `Authorization-Customer`: the customer's token, with or without `Bearer`.
pub const AUTHORIZATION_CUSTOMER: &str = "Authorization-Customer";
/// `CHANNEL-ID`: sent by some clients, never read.
pub const CHANNEL_ID: &str = "CHANNEL-ID";
/// `Content-Type`.
pub const CONTENT_TYPE: &str = "Content-Type";
/// `X-CLIENT-KEY`: who asks for a token.
pub const X_CLIENT_KEY: &str = "X-CLIENT-KEY";
/// `X-DEVICE-ID`: the customer's device.
pub const X_DEVICE_ID: &str = "X-DEVICE-ID";
/// `X-EXTERNAL-ID`: the request's own id.
pub const X_EXTERNAL_ID: &str = "X-EXTERNAL-ID";
/// `X-IP-ADDRESS`: the customer's address.
pub const X_IP_ADDRESS: &str = "X-IP-ADDRESS";
/// `X-PARTNER-ID`: who sends a transaction.
pub const X_PARTNER_ID: &str = "X-PARTNER-ID";
/// `X-REQUEST-ID`: the answer's trace id; not of the standard.
pub const X_REQUEST_ID: &str = "X-REQUEST-ID";
/// `X-SIGNATURE`.
pub const X_SIGNATURE: &str = "X-SIGNATURE";
/// `X-TIMESTAMP`.
pub const X_TIMESTAMP: &str = "X-TIMESTAMP";

/// The token behind `Bearer `, in any case; `None` when the value is something else or empty.
#[must_use]
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_at_checked(7)?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer ") && !token.is_empty()).then_some(token)
}

/// The customer's token: four of DOKU's SDKs send it bare, the standard with `Bearer `.
#[must_use]
pub fn customer_token(value: &str) -> &str {
    bearer(value).unwrap_or_else(|| value.trim())
}

/// Whether a text may be an X-EXTERNAL-ID: 1 to 64 of `[A-Za-z0-9-_.]`, strictly 1 to 36 digits.
#[must_use]
pub fn is_external_id(text: &str, strict: bool) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if strict {
        (1..=36).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    } else {
        (1..=64).contains(&text.len()) && text.bytes().all(allowed)
    }
}

/// The address in an X-IP-ADDRESS: IPv4 or IPv6, strictly an IPv4 of 10 to 15 characters as DOKU documents.
#[must_use]
pub fn ip_address(text: &str, strict: bool) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    let documented = address.is_ipv4() && (10..=15).contains(&text.len());
    (documented || !strict).then_some(address)
}

/// Whether a text may be an X-DEVICE-ID: 1 to 400 printable ASCII characters, strictly 1 to 64.
#[must_use]
pub fn is_device_id(text: &str, strict: bool) -> bool {
    let longest = if strict { 64 } else { 400 };
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
