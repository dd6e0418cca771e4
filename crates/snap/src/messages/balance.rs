//! Balance inquiry (11), as merchants send it. The bank answers the same.

use serde::{Deserialize, Serialize};

use super::{channel_object, lenient, read_channel};
use crate::{Amount, Fields, Refusal, Request, Rules, Service, paths};

/// Asks for the balances of the customer whom the token names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BalanceRequest {
    /// [`super::CHANNEL`].
    #[serde(rename = "additionalInfo", serialize_with = "channel_object")]
    pub channel: String,
}

impl Request for BalanceRequest {
    const SERVICE: Service = Service::BALANCE;
    const PATH: &'static str = paths::BALANCE;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            channel: read_channel(&body.object("additionalInfo")?)?,
        })
    }
}

/// The balances.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BalanceResponse {
    /// `2001100`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// One for each kind of money.
    #[serde(deserialize_with = "lenient::list")]
    pub account_infos: Vec<AccountInfo>,
}

/// One kind of money. `flatAmount` is DOKU's spelling of the standard's `floatAmount`; both are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountInfo {
    /// `BALANCE`, `POINT` or `PAYLATER`.
    pub balance_type: String,
    /// All of it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub amount: Option<Amount>,
    /// Not yet cleared.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub flat_amount: Option<Amount>,
    /// The same.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub float_amount: Option<Amount>,
    /// Held.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub hold_amount: Option<Amount>,
    /// What can be spent.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub available_balance: Option<Amount>,
}

impl AccountInfo {
    /// An account with so much, of which so much is held.
    pub fn new(balance_type: impl Into<String>, amount: Amount, held: Amount) -> Self {
        Self {
            balance_type: balance_type.into(),
            amount: Some(amount),
            flat_amount: Some(Amount::ZERO),
            float_amount: Some(Amount::ZERO),
            hold_amount: Some(held),
            available_balance: Some(amount.checked_sub(held).unwrap_or_default()),
        }
    }

    /// The same with the absent spelling of the uncleared amount filled in from the other.
    #[must_use]
    pub fn with_both_spellings(mut self) -> Self {
        self.flat_amount = self.flat_amount.or(self.float_amount);
        self.float_amount = self.float_amount.or(self.flat_amount);
        self
    }
}
