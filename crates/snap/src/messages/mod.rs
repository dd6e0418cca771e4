//! The messages, one file for each: how it is written and how it is read, for client and server alike.
//!
//! Requests are written by serde and read from strangers by [`crate::Request::read`]. Responses are written
//! with exactly the members that DOKU's SDKs know, and read leniently. Whatever holds tokens or personal data
//! prints nothing of them in `Debug`.

pub mod balance;
pub mod bank;
pub mod binding;
pub(crate) mod lenient;
pub mod notify;
pub mod payment;
pub mod refund;
pub mod status;
pub mod token;
pub mod unbinding;

use serde::{Serializer, ser::SerializeStruct};

use crate::{Fields, Refusal};

/// The only channel there is.
pub const CHANNEL: &str = "DIRECT_DEBIT_ALLO_SNAP";

/// Writes `Type(…)`: for messages with tokens or personal data.
macro_rules! hidden_debug {
    ($($name:ident),+ $(,)?) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}
use hidden_debug;

/// Writes the member `additionalInfo` that holds only the channel.
fn channel_object<S: Serializer>(channel: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_struct("AdditionalInfo", 1)?;
    object.serialize_field("channel", channel)?;
    object.end()
}

/// Reads `additionalInfo.channel`.
fn read_channel(additional_info: &Fields<'_>) -> Result<String, Refusal> {
    additional_info.require(&["channel"])?;
    channel_of(additional_info)
}

fn channel_of(additional_info: &Fields<'_>) -> Result<String, Refusal> {
    additional_info.describe("channel", || serde_json::json!({ "const": CHANNEL }));
    if additional_info.text("channel", 0..=usize::MAX)? == CHANNEL {
        Ok(CHANNEL.to_owned())
    } else {
        Err(additional_info.malformed("channel"))
    }
}

/// The lengths of references: 1 to 64, in strict mode the documented 32 to 64.
fn reference_length(rules: crate::Rules<'_>) -> std::ops::RangeInclusive<usize> {
    if rules.strict { 32..=64 } else { 1..=64 }
}
