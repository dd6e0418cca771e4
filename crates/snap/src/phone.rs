//! Phone numbers as merchants write them and as we look them up.

use std::fmt;

/// Nine to sixteen digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNo(String);

impl PhoneNo {
    /// Reads nine to sixteen ASCII digits, without changing them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (9..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The digits as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits for look-ups and uniqueness: a leading `0` becomes `62`.
    #[must_use]
    pub fn normalised(&self) -> String {
        match self.0.strip_prefix('0') {
            Some(rest) => format!("62{rest}"),
            None => self.0.clone(),
        }
    }

    /// For logs and pages: the last three digits only.
    #[must_use]
    pub fn masked(&self) -> String {
        let kept = self.0.len().saturating_sub(3);
        format!(
            "{}{}",
            "*".repeat(kept),
            self.0.get(kept..).unwrap_or_default()
        )
    }
}

impl fmt::Debug for PhoneNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNo({})", self.masked())
    }
}
