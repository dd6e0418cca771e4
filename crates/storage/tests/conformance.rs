//! What every engine must do the same. Extended whenever a difference is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;
mod samples;

use direct_debit::{
    Account, BankLink, BankReason, Binding, BindingEnd, BindingFailure, BindingId, BindingState,
    CancelCause, FirstAnswer, MerchantId, Notification, NotificationCommand, NotificationId,
    NotificationState, Payment, PaymentId, PaymentState, Posting, RefundState,
};
use engines::{Database, on_both_engines};
use samples::{NOW_MS, merchant_id, sen};
use snap::Secret;
use storage::alarms::{self, Alarm};
use storage::external_ids::{self, Answer, Claimed};
use storage::gateway_keys::{self, GatewayKey, KeyState};
use storage::history;
use storage::listeners::{self, Listener};
use storage::merchant_keys::{self, MerchantKey, MerchantKeyState};
use storage::merchants::{self, MerchantState, NotificationProfile, NotifyRefunds, PreviousSecret};
use storage::notification_attempts::{self, Attempt};
use storage::postings::{self, Entry};
use storage::{Error, Lease, Store, bindings, notifications, payments, refunds, settings};

on_both_engines!(
    a_setting_is_read_back_and_replaced,
    a_merchant_is_read_back_as_it_was_written,
    a_merchant_changed_by_another_is_not_overwritten,
    keys_are_read_back_and_retired,
    a_repeated_external_id_finds_the_first_answer,
    a_claim_without_an_answer_can_be_given_back,
    old_claims_are_thrown_away,
    every_state_of_a_binding_is_read_back,
    a_binding_is_found_by_everything_that_names_it,
    a_binding_that_ends_forgets_the_banks_tokens,
    every_state_of_a_payment_is_read_back,
    a_payment_is_found_by_everything_that_names_it,
    a_payment_is_found_by_external_id_and_day,
    lists_are_newest_first_and_go_on,
    every_state_of_a_refund_is_read_back,
    money_that_cannot_be_is_refused_by_the_database,
    a_row_that_cannot_be_is_reported_as_corrupt,
    notifications_of_one_subject_are_sent_in_order,
    a_delivered_notification_can_be_sent_again,
    the_journal_balances_and_books_once,
    an_alarm_is_raised_once,
    a_merchant_has_one_listener_and_the_latest_takes_over,
    due_work_is_leased_postponed_and_hastened,
    nothing_secret_stands_in_a_row,
);

/// Runs one write in a transaction of its own.
macro_rules! write {
    ($store:expr, |$s:ident| $work:expr) => {
        $store
            .transact("test", |$s| async move { $work.await })
            .await
    };
}

fn lease(now_ms: i64, owner: &str) -> Lease {
    Lease {
        now_ms,
        until_ms: now_ms + 30_000,
        owner: owner.to_owned(),
    }
}

async fn a_setting_is_read_back_and_replaced(database: Database) {
    let store = &database.store;
    assert_eq!(
        settings::get(&store.reader(), "clock offset")
            .await
            .unwrap(),
        None
    );
    for value in ["1", "2"] {
        write!(store, |s| settings::put(&s, "clock offset", value)).unwrap();
        let read = settings::get(&store.reader(), "clock offset")
            .await
            .unwrap();
        assert_eq!(read.as_deref(), Some(value));
    }
}

async fn a_merchant_is_read_back_as_it_was_written(database: Database) {
    let store = &database.store;
    let mut merchant = samples::merchant();
    assert!(write!(store, |s| merchants::insert(&s, &samples::merchant())).unwrap());
    assert!(!write!(store, |s| merchants::insert(&s, &samples::merchant())).unwrap());
    let read = merchants::by_id(&store.reader(), &merchant.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read, merchant);

    merchant.state = MerchantState::Disabled;
    merchant.epoch = 3;
    merchant.previous_secret = Some(PreviousSecret {
        secret: Secret::new("SK-before"),
        until_ms: 9,
    });
    merchant.settings.strict = true;
    merchant.settings.allowed_url_schemes = vec!["warung".to_owned()];
    merchant.settings.notify_refunds = NotifyRefunds::All;
    merchant.settings.notification_profile = NotificationProfile::Doku;
    merchant.settings.fee_basis_points = 70;
    let changed = &merchant;
    write!(store, |s| merchants::update(&s, changed)).unwrap();
    merchant.version = 2;
    assert_eq!(
        merchants::all(&store.reader()).await.unwrap(),
        vec![merchant]
    );
}

async fn a_merchant_changed_by_another_is_not_overwritten(database: Database) {
    let store = &database.store;
    let merchant = &samples::merchant();
    write!(store, |s| merchants::insert(&s, merchant)).unwrap();
    write!(store, |s| merchants::update(&s, merchant)).unwrap();
    let error = write!(store, |s| merchants::update(&s, merchant)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Overtaken {
                table: "merchants",
                ..
            }
        ),
        "{error}"
    );
}

