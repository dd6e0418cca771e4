//! `gerbang sandbox`: everything on this machine, until it is told to stop.

use std::path::Path;
use std::process::ExitCode;

use merchant_sdk::notifications::{Event, Notification};

use crate::cli::SandboxArgs;
use crate::sandbox::{self, Addresses, Plan, Sandbox};
use crate::screen;
use crate::stopping::Signals;

/// Runs it.
pub async fn run(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let usual = args.data == Path::new("gerbang-data");
    let plan = Plan {
        port: args.port,
        data: args.data,
        start_over: args.reset,
        relaxed_otp: args.relaxed_otp,
        merchant: !args.no_merchant,
        demo: false,
    };
    let (sandbox, mut notifications) = sandbox::start(&plan).await?;
    screen::heading("The sandbox is running.");
    describe(&sandbox);
    screen::gap();
    screen::note("As a merchant, in another terminal in this folder:");
    let data = match usual {
        true => String::new(),
        false => format!(" --data {}", sandbox.data().display()),
    };
    screen::command(format!("bind --open{data}"));
    screen::command(format!("pay --wait --open{data}"));
    screen::note("Ctrl-C stops it. What it knows stays in the folder; --reset starts over.");
    screen::gap();
    loop {
        tokio::select! {
            () = signals.wait() => break,
            Some(notification) = notifications.recv() => tell(&notification),
        }
    }
    screen::note("stopping");
    sandbox.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// Addresses, credentials and customers.
pub fn describe(sandbox: &Sandbox) {
    let Addresses { customers, .. } = &sandbox.addresses;
    let at = &sandbox.addresses;
    screen::value("base URL", &at.base_url);
    screen::value(
        "bank",
        format!("{} (SMS inbox: {})", at.bank_url, at.inbox_url),
    );
    screen::value("notifications", &at.notification_url);
    screen::value("client id", &at.client_id);
    screen::value("client secret", at.client_secret.expose());
    screen::value("private key", at.merchant_private_key.display());
    screen::value("gateway's key", at.gateway_public_key.display());
    screen::value("data folder", sandbox.data().display());
    screen::value("for scripts", sandbox.data().join("sandbox.json").display());
    screen::gap();
    let rows: Vec<Vec<String>> = customers
        .iter()
        .map(|customer| {
            vec![
                customer.name.clone(),
                customer.phone_no.clone(),
                customer.pin.expose().to_owned(),
                customer.note.clone(),
            ]
        })
        .collect();
    screen::table(&["customer", "phone", "PIN", "good for"], &rows);
}

/// One line for a notification that the demo merchant received and verified.
pub fn tell(notification: &Notification) {
    match &notification.event {
        Event::Payment(payment) => screen::line(format!(
            "notified: {} {} {}",
            payment.original_partner_reference_no,
            payment
                .transaction_status_desc
                .as_deref()
                .unwrap_or(&payment.latest_transaction_status),
            payment.amount.rupiah_text(),
        )),
        Event::Binding(binding) => screen::line(format!(
            "notified: binding of {} {}",
            binding.additional_info.cust_id_merchant, binding.additional_info.status
        )),
    }
}
