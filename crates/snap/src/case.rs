//! The case codes of the standard, with HTTP status and message: the one table that answers are made from.

/// What an answer says, apart from the service. HTTP status and number make the response code.
///
/// 403 24 to 33 are later additions known from one published copy of the standard; nothing here answers
/// with them. 413 00, 415 00 and [`Case::RouteNotFound`] are this gateway's own, in the standard's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// 200 00: Successful
    Successful,
    /// 202 00: Request In Progress
    InProgress,
    /// 400 00: Bad Request
    BadRequest,
    /// 400 01: Invalid Field Format
    InvalidFieldFormat,
    /// 400 02: Invalid Mandatory Field
    InvalidMandatoryField,
    /// 401 00: Unauthorized.
    Unauthorized,
    /// 401 01: Invalid Token (B2B)
    InvalidTokenB2b,
    /// 401 02: Invalid Customer Token
    InvalidCustomerToken,
    /// 401 03: Token Not Found (B2B)
    TokenNotFoundB2b,
    /// 401 04: Customer Token Not Found
    CustomerTokenNotFound,
    /// 403 00: Transaction Expired
    TransactionExpired,
    /// 403 01: Feature Not Allowed
    FeatureNotAllowed,
    /// 403 02: Exceeds Transaction Amount Limit
    ExceedsAmountLimit,
    /// 403 03: Suspected Fraud
    SuspectedFraud,
    /// 403 04: Activity Count Limit Exceeded
    ActivityCountLimitExceeded,
    /// 403 05: Do Not Honor
    DoNotHonor,
    /// 403 06: Feature Not Allowed At This Time.
    FeatureNotAllowedAtThisTime,
    /// 403 07: Card Blocked
    CardBlocked,
    /// 403 08: Card Expired
    CardExpired,
    /// 403 09: Dormant Account
    DormantAccount,
    /// 403 10: Need To Set Token Limit
    NeedToSetTokenLimit,
    /// 403 11: OTP Blocked
    OtpBlocked,
    /// 403 12: OTP Lifetime Expired
    OtpExpired,
    /// 403 13: OTP Sent To Cardholder
    OtpSentToCardholder,
    /// 403 14: Insufficient Funds
    InsufficientFunds,
    /// 403 15: Transaction Not Permitted.
    TransactionNotPermitted,
    /// 403 16: Suspend Transaction
    SuspendTransaction,
    /// 403 17: Token Limit Exceeded
    TokenLimitExceeded,
    /// 403 18: Inactive Card/Account/Customer
    InactiveAccount,
    /// 403 19: Merchant Blacklisted
    MerchantBlacklisted,
    /// 403 20: Merchant Limit Exceed
    MerchantLimitExceed,
    /// 403 21: Set Limit Not Allowed
    SetLimitNotAllowed,
    /// 403 22: Token Limit Invalid
    TokenLimitInvalid,
    /// 403 23: Account Limit Exceed
    AccountLimitExceed,
    /// 403 24: Invalid CVV
    InvalidCvv,
    /// 403 25: Invalid Expiration
    InvalidExpiration,
    /// 403 26: Invalid Card Type
    InvalidCardType,
    /// 403 27: Card Usage Exceeded
    CardUsageExceeded,
    /// 403 28: Restricted by CVM
    RestrictedByCvm,
    /// 403 29: Duplicate Authorization
    DuplicateAuthorization,
    /// 403 30: Error OTP Request
    ErrorOtpRequest,
    /// 403 31: EMI Not Available
    EmiNotAvailable,
    /// 403 32: Payer Is Invalid
    PayerIsInvalid,
    /// 403 33: Account No Is Invalid
    AccountNoIsInvalid,
    /// 404 00: Invalid Transaction Status
    InvalidTransactionStatus,
    /// 404 01: Transaction Not Found
    TransactionNotFound,
    /// 404 02: Invalid Routing
    InvalidRouting,
    /// 404 03: Bank Not Supported By Switch
    BankNotSupportedBySwitch,
    /// 404 04: Transaction Cancelled
    TransactionCancelled,
    /// 404 05: Merchant Is Not Registered For Card Registration Services
    MerchantNotRegisteredForCards,
    /// 404 06: Need To Request OTP
    NeedToRequestOtp,
    /// 404 07: Journey Not Found
    JourneyNotFound,
    /// 404 08: Invalid Merchant
    InvalidMerchant,
    /// 404 09: No Issuer
    NoIssuer,
    /// 404 10: Invalid API Transition
    InvalidApiTransition,
    /// 404 11: Invalid Card/Account/Customer/Virtual Account
    InvalidAccount,
    /// 404 12: Invalid Bill/Virtual Account
    InvalidBill,
    /// 404 13: Invalid Amount
    InvalidAmount,
    /// 404 14: Paid Bill
    PaidBill,
    /// 404 15: Invalid OTP
    InvalidOtp,
    /// 404 16: Partner Not Found
    PartnerNotFound,
    /// 404 17: Invalid Terminal
    InvalidTerminal,
    /// 404 18: Inconsistent Request
    InconsistentRequest,
    /// 404 19: Invalid Bill/Virtual Account
    ExpiredBill,
    /// 405 00: Requested Function Is Not Supported
    FunctionNotSupported,
    /// 405 01: Requested Operation Is Not Allowed
    OperationNotAllowed,
    /// 409 00: Conflict
    Conflict,
    /// 409 01: Duplicate partnerReferenceNo
    DuplicateReference,
    /// 413 00: Payload Too Large
    PayloadTooLarge,
    /// 415 00: Unsupported Media Type
    UnsupportedMediaType,
    /// 429 00: Too Many Requests
    TooManyRequests,
    /// 500 00: General Error
    GeneralError,
    /// 500 01: Internal Server Error
    InternalServerError,
    /// 500 02: External Server Error
    ExternalServerError,
    /// 504 00: Timeout
    Timeout,
    /// 404 00 without a service: no such path
    RouteNotFound,
}

