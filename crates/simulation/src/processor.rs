//! One simulation is one thing after the other, on several threads only because SQLite's driver has its own.
//! They are faster on one processor than on two.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this thread, and those that it starts, on one of the processors that it may use. Where the
/// machine does not allow that, it is only slower.
pub fn keep_to(number: usize) {
    let this = Pid::from_raw(0);
    let Ok(allowed) = sched_getaffinity(this) else {
        return;
    };
    let all: Vec<usize> = (0..CpuSet::count())
        .filter(|at| allowed.is_set(*at).unwrap_or(false))
        .collect();
    let mut one = CpuSet::new();
    let at = all.iter().cycle().nth(number);
    if at.is_some_and(|at| one.set(*at).is_ok()) {
        let _ = sched_setaffinity(this, &one);
    }
}
