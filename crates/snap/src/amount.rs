//! Money: rupiah counted in sen, and its two spellings on the wire.
//!
//! An amount never passes through a float. On the wire it is the object `{"value":"10000.00","currency":"IDR"}`;
//! serde writes and reads that object for [`Amount`] itself. Reading here is the client's lenient one;
//! requests from strangers are read by [`crate::Fields::amount`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

/// The only currency there is.
pub const CURRENCY: &str = "IDR";

/// The greatest amount that the wire can carry: sixteen digits before the point.
const MAX_SEN: i64 = 999_999_999_999_999_999;

/// Rupiah in sen, never negative, at most sixteen digits of rupiah.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not one to sixteen digits, a point and two digits.
    #[error("an amount is one to sixteen digits, a point and two digits, such as 10000.00")]
    Format,
    /// A currency other than IDR.
    #[error("the currency must be IDR")]
    Currency,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of so many sen; `None` when negative or longer than the wire allows.
    #[must_use]
    pub const fn from_sen(sen: i64) -> Option<Self> {
        if sen < 0 || sen > MAX_SEN {
            None
        } else {
            Some(Self(sen))
        }
    }

    /// An amount of whole rupiah; `None` when longer than the wire allows.
    #[must_use]
    pub fn from_rupiah(rupiah: u64) -> Option<Self> {
        i64::try_from(rupiah)
            .ok()?
            .checked_mul(100)
            .and_then(Self::from_sen)
    }

    /// The amount in sen.
    #[must_use]
    pub const fn sen(self) -> i64 {
        self.0
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads the wire's strict form, `[0-9]{1,16}\.[0-9]{2}`.
    ///
    /// # Errors
    /// [`AmountError::Format`] for anything else.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let (whole, sen) = text.split_once('.').ok_or(AmountError::Format)?;
        if sen.len() == 2 {
            Self::from_parts(whole, sen)
        } else {
            Err(AmountError::Format)
        }
    }

    /// Reads the strict form, and also whole rupiah and a single decimal: `10000`, `10000.5`.
    ///
    /// # Errors
    /// [`AmountError::Format`] for anything else.
    pub fn parse_lenient(text: &str) -> Result<Self, AmountError> {
        match text.split_once('.') {
            None => Self::from_parts(text, "00"),
            Some((whole, sen)) if sen.len() == 1 => Self::from_parts(whole, &format!("{sen}0")),
            Some((whole, sen)) if sen.len() == 2 => Self::from_parts(whole, sen),
            Some(_) => Err(AmountError::Format),
        }
    }

    fn from_parts(whole: &str, sen: &str) -> Result<Self, AmountError> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !(1..=16).contains(&whole.len()) || !digits(whole) || !digits(sen) {
            return Err(AmountError::Format);
        }
        format!("{whole}{sen}")
            .parse()
            .map(Self)
            .map_err(|_| AmountError::Format)
    }

    /// The sum; `None` when it is longer than the wire allows.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::from_sen)
    }

    /// The difference; `None` when it would be negative.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::from_sen)
    }

    /// For people in Indonesia: `Rp10.000`, or `Rp10.000,50` when there are sen.
    #[must_use]
    pub fn rupiah_text(self) -> String {
        let whole = (self.0 / 100).to_string();
        let mut text = String::from("Rp");
        for (position, digit) in whole.chars().enumerate() {
            if position > 0 && (whole.len() - position).is_multiple_of(3) {
                text.push('.');
            }
            text.push(digit);
        }
        if self.0 % 100 != 0 {
            text.push_str(&format!(",{:02}", self.0 % 100));
        }
        text
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl std::str::FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl std::iter::Sum<Amount> for Option<Amount> {
    /// The checked sum of all.
    fn sum<I: Iterator<Item = Amount>>(mut amounts: I) -> Self {
        amounts.try_fold(Amount::ZERO, Amount::checked_add)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Amount", 2)?;
        object.serialize_field("value", &self.to_string())?;
        object.serialize_field("currency", CURRENCY)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            value: crate::messages::lenient::TextOrNumber,
            #[serde(default)]
            currency: Option<String>,
        }
        let wire = Wire::deserialize(deserializer)?;
        if wire.currency.is_some_and(|currency| currency != CURRENCY) {
            return Err(de::Error::custom(AmountError::Currency));
        }
        Self::parse_lenient(&wire.value.0).map_err(de::Error::custom)
    }
}

/// The wire object `{"value":"10000.00","currency":"IDR"}` by name; [`Amount`] itself is written the same way.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(pub Amount);

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        Self(amount)
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        money.0
    }
}
