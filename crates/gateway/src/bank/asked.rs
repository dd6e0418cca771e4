//! What became of a question to the bank: the only place that turns a bank's HTTP answer into an
//! outcome. Whatever is not surely a yes or a no is `Unknown`; it must never be guessed.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use snap::{Case, ReceivedCode, Service};

use super::breaker::Sign;

/// The longest `responseMessage` that is kept.
const LONGEST_MESSAGE: usize = 150;

/// How a question to the bank ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked<T> {
    /// The bank did it.
    Done(T),
    /// The bank accepted it and has not finished (202).
    InProgress,
    /// The bank says no, and nothing moved.
    Refused(BankRefusal),
    /// The customer has ended the link in the bank's own app: no call for this customer can succeed.
    Unlinked(BankRefusal),
    /// The question may have arrived; what became of it must be found out by asking for the status.
    Unknown(String),
    /// Nothing was sent: the breaker is open, there was no connection, or no token could be had.
    NotAsked,
}

/// A bank's definite no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankRefusal {
    /// The code as received.
    pub code: ReceivedCode,
    /// The bank's words, shortened to what SNAP allows, without control characters.
    pub message: String,
}

impl BankRefusal {
    /// Whether the bank refuses to be asked, by us, so, or now, before it looks at what it is asked for. Where
    /// the same was asked before, such a no says nothing about what became of that.
    pub fn is_at_the_door(&self) -> bool {
        use Case as Is;
        match (self.code.http, self.code.case()) {
            (403, Some(case)) => matches!(
                case,
                Is::FeatureNotAllowed
                    | Is::FeatureNotAllowedAtThisTime
                    | Is::ActivityCountLimitExceeded
                    | Is::SuspendTransaction
                    | Is::MerchantBlacklisted
                    | Is::MerchantLimitExceed
            ),
            (404, Some(case)) => matches!(
                case,
                Is::TransactionNotFound
                    | Is::InvalidRouting
                    | Is::InvalidMerchant
                    | Is::PartnerNotFound
                    | Is::InvalidTerminal
                    | Is::RouteNotFound
            ),
            _ => true,
        }
    }
}

/// An answer as it came from the wire.
#[derive(Debug)]
pub(super) struct Answer {
    pub http: u16,
    pub body: Bytes,
}

/// What an answer means, before its body is read as a particular response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    Done,
    InProgress,
    Refused(BankRefusal),
    Unlinked(BankRefusal),
    /// Our B2B token is not (or no longer) valid: nothing was done, a new token may help.
    StaleToken,
    Unknown(String),
}

#[derive(serde::Deserialize)]
struct Head {
    #[serde(rename = "responseCode")]
    code: String,
    #[serde(rename = "responseMessage", default)]
    message: Option<String>,
}

impl Answer {
    /// The `responseCode`, if the body is SNAP's.
    pub fn code(&self) -> Option<ReceivedCode> {
        self.head().and_then(|head| ReceivedCode::parse(&head.code))
    }

    fn head(&self) -> Option<Head> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What the answer to a call of `service` means; `for_customer` when it named a customer.
    pub fn meaning(&self, service: Service, for_customer: bool) -> Meaning {
        let Some(head) = self.head() else {
            return Meaning::Unknown(format!("HTTP {} without a SNAP body", self.http));
        };
        let Some(code) = ReceivedCode::parse(&head.code) else {
            return Meaning::Unknown(format!(
                "HTTP {} with an unreadable responseCode",
                self.http
            ));
        };
        if code.http != self.http {
            return Meaning::Unknown(format!(
                "HTTP {} with responseCode {}",
                self.http, head.code
            ));
        }
        let belongs = code.service == service.number() || (code.service == 0 && code.http >= 400);
        if !belongs {
            return Meaning::Unknown(format!("responseCode {} is another service's", head.code));
        }
        let refusal = BankRefusal {
            code,
            message: words(head.message.as_deref()),
        };
        match (code.http, code.case) {
            (202, _) => Meaning::InProgress,
            (200..=299, _) => Meaning::Done,
            (401, 1 | 3) if service != Service::TOKEN_B2B && service != Service::TOKEN_B2B2C => {
                Meaning::StaleToken
            }
            (401, 2) if for_customer => Meaning::Unlinked(refusal),
            (401, 0) if service == Service::TOKEN_B2B2C && !blames_our_signature(&refusal) => {
                Meaning::Unlinked(refusal)
            }
            // "Already processed" and "already seen": the status tells what became of the first.
            (409, _) => Meaning::Unknown(format!("responseCode {}", head.code)),
            (408 | 429 | 500..=599, _) => Meaning::Unknown(format!("responseCode {}", head.code)),
            (400..=499, _) => Meaning::Refused(refusal),
            _ => Meaning::Unknown(format!("responseCode {}", head.code)),
        }
    }

