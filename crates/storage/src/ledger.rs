//! The journal beside what it is about, page by page, for checking that they agree.
//!
//! Each page is one statement, so that it shows one moment: on a live database a payment and its
//! entry are seen together or not at all. It only reads.

use direct_debit::books::{Booked, EntryBooks, PaymentBooks, RefundBooks};
use direct_debit::{
    MerchantId, PaymentId, PaymentStateName, RefundId, RefundKind, RefundStateName,
};

use crate::record::Record;
use crate::statements::statements;
use crate::{Error, Session};

/// One line of the entry of a row, or zero.
macro_rules! line {
    ($row:literal, $kind:literal, $account:literal) => {
        concat!(
            "COALESCE((SELECT e.amount FROM postings e WHERE e.merchant_id = ",
            $row,
            ".merchant_id AND e.entry_id = '",
            $kind,
            "-' || ",
            $row,
            ".id AND e.account = '",
            $account,
            "'), 0) AS ",
            $kind,
            "_",
            $account
        )
    };
}

/// All lines of the entry of a row, and when it was booked.
macro_rules! lines {
    ($row:literal, $kind:literal) => {
        concat!(
            line!($row, $kind, "bank"),
            ", ",
            line!($row, $kind, "merchant"),
            ", ",
            line!($row, $kind, "fees"),
            ", ",
            line!($row, $kind, "suspense"),
            ", (SELECT MIN(e.created_at) FROM postings e WHERE e.merchant_id = ",
            $row,
            ".merchant_id AND e.entry_id = '",
            $kind,
            "-' || ",
            $row,
            ".id) AS ",
            $kind,
            "_at"
        )
    };
}

/// The refunds of a payment of one kind and in some states, added up.
macro_rules! refunds {
    ($states:literal) => {
        concat!(
            "CAST(COALESCE((SELECT SUM(r.amount) FROM refunds r WHERE r.merchant_id = p.merchant_id \
             AND r.payment_id = p.id AND r.kind = 'merchant' AND r.state IN (", $states,
            ")), 0) AS BIGINT)"
        )
    };
}

statements! { "ledger";
    PAYMENTS = concat!("SELECT p.id, p.state, p.amount, p.fee, p.refunded, p.refund_reserved, \
        p.paid_at, ", refunds!("'succeeded'"), " AS done, ", refunds!("'created', 'unknown'"),
        " AS open, CAST((SELECT COUNT(*) FROM refunds r WHERE r.merchant_id = p.merchant_id \
        AND r.payment_id = p.id AND r.kind = 'late debit') AS BIGINT) AS late_refunds, ",
        lines!("p", "payment"), ", ", lines!("p", "late"),
        " FROM payments p WHERE p.merchant_id = $1 AND p.id > $2 ORDER BY p.id LIMIT $3");
    REFUNDS = concat!("SELECT f.id, f.kind, f.state, f.amount, f.refunded_at, \
        (SELECT p.state FROM payments p WHERE p.merchant_id = f.merchant_id \
        AND p.id = f.payment_id) AS payment_state, ", lines!("f", "refund"),
        " FROM refunds f WHERE f.merchant_id = $1 AND f.id > $2 ORDER BY f.id LIMIT $3");
    ENTRIES = "SELECT g.entry_id, g.subject, g.created_at, g.total, g.merchant, \
        (SELECT p.state FROM payments p WHERE p.merchant_id = $1 AND p.id = g.subject) \
        AS payment_state, \
        (SELECT r.state FROM refunds r WHERE r.merchant_id = $1 AND r.id = g.subject) \
        AS refund_state \
        FROM (SELECT entry_id, MIN(subject) AS subject, MIN(created_at) AS created_at, \
        CAST(SUM(amount) AS BIGINT) AS total, \
        CAST(SUM(CASE WHEN account = 'merchant' THEN amount ELSE 0 END) AS BIGINT) AS merchant \
        FROM postings WHERE merchant_id = $1 AND entry_id > $2 \
        GROUP BY entry_id ORDER BY entry_id LIMIT $3) g ORDER BY g.entry_id";
    MOVED = "SELECT e.entry_id, e.subject, e.amount, e.created_at, p.paid_at, r.refunded_at, \
        r.kind, (SELECT l.state FROM refunds l WHERE l.merchant_id = e.merchant_id \
        AND l.id = 'late-' || e.subject) AS late_state, b.bank \
        FROM postings e \
        LEFT JOIN refunds r ON r.merchant_id = e.merchant_id AND r.id = e.subject \
        LEFT JOIN payments p ON p.merchant_id = e.merchant_id \
        AND p.id = COALESCE(r.payment_id, e.subject) \
        LEFT JOIN bindings b ON b.merchant_id = p.merchant_id AND b.id = p.binding_id \
        WHERE e.merchant_id = $1 AND e.account = 'bank' AND e.created_at >= $2 \
        AND e.created_at < $3 AND (e.created_at > $2 OR e.entry_id > $4) \
        ORDER BY e.created_at, e.entry_id LIMIT $5";
}

/// Money that moved at a bank, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The entry.
    pub entry: String,
    /// The payment or refund: its reference at the bank.
    pub subject: String,
    /// Positive from the customer, negative to the customer, in sen.
    pub amount_sen: i64,
    /// When it was booked here, in Unix milliseconds.
    pub booked_at_ms: i64,
    /// When the bank says that it moved, where it said so.
    pub moved_at_ms: Option<i64>,
    /// The state of the refund that sends a late debit back, where the entry is of a late debit.
    pub late_state: Option<RefundStateName>,
    /// The bank; nothing where the binding is gone.
    pub bank: Option<String>,
}

