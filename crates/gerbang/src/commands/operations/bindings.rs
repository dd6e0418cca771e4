//! `gerbang bind`: links a customer's account. The customer types OTP and PIN on the bank's page; then the
//! binding's code is exchanged for the customer's token, which is kept for the other commands.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use merchant_sdk::{Customer, Handset, NewBinding, Os, Outcome, Through};
use serde_json::json;
use snap::timestamp::format_jakarta;
use tokio::time::{Instant, sleep, sleep_until};

use super::live::Live;
use super::return_page::{Came, ReturnPage, came_back};
use super::{Session, ended, masked, pages, quoted};
use crate::cli::BindArgs;
use crate::commands::span;
use crate::profiles::{Begun, Linked};
use crate::{entropy, files, screen};

/// How often the gateway is asked whether a customer who comes back elsewhere has finished.
const ASK_EVERY: Duration = Duration::from_secs(3);
/// The same for a gateway that is not ours.
const ASK_DOKU_EVERY: Duration = Duration::from_secs(10);

/// Links, or goes on with a linking.
pub async fn run(args: BindArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.operation)?;
    if args.finish {
        return finish(&session, &args).await;
    }
    let timeout = span::duration(&args.page.timeout)?;
    let mut page = match args.no_wait || args.page.return_url.is_some() {
        true => None,
        false => Some(ReturnPage::listen().await?),
    };
    let return_to = pages::return_to(&session, &args.page, page.as_ref(), "/linked")?;
    let phone_no = phone(&session, &args)?;
    let customer = args.customer.clone().unwrap_or_else(entropy::customer_id);
    let handset = Handset {
        model: "gerbang".to_owned(),
        os: Os::Android,
        through: Through::Web,
    };
    let request = NewBinding::new(&phone_no, &customer, &handset, &return_to)?;
    let outcome = session.profile.client().bind(&request).await;
    let binding = match outcome.map_err(|error| session.explain(error))? {
        Outcome::Done(binding) => binding,
        Outcome::Refused { code, meaning } => {
            return Ok(ended::refused(&session, "the binding", &code, &meaning));
        }
        Outcome::Unknown(lost) => {
            // No money is involved, and nobody has the page: a new one may be begun.
            return Ok(ended::unknown(
                &session,
                "the binding",
                "",
                &lost,
                &["bind".to_owned()],
            ));
        }
    };
    let begun = Begun {
        customer,
        phone_no: Some(phone_no),
        auth_code: binding.auth_code,
    };
    session
        .profile
        .customers
        .change(|kept| kept.begin(begun.clone()))?;
    if !session.json {
        screen::good(format!("the bank's page for {} is ready", begun.customer));
    }
    let phone_no = begun.phone_no.as_deref();
    pages::show(&session, &args.page, &binding.redirect_url, phone_no)?;
    if args.no_wait {
        no_wait(&session, &begun, &binding.redirect_url);
        return Ok(ExitCode::SUCCESS);
    }
    let code = wait(&session, &begun, &mut page, timeout).await?;
    if let Some(page) = page {
        page.stop().await;
    }
    Ok(code)
}

fn no_wait(session: &Session, begun: &Begun, page: &str) {
    if session.json {
        screen::json(&json!({
            "outcome": "begun",
            "customer": begun.customer,
            "page": page,
        }));
        return;
    }
    screen::note("when the customer has finished there:");
    session.next(&format!(
        "bind --finish --customer {}",
        quoted(&begun.customer)
    ));
}

/// Until the customer is linked, comes back without, or takes too long.
async fn wait(
    session: &Session,
    begun: &Begun,
    page: &mut Option<ReturnPage>,
    timeout: Duration,
) -> anyhow::Result<ExitCode> {
    let live =
        Live::show("waiting for the customer (Ctrl-C stops; `gerbang bind --finish` goes on)")?;
    let client = session.profile.client();
    let every = if session.profile.is_doku() {
        ASK_DOKU_EVERY
    } else {
        ASK_EVERY
    };
    let deadline = Instant::now() + timeout;
    loop {
        let came = tokio::select! {
            came = came_back(page) => Some(came),
            () = sleep(every) => None,
            () = sleep_until(deadline) => break,
        };
        match client.exchange_code(&begun.auth_code).await {
            Ok(Outcome::Done(customer)) => {
                drop(live);
                return linked(session, begun, &customer).await;
            }
            Ok(Outcome::Refused { code, meaning })
                if came == Some(Came::Badly) || !is_not_yet(&code) =>
            {
                drop(live);
                session
                    .profile
                    .customers
                    .change(|kept| kept.give_up(&begun.customer))?;
                let ended = ended::refused(session, "the binding", &code, &meaning);
                not_linked(session, begun)?;
                return Ok(ended);
            }
            // Not finished yet, or the gateway could not be asked this time.
            Ok(_) | Err(_) => {}
        }
    }
    drop(live);
    if session.json {
        screen::json(&json!({ "outcome": "unknown", "customer": begun.customer }));
    } else {
        screen::bad("the customer has not finished");
        screen::note("  if they do, this goes on:");
        session.next(&format!(
            "bind --finish --customer {}",
            quoted(&begun.customer)
        ));
    }
    Ok(ended::not_over())
}

