//! The customer's way through the pages, one page at a time.

use std::time::Duration;

use snap::{Case, ReceivedCode, Secret};
use url::Url;

use super::Error;
use super::browser::{Browser, Visited};
use super::html::{Form, Page};
use super::inbox::Inbox;
use super::visit::{Customer, Ending, Script, Visit};

/// More pages than any journey has, wrong entries included.
const MOST_STEPS: usize = 40;
/// How often a page that does not know yet is looked at again.
const PATIENCE: u32 = 10;
/// How long such a page is waited for at most, whatever it asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Plays the customer on a `redirectUrl` or `webRedirectUrl`.
pub async fn complete(url: &str, script: &Script) -> Result<Visit, Error> {
    let address = || Error::Address(url.to_owned());
    let first = Url::parse(url).map_err(|_| address())?;
    if !matches!(first.scheme(), "http" | "https") {
        return Err(address());
    }
    let journey = Journey {
        browser: Browser::new()?,
        script,
        customer: None,
        inbox: None,
        gateway: first.origin(),
        bank: None,
        patience: PATIENCE,
        visit: Visit {
            ending: Ending::Unknown,
            end: None,
            code: None,
            sent_to: None,
            otps: Vec::new(),
        },
    };
    journey.walk(first).await
}

struct Journey<'a> {
    browser: Browser,
    script: &'a Script,
    customer: Option<&'a Customer>,
    inbox: Option<Inbox>,
    gateway: url::Origin,
    bank: Option<url::Origin>,
    patience: u32,
    visit: Visit,
}

/// What comes after a page.
enum Next {
    Open(Url),
    Submit(Url, Vec<(String, String)>),
    Leave,
}

