//! Everything in one thread, one step at a time: the gateways' real flows and workers, two processes of them
//! on one real database, among a simulated clock, network, bank and merchants. A seed is one history.
//!
//! `world` decides whose turn it is, `hub` carries the messages, `gateways` lets processes die and databases
//! fail, `bank` and `shop` are the others' books, `programs` is what merchants and customers do, and `check`
//! compares at the end. Nothing here may look into a gateway while it runs, or help it along. It must never
//! be part of the product.

pub mod bank;
pub mod calls;
pub mod check;
pub mod gateways;
pub mod hub;
pub mod processor;
pub mod programs;
pub mod rows;
pub mod shop;
pub mod tell;
pub mod template;
pub mod world;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use crate::bank::{Bank, Lie};
use crate::calls::Caller;
use crate::check::Findings;
use crate::gateways::Gateways;
use crate::hub::Hub;
use crate::rows::Rows;
use crate::template::Template;
use crate::world::World;

/// How often time is moved on before work that is left counts as stuck.
const ROUNDS: usize = 200;

/// What somebody gets wrong on purpose, to see that it is found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wrong {
    /// The bank.
    pub bank: Lie,
    /// A merchant remembers another answer than it got.
    pub book: bool,
}

/// One history, from its first request to the comparison at its end.
#[derive(Debug)]
pub struct History {
    /// What differs, one sentence each; nothing if all is well.
    pub wrong: Vec<String>,
    /// How many things were compared.
    pub compared: u64,
    /// How often there was what the checks are about.
    pub counts: BTreeMap<String, u64>,
    /// How many payments there were.
    pub payments: usize,
    /// How often a gateway died.
    pub deaths: usize,
    /// Everything in its order.
    pub log: Vec<String>,
    /// The database at the end.
    pub dump: Vec<String>,
}

/// Runs the history of a seed, on this thread.
///
/// # Errors
/// When the simulation itself cannot go on.
pub fn run(template: &Template, seed: u64, wrong: Wrong) -> Result<History> {
    let world = World::new(seed);
    let parked = Arc::clone(&world);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || parked.nothing_runs())
        .build()?;
    let history = runtime.block_on(live(template, seed, wrong, &world));
    world.forget();
    drop(runtime);
    history.with_context(|| format!("seed {seed}"))
}

async fn live(template: &Template, seed: u64, wrong: Wrong, world: &Arc<World>) -> Result<History> {
    let folder = template.copy()?;
    let mut config = template.config(&folder.path().join("gateway.db"));
    for bank in config.banks.values_mut() {
        bank.replays_page = !seed.is_multiple_of(3);
    }
    let gateways = Gateways::new(config, seed);
    gateways.start(world).await?;
    let (everybody, key) = (Arc::clone(&gateways.hub), Arc::clone(&template.key));
    let bank = Bank::telling(wrong.bank);
    let hub = Hub::new(Arc::clone(world), gateways, template.shops(), key, bank);
    let _ = everybody.set(Arc::downgrade(&hub));
    go_wrong(&hub).await?;
    if wrong.book {
        spoil(&hub);
    }
    let mut findings = work_off(&hub).await?;
    // What merchants ask again at the end changes nothing and leaves nothing to do.
    let again = pump(&hub, check::ask_all_again(Arc::clone(&hub))).await??;
    findings.wrong.extend(again.wrong);
    findings.compared += again.compared;
    findings.counts = again.counts;
    findings.wrong.extend(work_off(&hub).await?.wrong);
    let app = hub
        .gateways
        .alive()
        .into_iter()
        .next()
        .context("no gateway runs")?;
    app.store.set_waiting_hook(None);
    let rows = Rows::read(&app.store.reader()).await?;
    check::everything(&mut findings, &hub, &rows);
    let now_ms = world.now_ms();
    let held = storage::gateways::claimed(&app.store.reader(), now_ms).await?;
    findings.expect(held.is_none(), || format!("a lease is held in {held:?}"));
    let report = gateway::flows::ledger::check(&app.store, &mut |_| {}).await?;
    for violation in report.violations {
        findings.wrong.push(format!("the ledger: {violation:?}"));
    }
    let log = world.log();
    Ok(History {
        wrong: findings.wrong,
        compared: findings.compared,
        counts: findings.counts,
        payments: rows.of("payments").len(),
        deaths: log.iter().filter(|line| line.contains(" dies: ")).count(),
        dump: rows::dump(&app.store).await?,
        log,
    })
}

/// Everybody does what they do, until the merchants have finished and nothing is on its way any more.
async fn go_wrong(hub: &Arc<Hub>) -> Result<()> {
    let world = &hub.world;
    gateways::look_after_all(hub);
    tokio::spawn(programs::mishaps(Arc::clone(hub)));
    let mut programs = Vec::new();
    for (at, count) in programs::PROGRAMS.into_iter().enumerate() {
        for _ in 0..count {
            let hub = Arc::clone(hub);
            programs.push(tokio::spawn(programs::run(Caller { hub, at })));
        }
    }
    while !programs.iter().all(tokio::task::JoinHandle::is_finished) {
        hub.gateways.restart(world).await?;
        if !world.step().await {
            bail!("nobody can go on");
        }
    }
    world.calm_down();
    hub.bank().down_until_ms = 0;
    loop {
        hub.gateways.restart(world).await?;
        if !world.step().await {
            return Ok(());
        }
    }
}

/// Moves time on until no background work is left; what is left if it does not come to an end.
async fn work_off(hub: &Arc<Hub>) -> Result<Findings> {
    let mut findings = Findings::default();
    let mut open = Vec::new();
    for round in 0..ROUNDS {
        let alive = hub.gateways.alive();
        let app = alive.iter().cycle().nth(round).cloned();
        let app = app.context("no gateway runs")?;
        let at_work = Arc::clone(&app);
        let worked = pump(hub, async move { gateways::work_off(&at_work).await }).await?;
        if let Err(error) = worked {
            findings
                .wrong
                .push(format!("background work failed: {error}"));
            return Ok(findings);
        }
        let rows = pump(
            hub,
            async move { Rows::read_work(&app.store.reader()).await },
        )
        .await??;
        open = rows.open();
        match rows.look_again_ms(hub.world.now_ms()) {
            None => return Ok(findings),
            Some(later_ms) => hub.world.move_to(later_ms),
        }
    }
    let now_ms = hub.world.now_ms();
    findings.wrong.push(format!(
        "background work does not end: at {now_ms} {open:?}"
    ));
    Ok(findings)
}

/// Gives everybody their turns until `work` is done.
async fn pump<T, F>(hub: &Arc<Hub>, work: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let work = tokio::spawn(work);
    while !work.is_finished() {
        if !hub.world.step().await && !work.is_finished() {
            bail!("nobody can go on");
        }
    }
    Ok(work.await?)
}

fn spoil(hub: &Arc<Hub>) {
    for shop in &hub.shops {
        let mut book = shop.book();
        if let Some(told) = book.answers.iter_mut().find(|told| told.done) {
            told.body = told.body.to_ascii_uppercase().into();
            return;
        }
    }
}
