//! Waiting until nothing is left to do.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::rows::Rows;
use crate::world::World;

/// Past every page, every token and every lease of a process that was killed.
const FAR: Duration = Duration::from_secs(20 * 60);
/// Past the next pause of whatever is tried again.
const ON: Duration = Duration::from_secs(6 * 60);
/// How long the present is given before time is moved on.
const GIVEN: Duration = Duration::from_secs(3);
/// How often time is moved on before work that is left counts as stuck.
const TIMES: usize = 30;

/// Moves time on until nothing is left; what is left if it does not come to an end.
///
/// # Errors
/// When a database cannot be read.
pub async fn wait(world: &World) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for round in 0..TIMES {
        world.advance(if round == 0 { FAR } else { ON }).await?;
        let until = Instant::now() + GIVEN;
        while Instant::now() < until {
            let (gateway, bank) = world.rows().await?;
            left = work_left(&gateway, &bank);
            if left.is_empty() {
                return Ok(left);
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }
    Ok(left)
}

/// Everything that somebody still has to do.
pub fn work_left(gateway: &Rows, bank: &Rows) -> Vec<String> {
    let mut left = Vec::new();
    for table in ["payments", "refunds", "bindings"] {
        for row in gateway.of(table).filter(|row| !row.is_null("settle_at")) {
            left.push(format!(
                "gateway: {table} {} is {} and due",
                row.text("id"),
                row.text("state")
            ));
        }
    }
    for row in gateway
        .of("notifications")
        .filter(|row| row.text("state") != "delivered")
    {
        left.push(format!(
            "gateway: the notification {} is {}",
            row.text("id"),
            row.text("state")
        ));
    }
    for table in ["payments", "links"] {
        for row in bank.of(table).filter(|row| row.text("state") == "pending") {
            left.push(format!(
                "bank: {table} {} is pending",
                row.text("partner_reference_no")
            ));
        }
    }
    for row in bank
        .of("notifications")
        .filter(|row| row.text("state") != "delivered")
    {
        left.push(format!(
            "bank: the notification of {} is due",
            row.text("payment_id")
        ));
    }
    left
}
