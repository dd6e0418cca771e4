//! SIGKILL leaves the page cache alone, so killing processes says nothing about a power cut. This shows what
//! does: between each request that changes something and its answer, the database's log reaches the disk,
//! once before the bank is asked and once more before the answer leaves.
//!
//! The check checks itself: the same run with `eatmydata`, which makes `fdatasync` do nothing, must fail it.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use merchant_sdk::pages::{self, Customer, Ending, Script};
use nix::unistd::Pid;
use snap::{Amount, Secret, paths};
use tokio::process::Command;

use crate::bodies;
use crate::calls::{Caller, text_in};
use crate::hours::Hours;
use crate::programs::{Program, children, wait_for};
use crate::template::Template;
use crate::trace::{self, Exchange};
use crate::world::World;
use crate::{Engine, run};

/// The system calls that matter.
const CALLS: &str = "trace=fdatasync,fsync,pwrite64,pwritev,write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg";
/// The requests that change something.
const CHANGING: [&str; 4] = [
    paths::BINDING,
    paths::PAYMENT,
    paths::REFUND,
    paths::UNBINDING,
];
/// What makes `fdatasync` do nothing.
const FORGETFUL: &str = "eatmydata";
/// How many payments are made and refunded.
const PAYMENTS: usize = 3;

/// Shows it on an engine and prints what was seen; whether it is as it must be, both ways.
///
/// # Errors
/// When a program is missing or the world cannot be set up.
pub async fn show(engine: Engine, gerbang: &Path) -> Result<bool> {
    for program in ["strace", FORGETFUL] {
        let asked = Command::new("which").arg(program).output().await?;
        if !asked.status.success() {
            bail!("{program} is missing; Debian's package has the same name");
        }
    }
    let base = tempfile::Builder::new()
        .prefix("gerbang-fsync-")
        .tempdir()?;
    run::open_to_others(base.path())?;
    let folder = |name: &str| -> Result<_> {
        let folder = base.path().join(name);
        std::fs::create_dir(&folder)?;
        run::open_to_others(&folder)?;
        Ok(folder)
    };
    let (template, _ears) = Template::prepare(engine, gerbang, &folder("template")?, 1).await?;
    let as_it_is = traced(&template, &folder("as-it-is")?, None).await?;
    let durable = as_it_is
        .iter()
        .filter(|exchange| exchange.is_durable())
        .count();
    for exchange in &as_it_is {
        anstream::println!(
            "{}: {} {}: {} times on disk before the bank was asked, {} times before the answer left{}",
            engine.name(),
            exchange.path,
            exchange.status,
            exchange.before_bank,
            exchange.before_answer,
            if exchange.is_durable() {
                ""
            } else {
                ": NOT DURABLE"
            }
        );
    }
    let kinds = CHANGING
        .iter()
        .filter(|path| as_it_is.iter().any(|seen| seen.path == **path))
        .count();
    let good = kinds == CHANGING.len() && durable == as_it_is.len();
    let switched_off = traced(&template, &folder("switched-off")?, Some(FORGETFUL)).await?;
    let noticed = switched_off
        .iter()
        .filter(|exchange| !exchange.is_durable())
        .count();
    let all_noticed = !switched_off.is_empty() && noticed == switched_off.len();
    anstream::println!(
        "{}: {durable} of {} answers left after a completed fdatasync; with durability switched off, {noticed} of {} are noticed",
        engine.name(),
        as_it_is.len(),
        switched_off.len()
    );
    Ok(good && all_noticed)
}

async fn traced(
    template: &Template,
    folder: &Path,
    wrapper: Option<&'static str>,
) -> Result<Vec<Exchange>> {
    let world = World::start(template, folder, wrapper).await?;
    let log = folder.join("trace");
    let strace = attach(&world, &log, folder).await?;
    let worked = work(&world, template).await;
    strace.interrupt().await?;
    worked?;
    world.fleet.end().await;
    let text = std::fs::read(&log)?;
    let events = trace::events(&String::from_utf8_lossy(&text));
    Ok(trace::exchanges(&events, &CHANGING))
}

/// Traces the gateways, and PostgreSQL with all its processes, into one file, in one order.
async fn attach(world: &World, log: &Path, folder: &Path) -> Result<Program> {
    let mut processes: Vec<Pid> = Vec::new();
    for (at, name) in world.fleet.names().into_iter().enumerate() {
        let pid = world.fleet.pid(at).await.context("a process is gone")?;
        if name != "bank" {
            processes.push(pid);
            processes.extend(children(pid));
        }
    }
    let mut command = Command::new("strace");
    command
        .args(["-f", "-yy", "-s", "96", "-e", CALLS, "-o"])
        .arg(log)
        .kill_on_drop(true);
    for pid in &processes {
        command.args(["-p", &pid.to_string()]);
    }
    let mut strace = Program::start("strace", command, folder)?;
    wait_for("strace", async || {
        if !strace.is_running() {
            bail!("strace ended:\n{}", strace.last_words());
        }
        let traced = |pid: &Pid| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
            !status.unwrap_or_default().contains("TracerPid:\t0")
        };
        Ok(processes.iter().all(traced).then_some(()))
    })
    .await?;
    Ok(strace)
}

/// One customer's story, one request at a time.
async fn work(world: &World, template: &Template) -> Result<()> {
    let who = bank_simulator::demo_customers()
        .first()
        .context("no customer")?;
    let script = Script {
        inbox_url: Some(format!("{}/inbox", world.bank_url())),
        customers: vec![Customer {
            phone_no: who.phone_no.to_owned(),
            pin: Secret::new(who.pin),
        }],
        ..Script::default()
    };
    let mut caller = Caller::new(world.clients(template, 0)?, 1, 1, Hours::begin());
    let bound = ask(
        &mut caller,
        paths::BINDING,
        bodies::binding(who.phone_no, "cust-1")?,
        None,
    )
    .await?;
    complete(&bound, "/redirectUrl", &script).await?;
    let code = text_in(&bound, "/additionalInfo/authCode").context("no authCode")?;
    let token = ask(
        &mut caller,
        paths::TOKEN_B2B2C,
        bodies::exchange(&code, false)?,
        None,
    )
    .await?;
    let token = text_in(&token, "/accessToken").context("no token")?;
    let amount = Amount::from_sen(1_000_000).context("no amount")?;
    for number in 0..PAYMENTS {
        let reference = format!("TRACED{number}");
        let body = bodies::payment(&reference, amount)?;
        let paid = ask(&mut caller, paths::PAYMENT, body, Some(&token)).await?;
        complete(&paid, "/webRedirectUrl", &script).await?;
        let body = bodies::refund(&reference, &format!("BACK{number}"), amount)?;
        ask(&mut caller, paths::REFUND, body, None).await?;
    }
    ask(
        &mut caller,
        paths::UNBINDING,
        bodies::unbinding(&token)?,
        None,
    )
    .await
    .map(drop)
}

async fn ask(
    caller: &mut Caller,
    path: &'static str,
    body: Vec<u8>,
    customer: Option<&str>,
) -> Result<Vec<u8>> {
    let wire = caller.wire(path, body);
    match caller.insist(wire, customer).await {
        Some(said) if said.done => Ok(said.body),
        Some(said) => bail!("{path} was refused: {}", said.code),
        None => bail!("{path} was not answered"),
    }
}

async fn complete(body: &[u8], page: &str, script: &Script) -> Result<()> {
    let page = text_in(body, page).context("no page")?;
    let visit = pages::complete(&page, script).await?;
    match visit.ending {
        Ending::Completed => Ok(()),
        other => bail!("the customer's visit ended as {}", other.word()),
    }
}