async fn keys_are_read_back_and_retired(database: Database) {
    let store = &database.store;
    let key = &GatewayKey {
        id: "k1".to_owned(),
        purpose: "tokens".to_owned(),
        material: Secret::new("material"),
        state: KeyState::Active,
        created_at_ms: NOW_MS,
        signs_from_ms: Some(NOW_MS + 1),
    };
    assert!(write!(store, |s| gateway_keys::insert(&s, key)).unwrap());
    assert!(!write!(store, |s| gateway_keys::insert(&s, key)).unwrap());
    assert_eq!(
        gateway_keys::alive(&store.reader()).await.unwrap(),
        vec![key.clone()]
    );
    assert!(
        write!(store, |s| gateway_keys::set_state(
            &s,
            "k1",
            KeyState::Retired
        ))
        .unwrap()
    );
    assert!(
        gateway_keys::alive(&store.reader())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(write!(store, |s| gateway_keys::reseal(&s)).unwrap(), 0);

    write!(store, |s| merchants::insert(&s, &samples::merchant())).unwrap();
    let key = &MerchantKey {
        key_id: "fingerprint".to_owned(),
        public_key: "PEM".to_owned(),
        state: MerchantKeyState::Active,
        created_at_ms: NOW_MS,
    };
    let merchant = &merchant_id();
    assert!(write!(store, |s| merchant_keys::insert(&s, merchant, key)).unwrap());
    assert!(!write!(store, |s| merchant_keys::insert(&s, merchant, key)).unwrap());
    let retired = MerchantKeyState::Retired;
    assert!(
        write!(store, |s| merchant_keys::set_state(
            &s,
            merchant,
            "fingerprint",
            retired
        ))
        .unwrap()
    );
    let keys = merchant_keys::of_merchant(&store.reader(), merchant)
        .await
        .unwrap();
    assert_eq!(
        keys,
        vec![MerchantKey {
            state: retired,
            ..key.clone()
        }]
    );
}

async fn a_repeated_external_id_finds_the_first_answer(database: Database) {
    let store = &database.store;
    let claim = &samples::claim("1", "f");
    assert_eq!(
        write!(store, |s| external_ids::claim(&s, claim)).unwrap(),
        Claimed::First
    );
    let other = &samples::claim("1", "other");
    let again = write!(store, |s| external_ids::claim(&s, other)).unwrap();
    assert_eq!(again, Claimed::Before(claim.clone()));

    let answer = &Answer {
        status: 200,
        body: "{\"ok\": true}".to_owned(),
    };
    let late = &Answer {
        status: 202,
        body: "{\"ok\": false}".to_owned(),
    };
    // Of two answers the first stands, and the second hears it.
    for (theirs, subject) in [(answer, "P1"), (late, "P2")] {
        let stands = write!(store, |s| external_ids::answer(
            &s,
            &claim.key,
            theirs.clone(),
            Some(subject)
        ));
        assert_eq!(stands.unwrap(), *answer);
    }
    let Claimed::Before(before) = write!(store, |s| external_ids::claim(&s, other)).unwrap() else {
        panic!("claimed twice");
    };
    assert_eq!(
        (before.answer, before.subject.as_deref()),
        (Some(answer.clone()), Some("P1"))
    );
    // Another operation, day or merchant is another id.
    let mut elsewhere = samples::claim("1", "f");
    elsewhere.key.day = "20260103".to_owned();
    let elsewhere = &elsewhere;
    assert_eq!(
        write!(store, |s| external_ids::claim(&s, elsewhere)).unwrap(),
        Claimed::First
    );
}

async fn a_claim_without_an_answer_can_be_given_back(database: Database) {
    let store = &database.store;
    let claim = &samples::claim("1", "f");
    let answer = &Answer {
        status: 200,
        body: "{}".to_owned(),
    };
    write!(store, |s| external_ids::claim(&s, claim)).unwrap();
    write!(store, |s| external_ids::lead_to(&s, &claim.key, "P1")).unwrap();
    write!(store, |s| external_ids::release(&s, &claim.key)).unwrap();
    assert_eq!(
        write!(store, |s| external_ids::claim(&s, claim)).unwrap(),
        Claimed::First
    );
    write!(store, |s| external_ids::answer(
        &s,
        &claim.key,
        answer.clone(),
        None
    ))
    .unwrap();
    write!(store, |s| external_ids::release(&s, &claim.key)).unwrap();
    assert!(
        external_ids::by_key(&store.reader(), &claim.key)
            .await
            .unwrap()
            .is_some()
    );
}

async fn old_claims_are_thrown_away(database: Database) {
    let store = &database.store;
    for (number, age) in [("1", 3), ("2", 2), ("3", 1)] {
        let mut claim = samples::claim(number, "f");
        claim.claimed_at_ms -= age;
        let claim = &claim;
        write!(store, |s| external_ids::claim(&s, claim)).unwrap();
    }
    assert_eq!(
        write!(store, |s| external_ids::purge(&s, NOW_MS - 1, 1)).unwrap(),
        1
    );
    assert_eq!(
        write!(store, |s| external_ids::purge(&s, NOW_MS - 1, 9)).unwrap(),
        1
    );
    assert_eq!(
        write!(store, |s| external_ids::purge(&s, NOW_MS - 1, 9)).unwrap(),
        0
    );
}

fn reason() -> BankReason {
    BankReason {
        code: "4030705".to_owned(),
        message: "Do Not Honor".to_owned(),
    }
}

async fn store_binding(store: &Store, binding: &Binding) {
    let hashes = &samples::binding_hashes(binding.id.as_str());
    write!(store, |s| bindings::insert(&s, binding, hashes, NOW_MS)).unwrap();
}

async fn every_state_of_a_binding_is_read_back(database: Database) {
    let store = &database.store;
    let failures = [
        BindingFailure::Refused(reason()),
        BindingFailure::Cancelled,
        BindingFailure::Expired,
        BindingFailure::Superseded,
        BindingFailure::AccountTaken,
        BindingFailure::CodeLost,
    ];
    let mut states = vec![
        BindingState::AwaitingCustomer,
        BindingState::Unknown,
        BindingState::Active,
        BindingState::Ending,
    ];
    states.extend(BindingEnd::ALL.map(|cause| BindingState::Ended { cause }));
    states.extend(failures.map(|failure| BindingState::Failed { failure }));
    for (number, state) in states.into_iter().enumerate() {
        let id = format!("B{number}");
        let mut binding = samples::binding(&id, &id);
        store_binding(store, &binding).await;
        binding.bank_page = Some("https://bank.example/p".to_owned());
        binding.bank_reference_no = Some("b-1".to_owned());
        binding.account = Some(samples::account(&id));
        binding.bank_link = BankLink::ALL[number % BankLink::ALL.len()];
        binding.state = state;
        let changed = &binding;
        write!(store, |s| bindings::update(
            &s,
            changed,
            None,
            "a test",
            NOW_MS + 1
        ))
        .unwrap();
        binding.version = 2;
        let read = bindings::by_id(&store.reader(), &binding.merchant, &binding.id)
            .await
            .unwrap();
        assert_eq!(read.as_ref(), Some(&binding));
        let events = history::of_subject(&store.reader(), &binding.merchant, &id)
            .await
            .unwrap();
        let causes: Vec<_> = events
            .iter()
            .map(|event| (event.version, event.state.as_str(), event.cause.as_str()))
            .collect();
        let state = binding.state.name().as_str();
        assert_eq!(
            causes,
            vec![(1, "created", "requested"), (2, state, "a test")]
        );
    }
}

async fn a_binding_is_found_by_everything_that_names_it(database: Database) {
    let store = &database.store;
    let (one, two) = (samples::binding("B1", "c"), samples::binding("B2", "c"));
    store_binding(store, &one).await;
    store_binding(store, &two).await;
    let (s, m) = (store.reader(), merchant_id());
    let found = Some(two.clone());
    assert_eq!(bindings::by_page(&s, "page-B2").await.unwrap(), found);
    assert_eq!(bindings::by_state(&s, "state-B2").await.unwrap(), found);
    assert_eq!(
        bindings::by_auth_code(&s, &m, "code-B2").await.unwrap(),
        found
    );
    assert_eq!(
        bindings::by_external_id(&s, &m, "ext-B2").await.unwrap(),
        found
    );
    assert_eq!(bindings::by_page(&s, "state-B2").await.unwrap(), None);
    let channel = two.channel.as_str();
    let open = bindings::unfinished_of_customer(&s, &m, "c", channel)
        .await
        .unwrap();
    assert_eq!(open, vec![one.clone(), two.clone()]);
    assert_eq!(
        bindings::active_of_customer(&s, &m, "c", channel)
            .await
            .unwrap(),
        None
    );
    let hash = "hash of the phone";
    assert_eq!(
        bindings::started_since(&s, &m, hash, NOW_MS - 1)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        bindings::started_since(&s, &m, hash, NOW_MS).await.unwrap(),
        0
    );
    let (m, id) = (&m, &BindingId::new("B1"));
    assert!(write!(store, |s| bindings::use_state(&s, m, id, NOW_MS)).unwrap());
    assert!(!write!(store, |s| bindings::use_state(&s, m, id, NOW_MS)).unwrap());
}

async fn a_binding_that_ends_forgets_the_banks_tokens(database: Database) {
    let store = &database.store;
    let mut binding = samples::binding("B1", "c");
    store_binding(store, &binding).await;
    binding.account = Some(samples::account("A1"));
    binding.state = BindingState::Active;
    let (active, tokens) = (&binding, &samples::tokens());
    assert!(
        write!(store, |s| bindings::activate(
            &s, active, tokens, "linked", NOW_MS
        ))
        .unwrap()
    );
    let held = bindings::bank_tokens(&store.reader(), active)
        .await
        .unwrap();
    assert_eq!(held.as_ref(), Some(tokens));
    binding.version = 2;
    let touched = &binding;
    write!(store, |s| bindings::touch_active(&s, touched)).unwrap();
    binding.version = 3;
    binding.state = BindingState::Ended {
        cause: BindingEnd::Bank,
    };
    let ended = &binding;
    write!(store, |s| bindings::update(
        &s, ended, None, "unlinked", NOW_MS
    ))
    .unwrap();
    assert_eq!(
        bindings::bank_tokens(&store.reader(), ended).await.unwrap(),
        None
    );
    // A renewal that was on its way brings none back.
    let (m, id) = (&ended.merchant, &ended.id);
    write!(store, |s| bindings::set_bank_tokens(&s, m, id, tokens)).unwrap();
    assert_eq!(
        bindings::bank_tokens(&store.reader(), ended).await.unwrap(),
        None
    );
    let error = write!(store, |s| bindings::touch_active(&s, ended)).unwrap_err();
    assert!(matches!(error, Error::Overtaken { .. }));
}

async fn store_payment(store: &Store, payment: &Payment) {
    let hashes = &samples::payment_hashes(payment.id.as_str());
    write!(store, |s| payments::insert(&s, payment, hashes, NOW_MS)).unwrap();
}

async fn every_state_of_a_payment_is_read_back(database: Database) {
    let store = &database.store;
    let mut states = vec![
        PaymentState::AwaitingCustomer,
        PaymentState::Unknown,
        PaymentState::Succeeded { paid_at_ms: 5 },
        PaymentState::Refunded { paid_at_ms: 5 },
        PaymentState::Failed { reason: reason() },
    ];
    states.extend(CancelCause::ALL.map(|cause| PaymentState::Cancelled { cause }));
    for (number, state) in states.into_iter().enumerate() {
        let id = format!("P{number}");
        let mut payment = samples::payment(&id, 100);
        store_payment(store, &payment).await;
        payment.first_answer = FirstAnswer::ALL[number % FirstAnswer::ALL.len()];
        payment.bank_page = Some("https://bank.example/p".to_owned());
        payment.bank_reference_no = Some("b-1".to_owned());
        (payment.refunded, payment.refund_reserved) = match state {
            PaymentState::Succeeded { .. } => (sen(40), sen(60)),
            PaymentState::Refunded { .. } => (sen(100), sen(0)),
            _ => (sen(0), sen(0)),
        };
        payment.state = state;
        let changed = &payment;
        write!(store, |s| payments::update(
            &s,
            changed,
            Some(NOW_MS),
            "a test",
            NOW_MS
        ))
        .unwrap();
        payment.version = 2;
        let read = payments::by_id(&store.reader(), &payment.merchant, &payment.id)
            .await
            .unwrap();
        assert_eq!(read.as_ref(), Some(&payment));
    }
    let totals = payments::totals(&store.reader(), &merchant_id())
        .await
        .unwrap();
    let refunded = totals
        .iter()
        .find(|total| total.state == "refunded")
        .unwrap();
    assert_eq!(
        (refunded.count, refunded.amount_sen, refunded.refunded_sen),
        (1, 100, 100)
    );
}

async fn a_payment_is_found_by_everything_that_names_it(database: Database) {
    let store = &database.store;
    let (one, two) = (samples::payment("P1", 100), samples::payment("P2", 100));
    store_payment(store, &one).await;
    store_payment(store, &two).await;
    let (s, m) = (store.reader(), merchant_id());
    let found = Some(two.clone());
    assert_eq!(payments::by_id_anywhere(&s, &two.id).await.unwrap(), found);
    assert_eq!(payments::by_page(&s, "page-P2").await.unwrap(), found);
    assert_eq!(payments::by_state(&s, "state-P2").await.unwrap(), found);
    assert_eq!(
        payments::by_partner_reference_no(&s, &m, "INV-P2")
            .await
            .unwrap(),
        found
    );
    assert_eq!(
        payments::by_reference_no(&s, &m, "ref-P2").await.unwrap(),
        found
    );
    assert_eq!(
        payments::by_reference_no(&s, &m, "ref-p2").await.unwrap(),
        None
    );
    let open = payments::open_of_binding(&s, &m, &two.binding)
        .await
        .unwrap();
    assert_eq!(open, vec![one, two.clone()]);
    let (m, id) = (&m, &two.id);
    assert!(write!(store, |s| payments::use_state(&s, m, id, NOW_MS)).unwrap());
    assert!(!write!(store, |s| payments::use_state(&s, m, id, NOW_MS)).unwrap());
}

async fn a_payment_is_found_by_external_id_and_day(database: Database) {
    let store = &database.store;
    let day_ms = 86_400_000;
    for (id, days) in [("P1", 0), ("P2", 1), ("P3", -1)] {
        let mut payment = samples::payment(id, 100);
        payment.external_id = "same".to_owned();
        payment.created_at_ms += days * day_ms;
        store_payment(store, &payment).await;
    }
    let (s, m) = (store.reader(), merchant_id());
    let mut found = Vec::new();
    for day in [None, Some(0), Some(1), Some(-1), Some(2)] {
        let day = day.map(|days| snap::timestamp::jakarta_day(NOW_MS + days * day_ms));
        let payment = payments::by_external_id(&s, &m, "same", day.as_deref())
            .await
            .unwrap();
        found.push(payment.map(|payment| payment.id.to_string()));
    }
    let found: Vec<_> = found.iter().map(Option::as_deref).collect();
    assert_eq!(
        found,
        [Some("P2"), Some("P1"), Some("P2"), Some("P3"), None]
    );
}

async fn lists_are_newest_first_and_go_on(database: Database) {
    let store = &database.store;
    for id in ["0198-a1", "0198-9f", "0198-b0"] {
        store_payment(store, &samples::payment(id, 100)).await;
        store_binding(store, &samples::binding(&format!("b{id}"), id)).await;
        let new = &samples::notification(id, id);
        write!(store, |s| notifications::insert(&s, new)).unwrap();
    }
    let (s, m) = (store.reader(), merchant_id());
    let page = payments::newest(&s, &m, None, 2).await.unwrap();
    let ids: Vec<_> = page.iter().map(|payment| payment.id.as_str()).collect();
    assert_eq!(ids, ["0198-b0", "0198-a1"]);
    let rest = payments::newest(&s, &m, Some(&PaymentId::new("0198-a1")), 2)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(bindings::newest(&s, &m, None, 9).await.unwrap().len(), 3);
    assert_eq!(
        notifications::newest(&s, &m, None, 9).await.unwrap().len(),
        3
    );
}

async fn every_state_of_a_refund_is_read_back(database: Database) {
    let store = &database.store;
    let states = [
        RefundState::Unknown,
        RefundState::Succeeded { refunded_at_ms: 7 },
        RefundState::Failed { reason: reason() },
    ];
    let mut all = Vec::new();
    for (number, state) in states.into_iter().enumerate() {
        let mut refund = samples::refund(&format!("R{number}"), "P1", 10);
        let new = &refund;
        write!(store, |s| async { refunds::insert(&s, new, NOW_MS).await }).unwrap();
        refund.state = state;
        let changed = &refund;
        write!(store, |s| refunds::update(
            &s, changed, None, "a test", NOW_MS
        ))
        .unwrap();
        refund.version = 2;
        let (s, m) = (store.reader(), merchant_id());
        assert_eq!(
            refunds::by_id(&s, &m, &refund.id).await.unwrap().as_ref(),
            Some(&refund)
        );
        let found = refunds::by_partner_refund_no(&s, &m, &refund.partner_refund_no)
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(&refund));
        all.push(refund);
    }
    let of_payment =
        refunds::of_payment(&store.reader(), &merchant_id(), &PaymentId::new("P1")).await;
    assert_eq!(of_payment.unwrap(), all);
}

