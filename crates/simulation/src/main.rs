//! The command line of the simulation: `cargo xtask simulate` builds and starts it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use simulation::template::Template;
use simulation::{History, Wrong, processor, run};

#[derive(Parser)]
#[command(
    about = "Runs whole histories of gateways, bank and merchants in one thread each, one a seed"
)]
struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed; the others count on from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run each seed twice and compare everything that happened
    #[arg(long)]
    twice: bool,
    /// Print everything that happens
    #[arg(long)]
    log: bool,
    /// How many seeds at the same time; as many as there are processors if not given
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    let template = runtime.block_on(Template::new())?;
    let threads = arguments
        .threads
        .or_else(|| std::thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1);
    let total = Total::default();
    let bar = ProgressBar::new(arguments.seeds);
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} seeds, {per_sec}, {eta} left",
    )?);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let (arguments, template, total, bar) = (&arguments, &template, &total, &bar);
        let work = |at| {
            scope.spawn(move || {
                processor::keep_to(at);
                worker(arguments, template, total, bar)
            })
        };
        let all: Vec<_> = (0..threads).map(work).collect();
        for one in all {
            match one.join() {
                Ok(result) => result?,
                Err(_) => bail!("a simulation ended by a bug"),
            }
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    total.print(begun.elapsed().as_secs_f64());
    Ok(if total.failed.load(Ordering::SeqCst) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Takes the next seed until there is none, or one has failed.
fn worker(
    arguments: &Arguments,
    template: &Template,
    total: &Total,
    bar: &ProgressBar,
) -> Result<()> {
    loop {
        let next = total.taken.fetch_add(1, Ordering::SeqCst);
        if next >= arguments.seeds || total.failed.load(Ordering::SeqCst) {
            return Ok(());
        }
        let seed = arguments.seed.saturating_add(next);
        let mut history = run(template, seed, Wrong::default())?;
        if arguments.twice {
            let second = run(template, seed, Wrong::default())?;
            history.wrong.extend(difference(&history, &second));
        }
        if arguments.log || !history.wrong.is_empty() {
            bar.suspend(|| show(seed, &history));
        }
        total.add(&history);
        bar.inc(1);
    }
}

fn difference(first: &History, second: &History) -> Option<String> {
    let lines = first.log.iter().zip(&second.log);
    if let Some((one, other)) = lines.into_iter().find(|(one, other)| one != other) {
        return Some(format!("the second time it was otherwise: {one} / {other}"));
    }
    (first.log.len() != second.log.len() || first.dump != second.dump)
        .then(|| "the second time it ended otherwise".to_owned())
}

fn show(seed: u64, history: &History) {
    for line in &history.log {
        anstream::println!("{line}");
    }
    for wrong in &history.wrong {
        anstream::println!("WRONG: {wrong}");
    }
    if !history.wrong.is_empty() {
        anstream::println!(
            "seed {seed} failed; to repeat it: cargo xtask simulate --seeds 1 --seed {seed}"
        );
    }
}

#[derive(Default)]
struct Total {
    taken: AtomicU64,
    done: AtomicU64,
    compared: AtomicU64,
    payments: AtomicU64,
    deaths: AtomicU64,
    steps: AtomicU64,
    failed: AtomicBool,
}

impl Total {
    fn add(&self, history: &History) {
        let count = |number: usize| u64::try_from(number).unwrap_or(0);
        self.done.fetch_add(1, Ordering::SeqCst);
        self.compared.fetch_add(history.compared, Ordering::SeqCst);
        self.payments
            .fetch_add(count(history.payments), Ordering::SeqCst);
        self.deaths
            .fetch_add(count(history.deaths), Ordering::SeqCst);
        self.steps
            .fetch_add(count(history.log.len()), Ordering::SeqCst);
        if !history.wrong.is_empty() {
            self.failed.store(true, Ordering::SeqCst);
        }
    }

    fn print(&self, seconds: f64) {
        let of = |number: &AtomicU64| number.load(Ordering::SeqCst);
        let per_minute =
            f64::from(u32::try_from(of(&self.done)).unwrap_or(u32::MAX)) * 60.0 / seconds;
        anstream::println!(
            "{} seeds, {per_minute:.0} a minute; {} payments, {} deaths of gateways, {} events, {} facts compared",
            of(&self.done),
            of(&self.payments),
            of(&self.deaths),
            of(&self.steps),
            of(&self.compared),
        );
    }
}
