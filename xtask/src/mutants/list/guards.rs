//! Guards in the statements: nobody overwrites what he has not seen.

use super::{Mutant, edit, of_storage};

const BINDINGS: &str = "crates/storage/src/bindings.rs";
const GUARD: &str = "AND id = $2 AND version = $3";
const NO_GUARD: &str = "AND id = $2 AND version >= $3";

pub(super) const ALL: &[Mutant] = &[
    Mutant {
        name: "the version guard of payments",
        edits: &[edit("crates/storage/src/payments.rs", GUARD, NO_GUARD)],
        test: of_storage(
            "guards",
            "on_sqlite::a_payment_changed_by_another_is_not_overwritten",
        ),
    },
    Mutant {
        name: "the version guard of refunds",
        edits: &[edit("crates/storage/src/refunds.rs", GUARD, NO_GUARD)],
        test: of_storage(
            "guards",
            "on_sqlite::a_refund_changed_by_another_is_not_overwritten",
        ),
    },
    Mutant {
        name: "the version guard of bindings",
        edits: &[edit(BINDINGS, GUARD, NO_GUARD)],
        test: of_storage(
            "guards",
            "on_sqlite::a_binding_changed_by_another_is_not_overwritten",
        ),
    },
    Mutant {
        name: "the demand that a guarded update hits its row",
        edits: &[edit(
            "crates/storage/src/session.rs",
            "if rows == 1 {",
            "if rows <= 1 {",
        )],
        test: of_storage(
            "conformance",
            "on_sqlite::a_merchant_changed_by_another_is_not_overwritten",
        ),
    },
    Mutant {
        name: "the version guard of merchants",
        edits: &[edit(
            "crates/storage/src/merchants.rs",
            "WHERE id = $1 AND version = $2",
            "WHERE id = $1 AND version >= $2",
        )],
        test: of_storage(
            "conformance",
            "on_sqlite::a_merchant_changed_by_another_is_not_overwritten",
        ),
    },
    Mutant {
        name: "the version guard of notifications",
        edits: &[edit("crates/storage/src/notifications.rs", GUARD, NO_GUARD)],
        test: of_storage(
            "conformance",
            "on_sqlite::notifications_of_one_subject_are_sent_in_order",
        ),
    },
    Mutant {
        name: "the version guard of notifications, many at once",
        edits: &[edit(
            "crates/storage/src/notification_batches.rs",
            "AND notifications.version = given.column3",
            "AND notifications.version >= given.column3",
        )],
        test: of_storage(
            "trials",
            "on_sqlite::what_another_has_taken_over_is_left_alone",
        ),
    },
    Mutant {
        name: "the order of a subject, where its endpoint is on trial",
        edits: &[edit(
            "crates/storage/src/notification_trials.rs",
            "AND e.sequence < notifications.sequence",
            "AND e.sequence < 0",
        )],
        test: of_storage(
            "trials",
            "on_sqlite::of_one_subject_only_the_earliest_is_seen_and_claimed",
        ),
    },
    Mutant {
        name: "the guard that a paying binding is active",
        edits: &[edit(
            BINDINGS,
            "AND id = $2 AND state = $3",
            "AND id = $2 AND $3 <> ''",
        )],
        test: of_storage(
            "conformance",
            "on_sqlite::a_binding_that_ends_forgets_the_banks_tokens",
        ),
    },
];