async fn money_that_cannot_be_is_refused_by_the_database(database: Database) {
    let store = &database.store;
    let mut payment = samples::payment("P1", 100);
    store_payment(store, &payment).await;
    payment.state = PaymentState::Succeeded { paid_at_ms: 1 };
    let paid = &payment;
    write!(store, |s| payments::update(&s, paid, None, "paid", NOW_MS)).unwrap();
    let refund = &samples::refund("R1", "P1", 10);
    write!(store, |s| refunds::insert(&s, refund, NOW_MS)).unwrap();
    let before = store.dump().await.unwrap();
    for change in [
        "UPDATE payments SET amount = 0",
        "UPDATE payments SET amount = -1",
        "UPDATE payments SET refunded = -1",
        "UPDATE payments SET refund_reserved = -1",
        "UPDATE payments SET refunded = 60, refund_reserved = 41",
        "UPDATE payments SET refunded = 100",
        "UPDATE payments SET fee = 101",
        "UPDATE payments SET state = 'refunded'",
        "UPDATE payments SET state = 'paid'",
        "UPDATE payments SET state = 'created'",
        "UPDATE payments SET paid_at = NULL",
        "UPDATE refunds SET amount = 0",
        "UPDATE refunds SET state = 'succeeded'",
    ] {
        let result = write!(store, |s| s.unlisted(change.to_owned(), &[]));
        assert!(
            matches!(result, Err(Error::Statement { .. })),
            "{change}: {result:?}"
        );
    }
    assert_eq!(store.dump().await.unwrap(), before);
}

