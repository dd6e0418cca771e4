//! Where notifications go, and how it went there lately: who may have a place now, and who comes back later.
//!
//! One merchant's URL is one endpoint. An endpoint that answers at once always finds a place, as far as its
//! own share goes. The others have places of their own, and a try that hangs leaves its place after a second
//! for one of those that may take long; so thousands of dead endpoints cost those that work next to nothing.
//! Nothing here is needed by another process, and nothing is lost with it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use direct_debit::MerchantId;
use storage::Error;
use storage::notification_endpoints::{self, BreakerState};
use tokio::sync::OnceCell;

use super::breaker::Breaker;
use crate::app::App;

/// Tries at the same time that have not yet taken long, to endpoints that answered at once when last tried.
const PLACES: usize = 256;
/// The same to all others.
const OTHER_PLACES: usize = 128;
/// Tries at the same time that have taken long.
const SLOW_PLACES: usize = 512;
/// Tries at the same time to endpoints that failed when last tried.
const SUSPECT_PLACES: usize = 128;
/// Tries at the same time to one endpoint.
const PLACES_OF_ONE: usize = 16;
/// Notifications that wait here for a place, of one endpoint.
const WAITING_OF_ONE: usize = 64;
/// From here on a try has taken long.
pub(super) const LONG_MS: i64 = 1_000;
/// What finds no place of its endpoint comes back after this time at the soonest and the latest.
const COME_BACK_MS: i64 = 1_000;
const COME_BACK_LATEST_MS: i64 = 60_000;
/// What finds no place at all comes back between this time and three times it.
const NO_PLACE_MS: i64 = 10_000;
/// Endpoints remembered; over that those without anything to remember are forgotten.
const REMEMBERED: usize = 50_000;
/// Broken endpoints that a starting process learns of.
const LEARNT: i64 = 50_000;

/// One merchant's URL; empty where there is none.
pub(super) type Key = (MerchantId, String);

/// All endpoints of this process.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    known: Mutex<HashMap<Key, Endpoint>>,
    learnt: OnceCell<()>,
}

/// One endpoint.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    breaker: Breaker,
    standing: Standing,
    under_way: usize,
    waiting: usize,
    sent_away: i64,
    took_ms: i64,
}

/// How it went when last tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// Never tried by this process.
    #[default]
    Untried,
    /// It answered at once.
    Quick,
    /// It answered, and took long.
    Slow,
    /// It failed.
    Suspect,
}

/// The places that are taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    /// By tries to quick endpoints that have not yet taken long.
    pub quick: usize,
    /// By such tries to all others.
    pub others: usize,
    /// By tries that have taken long.
    pub slow: usize,
    /// By tries to suspects, among both.
    pub suspect: usize,
    /// Counts what found no place, to spread its return.
    pub refused: i64,
}

/// What becomes of a notification that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is sent now, to an endpoint of this standing.
    Go(Standing),
    /// It goes on waiting.
    Stay,
    /// It goes back to the outbox until then, in Unix milliseconds of business time.
    Back(i64),
}

/// How a try went, as far as the endpoint is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Went {
    /// The endpoint answered as one that works.
    pub alive: bool,
    /// How long it took.
    pub took_ms: i64,
    /// Now, in Unix milliseconds of business time.
    pub now_ms: i64,
}

impl Endpoints {
    /// Learns, once, which endpoints other processes, or one before, found broken.
    pub async fn learn(&self, app: &App) -> Result<(), Error> {
        let learn = async || {
            let open = notification_endpoints::open(&app.store.reader(), LEARNT).await?;
            let mut known = self.lock();
            for one in open {
                let endpoint = known.entry((one.merchant, one.url)).or_default();
                let probe_at_ms = one.probe_at_ms.unwrap_or(one.since_ms);
                endpoint.breaker = Breaker::opened(one.failures, probe_at_ms);
                endpoint.standing = Standing::Suspect;
            }
            Ok(())
        };
        self.learnt.get_or_try_init(learn).await.map(drop)
    }

    /// The endpoints, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, HashMap<Key, Endpoint>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > REMEMBERED {
            known.retain(|_, endpoint| !endpoint.is_blank());
        }
        known
    }
}

