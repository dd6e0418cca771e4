//! The one clock, the one die, and whose turn it is.
//!
//! Whatever waits for something that the simulation decides stands here with a time and a label: an answer
//! on its way, a gateway before its next statement, a customer who thinks. When nothing else moves any more,
//! not even the database, one of those whose time has come is drawn and goes on; if there is none, the
//! clock moves to the next. So one seed gives one order of events. Real time must never decide anything.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gateway::Time;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use storage::Store;
use tokio::sync::{Notify, oneshot};

/// When every simulation begins: 2026-01-05, 09:00 in Jakarta.
pub const BEGIN_MS: i64 = 1_767_578_400_000;

/// One simulated world.
#[derive(Debug)]
pub struct World {
    state: Mutex<State>,
    stores: Mutex<Vec<Store>>,
    quiet: Notify,
    waiting: AtomicBool,
    weather: Weather,
}

#[derive(Debug)]
struct State {
    now_ms: i64,
    rng: StdRng,
    tickets: u64,
    parked: BTreeMap<(i64, u64), Parked>,
    log: Vec<String>,
    calm: bool,
}

#[derive(Debug)]
struct Parked {
    label: String,
    life: Option<Arc<Life>>,
    wake: oneshot::Sender<()>,
}

/// A gateway process between its start and its death.
#[derive(Debug)]
pub struct Life {
    /// Its name in the log.
    pub name: String,
    dead: AtomicBool,
}

/// How often what goes wrong, in thousandths; each seed has its own.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// A message is lost, on its way there or back.
    pub lost: u32,
    /// A message takes seconds.
    pub slow: u32,
    /// A message arrives twice.
    pub doubled: u32,
    /// The bank or a merchant answers that it has trouble.
    pub troubled: u32,
    /// The database fails.
    pub database: u32,
    /// A gateway dies.
    pub deaths: u32,
}

impl Life {
    /// A new process.
    pub fn new(name: String) -> Arc<Self> {
        Arc::new(Self {
            name,
            dead: AtomicBool::new(false),
        })
    }

    /// From now on nothing of it goes on.
    pub fn end(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Arc<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut some = |most: u32| match rng.random_range(0..3_u32) {
            0 => 0,
            1 => most / 5,
            _ => most,
        };
        let weather = Weather {
            lost: some(60),
            slow: some(40),
            doubled: some(60),
            troubled: some(80),
            database: some(12),
            deaths: some(4),
        };
        Arc::new(Self {
            state: Mutex::new(State {
                now_ms: BEGIN_MS,
                rng,
                tickets: 0,
                parked: BTreeMap::new(),
                log: Vec::new(),
                calm: false,
            }),
            stores: Mutex::new(Vec::new()),
            quiet: Notify::new(),
            waiting: AtomicBool::new(false),
            weather,
        })
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.lock().now_ms
    }

    /// How often what goes wrong.
    pub fn weather(&self) -> Weather {
        self.weather
    }

    /// From now on nothing goes wrong.
    pub fn calm_down(&self) {
        self.lock().calm = true;
        self.note("nothing goes wrong from now on");
    }

    /// Whether nothing goes wrong any more.
    pub fn is_calm(&self) -> bool {
        self.lock().calm
    }

    /// Whether something that happens so many times in a thousand happens now; never once it is calm.
    pub fn strikes(&self, per_mille: u32) -> bool {
        let mut state = self.lock();
        !state.calm && per_mille > 0 && state.rng.random_range(0..1_000) < per_mille
    }

    /// A number from `0` up to `bound`, without it.
    pub fn below(&self, bound: u64) -> u64 {
        self.lock().rng.random_range(0..bound.max(1))
    }

