//! Refunds: money back to BALANCE, then PAYLATER, then POINT, each up to what it paid.

use sqlx::SqliteConnection;

use crate::Error;
use crate::ledger::{self, CLEARING, KINDS, Movement, account_id};
use crate::payments::{self, Payment};

#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Refund {
    pub id: String,
    pub partner_refund_no: String,
    pub fingerprint: String,
    pub payment_id: String,
    pub amount: i64,
    pub reason: Option<String>,
    pub at: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, partner_refund_no, fingerprint, payment_id, amount, reason, at FROM refunds ", $rest)
    };
}

pub(crate) async fn by_reference(
    conn: &mut SqliteConnection,
    reference: &str,
) -> Result<Option<Refund>, Error> {
    Ok(sqlx::query_as(select!("WHERE partner_refund_no = $1"))
        .bind(reference)
        .fetch_optional(conn)
        .await?)
}

pub(crate) async fn of_payment(
    conn: &mut SqliteConnection,
    payment_id: &str,
) -> Result<Vec<Refund>, Error> {
    Ok(
        sqlx::query_as(select!("WHERE payment_id = $1 ORDER BY at, id"))
            .bind(payment_id)
            .fetch_all(conn)
            .await?,
    )
}

/// Moves the money back. False, with nothing changed, when the payment has less left than that.
pub(crate) async fn give_back(
    conn: &mut SqliteConnection,
    payment: &Payment,
    refund: &Refund,
) -> Result<bool, Error> {
    let Some(shares) = split(&payments::parts(conn, &payment.id).await?, refund.amount) else {
        return Ok(false);
    };
    sqlx::query(
        "INSERT INTO refunds (id, partner_refund_no, fingerprint, payment_id, amount, reason, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&refund.id)
    .bind(&refund.partner_refund_no)
    .bind(&refund.fingerprint)
    .bind(&refund.payment_id)
    .bind(refund.amount)
    .bind(&refund.reason)
    .bind(refund.at)
    .execute(&mut *conn)
    .await?;
    let mut postings = vec![(CLEARING.to_owned(), -refund.amount)];
    for (kind, share) in shares {
        sqlx::query(
            "UPDATE payment_parts SET refunded = refunded + $3 WHERE payment_id = $1 AND kind = $2",
        )
        .bind(&payment.id)
        .bind(kind)
        .bind(share)
        .execute(&mut *conn)
        .await?;
        postings.push((account_id(&payment.account_no, kind), share));
    }
    let movement = Movement {
        kind: "refund",
        payment_id: Some(&payment.id),
        refund_id: Some(&refund.id),
        at: refund.at,
    };
    ledger::post(conn, movement, &postings).await?;
    Ok(true)
}

/// Who gets how much; nothing when there is not that much left.
fn split(parts: &[payments::Part], amount: i64) -> Option<Vec<(&'static str, i64)>> {
    let mut left = amount;
    let mut shares = Vec::new();
    for kind in KINDS {
        for part in parts.iter().filter(|part| part.kind == kind) {
            let share = left.min(part.amount - part.refunded);
            if share > 0 {
                shares.push((kind, share));
                left -= share;
            }
        }
    }
    (left == 0).then_some(shares)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn part(kind: &str, amount: i64, refunded: i64) -> payments::Part {
        payments::Part {
            kind: kind.into(),
            amount,
            refunded,
        }
    }

    #[test]
    fn money_goes_back_to_balance_then_paylater_then_point() {
        let parts = [
            part("POINT", 30, 0),
            part("BALANCE", 50, 10),
            part("PAYLATER", 20, 0),
        ];
        assert_eq!(split(&parts, 40).unwrap(), [("BALANCE", 40)]);
        assert_eq!(
            split(&parts, 55).unwrap(),
            [("BALANCE", 40), ("PAYLATER", 15)]
        );
        assert_eq!(
            split(&parts, 90).unwrap(),
            [("BALANCE", 40), ("PAYLATER", 20), ("POINT", 30)]
        );
        assert!(split(&parts, 91).is_none());
    }
}
