//! How a payment is written into its row and read back.

use direct_debit::{
    BindingId, CancelCause, FirstAnswer, Item, MerchantId, PayPart, Payment, PaymentDetails,
    PaymentId, PaymentState, PaymentStateName,
};
use serde::{Deserialize, Serialize};
use snap::{Amount, PayMethod};

use crate::record::Record;
use crate::{Error, Value};

pub(super) const TABLE: &str = "payments";

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "merchant_id, id, binding_id, partner_reference_no, reference_no, external_id, amount, fee, \
         parts, details, first_answer, created_at, valid_until, bank_reference_no, bank_page, \
         refunded, refund_reserved, state, paid_at, cancel_cause, failure_code, failure_message, version"
    };
}
pub(super) use columns;

/// A part as it is stored; amounts in sen.
#[derive(Serialize, Deserialize)]
struct StoredPart {
    method: String,
    amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fee: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct StoredItem {
    name: String,
    price: i64,
    quantity: u64,
}

/// The details as they are stored. Absent members are read as empty, so that what an older version
/// wrote stays readable.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredDetails {
    channel: String,
    remarks: String,
    success_url: String,
    failed_url: String,
    items: Vec<StoredItem>,
    ip_address: Option<String>,
    device_id: Option<String>,
}

/// Key, version and what may change, in the order of the statements.
pub(super) fn changeable(payment: &Payment, due_ms: Option<i64>) -> Vec<Value> {
    let (mut paid_at, mut cancel_cause, mut reason) = (None, None, None);
    match &payment.state {
        PaymentState::Succeeded { paid_at_ms } | PaymentState::Refunded { paid_at_ms } => {
            paid_at = Some(*paid_at_ms);
        }
        PaymentState::Cancelled { cause } => cancel_cause = Some(cause.name()),
        PaymentState::Failed { reason: words } => reason = Some(words),
        PaymentState::Created | PaymentState::AwaitingCustomer | PaymentState::Unknown => {}
    }
    vec![
        payment.merchant.as_str().into(),
        payment.id.as_str().into(),
        payment.version.into(),
        payment.first_answer.as_str().into(),
        (&payment.bank_reference_no).into(),
        (&payment.bank_page).into(),
        payment.refunded.sen().into(),
        payment.refund_reserved.sen().into(),
        payment.state.name().as_str().into(),
        paid_at.into(),
        cancel_cause.into(),
        reason.map(|reason| reason.code.as_str()).into(),
        reason.map(|reason| reason.message.as_str()).into(),
        due_ms.into(),
    ]
}

pub(super) fn written_parts(payment: &Payment) -> Result<String, Error> {
    let parts: Vec<StoredPart> = payment
        .parts
        .iter()
        .map(|part| StoredPart {
            method: part.method.as_str().to_owned(),
            amount: part.amount.sen(),
            fee: part.fee_amount.map(Amount::sen),
        })
        .collect();
    json(payment, &parts)
}

pub(super) fn written_details(payment: &Payment) -> Result<String, Error> {
    let details = payment.details.clone();
    let items = details.items.into_iter().map(|item| StoredItem {
        name: item.name,
        price: item.price.sen(),
        quantity: item.quantity,
    });
    let stored = StoredDetails {
        channel: details.channel,
        remarks: details.remarks,
        success_url: details.success_url,
        failed_url: details.failed_url,
        items: items.collect(),
        ip_address: details.ip_address,
        device_id: details.device_id,
    };
    json(payment, &stored)
}

fn json(payment: &Payment, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|error| Error::corrupt(TABLE, &payment.id, format!("cannot be written: {error}")))
}

pub(super) fn read_all(rows: Vec<Record>) -> Result<Vec<Payment>, Error> {
    rows.iter().map(read).collect()
}

