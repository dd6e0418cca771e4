//! Two gateway processes on one database: their background work, their deaths, and the database's faults.
//!
//! A process that dies stops at a point before a read, around a transaction or on the network: nothing of
//! it goes on, what it had open is rolled back, and what it sent arrives all the same.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use anyhow::{Context as _, Result};
use axum::Router;
use gateway::{App, Clock, Config, Entropy, Given, Ran, Task};
use storage::{Error, Hooked, Point, WaitingHook};

use crate::hub::{Hub, Line};
use crate::world::{Life, Watch, World};

/// How many there are.
const GATEWAYS: u64 = 2;
/// What runs in the background here; the rest keeps house.
const WORK: [&str; 2] = ["settle", "notify"];

/// All gateway processes.
#[derive(Debug)]
pub struct Gateways {
    config: Config,
    /// Everybody, once they are there. They own the gateways, not the other way round.
    pub hub: Arc<OnceLock<Weak<Hub>>>,
    running: Mutex<Vec<Running>>,
    seed: u64,
}

#[derive(Debug)]
struct Running {
    app: Arc<App>,
    router: Router,
    life: Arc<Life>,
    starts: u64,
    /// Its time to come back has come.
    wanted: bool,
}

impl Gateways {
    /// None yet.
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            hub: Arc::default(),
            running: Mutex::default(),
            seed,
        }
    }

    /// Starts all of them.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn start(&self, world: &Arc<World>) -> Result<()> {
        for number in 0..GATEWAYS {
            let running = self.open(world, number, 1).await?;
            self.lock().push(running);
        }
        Ok(())
    }

    /// Starts again those that died long enough ago. Nothing else may move meanwhile.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn restart(&self, world: &Arc<World>) -> Result<()> {
        for number in 0..GATEWAYS {
            let at = usize::try_from(number)?;
            let starts = match self.lock().get(at) {
                Some(old) if old.life.is_over() && (old.wanted || world.is_calm()) => old.starts,
                _ => continue,
            };
            world.quiet().await;
            let new = self.open(world, number, starts.saturating_add(1)).await?;
            world.note(&format!("{} starts", new.life.name));
            if let Some(slot) = self.lock().get_mut(at) {
                *slot = new;
            }
        }
        Ok(())
    }

    /// A gateway that listens, for one request.
    pub fn any(&self, world: &World) -> Option<(Router, Arc<Life>)> {
        let running = self.lock();
        let alive: Vec<&Running> = running.iter().filter(|one| !one.life.is_over()).collect();
        let one = world.one_of(&alive)?;
        Some((one.router.clone(), Arc::clone(&one.life)))
    }

    /// The gateways that run.
    pub fn alive(&self) -> Vec<Arc<App>> {
        let running = self.lock();
        let alive = running.iter().filter(|one| !one.life.is_over());
        alive.map(|one| Arc::clone(&one.app)).collect()
    }

    async fn open(&self, world: &Arc<World>, number: u64, starts: u64) -> Result<Running> {
        let life = Life::new(format!("gateway {number}.{starts}"));
        let watch = Watch {
            world: Arc::clone(world),
            life: Arc::clone(&life),
        };
        let own_seed = self
            .seed
            .wrapping_mul(1_000)
            .wrapping_add(number * 100 + starts);
        let given = Given {
            listener: None,
            clock: Some(Clock::simulated(Arc::new(watch))),
            entropy: Some(Entropy::seeded(own_seed)),
            network: Some(Arc::new(Line {
                hub: Arc::clone(&self.hub),
                life: Arc::clone(&life),
            })),
        };
        let app = gateway::open(self.config.clone(), given)
            .await
            .context("a gateway")?;
        world.watch(&app.store);
        app.store.set_waiting_hook(Some(hook(world, &life)));
        for task in gateway::TASKS
            .iter()
            .filter(|task| WORK.contains(&task.name))
        {
            tokio::spawn(work(
                Arc::clone(world),
                Arc::clone(&life),
                Arc::clone(&app),
                *task,
            ));
        }
        if let Some(hub) = self.hub.get().and_then(Weak::upgrade) {
            tokio::spawn(look_after(hub, number));
        }
        Ok(Running {
            router: gateway::api::router::router(Arc::clone(&app)),
            app,
            life,
            starts,
            wanted: false,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does one run of all background work, until it finds nothing.
///
/// # Errors
/// What a task says.
pub async fn work_off(app: &Arc<App>) -> Result<(), String> {
    for task in gateway::TASKS
        .iter()
        .filter(|task| WORK.contains(&task.name))
    {
        while (task.run)(Arc::clone(app)).await? == Ran::Worked {}
    }
    Ok(())
}

async fn work(world: Arc<World>, life: Arc<Life>, app: Arc<App>, task: Task) {
    loop {
        let sleep_ms = 500 + world.below(15_000);
        world
            .pause(Some(&life), sleep_ms, format!("{} wakes", task.name))
            .await;
        if world.is_calm() {
            return;
        }
        while let Ok(Ran::Worked) = (task.run)(Arc::clone(&app)).await {}
    }
}

/// Watches over all gateways.
pub fn look_after_all(hub: &Arc<Hub>) {
    for number in 0..GATEWAYS {
        tokio::spawn(look_after(Arc::clone(hub), number));
    }
}

/// Watches over one gateway: some seconds after its death it is to be started again.
async fn look_after(hub: Arc<Hub>, number: u64) {
    let at = usize::try_from(number).unwrap_or(0);
    loop {
        let after_ms = 500 + hub.world.below(6_000);
        hub.world
            .pause(None, after_ms, format!("gateway {number} is looked after"))
            .await;
        let mut running = hub.gateways.lock();
        let Some(one) = running.get_mut(at) else {
            return;
        };
        if one.life.is_over() || hub.world.is_calm() {
            one.wanted = true;
            return;
        }
    }
}

fn hook(world: &Arc<World>, life: &Arc<Life>) -> WaitingHook {
    let (world, life) = (Arc::clone(world), Arc::clone(life));
    Arc::new(move |point, name| -> Hooked {
        let (world, life) = (Arc::clone(&world), Arc::clone(&life));
        Box::pin(async move { at(&world, &life, point, name).await })
    })
}

async fn at(
    world: &Arc<World>,
    life: &Arc<Life>,
    point: Point,
    name: &'static str,
) -> Result<(), Error> {
    // Before a commit the database is held, so nobody else can have a turn.
    if point != Point::BeforeCommit {
        let label = match point {
            Point::BeforeRead => "reads",
            Point::BeforeBegin => "begins",
            Point::BeforeCommit | Point::AfterCommit => "committed",
        };
        world
            .pause(Some(life), world.moment(900), format!("{label} {name}"))
            .await;
    }
    if world.strikes(world.weather().deaths) {
        world.note(&format!("{} dies: {point:?} {name}", life.name));
        life.end();
        if point == Point::BeforeCommit {
            return Err(Error::Simulated("the process dies"));
        }
        return std::future::pending().await;
    }
    if !world.strikes(world.weather().database) {
        return Ok(());
    }
    world.note(&format!(
        "{} loses the database: {point:?} {name}",
        life.name
    ));
    match point {
        Point::BeforeRead | Point::BeforeBegin => Err(Error::Simulated("no database")),
        Point::BeforeCommit | Point::AfterCommit => Err(Error::CommitUnknown {
            transaction: name,
            source: None,
        }),
    }
}
