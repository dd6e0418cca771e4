//! What time does by itself: pages run out, tokens die.
//!
//! Nothing depends on this being punctual: whoever reads a row compares its time as well. It writes down what is
//! already true and tells the gateway of it.

use std::sync::Arc;
use std::time::Duration;

use snap::{Case, Service};

use crate::bank::Bank;
use crate::links::{self, Reason};
use crate::payments::{self, Ending};
use crate::{Error, tokens};

const PAUSE: Duration = Duration::from_secs(1);
/// Dead tokens are forgotten every so many rounds.
const TOKEN_ROUNDS: u32 = 600;

/// Runs until the bank stops.
pub(crate) async fn run(bank: Arc<Bank>) {
    let mut round = 0u32;
    loop {
        tokio::time::sleep(PAUSE).await;
        round = round.wrapping_add(1);
        if let Err(error) = once(&bank, round.is_multiple_of(TOKEN_ROUNDS)).await {
            tracing::error!(error = error.chain(), "expired pages could not be closed");
        }
    }
}

async fn once(bank: &Bank, with_tokens: bool) -> Result<(), Error> {
    let now_ms = bank.clock.now_ms();
    let mut read = bank.db.read().acquire().await?;
    let payments = payments::overdue(&mut read, now_ms).await?;
    let links = links::overdue(&mut read, now_ms).await?;
    drop(read);
    if payments.is_empty() && links.is_empty() && !with_tokens {
        return Ok(());
    }
    let mut write = bank.db.write().await?;
    let reason = Reason::new(Service::PAYMENT, Case::TransactionExpired);
    for payment in &payments {
        payments::end(&mut write, &payment.id, Ending::Cancelled, &reason, now_ms).await?;
    }
    let reason = Reason::new(Service::BINDING, Case::TransactionExpired);
    for link in &links {
        links::fail(&mut write, &link.id, &reason, now_ms).await?;
    }
    if with_tokens {
        tokens::sweep(&mut write, now_ms).await?;
    }
    write.commit().await?;
    bank.wake.notify_one();
    Ok(())
}
