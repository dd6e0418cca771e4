//! What the gateway does in a second on this machine, beside what its database does: run as
//! `cargo xtask bench`, which builds everything and brings a PostgreSQL.
//!
//! It starts the real programs (gateway, bank simulator, sandbox) as processes and speaks to them over
//! HTTP, as a merchant would. It knows nothing of their insides, and nothing of the product depends on it.
//! `docs/benchmarks.md` says how to read the figures. To add a figure: a field in `figures.rs`, a row in
//! `table.rs`.

// A measurement reads the clocks itself, and removes what of the environment would change the programs.
#![allow(clippy::disallowed_methods)]

mod figures;
mod latency;
mod links;
mod load;
mod notifications;
mod pgbench;
mod programs;
mod ready;
mod table;
mod truth;
mod usage;
mod wire;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use figures::{Figures, Leg, Settings};
use links::Link;
use load::Plan;
use pgbench::Server;
use usage::Machine;
use world::World;

/// Before anything counts: connections, caches, prepared statements.
const WARM_UP: Duration = Duration::from_secs(3);

/// Measures signed payments on PostgreSQL and SQLite beside pgbench, memory, and time to ready.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// The gerbang binary to measure
    #[arg(long, value_name = "FILE")]
    gerbang: PathBuf,
    /// A PostgreSQL that may be filled: postgres://USER@HOST:PORT/DATABASE
    #[arg(long, value_name = "URL")]
    postgres: String,
    /// The folder with pgbench and psql
    #[arg(long, value_name = "DIR")]
    postgres_programs: PathBuf,
    /// How long each load lasts
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=300))]
    seconds: u16,
    /// Connections of pgbench and of the merchants
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=200))]
    connections: u16,
    /// Merchants; each has two linked customers
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=100))]
    merchants: u16,
    /// pgbench's scale: how many times 100,000 accounts
    #[arg(long, default_value_t = 50)]
    scale: u16,
    /// Measure notifications instead of payments: this many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    notifications: Option<u32>,
    /// Dead endpoints beside them
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    dead: u32,
    /// Write every figure here too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Interrupted, it drops what it started and what it wrote.
    let done = tokio::select! {
        done = run(&arguments) => done,
        stopped = stopped() => stopped,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::progress(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn stopped() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
    }
    bail!("interrupted")
}

async fn run(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("gerbang-bench-")
        .tempdir()?;
    if let Some(count) = arguments.notifications {
        let server = Server::new(&arguments.postgres, &arguments.postgres_programs)?;
        let plan = notifications::Plan {
            count: usize::try_from(count)?,
            dead: usize::try_from(arguments.dead)?,
        };
        return notifications::run(&arguments.gerbang, folder.path(), &server, &plan).await;
    }
    let figures = measure(arguments, folder.path()).await?;
    table::print(&figures);
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&figures)? + "\n";
        std::fs::write(file, text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        table::progress(&format!("all figures are in {}", file.display()));
    }
    if figures.legs.iter().any(|leg| leg.found < leg.acknowledged) {
        bail!("payments that were acknowledged were not found");
    }
    Ok(())
}

async fn measure(arguments: &Arguments, folder: &Path) -> Result<Figures> {
    let gerbang = arguments.gerbang.as_path();
    let server = Server::new(&arguments.postgres, &arguments.postgres_programs)?;
    let machine = Machine::read(folder, server.version().await?);
    let binary_bytes = std::fs::metadata(gerbang)
        .with_context(|| format!("there is no {}", gerbang.display()))?
        .len();
    table::progress("the sandbox's time to ready, 5 folders, each started twice");
    let (sandbox, customers) = ready::measure(gerbang, folder).await?;
    table::progress(&format!(
        "pgbench: TPC-B, scale {}, {} clients, {} s after filling the tables",
        arguments.scale, arguments.connections, arguments.seconds
    ));
    let pgbench = server
        .tpc_b(arguments.scale, arguments.connections, arguments.seconds)
        .await?;
    let plan = Plan {
        connections: arguments.connections,
        warm_up: WARM_UP,
        measured: Duration::from_secs(u64::from(arguments.seconds)),
    };
    let mut legs = Vec::new();
    for engine in ["postgres", "sqlite"] {
        let own = folder.join(engine);
        std::fs::create_dir(&own)?;
        let database = match engine {
            "postgres" => server.new_database("gateway").await?,
            _ => format!("sqlite:{}", own.join("gateway.db").display()),
        };
        let world = World::prepare(gerbang, &own, &database, arguments.merchants).await?;
        legs.push(leg(engine, world, &plan, &customers, pgbench.per_second).await?);
    }
    Ok(Figures {
        date: snap::timestamp::format_jakarta(wire::now_ms()),
        machine,
        settings: Settings {
            seconds: arguments.seconds,
            warm_up_seconds: WARM_UP.as_secs(),
            connections: arguments.connections,
            merchants: arguments.merchants,
            linked_customers: usize::from(arguments.merchants) * customers.len(),
            pgbench_scale: arguments.scale,
        },
        pgbench,
        legs,
        sandbox,
        binary_bytes,
    })
}

/// One engine, from an empty database to the last payment found.
async fn leg(
    engine: &'static str,
    world: World,
    plan: &Plan,
    customers: &[ready::Customer],
    pgbench_per_second: f64,
) -> Result<Leg> {
    let running = world.start().await?;
    let idle = running.memory()?;
    table::progress(&format!(
        "{engine}: customers link their accounts on the pages"
    ));
    let links: Arc<[Link]> = links::make(&running, customers).await?.into();
    table::progress(&format!(
        "{engine}: {} s of payments on {} connections, {} links",
        plan.measured.as_secs(),
        plan.connections,
        links.len()
    ));
    let mut done = load::pay(&running, &links, plan).await?;
    let loaded = running.memory()?;
    let acknowledged = std::mem::take(&mut done.acknowledged);
    let count = acknowledged.len();
    table::progress(&format!(
        "{engine}: {count} payments were acknowledged; each is looked for"
    ));
    let found = truth::look_for(&running, &links, plan, acknowledged).await?;
    let memory = [idle, loaded, running.memory()?];
    running.stop().await?;
    Ok(Leg::new(
        engine,
        plan,
        done,
        count,
        found,
        pgbench_per_second,
        &memory,
    ))
}
