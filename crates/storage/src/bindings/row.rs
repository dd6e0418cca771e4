//! How a binding is written into its row and read back.

use direct_debit::{
    BankAccount, BankLink, BankReason, Binding, BindingEnd, BindingFailure, BindingId,
    BindingState, BindingStateName, MerchantId,
};

use crate::cipher::Place;
use crate::record::Record;
use crate::{Error, Session, Value};

pub(super) const TABLE: &str = "bindings";

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "merchant_id, id, bank, cust_id_merchant, channel, phone, reference_no, external_id, \
         success_url, failed_url, created_at, expires_at, bank_reference_no, bank_page, account_id, \
         account_masked, bank_link, state, end_cause, failure, failure_code, failure_message, version"
    };
}
pub(super) use columns;

/// Key, version and what may change, in the order of the statements.
pub(super) fn changeable(binding: &Binding, due_ms: Option<i64>) -> Vec<Value> {
    let (mut end_cause, mut failure, mut reason) = (None, None, None);
    match &binding.state {
        BindingState::Ended { cause } => end_cause = Some(cause.as_str()),
        BindingState::Failed { failure: why } => {
            failure = Some(why.as_str());
            if let BindingFailure::Refused(words) = why {
                reason = Some(words);
            }
        }
        BindingState::Created
        | BindingState::AwaitingCustomer
        | BindingState::Unknown
        | BindingState::Active
        | BindingState::Ending => {}
    }
    let account = binding.account.as_ref();
    vec![
        binding.merchant.as_str().into(),
        binding.id.as_str().into(),
        binding.version.into(),
        (&binding.bank_reference_no).into(),
        (&binding.bank_page).into(),
        account.map(|account| account.id.as_str()).into(),
        account.map(|account| account.masked.as_str()).into(),
        binding.bank_link.as_str().into(),
        binding.state.name().as_str().into(),
        end_cause.into(),
        failure.into(),
        reason.map(|reason| reason.code.as_str()).into(),
        reason.map(|reason| reason.message.as_str()).into(),
        due_ms.into(),
    ]
}

/// True while the bank holds a link that we want or are ending.
pub(super) fn is_live(binding: &Binding) -> bool {
    matches!(
        binding.state.name(),
        BindingStateName::Active | BindingStateName::Ending
    )
}

pub(super) fn read_all(s: &Session, rows: Vec<Record>) -> Result<Vec<Binding>, Error> {
    rows.iter().map(|row| read(s, row)).collect()
}

pub(super) fn read(s: &Session, row: &Record) -> Result<Binding, Error> {
    let id = row.text("id")?;
    let account = match (row.opt_text("account_id")?, row.opt_text("account_masked")?) {
        (None, None) => None,
        (Some(id), Some(masked)) => Some(BankAccount { id, masked }),
        _ => return Err(Error::corrupt(TABLE, &id, "half an account")),
    };
    Ok(Binding {
        merchant: MerchantId::new(row.text("merchant_id")?),
        bank: row.text("bank")?,
        cust_id_merchant: row.text("cust_id_merchant")?,
        channel: row.text("channel")?,
        phone_no: s
            .unseal(place(&id, "phone"), &row.text("phone")?)?
            .expose()
            .to_owned(),
        reference_no: row.text("reference_no")?,
        external_id: row.text("external_id")?,
        success_url: row.text("success_url")?,
        failed_url: row.text("failed_url")?,
        created_at_ms: row.int("created_at")?,
        expires_at_ms: row.int("expires_at")?,
        bank_reference_no: row.opt_text("bank_reference_no")?,
        bank_page: row.opt_text("bank_page")?,
        account,
        bank_link: row.named("bank_link", BankLink::ALL, BankLink::as_str, TABLE, &id)?,
        state: state(row, &id)?,
        version: row.int("version")?,
        id: BindingId::new(id),
    })
}

fn state(row: &Record, id: &str) -> Result<BindingState, Error> {
    use BindingStateName as Is;
    let name = row.named("state", Is::ALL, Is::as_str, TABLE, id)?;
    let reason = row.reason(TABLE, id)?;
    let (end, failure) = (row.opt_text("end_cause")?, row.opt_text("failure")?);
    match (name, end, failure, reason) {
        (Is::Created, None, None, None) => Ok(BindingState::Created),
        (Is::AwaitingCustomer, None, None, None) => Ok(BindingState::AwaitingCustomer),
        (Is::Unknown, None, None, None) => Ok(BindingState::Unknown),
        (Is::Active, None, None, None) => Ok(BindingState::Active),
        (Is::Ending, None, None, None) => Ok(BindingState::Ending),
        (Is::Ended, Some(_), None, None) => Ok(BindingState::Ended {
            cause: row.named("end_cause", BindingEnd::ALL, BindingEnd::as_str, TABLE, id)?,
        }),
        (Is::Failed, None, Some(word), reason) => failed(id, &word, reason),
        (name, ..) => Err(Error::corrupt(
            TABLE,
            id,
            format!("{} with foreign data", name.as_str()),
        )),
    }
}

fn failed(id: &str, word: &str, reason: Option<BankReason>) -> Result<BindingState, Error> {
    BindingFailure::from_parts(word, reason)
        .map(|failure| BindingState::Failed { failure })
        .ok_or_else(|| Error::corrupt(TABLE, id, format!("failure is {word:?}")))
}

pub(super) fn place<'a>(id: &'a str, column: &'static str) -> Place<'a> {
    Place {
        table: TABLE,
        row: id,
        column,
    }
}