impl Case {
    /// Every case, by HTTP status and number.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[
            Self::Successful,
            Self::InProgress,
            Self::BadRequest,
            Self::InvalidFieldFormat,
            Self::InvalidMandatoryField,
            Self::Unauthorized,
            Self::InvalidTokenB2b,
            Self::InvalidCustomerToken,
            Self::TokenNotFoundB2b,
            Self::CustomerTokenNotFound,
            Self::TransactionExpired,
            Self::FeatureNotAllowed,
            Self::ExceedsAmountLimit,
            Self::SuspectedFraud,
            Self::ActivityCountLimitExceeded,
            Self::DoNotHonor,
            Self::FeatureNotAllowedAtThisTime,
            Self::CardBlocked,
            Self::CardExpired,
            Self::DormantAccount,
            Self::NeedToSetTokenLimit,
            Self::OtpBlocked,
            Self::OtpExpired,
            Self::OtpSentToCardholder,
            Self::InsufficientFunds,
            Self::TransactionNotPermitted,
            Self::SuspendTransaction,
            Self::TokenLimitExceeded,
            Self::InactiveAccount,
            Self::MerchantBlacklisted,
            Self::MerchantLimitExceed,
            Self::SetLimitNotAllowed,
            Self::TokenLimitInvalid,
            Self::AccountLimitExceed,
            Self::InvalidCvv,
            Self::InvalidExpiration,
            Self::InvalidCardType,
            Self::CardUsageExceeded,
            Self::RestrictedByCvm,
            Self::DuplicateAuthorization,
            Self::ErrorOtpRequest,
            Self::EmiNotAvailable,
            Self::PayerIsInvalid,
            Self::AccountNoIsInvalid,
            Self::InvalidTransactionStatus,
            Self::TransactionNotFound,
            Self::InvalidRouting,
            Self::BankNotSupportedBySwitch,
            Self::TransactionCancelled,
            Self::MerchantNotRegisteredForCards,
            Self::NeedToRequestOtp,
            Self::JourneyNotFound,
            Self::InvalidMerchant,
            Self::NoIssuer,
            Self::InvalidApiTransition,
            Self::InvalidAccount,
            Self::InvalidBill,
            Self::InvalidAmount,
            Self::PaidBill,
            Self::InvalidOtp,
            Self::PartnerNotFound,
            Self::InvalidTerminal,
            Self::InconsistentRequest,
            Self::ExpiredBill,
            Self::FunctionNotSupported,
            Self::OperationNotAllowed,
            Self::Conflict,
            Self::DuplicateReference,
            Self::PayloadTooLarge,
            Self::UnsupportedMediaType,
            Self::TooManyRequests,
            Self::GeneralError,
            Self::InternalServerError,
            Self::ExternalServerError,
            Self::Timeout,
            Self::RouteNotFound,
        ]
    }

    /// The HTTP status.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        self.row().0
    }

    /// The last two digits of the response code.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.row().1
    }

    /// The message, without field or reason.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.row().2
    }

    /// Whether this is a success (2xx).
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.http_status() < 300
    }

    /// Whether it says something about the customer or the money, so that it is passed on when a bank says it. The
    /// others (a wrong signature, a missing field) are between the gateway and the bank.
    #[must_use]
    pub fn is_about_the_customer(self) -> bool {
        matches!(self.http_status(), 403 | 404)
            && !matches!(
                self,
                Self::InvalidRouting | Self::InvalidApiTransition | Self::PartnerNotFound
            )
            || self == Self::InvalidCustomerToken
    }

    /// The case with this status and number; [`Case::RouteNotFound`] cannot be told from
    /// [`Case::InvalidTransactionStatus`] this way, the latter is given.
    #[must_use]
    pub fn find(http_status: u16, number: u8) -> Option<Self> {
        Self::all()
            .iter()
            .copied()
            .find(|case| case.http_status() == http_status && case.number() == number)
    }

    #[rustfmt::skip] // one row, one line
    const fn row(self) -> (u16, u8, &'static str) {
        match self {
            Self::Successful => (200, 0, "Successful"),
            Self::InProgress => (202, 0, "Request In Progress"),
            Self::BadRequest => (400, 0, "Bad Request"),
            Self::InvalidFieldFormat => (400, 1, "Invalid Field Format"),
            Self::InvalidMandatoryField => (400, 2, "Invalid Mandatory Field"),
            Self::Unauthorized => (401, 0, "Unauthorized."),
            Self::InvalidTokenB2b => (401, 1, "Invalid Token (B2B)"),
            Self::InvalidCustomerToken => (401, 2, "Invalid Customer Token"),
            Self::TokenNotFoundB2b => (401, 3, "Token Not Found (B2B)"),
            Self::CustomerTokenNotFound => (401, 4, "Customer Token Not Found"),
            Self::TransactionExpired => (403, 0, "Transaction Expired"),
            Self::FeatureNotAllowed => (403, 1, "Feature Not Allowed"),
            Self::ExceedsAmountLimit => (403, 2, "Exceeds Transaction Amount Limit"),
            Self::SuspectedFraud => (403, 3, "Suspected Fraud"),
            Self::ActivityCountLimitExceeded => (403, 4, "Activity Count Limit Exceeded"),
            Self::DoNotHonor => (403, 5, "Do Not Honor"),
            Self::FeatureNotAllowedAtThisTime => (403, 6, "Feature Not Allowed At This Time."),
            Self::CardBlocked => (403, 7, "Card Blocked"),
            Self::CardExpired => (403, 8, "Card Expired"),
            Self::DormantAccount => (403, 9, "Dormant Account"),
            Self::NeedToSetTokenLimit => (403, 10, "Need To Set Token Limit"),
            Self::OtpBlocked => (403, 11, "OTP Blocked"),
            Self::OtpExpired => (403, 12, "OTP Lifetime Expired"),
            Self::OtpSentToCardholder => (403, 13, "OTP Sent To Cardholder"),
            Self::InsufficientFunds => (403, 14, "Insufficient Funds"),
            Self::TransactionNotPermitted => (403, 15, "Transaction Not Permitted."),
            Self::SuspendTransaction => (403, 16, "Suspend Transaction"),
            Self::TokenLimitExceeded => (403, 17, "Token Limit Exceeded"),
            Self::InactiveAccount => (403, 18, "Inactive Card/Account/Customer"),
            Self::MerchantBlacklisted => (403, 19, "Merchant Blacklisted"),
            Self::MerchantLimitExceed => (403, 20, "Merchant Limit Exceed"),
            Self::SetLimitNotAllowed => (403, 21, "Set Limit Not Allowed"),
            Self::TokenLimitInvalid => (403, 22, "Token Limit Invalid"),
            Self::AccountLimitExceed => (403, 23, "Account Limit Exceed"),
            Self::InvalidCvv => (403, 24, "Invalid CVV"),
            Self::InvalidExpiration => (403, 25, "Invalid Expiration"),
            Self::InvalidCardType => (403, 26, "Invalid Card Type"),
            Self::CardUsageExceeded => (403, 27, "Card Usage Exceeded"),
            Self::RestrictedByCvm => (403, 28, "Restricted by CVM"),
            Self::DuplicateAuthorization => (403, 29, "Duplicate Authorization"),
            Self::ErrorOtpRequest => (403, 30, "Error OTP Request"),
            Self::EmiNotAvailable => (403, 31, "EMI Not Available"),
            Self::PayerIsInvalid => (403, 32, "Payer Is Invalid"),
            Self::AccountNoIsInvalid => (403, 33, "Account No Is Invalid"),
            Self::InvalidTransactionStatus => (404, 0, "Invalid Transaction Status"),
            Self::TransactionNotFound => (404, 1, "Transaction Not Found"),
            Self::InvalidRouting => (404, 2, "Invalid Routing"),
            Self::BankNotSupportedBySwitch => (404, 3, "Bank Not Supported By Switch"),
            Self::TransactionCancelled => (404, 4, "Transaction Cancelled"),
            Self::MerchantNotRegisteredForCards => (404, 5, "Merchant Is Not Registered For Card Registration Services"),
            Self::NeedToRequestOtp => (404, 6, "Need To Request OTP"),
            Self::JourneyNotFound => (404, 7, "Journey Not Found"),
            Self::InvalidMerchant => (404, 8, "Invalid Merchant"),
            Self::NoIssuer => (404, 9, "No Issuer"),
            Self::InvalidApiTransition => (404, 10, "Invalid API Transition"),
            Self::InvalidAccount => (404, 11, "Invalid Card/Account/Customer/Virtual Account"),
            Self::InvalidBill => (404, 12, "Invalid Bill/Virtual Account"),
            Self::InvalidAmount => (404, 13, "Invalid Amount"),
            Self::PaidBill => (404, 14, "Paid Bill"),
            Self::InvalidOtp => (404, 15, "Invalid OTP"),
            Self::PartnerNotFound => (404, 16, "Partner Not Found"),
            Self::InvalidTerminal => (404, 17, "Invalid Terminal"),
            Self::InconsistentRequest => (404, 18, "Inconsistent Request"),
            Self::ExpiredBill => (404, 19, "Invalid Bill/Virtual Account"),
            Self::FunctionNotSupported => (405, 0, "Requested Function Is Not Supported"),
            Self::OperationNotAllowed => (405, 1, "Requested Operation Is Not Allowed"),
            Self::Conflict => (409, 0, "Conflict"),
            Self::DuplicateReference => (409, 1, "Duplicate partnerReferenceNo"),
            Self::PayloadTooLarge => (413, 0, "Payload Too Large"),
            Self::UnsupportedMediaType => (415, 0, "Unsupported Media Type"),
            Self::TooManyRequests => (429, 0, "Too Many Requests"),
            Self::GeneralError => (500, 0, "General Error"),
            Self::InternalServerError => (500, 1, "Internal Server Error"),
            Self::ExternalServerError => (500, 2, "External Server Error"),
            Self::Timeout => (504, 0, "Timeout"),
            Self::RouteNotFound => (404, 0, "Not Found"),
        }
    }
}