    /// What the answer says about the bank's health. A gateway timeout is the bank's core being
    /// silent behind its front; other troubles are told by a bank that is there.
    pub fn sign(&self) -> Sign {
        match (self.code(), self.http) {
            (None, _) | (_, 502..=504) => Sign::Silent,
            (_, 429 | 500..=599) => Sign::Troubled,
            _ => Sign::Alive,
        }
    }

    /// The body as the response of a call that was done.
    pub fn read<A: DeserializeOwned>(&self) -> Result<A, String> {
        serde_json::from_slice(&self.body)
            .map_err(|error| format!("response not understood: {:?}", error.classify()))
    }
}

/// 74 answers 4017400 both for a customer who has gone and for a signature that is not ours. Only the
/// first may end a binding: a wrong key in our configuration must not end them all.
fn blames_our_signature(refusal: &BankRefusal) -> bool {
    let message = refusal.message.to_ascii_lowercase();
    ["signature", "timestamp", "client", "partner"]
        .iter()
        .any(|word| message.contains(word))
}

fn words(message: Option<&str>) -> String {
    message
        .unwrap_or_default()
        .chars()
        .filter(|character| !character.is_control())
        .take(LONGEST_MESSAGE)
        .collect()
}

impl<T> Asked<T> {
    /// The same ending for a question of another kind; only an answer cannot be carried over.
    pub fn without_answer<U>(self) -> Asked<U> {
        match self {
            Self::Done(_) => Asked::Unknown("the answer was dropped".to_owned()),
            Self::InProgress => Asked::InProgress,
            Self::Refused(refusal) => Asked::Refused(refusal),
            Self::Unlinked(refusal) => Asked::Unlinked(refusal),
            Self::Unknown(why) => Asked::Unknown(why),
            Self::NotAsked => Asked::NotAsked,
        }
    }

