//! Notifications a second: one gateway, a full outbox, and merchants that verify every signature; then the
//! same beside thousands of endpoints that are dead, which nobody has tried, and again when they were.
//!
//! The outbox is filled through `storage`, as a flow would write it, but all due at one moment; everything
//! from the claim to the recorded attempt is the gateway's own.

mod outbox;
mod receivers;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use self::outbox::{Dead, Outbox};
use self::receivers::Receivers;
use crate::figures::number;
use crate::pgbench::Server;
use crate::programs::Program;
use crate::table;
use crate::usage::{Machine, Memory, process_seconds};
use crate::wire;
use crate::world;

/// Merchants that work.
const MERCHANTS: usize = 100;
/// Notifications before anything counts.
const WARM_UP: usize = 2_000;
/// Time to begin to wait after the outbox was filled and before it becomes due.
const FILLING: Duration = Duration::from_secs(3);
/// So long the gateway has only the dead, between the second phase and the third.
const ALONE_WITH_THE_DEAD: Duration = Duration::from_secs(60);
/// A phase that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(300);

/// What is measured.
pub struct Plan {
    /// Notifications of each phase.
    pub count: usize,
    /// Dead endpoints of the later phases.
    pub dead: usize,
}

/// One phase.
struct Phase {
    per_second: f64,
    gateway_us_each: f64,
    failed: usize,
    repeats: usize,
    memory: Memory,
}

/// Measures both engines and prints a table.
pub async fn run(gerbang: &Path, folder: &Path, server: &Server, plan: &Plan) -> Result<()> {
    let machine = Machine::read(folder, server.version().await?);
    let mut rows = Vec::new();
    for engine in ["postgres", "sqlite"] {
        let own = folder.join(format!("notifications-{engine}"));
        std::fs::create_dir(&own)?;
        let database = match engine {
            "postgres" => server.new_database("notifications").await?,
            _ => format!("sqlite:{}", own.join("gateway.db").display()),
        };
        let phases = engine_phases(gerbang, &own, &database, plan).await?;
        let [alone, ..] = &phases;
        let dead = plan.dead;
        let told = [
            "-".to_owned(),
            format!("{dead}, never tried"),
            format!("{dead}, a minute later"),
        ];
        for (phase, told) in phases.iter().zip(told) {
            let kept = format!("{:.2}", phase.per_second / alone.per_second);
            rows.push(row(engine, told, phase, kept));
        }
    }
    table::notifications(&machine, plan.count, MERCHANTS, rows);
    Ok(())
}

fn row(engine: &str, dead: String, phase: &Phase, kept: String) -> [String; 8] {
    [
        engine.to_owned(),
        dead,
        format!("{:.0}", phase.per_second),
        kept,
        format!("{:.0}", phase.gateway_us_each),
        phase.failed.to_string(),
        phase.repeats.to_string(),
        format!("{:.0}", number(phase.memory.peak_kib) / 1024.0),
    ]
}

async fn engine_phases(
    gerbang: &Path,
    folder: &Path,
    database: &str,
    plan: &Plan,
) -> Result<[Phase; 3]> {
    let (config, address) = world::for_notifications(folder, database)?;
    let receivers = Receivers::start(MERCHANTS).await?;
    let outbox = Outbox::open(database).await?;
    outbox.add_merchants(&receivers).await?;
    let serve = ["serve".to_owned(), format!("--config={}", config.display())];
    let mut gateway = Program::start("gateway", gerbang, &serve, folder)?;
    crate::programs::wait_for("gateway", async || {
        gateway.check()?;
        Ok(wire::is_ready(address).await.then_some(()))
    })
    .await?;
    let measure = async |count, dead| phase(&outbox, &receivers, &gateway, count, dead).await;
    measure(WARM_UP, None).await?;
    table::progress(&format!("{database}: {} notifications", plan.count));
    let alone = measure(plan.count, None).await?;
    table::progress(&format!("the same beside {} dead endpoints", plan.dead));
    let dead = Dead::start(plan.dead).await?;
    let never_tried = measure(plan.count, Some(&dead)).await?;
    table::progress("the same a minute later");
    tokio::time::sleep(ALONE_WITH_THE_DEAD).await;
    let tried = measure(plan.count, None).await?;
    gateway.check()?;
    // Asked to stop, it would wait for the tries that hang.
    drop(gateway);
    Ok([alone, never_tried, tried])
}

/// From the moment when all are due until every try that arrived is on disk.
async fn phase(
    outbox: &Outbox,
    receivers: &Receivers,
    gateway: &Program,
    count: usize,
    dead: Option<&Dead>,
) -> Result<Phase> {
    let rows = count + dead.map_or(0, |dead| 3 * dead.count());
    let filling = FILLING + outbox.filling(rows);
    let due_at_ms = wire::now_ms() + i64::try_from(filling.as_millis())?;
    receivers.expect();
    if let Some(dead) = dead {
        // A little earlier, so that they are first in line.
        outbox.owe_dead(dead, due_at_ms - 1).await?;
    }
    outbox.owe(count, due_at_ms).await?;
    let early_ms = due_at_ms - wire::now_ms();
    ensure!(early_ms > 0, "the outbox was not filled in time");
    tokio::time::sleep(Duration::from_millis(early_ms.unsigned_abs())).await;
    let (begun, used) = (Instant::now(), process_seconds(gateway.pid())?);
    let (heard, took) = loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let heard = receivers.heard();
        if heard.different >= count && outbox.delivered_since(due_at_ms).await? >= count {
            break (heard, begun.elapsed());
        }
        if begun.elapsed() > LONGEST {
            bail!("{} of {count} arrived in {LONGEST:?}", heard.different);
        }
    };
    ensure!(
        heard.unverified == 0,
        "{} signatures were wrong",
        heard.unverified
    );
    let used = process_seconds(gateway.pid())? - used;
    let failed = outbox.failed_since(due_at_ms).await?;
    Ok(Phase {
        per_second: number(u64::try_from(count)?) / took.as_secs_f64(),
        gateway_us_each: used * 1e6 / number(u64::try_from(count)?),
        failed,
        repeats: heard.all - heard.different,
        memory: Memory::of(gateway.pid())?,
    })
}