    /// One of a list.
    pub fn one_of<'a, T>(&self, list: &'a [T]) -> Option<&'a T> {
        let bound = u64::try_from(list.len()).unwrap_or(0);
        list.get(usize::try_from(self.below(bound)).unwrap_or(0))
    }

    /// How long somebody takes: mostly next to nothing, sometimes long enough that others overtake.
    pub fn moment(&self, long_ms: u64) -> u64 {
        let mut state = self.lock();
        match state.rng.random_range(0..20_u32) {
            0 => state.rng.random_range(0..=long_ms),
            1..=4 => state.rng.random_range(0..=40),
            _ => state.rng.random_range(0..=2),
        }
    }

    /// Writes a line of the log.
    pub fn note(&self, line: &str) {
        let mut state = self.lock();
        let at_ms = state.now_ms.saturating_sub(BEGIN_MS);
        state.log.push(format!("{at_ms:>8} {line}"));
    }

    /// The log so far.
    pub fn log(&self) -> Vec<String> {
        self.lock().log.clone()
    }

    /// Waits for its turn, at the earliest after so many milliseconds. What belongs to a process that is
    /// dead waits for ever.
    pub async fn pause(&self, life: Option<&Arc<Life>>, after_ms: u64, label: String) {
        if life.is_some_and(|life| life.is_over()) {
            return std::future::pending().await;
        }
        let (wake, turn) = oneshot::channel();
        let key = {
            let mut state = self.lock();
            state.tickets = state.tickets.saturating_add(1);
            let after_ms = i64::try_from(after_ms).unwrap_or(i64::MAX);
            let key = (state.now_ms.saturating_add(after_ms), state.tickets);
            let life = life.cloned();
            state.parked.insert(key, Parked { label, life, wake });
            key
        };
        let _ticket = Ticket { world: self, key };
        if turn.await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// A database whose work has to be waited for.
    pub fn watch(&self, store: &Store) {
        self.stores
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(store.clone());
    }

    /// Lets go of the databases, when all is over: each holds the world in turn.
    pub fn forget(&self) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        for store in stores.drain(..) {
            store.set_waiting_hook(None);
        }
    }

    /// Waits until nothing moves but by a turn.
    pub async fn quiet(&self) {
        self.waiting.store(true, Ordering::SeqCst);
        self.quiet.notified().await;
    }

    /// What the runtime calls when none of its tasks can go on.
    pub fn nothing_runs(&self) {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if !stores.iter().any(Store::is_busy) && self.waiting.swap(false, Ordering::SeqCst) {
            self.quiet.notify_one();
        }
    }

    /// Gives one of those who wait its turn; false when nobody waits.
    pub async fn step(&self) -> bool {
        self.quiet().await;
        let turn = self.draw();
        let Some(turn) = turn else { return false };
        // Whoever has stopped waiting has no need of a turn.
        let _ = turn.wake.send(());
        true
    }

    /// Moves the clock, when nobody waits.
    pub fn move_to(&self, now_ms: i64) {
        let mut state = self.lock();
        state.now_ms = state.now_ms.max(now_ms);
    }

    fn draw(&self) -> Option<Parked> {
        let mut state = self.lock();
        let alive = |parked: &Parked| !parked.life.as_ref().is_some_and(|life| life.is_over());
        state.parked.retain(|_, parked| alive(parked));
        let (next_ms, _) = *state.parked.keys().next()?;
        state.now_ms = state.now_ms.max(next_ms);
        let due = state.parked.range(..=(state.now_ms, u64::MAX));
        let mut due: Vec<(String, (i64, u64))> = due
            .map(|(key, parked)| (parked.label.clone(), *key))
            .collect();
        due.sort();
        let at = state.rng.random_range(0..due.len());
        let (_, key) = due.into_iter().nth(at)?;
        let turn = state.parked.remove(&key)?;
        let at_ms = state.now_ms.saturating_sub(BEGIN_MS);
        let who = turn.life.as_ref().map_or("", |life| life.name.as_str());
        let line = format!("{at_ms:>8} {who} {}", turn.label);
        state.log.push(line);
        Some(turn)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait; given up when dropped.
struct Ticket<'a> {
    world: &'a World,
    key: (i64, u64),
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.world.lock().parked.remove(&self.key);
    }
}

/// The world's clock as one process reads it.
#[derive(Debug)]
pub struct Watch {
    /// The world.
    pub world: Arc<World>,
    /// The process.
    pub life: Arc<Life>,
}

impl Time for Watch {
    fn now_ms(&self) -> i64 {
        self.world.now_ms()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (world, life) = (Arc::clone(&self.world), Arc::clone(&self.life));
        // Whoever sleeps may oversleep; it also spares the simulation many idle looks.
        let after_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let after_ms = after_ms.saturating_mul(1 + world.below(40));
        Box::pin(async move {
            world
                .pause(Some(&life), after_ms, "sleeps".to_owned())
                .await;
        })
    }
}
