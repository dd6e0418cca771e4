//! The small closed lists of the wire: transaction status, refund status, pay method.

/// `latestTransactionStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// 00: money moved.
    Success,
    /// 01: known, not yet at the bank.
    Initiated,
    /// 02: the customer is paying.
    Paying,
    /// 03: the outcome is not known yet.
    Pending,
    /// 04: all of it was given back.
    Refunded,
    /// 05: no debit will happen.
    Cancelled,
    /// 06: refused.
    Failed,
    /// 07: not known here; no proof of failure.
    NotFound,
}

impl TransactionStatus {
    /// All of them, by code.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Initiated,
        Self::Paying,
        Self::Pending,
        Self::Refunded,
        Self::Cancelled,
        Self::Failed,
        Self::NotFound,
    ];

    /// The two digits of the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Success => "00",
            Self::Initiated => "01",
            Self::Paying => "02",
            Self::Pending => "03",
            Self::Refunded => "04",
            Self::Cancelled => "05",
            Self::Failed => "06",
            Self::NotFound => "07",
        }
    }

    /// The word for `transactionStatusDesc`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Initiated => "Initiated",
            Self::Paying => "Paying",
            Self::Pending => "Pending",
            Self::Refunded => "Refunded",
            Self::Cancelled => "Canceled",
            Self::Failed => "Failed",
            Self::NotFound => "Not found",
        }
    }

    /// Reads the two digits; `None` for an unknown value, which a client must treat as not final.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Whether nothing but a refund can follow.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Refunded | Self::Cancelled | Self::Failed
        )
    }
}

/// `refundStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundStatus {
    /// 00: money went back.
    Success,
    /// 03: the outcome is not known yet.
    Pending,
    /// 06: refused.
    Failed,
}

impl RefundStatus {
    /// The two digits of the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Success => "00",
            Self::Pending => "03",
            Self::Failed => "06",
        }
    }

    /// Reads the two digits.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Success, Self::Pending, Self::Failed]
            .into_iter()
            .find(|status| status.code() == code)
    }
}

/// `payMethod`: where the money comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum PayMethod {
    /// The account's balance.
    Balance,
    /// Loyalty points.
    Point,
    /// Credit.
    Paylater,
}

impl PayMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Balance, Self::Point, Self::Paylater];

    /// The word of the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Balance => "BALANCE",
            Self::Point => "POINT",
            Self::Paylater => "PAYLATER",
        }
    }

    /// Reads the word of the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}
