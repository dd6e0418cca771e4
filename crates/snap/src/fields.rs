//! A cursor over an object that a stranger sent, which knows its path for the refusal.
//!
//! `null` is absent everywhere. An optional text that is empty is absent too: DOKU's Go and Node SDKs send
//! unset members as `""`.

use std::ops::RangeInclusive;

use crate::{Amount, Refusal, Rules, json::Node, web_address};

/// The members of one object and where it stands.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    members: &'a [(String, Node)],
    path: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn root(members: &'a [(String, Node)]) -> Self {
        Self {
            members,
            path: String::new(),
        }
    }

    /// The path of a member, such as `additionalInfo.lineItems[0].price`.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// `Invalid Field Format` for a member.
    #[must_use]
    pub fn malformed(&self, name: &str) -> Refusal {
        Refusal::format(self.path_of(name))
    }

    /// `Invalid Mandatory Field` for a member.
    #[must_use]
    pub fn missing(&self, name: &str) -> Refusal {
        Refusal::mandatory(self.path_of(name))
    }

    /// The member's value; `None` when absent or null.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.members
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value)
            .filter(|value| !matches!(value, Node::Null))
    }

    /// Refuses the first of these members that is absent. Called first for each object, so that what is
    /// missing is told before what is malformed.
    ///
    /// # Errors
    /// `Invalid Mandatory Field`.
    pub fn require(&self, names: &[&str]) -> Result<(), Refusal> {
        match names.iter().find(|name| self.get(name).is_none()) {
            Some(name) => Err(self.missing(name)),
            None => Ok(()),
        }
    }

    /// As [`Fields::require`], for references and tokens: an empty one is missing too.
    ///
    /// # Errors
    /// `Invalid Mandatory Field`.
    pub fn require_filled(&self, names: &[&str]) -> Result<(), Refusal> {
        match names.iter().find(|name| self.is_blank(name)) {
            Some(name) => Err(self.missing(name)),
            None => Ok(()),
        }
    }

    /// A mandatory text of so many characters.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn text(&self, name: &str, length: RangeInclusive<usize>) -> Result<String, Refusal> {
        match self.get(name) {
            None => Err(self.missing(name)),
            Some(Node::String(text)) if length.contains(&text.chars().count()) => Ok(text.clone()),
            Some(_) => Err(self.malformed(name)),
        }
    }

    /// An optional text of so many characters; empty is absent.
    ///
    /// # Errors
    /// `Invalid Field Format`.
    pub fn opt_text(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<String>, Refusal> {
        if self.is_blank(name) {
            Ok(None)
        } else {
            self.text(name, length).map(Some)
        }
    }

    /// A mandatory text or number, as text.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn text_or_number(&self, name: &str) -> Result<&'a str, Refusal> {
        match self.get(name) {
            None => Err(self.missing(name)),
            Some(Node::String(text) | Node::Number(text)) => Ok(text),
            Some(_) => Err(self.malformed(name)),
        }
    }

    /// A mandatory text that is one of these in any case; the listed spelling is returned.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn one_of(&self, name: &str, allowed: &[&'static str]) -> Result<&'static str, Refusal> {
        let text = self.text(name, 0..=usize::MAX)?;
        let found = allowed.iter().find(|word| word.eq_ignore_ascii_case(&text));
        found.copied().ok_or_else(|| self.malformed(name))
    }

    /// A mandatory object.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn object(&self, name: &str) -> Result<Fields<'a>, Refusal> {
        self.opt_object(name)?.ok_or_else(|| self.missing(name))
    }

    /// An optional object.
    ///
    /// # Errors
    /// `Invalid Field Format`.
    pub fn opt_object(&self, name: &str) -> Result<Option<Fields<'a>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Object(members)) => Ok(Some(Fields {
                members,
                path: self.path_of(name),
            })),
            Some(_) => Err(self.malformed(name)),
        }
    }

    /// An optional array of objects, each with its path; `None` when absent.
    ///
    /// # Errors
    /// `Invalid Field Format` of the member or of the item that is no object.
    pub fn array(&self, name: &str) -> Result<Option<Vec<Fields<'a>>>, Refusal> {
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Node::Array(items)) => items,
            Some(_) => return Err(self.malformed(name)),
        };
        let read = |(index, item): (usize, &'a Node)| {
            let path = format!("{}[{index}]", self.path_of(name));
            match item {
                Node::Object(members) => Ok(Fields { members, path }),
                _ => Err(Refusal::format(path)),
            }
        };
        items
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A mandatory money object above zero, in the strict form, IDR.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format` of the object, its `value` or its `currency`.
    pub fn amount(&self, name: &str) -> Result<Amount, Refusal> {
        let object = self.object(name)?;
        let amount = object.money()?;
        if amount.is_zero() {
            Err(object.malformed("value"))
        } else {
            Ok(amount)
        }
    }

    /// An optional money object; zero is allowed. An empty one is absent: `{}`, one with empty members, `""`.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` of a part that is absent, or `Invalid Field Format`.
    pub fn opt_amount(&self, name: &str) -> Result<Option<Amount>, Refusal> {
        if self.is_blank_amount(name) {
            return Ok(None);
        }
        self.object(name)?.money().map(Some)
    }

    /// Whether a money object is absent or empty, as DOKU's SDKs send an unset one.
    #[must_use]
    pub fn is_blank_amount(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Node::Object(members)) => {
                let money = Fields::root(members);
                money.is_blank("value") && money.is_blank("currency")
            }
            _ => self.is_blank(name),
        }
    }

    /// This object read as money in the strict form, IDR; zero is allowed.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format` of `value` or `currency`.
    pub fn money(&self) -> Result<Amount, Refusal> {
        self.require(&["value", "currency"])?;
        let value = self.text("value", 4..=19)?;
        let amount = Amount::parse(&value).map_err(|_| self.malformed("value"))?;
        if self.text("currency", 0..=usize::MAX)? == crate::amount::CURRENCY {
            Ok(amount)
        } else {
            Err(self.malformed("currency"))
        }
    }

    /// A mandatory URL that a customer's browser may be sent to; kept exactly as given.
    ///
    /// # Errors
    /// `Invalid Mandatory Field` or `Invalid Field Format`.
    pub fn url(&self, name: &str, rules: Rules<'_>) -> Result<String, Refusal> {
        let text = self.text(name, 1..=web_address::LENGTH_MAX)?;
        if web_address::is_acceptable(&text, rules) {
            Ok(text)
        } else {
            Err(self.malformed(name))
        }
    }

    fn is_blank(&self, name: &str) -> bool {
        match self.get(name) {
            None => true,
            Some(Node::String(text)) => text.is_empty(),
            Some(_) => false,
        }
    }
}

