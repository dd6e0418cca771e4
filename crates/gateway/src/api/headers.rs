//! Reading request headers: absent, empty, repeated and unreadable ones are told apart here, once.
//!
//! An empty header counts as absent (DOKU's Go SDK sends `X-IP-ADDRESS:` with nothing behind it). A
//! header that stands twice is refused by its name, whichever of the two a check would have read.

use std::net::IpAddr;

use http::HeaderMap;
pub use snap::headers::bearer;
use snap::{Refusal, Service, headers};

/// The headers of one request.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(&'a HeaderMap);

impl<'a> Headers<'a> {
    /// The headers of this map.
    #[must_use]
    pub const fn new(map: &'a HeaderMap) -> Self {
        Self(map)
    }

    /// A header that may be absent.
    ///
    /// # Errors
    /// Invalid Field Format when it is repeated or not text.
    pub fn optional(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.0.get_all(name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::format(name));
        }
        let text = value.to_str().map_err(|_| Refusal::format(name))?.trim();
        Ok(if text.is_empty() { None } else { Some(text) })
    }

    /// A header that must be there.
    ///
    /// # Errors
    /// Invalid Mandatory Field when it is absent or empty, Invalid Field Format as above.
    pub fn mandatory(&self, name: &str) -> Result<&'a str, Refusal> {
        self.optional(name)?.ok_or_else(|| Refusal::mandatory(name))
    }

    /// X-EXTERNAL-ID: up to 64 of `[A-Za-z0-9-_.]`; strictly up to 36 digits.
    ///
    /// # Errors
    /// When it is absent or malformed.
    pub fn external_id(&self, strict: bool) -> Result<String, Refusal> {
        const NAME: &str = "X-EXTERNAL-ID";
        let text = self.mandatory(NAME)?;
        if headers::is_external_id(text, strict) {
            Ok(text.to_owned())
        } else {
            Err(Refusal::format(NAME))
        }
    }

    /// X-IP-ADDRESS: the customer's address, mandatory where the service needs it.
    ///
    /// # Errors
    /// When it is absent where it must not be, or no address.
    pub fn ip_address(&self, service: Service, strict: bool) -> Result<Option<IpAddr>, Refusal> {
        const NAME: &str = "X-IP-ADDRESS";
        let Some(text) = self.optional(NAME)? else {
            return if needs_ip_address(service) {
                Err(Refusal::mandatory(NAME))
            } else {
                Ok(None)
            };
        };
        let address = headers::ip_address(text, strict);
        Ok(Some(address.ok_or_else(|| Refusal::format(NAME))?))
    }

    /// X-DEVICE-ID: mandatory for a binding.
    ///
    /// # Errors
    /// When it is absent where it must not be, too long, or not printable.
    pub fn device_id(&self, service: Service, strict: bool) -> Result<Option<String>, Refusal> {
        const NAME: &str = "X-DEVICE-ID";
        let Some(text) = self.optional(NAME)? else {
            let needed = service == Service::BINDING;
            return if needed {
                Err(Refusal::mandatory(NAME))
            } else {
                Ok(None)
            };
        };
        if headers::is_device_id(text, strict) {
            Ok(Some(text.to_owned()))
        } else {
            Err(Refusal::format(NAME))
        }
    }
}

fn needs_ip_address(service: Service) -> bool {
    [
        Service::BINDING,
        Service::UNBINDING,
        Service::BALANCE,
        Service::PAYMENT,
        Service::REFUND,
    ]
    .contains(&service)
}