impl Taken {
    /// Places for tries to endpoints that are not quick.
    pub const fn others_free(&self) -> usize {
        let free = OTHER_PLACES.saturating_sub(self.others);
        // Each of them may come to take long.
        let slow = SLOW_PLACES.saturating_sub(self.slow.saturating_add(self.others));
        if free < slow { free } else { slow }
    }

    /// Of these, for endpoints that failed when last tried.
    pub const fn suspects_free(&self) -> usize {
        let free = SUSPECT_PLACES.saturating_sub(self.suspect);
        let others = self.others_free();
        if free < others { free } else { others }
    }
}

impl Endpoint {
    /// A notification waits that was claimed just now.
    pub fn wait(&mut self) {
        self.waiting = self.waiting.saturating_add(1);
        self.sent_away = self.sent_away.saturating_sub(1).max(0);
    }

    /// Whose turn it is: asked for each that waits, in order. `waited` when it has waited too long.
    pub fn turn(&mut self, taken: &mut Taken, waited: bool, now_ms: i64) -> Turn {
        if let Some(at_ms) = self.breaker.wait_until_ms(now_ms) {
            self.leave();
            return Turn::Back(at_ms);
        }
        let own_place = self.under_way < PLACES_OF_ONE;
        let place = match self.standing {
            Standing::Quick => taken.quick < PLACES,
            Standing::Slow | Standing::Untried => taken.others_free() > 0,
            Standing::Suspect => taken.suspects_free() > 0,
        };
        if own_place && place {
            self.leave();
            self.under_way = self.under_way.saturating_add(1);
            self.breaker.pass();
            match self.standing {
                Standing::Quick => taken.quick = taken.quick.saturating_add(1),
                _ => taken.others = taken.others.saturating_add(1),
            }
            let suspect = usize::from(self.standing == Standing::Suspect);
            taken.suspect = taken.suspect.saturating_add(suspect);
            return Turn::Go(self.standing);
        }
        if own_place && self.is_on_trial() {
            // From there it is only taken when there is a place.
            self.leave();
            return Turn::Back(now_ms);
        }
        if own_place && taken.slow >= SLOW_PLACES && self.standing == Standing::Slow {
            self.leave();
            taken.refused = taken.refused.saturating_add(1);
            let spread_ms = taken.refused.saturating_mul(37) % (2 * NO_PLACE_MS);
            return Turn::Back(now_ms.saturating_add(NO_PLACE_MS).saturating_add(spread_ms));
        }
        if waited || self.waiting > WAITING_OF_ONE {
            self.leave();
            // So many are ahead of it, and so long each of them takes.
            let places = i64::try_from(PLACES_OF_ONE).unwrap_or(1);
            let ahead_ms = self.sent_away.saturating_mul(self.took_ms) / places;
            self.sent_away = self.sent_away.saturating_add(1);
            let pause_ms = ahead_ms.clamp(COME_BACK_MS, COME_BACK_LATEST_MS);
            return Turn::Back(now_ms.saturating_add(pause_ms));
        }
        Turn::Stay
    }

    /// Whether it has to prove itself: never tried, or it failed when last tried.
    pub const fn is_on_trial(&self) -> bool {
        matches!(self.standing, Standing::Untried | Standing::Suspect)
    }

    /// How it went when last tried.
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// How many more of its notifications may be claimed, of those whose endpoint is on trial: one at a time
    /// until it is not.
    pub fn admits(&self, now_ms: i64) -> usize {
        if self.breaker.wait_until_ms(now_ms).is_some() {
            return 0;
        }
        let most = match self.standing {
            Standing::Quick | Standing::Slow => WAITING_OF_ONE,
            Standing::Untried | Standing::Suspect => 1,
        };
        let held = self.under_way.saturating_add(self.waiting);
        most.saturating_sub(held)
    }

    /// It no longer waits.
    pub fn leave(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// A try came to its end; nothing where that says nothing about the endpoint. Whether the breaker did
    /// something.
    pub fn heard(&mut self, went: Option<Went>) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(went) = went else {
            self.breaker.forget_probe();
            return false;
        };
        self.standing = match went.alive {
            true if went.took_ms < LONG_MS => Standing::Quick,
            true => Standing::Slow,
            false => Standing::Suspect,
        };
        let smoothed = self.took_ms.saturating_mul(7).saturating_add(went.took_ms) / 8;
        self.took_ms = smoothed.max(1);
        self.breaker.heard(went.alive, went.now_ms)
    }

