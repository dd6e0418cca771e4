//! Comparing the journal with a bank's statement for a range of time.
//!
//! Both sides are read page by page; the statement of the range is held in memory, the journal never
//! is. References decide, not times: the statement is asked for a day more before the range, since what
//! the bank gave no time for counts when it was booked, and an hour more after it; the journal is read
//! for a week more, since the gateway may have heard of a payment much later. It must never write: what
//! it finds is for people.

use std::collections::{HashMap, HashSet};

use direct_debit::reconcile::{Difference, Direction, Line, Ours, Standing, Verdict, judge};
use direct_debit::{
    MerchantId, Payment, PaymentId, PaymentStateName, RefundId, RefundState, RefundStateName,
};
use snap::messages::bank::{EntryType, StatementEntry, StatementRequest};
use snap::{Timestamp, timestamp};
use storage::ledger::{self, Moved};
use storage::{Session, merchants, payments, refunds};

use crate::app::App;
use crate::bank::{Asked, Bank};

/// How much more is read on either side of the range.
const MARGIN_MS: i64 = 60 * 60 * 1_000;
/// How much more of the statement is read before the range.
const EARLIER_MS: i64 = 24 * 60 * 60 * 1_000;
/// How much later the gateway may have booked what moved in the range.
const LATER_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Entries of the journal in one statement.
const PAGE: i64 = 500;
/// A bank that tells of more pages than this is not believed.
const MOST_PAGES: u32 = 100_000;

/// From a time until before another, in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Its beginning.
    pub from_ms: i64,
    /// Its end, which is not part of it.
    pub until_ms: i64,
}

impl Range {
    fn holds(self, at_ms: i64) -> bool {
        (self.from_ms..self.until_ms).contains(&at_ms)
    }
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] storage::Error),
    /// The bank did not give its statement.
    #[error("the bank gave no statement: {0}")]
    NoStatement(String),
    /// The bank's statement cannot be read.
    #[error("the bank's statement cannot be read: {0}")]
    Unreadable(String),
}

/// One reference that is worth telling of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What differs; nothing for what is in flight or went back.
    pub difference: Option<Difference>,
    /// Payment or refund.
    pub direction: Direction,
    /// Our id of it, or the bank's reference where it names none of ours.
    pub reference: String,
    /// Whose it is, where that is known.
    pub merchant: Option<MerchantId>,
    /// The amount here, in sen.
    pub here_sen: Option<i64>,
    /// The sum at the bank, in sen.
    pub there_sen: Option<i64>,
    /// When it moved, in Unix milliseconds.
    pub at_ms: i64,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// How many references agree.
    pub agreed: u64,
    /// Too young to say.
    pub in_flight: Vec<Found>,
    /// Debits that should not have happened and went back.
    pub returned: Vec<Found>,
    /// What does not agree.
    pub differences: Vec<Found>,
}

/// Lines of the statement by what they are about.
type Lines = HashMap<(Direction, String), Vec<Line>>;

struct Comparison {
    range: Range,
    now_ms: i64,
    window_ms: i64,
    lines: Lines,
    result: Reconciled,
}

/// Compares the journal with the bank's own statement, or with these lines of one.
///
/// # Errors
/// When the database fails, or the bank gives no statement that can be read.
pub async fn reconcile(
    app: &App,
    bank: &Bank,
    range: Range,
    lines: Option<Vec<Line>>,
) -> Result<Reconciled, ReconcileError> {
    let now_ms = app.clock.business_now_ms();
    let lines = match lines {
        Some(lines) => lines,
        None => statement(bank, range, now_ms).await?,
    };
    let mut comparison = Comparison::new(range, now_ms, bank.profile().not_found_window_ms, lines);
    let s = app.store.reader();
    let merchants = merchants::ids(&s).await?;
    for merchant in &merchants {
        comparison.journal(&s, merchant, &bank.profile().id).await?;
    }
    comparison.rest(&s, &merchants).await?;
    let mut result = comparison.result;
    for list in [
        &mut result.in_flight,
        &mut result.returned,
        &mut result.differences,
    ] {
        list.sort_by(|a, b| (a.at_ms, &a.reference).cmp(&(b.at_ms, &b.reference)));
    }
    Ok(result)
}

