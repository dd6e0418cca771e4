//! The bank's statement (14), for reconciliation.

use serde::{Deserialize, Serialize};

use super::read_time;
use crate::{Amount, Fields, Refusal, Request, Rules, Service, messages::lenient, paths};

/// Asks the bank for what it booked between two times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementRequest {
    /// From this time on.
    pub from_date_time: String,
    /// Up to and without this time.
    pub to_date_time: String,
    /// Which page, from 1; the first if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_number: Option<u32>,
}

impl Request for StatementRequest {
    const SERVICE: Service = Service::BANK_STATEMENT;
    const PATH: &'static str = paths::BANK_STATEMENT;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require(&["fromDateTime", "toDateTime"])?;
        let from_date_time = read_time(body, "fromDateTime")?;
        let to_date_time = read_time(body, "toDateTime")?;
        let page_number = match body.get("pageNumber") {
            None => None,
            Some(_) => {
                let page = body
                    .text_or_number("pageNumber")?
                    .parse()
                    .ok()
                    .filter(|page| *page >= 1);
                Some(page.ok_or_else(|| body.malformed("pageNumber"))?)
            }
        };
        Ok(Self {
            from_date_time,
            to_date_time,
            page_number,
        })
    }
}

/// What the bank booked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatementResponse {
    /// `2001400`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// One for each booking, oldest first.
    #[serde(deserialize_with = "lenient::list")]
    pub detail_data: Vec<StatementEntry>,
    /// Which page this is, from 1.
    #[serde(deserialize_with = "lenient::whole_number")]
    pub page_number: u64,
    /// How many pages there are.
    #[serde(deserialize_with = "lenient::whole_number")]
    pub total_pages: u64,
}

/// One booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementEntry {
    /// How much.
    pub amount: Amount,
    /// Which way, seen from the customer's account.
    #[serde(rename = "type")]
    pub kind: EntryType,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// When.
    pub transaction_date: String,
    /// Our payment or refund id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_reference_no: Option<String>,
    /// The bank's reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_no: Option<String>,
}

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EntryType {
    /// From the customer: a payment.
    Debit,
    /// To the customer: a refund.
    Credit,
}
