//! The outbox, many rows in one statement: what tries came to, and what is put off.
//!
//! As everywhere, a row is only changed by who has its version: each call says which rows it changed, and
//! what it left alone is somebody else's by now.

use std::collections::HashSet;

use direct_debit::NotificationState;

use crate::notification_attempts::{self, Attempt};
use crate::notifications::StoredNotification;
use crate::rows::{Column, Sized, rows_text};
use crate::statements::statements;
use crate::{Error, Session, Value};

/// Merchant, id, version, state, attempts, due, whether its endpoint is on trial.
const NEXT: &[Column] = &[
    Column::Text,
    Column::Text,
    Column::Int,
    Column::Text,
    Column::Int,
    Column::Int,
    Column::Int,
];

/// The columns of [`notification_attempts`], in order.
const TRY: &[Column] = &[
    Column::Text,
    Column::Text,
    Column::Int,
    Column::Int,
    Column::Int,
    Column::Text,
    Column::Int,
    Column::Text,
    Column::Text,
    Column::Text,
    Column::Text,
];

macro_rules! update {
    ($rows:literal) => {
        rows_text!(
            $rows,
            "UPDATE notifications SET state = given.column4, attempts = given.column5, \
             due_at = given.column6, on_trial = given.column7, lease_until = 0, lease_owner = '', \
             version = version + 1 FROM (VALUES ",
            NEXT,
            ") AS given WHERE notifications.merchant_id = given.column1 \
             AND notifications.id = given.column2 AND notifications.version = given.column3 \
             RETURNING merchant_id, id"
        )
    };
}

macro_rules! insert {
    ($rows:literal) => {
        rows_text!(
            $rows,
            "INSERT INTO notification_attempts (merchant_id, notification_id, version, at, \
             duration_ms, outcome, http_status, detail, address, key_id, answer) VALUES ",
            TRY,
            ""
        )
    };
}

statements! { "notification_batches";
    UPDATE_64 = update!(64);
    UPDATE_8 = update!(8);
    UPDATE_1 = update!(1);
    INSERT_64 = insert!(64);
    INSERT_8 = insert!(8);
    INSERT_1 = insert!(1);
}

const UPDATE: Sized = Sized {
    many: UPDATE_64,
    some: UPDATE_8,
    one: UPDATE_1,
};
const INSERT: Sized = Sized {
    many: INSERT_64,
    some: INSERT_8,
    one: INSERT_1,
};

/// A notification as a try left it, with the version that it was claimed with, and the try. The try's
/// version is one more.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What is stored of it from now on.
    pub next: StoredNotification,
    /// The try.
    pub attempt: Attempt,
    /// Whether its endpoint has to prove itself, see [`crate::notification_trials`].
    pub on_trial: bool,
}

/// A notification that was claimed and not sent, due as it says now.
#[derive(Clone, Debug)]
pub struct Back {
    /// With the version that it was claimed with.
    pub stored: StoredNotification,
    /// Whether its endpoint has to prove itself.
    pub on_trial: bool,
}

/// Stores what tries came to, and the tries. The result says for each whether it was stored; where not,
/// somebody else has changed the notification.
pub async fn store(s: &Session, tried: &[Tried]) -> Result<Vec<bool>, Error> {
    let rows: Vec<_> = tried
        .iter()
        .map(|one| next_row(&one.next, one.on_trial))
        .collect();
    let stored = update(s, &rows).await?;
    let is_stored: Vec<bool> = tried
        .iter()
        .map(|one| stored.contains(&key(&one.next)))
        .collect();
    let mut tries = Vec::with_capacity(tried.len());
    for (one, _) in tried.iter().zip(&is_stored).filter(|(_, stored)| **stored) {
        let notification = &one.next.notification;
        tries.push(notification_attempts::values(
            s,
            &notification.merchant,
            &notification.id,
            &one.attempt,
        )?);
    }
    for (sql, values) in INSERT.cut(&tries) {
        s.execute(sql, &values).await?;
    }
    Ok(is_stored)
}

/// Ends the leases of what was claimed and not sent, and makes it due as it says now. No try is counted.
/// What somebody else has changed stays as it is.
pub async fn put_off(s: &Session, back: &[Back]) -> Result<(), Error> {
    let rows: Vec<_> = back
        .iter()
        .map(|one| next_row(&one.stored, one.on_trial))
        .collect();
    update(s, &rows).await.map(drop)
}

async fn update(s: &Session, rows: &[Vec<Value>]) -> Result<HashSet<(String, String)>, Error> {
    let mut changed = HashSet::with_capacity(rows.len());
    for (sql, values) in UPDATE.cut(rows) {
        for row in s.fetch_all(sql, &values).await? {
            changed.insert((row.text("merchant_id")?, row.text("id")?));
        }
    }
    Ok(changed)
}

fn next_row(next: &StoredNotification, on_trial: bool) -> Vec<Value> {
    let notification = &next.notification;
    let due_at = match notification.state {
        NotificationState::Due { at_ms } => Some(at_ms),
        NotificationState::Delivered | NotificationState::Resting => None,
    };
    vec![
        notification.merchant.as_str().into(),
        notification.id.as_str().into(),
        next.version.into(),
        notification.state.name().into(),
        notification.attempts.into(),
        due_at.into(),
        i64::from(on_trial).into(),
    ]
}

fn key(stored: &StoredNotification) -> (String, String) {
    let notification = &stored.notification;
    (
        notification.merchant.as_str().to_owned(),
        notification.id.as_str().to_owned(),
    )
}
