//! Which notifications are claimed of those whose endpoints have not proved themselves.
//!
//! They stand apart in the outbox and are looked through page by page, round and round, without being
//! claimed: what has no place now costs no more than the look. While those that work have more than can be
//! sent, the others get a fixed share of what is claimed, so that neither ever waits for the other to end.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use storage::Error;
use storage::notification_trials::{self, Now, OnTrial, Place};

use super::endpoints::{Endpoint, Key, Standing, Taken};
use crate::app::App;

/// As many are looked at each time; with many more, PostgreSQL would rather sort all of them.
const PAGE: i64 = 256;
/// As many are claimed together with a full batch of those that work, whose size is 256.
const SHARE: usize = 8;

/// How far the looking has come; it goes on there, whichever run of the work it is.
#[derive(Debug)]
pub(super) struct Progress(Mutex<Pass>);

#[derive(Clone, Debug)]
struct Pass {
    behind: Place,
    chose: bool,
}

/// What was chosen.
pub(super) struct Chosen {
    /// To be claimed.
    pub places: Vec<Place>,
    /// Not everything was looked at since something was chosen last.
    pub more: bool,
}

impl Pass {
    fn new() -> Self {
        Self {
            behind: Place::first(),
            chose: false,
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self(Mutex::new(Pass::new()))
    }
}

/// Looks at the next page. `busy` when those that work have more than can be claimed at once.
pub(super) async fn choose(
    app: &App,
    taken: Taken,
    busy: bool,
    most: usize,
) -> Result<Chosen, Error> {
    let now_ms = app.clock.business_now_ms();
    let progress = &app.notifier.trials().0;
    let mut pass = progress
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let reader = app.store.reader();
    let now = Now {
        business_ms: now_ms,
        // Without listeners, all of them are over.
        wall_ms: match app.config.management.listeners {
            true => app.clock.wall_now_ms(),
            false => i64::MAX,
        },
    };
    let page = notification_trials::after(&reader, now, &pass.behind, PAGE).await?;
    let is_last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
    let mut choice = Choice::new(taken, if busy { SHARE.min(most) } else { most });
    let looked_at = choice.look(&page, now_ms, &app.notifier.endpoints().lock());
    pass.chose |= !choice.chosen.is_empty();
    let mut more = true;
    if looked_at < page.len() || !is_last {
        if let Some(last) = looked_at.checked_sub(1).and_then(|last| page.get(last)) {
            pass.behind = last.place.clone();
        }
    } else {
        more = pass.chose;
        pass = Pass::new();
    }
    *progress.lock().unwrap_or_else(PoisonError::into_inner) = pass;
    Ok(Chosen {
        places: choice.chosen,
        more,
    })
}

/// What is being chosen, and what there is still room for.
struct Choice {
    chosen: Vec<Place>,
    of_one: HashMap<Key, usize>,
    most: usize,
    others: usize,
    suspects: usize,
}

impl Choice {
    /// Half of the room at most is for endpoints that failed when last tried.
    fn new(taken: Taken, most: usize) -> Self {
        Self {
            chosen: Vec::new(),
            of_one: HashMap::new(),
            most,
            others: taken.others_free(),
            suspects: taken.suspects_free().min(most.div_ceil(2)),
        }
    }

    /// Looks at a page until there is room for no more. Returns how many it looked at.
    fn look(&mut self, page: &[OnTrial], now_ms: i64, known: &HashMap<Key, Endpoint>) -> usize {
        let stranger = Endpoint::default();
        for (at, one) in page.iter().enumerate() {
            if self.chosen.len() >= self.most {
                return at;
            }
            let url = one.url.clone().unwrap_or_default();
            let key = (one.place.merchant.clone(), url);
            let endpoint = known.get(&key).unwrap_or(&stranger);
            let room = match endpoint.standing() {
                Standing::Quick => self.most,
                Standing::Slow | Standing::Untried => self.others,
                Standing::Suspect => self.suspects.min(self.others),
            };
            let of_one = self.of_one.entry(key).or_default();
            if room == 0 || *of_one >= endpoint.admits(now_ms) {
                continue;
            }
            *of_one = of_one.saturating_add(1);
            let suspect = endpoint.standing() == Standing::Suspect;
            let other = endpoint.standing() != Standing::Quick;
            self.suspects = self.suspects.saturating_sub(usize::from(suspect));
            self.others = self.others.saturating_sub(usize::from(other));
            self.chosen.push(one.place.clone());
        }
        page.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::endpoints::Went;
    use direct_debit::{MerchantId, NotificationId};

    const NOW: i64 = 1_700_000_000_000;

    fn page(of_each: usize, merchants: usize) -> Vec<OnTrial> {
        let one = |number: usize| OnTrial {
            place: Place {
                due_at_ms: NOW,
                id: NotificationId::new(format!("n-{number:05}")),
                merchant: MerchantId::new(format!("m-{}", number / of_each)),
            },
            url: None,
        };
        (0..of_each * merchants).map(one).collect()
    }

    fn known(merchants: std::ops::Range<usize>, alive: bool) -> HashMap<Key, Endpoint> {
        let one = |number| {
            let mut endpoint = Endpoint::default();
            endpoint.heard(Some(Went {
                alive,
                took_ms: 1,
                now_ms: NOW,
            }));
            (
                (MerchantId::new(format!("m-{number}")), String::new()),
                endpoint,
            )
        };
        merchants.map(one).collect()
    }

    fn chosen(
        most: usize,
        page: &[OnTrial],
        known: &HashMap<Key, Endpoint>,
    ) -> (Vec<String>, usize) {
        let mut choice = Choice::new(Taken::default(), most);
        let looked_at = choice.look(page, NOW, known);
        let of = |place: &Place| place.merchant.to_string();
        (choice.chosen.iter().map(of).collect(), looked_at)
    }

    #[test]
    fn of_endpoints_that_were_never_tried_each_gets_one() {
        let (of, looked_at) = chosen(100, &page(3, 4), &HashMap::new());
        assert_eq!((of.len(), looked_at), (4, 12));
    }

    #[test]
    fn where_there_is_room_for_no_more_the_next_look_goes_on() {
        let page = page(1, 30);
        let (first, looked_at) = chosen(SHARE, &page, &HashMap::new());
        assert_eq!((first.len(), looked_at), (SHARE, SHARE));
        let (second, _) = chosen(SHARE, &page[looked_at..], &HashMap::new());
        assert!(first.iter().all(|of| !second.contains(of)));
    }

    #[test]
    fn those_that_failed_leave_half_of_the_room_to_those_never_tried() {
        // The failed ones are first in line.
        let (of, _) = chosen(8, &page(1, 40), &known(0..20, false));
        let failed = of
            .iter()
            .filter(|of| of[2..].parse::<usize>().unwrap() < 20);
        assert_eq!((of.len(), failed.count()), (8, 4));
    }

    #[test]
    fn one_that_works_again_is_taken_by_many_and_whatever_hangs() {
        let page = page(100, 1);
        let mut choice = Choice::new(
            Taken {
                others: usize::MAX,
                slow: usize::MAX,
                ..Taken::default()
            },
            256,
        );
        choice.look(&page, NOW, &known(0..1, true));
        assert!(choice.chosen.len() > 16, "{}", choice.chosen.len());
        choice.chosen.clear();
        choice.look(&page, NOW, &HashMap::new());
        assert!(choice.chosen.is_empty(), "no place for others");
    }
}
