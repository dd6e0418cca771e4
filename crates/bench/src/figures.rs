//! Everything that one run found, as it stands in the JSON file.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::latency::Latency;
use crate::load::{Done, Plan, Processor};
use crate::pgbench::TpcB;
use crate::ready::Ready;
use crate::truth::Found;
use crate::usage::{Machine, Memory};
use crate::world::Both;

/// One run.
#[derive(Serialize)]
pub struct Figures {
    /// When it ended.
    pub date: String,
    /// Where.
    pub machine: Machine,
    /// With what.
    pub settings: Settings,
    /// PostgreSQL's own measure.
    pub pgbench: TpcB,
    /// Payments, once for each engine.
    pub legs: Vec<Leg>,
    /// The sandbox's time to ready.
    pub sandbox: Ready,
    /// The size of the gerbang binary.
    pub binary_bytes: u64,
}

/// How the run was made.
#[derive(Serialize)]
pub struct Settings {
    /// How long each load lasted.
    pub seconds: u16,
    /// How long before that payments ran without counting.
    pub warm_up_seconds: u64,
    /// Connections of pgbench and of the merchants.
    pub connections: u16,
    /// Merchants.
    pub merchants: u16,
    /// Linked customers over all merchants.
    pub linked_customers: usize,
    /// pgbench's scale.
    pub pgbench_scale: u16,
}

/// Payments on one engine.
#[derive(Serialize)]
pub struct Leg {
    /// `postgres` or `sqlite`.
    pub engine: &'static str,
    /// Payments that were answered with success, warm-up and stragglers included.
    pub acknowledged: u64,
    /// Those of them that service 55 knew afterwards, with the same amount.
    pub found: u64,
    /// The first that it did not know, if any.
    pub first_missing: Option<String>,
    /// Payments a second: answered in the time that counts and found afterwards.
    pub payments_per_second: f64,
    /// That, by pgbench's transactions a second.
    pub ratio_to_pgbench: f64,
    /// How long the answers took.
    pub latency: Latency,
    /// Other answers, by responseCode or cause.
    pub failures: BTreeMap<String, u64>,
    /// Status requests a second, while the payments were looked for.
    pub status_per_second: f64,
    /// Who used the processors while payments counted.
    pub processor: Processor,
    /// The gateway's memory.
    pub gateway_memory: MemoryOverTime,
    /// The bank simulator's memory.
    pub simulator_memory: MemoryOverTime,
}

/// A process's resident memory in KiB.
#[derive(Serialize)]
pub struct MemoryOverTime {
    /// Ready, and nothing asked of it yet.
    pub idle_kib: u64,
    /// Right after the load.
    pub after_kib: u64,
    /// The most it ever had.
    pub peak_kib: u64,
}

impl Leg {
    /// Puts a load and what was found of it together.
    pub fn new(
        engine: &'static str,
        plan: &Plan,
        done: Done,
        acknowledged: usize,
        found: Found,
        pgbench_per_second: f64,
        [idle, loaded, last]: &[Both<Memory>; 3],
    ) -> Self {
        let payments_per_second = number(found.counting) / plan.measured.as_secs_f64();
        Self {
            engine,
            acknowledged: u64::try_from(acknowledged).unwrap_or(u64::MAX),
            found: found.found,
            first_missing: found.first_missing,
            payments_per_second,
            ratio_to_pgbench: payments_per_second / pgbench_per_second,
            latency: Latency::of(done.times),
            failures: done.failures,
            status_per_second: number(found.found) / found.took.as_secs_f64(),
            processor: done.processor,
            gateway_memory: MemoryOverTime::of(idle.gateway, loaded.gateway, last.gateway),
            simulator_memory: MemoryOverTime::of(idle.simulator, loaded.simulator, last.simulator),
        }
    }
}

impl MemoryOverTime {
    fn of(idle: Memory, loaded: Memory, last: Memory) -> Self {
        Self {
            idle_kib: idle.resident_kib,
            after_kib: loaded.resident_kib,
            peak_kib: last.peak_kib,
        }
    }
}

/// Counts are far below the 2^32 up to which this is exact.
pub fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