/// What a customer who came back without being linked may have met.
fn not_linked(session: &Session, begun: &Begun) -> anyhow::Result<()> {
    if session.json {
        return Ok(());
    }
    screen::note(
        "  the customer came back without being linked: they cancelled, or the bank's page said why",
    );
    let kept = session.kept()?;
    if let Some(other) = kept
        .linked
        .iter()
        .find(|one| one.phone_no == begun.phone_no)
    {
        screen::note("  this account is linked already; another link needs the end of that one:");
        session.next(&format!("unbind --customer {}", quoted(&other.customer)));
    }
    Ok(())
}

/// The code is not good before the customer has finished.
fn is_not_yet(code: &str) -> bool {
    code.starts_with("40174")
}

async fn finish(session: &Session, args: &BindArgs) -> anyhow::Result<ExitCode> {
    let begun = match &args.auth_code_file {
        Some(file) => elsewhere(args, file)?,
        None => session.kept()?.begun(args.customer.as_deref())?.clone(),
    };
    let outcome = session
        .profile
        .client()
        .exchange_code(&begun.auth_code)
        .await;
    match outcome.map_err(|error| session.explain(error))? {
        Outcome::Done(customer) => linked(session, &begun, &customer).await,
        Outcome::Refused { code, meaning } => {
            let ended = ended::refused(session, "the token", &code, &meaning);
            if !session.json && is_not_yet(&code) {
                screen::note("  perhaps the customer has not finished on the bank's page");
            }
            Ok(ended)
        }
        Outcome::Unknown(lost) => {
            let again = format!("bind --finish --customer {}", quoted(&begun.customer));
            Ok(ended::unknown(session, "the exchange", "", &lost, &[again]))
        }
    }
}

fn elsewhere(args: &BindArgs, file: &Path) -> anyhow::Result<Begun> {
    let auth_code = files::read_secret(file)?;
    let customer = args.customer.clone();
    Ok(Begun {
        customer: customer.context("say with --customer what you call this customer")?,
        phone_no: None,
        auth_code,
    })
}

async fn linked(session: &Session, begun: &Begun, customer: &Customer) -> anyhow::Result<ExitCode> {
    let tokens = customer.tokens().await;
    let until = tokens.ends_at_ms.map(format_jakarta);
    let linked = Linked::new(begun.customer.clone(), begun.phone_no.clone(), tokens);
    session.profile.customers.change(|kept| kept.link(linked))?;
    let phone_no = begun.phone_no.as_deref().map(masked);
    if session.json {
        screen::json(&json!({
            "outcome": "done",
            "customer": begun.customer,
            "phone_no": phone_no,
            "token_until": until,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    screen::good("the account is linked");
    screen::value("customer", &begun.customer);
    if let Some(phone_no) = phone_no {
        screen::value("phone", phone_no);
    }
    if let Some(until) = until {
        screen::value("token until", format!("{until}, renewed by itself"));
    }
    screen::note("next:");
    session.next("balance");
    session.next("pay --wait");
    Ok(ExitCode::SUCCESS)
}

/// The phone number that was given; in a sandbox one of the two ordinary demo customers.
fn phone(session: &Session, args: &BindArgs) -> anyhow::Result<String> {
    if let Some(phone) = &args.phone {
        return Ok(phone.clone());
    }
    let sandbox = session.profile.sandbox.as_ref();
    let sandbox = sandbox.context("say whose account is to be linked: --phone 62…")?;
    let kept = session.kept()?;
    let is_linked = |phone_no: &str| {
        let mut linked = kept.linked.iter();
        linked.any(|one| one.phone_no.as_deref() == Some(phone_no))
    };
    let mut ordinary = sandbox.customers.iter().take(2);
    let free = ordinary.find(|one| !is_linked(&one.phone_no));
    let chosen = free.or(sandbox.customers.first());
    Ok(chosen
        .context("sandbox.json has no customers")?
        .phone_no
        .clone())
}
