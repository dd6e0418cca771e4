//! The bank's notification of a payment (56).

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    Amount, Fields, Refusal, Request, Rules, Service, TransactionStatus, amount::CURRENCY, paths,
};

/// Tells the gateway what became of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankNotifyRequest {
    /// Our payment id.
    pub original_partner_reference_no: String,
    /// The bank's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_reference_no: Option<String>,
    /// See [`BankNotifyRequest::status`].
    pub latest_transaction_status: String,
    /// The same in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_status_desc: Option<String>,
    /// What the bank says it was about; to be compared with the payment's.
    pub amount: StatedAmount,
    /// The rest.
    pub additional_info: BankNotifyInfo,
}

/// An amount in a currency that need not be ours: a wrong one must be answered and alarmed, not just refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedAmount {
    /// The value.
    pub value: Amount,
    /// The currency.
    pub currency: String,
}

impl StatedAmount {
    /// Whether this is that amount of IDR.
    #[must_use]
    pub fn is(&self, amount: Amount) -> bool {
        self.value == amount && self.currency == CURRENCY
    }
}

impl From<Amount> for StatedAmount {
    fn from(value: Amount) -> Self {
        Self {
            value,
            currency: CURRENCY.to_owned(),
        }
    }
}

impl Serialize for StatedAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("StatedAmount", 2)?;
        object.serialize_field("value", &self.value.to_string())?;
        object.serialize_field("currency", &self.currency)?;
        object.end()
    }
}

/// `additionalInfo` of a bank's notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankNotifyInfo {
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_response_code: Option<String>,
    /// Why it failed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_response_message: Option<String>,
    /// When the money moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_time: Option<String>,
}

impl BankNotifyRequest {
    /// The state; `None` for one we do not know, which is not final.
    #[must_use]
    pub fn status(&self) -> Option<TransactionStatus> {
        TransactionStatus::parse(&self.latest_transaction_status)
    }
}

impl Request for BankNotifyRequest {
    const SERVICE: Service = Service::NOTIFY;
    const PATH: &'static str = paths::BANK_NOTIFY;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["originalPartnerReferenceNo"])?;
        body.require(&["latestTransactionStatus", "amount"])?;
        let original_partner_reference_no = body.text("originalPartnerReferenceNo", 1..=64)?;
        let original_reference_no = body.opt_text("originalReferenceNo", 1..=64)?;
        let latest_transaction_status = body.text("latestTransactionStatus", 2..=2)?;
        let transaction_status_desc = body.opt_text("transactionStatusDesc", 1..=150)?;
        let amount = read_stated_amount(&body.object("amount")?)?;
        let additional_info = match body.opt_object("additionalInfo")? {
            None => BankNotifyInfo::default(),
            Some(info) => BankNotifyInfo {
                original_response_code: info.opt_text("originalResponseCode", 1..=7)?,
                original_response_message: info.opt_text("originalResponseMessage", 1..=150)?,
                paid_time: info.opt_text("paidTime", 1..=29)?,
            },
        };
        Ok(Self {
            original_partner_reference_no,
            original_reference_no,
            latest_transaction_status,
            transaction_status_desc,
            amount,
            additional_info,
        })
    }
}

fn read_stated_amount(amount: &Fields<'_>) -> Result<StatedAmount, Refusal> {
    amount.require(&["value", "currency"])?;
    let value =
        Amount::parse(&amount.text("value", 4..=19)?).map_err(|_| amount.malformed("value"))?;
    Ok(StatedAmount {
        value,
        currency: amount.text("currency", 3..=3)?,
    })
}
