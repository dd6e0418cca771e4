//! `gerbang demo`: the whole journey against a fresh sandbox, each step shown as it happens.

mod orders;
mod seen;
mod steps;
mod walk;

use std::process::ExitCode;

use crate::cli::DemoArgs;
use crate::commands::sandbox::{describe, tell};
use crate::sandbox::{self, Plan, Sandbox};
use crate::screen;
use crate::stopping::Signals;
use walk::Walk;

/// Runs it.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let plan = Plan {
        port: args.port,
        data: args.data,
        start_over: true,
        relaxed_otp: false,
        merchant: true,
        demo: true,
    };
    screen::heading("Gerbang: one customer's journey, on this machine, through real parts.");
    let (sandbox, mut notifications) = sandbox::start(&plan).await?;
    screen::note(format!(
        "gateway {}   bank {}   data {}",
        sandbox.addresses.base_url,
        sandbox.addresses.bank_url,
        sandbox.data().display()
    ));
    screen::gap();

    let mut walk = Walk::new(&sandbox.addresses, &mut notifications)?;
    let went_well = tokio::select! {
        walked = steps::all(&mut walk) => walked.is_ok(),
        () = signals.wait() => {
            sandbox.stop().await?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let seen = walk.finish();
    if let Some(file) = &args.record_secrets {
        seen.write(file)?;
    }
    screen::gap();
    if went_well {
        screen::good("Every step went as it should.");
    } else {
        screen::bad("A step went wrong; the walk stopped there.");
    }
    if !args.exit {
        stay_open(&sandbox);
        loop {
            tokio::select! {
                () = signals.wait() => break,
                Some(notification) = notifications.recv() => tell(&notification),
            }
        }
        screen::note("stopping");
    }
    sandbox.stop().await?;
    Ok(if went_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn stay_open(sandbox: &Sandbox) {
    let data = sandbox.data().display();
    screen::gap();
    screen::heading("The sandbox stays open.");
    describe(sandbox);
    screen::gap();
    screen::heading("Three things to try next:");
    screen::line("  1. See what the customers received: open the SMS inbox in a browser, or");
    screen::command(format!("bank inbox {} --data {data}", first_phone(sandbox)));
    screen::line(
        "  2. Point your own client at the base URL with the credentials above, open the redirectUrl",
    );
    screen::line("     that it gets in a browser, or let the customer be played:");
    screen::command(format!("customer complete REDIRECT_URL --data {data}"));
    screen::line("  3. Move time forward and watch pages and payments expire:");
    screen::command(format!("bank clock --advance 15m --data {data}"));
    screen::gap();
    screen::note("Ctrl-C stops it.");
}

fn first_phone(sandbox: &Sandbox) -> &str {
    sandbox
        .addresses
        .customers
        .first()
        .map_or("PHONE", |customer| &customer.phone_no)
}
