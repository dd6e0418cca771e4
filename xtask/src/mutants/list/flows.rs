//! The order of things in the flows, and the rules that they lean on.

use super::{Edit, Mutant, Test, edit};

const PAYMENT: &str = "crates/direct-debit/src/payment.rs";
const ONCE: &str = "crates/gateway/src/flows/once.rs";
const EXTERNAL_IDS: &str = "crates/storage/src/external_ids.rs";
const CLAIM: &str = "if let Turn::Repeat(answer) = once.claim(s).await? {";
const NO_CLAIM: &str = "if let Turn::Repeat(answer) = Turn::First {";
/// An answer needs its claim; whoever leaves the claim out must leave this out too.
const ANSWER_WITHOUT_CLAIM: Edit = edit(
    EXTERNAL_IDS,
    "None => Err(s.overtaken(TABLE, &key.external_id).await)",
    "None => Ok(answer)",
);

pub(super) const ALL: &[Mutant] = &[
    Mutant {
        name: "the claim in commit 1 of a binding",
        edits: &[
            edit(
                "crates/gateway/src/flows/bind.rs",
                "match once.claim(s).await? {",
                "match Turn::First {",
            ),
            ANSWER_WITHOUT_CLAIM,
        ],
        test: end_to_end(
            "end_to_end::repeats::every_operation_that_changes_something_claims_its_external_id",
        ),
    },
    Mutant {
        name: "the claim in commit 1 of a payment",
        edits: &[
            edit("crates/gateway/src/flows/pay.rs", CLAIM, NO_CLAIM),
            ANSWER_WITHOUT_CLAIM,
        ],
        test: end_to_end(
            "end_to_end::repeats::every_operation_that_changes_something_claims_its_external_id",
        ),
    },
    Mutant {
        name: "the claim in commit 1 of a refund",
        edits: &[
            edit("crates/gateway/src/flows/refund.rs", CLAIM, NO_CLAIM),
            ANSWER_WITHOUT_CLAIM,
        ],
        test: end_to_end(
            "end_to_end::repeats::every_operation_that_changes_something_claims_its_external_id",
        ),
    },
    Mutant {
        name: "the claim in commit 1 of an unbinding",
        edits: &[
            edit("crates/gateway/src/flows/unbind.rs", CLAIM, NO_CLAIM),
            ANSWER_WITHOUT_CLAIM,
        ],
        test: end_to_end(
            "end_to_end::repeats::every_operation_that_changes_something_claims_its_external_id",
        ),
    },
    Mutant {
        name: "the binding in the fingerprint",
        edits: &[edit(ONCE, "            binding.as_bytes(),\n", "")],
        test: end_to_end("end_to_end::repeats::one_customers_answer_is_never_given_to_another"),
    },
    Mutant {
        name: "the comparison of fingerprints",
        edits: &[edit(
            ONCE,
            "if before.fingerprint != self.fingerprint {",
            "if before.fingerprint.is_empty() {",
        )],
        test: end_to_end(
            "end_to_end::repeats::a_repeat_under_the_same_external_id_is_a_conflict_with_the_first_body",
        ),
    },
    Mutant {
        name: "the first stored answer",
        edits: &[edit(
            EXTERNAL_IDS,
            "AND answer IS NULL\";\n    LEAD",
            "\";\n    LEAD",
        )],
        test: end_to_end(
            "end_to_end::repeats::of_two_answers_to_one_request_the_first_that_was_stored_stands",
        ),
    },
    Mutant {
        name: "the outbox in commit 2",
        edits: &[edit(
            "crates/gateway/src/flows/record.rs",
            "        outbox::payment(app, s, &payment, now_ms).await?;\n",
            "",
        )],
        test: end_to_end(
            "end_to_end::notices::a_notice_that_overtakes_the_answer_to_the_payment_is_the_truth",
        ),
    },
    Mutant {
        name: "the cancel before a binding ends",
        edits: &[edit(
            "crates/gateway/src/flows/unbind.rs",
            "    cancel_open_payments(app, bank, &binding).await?;\n",
            "",
        )],
        test: end_to_end(
            "end_to_end::settling::an_unbinding_that_was_left_open_goes_on_until_the_bank_confirms",
        ),
    },
    Mutant {
        name: "the amount check of the bank's notify",
        edits: &[edit(
            "crates/gateway/src/flows/confirm.rs",
            "!notice.amount.is(payment.amount) || ",
            "",
        )],
        test: end_to_end(
            "end_to_end::notices::a_notice_of_another_amount_currency_or_reference_books_nothing_and_raises_an_alarm",
        ),
    },
    Mutant {
        name: "the refund reservation",
        edits: &[edit(
            "crates/gateway/src/flows/refund.rs",
            "    payments::update(s, &reserved, None, \"refund reserved\", once.now_ms()).await?;\n",
            "    drop(reserved);\n",
        )],
        test: end_to_end(
            "end_to_end::settling::a_refund_that_was_left_open_is_asked_again_under_its_own_id",
        ),
    },
    Mutant {
        name: "the limit of refunds",
        edits: &[edit(PAYMENT, "wanted > self.amount", "wanted < amount")],
        test: history("whatever_happens_money_is_conserved"),
    },
    Mutant {
        name: "what a settled refund had reserved",
        edits: &[edit(
            PAYMENT,
            "        self.refund_reserved = reserved;\n        self.refunded = refunded;\n",
            "        let _ = reserved;\n        self.refunded = refunded;\n",
        )],
        test: history("whatever_happens_money_is_conserved"),
    },
    Mutant {
        name: "the end of a payment",
        edits: &[edit(
            PAYMENT,
            "Is::Cancelled | Is::Failed => return Ok(Step::LateDebit(self)),",
            "Is::Cancelled | Is::Failed => {}",
        )],
        test: history("whatever_happens_no_state_goes_back"),
    },
];

const fn history(name: &'static str) -> Test {
    Test {
        package: "direct-debit",
        target: "histories",
        name,
    }
}

const fn end_to_end(name: &'static str) -> Test {
    Test {
        package: "gateway",
        target: "end_to_end_sqlite",
        name,
    }
}
