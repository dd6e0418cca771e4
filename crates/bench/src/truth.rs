//! Whether what was acknowledged is there: every payment is asked for by service 55 after the load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use snap::messages::status::{StatusRequest, StatusResponse};
use snap::{TransactionStatus, paths};
use tokio::task::JoinSet;

use crate::links::Link;
use crate::load::{Acknowledged, Plan};
use crate::wire::{Connection, Operation};
use crate::world::Running;

/// SNAP's answer to a status that is known.
const KNOWN: &str = "2005500";
/// Looking may take so many times as long as the load did; what is not found by then does not count.
const PATIENCE: u32 = 15;

/// What was found.
#[derive(Default)]
pub struct Found {
    /// Payments that were looked for and found.
    pub found: u64,
    /// Those of them that count.
    pub counting: u64,
    /// The first that was not found, and the answer.
    pub first_missing: Option<String>,
    /// How long looking for all of them took.
    pub took: Duration,
}

/// Looks for every one of them, on as many connections as the load had.
pub async fn look_for(
    running: &Running,
    links: &Arc<[Link]>,
    plan: &Plan,
    acknowledged: Vec<Acknowledged>,
) -> Result<Found> {
    let started = Instant::now();
    let until = started + (plan.measured + plan.warm_up) * PATIENCE;
    let acknowledged: Arc<[Acknowledged]> = acknowledged.into();
    let connections = usize::from(plan.connections);
    let mut workers = JoinSet::new();
    for number in 0..connections {
        let mut connection = Connection::open(running.gateway).await?;
        let (acknowledged, links) = (Arc::clone(&acknowledged), Arc::clone(links));
        workers.spawn(async move {
            let mut seen = Found::default();
            for (at, one) in acknowledged
                .iter()
                .enumerate()
                .skip(number)
                .step_by(connections)
            {
                if Instant::now() >= until {
                    break;
                }
                let link = links.get(one.link).context("a payment without a link")?;
                match is_there(&mut connection, link, at, one).await? {
                    None => {
                        seen.found += 1;
                        seen.counting += u64::from(one.counts);
                    }
                    Some(answer) => {
                        let missing = format!("{}: {answer}", one.reference);
                        seen.first_missing.get_or_insert(missing);
                    }
                }
            }
            Ok::<_, anyhow::Error>(seen)
        });
    }
    let mut found = Found::default();
    while let Some(worker) = workers.join_next().await {
        let seen = worker.context("a connection's task broke")??;
        found.found += seen.found;
        found.counting += seen.counting;
        found.first_missing = found.first_missing.or(seen.first_missing);
    }
    found.took = started.elapsed();
    Ok(found)
}

/// None if it is; otherwise what was said instead.
async fn is_there(
    connection: &mut Connection,
    link: &Link,
    at: usize,
    one: &Acknowledged,
) -> Result<Option<String>> {
    let operation = Operation {
        path: paths::STATUS,
        body: serde_json::to_vec(&StatusRequest::of(&one.reference))?,
        // No payment's external id begins with a 9.
        external_id: format!("9{at:014}"),
        customer: None,
    };
    let (status, body) = connection.send(&link.signer, operation).await?;
    let said: Option<StatusResponse> = serde_json::from_slice(&body).ok();
    let same = said.as_ref().is_some_and(|said| {
        said.response_code == KNOWN
            && said.original_partner_reference_no.as_ref() == Some(&one.reference)
            && said.trans_amount == Some(one.amount)
            && said.latest_transaction_status == TransactionStatus::Paying.code()
    });
    let answer = || format!("HTTP {status} {}", String::from_utf8_lossy(&body));
    Ok((!same).then(answer))
}
