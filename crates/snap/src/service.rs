//! The service codes 01 to 81 of the standard.

use std::fmt;

/// A service: the two digits in the middle of a response code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Service(u8);

macro_rules! services {
    ($($number:literal $constant:ident $name:literal)*) => {
        impl Service {
            $(#[doc = $name] pub const $constant: Self = Self($number);)*

            /// Every service of the standard, by number; [`Service::NONE`] is not among them.
            #[must_use]
            pub fn all() -> &'static [Self] {
                &[$(Self::$constant),*]
            }

            /// What the standard calls it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self.0 {
                    $($number => $name,)*
                    _ => "None",
                }
            }
        }
    };
}

services! {
    1 CARD_REGISTRATION "Card registration"
    2 CARD_REGISTRATION_SET_LIMIT "Card registration set limit"
    3 CARD_REGISTRATION_INQUIRY "Card registration inquiry"
    4 VERIFY_OTP "Verify OTP"
    5 CARD_UNBINDING "Card unbinding"
    6 ACCOUNT_CREATION "Account creation"
    7 BINDING "Account binding"
    8 BINDING_INQUIRY "Account binding inquiry"
    9 UNBINDING "Account unbinding"
    10 OAUTH_URL "Get OAuth URL"
    11 BALANCE "Balance inquiry"
    12 HISTORY_LIST "Transaction history list"
    13 HISTORY_DETAIL "Transaction history detail"
    14 BANK_STATEMENT "Bank statement"
    15 ACCOUNT_INQUIRY_INTERNAL "Account inquiry internal"
    16 ACCOUNT_INQUIRY_EXTERNAL "Account inquiry external"
    17 TRANSFER_INTRABANK "Intrabank transfer"
    18 TRANSFER_INTERBANK "Interbank transfer"
    19 REQUEST_FOR_PAYMENT "Request for payment"
    20 INTERBANK_BULK "Interbank bulk transfer"
    21 BULK_NOTIFY "Bulk transfer notify"
    22 RTGS "RTGS transfer"
    23 SKNBI "SKNBI transfer"
    24 VA_INQUIRY "Virtual account inquiry"
    25 VA_PAYMENT "Virtual account payment"
    26 VA_INQUIRY_STATUS "Virtual account inquiry status"
    27 VA_CREATE "Virtual account create"
    28 VA_UPDATE "Virtual account update"
    29 VA_UPDATE_STATUS "Virtual account update status"
    30 VA_INQUIRY_CREATED "Virtual account inquiry of a created one"
    31 VA_DELETE "Virtual account delete"
    32 VA_INQUIRY_INTRABANK "Virtual account inquiry intrabank"
    33 VA_PAYMENT_INTRABANK "Virtual account payment intrabank"
    34 VA_NOTIFY_INTRABANK "Virtual account notify intrabank"
    35 VA_REPORT "Virtual account report"
    36 TRANSFER_STATUS_BANK "Transfer status (bank)"
    37 TOP_UP_ACCOUNT_INQUIRY "Account inquiry top-up"
    38 TOP_UP "Customer top-up"
    39 TOP_UP_STATUS "Top-up status"
    40 BULK_CASH_IN "Bulk cash-in"
    41 BULK_CASH_IN_NOTIFY "Bulk cash-in notify"
    42 TRANSFER_TO_BANK_INQUIRY "Transfer-to-bank inquiry"
    43 TRANSFER_TO_BANK "Transfer-to-bank payment"
    44 OTC_CREATE "OTC create"
    45 OTC_STATUS "OTC status"
    46 OTC_CANCEL "OTC cancel"
    47 QR_MPM_GENERATE "QR MPM generate"
    48 QR_MPM_DECODE "QR MPM decode"
    49 QR_MPM_APPLY_OTT "QR MPM apply OTT"
    50 QR_MPM_PAYMENT "QR MPM host-to-host payment"
    51 QR_MPM_QUERY "QR MPM query"
    52 QR_MPM_NOTIFY "QR MPM notify"
    53 TRANSFER_STATUS_NON_BANK "Transfer status (non-bank)"
    54 PAYMENT "Direct debit payment"
    55 STATUS "Direct debit status"
    56 NOTIFY "Direct debit notify"
    57 CANCEL "Direct debit cancel"
    58 REFUND "Direct debit refund"
    59 QR_CPM_GENERATE "QR CPM generate"
    60 QR_CPM_PAYMENT "QR CPM payment"
    61 QR_CPM_QUERY "QR CPM query"
    62 QR_CPM_CANCEL "QR CPM cancel"
    63 AUTH_PAYMENT "Auth payment"
    64 AUTH_QUERY "Auth query"
    65 CAPTURE "Capture"
    66 CAPTURE_QUERY "Capture query"
    67 VOID "Void"
    68 VOID_QUERY "Void query"
    69 AUTH_REFUND "Auth refund"
    70 BI_FAST_MANDATE "Direct debit BI-FAST e-mandate"
    71 BI_FAST_PAYMENT "Direct debit BI-FAST payment"
    72 BI_FAST_NOTIFY "Direct debit BI-FAST notify"
    73 TOKEN_B2B "Access token B2B"
    74 TOKEN_B2B2C "Access token B2B2C"
    75 SKNBI_NOTIFY "SKNBI notify"
    76 RTGS_NOTIFY "RTGS notify"
    77 QR_MPM_CANCEL "QR MPM cancel"
    78 QR_MPM_REFUND "QR MPM refund"
    79 QR_CPM_NOTIFY "QR CPM notify"
    80 QR_CPM_REFUND "QR CPM refund"
    81 OTP "OTP"
}

impl Service {
    /// 00: no service, for answers before a service is known, such as an unknown path.
    pub const NONE: Self = Self(0);

    /// The service of this number, 0 to 81.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        if number <= 81 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}
