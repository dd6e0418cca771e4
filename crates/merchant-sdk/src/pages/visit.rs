//! What is played and how it ended.

use snap::Secret;

/// What the customer does.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The address of the simulator's inbox, such as `http://127.0.0.1:8701/inbox`.
    pub inbox_url: Option<String>,
    /// Who may be playing: the one whose number the page shows, masked; the first if it shows
    /// none of them.
    pub customers: Vec<Customer>,
    /// Types a wrong OTP until the bank ends the page.
    pub wrong_otp: bool,
    /// Types a wrong PIN until the bank ends the page.
    pub wrong_pin: bool,
    /// Presses cancel where the first page offers it.
    pub cancel: bool,
    /// Starts, then walks away where the first code would be typed.
    pub abandon: bool,
}

/// A customer who can be played.
#[derive(Clone, PartialEq, Eq)]
pub struct Customer {
    /// The phone number, to find their messages in the inbox.
    pub phone_no: String,
    /// The PIN.
    pub pin: Secret,
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Customer(…)")
    }
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The customer did everything and the pages ended well.
    Completed,
    /// The bank or the gateway said no.
    Refused,
    /// The customer pressed cancel.
    Cancelled,
    /// The customer walked away, or no OTP ever came.
    Abandoned,
    /// The page could not say how it ended.
    Unknown,
}

impl Ending {
    /// The ending as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Unknown => "unknown",
        }
    }
}

/// A finished visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// How it ended.
    pub ending: Ending,
    /// What the last page called its end, such as `success` or `expired`.
    pub end: Option<String>,
    /// The responseCode that the page gave as the reason.
    pub code: Option<String>,
    /// The merchant's address that the customer was sent to, exactly as it stood on the page.
    pub sent_to: Option<String>,
    /// The OTPs that were read from the inbox.
    pub otps: Vec<Secret>,
}
