//! Counters of the calls to one bank, by operation and outcome, for the health page and metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use snap::Service;

/// How often calls ended how, and how long they took together.
#[derive(Debug, Default)]
pub struct CallCounts(Mutex<BTreeMap<(u8, &'static str), Tally>>);

/// The calls of one operation with one outcome.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub calls: u64,
    /// Their time together, in microseconds.
    pub total_us: u64,
}

impl CallCounts {
    /// Adds a finished call.
    pub fn add(&self, service: Service, outcome: &'static str, took_us: u64) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry((service.number(), outcome)).or_default();
        tally.calls = tally.calls.saturating_add(1);
        tally.total_us = tally.total_us.saturating_add(took_us);
    }

    /// How many calls of an operation ended so.
    pub fn of(&self, service: Service, outcome: &'static str) -> u64 {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tallies
            .get(&(service.number(), outcome))
            .map_or(0, |tally| tally.calls)
    }

    /// All counters: service number, outcome, tally.
    pub fn all(&self) -> Vec<(u8, &'static str, Tally)> {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tallies
            .iter()
            .map(|((service, outcome), tally)| (*service, *outcome, *tally))
            .collect()
    }
}