async fn a_row_that_cannot_be_is_reported_as_corrupt(database: Database) {
    let store = &database.store;
    store_payment(store, &samples::payment("P1", 100)).await;
    store_binding(store, &samples::binding("B1", "c")).await;
    let (m, payment, binding) = (merchant_id(), PaymentId::new("P1"), BindingId::new("B1"));
    for change in [
        "UPDATE payments SET parts = '[{\"method\":\"GOLD\",\"amount\":1}]'",
        "UPDATE payments SET parts = '[{\"method\":\"POINT\",\"amount\":-1}]'",
        "UPDATE payments SET parts = '[]', details = 'x'",
        "UPDATE payments SET details = '{}', state = 'cancelled', cancel_cause = 'because'",
    ] {
        write!(store, |s| s.unlisted(change.to_owned(), &[])).unwrap();
        let read = payments::by_id(&store.reader(), &m, &payment).await;
        assert!(
            matches!(
                read,
                Err(Error::Corrupt {
                    table: "payments",
                    ..
                })
            ),
            "{change}: {read:?}"
        );
    }
    let change = "UPDATE bindings SET state = 'failed', failure = 'refused'";
    write!(store, |s| s.unlisted(change.to_owned(), &[])).unwrap();
    let read = bindings::by_id(&store.reader(), &m, &binding).await;
    assert!(
        matches!(
            read,
            Err(Error::Corrupt {
                table: "bindings",
                ..
            })
        ),
        "{read:?}"
    );
    let change = "UPDATE bindings SET phone = 'test:AAAA'";
    write!(store, |s| s.unlisted(change.to_owned(), &[])).unwrap();
    let read = bindings::by_id(&store.reader(), &m, &binding).await;
    assert!(
        matches!(
            read,
            Err(Error::Cipher {
                table: "bindings",
                ..
            })
        ),
        "{read:?}"
    );
}

