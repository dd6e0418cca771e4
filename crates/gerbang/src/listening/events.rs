//! What a notification tells, as one word, and patterns of such words.

use std::str::FromStr;

use anyhow::bail;
use merchant_sdk::notifications::{Event, Notification};
use merchant_sdk::{RefundStatus, TransactionStatus};

/// All words there are.
const EVENTS: &[&str] = &[
    "payment.success",
    "payment.failed",
    "payment.cancelled",
    "payment.pending",
    "refund.success",
    "refund.failed",
    "refund.pending",
    "binding.success",
    "binding.failed",
    "binding.pending",
];

/// Some of the words: one, `payment.*`, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// What a notification tells. That a binding failed and that it ended are told alike.
pub fn event_of(notification: &Notification) -> &'static str {
    match &notification.event {
        Event::Payment(payment) => match &payment.additional_info.refund_status {
            Some(status) => match RefundStatus::parse(status) {
                Some(RefundStatus::Success) => "refund.success",
                Some(RefundStatus::Failed) => "refund.failed",
                Some(RefundStatus::Pending) | None => "refund.pending",
            },
            None => match payment.status() {
                Some(TransactionStatus::Success) => "payment.success",
                Some(TransactionStatus::Refunded) => "refund.success",
                Some(TransactionStatus::Cancelled) => "payment.cancelled",
                Some(TransactionStatus::Failed) => "payment.failed",
                _ => "payment.pending",
            },
        },
        Event::Binding(binding) => match binding.additional_info.status.as_str() {
            "SUCCESS" => "binding.success",
            "FAILED" => "binding.failed",
            _ => "binding.pending",
        },
    }
}

impl Pattern {
    /// Whether this word is among them.
    pub fn matches(&self, event: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => event.starts_with(beginning),
            None => event == self.0,
        }
    }
}

impl FromStr for Pattern {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let pattern = Self(text.to_owned());
        let is_well_formed = match text.strip_suffix('*') {
            Some(beginning) => beginning.is_empty() || beginning.ends_with('.'),
            None => true,
        };
        if is_well_formed && EVENTS.iter().any(|event| pattern.matches(event)) {
            return Ok(pattern);
        }
        bail!(
            "there is no event `{text}`; there are {}, payment.*, refund.*, binding.* and *",
            EVENTS.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pattern_is_an_event_a_kind_or_everything() {
        let pattern = |text: &str| text.parse::<Pattern>().unwrap();
        assert!(pattern("payment.success").matches("payment.success"));
        assert!(!pattern("payment.success").matches("payment.failed"));
        assert!(pattern("payment.*").matches("payment.failed"));
        assert!(!pattern("payment.*").matches("refund.failed"));
        assert!(pattern("*").matches("binding.success"));
        for wrong in [
            "",
            "payment",
            "pay*",
            "payment.",
            "payment.paid",
            "**",
            "orders.*",
        ] {
            let error = wrong.parse::<Pattern>().unwrap_err().to_string();
            assert!(error.contains("payment.success"), "{wrong}: {error}");
        }
    }
}