pub(super) fn read(row: &Record) -> Result<Payment, Error> {
    let id = row.text("id")?;
    Ok(Payment {
        merchant: MerchantId::new(row.text("merchant_id")?),
        binding: BindingId::new(row.text("binding_id")?),
        partner_reference_no: row.text("partner_reference_no")?,
        reference_no: row.text("reference_no")?,
        external_id: row.text("external_id")?,
        amount: row.amount("amount", TABLE, &id)?,
        parts: parts(&row.text("parts")?, &id)?,
        fee: row.amount("fee", TABLE, &id)?,
        details: details(&row.text("details")?, &id)?,
        first_answer: row.named(
            "first_answer",
            FirstAnswer::ALL,
            FirstAnswer::as_str,
            TABLE,
            &id,
        )?,
        created_at_ms: row.int("created_at")?,
        valid_until_ms: row.int("valid_until")?,
        bank_reference_no: row.opt_text("bank_reference_no")?,
        bank_page: row.opt_text("bank_page")?,
        refunded: row.amount("refunded", TABLE, &id)?,
        refund_reserved: row.amount("refund_reserved", TABLE, &id)?,
        state: state(row, &id)?,
        version: row.int("version")?,
        id: PaymentId::new(id),
    })
}

fn state(row: &Record, id: &str) -> Result<PaymentState, Error> {
    use PaymentStateName as Is;
    let name = row.named("state", Is::ALL, Is::as_str, TABLE, id)?;
    let (paid_at, cause) = (row.opt_int("paid_at")?, row.opt_text("cancel_cause")?);
    match (name, paid_at, cause, row.reason(TABLE, id)?) {
        (Is::Created, None, None, None) => Ok(PaymentState::Created),
        (Is::AwaitingCustomer, None, None, None) => Ok(PaymentState::AwaitingCustomer),
        (Is::Unknown, None, None, None) => Ok(PaymentState::Unknown),
        (Is::Succeeded, Some(paid_at_ms), None, None) => Ok(PaymentState::Succeeded { paid_at_ms }),
        (Is::Refunded, Some(paid_at_ms), None, None) => Ok(PaymentState::Refunded { paid_at_ms }),
        (Is::Cancelled, None, Some(word), None) => CancelCause::from_name(&word)
            .map(|cause| PaymentState::Cancelled { cause })
            .ok_or_else(|| Error::corrupt(TABLE, id, format!("cancel_cause is {word:?}"))),
        (Is::Failed, None, None, Some(reason)) => Ok(PaymentState::Failed { reason }),
        (name, ..) => Err(Error::corrupt(
            TABLE,
            id,
            format!("{} with foreign data", name.as_str()),
        )),
    }
}

fn parts(text: &str, id: &str) -> Result<Vec<PayPart>, Error> {
    let stored: Vec<StoredPart> = parsed(text, "parts", id)?;
    stored
        .into_iter()
        .map(|part| {
            let method = PayMethod::parse(&part.method).ok_or_else(|| {
                Error::corrupt(TABLE, id, format!("pay method {:?}", part.method))
            })?;
            let fee_amount = part.fee.map(|sen| amount(sen, "parts", id)).transpose()?;
            Ok(PayPart {
                method,
                amount: amount(part.amount, "parts", id)?,
                fee_amount,
            })
        })
        .collect()
}

fn details(text: &str, id: &str) -> Result<PaymentDetails, Error> {
    let stored: StoredDetails = parsed(text, "details", id)?;
    let items = stored.items.into_iter().map(|item| {
        Ok(Item {
            name: item.name,
            price: amount(item.price, "details", id)?,
            quantity: item.quantity,
        })
    });
    Ok(PaymentDetails {
        channel: stored.channel,
        remarks: stored.remarks,
        success_url: stored.success_url,
        failed_url: stored.failed_url,
        items: items.collect::<Result<_, Error>>()?,
        ip_address: stored.ip_address,
        device_id: stored.device_id,
    })
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a str, column: &str, id: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::corrupt(TABLE, id, format!("{column}: {error}")))
}

fn amount(sen: i64, column: &str, id: &str) -> Result<Amount, Error> {
    Amount::from_sen(sen)
        .ok_or_else(|| Error::corrupt(TABLE, id, format!("{column} holds {sen} sen")))
}
