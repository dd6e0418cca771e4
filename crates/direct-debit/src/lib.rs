//! The rules of direct debit: what a binding, a payment, a refund and a notification may do next.
//!
//! Everything here is pure: a value and a command go in, a new value or a named refusal comes out.
//! There is no clock, no randomness, no database and no network in this crate, and there must
//! never be: whoever calls it brings the time and the ids, and keeps the result.
//!
//! To add a command, add it to the enum of its noun and to the `apply` beside it; the table test
//! in `tests/transitions.rs` then asks for the new row, and `docs/state-machines.md` shows it.

mod bank_link;
mod binding;
pub mod books;
mod details;
mod fee;
mod ids;
mod notification;
mod payment;
mod posting;
pub mod reconcile;
mod refund;
mod refusal;
mod transition;

pub use bank_link::{BankAccount, BankLink};
pub use binding::{
    Binding, BindingCommand, BindingEnd, BindingFailure, BindingState, BindingStateName,
};
pub use details::{BankReason, FirstAnswer, Item, PayPart, PaymentDetails};
pub use fee::Fee;
pub use ids::{BindingId, MerchantId, NotificationId, PaymentId, RefundId};
pub use notification::{Notification, NotificationCommand, NotificationState};
pub use payment::{CancelCause, Payment, PaymentCommand, PaymentState, PaymentStateName};
pub use posting::{Account, Posting, postings_of_late_debit, postings_of_late_refund};
pub use posting::{postings_of_payment, postings_of_refund};
pub use refund::{Refund, RefundCommand, RefundKind, RefundState, RefundStateName};
pub use refusal::Refusal;
pub use transition::{Impossible, Step};