async fn claimed(
    store: &Store,
    now_ms: i64,
    owner: &str,
) -> Vec<notifications::StoredNotification> {
    let lease = &lease(now_ms, owner);
    write!(store, |s| notifications::claim_due(&s, lease, 10)).unwrap()
}

async fn done(
    store: &Store,
    stored: &notifications::StoredNotification,
    command: NotificationCommand,
) {
    let notification: Notification = stored.notification.clone().apply(command).into_inner();
    let after = &notifications::StoredNotification {
        notification,
        ..stored.clone()
    };
    let attempt = |version| Attempt {
        version,
        at_ms: NOW_MS,
        duration_ms: 12,
        outcome: "refused".to_owned(),
        http_status: Some(500),
        detail: None,
        address: Some("203.0.113.7".to_owned()),
        key_id: Some("k1".to_owned()),
        answer: Some("not now".to_owned()),
    };
    let attempt = &attempt;
    write!(store, |s| async {
        let version = notifications::update(&s, after).await?;
        let of = &after.notification;
        notification_attempts::insert(&s, &of.merchant, &of.id, &attempt(version)).await
    })
    .unwrap();
}

async fn notifications_of_one_subject_are_sent_in_order(database: Database) {
    let store = &database.store;
    samples::with_endpoint(store, 0).await;
    for (id, subject) in [("N1", "P1"), ("N2", "P1"), ("N3", "P2")] {
        let new = &samples::notification(id, subject);
        write!(store, |s| notifications::insert(&s, new)).unwrap();
    }
    assert_eq!(notifications::count_due(&store.reader()).await.unwrap(), 3);
    let first = claimed(store, NOW_MS, "one").await;
    let mut ids: Vec<_> = first
        .iter()
        .map(|stored| stored.notification.id.as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["N1", "N3"]);
    assert_eq!(
        first[0].body,
        format!("{{\"about\":\"{}\"}}", first[0].subject)
    );
    // While the lease lasts, nobody else gets them; when it is over, somebody does.
    assert!(claimed(store, NOW_MS + 29_999, "two").await.is_empty());
    let second = claimed(store, NOW_MS + 30_000, "two").await;
    assert_eq!(second.len(), 2);
    // The first one comes too late to store its result.
    let n1 = |all: &[notifications::StoredNotification]| {
        all.iter()
            .find(|stored| stored.subject == "P1")
            .unwrap()
            .clone()
    };
    let stale = &n1(&first);
    let late = write!(store, |s| async {
        notifications::update(&s, stale).await.map(drop)
    });
    assert!(matches!(late, Err(Error::Overtaken { .. })));
    done(store, &n1(&second), NotificationCommand::Deliver).await;
    let third = claimed(store, NOW_MS + 30_000, "one").await;
    assert_eq!(third.len(), 1);
    assert_eq!(third[0].notification.id, NotificationId::new("N2"));
    assert_eq!(third[0].sequence, 2);
}

