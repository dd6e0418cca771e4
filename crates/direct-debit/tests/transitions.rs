//! Every state × every command, as a table, and the same table as `docs/state-machines.md`.

mod samples;

use direct_debit::*;
use samples::*;

const SAME: &str = "·";
const NEVER: &str = "impossible";

fn told<T>(result: Result<Step<T>, Impossible>, state: impl Fn(&T) -> &'static str) -> String {
    match result {
        Ok(Step::Changed(value)) => state(&value).to_owned(),
        Ok(Step::Unchanged(_)) => SAME.to_owned(),
        Ok(Step::LateDebit(_)) => "late debit".to_owned(),
        Err(_) => NEVER.to_owned(),
    }
}

/// One row of a table: the state, then what each command makes of it.
type Row = (String, Vec<String>);

fn payment_rows() -> Vec<Row> {
    payment_states()
        .into_iter()
        .map(|state| {
            let cells = payment_commands()
                .into_iter()
                .map(|command| {
                    told(payment(state.clone()).apply(command), |p| {
                        p.state.name().as_str()
                    })
                })
                .collect();
            (state.name().as_str().to_owned(), cells)
        })
        .collect()
}

fn refund_rows() -> Vec<Row> {
    refund_states()
        .into_iter()
        .map(|state| {
            let cells = refund_commands()
                .into_iter()
                .map(|command| {
                    told(refund(state.clone()).apply(command), |r| {
                        r.state.name().as_str()
                    })
                })
                .collect();
            (state.name().as_str().to_owned(), cells)
        })
        .collect()
}

fn binding_rows() -> Vec<Row> {
    binding_states()
        .into_iter()
        .map(|state| {
            let cells = binding_commands()
                .into_iter()
                .map(|command| {
                    told(binding(state.clone()).apply(command), |b| {
                        b.state.name().as_str()
                    })
                })
                .collect();
            (state.name().as_str().to_owned(), cells)
        })
        .collect()
}

fn notification_rows() -> Vec<Row> {
    notification_states()
        .into_iter()
        .map(|state| {
            let cells = notification_commands()
                .into_iter()
                .map(|(_, command)| {
                    told(Ok(notification(state).apply(command)), |n| n.state.name())
                })
                .collect();
            (state.name().to_owned(), cells)
        })
        .collect()
}

