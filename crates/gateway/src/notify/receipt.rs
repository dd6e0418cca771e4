//! What a merchant's answer to a notification means: pure.

use serde_json::Value;
use storage::merchants::NotificationProfile;

/// Words of the merchant that are kept are at most this long.
const LONGEST_WORDS: usize = 150;

/// As much as was understood of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The HTTP status.
    pub status: u16,
    /// SNAP's `responseCode`, if the body has one.
    pub code: Option<String>,
    /// The `responseMessage` beside it, bounded.
    pub message: Option<String>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Receipt {
    /// The merchant has it.
    Confirmed,
    /// A 2xx with an error inside: DOKU counts it.
    Doubtful,
    /// "I had this X-EXTERNAL-ID before": it counts when there was a try before.
    Repeated,
    /// Not received.
    Refused,
}

impl Said {
    /// Reads an answer.
    pub fn read(status: u16, body: &[u8]) -> Self {
        let value = serde_json::from_slice::<Value>(body).unwrap_or(Value::Null);
        let text = |name: &str| match value.get(name) {
            Some(Value::String(text)) => Some(words(text)),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Self {
            status,
            code: text("responseCode"),
            message: text("responseMessage"),
        }
    }

    /// Whether the merchant no longer knows our token. A 401 that is not SNAP comes from something in
    /// front of the merchant, and says the same.
    pub fn is_stale_token(&self) -> bool {
        let Some(code) = &self.code else {
            return self.status == 401;
        };
        let named = || {
            let message = self
                .message
                .as_deref()
                .unwrap_or_default()
                .to_ascii_lowercase();
            message.contains("invalid token")
        };
        is_case(code, "401", "01") || is_case(code, "401", "03") || is_error(code) && named()
    }

    /// Whether the merchant may have compared with another key or secret than the one that signed.
    pub fn is_wrong_signature(&self) -> bool {
        let words = self.message.as_deref().unwrap_or_default();
        match &self.code {
            Some(code) if is_error(code) => {
                is_case(code, "401", "00") || words.to_ascii_lowercase().contains("signature")
            }
            Some(_) => false,
            None => self.status == 401,
        }
    }

    /// What it means under a merchant's profile.
    pub fn receipt(&self, profile: &NotificationProfile) -> Receipt {
        let ok = (200..300).contains(&self.status);
        match self.code.as_deref() {
            Some(code) if is_case(code, "409", "00") => Receipt::Repeated,
            Some(code) if ok && is_error(code) => match profile {
                NotificationProfile::Doku => Receipt::Doubtful,
                NotificationProfile::Prompt | NotificationProfile::Own(_) => Receipt::Refused,
            },
            _ if ok => Receipt::Confirmed,
            _ => Receipt::Refused,
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match &self.message {
            Some(message) => write!(f, " {message}"),
            None => Ok(()),
        }
    }
}

/// A merchant's words in a form that can be kept and shown.
pub(super) fn words(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_WORDS)
        .collect()
}

fn is_error(code: &str) -> bool {
    code.starts_with('4') || code.starts_with('5')
}

fn is_case(code: &str, http: &str, case: &str) -> bool {
    code.len() == 7 && code.starts_with(http) && code.ends_with(case)
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationProfile::{Doku, Prompt};

    fn said(status: u16, body: &str) -> Said {
        Said::read(status, body.as_bytes())
    }

    #[test]
    fn a_2xx_confirms_unless_its_body_says_4_or_5() {
        let table = [
            (200, r#"{"responseCode":"2005600"}"#, Receipt::Confirmed),
            (200, r#"{"responseCode":2005600}"#, Receipt::Confirmed),
            (200, r#"{"responseCode":"2000700"}"#, Receipt::Confirmed),
            (204, "", Receipt::Confirmed),
            (200, "OK", Receipt::Confirmed),
            (200, "[]", Receipt::Confirmed),
            (200, r#"{"responseCode":"2005600""#, Receipt::Confirmed),
            (202, r#"{"responseCode":"2025600"}"#, Receipt::Confirmed),
            (200, r#"{"responseCode":"4015600"}"#, Receipt::Refused),
            (
                200,
                r#"{"responseCode":"5005600","responseMessage":"Invalid Token"}"#,
                Receipt::Refused,
            ),
            (200, r#"{"responseCode":5005600}"#, Receipt::Refused),
            (301, "", Receipt::Refused),
            (302, r#"{"responseCode":"2005600"}"#, Receipt::Refused),
            (400, r#"{"responseCode":"2005600"}"#, Receipt::Refused),
            (
                404,
                r#"{"responseCode":"4005600","responseMessage":"Paid Bill"}"#,
                Receipt::Refused,
            ),
            (409, r#"{"responseCode":"4095600"}"#, Receipt::Repeated),
            (200, r#"{"responseCode":"4095600"}"#, Receipt::Repeated),
            (409, r#"{"responseCode":"4095601"}"#, Receipt::Refused),
            (409, "conflict", Receipt::Refused),
            (500, "", Receipt::Refused),
            (503, "<html>", Receipt::Refused),
        ];
        for (status, body, receipt) in table {
            assert_eq!(
                said(status, body).receipt(&Prompt),
                receipt,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn under_dokus_profile_any_2xx_counts() {
        let error_inside = said(200, r#"{"responseCode":"5005600"}"#);
        assert_eq!(error_inside.receipt(&Doku), Receipt::Doubtful);
        assert_eq!(said(200, "").receipt(&Doku), Receipt::Confirmed);
        assert_eq!(said(500, "").receipt(&Doku), Receipt::Refused);
    }

    #[test]
    fn a_token_that_is_no_longer_known_is_recognised_in_every_spelling() {
        for (status, body) in [
            (
                401,
                r#"{"responseCode":"4015601","responseMessage":"Invalid Token (B2B)"}"#,
            ),
            (401, r#"{"responseCode":"4010701"}"#),
            (401, r#"{"responseCode":"4015603"}"#),
            (
                500,
                r#"{"responseCode":"5005600","responseMessage":"Invalid Token"}"#,
            ),
            (
                200,
                r#"{"responseCode":"5005600","responseMessage":"invalid token"}"#,
            ),
            (401, "Unauthorized"),
        ] {
            assert!(said(status, body).is_stale_token(), "{status} {body}");
        }
        for (status, body) in [
            (
                401,
                r#"{"responseCode":"4015600","responseMessage":"Unauthorized. [Signature]"}"#,
            ),
            (
                401,
                r#"{"responseCode":"4015602","responseMessage":"Invalid Customer Token"}"#,
            ),
            (
                500,
                r#"{"responseCode":"5005600","responseMessage":"General Error"}"#,
            ),
            (
                200,
                r#"{"responseCode":"2005600","responseMessage":"Invalid Token"}"#,
            ),
            (403, ""),
        ] {
            assert!(!said(status, body).is_stale_token(), "{status} {body}");
        }
    }

    #[test]
    fn a_signature_that_is_not_believed_is_recognised() {
        for (status, body) in [
            (
                401,
                r#"{"responseCode":"4015600","responseMessage":"Unauthorized. [Signature]"}"#,
            ),
            (
                401,
                r#"{"responseCode":"4017300","responseMessage":"Unauthorized.Invalid Signature"}"#,
            ),
            (
                200,
                r#"{"responseCode":"5005600","responseMessage":"Invalid signature"}"#,
            ),
            (401, "Unauthorized"),
        ] {
            assert!(said(status, body).is_wrong_signature(), "{status} {body}");
        }
        for (status, body) in [
            (
                401,
                r#"{"responseCode":"4015601","responseMessage":"Invalid Token (B2B)"}"#,
            ),
            (
                200,
                r#"{"responseCode":"2005600","responseMessage":"Signature fine"}"#,
            ),
            (500, ""),
        ] {
            assert!(!said(status, body).is_wrong_signature(), "{status} {body}");
        }
    }

    #[test]
    fn a_merchants_words_are_bounded_and_plain() {
        let long = format!(
            r#"{{"responseCode":"5005600","responseMessage":"a\u0000b\n{}"}}"#,
            "x".repeat(500)
        );
        let text = said(500, &long).to_string();
        assert!(text.starts_with("answered 500 5005600 abxx"), "{text}");
        assert!(text.len() < 200);
    }
}
