//! The merchant's own name for a payment or a refund.

use std::fmt;

use super::Invalid;
use crate::entropy;

/// `partnerReferenceNo` or `partnerRefundNo`: the merchant's own name for a payment or refund, 32
/// to 64 characters, unique for ever.
///
/// It is what makes repeating safe: keep it with the order *before* the call, and whatever happens
/// ask or repeat under the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(String);

impl Reference {
    /// A reference of the merchant's making.
    ///
    /// # Errors
    /// [`Invalid`] unless it has 32 to 64 characters and no control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        if (32..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(Self(text))
        } else {
            Err(Invalid::new("partnerReferenceNo"))
        }
    }

    /// A reference that nobody has used: 32 random hexadecimal digits.
    #[must_use]
    pub fn random() -> Self {
        Self(entropy::nonce())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::new(text)
    }
}
