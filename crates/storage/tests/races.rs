//! Several gateways at once: whoever comes first wins, exactly once. Each race runs between two
//! stores on one database, with several tasks on each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;
mod samples;

use std::collections::HashSet;
use std::future::Future;

use direct_debit::{
    BindingCommand, BindingState, BindingStateName, PaymentId, PaymentState, Refusal, Step,
};
use engines::{Database, on_both_engines};
use samples::{NOW_MS, merchant_id, sen};
use storage::external_ids::{self, Claimed};
use storage::notification_trials::{self, Now, Place};
use storage::{Error, Lease, Store, bindings, notifications, payments, postings, refunds};
use thiserror::Error as ThisError;
use tokio::task::JoinSet;

on_both_engines!(
    refunds_together_never_exceed_the_payment,
    of_two_bindings_of_one_account_one_wins,
    of_two_accounts_of_one_customer_one_wins,
    an_external_id_is_claimed_once,
    a_reference_is_used_once,
    due_work_is_claimed_once,
    due_notifications_are_claimed_once,
    notifications_on_trial_are_claimed_once,
    notifications_written_at_once_get_places_of_their_own,
    a_payment_and_an_unbinding_at_once_meet,
    an_entry_is_booked_once,
    every_increment_of_a_contended_row_counts,
);

const TASKS: usize = 12;

/// How a flow's own error looks to the store.
#[derive(Debug, ThisError)]
enum Trouble {
    #[error("refused")]
    Refused(#[from] Refusal),
    #[error("the store failed")]
    Store(#[from] Error),
}

/// Runs the work in [`TASKS`] tasks, on two stores in turn, and gathers what each came to.
async fn race<T, W>(database: &Database, work: impl Fn(Store, usize) -> W) -> Vec<T>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let stores = [database.store.clone(), database.another().await];
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        tasks.spawn(work(stores[number % 2].clone(), number));
    }
    tasks.join_all().await
}