async fn a_delivered_notification_can_be_sent_again(database: Database) {
    let store = &database.store;
    samples::with_endpoint(store, 0).await;
    let new = &samples::notification("N1", "P1");
    write!(store, |s| notifications::insert(&s, new)).unwrap();
    let later = NotificationCommand::Retry {
        at_ms: Some(NOW_MS + 5_000),
    };
    done(store, &claimed(store, NOW_MS, "one").await[0], later).await;
    assert!(claimed(store, NOW_MS + 4_999, "one").await.is_empty());
    done(
        store,
        &claimed(store, NOW_MS + 5_000, "one").await[0],
        NotificationCommand::Deliver,
    )
    .await;
    assert!(claimed(store, NOW_MS + 900_000, "one").await.is_empty());
    let (s, m) = (store.reader(), merchant_id());
    let stored = notifications::of_subject(&s, &m, "P1").await.unwrap();
    assert_eq!(stored[0].notification.state, NotificationState::Delivered);
    let again = NotificationCommand::SendAgain {
        at_ms: NOW_MS + 6_000,
    };
    done(store, &stored[0], again).await;
    let sent = claimed(store, NOW_MS + 6_000, "one").await;
    assert_eq!(
        (sent[0].external_id.as_str(), sent[0].notification.attempts),
        ("ext-N1", 0)
    );
    let id = NotificationId::new("N1");
    let tries = notification_attempts::of_notification(&s, &m, &id)
        .await
        .unwrap();
    assert_eq!(tries.len(), 3);
    assert_eq!(tries[0].answer.as_deref(), Some("not now"));
    assert!(notifications::by_id(&s, &m, &id).await.unwrap().is_some());
}

