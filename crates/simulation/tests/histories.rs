//! Five hundred histories, fifty of them twice, and liars who must be found.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use simulation::bank::Lie;
use simulation::template::Template;
use simulation::{History, Wrong, processor, run};

/// How many seeds one run of the tests takes.
const SEEDS: u64 = 500;
/// How many of them are run a second time.
const TWICE: u64 = 50;
/// Within so many histories a liar is found.
const LIES: u64 = 20;
/// What must have happened in some history, or the checks of it say nothing.
const HAPPENS: [&str; 16] = [
    "payments succeeded",
    "payments refunded",
    "payments cancelled",
    "payments failed",
    "refunds succeeded",
    "refunds failed",
    "bindings active",
    "bindings ended",
    "bindings failed",
    "notifications delivered",
    "answers repeated",
    "refusals judged again",
    "asked anew",
    "asked with the token of an ended binding",
    "links left at the bank",
    "forged notifications refused",
];

fn template() -> Template {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(Template::new()).unwrap()
}

/// Runs `one` for every seed, on all processors.
fn each(seeds: u64, one: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(1);
    let threads = std::thread::available_parallelism().unwrap().get();
    std::thread::scope(|scope| {
        for at in 0..threads {
            let (next, one) = (&next, &one);
            scope.spawn(move || {
                processor::keep_to(at);
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > seeds {
                        break;
                    }
                    one(seed);
                }
            });
        }
    });
}

fn good(template: &Template, seed: u64) -> History {
    let history = run(template, seed, Wrong::default()).unwrap();
    assert!(
        history.wrong.is_empty(),
        "{}\n{:#?}\nto repeat it: cargo xtask simulate --seeds 1 --seed {seed}",
        history.log.join("\n"),
        history.wrong
    );
    history
}

#[test]
fn five_hundred_histories_lose_nothing_and_do_nothing_twice() {
    let template = template();
    let (payments, deaths) = (AtomicU64::new(0), AtomicU64::new(0));
    let counts: Mutex<BTreeMap<String, u64>> = Mutex::default();
    each(SEEDS, |seed| {
        let history = good(&template, seed);
        payments.fetch_add(u64::try_from(history.payments).unwrap(), Ordering::SeqCst);
        deaths.fetch_add(u64::try_from(history.deaths).unwrap(), Ordering::SeqCst);
        for (what, count) in history.counts {
            *counts.lock().unwrap().entry(what).or_default() += count;
        }
    });
    // A simulation in which nothing happens would be good too.
    assert!(payments.load(Ordering::SeqCst) > SEEDS * 2);
    assert!(deaths.load(Ordering::SeqCst) > SEEDS / 10);
    let counts = counts.into_inner().unwrap();
    for what in HAPPENS {
        assert!(counts.contains_key(what), "{what}: never, in {counts:?}");
    }
}

#[test]
fn a_seed_gives_one_order_of_events_and_one_database() {
    let template = template();
    each(TWICE, |seed| {
        let (first, second) = (good(&template, seed), good(&template, seed));
        assert_eq!(first.log, second.log, "seed {seed}");
        assert_eq!(first.dump, second.dump, "seed {seed}");
    });
}

/// The findings of the first histories in which something is wrong on purpose.
fn found(wrong: Wrong) -> Vec<String> {
    let template = template();
    let histories = (1..=LIES).map(|seed| run(&template, seed, wrong).unwrap().wrong);
    histories.flatten().collect()
}

#[test]
fn a_bank_that_debits_twice_is_found() {
    let found = found(Wrong {
        bank: Lie::DebitsTwice,
        ..Wrong::default()
    });
    assert!(
        found
            .iter()
            .any(|line| line.contains("was debited 2 times")),
        "{found:?}"
    );
}

#[test]
fn a_bank_that_keeps_what_it_should_refund_is_found() {
    let found = found(Wrong {
        bank: Lie::KeepsRefunds,
        ..Wrong::default()
    });
    assert!(
        found
            .iter()
            .any(|line| line.contains("and the bank's ledger")),
        "{found:?}"
    );
}

#[test]
fn an_answer_that_is_not_repeated_as_it_was_given_is_found() {
    let found = found(Wrong {
        book: true,
        ..Wrong::default()
    });
    assert!(
        found.iter().any(|line| line.contains("was answered")),
        "{found:?}"
    );
}
