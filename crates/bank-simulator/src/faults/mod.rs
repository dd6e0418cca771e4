//! Faults on demand, so that a gateway can be seen to survive them: refusals, late, missing and lost answers, calls
//! left open, and notifications that come twice, late, early, forged or never.
//!
//! They are armed by a tester ([`armed`]), asked for by the sen of an amount ([`magic`]), or come with a demo
//! customer. A fault changes what the gateway hears, never what the books say: money still moves at most once.
//!
//! To add an outcome: a variant of [`Outcome`], its line in [`Operation::takes`], what it does in `api/faulty.rs` or
//! `notify.rs`, and its line in `docs/simulator.md`.

pub(crate) mod armed;
pub(crate) mod magic;
pub(crate) mod met;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use snap::{Case, ReceivedCode, Service};

/// How late `late` is when no time is given: longer than a gateway waits.
pub(crate) const LATE_ANSWER_S: u32 = 15;
/// The same for a notification.
pub(crate) const LATE_NOTIFICATION_S: u32 = 60;
/// How long `open` stays open.
pub(crate) const OPEN_MS: i64 = 30_000;
const LATEST_S: u32 = 3_600;

/// Whether there is anything to look up: a bank without faults must not pay for them.
#[derive(Debug, Default)]
pub(crate) struct Known {
    armed: AtomicBool,
    met: AtomicBool,
}

impl Known {
    pub(crate) fn new(armed: bool, met: bool) -> Self {
        Self {
            armed: AtomicBool::new(armed),
            met: AtomicBool::new(met),
        }
    }

    /// A fault may be armed.
    pub(crate) fn armed(&self) -> bool {
        self.armed.load(Ordering::Relaxed)
    }

    /// A fault may have been met.
    pub(crate) fn met(&self) -> bool {
        self.met.load(Ordering::Relaxed)
    }

    pub(crate) fn set_armed(&self, armed: bool) {
        self.armed.store(armed, Ordering::Relaxed);
    }

    pub(crate) fn set_met(&self) {
        self.met.store(true, Ordering::Relaxed);
    }
}

/// What the gateway asks for, or what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Any,
    Token,
    CustomerToken,
    Binding,
    BindingInquiry,
    Unbinding,
    Balance,
    Payment,
    Status,
    Cancel,
    Refund,
    Statement,
    Notify,
}

/// How it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Refused with this case.
    No(Case),
    /// Done, and answered after this many seconds; sent after this many seconds.
    Late(u32),
    /// Not done and never answered; never sent.
    Silent,
    /// Done, and the connection is closed instead of an answer.
    Lost,
    /// Done, and answered with 202 for half a minute.
    Open,
    /// Not done: the connection is closed at once.
    Down,
    /// Sent once more after it was accepted.
    Twice,
    /// Paid at once, and sent before the payment is answered.
    Early,
    /// False ones come first.
    Forged,
}

impl Operation {
    pub(crate) const ALL: [Self; 13] = [
        Self::Any,
        Self::Token,
        Self::CustomerToken,
        Self::Binding,
        Self::BindingInquiry,
        Self::Unbinding,
        Self::Balance,
        Self::Payment,
        Self::Status,
        Self::Cancel,
        Self::Refund,
        Self::Statement,
        Self::Notify,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Token => "token",
            Self::CustomerToken => "customer-token",
            Self::Binding => "binding",
            Self::BindingInquiry => "binding-inquiry",
            Self::Unbinding => "unbinding",
            Self::Balance => "balance",
            Self::Payment => "payment",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Statement => "statement",
            Self::Notify => "notify",
        }
    }

    pub(crate) fn service(self) -> Service {
        match self {
            Self::Any => Service::NONE,
            Self::Token => Service::TOKEN_B2B,
            Self::CustomerToken => Service::TOKEN_B2B2C,
            Self::Binding => Service::BINDING,
            Self::BindingInquiry => Service::BINDING_INQUIRY,
            Self::Unbinding => Service::UNBINDING,
            Self::Balance => Service::BALANCE,
            Self::Payment => Service::PAYMENT,
            Self::Status => Service::STATUS,
            Self::Cancel => Service::CANCEL,
            Self::Refund => Service::REFUND,
            Self::Statement => Service::BANK_STATEMENT,
            Self::Notify => Service::NOTIFY,
        }
    }

    /// The member of a call's body that names what it is about.
    pub(crate) fn reference(self) -> Option<&'static str> {
        match self {
            Self::Binding | Self::Balance | Self::Payment => Some("partnerReferenceNo"),
            Self::BindingInquiry | Self::Status | Self::Cancel => {
                Some("originalPartnerReferenceNo")
            }
            Self::Unbinding => Some("linkId"),
            Self::Refund => Some("partnerRefundNo"),
            Self::Any | Self::Token | Self::CustomerToken | Self::Statement | Self::Notify => None,
        }
    }

    /// What can go wrong with it.
    pub(crate) fn takes(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Late(_) | Outcome::Silent => true,
            Outcome::No(_) | Outcome::Lost | Outcome::Down => self != Self::Notify,
            Outcome::Open => self.reference().is_some(),
            Outcome::Twice | Outcome::Early | Outcome::Forged => self == Self::Notify,
        }
    }

    /// The outcomes in the words that a tester uses.
    pub(crate) fn outcomes(self) -> Vec<String> {
        let mut words = Vec::new();
        if self == Self::Any {
            words.push("a code such as 50400".to_owned());
        } else if self.takes(Outcome::Down) {
            let example = snap::ResponseCode::new(self.service(), Case::DoNotHonor);
            words.push(format!("a code such as {example}"));
        }
        for (word, outcome) in WORDS {
            if self.takes(outcome) {
                words.push(word.to_owned());
            }
        }
        words
    }
}