/// The bank's statement for the range, a day before it and an hour after it.
async fn statement(bank: &Bank, range: Range, now_ms: i64) -> Result<Vec<Line>, ReconcileError> {
    let from_ms = range.from_ms.saturating_sub(EARLIER_MS);
    let until_ms = range.until_ms.min(now_ms).saturating_add(MARGIN_MS);
    let mut lines: Vec<Line> = Vec::new();
    let mut told = HashSet::new();
    for page_number in 1..=MOST_PAGES {
        let request = StatementRequest {
            from_date_time: timestamp::format_jakarta(from_ms),
            to_date_time: timestamp::format_jakarta(until_ms.max(from_ms)),
            page_number: Some(page_number),
        };
        let page = match bank.statement(&request).await {
            Asked::Done(page) => page,
            Asked::Refused(no) | Asked::Unlinked(no) => {
                let said = format!("{} {}", no.code, no.message);
                return Err(ReconcileError::NoStatement(said));
            }
            Asked::Unknown(why) => return Err(ReconcileError::NoStatement(why)),
            Asked::InProgress => {
                return Err(ReconcileError::NoStatement("it is being made".to_owned()));
            }
            Asked::NotAsked => {
                return Err(ReconcileError::NoStatement(
                    "the bank cannot be reached".to_owned(),
                ));
            }
        };
        let is_empty = page.detail_data.is_empty();
        let already = lines.len();
        for entry in page.detail_data {
            let line = line(entry)?;
            if name_of(&line).is_none_or(|name| !told.contains(&name)) {
                lines.push(line);
            }
        }
        told.extend(lines.iter().skip(already).filter_map(name_of));
        if is_empty || u64::from(page_number) >= page.total_pages {
            return Ok(lines);
        }
    }
    Err(ReconcileError::Unreadable("it has no end".to_owned()))
}

/// What a line is known by when a later page tells it again: one that came late moves others to the next
/// page. Within a page each line is a booking of its own.
fn name_of(line: &Line) -> Option<(Direction, i64, String)> {
    let bank_reference = line.bank_reference.clone()?;
    Some((line.direction, line.at_ms, bank_reference))
}

fn line(entry: StatementEntry) -> Result<Line, ReconcileError> {
    let at = Timestamp::parse(&entry.transaction_date)
        .map_err(|_| ReconcileError::Unreadable("a transactionDate is malformed".to_owned()))?;
    Ok(Line {
        direction: match entry.kind {
            EntryType::Debit => Direction::Debit,
            EntryType::Credit => Direction::Credit,
        },
        reference: entry.partner_reference_no,
        bank_reference: entry.reference_no,
        amount_sen: entry.amount.sen(),
        at_ms: at.unix_ms(),
    })
}

impl Comparison {
    fn new(range: Range, now_ms: i64, window_ms: i64, lines: Vec<Line>) -> Self {
        let mut comparison = Self {
            range,
            now_ms,
            window_ms,
            lines: HashMap::new(),
            result: Reconciled::default(),
        };
        for line in lines {
            match line.reference.clone().filter(|text| !text.is_empty()) {
                Some(reference) => {
                    let key = (line.direction, reference);
                    comparison.lines.entry(key).or_default().push(line);
                }
                None if range.holds(line.at_ms) => {
                    let name = line.bank_reference.clone().unwrap_or_default();
                    comparison.note(None, line.direction, name, &[line]);
                }
                None => {}
            }
        }
        comparison
    }

