//! Runs, one after another, and what each came to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use merchant_sdk::Client;
use merchant_sdk::pages::Customer;
use snap::Secret;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::book::Book;
use crate::calls::Caller;
use crate::check::{self, Findings};
use crate::ears::Ears;
use crate::hours::Hours;
use crate::shop::Shop;
use crate::template::Template;
use crate::world::World;
use crate::{Engine, chaos, idle};

/// How many merchants there are. Each has every customer who has money, and one who has none.
const MERCHANTS: usize = 4;
/// How many of the bank's customers shop; the last of them has no money.
const CUSTOMERS: usize = 3;

/// What is to be run.
pub struct Plan {
    /// Where the gateways keep their memory.
    pub engine: Engine,
    /// How many runs.
    pub runs: u64,
    /// The first run's seed; the others follow.
    pub seed: u64,
    /// The program under test.
    pub gerbang: PathBuf,
}

/// What runs came to.
#[derive(Default)]
pub struct Total {
    /// How many were good.
    pub good: u64,
    /// How many were not.
    pub bad: u64,
    /// How many processes were killed.
    pub kills: u64,
    /// How many definite answers and facts were held against each other.
    pub compared: u64,
    /// How many payments were asked for.
    pub payments: u64,
    /// How many refunds were asked for.
    pub refunds: u64,
}

/// One run's result.
struct Ran {
    findings: Findings,
    kills: BTreeMap<String, u32>,
    payments: usize,
    paid: usize,
    refunds: usize,
    answers: usize,
}

/// Runs them all. A bad one prints what differs, keeps its folder and does not stop the others.
///
/// # Errors
/// When the world cannot be set up.
pub async fn all(plan: &Plan) -> Result<Total> {
    let base = tempfile::Builder::new()
        .prefix("gerbang-crash-")
        .tempdir()?;
    open_to_others(base.path())?;
    let prepared = base.path().join("template");
    std::fs::create_dir(&prepared)?;
    open_to_others(&prepared)?;
    let (template, mut ears) =
        Template::prepare(plan.engine, &plan.gerbang, &prepared, MERCHANTS).await?;
    let mut total = Total::default();
    for number in 0..plan.runs {
        let seed = plan.seed.wrapping_add(number);
        let folder = tempfile::Builder::new()
            .prefix(&format!(
                "gerbang-crash-{}-seed-{seed}-",
                plan.engine.name()
            ))
            .tempdir()?;
        open_to_others(folder.path())?;
        let started = Instant::now();
        let ran = one(&template, &mut ears, folder.path(), seed).await;
        let took = started.elapsed();
        report(&mut total, plan, seed, number, ran, took, folder);
    }
    Ok(total)
}

async fn one(template: &Template, ears: &mut Ears, folder: &Path, seed: u64) -> Result<Ran> {
    drop(ears.heard());
    let not_verified = ears.not_verified();
    let world = World::start(template, folder, None).await?;
    ears.forget(true);
    let mut clients = Vec::new();
    for merchant in 0..template.accounts.len() {
        clients.push(world.clients(template, merchant)?);
    }
    let hours = Hours::begin();
    let passing = tokio::spawn(Arc::clone(&hours).pass());
    let shops = shops(&world, &clients, seed, &hours);
    let killing = tokio::spawn(chaos::reign(
        Arc::clone(&world.fleet),
        seed,
        Arc::clone(&hours),
    ));
    let mut working = JoinSet::new();
    for shop in shops {
        working.spawn(shop.work());
    }
    let mut books: Vec<Book> = Vec::new();
    while let Some(book) = working.join_next().await {
        books.push(book.context("a merchant's program broke")??);
    }
    let kills = killing.await.context("whoever kills broke")?;
    passing.await.context("the hours broke")?;
    ears.forget(false);
    world.ready().await?;
    world.fleet.restart("gateway").await?;
    world.fleet.restart("bank").await?;
    world.ready().await?;
    let mut findings = Findings::default();
    if !hours.were_busy() {
        findings
            .wrong
            .push("too little was answered for this run to say anything".to_owned());
    }
    findings.wrong.extend(idle::wait(&world).await?);
    let mut callers = Vec::new();
    for (merchant, clients) in clients.into_iter().enumerate() {
        callers.push(Caller::new(clients, seed, 900 + merchant, Hours::begin()));
    }
    let heard = ears.heard();
    let rejected = ears.not_verified() - not_verified;
    let checked = check::everything(&world, &books, &heard, rejected, &mut callers).await?;
    findings.wrong.extend(checked.wrong);
    findings.compared += checked.compared;
    world.fleet.end().await;
    let payments = || books.iter().flat_map(|book| book.payments.values());
    Ok(Ran {
        findings,
        kills,
        payments: payments().count(),
        paid: payments().filter(|payment| payment.looks_paid()).count(),
        refunds: payments().map(|payment| payment.refunds.len()).sum(),
        answers: books.iter().map(|book| book.answers.len()).sum(),
    })
}

/// Every merchant with every customer, each pair a program of its own.
fn shops(world: &World, clients: &[Vec<Client>], seed: u64, hours: &Arc<Hours>) -> Vec<Shop> {
    let mut shops = Vec::new();
    for (merchant, clients) in clients.iter().enumerate() {
        for (number, who) in bank_simulator::demo_customers()
            .iter()
            .take(CUSTOMERS)
            .enumerate()
        {
            let customer = Customer {
                phone_no: who.phone_no.to_owned(),
                pin: Secret::new(who.pin),
            };
            let prefix = merchant * 10 + number + 1;
            let caller = Caller::new(clients.clone(), seed, prefix, Arc::clone(hours));
            let inbox = format!("{}/inbox", world.bank_url());
            shops.push(Shop::new(caller, merchant, customer, inbox));
        }
    }
    shops
}

fn report(
    total: &mut Total,
    plan: &Plan,
    seed: u64,
    number: u64,
    ran: Result<Ran>,
    took: Duration,
    folder: TempDir,
) {
    let (wrong, words) = match ran {
        Ok(ran) => {
            let kills: u32 = ran.kills.values().sum();
            total.kills += u64::from(kills);
            total.compared += ran.findings.compared;
            total.payments += u64::try_from(ran.payments).unwrap_or_default();
            total.refunds += u64::try_from(ran.refunds).unwrap_or_default();
            let words = format!(
                "{kills} kills, {} payments ({} paid, {} refunds), {} answers repeated, {} facts compared",
                ran.payments, ran.paid, ran.refunds, ran.answers, ran.findings.compared
            );
            (ran.findings.wrong, words)
        }
        Err(error) => (vec![format!("{error:#}")], "the run broke".to_owned()),
    };
    let verdict = if wrong.is_empty() { "good" } else { "BAD" };
    anstream::println!(
        "{} run {}/{} seed {seed}: {verdict} in {:.1} s: {words}",
        plan.engine.name(),
        number + 1,
        plan.runs,
        took.as_secs_f64()
    );
    if wrong.is_empty() {
        total.good += 1;
        return;
    }
    total.bad += 1;
    for line in &wrong {
        anstream::println!("  {line}");
    }
    anstream::println!(
        "  data: {}\n  again: cargo xtask crash --runs 1 --engine {} --seed {seed}",
        folder.keep().display(),
        plan.engine.name()
    );
}

/// PostgreSQL's user must be able to reach its folder inside.
///
/// # Errors
/// When the folder's mode cannot be changed.
pub fn open_to_others(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, mode).context("the folder cannot be opened to others")
}