fn expect(rows: &[Row], table: &[(&str, &[&str])]) {
    let wanted: Vec<Row> = table
        .iter()
        .map(|(state, cells)| {
            (
                (*state).to_owned(),
                cells.iter().map(|cell| (*cell).to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(rows, wanted);
}

#[test]
fn a_payment_moves_as_the_table_says() {
    let late = "late debit";
    #[rustfmt::skip]
    expect(&payment_rows(), &[
        //                     open page            lose sight pay          cancel       fail
        ("created",           &["awaiting customer", "unknown", "succeeded", "cancelled", "failed"]),
        ("awaiting customer", &[SAME,                SAME,      "succeeded", "cancelled", "failed"]),
        ("unknown",           &["awaiting customer", SAME,      "succeeded", "cancelled", "failed"]),
        ("succeeded",         &[SAME,                SAME,      SAME,        NEVER,       NEVER]),
        ("refunded",          &[SAME,                SAME,      SAME,        NEVER,       NEVER]),
        ("cancelled",         &[SAME,                SAME,      late,        SAME,        SAME]),
        ("failed",            &[SAME,                SAME,      late,        SAME,        SAME]),
    ]);
}

#[test]
fn a_refund_moves_as_the_table_says() {
    #[rustfmt::skip]
    expect(&refund_rows(), &[
        //             lose sight succeed      fail
        ("created",   &["unknown", "succeeded", "failed"]),
        ("unknown",   &[SAME,      "succeeded", "failed"]),
        ("succeeded", &[SAME,      SAME,        NEVER]),
        ("failed",    &[SAME,      NEVER,       SAME]),
    ]);
}

#[test]
fn a_binding_moves_as_the_table_says() {
    #[rustfmt::skip]
    expect(&binding_rows(), &[
        //                     open page            lose sight link      fail      end       finish
        ("created",           &["awaiting customer", "unknown", "active", "failed", NEVER,    SAME]),
        ("awaiting customer", &[SAME,                SAME,      "active", "failed", NEVER,    SAME]),
        ("unknown",           &["awaiting customer", SAME,      "active", "failed", NEVER,    SAME]),
        ("active",            &[SAME,                SAME,      SAME,     NEVER,    "ending", "ended"]),
        ("ending",            &[SAME,                SAME,      SAME,     NEVER,    SAME,     "ended"]),
        ("ended",             &[SAME,                SAME,      SAME,     NEVER,    SAME,     SAME]),
        ("failed",            &[SAME,                SAME,      SAME,     SAME,     NEVER,    "failed"]),
    ]);
}

#[test]
fn a_notification_moves_as_the_table_says() {
    #[rustfmt::skip]
    expect(&notification_rows(), &[
        //             deliver      retry  the last   send again
        ("due",       &["delivered", "due", "resting", SAME]),
        ("delivered", &[SAME,        SAME,  SAME,      "due"]),
        ("resting",   &["delivered", SAME,  SAME,      "due"]),
    ]);
}

#[test]
fn a_late_answer_adds_the_page_to_a_payment_that_the_bank_already_confirmed() {
    let mut paid = payment(PaymentState::Succeeded {
        paid_at_ms: NOON_MS,
    });
    paid.bank_page = None;
    let step = paid.apply(payment_commands().remove(0)).unwrap();
    assert!(step.is_change());
    let paid = step.into_inner();
    assert_eq!(paid.state.name(), PaymentStateName::Succeeded);
    assert!(paid.bank_page.is_some());
}

#[test]
fn a_binding_that_fails_by_our_word_leaves_an_unwanted_link() {
    for failure in [
        BindingFailure::Expired,
        BindingFailure::Superseded,
        BindingFailure::AccountTaken,
        BindingFailure::CodeLost,
    ] {
        let step = binding(BindingState::AwaitingCustomer)
            .apply(BindingCommand::Fail { failure })
            .unwrap();
        assert_eq!(step.into_inner().bank_link, BankLink::Unwanted);
    }
    for failure in [BindingFailure::Cancelled, BindingFailure::Refused(reason())] {
        let step = binding(BindingState::AwaitingCustomer)
            .apply(BindingCommand::Fail { failure })
            .unwrap();
        assert_eq!(step.into_inner().bank_link, BankLink::Gone);
    }
}

fn table(title: &str, text: &str, commands: &[&str], rows: &[Row]) -> String {
    let mut out = format!(
        "## {title}\n\n{text}\n\n| is | {} |\n",
        commands.join(" | ")
    );
    out += &format!("|---|{}\n", "---|".repeat(commands.len()));
    for (state, cells) in rows {
        out += &format!("| **{state}** | {} |\n", cells.join(" | "));
    }
    out + "\n"
}

fn document() -> String {
    let payment_names: Vec<_> = payment_commands().iter().map(|c| c.name()).collect();
    let refund_names: Vec<_> = refund_commands().iter().map(|c| c.name()).collect();
    let binding_names: Vec<_> = binding_commands().iter().map(|c| c.name()).collect();
    let notification_names: Vec<_> = notification_commands().iter().map(|(n, _)| *n).collect();
    let mut out = String::from(
        "# State machines\n\n\
         Written by the test `crates/direct-debit/tests/transitions.rs` from the rules themselves; \
         run it with `UPDATE_DOCS=1` after a change.\n\n\
         Rows are states, columns are commands. `·` means that the command says what was already \
         so; *impossible* means that the state does not allow it, which is a lie of the bank or a \
         bug and raises an alarm. A state never goes back, and no timer ends a payment.\n\n",
    );
    out += &table(
        "Payment",
        "`latestTransactionStatus`: created 01, awaiting customer 02, unknown 03, succeeded 00, \
         refunded 04, cancelled 05, failed 06. *late debit*: the bank debited for a payment that \
         had ended; the state stays, both legs are booked, the money goes back under a fixed \
         refund id, and an alarm is raised. A succeeded payment becomes refunded when its \
         succeeded refunds add up to its amount.",
        &payment_names,
        &payment_rows(),
    );
    out += &table(
        "Refund",
        "`refundStatus`: created and unknown 03, succeeded 00, failed 06. While a refund is \
         created or unknown its amount stays reserved in the payment.",
        &refund_names,
        &refund_rows(),
    );
    out += &table(
        "Binding",
        "A binding also remembers the link at the bank: a binding that failed by our own word \
         (expired, superseded, account taken, code lost) leaves an unwanted link, which is \
         unlinked until the bank confirms; *finish* records that.",
        &binding_names,
        &binding_rows(),
    );
    out += &table(
        "Notification",
        "At least once: a confirmation that comes late still counts.",
        &notification_names,
        &notification_rows(),
    );
    out.trim_end().to_owned() + "\n"
}

#[test]
fn the_document_shows_the_tables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/state-machines.md");
    #[allow(
        clippy::disallowed_methods,
        reason = "a switch for the person who updates the document"
    )]
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), document());
}