async fn refunds_together_never_exceed_the_payment(database: Database) {
    let mut payment = samples::payment("P1", 100);
    let hashes = &samples::payment_hashes("P1");
    let new = &payment.clone();
    payment.state = PaymentState::Succeeded { paid_at_ms: 1 };
    let paid = &payment;
    database
        .store
        .transact("paid", |s| async move {
            payments::insert(&s, new, hashes, NOW_MS).await?;
            payments::update(&s, paid, None, "paid", NOW_MS).await
        })
        .await
        .unwrap();
    // Three of 30 fit into 100, whoever comes first.
    let results = race(&database, |store, number| async move {
        let refund = &samples::refund(&format!("R{number}"), "P1", 30);
        store
            .transact("refund", |s| async move {
                let payment = payments::by_id(&s, &refund.merchant, &refund.payment)
                    .await?
                    .unwrap();
                let reserved = payment.reserve_refund(sen(30))?;
                payments::update(&s, &reserved, None, "refund", NOW_MS).await?;
                refunds::insert(&s, refund, NOW_MS).await?;
                Ok::<_, Trouble>(())
            })
            .await
    })
    .await;
    let won = results.iter().filter(|result| result.is_ok()).count();
    let refused = |result: &Result<(), Trouble>| {
        matches!(result, Err(Trouble::Refused(Refusal::RefundAboveLimit)))
    };
    assert_eq!(won, 3, "{results:?}");
    assert_eq!(
        results.iter().filter(|result| refused(result)).count(),
        TASKS - 3,
        "{results:?}"
    );
    let s = database.store.reader();
    let payment = payments::by_id(&s, &merchant_id(), &PaymentId::new("P1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(payment.refund_reserved, sen(90));
    let stored = refunds::of_payment(&s, &merchant_id(), &payment.id)
        .await
        .unwrap();
    assert_eq!(stored.len(), 3);
}

/// Links one binding per task and says which were told that they won.
async fn link_all(
    database: &Database,
    customer: fn(usize) -> String,
    account: fn(usize) -> String,
) -> usize {
    for number in 0..TASKS {
        let binding = &samples::binding(&format!("B{number}"), &customer(number));
        let hashes = &samples::binding_hashes(binding.id.as_str());
        database
            .store
            .transact("begin", |s| async move {
                bindings::insert(&s, binding, hashes, NOW_MS).await
            })
            .await
            .unwrap();
    }
    let results = race(database, |store, number| async move {
        let binding = &samples::binding(&format!("B{number}"), "");
        let account = &samples::account(&account(number));
        store
            .transact("link", |s| async move {
                let now = bindings::by_id(&s, &binding.merchant, &binding.id)
                    .await?
                    .unwrap();
                let command = BindingCommand::Link {
                    account: account.clone(),
                };
                let Ok(Step::Changed(linked)) = now.clone().apply(command) else {
                    panic!("no step")
                };
                if bindings::activate(&s, &linked, &samples::tokens(), "linked", NOW_MS).await? {
                    return Ok::<_, Error>(true);
                }
                // The transaction is still good: the loser is written down in it.
                let failure = direct_debit::BindingFailure::AccountTaken;
                let failed = now
                    .apply(BindingCommand::Fail { failure })
                    .unwrap()
                    .into_inner();
                bindings::update(&s, &failed, Some(NOW_MS), "taken", NOW_MS).await?;
                Ok(false)
            })
            .await
            .unwrap()
    })
    .await;
    let all = bindings::newest(&database.store.reader(), &merchant_id(), None, 99)
        .await
        .unwrap();
    let states = |name| {
        all.iter()
            .filter(|binding| binding.state.name() == name)
            .count()
    };
    assert_eq!(states(BindingStateName::Active), 1);
    assert_eq!(states(BindingStateName::Failed), TASKS - 1);
    results.into_iter().filter(|won| *won).count()
}

async fn of_two_bindings_of_one_account_one_wins(database: Database) {
    let won = link_all(
        &database,
        |number| format!("c{number}"),
        |_| "A1".to_owned(),
    )
    .await;
    assert_eq!(won, 1);
}

async fn of_two_accounts_of_one_customer_one_wins(database: Database) {
    let won = link_all(&database, |_| "c".to_owned(), |number| format!("A{number}")).await;
    assert_eq!(won, 1);
}

async fn an_external_id_is_claimed_once(database: Database) {
    let results = race(&database, |store, number| async move {
        let claim = &samples::claim("1", &format!("f{number}"));
        store
            .transact(
                "claim",
                |s| async move { external_ids::claim(&s, claim).await },
            )
            .await
            .unwrap()
    })
    .await;
    let first = results
        .iter()
        .filter(|claimed| **claimed == Claimed::First)
        .count();
    assert_eq!(first, 1);
    let fingerprints: HashSet<_> = results
        .iter()
        .filter_map(|claimed| match claimed {
            Claimed::Before(claim) => Some(claim.fingerprint.as_str()),
            Claimed::First => None,
        })
        .collect();
    assert_eq!(
        fingerprints.len(),
        1,
        "everybody else hears of the same first one"
    );
}

async fn a_reference_is_used_once(database: Database) {
    let results = race(&database, |store, number| async move {
        let mut payment = samples::payment(&format!("P{number}"), 100);
        payment.partner_reference_no = "INV-1".to_owned();
        let payment = &payment;
        let hashes = &samples::payment_hashes(payment.id.as_str());
        store
            .transact("pay", |s| async move {
                let number = payment.partner_reference_no.as_str();
                let before =
                    payments::by_partner_reference_no(&s, &payment.merchant, number).await?;
                if let Some(before) = before {
                    return Ok::<_, Error>((before.id, false));
                }
                payments::insert(&s, payment, hashes, NOW_MS).await?;
                Ok((payment.id.clone(), true))
            })
            .await
            .unwrap()
    })
    .await;
    let ids: HashSet<_> = results.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(results.iter().filter(|(_, first)| *first).count(), 1);
}

fn lease(number: usize) -> Lease {
    Lease {
        now_ms: NOW_MS,
        until_ms: NOW_MS + 30_000,
        owner: format!("worker {number}"),
    }
}

async fn due_work_is_claimed_once(database: Database) {
    for number in 0..40 {
        let id = format!("P{number:02}");
        let (payment, hashes) = (&samples::payment(&id, 100), &samples::payment_hashes(&id));
        database
            .store
            .transact("pay", |s| async move {
                payments::insert(&s, payment, hashes, NOW_MS).await
            })
            .await
            .unwrap();
    }
    let taken = race(&database, |store, number| async move {
        let lease = &lease(number);
        let mut taken = Vec::new();
        loop {
            let claimed = store
                .transact("claim", |s| async move {
                    payments::claim_due(&s, lease, 5).await
                })
                .await
                .unwrap();
            if claimed.is_empty() {
                return taken;
            }
            taken.extend(claimed.into_iter().map(|payment| payment.id));
        }
    })
    .await
    .concat();
    let different: HashSet<_> = taken.iter().collect();
    assert_eq!(taken.len(), different.len(), "one was claimed twice");
    assert!(!taken.is_empty());
    // A claimer that met others may have gone away with less than there was; the next run finds it.
    let lease = &lease(99);
    let rest = database
        .store
        .transact("claim", |s| async move {
            payments::claim_due(&s, lease, 99).await
        })
        .await
        .unwrap();
    assert_eq!(taken.len() + rest.len(), 40);
}

async fn due_notifications_are_claimed_once(database: Database) {
    samples::with_endpoint(&database.store, 0).await;
    for number in 0..20 {
        let new = &samples::notification(&format!("N{number:02}"), &format!("P{}", number % 10));
        database
            .store
            .transact(
                "owe",
                |s| async move { notifications::insert(&s, new).await },
            )
            .await
            .unwrap();
    }
    let taken = race(&database, |store, number| async move {
        let lease = &lease(number);
        store
            .transact("claim", |s| async move {
                notifications::claim_due(&s, lease, 20).await
            })
            .await
            .unwrap()
    })
    .await
    .concat();
    // A claimer that met others may have gone away with less than there was; the next run finds it.
    let lease = &lease(99);
    let rest = database
        .store
        .transact("claim", |s| async move {
            notifications::claim_due(&s, lease, 20).await
        })
        .await
        .unwrap();
    let by_somebody = [taken, rest].concat();
    let subjects: HashSet<_> = by_somebody
        .iter()
        .map(|stored| stored.subject.as_str())
        .collect();
    let counts = (by_somebody.len(), subjects.len());
    assert_eq!(counts, (10, 10), "one of every subject, once");
    assert!(by_somebody.iter().all(|stored| stored.sequence == 1));
}

async fn notifications_on_trial_are_claimed_once(database: Database) {
    for number in 0..20 {
        let new = &samples::notification(&format!("N{number:02}"), &format!("P{number}"));
        database
            .store
            .transact(
                "owe",
                |s| async move { notifications::insert(&s, new).await },
            )
            .await
            .unwrap();
    }
    let taken = race(&database, |store, number| async move {
        let first = Place::first();
        let now = Now {
            business_ms: NOW_MS,
            wall_ms: NOW_MS,
        };
        let page = notification_trials::after(&store.reader(), now, &first, 20)
            .await
            .unwrap();
        let places: Vec<_> = page.into_iter().map(|one| one.place).collect();
        let (lease, places) = (&lease(number), &places);
        store
            .transact("claim", |s| async move {
                notification_trials::claim(&s, lease, places).await
            })
            .await
            .unwrap()
    })
    .await
    .concat();
    let different: HashSet<_> = taken.iter().map(|stored| &stored.subject).collect();
    assert_eq!((taken.len(), different.len()), (20, 20));
}

async fn notifications_written_at_once_get_places_of_their_own(database: Database) {
    race(&database, |store, number| async move {
        let new = &samples::notification(&format!("N{number}"), "P1");
        store
            .transact(
                "owe",
                |s| async move { notifications::insert(&s, new).await },
            )
            .await
            .unwrap();
    })
    .await;
    let stored = notifications::of_subject(&database.store.reader(), &merchant_id(), "P1")
        .await
        .unwrap();
    let places: Vec<usize> = stored
        .iter()
        .map(|stored| usize::try_from(stored.sequence).unwrap())
        .collect();
    assert_eq!(places, (1..=TASKS).collect::<Vec<_>>());
}

async fn a_payment_and_an_unbinding_at_once_meet(database: Database) {
    let mut binding = samples::binding("B1", "c");
    let new = &binding.clone();
    binding.account = Some(samples::account("A1"));
    binding.state = BindingState::Active;
    let (active, hashes, tokens) = (&binding, &samples::binding_hashes("B1"), &samples::tokens());
    database
        .store
        .transact("bind", |s| async move {
            bindings::insert(&s, new, hashes, NOW_MS).await?;
            bindings::activate(&s, active, tokens, "linked", NOW_MS).await
        })
        .await
        .unwrap();
    let id = &active.id;
    // The last task unbinds; the others pay. Every payment that was accepted is seen by the unbinding.
    let results = race(&database, |store, number| {
        let id = id.clone();
        async move {
            let (id, merchant) = (&id, &merchant_id());
            if number == TASKS / 2 {
                return store
                    .transact("unbind", |s| async move {
                        let now = bindings::by_id(&s, merchant, id).await?.unwrap();
                        let ending = now.apply(BindingCommand::End).unwrap().into_inner();
                        bindings::update(&s, &ending, Some(NOW_MS), "unbinding", NOW_MS).await?;
                        let open = payments::open_of_binding(&s, merchant, id).await?;
                        Ok::<_, Error>(open.into_iter().map(|payment| payment.id).collect())
                    })
                    .await
                    .unwrap();
            }
            let payment = &samples::payment(&format!("P{number}"), 100);
            let hashes = &samples::payment_hashes(payment.id.as_str());
            let paid: Result<(), Trouble> = store
                .transact("pay", |s| async move {
                    let binding = bindings::by_id(&s, merchant, id)
                        .await?
                        .filter(|binding| binding.state.name() == BindingStateName::Active)
                        .ok_or(Refusal::BindingNotActive)?;
                    payments::insert(&s, payment, hashes, NOW_MS).await?;
                    bindings::touch_active(&s, &binding).await?;
                    Ok(())
                })
                .await;
            assert!(
                matches!(
                    paid,
                    Ok(()) | Err(Trouble::Refused(Refusal::BindingNotActive))
                ),
                "{paid:?}"
            );
            HashSet::<PaymentId>::new()
        }
    })
    .await;
    let seen: HashSet<PaymentId> = results.into_iter().flatten().collect();
    let accepted = payments::newest(&database.store.reader(), &merchant_id(), None, 99)
        .await
        .unwrap();
    let accepted: HashSet<PaymentId> = accepted.into_iter().map(|payment| payment.id).collect();
    assert_eq!(seen, accepted);
}

async fn an_entry_is_booked_once(database: Database) {
    race(&database, |store, _| async move {
        let entry = &postings::Entry {
            merchant: merchant_id(),
            id: "payment-P1".to_owned(),
            subject: "P1".to_owned(),
            created_at_ms: NOW_MS,
            postings: direct_debit::postings_of_payment(sen(100), sen(3)),
        };
        store
            .transact("book", |s| async move { postings::insert(&s, entry).await })
            .await
            .unwrap();
    })
    .await;
    let s = database.store.reader();
    assert_eq!(
        postings::of_subject(&s, &merchant_id(), "P1")
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        postings::unbalanced(&s, &merchant_id())
            .await
            .unwrap()
            .is_empty()
    );
}

async fn every_increment_of_a_contended_row_counts(database: Database) {
    let (payment, hashes) = (&samples::payment("P1", 100), &samples::payment_hashes("P1"));
    database
        .store
        .transact("pay", |s| async move {
            payments::insert(&s, payment, hashes, NOW_MS).await
        })
        .await
        .unwrap();
    race(&database, |store, _| async move {
        store
            .transact("touch", |s| async move {
                let id = PaymentId::new("P1");
                let payment = payments::by_id(&s, &merchant_id(), &id).await?.unwrap();
                payments::update(&s, &payment, None, "touched", NOW_MS).await
            })
            .await
            .unwrap();
    })
    .await;
    let s = database.store.reader();
    let payment = payments::by_id(&s, &merchant_id(), &PaymentId::new("P1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(usize::try_from(payment.version).unwrap(), TASKS + 1);
}
