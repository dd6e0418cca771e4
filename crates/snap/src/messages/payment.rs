//! Payment (54), as merchants send it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize, Serializer};

use super::{channel_of, lenient, reference_length};
use crate::{Amount, Fields, PayMethod, Refusal, Request, Rules, Service, paths};

/// The largest quantity of one item.
const QUANTITY_MAX: u64 = 999_999_999;

/// Asks for money from the customer whom the token names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequest {
    /// The merchant's reference, unique for ever.
    pub partner_reference_no: String,
    /// How much.
    pub amount: Amount,
    /// From where; empty for all of it from the balance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pay_option_details: Vec<PayOption>,
    /// The rest.
    pub additional_info: PaymentInfo,
    /// Of no meaning for this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_token: Option<String>,
    /// Of no meaning for this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_type: Option<String>,
}

/// One source of the money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayOption {
    /// Which.
    pub pay_method: PayMethod,
    /// How much of it; the whole amount if this is the only source and nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trans_amount: Option<Amount>,
    /// Recorded only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_amount: Option<Amount>,
}

/// `additionalInfo` of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentInfo {
    /// [`super::CHANNEL`].
    pub channel: String,
    /// What the customer reads, 1 to 40.
    pub remarks: String,
    /// Where the browser goes when it went well.
    pub success_payment_url: String,
    /// Where the browser goes otherwise.
    pub failed_payment_url: String,
    /// What is bought; at least one. Not added up.
    pub line_items: Vec<LineItem>,
}

/// One thing that is bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineItem {
    /// 1 to 32.
    pub name: String,
    /// For one; on the wire a plain text, not a money object.
    #[serde(serialize_with = "plain_text")]
    pub price: Amount,
    /// How many.
    pub quantity: u64,
}

impl Request for PaymentRequest {
    const SERVICE: Service = Service::PAYMENT;
    const PATH: &'static str = paths::PAYMENT;

    /// Whether the sources add up to the amount is the receiver's rule, not one of a field's form.
    fn read(body: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["partnerReferenceNo"])?;
        body.require(&["amount", "additionalInfo"])?;
        Ok(Self {
            partner_reference_no: body.text("partnerReferenceNo", reference_length(rules))?,
            amount: body.amount("amount")?,
            pay_option_details: read_pay_options(body)?,
            additional_info: PaymentInfo::read(&body.object("additionalInfo")?, rules)?,
            charge_token: body.opt_text("chargeToken", 1..=256)?,
            fee_type: body.opt_text("feeType", 1..=25)?,
        })
    }
}

/// Reads `payOptionDetails`: each method once, and with its amount if there are several.
pub(super) fn read_pay_options(body: &Fields<'_>) -> Result<Vec<PayOption>, Refusal> {
    let options = body.array("payOptionDetails")?.unwrap_or_default();
    let several = options.len() > 1;
    let mut seen = HashSet::new();
    options
        .iter()
        .map(|option| {
            option.require(&["payMethod"])?;
            if several && option.is_blank_amount("transAmount") {
                return Err(option.missing("transAmount"));
            }
            let method = option.text("payMethod", 1..=64)?;
            option.describe(
                "payMethod",
                || serde_json::json!({ "enum": PayMethod::ALL.map(PayMethod::as_str) }),
            );
            let pay_method = PayMethod::parse(&method).filter(|method| seen.insert(*method));
            Ok(PayOption {
                pay_method: pay_method.ok_or_else(|| option.malformed("payMethod"))?,
                trans_amount: option.opt_amount_above_zero("transAmount")?,
                fee_amount: option.opt_amount("feeAmount")?,
            })
        })
        .collect()
}

impl PaymentInfo {
    fn read(info: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        info.require(&[
            "channel",
            "remarks",
            "successPaymentUrl",
            "failedPaymentUrl",
            "lineItems",
        ])?;
        Ok(Self {
            channel: channel_of(info)?,
            remarks: info.text("remarks", 1..=40)?,
            success_payment_url: info.url("successPaymentUrl", rules)?,
            failed_payment_url: info.url("failedPaymentUrl", rules)?,
            line_items: read_line_items(info, rules)?,
        })
    }
}

/// Reads `lineItems`: at least one.
pub(super) fn read_line_items(
    info: &Fields<'_>,
    rules: Rules<'_>,
) -> Result<Vec<LineItem>, Refusal> {
    info.describe("lineItems", || serde_json::json!({ "minItems": 1 }));
    let items = info
        .array("lineItems")?
        .ok_or_else(|| info.missing("lineItems"))?;
    if items.is_empty() {
        return Err(info.malformed("lineItems"));
    }
    items
        .iter()
        .map(|item| LineItem::read(item, rules))
        .collect()
}

impl LineItem {
    fn read(item: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        item.require(&["name", "price", "quantity"])?;
        let name = item.text("name", 1..=32)?;
        let price = if rules.strict {
            Amount::parse(&item.text("price", 4..=19)?)
        } else {
            Amount::parse_lenient(item.text_or_number("price")?)
        };
        let quantity = item.text_or_number("quantity")?;
        Ok(Self {
            name,
            price: price.map_err(|_| item.malformed("price"))?,
            quantity: whole_quantity(quantity).ok_or_else(|| item.malformed("quantity"))?,
        })
    }
}

/// One or more, in plain digits.
fn whole_quantity(text: &str) -> Option<u64> {
    let quantity = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())??;
    (1..=QUANTITY_MAX).contains(&quantity).then_some(quantity)
}

fn plain_text<S: Serializer>(amount: &Amount, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// The answer: where to send the customer. `webRedirectUrl` is always written, null if there is none, because
/// DOKU's PHP SDK reads it unasked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PaymentResponse {
    /// `2005400`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// The page to open.
    pub web_redirect_url: Option<String>,
    /// The merchant's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_reference_no: Option<String>,
    /// Our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_no: Option<String>,
}
