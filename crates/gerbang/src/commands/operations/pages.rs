//! The page for the customer: its address, a QR code of it, a browser, and where it leads in the end.

use anyhow::{Context as _, bail};
use merchant_sdk::ReturnTo;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use url::{Host, Url};

use super::return_page::ReturnPage;
use super::{Session, quoted};
use crate::cli::PageArgs;
use crate::screen;

/// Shows the page for the customer with this phone number, and opens it if that is wanted.
pub fn show(
    session: &Session,
    args: &PageArgs,
    page: &str,
    phone_no: Option<&str>,
) -> anyhow::Result<()> {
    if session.json {
        screen::aside(format!("the customer's page: {page}"));
    } else {
        screen::value("the customer's page", page);
        if args.qr || (screen::is_terminal() && !is_local(page)) {
            screen::dark_on_light(&qr_code(page)?);
        }
    }
    let opened = args.open && open::that_detached(page).is_ok();
    if args.open && !opened {
        screen::aside("no browser could be opened on this machine");
    }
    if let (Some(sandbox), false) = (&session.profile.sandbox, session.json) {
        let mut customers = sandbox.customers.iter();
        let customer = customers.find(|one| Some(one.phone_no.as_str()) == phone_no);
        let pin = customer.map_or("the customer's", |customer| customer.pin.expose());
        screen::value(
            "to type there",
            format!("the PIN {pin}, and OTPs from {}", sandbox.inbox_url),
        );
        if !opened {
            screen::note("open it, or let a command play the customer:");
            session.next(&format!("customer complete {}", quoted(page)));
        }
    }
    Ok(())
}

/// Where the customer's browser goes in the end: the named URL, the page of this command, or the sandbox's
/// demo merchant, whose page for a good end is `good`.
pub fn return_to(
    session: &Session,
    args: &PageArgs,
    waiting: Option<&ReturnPage>,
    good: &str,
) -> anyhow::Result<ReturnTo> {
    if let Some(url) = &args.return_url {
        return Ok(ReturnTo {
            success: url.clone(),
            failed: url.clone(),
        });
    }
    if let Some(page) = waiting {
        return Ok(page.return_to());
    }
    let Some(sandbox) = &session.profile.sandbox else {
        bail!("say where the customer's browser goes in the end: --return-url https://…");
    };
    let at = Url::parse(&sandbox.notification_url).context("sandbox.json is damaged")?;
    Ok(ReturnTo {
        success: at.join(good)?.into(),
        failed: at.join("/failed")?.into(),
    })
}

/// Blocks where it is dark.
fn qr_code(text: &str) -> anyhow::Result<String> {
    let code = QrCode::new(text).context("the address is too long for a QR code")?;
    let mut picture = code.render::<Dense1x2>();
    Ok(picture
        .dark_color(Dense1x2::Dark)
        .light_color(Dense1x2::Light)
        .build())
}

/// Whether only this machine can open it.
fn is_local(page: &str) -> bool {
    let url = Url::parse(page).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => true,
    }
}