const WORDS: [(&str, Outcome); 8] = [
    ("late[:SECONDS]", Outcome::Late(0)),
    ("silent", Outcome::Silent),
    ("lost", Outcome::Lost),
    ("open", Outcome::Open),
    ("down", Outcome::Down),
    ("twice", Outcome::Twice),
    ("early", Outcome::Early),
    ("forged", Outcome::Forged),
];

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No(case) => write!(f, "{:03}{:02}", case.http_status(), case.number()),
            Self::Late(seconds) => write!(f, "late:{seconds}"),
            Self::Silent => f.write_str("silent"),
            Self::Lost => f.write_str("lost"),
            Self::Open => f.write_str("open"),
            Self::Down => f.write_str("down"),
            Self::Twice => f.write_str("twice"),
            Self::Early => f.write_str("early"),
            Self::Forged => f.write_str("forged"),
        }
    }
}

/// Reads an operation; the error names those that there are.
pub(crate) fn operation(text: &str) -> Result<Operation, String> {
    let found = Operation::ALL.into_iter().find(|one| one.name() == text);
    found.ok_or_else(|| {
        let names = Operation::ALL.map(Operation::name).join(", ");
        format!("there is no operation `{text}`; the operations are {names}")
    })
}

/// Reads an outcome of an operation; the error names those that it has.
pub(crate) fn outcome(operation: Operation, text: &str) -> Result<Outcome, String> {
    let found = read(operation, text).filter(|outcome| operation.takes(*outcome));
    found.ok_or_else(|| {
        let words = operation.outcomes().join(", ");
        let name = operation.name();
        format!("`{text}` is no outcome of {name}; its outcomes are {words}")
    })
}

fn read(operation: Operation, text: &str) -> Option<Outcome> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return code(operation, text).map(Outcome::No);
    }
    if let Some((word, seconds)) = text.split_once(':') {
        let seconds = seconds.parse().ok().filter(|s| (1..=LATEST_S).contains(s));
        return seconds.filter(|_| word == "late").map(Outcome::Late);
    }
    Some(match text {
        "late" if operation == Operation::Notify => Outcome::Late(LATE_NOTIFICATION_S),
        "late" => Outcome::Late(LATE_ANSWER_S),
        "silent" => Outcome::Silent,
        "lost" => Outcome::Lost,
        "open" => Outcome::Open,
        "down" => Outcome::Down,
        "twice" => Outcome::Twice,
        "early" => Outcome::Early,
        "forged" => Outcome::Forged,
        _ => return None,
    })
}

/// A refusal as `4035414` or without its service as `40314`.
fn code(operation: Operation, text: &str) -> Option<Case> {
    let whole = match (text.get(..3), text.get(3..), text.len()) {
        (Some(http), Some(case), 5) => format!("{http}{}{case}", operation.service()),
        _ => text.to_owned(),
    };
    let received = ReceivedCode::parse(&whole)?;
    let of_this = received.service == operation.service().number();
    let case = received.case().filter(|_| of_this)?;
    (case.http_status() >= 400).then_some(case)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_code_of_the_standard_that_says_no_can_be_asked_for() {
        for case in Case::all().iter().filter(|case| case.http_status() >= 400) {
            let code = snap::ResponseCode::new(Operation::Payment.service(), *case).to_string();
            let short = format!("{:03}{:02}", case.http_status(), case.number());
            for text in [code, short] {
                let Ok(Outcome::No(read)) = outcome(Operation::Payment, &text) else {
                    unreachable!("{text}");
                };
                assert_eq!(read.http_status(), case.http_status());
                assert_eq!(read.number(), case.number());
            }
        }
    }

    #[test]
    fn what_is_kept_is_read_back() {
        for operation in Operation::ALL {
            for (_, outcome) in WORDS {
                let outcome = match outcome {
                    Outcome::Late(_) => Outcome::Late(7),
                    other => other,
                };
                let kept = super::outcome(operation, &outcome.to_string());
                assert_eq!(kept.is_ok(), operation.takes(outcome), "{outcome}");
                assert!(kept.is_err() || kept == Ok(outcome));
            }
            assert_eq!(super::operation(operation.name()), Ok(operation));
        }
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_right_ones() {
        let error = operation("pay").unwrap_err();
        assert!(error.contains("payment") && error.contains("customer-token"));
        for text in [
            "2005400", "4031114", "99999", "late:0", "twice", "nonsense", "403é",
        ] {
            let error = outcome(Operation::Payment, text).unwrap_err();
            assert!(
                error.contains("4035405") && error.contains("lost"),
                "{error}"
            );
            assert!(!error.contains("forged"), "{error}");
        }
        assert_eq!(
            outcome(Operation::Notify, "late"),
            Ok(Outcome::Late(LATE_NOTIFICATION_S))
        );
    }
}
