//! Settling: whatever is unknown, overdue or half done is brought to its end by asking the bank.
//!
//! One path for the happy case and for recovery. It takes no input, claims due rows by lease, and is
//! idempotent. It never guesses: only the bank's word ends a payment, a refund never fails by absence,
//! and a link that nobody wants is unlinked until the bank confirms.

use std::sync::Arc;

use direct_debit::{
    BankLink, Binding, BindingFailure, BindingStateName, CancelCause, Payment, PaymentCommand,
    PaymentStateName, Refund,
};
use snap::messages::bank::BankCancelRequest;
use snap::{Case, TransactionStatus};
use storage::{Lease, Session, bindings, payments, refunds};

use super::{Trouble, bank_of, chain, confirm, customer, link, record, refund, unbind};
use crate::app::App;
use crate::bank::{Asked, Bank};
use crate::workers::{Ran, Run};

/// How many rows of a kind are taken at once.
const BATCH: i64 = 32;
/// How long a claimed row is ours; longer than the bank takes for a batch that goes well.
const LEASE_MS: i64 = storage::LONGEST_LEASE_MS;
/// The first pause after the bank gave no definite answer, doubled each time up to the longest.
const SHORTEST_PAUSE_MS: i64 = 5_000;
const LONGEST_PAUSE_MS: i64 = 5 * 60 * 1_000;
/// The bank closes its page at `validUpTo`; we ask for the cancellation this much later.
const AFTER_PAGE_MS: i64 = 60_000;

/// When the bank's page is surely over and the payment still open: the bank is then asked to cancel.
pub fn page_is_over_ms(payment: &Payment) -> i64 {
    payment.valid_until_ms.saturating_add(AFTER_PAGE_MS)
}

/// One run: everything that is due now.
pub fn run(app: Arc<App>) -> Run {
    Box::pin(async move { due(&app).await.map_err(|trouble| chain(&trouble)) })
}

async fn due(app: &App) -> Result<Ran, Trouble> {
    let now_ms = app.clock.business_now_ms();
    let s = app.store.reader();
    let is_due = payments::is_due(&s, now_ms).await?
        || refunds::is_due(&s, now_ms).await?
        || bindings::is_due(&s, now_ms).await?;
    if !is_due {
        return Ok(Ran::Idle);
    }
    let lease = Lease {
        now_ms,
        until_ms: now_ms.saturating_add(LEASE_MS),
        owner: app.name.clone(),
    };
    let claimed = app.store.transact("settle: claim", |s| {
        let lease = &lease;
        async move { claim(&s, lease).await }
    });
    let rows = claimed.await?;
    let ran = if rows.is_empty() {
        Ran::Idle
    } else {
        Ran::Worked
    };
    for row in rows {
        // What is left keeps its lease until the gateway gives back all it holds.
        if app.workers.is_stopping() {
            return Ok(Ran::Idle);
        }
        // A slow bank: another gateway may have taken over what is left.
        if app.clock.business_now_ms() >= lease.until_ms {
            return Ok(Ran::Worked);
        }
        let later_ms = now_ms.saturating_add(row.pause_ms(now_ms));
        let due_ms = match row.settle(app).await {
            Ok(Settled::Done) => continue,
            Ok(Settled::At(due_ms)) => due_ms,
            Ok(Settled::Later) => later_ms,
            Err(trouble) => {
                tracing::warn!(row = row.id(), error = %chain(&trouble), "not settled; it will be tried again");
                later_ms
            }
        };
        let put_off = app.store.transact("settle: later", |s| {
            let row = &row;
            async move { row.postpone(&s, &app.name, due_ms).await }
        });
        put_off.await?;
    }
    Ok(ran)
}

/// What is to be settled.
enum Row {
    Payment(Payment),
    Refund(Refund),
    Binding(Binding),
}

/// What settling one row came to.
pub enum Settled {
    /// It needs nothing more, or says itself when it does.
    Done,
    /// The bank gave no definite answer: look again after a pause.
    Later,
    /// Look again at this time.
    At(i64),
}

async fn claim(s: &Session, lease: &Lease) -> Result<Vec<Row>, Trouble> {
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(
        payments::claim_due(s, lease, BATCH)
            .await?
            .into_iter()
            .map(Row::Payment),
    );
    rows.extend(
        refunds::claim_due(s, lease, BATCH)
            .await?
            .into_iter()
            .map(Row::Refund),
    );
    rows.extend(
        bindings::claim_due(s, lease, BATCH)
            .await?
            .into_iter()
            .map(Row::Binding),
    );
    Ok(rows)
}

impl Row {
    fn id(&self) -> &str {
        match self {
            Self::Payment(payment) => payment.id.as_str(),
            Self::Refund(refund) => refund.id.as_str(),
            Self::Binding(binding) => binding.id.as_str(),
        }
    }

