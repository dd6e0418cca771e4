//! Identifiers: each kind its own type, so that a payment's id is never taken for a refund's.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text of an id; what it may look like is decided where it is made.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A merchant: its client id, SNAP's `X-PARTNER-ID` (at most 36 characters).
    MerchantId
);
id!(
    /// One link between a merchant's customer and a bank account.
    BindingId
);
id!(
    /// One payment; at the bank it is the `partnerReferenceNo`.
    PaymentId
);
id!(
    /// One refund; at the bank it is the `partnerRefundNo`.
    RefundId
);
id!(
    /// One message that a merchant is owed.
    NotificationId
);
