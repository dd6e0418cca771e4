//! Response codes: HTTP status, service and case as seven digits, made in one place only.

use std::fmt;

use crate::{Case, Service};

/// A response code that we answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResponseCode {
    service: Service,
    case: Case,
}

impl ResponseCode {
    /// The code for a case of a service.
    #[must_use]
    pub const fn new(service: Service, case: Case) -> Self {
        Self { service, case }
    }

    /// The HTTP status to answer with.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        self.case.http_status()
    }

    /// The service.
    #[must_use]
    pub const fn service(self) -> Service {
        self.service
    }

    /// The case.
    #[must_use]
    pub const fn case(self) -> Case {
        self.case
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:03}{}{:02}",
            self.case.http_status(),
            self.service,
            self.case.number()
        )
    }
}

/// A response code that somebody else answered with; it need not be in our table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReceivedCode {
    /// The first three digits.
    pub http: u16,
    /// The middle two digits.
    pub service: u8,
    /// The last two digits.
    pub case: u8,
}

/// What an answer means for the work that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Accepted.
    Done,
    /// Definitely not done.
    Refused,
    /// It may have been done: ask for the status, never try again under another reference.
    Unknown,
}

impl ReceivedCode {
    /// Reads seven digits with an HTTP status of 100 to 599.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 7 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let http = text.get(..3)?.parse().ok()?;
        let service = text.get(3..5)?.parse().ok()?;
        let case = text.get(5..)?.parse().ok()?;
        (100..=599).contains(&http).then_some(Self {
            http,
            service,
            case,
        })
    }

    /// Whether the status is 2xx. 202 counts: ask [`ReceivedCode::outcome`] whether it is done.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.http >= 200 && self.http < 300
    }

    /// The case, if it is in our table.
    #[must_use]
    pub fn case(self) -> Option<Case> {
        match Case::find(self.http, self.case) {
            Some(Case::InvalidTransactionStatus) if self.service == 0 => Some(Case::RouteNotFound),
            found => found,
        }
    }

    /// What the answer means. Success by the `200` prefix whatever the service; 202, 429, every 5xx and
    /// 409 are unknown (409: an earlier try was taken, its outcome is not told here); 404 18 on a refund
    /// means that the refund was done before; every other 4xx is a definite no.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match (self.http, self.case) {
            (202, _) => Outcome::Unknown,
            (200..300, _) => Outcome::Done,
            (404, 18) if self.service == Service::REFUND.number() => Outcome::Done,
            (409 | 429, _) => Outcome::Unknown,
            (400..500, _) => Outcome::Refused,
            _ => Outcome::Unknown,
        }
    }
}

impl fmt::Display for ReceivedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}{:02}{:02}", self.http, self.service, self.case)
    }
}