    /// One word for counters and logs.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::InProgress => "in progress",
            Self::Refused(_) => "refused",
            Self::Unlinked(_) => "unlinked",
            Self::Unknown(_) => "unknown",
            Self::NotAsked => "not asked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(http: u16, body: &str) -> Answer {
        Answer {
            http,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn snap(code: &str, message: &str) -> Answer {
        let http = code[..3].parse().unwrap();
        answer(
            http,
            &format!(r#"{{"responseCode":"{code}","responseMessage":"{message}"}}"#),
        )
    }

    fn outcome(service: Service, for_customer: bool, code: &str) -> &'static str {
        match snap(code, "").meaning(service, for_customer) {
            Meaning::Done => "done",
            Meaning::InProgress => "in progress",
            Meaning::Refused(_) => "refused",
            Meaning::Unlinked(_) => "unlinked",
            Meaning::StaleToken => "stale token",
            Meaning::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn every_class_of_code_has_its_outcome() {
        let table = [
            (Service::PAYMENT, true, "2005400", "done"),
            (Service::PAYMENT, true, "2025400", "in progress"),
            (Service::PAYMENT, true, "4005401", "refused"),
            (Service::PAYMENT, true, "4015400", "refused"),
            (Service::PAYMENT, true, "4015401", "stale token"),
            (Service::PAYMENT, true, "4015403", "stale token"),
            (Service::PAYMENT, true, "4010001", "stale token"),
            (Service::PAYMENT, true, "4015402", "unlinked"),
            (Service::STATUS, false, "4015502", "refused"),
            (Service::PAYMENT, true, "4035402", "refused"),
            (Service::PAYMENT, true, "4035414", "refused"),
            (Service::PAYMENT, true, "4045418", "refused"),
            (Service::CANCEL, false, "4045700", "refused"),
            (Service::CANCEL, false, "4045701", "refused"),
            (Service::PAYMENT, true, "4040000", "refused"),
            (Service::REFUND, false, "4055801", "refused"),
            (Service::PAYMENT, true, "4095400", "unknown"),
            (Service::PAYMENT, true, "4095401", "unknown"),
            (Service::PAYMENT, true, "4295400", "unknown"),
            (Service::PAYMENT, true, "5005400", "unknown"),
            (Service::PAYMENT, true, "5005401", "unknown"),
            (Service::PAYMENT, true, "5045400", "unknown"),
            (Service::PAYMENT, true, "3005400", "unknown"),
            (Service::PAYMENT, true, "2005500", "unknown"),
            (Service::PAYMENT, true, "2000000", "unknown"),
            (Service::PAYMENT, true, "4035514", "unknown"),
            (Service::TOKEN_B2B, false, "4017301", "refused"),
            (Service::TOKEN_B2B2C, true, "2007400", "done"),
            (Service::TOKEN_B2B2C, true, "4017400", "unlinked"),
            (Service::TOKEN_B2B2C, true, "4017402", "unlinked"),
        ];
        for (service, for_customer, code, expected) in table {
            assert_eq!(outcome(service, for_customer, code), expected, "{code}");
        }
    }

    #[test]
    fn a_no_at_the_door_is_told_from_a_no_to_what_was_asked() {
        for (code, expected) in [
            ("4005801", true),
            ("4015800", true),
            ("4035801", true),
            ("4035819", true),
            ("4040000", true),
            ("4045801", true),
            ("4045816", true),
            ("4055800", true),
            ("4035899", true),
            ("4035802", false),
            ("4035805", false),
            ("4035814", false),
            ("4035815", false),
            ("4045800", false),
            ("4045813", false),
        ] {
            let Meaning::Refused(no) = snap(code, "").meaning(Service::REFUND, false) else {
                panic!("{code} is no refusal");
            };
            assert_eq!(no.is_at_the_door(), expected, "{code}");
        }
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_unknown() {
        for (http, code) in [
            (200, "4035414"),
            (409, "2005400"),
            (404, "2005400"),
            (500, "4035414"),
            (502, "2005400"),
        ] {
            let body = format!(r#"{{"responseCode":"{code}","responseMessage":""}}"#);
            let meaning = answer(http, &body).meaning(Service::PAYMENT, true);
            assert!(
                matches!(meaning, Meaning::Unknown(_)),
                "{http} {code} {meaning:?}"
            );
        }
    }

    #[test]
    fn what_is_not_snap_is_unknown_whatever_its_status() {
        for body in [
            "",
            "<html>404</html>",
            "null",
            "[]",
            "{}",
            r#"{"responseCode":2005400}"#,
            r#"{"responseCode":"20054"}"#,
        ] {
            for http in [200, 202, 400, 404, 502] {
                let meaning = answer(http, body).meaning(Service::PAYMENT, true);
                assert!(
                    matches!(meaning, Meaning::Unknown(_)),
                    "{http} {body} {meaning:?}"
                );
            }
        }
    }

    #[test]
    fn a_signature_that_the_bank_rejects_ends_no_binding() {
        for message in [
            "Unauthorized. [Signature]",
            "Unauthorized. Invalid Signature",
            "Unauthorized. [Unknown client]",
        ] {
            let meaning = snap("4017400", message).meaning(Service::TOKEN_B2B2C, true);
            assert!(matches!(meaning, Meaning::Refused(_)), "{message}");
        }
    }

    #[test]
    fn a_banks_words_are_cut_and_cleaned() {
        let long = format!("a\\u0000b{}", "é".repeat(300));
        let Meaning::Refused(refusal) = snap("4035405", &long).meaning(Service::PAYMENT, true)
        else {
            panic!("not refused");
        };
        assert_eq!(refusal.message.chars().count(), 150);
        assert!(refusal.message.starts_with("abé"));
    }

    #[test]
    fn the_breaker_counts_silence_and_not_every_trouble() {
        for (answer, sign) in [
            (snap("2005400", ""), Sign::Alive),
            (snap("4035414", ""), Sign::Alive),
            (snap("5005400", ""), Sign::Troubled),
            (snap("4295400", ""), Sign::Troubled),
            (snap("5045400", ""), Sign::Silent),
            (answer(503, "<html>"), Sign::Silent),
            (answer(200, "<html>"), Sign::Silent),
        ] {
            assert_eq!(answer.sign(), sign, "{answer:?}");
        }
    }
}
