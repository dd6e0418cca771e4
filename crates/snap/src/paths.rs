//! Every path that is served or called.
//!
//! Merchants call the first group on the gateway, with DOKU's paths. The gateway calls the bank's group
//! under the bank's base URL, with ASPI's paths. The bank calls the last group under `/bank/{bank}`.

/// Token for a merchant's server (73).
pub const TOKEN_B2B: &str = "/authorization/v1/access-token/b2b";
/// Token for one customer (74).
pub const TOKEN_B2B2C: &str = "/authorization/v1/access-token/b2b2c";
/// Account binding (07).
pub const BINDING: &str = "/direct-debit/core/v1/registration-account-binding";
/// Account unbinding (09).
pub const UNBINDING: &str = "/direct-debit/core/v1/registration-account-unbinding";
/// Account unbinding (09) as DOKU's page prints it.
pub const UNBINDING_WITHOUT_CORE: &str = "/direct-debit/v1/registration-account-unbinding";
/// Balance inquiry (11).
pub const BALANCE: &str = "/direct-debit/core/v1/balance-inquiry";
/// Payment (54).
pub const PAYMENT: &str = "/direct-debit/core/v1/debit/payment-host-to-host";
/// Payment status (55).
pub const STATUS: &str = "/orders/v1.0/debit/status";
/// Refund (58).
pub const REFUND: &str = "/direct-debit/core/v1/debit/refund";

/// Where a merchant usually receives payment notifications (56); the real address is the merchant's setting.
pub const NOTIFY: &str = "/v1.0/debit/notify";
/// Where a merchant usually receives binding notifications (07); the real address is the merchant's setting.
pub const BINDING_NOTIFY: &str = "/v1.0/registration-account-binding/notify";

/// The bank's token for us (73).
pub const BANK_TOKEN_B2B: &str = "/v1.0/access-token/b2b";
/// The bank's token for one customer (74).
pub const BANK_TOKEN_B2B2C: &str = "/v1.0/access-token/b2b2c";
/// The bank's account binding (07).
pub const BANK_BINDING: &str = "/v1.0/registration-account-binding";
/// The bank's account binding inquiry (08).
pub const BANK_BINDING_INQUIRY: &str = "/v1.0/registration-account-inquiry";
/// The bank's account unbinding (09).
pub const BANK_UNBINDING: &str = "/v1.0/registration-account-unbinding";
/// The bank's balance inquiry (11).
pub const BANK_BALANCE: &str = "/v1.0/balance-inquiry";
/// The bank's statement of one account or day (14).
pub const BANK_STATEMENT: &str = "/v1.0/bank-statement";
/// The bank's payment (54).
pub const BANK_PAYMENT: &str = "/v1.0/debit/payment-host-to-host";
/// The bank's payment status (55).
pub const BANK_STATUS: &str = "/v1.0/debit/status";
/// The bank's notification, under `/bank/{bank}` (56).
pub const BANK_NOTIFY: &str = "/v1.0/debit/notify";
/// The bank's cancel (57).
pub const BANK_CANCEL: &str = "/v1.0/debit/cancel";
/// The bank's refund (58).
pub const BANK_REFUND: &str = "/v1.0/debit/refund";

/// Where the bank fetches a token from us: `/bank/{bank}` + [`BANK_TOKEN_B2B`], as a route.
pub const INBOUND_TOKEN_B2B: &str = "/bank/{bank}/v1.0/access-token/b2b";
/// Where the bank notifies us: `/bank/{bank}` + [`BANK_NOTIFY`], as a route.
pub const INBOUND_NOTIFY: &str = "/bank/{bank}/v1.0/debit/notify";
