//! What a merchant asks for, checked when it is made.
//!
//! A request is checked by the reader that a gateway uses, in its strict form, over the message
//! that will be sent: there is one set of rules, and what could be made is well-formed. What only
//! the gateway can know (whether a reference is new, whether there is money) is its to say.
//!
//! To add one: a file with the noun's name, and a constructor that ends with `checked`.

mod binding;
mod invalid;
mod payment;
mod payment_id;
mod reference;
mod refund;

pub use binding::{Handset, NewBinding, Os, Through};
pub use invalid::Invalid;
pub use payment::NewPayment;
pub use payment_id::PaymentId;
pub use reference::Reference;
pub use refund::NewRefund;

use serde::Serialize;
use snap::Rules;

/// Where the customer's browser goes when the hosted page has ended: https, http to this machine,
/// or your app's own scheme. Arriving there proves nothing; the notification or the status does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo {
    /// When it went well.
    pub success: String,
    /// When it did not.
    pub failed: String,
}

/// Reads the message as a gateway would.
pub(crate) fn checked<M: Serialize + snap::Request>(message: M) -> Result<M, Invalid> {
    checked_with_schemes(message, &[])
}

fn checked_with_schemes<M: Serialize + snap::Request>(
    message: M,
    urls: &[&str],
) -> Result<M, Invalid> {
    let schemes: Vec<String> = urls
        .iter()
        .filter_map(|url| url.split_once(':'))
        .map(|(scheme, _)| scheme.to_owned())
        .filter(|scheme| !scheme.eq_ignore_ascii_case("http"))
        .collect();
    let rules = Rules {
        strict: true,
        allow_loopback_http: true,
        url_schemes: &schemes,
    };
    let body = serde_json::to_vec(&message).map_err(|_| Invalid::new("the message"))?;
    snap::read::<M>(&body, rules).map_err(Invalid::from)?;
    Ok(message)
}
