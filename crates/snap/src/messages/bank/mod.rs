//! The bank port's dialect: the standard's own fields, spoken by the gateway to a bank, and back by the bank in
//! notifications. Tokens, balances, statuses and refunds answer as in the merchants' dialect.

mod binding;
mod money;
mod notify;
mod statement;

pub use binding::{
    BankBalanceRequest, BankBindingInfo, BankBindingInquiryRequest, BankBindingInquiryResponse,
    BankBindingRequest, BankBindingResponse, BankUnbindingRequest, LinkInfo, LinkStatus,
};
pub use money::{
    BankCancelRequest, BankCancelResponse, BankPaymentInfo, BankPaymentRequest, BankRefundRequest,
    BankStatusRequest, UrlParam,
};
pub use notify::{BankNotifyInfo, BankNotifyRequest, StatedAmount};
pub use statement::{EntryType, StatementEntry, StatementRequest, StatementResponse};

pub use super::{
    balance::{AccountInfo, BalanceResponse},
    notify::NotifyResponse,
    payment::{LineItem, PayOption, PaymentResponse},
    refund::RefundResponse,
    status::{RefundHistory, StatusResponse},
    token::{B2b2cRequest, B2b2cResponse, B2bRequest, B2bResponse},
    unbinding::UnbindingResponse,
};

use crate::{Fields, Refusal, Timestamp, web_address};

/// Reads a mandatory http or https URL of our own making.
fn read_http_url(fields: &Fields<'_>, name: &str) -> Result<String, Refusal> {
    let text = fields.text(name, 1..=web_address::LENGTH_MAX)?;
    if web_address::is_http(&text) {
        Ok(text)
    } else {
        Err(fields.malformed(name))
    }
}

/// Reads a mandatory time.
fn read_time(fields: &Fields<'_>, name: &str) -> Result<String, Refusal> {
    let text = fields.text(name, 1..=29)?;
    if Timestamp::parse(&text).is_ok() {
        Ok(text)
    } else {
        Err(fields.malformed(name))
    }
}
