//! Checking the journal against what it is about: every payment, every refund, every entry, and what
//! each day came to.
//!
//! It reads page by page, each page one moment, so that it may run beside live gateways on a database
//! of any size. It must never write.

use std::collections::BTreeMap;

use direct_debit::books::{EntryBooks, PaymentBooks, RefundBooks, Violation};
use direct_debit::{MerchantId, PaymentStateName, RefundKind, RefundStateName};
use snap::timestamp::jakarta_day;
use storage::{Error, Session, Store, ledger, merchants};

/// Rows in one statement.
const PAGE: i64 = 500;
/// Violations that are kept in full; more are only counted.
const KEPT: usize = 1_000;

/// What a merchant's day came to, in sen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Payments that succeeded.
    pub payments: u64,
    /// What they come to.
    pub paid_sen: i64,
    /// Their fees.
    pub fees_sen: i64,
    /// What refunds sent back.
    pub refunded_sen: i64,
    /// Late debits.
    pub late_sen: i64,
    /// What of late debits went back.
    pub late_returned_sen: i64,
    /// What the journal says that the merchant is owed.
    pub owed_sen: i64,
    /// What the journal says that has to go back.
    pub suspense_sen: i64,
}

impl Day {
    /// Successes less refunds less fees.
    #[must_use]
    pub fn due_sen(&self) -> i64 {
        self.paid_sen
            .saturating_sub(self.refunded_sen)
            .saturating_sub(self.fees_sen)
    }

    fn agrees(&self) -> bool {
        self.owed_sen == self.due_sen()
            && self.suspense_sen == self.late_sen.saturating_sub(self.late_returned_sen)
    }
}

/// What the check found.
#[derive(Clone, Debug, Default)]
pub struct LedgerReport {
    /// How many payments were looked at.
    pub payments: u64,
    /// How many refunds.
    pub refunds: u64,
    /// How many entries of the journal.
    pub entries: u64,
    /// What is wrong; the first thousand.
    pub violations: Vec<Violation>,
    /// How many things are wrong.
    pub violation_count: u64,
    /// Each merchant's days of Jakarta's calendar.
    pub days: BTreeMap<(MerchantId, String), Day>,
}

/// Looks at everything. `tell` hears how many rows have been read.
///
/// # Errors
/// When the database fails, or holds a row that cannot be.
pub async fn check(
    store: &Store,
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<LedgerReport, Error> {
    let s = store.reader();
    let mut report = LedgerReport::default();
    for merchant in merchants::ids(&s).await? {
        check_merchant(&s, &merchant, &mut report, tell).await?;
    }
    let wrong = |((merchant, day), sums): (&(MerchantId, String), &Day)| {
        (!sums.agrees()).then(|| Violation {
            merchant: merchant.clone(),
            subject: day.clone(),
            what: format!(
                "successes less refunds less fees are {} sen, the journal has {}; {} sen have to go \
                 back, the journal has {}",
                sums.due_sen(),
                sums.owed_sen,
                sums.late_sen.saturating_sub(sums.late_returned_sen),
                sums.suspense_sen
            ),
        })
    };
    for violation in report.days.iter().filter_map(wrong).collect::<Vec<_>>() {
        report.add_violation(violation);
    }
    Ok(report)
}

/// Every payment, refund and entry of a merchant, page by page; each page begins after the last one's last row.
async fn check_merchant(
    s: &Session,
    merchant: &MerchantId,
    report: &mut LedgerReport,
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<(), Error> {
    let mut after = Some(String::new());
    while let Some(last) = after {
        let page = ledger::payments(s, merchant, &last, PAGE).await?;
        page.iter()
            .for_each(|books| report.add_payment(merchant, books));
        tell(report.seen());
        after = page.last().map(|books| books.id.to_string());
    }
    let mut after = Some(String::new());
    while let Some(last) = after {
        let page = ledger::refunds(s, merchant, &last, PAGE).await?;
        page.iter()
            .for_each(|books| report.add_refund(merchant, books));
        tell(report.seen());
        after = page.last().map(|books| books.id.to_string());
    }
    let mut after = Some(String::new());
    while let Some(last) = after {
        let page = ledger::entries(s, merchant, &last, PAGE).await?;
        page.iter()
            .for_each(|books| report.add_entry(merchant, books));
        tell(report.seen());
        after = page.last().map(|books| books.id.clone());
    }
    Ok(())
}

impl LedgerReport {
    /// True when everything is as it should be.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.violation_count == 0
    }

    fn seen(&self) -> u64 {
        self.payments
            .saturating_add(self.refunds)
            .saturating_add(self.entries)
    }

    fn add(&mut self, merchant: &MerchantId, subject: &str, faults: Vec<String>) {
        for what in faults {
            self.add_violation(Violation {
                merchant: merchant.clone(),
                subject: subject.to_owned(),
                what,
            });
        }
    }

    fn add_violation(&mut self, violation: Violation) {
        self.violation_count = self.violation_count.saturating_add(1);
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }

    fn day(&mut self, merchant: &MerchantId, at_ms: i64) -> &mut Day {
        self.days
            .entry((merchant.clone(), jakarta_day(at_ms)))
            .or_default()
    }

    /// Whatever the row and its own entry say goes into the same day, so that a difference shows.
    fn add_payment(&mut self, merchant: &MerchantId, books: &PaymentBooks) {
        self.payments = self.payments.saturating_add(1);
        self.add(merchant, books.id.as_str(), books.faults());
        if let Some(at_ms) = books.booked_at_ms {
            let day = self.day(merchant, at_ms);
            if matches!(
                books.state,
                PaymentStateName::Succeeded | PaymentStateName::Refunded
            ) {
                day.payments = day.payments.saturating_add(1);
                add(&mut day.paid_sen, books.amount.sen());
                add(&mut day.fees_sen, books.fee.sen());
            }
            subtract(&mut day.owed_sen, books.booked.merchant_sen);
            subtract(&mut day.suspense_sen, books.booked.suspense_sen);
        }
        if let Some(at_ms) = books.late_at_ms {
            let day = self.day(merchant, at_ms);
            add(&mut day.late_sen, books.amount.sen());
            subtract(&mut day.owed_sen, books.late.merchant_sen);
            subtract(&mut day.suspense_sen, books.late.suspense_sen);
        }
    }

    fn add_refund(&mut self, merchant: &MerchantId, books: &RefundBooks) {
        self.refunds = self.refunds.saturating_add(1);
        self.add(merchant, books.id.as_str(), books.faults());
        let Some(at_ms) = books.booked_at_ms else {
            return;
        };
        let day = self.day(merchant, at_ms);
        if books.state == RefundStateName::Succeeded {
            let sum = match books.kind {
                RefundKind::Merchant => &mut day.refunded_sen,
                RefundKind::LateDebit => &mut day.late_returned_sen,
            };
            add(sum, books.amount.sen());
        }
        subtract(&mut day.owed_sen, books.booked.merchant_sen);
        subtract(&mut day.suspense_sen, books.booked.suspense_sen);
    }

    /// Entries with an owner are in the sums already.
    fn add_entry(&mut self, merchant: &MerchantId, books: &EntryBooks) {
        self.entries = self.entries.saturating_add(1);
        self.add(merchant, &books.id, books.faults());
        if !books.has_owner() {
            let day = self.day(merchant, books.booked_at_ms);
            subtract(&mut day.owed_sen, books.merchant_sen);
        }
    }
}

fn add(sum: &mut i64, sen: i64) {
    *sum = sum.saturating_add(sen);
}

fn subtract(sum: &mut i64, sen: i64) {
    *sum = sum.saturating_sub(sen);
}
