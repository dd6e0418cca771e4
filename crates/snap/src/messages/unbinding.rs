//! Account unbinding (09), as merchants send it.

use serde::{Deserialize, Serialize};

use super::{channel_object, hidden_debug, lenient, read_channel};
use crate::{Fields, Refusal, Request, Rules, Service, paths};

/// Ends a link.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnbindingRequest {
    /// The customer's token; it only names the binding.
    pub token_id: String,
    /// [`super::CHANNEL`].
    #[serde(rename = "additionalInfo", serialize_with = "channel_object")]
    pub channel: String,
}

impl Request for UnbindingRequest {
    const SERVICE: Service = Service::UNBINDING;
    const PATH: &'static str = paths::UNBINDING;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["tokenId"])?;
        body.require(&["additionalInfo"])?;
        Ok(Self {
            token_id: body.text("tokenId", 1..=2048)?,
            channel: read_channel(&body.object("additionalInfo")?)?,
        })
    }
}

/// The link has ended, or is ending (`2020900`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UnbindingResponse {
    /// `2000900`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// Our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_no: Option<String>,
}

hidden_debug!(UnbindingRequest);