    /// The longer a row has been open, the longer the pause: a sixth of its age, within bounds.
    fn pause_ms(&self, now_ms: i64) -> i64 {
        let created_at_ms = match self {
            Self::Payment(payment) => payment.created_at_ms,
            Self::Refund(refund) => refund.created_at_ms,
            Self::Binding(binding) => binding.created_at_ms,
        };
        (now_ms.saturating_sub(created_at_ms) / 6).clamp(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS)
    }

    async fn settle(&self, app: &App) -> Result<Settled, Trouble> {
        match self {
            Self::Payment(payment) => one_payment(app, payment.clone()).await,
            Self::Refund(refund) => one_refund(app, refund).await,
            Self::Binding(binding) => one_binding(app, binding.clone()).await,
        }
    }

    async fn postpone(&self, s: &Session, owner: &str, due_ms: i64) -> Result<(), Trouble> {
        match self {
            Self::Payment(row) => {
                payments::postpone(s, &row.merchant, &row.id, owner, due_ms).await?
            }
            Self::Refund(row) => {
                refunds::postpone(s, &row.merchant, &row.id, owner, due_ms).await?
            }
            Self::Binding(row) => {
                bindings::postpone(s, &row.merchant, &row.id, owner, due_ms).await?
            }
        }
        Ok(())
    }
}

async fn one_payment(app: &App, payment: Payment) -> Result<Settled, Trouble> {
    let bank = bank_of(app, &payment.details.channel)?;
    if payment.state.name().is_final() {
        return Ok(Settled::Done);
    }
    let now_ms = app.clock.business_now_ms();
    let binding = bindings::by_id(&app.store.reader(), &payment.merchant, &payment.binding).await?;
    let linked = binding
        .as_ref()
        .is_some_and(|b| b.state.name() == BindingStateName::Active);
    let overdue = page_is_over_ms(&payment) <= now_ms;
    let cancelled = if linked {
        CancelCause::Expired
    } else {
        CancelCause::BindingEnded
    };
    let (payment, said) =
        confirm::ask_about_payment(app, bank, payment, cancelled, "settled").await?;
    // Meanwhile its own request may have come to its end, and the merchant may have its page.
    let payment = payments::by_id(&app.store.reader(), &payment.merchant, &payment.id)
        .await?
        .ok_or_else(|| storage::Error::corrupt("payments", &payment.id, "gone"))?;
    if payment.state.name().is_final() {
        return Ok(Settled::Done);
    }
    if payment.state.name() == PaymentStateName::AwaitingCustomer && linked && !overdue {
        return Ok(match said {
            Asked::Done(_) | Asked::Refused(_) => Settled::At(page_is_over_ms(&payment)),
            _ => Settled::Later,
        });
    }
    match said {
        Asked::Done(told) if told.status != Some(TransactionStatus::NotFound) => match binding {
            Some(binding) if linked && !overdue && bank.profile().replays_page => {
                reopen_page(app, bank, payment, &binding).await
            }
            _ => cancel_at_bank(app, bank, payment, cancelled).await,
        },
        Asked::Done(_) => never_known(app, bank, payment).await,
        Asked::Refused(no) if no.code.case() == Some(Case::TransactionNotFound) => {
            never_known(app, bank, payment).await
        }
        _ => Ok(Settled::Later),
    }
}

/// The bank has the payment and we lost its page: the same request under the same reference gives the
/// page again.
async fn reopen_page(
    app: &App,
    bank: &Bank,
    payment: Payment,
    binding: &Binding,
) -> Result<Settled, Trouble> {
    let Asked::Done(token) = customer::token(app, bank, binding).await? else {
        return Ok(Settled::Later);
    };
    let name = app.merchant_name(&payment.merchant).await?;
    let request = customer::payment_at_bank(app, bank, &payment, &name);
    let Asked::Done(response) = bank.pay(&request, &token).await else {
        return Ok(Settled::Later);
    };
    let Some(bank_page) = response.web_redirect_url else {
        return Ok(Settled::Later);
    };
    let command = PaymentCommand::OpenPage {
        bank_reference_no: response.reference_no,
        bank_page,
    };
    apply(app, &payment, command, "the bank gave its page again").await?;
    Ok(Settled::Done)
}

/// "Not found" ends a payment only when the bank can no longer come to know it.
async fn never_known(app: &App, bank: &Bank, payment: Payment) -> Result<Settled, Trouble> {
    let sure_at_ms = payment
        .created_at_ms
        .saturating_add(bank.profile().not_found_window_ms);
    if app.clock.business_now_ms() < sure_at_ms {
        return Ok(Settled::At(sure_at_ms));
    }
    let command = PaymentCommand::Cancel {
        cause: CancelCause::NeverKnown,
    };
    apply(app, &payment, command, "the bank never knew it").await?;
    Ok(Settled::Done)
}