/// A merchant's payments after this id, with what the journal holds of each.
pub async fn payments(
    s: &Session,
    merchant: &MerchantId,
    after: &str,
    limit: i64,
) -> Result<Vec<PaymentBooks>, Error> {
    let values = [merchant.as_str().into(), after.into(), limit.into()];
    let read = |row: &Record| {
        let id = row.text("id")?;
        let amount = |column| row.amount(column, "payments", &id);
        let state = row.named(
            "state",
            PaymentStateName::ALL,
            PaymentStateName::as_str,
            "payments",
            &id,
        )?;
        Ok(PaymentBooks {
            state,
            amount: amount("amount")?,
            fee: amount("fee")?,
            refunded: amount("refunded")?,
            reserved: amount("refund_reserved")?,
            refunds_done_sen: row.int("done")?,
            refunds_open_sen: row.int("open")?,
            late_refunds: row.int("late_refunds")?,
            booked: booked(
                row,
                [
                    "payment_bank",
                    "payment_merchant",
                    "payment_fees",
                    "payment_suspense",
                ],
            )?,
            late: booked(
                row,
                ["late_bank", "late_merchant", "late_fees", "late_suspense"],
            )?,
            booked_at_ms: row.opt_int("payment_at")?.or(row.opt_int("paid_at")?),
            late_at_ms: row.opt_int("late_at")?,
            id: PaymentId::new(id),
        })
    };
    let rows = s.fetch_all(PAYMENTS, &values).await?;
    rows.iter().map(read).collect()
}

/// A merchant's refunds after this id, with what the journal holds of each.
pub async fn refunds(
    s: &Session,
    merchant: &MerchantId,
    after: &str,
    limit: i64,
) -> Result<Vec<RefundBooks>, Error> {
    let values = [merchant.as_str().into(), after.into(), limit.into()];
    let read = |row: &Record| {
        let id = row.text("id")?;
        Ok(RefundBooks {
            kind: row.named("kind", RefundKind::ALL, RefundKind::as_str, "refunds", &id)?,
            state: row.named(
                "state",
                RefundStateName::ALL,
                RefundStateName::as_str,
                "refunds",
                &id,
            )?,
            amount: row.amount("amount", "refunds", &id)?,
            payment_state: payment_state(row)?,
            booked: booked(
                row,
                [
                    "refund_bank",
                    "refund_merchant",
                    "refund_fees",
                    "refund_suspense",
                ],
            )?,
            booked_at_ms: row.opt_int("refund_at")?.or(row.opt_int("refunded_at")?),
            id: RefundId::new(id),
        })
    };
    let rows = s.fetch_all(REFUNDS, &values).await?;
    rows.iter().map(read).collect()
}

/// A merchant's entries after this id, with the states of what each could be about.
pub async fn entries(
    s: &Session,
    merchant: &MerchantId,
    after: &str,
    limit: i64,
) -> Result<Vec<EntryBooks>, Error> {
    let values = [merchant.as_str().into(), after.into(), limit.into()];
    let read = |row: &Record| {
        Ok(EntryBooks {
            id: row.text("entry_id")?,
            subject: row.text("subject")?,
            booked_at_ms: row.int("created_at")?,
            sum_sen: row.int("total")?,
            merchant_sen: row.int("merchant")?,
            payment_state: payment_state(row)?,
            refund_state: refund_state(row, "refund_state")?,
        })
    };
    let rows = s.fetch_all(ENTRIES, &values).await?;
    rows.iter().map(read).collect()
}

/// What moved at banks for a merchant and was booked from one time until before another, after this
/// entry of the first moment.
pub async fn moved(
    s: &Session,
    merchant: &MerchantId,
    (from_ms, after): (i64, &str),
    until_ms: i64,
    limit: i64,
) -> Result<Vec<Moved>, Error> {
    let values = [
        merchant.as_str().into(),
        from_ms.into(),
        until_ms.into(),
        after.into(),
        limit.into(),
    ];
    let read = |row: &Record| {
        let is_refund = row.opt_text("kind")?.is_some();
        Ok(Moved {
            entry: row.text("entry_id")?,
            subject: row.text("subject")?,
            amount_sen: row.int("amount")?,
            booked_at_ms: row.int("created_at")?,
            moved_at_ms: row.opt_int(if is_refund { "refunded_at" } else { "paid_at" })?,
            late_state: refund_state(row, "late_state")?,
            bank: row.opt_text("bank")?,
        })
    };
    let rows = s.fetch_all(MOVED, &values).await?;
    rows.iter().map(read).collect()
}

fn booked(row: &Record, [bank, merchant, fees, suspense]: [&str; 4]) -> Result<Booked, Error> {
    Ok(Booked {
        bank_sen: row.int(bank)?,
        merchant_sen: row.int(merchant)?,
        fees_sen: row.int(fees)?,
        suspense_sen: row.int(suspense)?,
    })
}

fn payment_state(row: &Record) -> Result<Option<PaymentStateName>, Error> {
    let state = row.opt_text("payment_state")?;
    Ok(state.and_then(|state| {
        let mut all = PaymentStateName::ALL.into_iter();
        all.find(|name| name.as_str() == state)
    }))
}

fn refund_state(row: &Record, column: &str) -> Result<Option<RefundStateName>, Error> {
    let state = row.opt_text(column)?;
    Ok(state.and_then(|state| {
        let mut all = RefundStateName::ALL.into_iter();
        all.find(|name| name.as_str() == state)
    }))
}
