//! Unique indexes, and the primary keys that decide who came first.

use super::{Mutant, edit, of_storage};

const OF_NOTIFICATIONS: &str = "crates/storage/migrations/0003_notifications.sql";
const OF_JOURNAL: &str = "crates/storage/migrations/0004_journal.sql";
const OF_BINDINGS: &str = "crates/storage/migrations/0005_bindings.sql";
const OF_PAYMENTS: &str = "crates/storage/migrations/0006_payments.sql";

pub(super) const ALL: &[Mutant] = &[
    Mutant {
        name: "one payment of a merchant's reference",
        edits: &[
            edit(
                OF_PAYMENTS,
                "    UNIQUE (partner_reference_no, merchant_id),\n",
                "",
            ),
            edit(
                "crates/storage/src/payments.rs",
                "ON CONFLICT (merchant_id, partner_reference_no) DO NOTHING",
                "",
            ),
        ],
        test: of_storage(
            "guards",
            "on_sqlite::a_merchants_reference_names_one_payment",
        ),
    },
    Mutant {
        name: "one payment of our reference",
        edits: &[edit(
            OF_PAYMENTS,
            "    UNIQUE (reference_no, merchant_id),\n",
            "",
        )],
        test: of_storage("guards", "on_sqlite::our_reference_names_one_payment"),
    },
    Mutant {
        name: "one payment of an id",
        edits: &[edit(
            OF_PAYMENTS,
            "CREATE UNIQUE INDEX payments_by_id",
            "CREATE INDEX payments_by_id",
        )],
        test: of_storage(
            "guards",
            "on_sqlite::an_id_names_one_payment_of_all_merchants",
        ),
    },
    Mutant {
        name: "one payment of a page",
        edits: &[edit(
            OF_PAYMENTS,
            "CREATE UNIQUE INDEX payments_by_page",
            "CREATE INDEX payments_by_page",
        )],
        test: of_storage("guards", "on_sqlite::a_page_leads_to_one_payment"),
    },
    Mutant {
        name: "one payment of a browser's return",
        edits: &[edit(
            OF_PAYMENTS,
            "CREATE UNIQUE INDEX payments_by_state",
            "CREATE INDEX payments_by_state",
        )],
        test: of_storage("guards", "on_sqlite::a_browser_comes_back_to_one_payment"),
    },
    Mutant {
        name: "one refund of a refund number",
        edits: &[
            edit(
                OF_PAYMENTS,
                "    UNIQUE (partner_refund_no, merchant_id, kind),\n",
                "",
            ),
            edit(
                "crates/storage/src/refunds.rs",
                "ON CONFLICT (merchant_id, kind, partner_refund_no) DO NOTHING",
                "",
            ),
        ],
        test: of_storage(
            "guards",
            "on_sqlite::a_refund_number_names_one_refund_of_its_kind",
        ),
    },
    Mutant {
        name: "one binding of a page",
        edits: &[edit(
            OF_BINDINGS,
            "CREATE UNIQUE INDEX bindings_by_page",
            "CREATE INDEX bindings_by_page",
        )],
        test: of_storage("guards", "on_sqlite::a_page_leads_to_one_binding"),
    },
    Mutant {
        name: "one binding of a browser's return",
        edits: &[edit(
            OF_BINDINGS,
            "CREATE UNIQUE INDEX bindings_by_state",
            "CREATE INDEX bindings_by_state",
        )],
        test: of_storage("guards", "on_sqlite::a_browser_comes_back_to_one_binding"),
    },
    Mutant {
        name: "one binding of an authCode",
        edits: &[edit(
            OF_BINDINGS,
            "CREATE UNIQUE INDEX bindings_by_auth_code",
            "CREATE INDEX bindings_by_auth_code",
        )],
        test: of_storage("guards", "on_sqlite::a_code_names_one_binding"),
    },
    Mutant {
        name: "one place of a notification in its order",
        edits: &[edit(
            OF_NOTIFICATIONS,
            "    UNIQUE (subject, merchant_id, sequence),\n",
            "",
        )],
        test: of_storage(
            "guards",
            "on_sqlite::notifications_of_a_subject_have_places_of_their_own",
        ),
    },
    Mutant {
        name: "one place of a change in its history",
        edits: &[edit(
            OF_BINDINGS,
            "cause TEXT NOT NULL,\n    PRIMARY KEY (merchant_id, subject, version)",
            "cause TEXT NOT NULL",
        )],
        test: of_storage("guards", "on_sqlite::a_change_has_one_place_in_the_history"),
    },
    Mutant {
        name: "one listener of an id",
        edits: &[edit(
            "crates/storage/migrations/0012_listeners.sql",
            "id TEXT NOT NULL UNIQUE",
            "id TEXT NOT NULL",
        )],
        test: of_storage("guards", "on_sqlite::an_id_names_one_listener"),
    },
    Mutant {
        name: "one active binding of a customer",
        edits: &[edit(
            OF_BINDINGS,
            "CREATE UNIQUE INDEX bindings_one_per_customer",
            "CREATE INDEX bindings_one_per_customer",
        )],
        test: of_storage(
            "races",
            "on_sqlite::of_two_accounts_of_one_customer_one_wins",
        ),
    },
    Mutant {
        name: "one active binding of a bank account",
        edits: &[edit(
            OF_BINDINGS,
            "CREATE UNIQUE INDEX bindings_one_per_account",
            "CREATE INDEX bindings_one_per_account",
        )],
        test: of_storage(
            "races",
            "on_sqlite::of_two_bindings_of_one_account_one_wins",
        ),
    },
    Mutant {
        name: "one claim of an external id",
        edits: &[
            edit(
                "crates/storage/migrations/0002_external_ids.sql",
                "    PRIMARY KEY (merchant_id, scope, day, external_id),\n",
                "",
            ),
            edit(
                "crates/storage/src/external_ids.rs",
                "ON CONFLICT (merchant_id, scope, day, external_id) DO NOTHING",
                "",
            ),
        ],
        test: of_storage(
            "conformance",
            "on_sqlite::a_repeated_external_id_finds_the_first_answer",
        ),
    },
    Mutant {
        name: "one entry of an event in the journal",
        edits: &[
            edit(
                OF_JOURNAL,
                "created_at BIGINT NOT NULL,\n    PRIMARY KEY (merchant_id, entry_id, account)",
                "created_at BIGINT NOT NULL",
            ),
            edit(
                "crates/storage/src/postings.rs",
                "ON CONFLICT (merchant_id, entry_id, account) DO NOTHING",
                "",
            ),
        ],
        test: of_storage(
            "conformance",
            "on_sqlite::the_journal_balances_and_books_once",
        ),
    },
    Mutant {
        name: "one alarm of a kind and subject",
        edits: &[
            edit(
                OF_JOURNAL,
                "created_at BIGINT NOT NULL,\n    PRIMARY KEY (merchant_id, id)",
                "created_at BIGINT NOT NULL",
            ),
            edit(
                "crates/storage/src/alarms.rs",
                "ON CONFLICT (merchant_id, id) DO NOTHING",
                "",
            ),
        ],
        test: of_storage("conformance", "on_sqlite::an_alarm_is_raised_once"),
    },
];
