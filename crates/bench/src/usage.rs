//! What Linux tells about processes and the machine: memory and processor time.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Processor time is counted in hundredths of a second on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process's memory, in KiB.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Resident now.
    pub resident_kib: u64,
    /// The most that was ever resident.
    pub peak_kib: u64,
}

impl Memory {
    /// Of a running process.
    pub fn of(pid: u32) -> Result<Self> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
            .context("the process is gone")?;
        Ok(Self {
            resident_kib: member(&status, "VmRSS:").context("no VmRSS")?,
            peak_kib: member(&status, "VmHWM:").context("no VmHWM")?,
        })
    }
}

/// The processor time that a process has used, in seconds.
pub fn process_seconds(pid: u32) -> Result<f64> {
    let stat =
        std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    // The name in parentheses may hold anything; after it, the 12th and 13th are user and system time.
    let (_, rest) = stat.rsplit_once(')').context("a stat without a name")?;
    Ok(sum(rest.split_whitespace().skip(11).take(2)) / TICKS_PER_SECOND)
}

/// The time that all processors together were busy since the start, in seconds.
pub fn machine_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("an empty /proc/stat")?;
    let times = || line.split_whitespace().skip(1);
    // user nice system (idle iowait) irq softirq; what a host steals is not ours.
    Ok((sum(times().take(3)) + sum(times().skip(5).take(2))) / TICKS_PER_SECOND)
}

fn sum<'a>(numbers: impl Iterator<Item = &'a str>) -> f64 {
    numbers
        .filter_map(|number| number.parse::<f64>().ok())
        .sum()
}

fn member(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Where a run was made.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many of them.
    pub processors: usize,
    /// Memory in KiB.
    pub memory_kib: u64,
    /// The file system of the databases.
    pub file_system: String,
    /// Programs that were running or waiting to, over the minute before: 0 on a quiet machine.
    pub load_before: f64,
    /// PostgreSQL's version.
    pub postgres: String,
}

impl Machine {
    /// This machine, with the databases in `folder`.
    pub fn read(folder: &Path, postgres: String) -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let processor = read("/proc/cpuinfo")
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned());
        let file_system = Command::new("stat")
            .args(["-f", "-c", "%T"])
            .arg(folder)
            .output()
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        Self {
            processor: processor.unwrap_or_default(),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            memory_kib: member(&read("/proc/meminfo"), "MemTotal:").unwrap_or_default(),
            file_system: file_system.unwrap_or_default(),
            load_before: read("/proc/loadavg")
                .split_whitespace()
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or_default(),
            postgres,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn this_process_has_memory_and_used_some_time() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident_kib > 100 && memory.peak_kib >= memory.resident_kib);
        assert!(process_seconds(std::process::id()).unwrap() >= 0.0);
        assert!(machine_seconds().unwrap() > 0.0);
    }
}
