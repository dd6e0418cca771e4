//! How long a newcomer waits: from starting `gerbang sandbox` to an answer that it is ready.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::programs::{Program, wait_for};
use crate::wire::is_ready;

/// How many folders are tried.
const FOLDERS: usize = 5;
/// How many of the sandbox's customers have money; they are the first.
const WITH_MONEY: usize = 2;

/// Times to ready.
#[derive(Debug, Serialize)]
pub struct Ready {
    /// In an empty folder, where keys and databases are made; the median.
    pub first_start_ms: f64,
    /// In a folder that was used before; the median.
    pub next_start_ms: f64,
    /// Every first start.
    pub first_starts_ms: Vec<f64>,
    /// Every next start.
    pub next_starts_ms: Vec<f64>,
}

/// A customer whom the sandbox brings.
#[derive(Debug, Deserialize)]
pub struct Customer {
    /// The phone number.
    pub phone_no: String,
    /// The PIN, which is public.
    pub pin: String,
}

/// What of `sandbox.json` is read here.
#[derive(Deserialize)]
struct Addresses {
    base_url: String,
    customers: Vec<Customer>,
}

/// Measures both kinds of start, and learns who the customers with money are.
pub async fn measure(gerbang: &Path, folder: &Path) -> Result<(Ready, Vec<Customer>)> {
    let mut first = Vec::new();
    let mut next = Vec::new();
    let mut customers = Vec::new();
    for number in 0..FOLDERS {
        let data = folder.join(format!("sandbox-{number}"));
        let (took, addresses) = start(gerbang, folder, &data).await?;
        first.push(took);
        customers = addresses.customers;
        next.push(start(gerbang, folder, &data).await?.0);
    }
    customers.truncate(WITH_MONEY);
    let ready = Ready {
        first_start_ms: median(&first),
        next_start_ms: median(&next),
        first_starts_ms: first.iter().map(milliseconds).collect(),
        next_starts_ms: next.iter().map(milliseconds).collect(),
    };
    Ok((ready, customers))
}

async fn start(gerbang: &Path, folder: &Path, data: &Path) -> Result<(Duration, Addresses)> {
    // An earlier start's addresses would be asked until the new ones are there.
    let file = data.join("sandbox.json");
    if file.exists() {
        std::fs::remove_file(&file)?;
    }
    let arguments = ["sandbox", "--port", "0", "--data"].map(Path::new);
    let arguments: Vec<&Path> = arguments.into_iter().chain([data]).collect();
    let started = Instant::now();
    let mut sandbox = Program::start("sandbox", gerbang, &arguments, folder)?;
    let addresses = wait_for("the sandbox", async || {
        sandbox.check()?;
        let written = std::fs::read_to_string(&file).ok();
        let read = written.and_then(|text| serde_json::from_str::<Addresses>(&text).ok());
        let Some(addresses) = read else {
            return Ok(None);
        };
        Ok(is_ready(address(&addresses.base_url)?)
            .await
            .then_some(addresses))
    })
    .await?;
    let took = started.elapsed();
    sandbox.stop().await?;
    Ok((took, addresses))
}

fn address(base_url: &str) -> Result<SocketAddr> {
    let authority = base_url.trim_start_matches("http://");
    authority
        .parse()
        .with_context(|| format!("{base_url} has no numeric address"))
}

fn median(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, milliseconds)
}

fn milliseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