impl Journey<'_> {
    async fn walk(mut self, first: Url) -> Result<Visit, Error> {
        let mut next = Next::Open(first);
        for _ in 0..MOST_STEPS {
            let visited = match next {
                Next::Open(url) => self.browser.get(&url).await?,
                Next::Submit(url, fields) => {
                    let fields: Vec<(&str, &str)> = fields
                        .iter()
                        .map(|(name, value)| (name.as_str(), value.as_str()))
                        .collect();
                    self.browser.post(&url, &fields).await?
                }
                Next::Leave => return Ok(self.visit),
            };
            next = self.look_at(&visited).await?;
        }
        Err(Error::Endless(MOST_STEPS))
    }

    async fn look_at(&mut self, visited: &Visited) -> Result<Next, Error> {
        if let Some(location) = &visited.location {
            return Ok(self.follow(&visited.url, location).await);
        }
        let page = &visited.page;
        if page.is_hosted() && visited.url.origin() != self.gateway {
            self.bank = Some(visited.url.origin());
        }
        if let Some((end, code)) = &page.end {
            return Ok(self.end(visited, end, code.as_deref()).await);
        }
        self.recognise(page)?;
        if let Some(next) = self.fill_in(visited).await? {
            return Ok(next);
        }
        if let Some((seconds, address)) = &page.refresh {
            wait(*seconds).await;
            return Ok(self.follow(&visited.url, address).await);
        }
        Ok(match &page.way_back {
            Some(address) => self.follow(&visited.url, address).await,
            None => self.arrived(visited.url.as_str()),
        })
    }

    /// Finds out who is playing, on the first page that has a form.
    fn recognise(&mut self, page: &Page) -> Result<(), Error> {
        if self.customer.is_some() || page.forms.is_empty() {
            return Ok(());
        }
        let customers = &self.script.customers;
        let shown = customers
            .iter()
            .find(|customer| page.shows_end_of(&customer.phone_no));
        self.customer = shown.or(customers.first());
        if let (Some(address), Some(customer)) = (&self.script.inbox_url, self.customer) {
            self.inbox = Some(Inbox::new(address, &customer.phone_no)?);
        }
        Ok(())
    }

    /// The form a customer would use on this page, filled in.
    async fn fill_in(&mut self, visited: &Visited) -> Result<Option<Next>, Error> {
        let page = &visited.page;
        if self.script.cancel
            && let Some(form) = page.form("cancel")
        {
            return Ok(Some(submit(&visited.url, form, None)));
        }
        let (form, typed) = if let Some(form) = page.form("pin") {
            if self.script.abandon {
                return Ok(Some(self.walk_away()));
            }
            (form, Some(self.pin()?))
        } else if let Some(form) = page.form("otp") {
            if self.script.abandon {
                return Ok(Some(self.walk_away()));
            }
            match self.otp().await? {
                Some(otp) => (form, Some(otp)),
                None => return Ok(Some(self.walk_away())),
            }
        } else if let Some(form) = page.form("start") {
            if let Some(inbox) = &mut self.inbox {
                inbox.remember(&self.browser).await?;
            }
            (form, None)
        } else {
            return Ok(None);
        };
        Ok(Some(submit(&visited.url, form, typed.as_deref())))
    }

    fn pin(&self) -> Result<String, Error> {
        let pin = &self.customer.ok_or(Error::NoPin)?.pin;
        if self.script.wrong_pin {
            Ok(different(pin.expose()))
        } else {
            Ok(pin.expose().to_owned())
        }
    }

    async fn otp(&mut self) -> Result<Option<String>, Error> {
        let inbox = self.inbox.as_ref().ok_or(Error::NoInbox)?;
        let otp = inbox.otp(&self.browser).await?;
        self.visit.otps.extend(otp.clone().map(Secret::new));
        Ok(otp.map(|otp| {
            if self.script.wrong_otp {
                different(&otp)
            } else {
                otp
            }
        }))
    }

    /// A page with words and no form: the way on to the bank, a moment to wait, or the end.
    async fn end(&mut self, visited: &Visited, end: &str, code: Option<&str>) -> Next {
        let page: &Page = &visited.page;
        if let ("open", Some(address)) = (end, &page.go_on) {
            return self.follow(&visited.url, address).await;
        }
        let open = matches!(
            end,
            "open" | "unknown" | "bank-down" | "unavailable" | "waiting"
        );
        if let (true, Some((seconds, address))) = (open && self.patience > 0, &page.refresh) {
            self.patience -= 1;
            wait(*seconds).await;
            return self.follow(&visited.url, address).await;
        }
        self.visit.ending = match end {
            "success" => Ending::Completed,
            "cancelled" => Ending::Cancelled,
            _ if code.is_some_and(says_cancelled) => Ending::Cancelled,
            _ if open => Ending::Unknown,
            _ => Ending::Refused,
        };
        self.visit.end = Some(end.to_owned());
        if code.is_some() {
            self.visit.code = code.map(str::to_owned);
        }
        let refresh = page.refresh.as_ref().map(|(_, address)| address);
        match page.way_back.as_ref().or(refresh) {
            Some(address) => self.follow(&visited.url, address).await,
            None => Next::Leave,
        }
    }

    /// Goes where a redirect, a refresh or a link points. An address that is neither the
    /// gateway's nor the bank's, once the bank is known or the page has ended, is the merchant's.
    async fn follow(&mut self, from: &Url, address: &str) -> Next {
        let Ok(url) = from.join(address) else {
            return self.arrived(address);
        };
        let origin = url.origin();
        let hosted = origin == self.gateway || self.bank.as_ref() == Some(&origin);
        let web = matches!(url.scheme(), "http" | "https");
        if web && (hosted || (self.bank.is_none() && self.visit.end.is_none())) {
            return Next::Open(url);
        }
        if web && is_loopback(&url) {
            // A merchant's page on this machine is opened as a browser would; what it answers
            // changes nothing about how the visit ended.
            drop(self.browser.get(&url).await);
        }
        self.arrived(address)
    }

    fn arrived(&mut self, address: &str) -> Next {
        self.visit.sent_to = Some(address.to_owned());
        Next::Leave
    }

    fn walk_away(&mut self) -> Next {
        self.visit.ending = Ending::Abandoned;
        Next::Leave
    }
}

/// A bank may give the customer's own cancel as the reason of a refusal.
fn says_cancelled(code: &str) -> bool {
    ReceivedCode::parse(code).and_then(ReceivedCode::case) == Some(Case::TransactionCancelled)
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds).min(LONGEST_WAIT)).await;
}

fn submit(page: &Url, form: &Form, typed: Option<&str>) -> Next {
    let url = page.join(&form.action).unwrap_or_else(|_| page.clone());
    let fields = form
        .fields
        .iter()
        .map(|field| match typed {
            Some(text) if field.typed => (field.name.clone(), text.to_owned()),
            _ => (field.name.clone(), field.value.clone()),
        })
        .collect();
    Next::Submit(url, fields)
}

/// Another code of the same length: every digit moved on by one.
fn different(code: &str) -> String {
    code.chars()
        .map(|digit| match digit {
            '0'..='8' => char::from_u32(u32::from(digit) + 1).unwrap_or('0'),
            _ => '0',
        })
        .collect()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_different_code_differs_in_every_digit() {
        assert_eq!(different("091234"), "102345");
    }
}
