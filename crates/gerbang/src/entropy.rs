//! The one place of the binary that draws random numbers: ids and secrets made once, for a
//! sandbox's folder.

use rand::RngExt as _;
use snap::Secret;

#[allow(
    clippy::disallowed_methods,
    reason = "the one place of this crate that draws random numbers"
)]
fn bytes<const N: usize>() -> [u8; N] {
    rand::rng().random()
}

/// A secret of 256 bits, with a prefix that says what it is.
pub fn secret(prefix: &str) -> Secret {
    let text: String = bytes::<32>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Secret::new(format!("{prefix}{text}"))
}

/// 32 random bytes in base64.
pub fn key_base64() -> Secret {
    use base64::Engine as _;
    Secret::new(base64::engine::general_purpose::STANDARD.encode(bytes::<32>()))
}

/// A reference of 32 characters, as long as DOKU's Allo channel wants them.
pub fn reference(prefix: &str) -> String {
    let text: String = bytes::<16>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut reference = format!("{prefix}{text}");
    reference.truncate(32);
    reference
}

/// What a merchant may call a customer.
pub fn customer_id() -> String {
    reference("cust-").chars().take(13).collect()
}

/// A merchant's client id, in the form of DOKU's.
pub fn client_id() -> String {
    let digits: String = bytes::<16>()
        .iter()
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    format!("MCH-{digits}")
}