/// Whether this is a member name of the messages we read, so that it may be told back.
pub(crate) fn is_wire_name(name: &str) -> bool {
    WIRE_NAMES.binary_search(&name).is_ok()
}

/// Every member name that the messages read, sorted.
const WIRE_NAMES: &[&str] = &[
    "accountNo",
    "accountType",
    "acquirerId",
    "additionalInfo",
    "address",
    "amount",
    "apiFormat",
    "authCode",
    "channel",
    "channelId",
    "chargeToken",
    "country",
    "createdTime",
    "currency",
    "custIdMerchant",
    "customerName",
    "dateOfBirth",
    "deviceId",
    "deviceModel",
    "email",
    "externalStoreId",
    "failedPaymentUrl",
    "failedRegistrationUrl",
    "feeAmount",
    "feeType",
    "finishedTime",
    "fromDateTime",
    "grantType",
    "idCard",
    "isDeeplink",
    "latestTransactionStatus",
    "lineItems",
    "linkId",
    "merchantId",
    "merchantName",
    "name",
    "origin",
    "originalExternalId",
    "originalPartnerReferenceNo",
    "originalReferenceNo",
    "originalResponseCode",
    "originalResponseMessage",
    "osType",
    "pageNumber",
    "paidTime",
    "partnerReferenceNo",
    "partnerRefundNo",
    "payMethod",
    "payOptionDetails",
    "paymentType",
    "phoneNo",
    "price",
    "product",
    "quantity",
    "reason",
    "redirectUrl",
    "refreshToken",
    "refundAmount",
    "refundNo",
    "refundStatus",
    "remarks",
    "serviceCode",
    "source",
    "sourceVersion",
    "status",
    "subMerchantId",
    "successPaymentUrl",
    "successRegistrationUrl",
    "system",
    "toDateTime",
    "tokenId",
    "transAmount",
    "transactionDate",
    "transactionStatusDesc",
    "type",
    "url",
    "urlParams",
    "validUpTo",
    "value",
];