/// Asks the bank to cancel (57). Only its yes ends the payment; a no means that it was paid or ended
/// otherwise, and the bank is asked which.
pub async fn cancel_at_bank(
    app: &App,
    bank: &Bank,
    payment: Payment,
    cause: CancelCause,
) -> Result<Settled, Trouble> {
    let request = BankCancelRequest {
        original_partner_reference_no: payment.id.to_string(),
        reason: Some(cause.name().to_owned()),
    };
    match bank.cancel(&request).await {
        Asked::Done(_) => {
            apply(
                app,
                &payment,
                PaymentCommand::Cancel { cause },
                "the bank cancelled",
            )
            .await?;
            Ok(Settled::Done)
        }
        Asked::Refused(no) if no.code.case() == Some(Case::TransactionNotFound) => {
            never_known(app, bank, payment).await
        }
        Asked::Refused(_) | Asked::Unlinked(_) => {
            let (payment, _) =
                confirm::ask_about_payment(app, bank, payment, cause, "settled").await?;
            Ok(if payment.state.name().is_final() {
                Settled::Done
            } else {
                Settled::Later
            })
        }
        Asked::InProgress | Asked::Unknown(_) | Asked::NotAsked => Ok(Settled::Later),
    }
}

async fn apply(
    app: &App,
    payment: &Payment,
    command: PaymentCommand,
    cause: &'static str,
) -> Result<(), Trouble> {
    app.store
        .transact("settle: payment", |s| {
            let command = command.clone();
            async move {
                let now = payments::by_id(&s, &payment.merchant, &payment.id)
                    .await?
                    .ok_or_else(|| storage::Error::corrupt("payments", &payment.id, "gone"))?;
                let (was, due_ms) = (now.state.name(), page_is_over_ms(&now));
                // Told by the bank meanwhile: what was decided before is stale, and so is an absence that
                // was found before the bank's answer came.
                let is_absence = matches!(
                    command,
                    PaymentCommand::Cancel {
                        cause: CancelCause::NeverKnown
                    }
                );
                if was.is_final() || (is_absence && now.version != payment.version) {
                    return Ok(());
                }
                record::payment(app, &s, was, now.apply(command)?, cause, Some(due_ms))
                    .await
                    .map(drop)
            }
        })
        .await
}

async fn one_refund(app: &App, open: &Refund) -> Result<Settled, Trouble> {
    let payment = payments::by_id(&app.store.reader(), &open.merchant, &open.payment)
        .await?
        .ok_or_else(|| storage::Error::corrupt("payments", &open.payment, "gone"))?;
    let bank = bank_of(app, &payment.details.channel)?;
    let open = refunds::by_id(&app.store.reader(), &open.merchant, &open.id)
        .await?
        .ok_or_else(|| storage::Error::corrupt("refunds", &open.id, "gone"))?;
    if open.state.name().refund_status() != "03" {
        return Ok(Settled::Done);
    }
    let refund = refund::ask_again(app, bank, &open).await?;
    Ok(match refund.state.name().refund_status() {
        "03" => Settled::Later,
        _ => Settled::Done,
    })
}

async fn one_binding(app: &App, binding: Binding) -> Result<Settled, Trouble> {
    use BindingStateName as Is;
    let bank = bank_of(app, &binding.channel)?;
    let now_ms = app.clock.business_now_ms();
    match binding.state.name() {
        Is::Created | Is::AwaitingCustomer | Is::Unknown => {
            let binding = link::ask_about_binding(app, bank, binding).await?;
            let waits = matches!(
                binding.state.name(),
                Is::Created | Is::AwaitingCustomer | Is::Unknown
            );
            if waits && binding.expires_at_ms <= now_ms {
                link::fail(app, &binding, &BindingFailure::Expired, "the time was over").await?;
                return Ok(Settled::Done);
            }
            Ok(if waits {
                Settled::At(binding.expires_at_ms)
            } else {
                Settled::Done
            })
        }
        Is::Active | Is::Ended => Ok(Settled::Done),
        Is::Ending => {
            let ended = unbind::ask_to_end(app, bank, binding).await?;
            Ok(if ended.state.name() == Is::Ended {
                Settled::Done
            } else {
                Settled::Later
            })
        }
        Is::Failed if binding.bank_link == BankLink::Unwanted => {
            let gone = unbind::ask_to_end(app, bank, binding).await?;
            Ok(if gone.bank_link == BankLink::Gone {
                Settled::Done
            } else {
                Settled::Later
            })
        }
        Is::Failed => Ok(Settled::Done),
    }
}
