//! Holding what merchants were told, and what the bank booked, against what the gateways have stored.
//!
//! Each check adds what differs as a sentence; none means that the history was good. To add one: a function
//! that takes the hub and the rows, and a call in [`everything`].

mod money;
mod repeats;
mod states;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use repeats::ask_all_again;

use crate::hub::Hub;
use crate::rows::Rows;

/// All that is wrong.
#[derive(Debug, Default)]
pub struct Findings {
    /// What differs, one sentence each.
    pub wrong: Vec<String>,
    /// How many things were compared.
    pub compared: u64,
    /// How often there was what the checks are about: a check of nothing finds nothing.
    pub counts: BTreeMap<String, u64>,
}

impl Findings {
    /// Compares: what is wrong is said when it is.
    pub fn expect(&mut self, good: bool, wrong: impl FnOnce() -> String) {
        self.compared = self.compared.saturating_add(1);
        if !good {
            self.wrong.push(wrong());
        }
    }

    /// Counts one more.
    pub fn count(&mut self, what: &str) {
        let count = self.counts.entry(what.to_owned()).or_default();
        *count = count.saturating_add(1);
    }
}

/// Runs all checks of what is stored, once nothing is left to do.
pub fn everything(findings: &mut Findings, hub: &Arc<Hub>, rows: &Rows) {
    money::balanced(findings, rows);
    money::payments(findings, hub, rows);
    money::refunds(findings, hub, rows);
    states::finished(findings, rows);
    states::forward(findings, rows);
    states::told(findings, hub, rows);
    states::notified(findings, hub, rows);
    states::links(findings, hub, rows);
    states::alarms(findings, hub, rows);
    states::count(findings, rows);
}