    /// What is told of it to people.
    pub fn told(&self, key: &Key, reason: &str, now_ms: i64) -> notification_endpoints::Endpoint {
        let probe_at_ms = self.breaker.probe_at_ms();
        notification_endpoints::Endpoint {
            merchant: key.0.clone(),
            url: key.1.clone(),
            state: match probe_at_ms {
                Some(_) => BreakerState::Open,
                None => BreakerState::Closed,
            },
            failures: self.breaker.failures(),
            since_ms: now_ms,
            probe_at_ms,
            reason: Some(reason.to_owned()),
        }
    }

    fn is_blank(&self) -> bool {
        let idle = self.under_way == 0 && self.waiting == 0;
        idle && self.breaker == Breaker::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn endpoint(standing: Standing) -> Endpoint {
        Endpoint {
            standing,
            waiting: 1,
            ..Endpoint::default()
        }
    }

    fn goes(standing: Standing, mut taken: Taken) -> bool {
        let turn = endpoint(standing).turn(&mut taken, false, NOW);
        matches!(turn, Turn::Go(_))
    }

    #[test]
    fn what_works_finds_a_place_however_many_others_hang() {
        let hanging = Taken {
            quick: 0,
            others: OTHER_PLACES,
            slow: SLOW_PLACES,
            suspect: SUSPECT_PLACES,
            refused: 0,
        };
        let standings = [
            Standing::Quick,
            Standing::Slow,
            Standing::Untried,
            Standing::Suspect,
        ];
        let going = standings.map(|standing| goes(standing, hanging));
        assert_eq!(going, [true, false, false, false]);
        assert!(standings.into_iter().all(|one| goes(one, Taken::default())));
    }

    #[test]
    fn what_has_to_prove_itself_finds_a_place_however_many_work() {
        let busy = Taken {
            quick: PLACES,
            ..Taken::default()
        };
        assert!(!goes(Standing::Quick, busy));
        assert!(goes(Standing::Untried, busy) && goes(Standing::Suspect, busy));
    }

    #[test]
    fn without_a_place_what_is_on_trial_keeps_nobody_waiting_here() {
        let mut full = Taken {
            others: OTHER_PLACES,
            ..Taken::default()
        };
        for standing in [Standing::Untried, Standing::Suspect] {
            let turn = endpoint(standing).turn(&mut full, false, NOW);
            assert_eq!(turn, Turn::Back(NOW));
        }
        let turn = endpoint(Standing::Slow).turn(&mut full, false, NOW);
        assert_eq!(turn, Turn::Stay);
    }

    #[test]
    fn one_endpoint_has_its_share_and_no_more() {
        let mut one = endpoint(Standing::Quick);
        let mut taken = Taken::default();
        for _ in 0..PLACES_OF_ONE {
            assert!(matches!(one.turn(&mut taken, false, NOW), Turn::Go(_)));
        }
        assert_eq!(one.turn(&mut taken, false, NOW), Turn::Stay);
        let back = one.turn(&mut taken, true, NOW);
        assert!(matches!(back, Turn::Back(at_ms) if at_ms > NOW));
    }

    #[test]
    fn an_endpoint_on_trial_is_tried_once_at_a_time_and_not_before_its_probe() {
        let mut one = Endpoint::default();
        assert_eq!(one.admits(NOW), 1);
        one.wait();
        assert_eq!(one.admits(NOW), 0);
        one.leave();
        let went = Went {
            alive: false,
            took_ms: 1,
            now_ms: NOW,
        };
        while !one.heard(Some(went)) {
            assert_eq!(one.admits(NOW), 1);
        }
        assert_eq!(one.admits(NOW), 0, "its breaker is open");
        assert_eq!(one.admits(NOW + 60_000), 1);
        one.heard(Some(Went {
            alive: true,
            ..went
        }));
        assert!(!one.is_on_trial() && one.admits(NOW) > 1);
    }
}
