//! What kills.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::fleet::Fleet;
use crate::hours::Hours;

/// So many are killed in a run; from then on there is peace, and a slow machine gets its work done.
const KILLS: u32 = 16;

/// Kills one process after another at random moments until it is time to stop. Counts, by name.
pub async fn reign(fleet: Arc<Fleet>, seed: u64, hours: Arc<Hours>) -> BTreeMap<String, u32> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0xC4A0_5C4A_05C4_A05C);
    let names: Vec<String> = fleet.names().into_iter().map(str::to_owned).collect();
    let mut kills = BTreeMap::new();
    loop {
        // By what has happened and not by the time alone, so that a slow machine gets something done too.
        hours.after_progress(rng.random_range(1..12)).await;
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..100))).await;
        if hours.are_closed() || kills.values().sum::<u32>() >= KILLS {
            return kills;
        }
        let at = rng.random_range(0..names.len());
        let pause = Duration::from_millis(rng.random_range(0..250));
        let name = names.get(at).cloned().unwrap_or_default();
        // PostgreSQL has a way of its own to deal with one lost process.
        let only_a_child = name == "postgres" && rng.random_ratio(1, 3);
        if only_a_child && fleet.kill_child(at, rng.random_range(0..64)).await {
            *kills.entry(format!("{name}'s child")).or_default() += 1;
        } else {
            fleet.kill(at, pause).await;
            *kills.entry(name).or_default() += 1;
        }
    }
}
