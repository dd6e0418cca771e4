//! What every request has in common: its service, its path and how it is read from a stranger's bytes.

use crate::{Fields, Refusal, Service, json};

/// A request that can be read from a body.
pub trait Request: Sized {
    /// The service code.
    const SERVICE: Service;
    /// The path; for notifications the usual one, since the receiver sets it.
    const PATH: &'static str;

    /// Reads the fields in the order of the standard's table; the first that is wrong is named. Within one
    /// object a missing field is reported before a malformed one.
    ///
    /// # Errors
    /// [`crate::Case::InvalidMandatoryField`] or [`crate::Case::InvalidFieldFormat`] with the field's path.
    fn read(body: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal>;
}

/// How strictly a request is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'a> {
    /// Only the documented forms.
    pub strict: bool,
    /// Allow `http://` to this machine in URLs (the sandbox).
    pub allow_loopback_http: bool,
    /// Further URL schemes this merchant may use, such as its app's.
    pub url_schemes: &'a [String],
}

/// Reads a request from the bytes of a body.
///
/// # Errors
/// What [`json::parse`] and [`Request::read`] refuse.
pub fn read<R: Request>(body: &[u8], rules: Rules<'_>) -> Result<R, Refusal> {
    R::read(&json::parse(body)?.fields(), rules)
}