    /// Every movement that the journal has in the range, or that the statement has in the range.
    async fn journal(
        &mut self,
        s: &Session,
        merchant: &MerchantId,
        bank: &str,
    ) -> Result<(), ReconcileError> {
        let until_ms = self.range.until_ms.saturating_add(LATER_MS);
        let mut after = (self.range.from_ms.saturating_sub(MARGIN_MS), String::new());
        loop {
            let page = ledger::moved(s, merchant, (after.0, &after.1), until_ms, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = (last.booked_at_ms, last.entry.clone());
            for moved in page {
                if moved.bank.as_deref().is_none_or(|its| its == bank) {
                    self.movement(merchant, &moved);
                }
            }
        }
    }

    fn movement(&mut self, merchant: &MerchantId, moved: &Moved) {
        let direction = if moved.amount_sen >= 0 {
            Direction::Debit
        } else {
            Direction::Credit
        };
        let is_late = moved.entry.starts_with("late-");
        let standing = match moved.late_state {
            _ if !is_late => Standing::Moved,
            Some(RefundStateName::Succeeded) => Standing::LateReturned,
            _ => Standing::LateReturning,
        };
        let moved_at_ms = moved.moved_at_ms.unwrap_or(moved.booked_at_ms);
        let lines = self
            .lines
            .remove(&(direction, moved.subject.clone()))
            .unwrap_or_default();
        let concerns_us =
            self.range.holds(moved_at_ms) || lines.iter().any(|line| self.range.holds(line.at_ms));
        if !concerns_us {
            return;
        }
        let ours = Ours {
            merchant: merchant.clone(),
            reference: moved.subject.clone(),
            direction,
            amount_sen: moved.amount_sen.saturating_abs(),
            standing,
            at_ms: moved_at_ms.max(moved.booked_at_ms),
        };
        self.note(Some(&ours), direction, moved.subject.clone(), &lines);
    }

    /// What the statement has in the range and the journal does not.
    async fn rest(&mut self, s: &Session, merchants: &[MerchantId]) -> Result<(), ReconcileError> {
        let rest: Vec<_> = std::mem::take(&mut self.lines).into_iter().collect();
        for ((direction, reference), lines) in rest {
            if !lines.iter().any(|line| self.range.holds(line.at_ms)) {
                continue;
            }
            let ours = match direction {
                // No id of ours looks like this, and no engine keeps it.
                _ if reference.contains('\0') => None,
                Direction::Debit => our_payment(s, &reference).await?,
                Direction::Credit => our_refund(s, merchants, &reference).await?,
            };
            self.note(ours.as_ref(), direction, reference, &lines);
        }
        Ok(())
    }

    fn note(
        &mut self,
        ours: Option<&Ours>,
        direction: Direction,
        reference: String,
        lines: &[Line],
    ) {
        let verdict = judge(ours, lines, self.now_ms, self.window_ms);
        let difference = match verdict {
            Verdict::Agrees => {
                self.result.agreed = self.result.agreed.saturating_add(1);
                return;
            }
            Verdict::Differs(difference) => Some(difference),
            Verdict::InFlight | Verdict::Returned => None,
        };
        let there: Vec<i64> = lines.iter().map(|line| line.amount_sen).collect();
        let found = Found {
            difference,
            direction,
            reference,
            merchant: ours.map(|ours| ours.merchant.clone()),
            here_sen: ours.map(|ours| ours.amount_sen),
            there_sen: (!there.is_empty()).then(|| there.iter().sum()),
            at_ms: lines
                .first()
                .map(|line| line.at_ms)
                .or(ours.map(|ours| ours.at_ms))
                .unwrap_or_default(),
        };
        match verdict {
            Verdict::InFlight => self.result.in_flight.push(found),
            Verdict::Returned => self.result.returned.push(found),
            Verdict::Agrees | Verdict::Differs(_) => self.result.differences.push(found),
        }
    }
}

/// A payment that the journal does not have in the range.
async fn our_payment(s: &Session, id: &str) -> Result<Option<Ours>, ReconcileError> {
    let Some(payment) = payments::by_id_anywhere(s, &PaymentId::new(id)).await? else {
        return Ok(None);
    };
    let standing = match payment.state.name() {
        PaymentStateName::Succeeded | PaymentStateName::Refunded => Standing::Moved,
        PaymentStateName::Cancelled | PaymentStateName::Failed => {
            after_its_end(s, &payment).await?
        }
        _ => Standing::Open,
    };
    Ok(Some(Ours {
        reference: id.to_owned(),
        direction: Direction::Debit,
        amount_sen: payment.amount.sen(),
        standing,
        at_ms: payment.created_at_ms,
        merchant: payment.merchant,
    }))
}

async fn after_its_end(s: &Session, payment: &Payment) -> Result<Standing, ReconcileError> {
    let id = RefundId::new(format!("late-{}", payment.id));
    let refund = refunds::by_id(s, &payment.merchant, &id).await?;
    Ok(match refund.map(|refund| refund.state) {
        None => Standing::Ended,
        Some(RefundState::Succeeded { .. }) => Standing::LateReturned,
        Some(_) => Standing::LateReturning,
    })
}

/// A refund that the journal does not have in the range. Refunds are found by merchant only, and this
/// is asked for a few of them.
async fn our_refund(
    s: &Session,
    merchants: &[MerchantId],
    id: &str,
) -> Result<Option<Ours>, ReconcileError> {
    for merchant in merchants {
        let Some(refund) = refunds::by_id(s, merchant, &RefundId::new(id)).await? else {
            continue;
        };
        return Ok(Some(Ours {
            merchant: merchant.clone(),
            reference: id.to_owned(),
            direction: Direction::Credit,
            amount_sen: refund.amount.sen(),
            standing: match refund.state {
                RefundState::Created | RefundState::Unknown => Standing::Open,
                RefundState::Succeeded { .. } => Standing::Moved,
                RefundState::Failed { .. } => Standing::Ended,
            },
            at_ms: refund.created_at_ms,
        }));
    }
    Ok(None)
}
