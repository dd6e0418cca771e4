//! The load: merchants that ask for one payment after the other, each connection as fast as it is answered.
//!
//! Every request has ids that were never used, and a signature of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use snap::messages::CHANNEL;
use snap::messages::payment::{LineItem, PaymentInfo, PaymentRequest};
use snap::{Amount, paths};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::links::Link;
use crate::usage::{machine_seconds, process_seconds};
use crate::wire::{Connection, Operation};
use crate::world::Running;

/// SNAP's answer to a payment that was accepted.
const ACCEPTED: &str = "2005400";

/// How a load is made.
pub struct Plan {
    /// Connections at once.
    pub connections: u16,
    /// Before anything counts.
    pub warm_up: Duration,
    /// What counts.
    pub measured: Duration,
}

/// A payment that the gateway said it has accepted.
pub struct Acknowledged {
    /// Which link asked for it.
    pub link: usize,
    /// The merchant's reference.
    pub reference: String,
    /// How much.
    pub amount: Amount,
    /// Whether the answer came in the time that counts.
    pub counts: bool,
}

/// What a load came to.
#[derive(Default)]
pub struct Done {
    /// Every payment that was acknowledged, those of the warm-up and the stragglers included.
    pub acknowledged: Vec<Acknowledged>,
    /// How long the answers took that count.
    pub times: Vec<Duration>,
    /// Other answers, by responseCode or cause.
    pub failures: BTreeMap<String, u64>,
    /// Who used the processors while it counted.
    pub processor: Processor,
}

/// Processor time by program, in seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Processor {
    /// The gateway.
    pub gateway_s: f64,
    /// The bank simulator.
    pub simulator_s: f64,
    /// The load itself.
    pub load_s: f64,
    /// All of the machine: PostgreSQL, the kernel's own work and strangers included.
    pub machine_s: f64,
}

#[derive(Clone, Copy)]
struct Window {
    from: Instant,
    to: Instant,
}

/// Runs the load.
pub async fn pay(running: &Running, links: &Arc<[Link]>, plan: &Plan) -> Result<Done> {
    let mut connections = Vec::new();
    for number in 0..plan.connections {
        connections.push((number, Connection::open(running.gateway).await?));
    }
    let from = Instant::now() + plan.warm_up;
    let to = from + plan.measured;
    let mut workers = JoinSet::new();
    for (number, connection) in connections {
        let worker = Worker {
            number,
            next: 0,
            links: Arc::clone(links),
            window: Window { from, to },
            done: Done::default(),
        };
        workers.spawn(worker.run(connection, running.gateway));
    }
    sleep_until(from.into()).await;
    let before = processor(running)?;
    sleep_until(to.into()).await;
    let after = processor(running)?;
    let mut done = Done {
        processor: after.since(&before),
        ..Done::default()
    };
    while let Some(worker) = workers.join_next().await {
        let worker = worker.context("a connection's task broke")??;
        done.acknowledged.extend(worker.acknowledged);
        done.times.extend(worker.times);
        for (cause, count) in worker.failures {
            *done.failures.entry(cause).or_default() += count;
        }
    }
    Ok(done)
}

/// One connection's work.
struct Worker {
    number: u16,
    next: u64,
    links: Arc<[Link]>,
    window: Window,
    done: Done,
}

impl Worker {
    async fn run(mut self, mut connection: Connection, gateway: SocketAddr) -> Result<Done> {
        while Instant::now() < self.window.to {
            if self.pay(&mut connection).await.is_none() {
                connection = Connection::open(gateway).await?;
            }
        }
        Ok(self.done)
    }

    /// One payment; none if the connection is of no more use.
    async fn pay(&mut self, connection: &mut Connection) -> Option<()> {
        let number = self.next;
        self.next += 1;
        let at = self.pick();
        let reference = format!("BENCH{:03}{number:012}", self.number);
        let amount = Amount::from_rupiah(10_000 + number % 1_000)?;
        let link = self.links.get(at)?;
        let operation = Operation {
            path: paths::PAYMENT,
            body: serde_json::to_vec(&payment(&reference, amount)).ok()?,
            external_id: format!("{:03}{number:012}", self.number),
            customer: Some(&link.customer),
        };
        let sent = Instant::now();
        let answer = connection.send(&link.signer, operation).await;
        let answered = Instant::now();
        let (status, body) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.failed(error.to_string());
                return None;
            }
        };
        match code(&body) {
            Some(code) if code == ACCEPTED => {}
            Some(code) => {
                self.failed(code);
                return Some(());
            }
            None => {
                self.failed(format!("HTTP {status} without a responseCode"));
                return Some(());
            }
        }
        let counts = (self.window.from..self.window.to).contains(&answered);
        if counts {
            self.done.times.push(answered - sent);
        }
        self.done.acknowledged.push(Acknowledged {
            link: at,
            reference,
            amount,
            counts,
        });
        Some(())
    }

    /// Any link, so that neighbours do not walk in step; the same ones in every run.
    fn pick(&self) -> usize {
        let mixed =
            (self.next ^ (u64::from(self.number) << 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let links = u64::try_from(self.links.len()).unwrap_or(u64::MAX).max(1);
        usize::try_from((mixed >> 33) % links).unwrap_or_default()
    }

    fn failed(&mut self, cause: String) {
        *self.done.failures.entry(cause).or_default() += 1;
    }
}

/// The responseCode of an answer.
pub fn code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Coded {
        response_code: String,
    }
    let coded: Coded = serde_json::from_slice(body).ok()?;
    Some(coded.response_code)
}

fn payment(reference: &str, amount: Amount) -> PaymentRequest {
    PaymentRequest {
        partner_reference_no: reference.to_owned(),
        amount,
        pay_option_details: Vec::new(),
        additional_info: PaymentInfo {
            channel: CHANNEL.to_owned(),
            remarks: "Kopi susu".to_owned(),
            success_payment_url: "https://toko.example/paid".to_owned(),
            failed_payment_url: "https://toko.example/not-paid".to_owned(),
            line_items: vec![LineItem {
                name: "Kopi susu".to_owned(),
                price: amount,
                quantity: 1,
            }],
        },
        charge_token: None,
        fee_type: None,
    }
}

fn processor(running: &Running) -> Result<Processor> {
    let both = running.processor_seconds()?;
    Ok(Processor {
        gateway_s: both.gateway,
        simulator_s: both.simulator,
        load_s: process_seconds(std::process::id())?,
        machine_s: machine_seconds()?,
    })
}

impl Processor {
    fn since(&self, before: &Self) -> Self {
        Self {
            gateway_s: self.gateway_s - before.gateway_s,
            simulator_s: self.simulator_s - before.simulator_s,
            load_s: self.load_s - before.load_s,
            machine_s: self.machine_s - before.machine_s,
        }
    }
}