async fn the_journal_balances_and_books_once(database: Database) {
    let store = &database.store;
    let line = |account, amount_sen| Posting {
        account,
        amount_sen,
    };
    let entry = |id: &str, postings: Vec<Posting>| Entry {
        merchant: merchant_id(),
        id: id.to_owned(),
        subject: "P1".to_owned(),
        created_at_ms: NOW_MS,
        postings,
    };
    let good = &entry(
        "payment-P1",
        vec![
            line(Account::Bank, 100),
            line(Account::Fees, -1),
            line(Account::Merchant, -99),
        ],
    );
    write!(store, |s| postings::insert(&s, good)).unwrap();
    write!(store, |s| postings::insert(&s, good)).unwrap();
    for bad in [
        entry("a", vec![]),
        entry("b", vec![line(Account::Bank, 1)]),
        entry(
            "c",
            vec![line(Account::Bank, i64::MAX), line(Account::Fees, 1)],
        ),
    ] {
        let bad = &bad;
        let result = write!(store, |s| postings::insert(&s, bad));
        assert!(matches!(result, Err(Error::Unbalanced { .. })));
    }
    let twice = &entry(
        "d",
        vec![
            line(Account::Bank, 1),
            line(Account::Bank, 1),
            line(Account::Fees, -2),
        ],
    );
    assert!(matches!(
        write!(store, |s| postings::insert(&s, twice)),
        Err(Error::Corrupt { .. })
    ));
    let (s, m) = (store.reader(), merchant_id());
    assert_eq!(
        postings::of_subject(&s, &m, "P1").await.unwrap(),
        vec![good.clone()]
    );
    let totals = postings::totals(&s, &m, NOW_MS, NOW_MS + 1).await.unwrap();
    assert_eq!(totals, good.postings);
    assert!(
        postings::totals(&s, &m, 0, NOW_MS)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(postings::unbalanced(&s, &m).await.unwrap().is_empty());
}

async fn an_alarm_is_raised_once(database: Database) {
    let store = &database.store;
    let alarm = &Alarm {
        merchant: merchant_id(),
        id: "late debit-P1".to_owned(),
        subject: "P1".to_owned(),
        kind: "late debit".to_owned(),
        detail: "the bank debited".to_owned(),
        created_at_ms: NOW_MS,
    };
    assert!(write!(store, |s| alarms::insert(&s, alarm)).unwrap());
    assert!(!write!(store, |s| alarms::insert(&s, alarm)).unwrap());
    assert_eq!(
        alarms::newest(&store.reader(), 9).await.unwrap(),
        vec![alarm.clone()]
    );
}

async fn a_merchant_has_one_listener_and_the_latest_takes_over(database: Database) {
    let store = &database.store;
    let listener = |id: &str, merchant: &str, created_at_ms| Listener {
        id: id.to_owned(),
        merchant: MerchantId::new(merchant),
        notification_url: "https://merchant.example/heard".to_owned(),
        token_url: None,
        binding_notification_url: "https://merchant.example/bound".to_owned(),
        created_at_ms,
        expires_at_ms: created_at_ms + 60_000,
    };
    let (first, second) = (
        listener("l1", "M1", NOW_MS),
        listener("l2", "M1", NOW_MS + 1),
    );
    let other = listener("l3", "M2", NOW_MS);
    for one in [&first, &second, &other] {
        write!(store, |s| listeners::put(&s, one)).unwrap();
    }
    let s = store.reader();
    assert_eq!(listeners::by_id(&s, "l1").await.unwrap(), None);
    assert_eq!(
        listeners::by_id(&s, "l2").await.unwrap(),
        Some(second.clone())
    );
    let ids: Vec<_> = (0..20).map(|n| MerchantId::new(format!("M{n}"))).collect();
    assert_eq!(
        listeners::some(&s, &ids).await.unwrap(),
        [second.clone(), other.clone()]
    );
    assert_eq!(listeners::some(&s, &[]).await.unwrap(), []);
    assert!(second.is_live(NOW_MS + 60_000) && !second.is_live(NOW_MS + 60_001));

    let own = &merchant_id();
    assert!(!write!(store, |s| listeners::renew(&s, own, "l1", NOW_MS)).unwrap());
    assert!(!write!(store, |s| listeners::end(&s, own, "l3")).unwrap());
    assert!(write!(store, |s| listeners::renew(&s, own, "l2", NOW_MS + 9)).unwrap());
    let renewed = listeners::by_id(&s, "l2").await.unwrap().unwrap();
    assert_eq!(renewed.expires_at_ms, NOW_MS + 9);
    assert!(write!(store, |s| listeners::end(&s, own, "l2")).unwrap());
    // What expired long ago makes room.
    let late = &listener("l4", "M1", other.expires_at_ms + 60 * 60_000 + 1);
    write!(store, |s| listeners::put(&s, late)).unwrap();
    let all = listeners::all(&s, 10).await.unwrap();
    assert_eq!(all, std::slice::from_ref(late));
}

async fn due_work_is_leased_postponed_and_hastened(database: Database) {
    let store = &database.store;
    let payment = &samples::payment("P1", 100);
    store_payment(store, payment).await;
    store_binding(store, &samples::binding("B1", "c")).await;
    let refund = &samples::refund("R1", "P1", 10);
    write!(store, |s| refunds::insert(&s, refund, NOW_MS)).unwrap();
    let take = async |now_ms: i64, owner: &str| {
        let lease = &lease(now_ms, owner);
        write!(store, |s| async {
            let payments = payments::claim_due(&s, lease, 9).await?;
            let refunds = refunds::claim_due(&s, lease, 9).await?;
            let bindings = bindings::claim_due(&s, lease, 9).await?;
            Ok::<_, Error>((payments.len(), refunds.len(), bindings.len()))
        })
        .unwrap()
    };
    let s = store.reader();
    assert_eq!(take(NOW_MS - 1, "one").await, (0, 0, 0));
    assert_eq!(take(NOW_MS, "one").await, (1, 1, 1));
    assert_eq!(take(NOW_MS, "two").await, (0, 0, 0));
    for (at_ms, expected) in [(NOW_MS + 29_999, false), (NOW_MS + 30_000, true)] {
        assert_eq!(payments::is_due(&s, at_ms).await.unwrap(), expected);
        assert_eq!(bindings::is_due(&s, at_ms).await.unwrap(), expected);
        assert_eq!(refunds::is_due(&s, at_ms).await.unwrap(), expected);
    }
    // What another is settling hides nothing that comes after it.
    let second = &samples::refund("R2", "P1", 10);
    write!(store, |s| refunds::insert(&s, second, NOW_MS + 1)).unwrap();
    assert!(refunds::is_due(&s, NOW_MS + 1).await.unwrap());
    assert_eq!(take(NOW_MS + 1, "two").await, (0, 1, 0));

    let (m, id) = (&payment.merchant, &payment.id);
    let far = NOW_MS + 60_000;
    write!(store, |s| payments::postpone(&s, m, id, "two", NOW_MS)).unwrap();
    assert_eq!(
        take(NOW_MS, "two").await,
        (0, 0, 0),
        "only the owner puts off"
    );
    write!(store, |s| payments::postpone(&s, m, id, "one", far)).unwrap();
    assert!(!payments::is_due(&s, far - 1).await.unwrap());
    assert!(payments::is_due(&s, far).await.unwrap());
    write!(store, |s| payments::hasten(&s, m, id, NOW_MS + 1)).unwrap();
    assert_eq!(take(NOW_MS + 1, "two").await, (1, 0, 0));
    // Hastened while it was being settled: it is looked at once more.
    write!(store, |s| payments::hasten_open(
        &s,
        m,
        &payment.binding,
        NOW_MS + 2
    ))
    .unwrap();
    write!(store, |s| payments::postpone(&s, m, id, "two", far)).unwrap();
    assert_eq!(take(NOW_MS + 2, "two").await, (1, 0, 0));
    let cancelled = &Payment {
        state: PaymentState::Cancelled {
            cause: CancelCause::Expired,
        },
        ..payment.clone()
    };
    write!(store, |s| payments::update(
        &s, cancelled, None, "a test", NOW_MS
    ))
    .unwrap();
    assert!(!payments::is_due(&s, i64::MAX).await.unwrap());
    write!(store, |s| payments::hasten(&s, m, id, NOW_MS)).unwrap();
    assert!(
        !payments::is_due(&s, i64::MAX).await.unwrap(),
        "what has ended stays so"
    );
}

async fn nothing_secret_stands_in_a_row(database: Database) {
    let store = &database.store;
    let mut merchant = samples::merchant();
    merchant.previous_secret = Some(PreviousSecret {
        secret: Secret::new("SK-before"),
        until_ms: 9,
    });
    let merchant = &merchant;
    write!(store, |s| merchants::insert(&s, merchant)).unwrap();
    let mut binding = samples::binding("B1", "c");
    store_binding(store, &binding).await;
    binding.account = Some(samples::account("A1"));
    binding.state = BindingState::Active;
    let (active, tokens) = (&binding, &samples::tokens());
    write!(store, |s| bindings::activate(
        &s, active, tokens, "linked", NOW_MS
    ))
    .unwrap();
    let claim = &samples::claim("1", "f");
    let answer = &Answer {
        status: 200,
        body: "the stored answer".to_owned(),
    };
    write!(store, |s| external_ids::claim(&s, claim)).unwrap();
    write!(store, |s| external_ids::answer(
        &s,
        &claim.key,
        answer.clone(),
        None
    ))
    .unwrap();
    let new = &samples::notification("N1", "P1");
    write!(store, |s| notifications::insert(&s, new)).unwrap();
    let dump = store.dump().await.unwrap().join("\n");
    assert!(dump.contains("ref-B1"));
    for secret in [
        "SK-outbound",
        "SK-inbound",
        "SK-before",
        "6281234567890",
        "bank access",
        "bank refresh",
        "the stored answer",
        "about",
    ] {
        assert!(!dump.contains(secret), "{secret} stands in clear");
    }
}
