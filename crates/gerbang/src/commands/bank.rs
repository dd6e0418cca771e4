//! `gerbang bank`: runs the simulator alone, or acts on a running one.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use snap::{Amount, Secret, timestamp};
use tokio::net::TcpListener;

use super::control::Control;
use super::{fault, span};
use crate::cli::{BankAction, BankArgs, BankServeArgs, BankTarget};
use crate::stopping::Signals;
use crate::{entropy, files, sandbox, screen};

/// Runs the simulator or the action.
pub async fn run(args: BankArgs) -> anyhow::Result<ExitCode> {
    match args.action {
        None => serve(args.serve).await?,
        Some(BankAction::Clock { advance, target }) => {
            clock(&target, span::milliseconds(&advance)?).await?;
        }
        Some(BankAction::Inbox {
            phone,
            json,
            target,
        }) => {
            inbox(&Control::of(&target)?, &phone, json).await?;
        }
        Some(BankAction::Unlink { phone, target }) => {
            let control = Control::of(&target)?;
            control
                .post(
                    "/control/unlink",
                    &json!({ "phone_no": international(&phone) }),
                )
                .await?;
            screen::good(format!("unlinked {phone} as the bank's app would"));
        }
        Some(BankAction::Fault(args)) => fault::run(&args).await?,
        Some(BankAction::Reset { target }) => {
            Control::of(&target)?
                .post("/control/reset", &json!({}))
                .await?;
            screen::good("customers are unlocked and have their money back");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn clock(target: &BankTarget, advance_ms: i64) -> anyhow::Result<()> {
    let control = Control::of(target)?;
    let answer = control
        .post("/control/clock", &json!({ "advance_ms": advance_ms }))
        .await?;
    let number = |name| answer.get(name).and_then(Value::as_i64).unwrap_or_default();
    if target.url.is_none() {
        sandbox::wait_for_gateway_clock(&target.data, number("offset_ms")).await?;
    }
    screen::good(format!(
        "it is now {}",
        timestamp::format_jakarta(number("now_ms"))
    ));
    Ok(())
}

async fn inbox(control: &Control, phone: &str, as_json: bool) -> anyhow::Result<()> {
    let path = format!("/inbox.json?phone={}", international(phone));
    let inbox = control.get(&path).await?;
    if as_json {
        screen::json(&inbox);
        return Ok(());
    }
    let messages = inbox
        .get("messages")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if messages.is_empty() {
        screen::line(format!("no message for {phone}"));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = messages
        .iter()
        .map(|message| {
            let sent_ms = message
                .get("sent_at_ms")
                .and_then(Value::as_i64)
                .unwrap_or_default();
            let text = |name| {
                message
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            vec![
                timestamp::format_jakarta(sent_ms),
                text("otp"),
                text("body"),
            ]
        })
        .collect();
    screen::table(&["sent", "OTP", "message"], &rows);
    Ok(())
}

/// A leading 0 becomes 62, as everywhere.
fn international(phone: &str) -> String {
    match phone.strip_prefix('0') {
        Some(rest) => format!("62{rest}"),
        None => phone.trim_start_matches('+').to_owned(),
    }
}

async fn serve(args: BankServeArgs) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let listen = TcpListener::bind(args.listen).await.with_context(|| {
        format!(
            "{} cannot be listened on; choose another address with --listen",
            args.listen
        )
    })?;
    let url = match &args.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", listen.local_addr()?),
    };
    let control_secret = control_secret(&args)?;
    let config = configuration(&args, listen, url.clone(), control_secret.clone())?;
    let bank = bank_simulator::start(config)
        .await
        .context("the bank simulator cannot start")?;
    screen::heading("The bank simulator is running.");
    screen::value("bank", &url);
    screen::value("inbox", format!("{url}/inbox"));
    if let (Some(secret), None) = (&control_secret, &args.control_secret) {
        screen::value("control secret", secret.expose());
        screen::note("Inbox and control API want it as a bearer token from other machines.");
    }
    screen::note("Ctrl-C stops it.");
    signals.wait().await;
    bank.stop().await;
    Ok(())
}

fn configuration(
    args: &BankServeArgs,
    listen: TcpListener,
    public_url: String,
    control_secret: Option<Secret>,
) -> anyhow::Result<bank_simulator::Config> {
    let (Some(id), Some(secret), Some(key)) = (
        &args.partner_id,
        &args.partner_secret,
        &args.partner_public_key,
    ) else {
        bail!("--partner-id, --partner-secret and --partner-public-key say who the gateway is");
    };
    let otp_above =
        Amount::from_sen(i64::from(args.otp_above) * 100).context("--otp-above is no amount")?;
    Ok(bank_simulator::Config {
        listen,
        public_url,
        database: args.database.clone(),
        partner: bank_simulator::Partner {
            client_id: id.clone(),
            secret: files::read_secret(secret)?,
            public_key_pem: files::read_text(key)?,
            name: args.partner_name.clone(),
        },
        gateway: gateway(args)?,
        relaxed_otp: args.relaxed_otp,
        otp_above,
        control_secret,
    })
}

/// From the file, or made now where other machines can reach the simulator.
fn control_secret(args: &BankServeArgs) -> anyhow::Result<Option<Secret>> {
    match &args.control_secret {
        Some(file) => files::read_secret(file).map(Some),
        None if args.listen.ip().is_loopback() => Ok(None),
        None => Ok(Some(entropy::secret("ctl_"))),
    }
}

fn gateway(args: &BankServeArgs) -> anyhow::Result<Option<bank_simulator::GatewayEndpoint>> {
    let Some(url) = &args.gateway_url else {
        return Ok(None);
    };
    let (Some(id), Some(secret), Some(key)) =
        (&args.bank_id, &args.bank_secret, &args.bank_private_key)
    else {
        bail!("--gateway-url also needs --bank-id, --bank-secret and --bank-private-key");
    };
    let url = url.trim_end_matches('/');
    Ok(Some(bank_simulator::GatewayEndpoint {
        token_url: format!("{url}{}", snap::paths::BANK_TOKEN_B2B),
        notify_url: format!("{url}{}", snap::paths::BANK_NOTIFY),
        client_id: id.clone(),
        private_key_pem: files::read_secret(key)?,
        secret: files::read_secret(secret)?,
    }))
}
