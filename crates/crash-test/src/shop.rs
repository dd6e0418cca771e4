//! The load: a merchant's program with one of its customers. It links, pays, asks, refunds and unlinks, as
//! chance has it, and writes down what it is told.

use std::time::Duration;

use anyhow::{Context as _, Result};
use merchant_sdk::pages::{self, Ending, Script};
use rand::RngExt as _;
use snap::{Amount, paths};
use tokio::time::timeout;

use crate::bodies;
use crate::book::{Book, Link, Paying, Refunding};
use crate::calls::{Caller, text_in};

/// How long a customer looks at a page that does not come.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often a customer begins anew.
const VISITS: usize = 3;

/// A program and its customer.
pub struct Shop {
    /// How it calls.
    pub caller: Caller,
    /// What it was told.
    pub book: Book,
    customer_id: String,
    phone_no: String,
    script: Script,
    codes: Vec<String>,
    link: Option<Token>,
}

/// A linked customer.
#[derive(Clone)]
struct Token {
    code: String,
    access: String,
    refresh: String,
}

impl Shop {
    /// A program of a merchant for a customer.
    pub fn new(
        caller: Caller,
        merchant: usize,
        customer: pages::Customer,
        inbox_url: String,
    ) -> Self {
        Self {
            caller,
            book: Book::of(merchant),
            customer_id: format!("cust-{}", customer.phone_no),
            phone_no: customer.phone_no.clone(),
            script: Script {
                inbox_url: Some(inbox_url),
                customers: vec![customer],
                ..Script::default()
            },
            codes: Vec::new(),
            link: None,
        }
    }

    /// Works until it is time to close.
    ///
    /// # Errors
    /// When a request cannot be written.
    pub async fn work(mut self) -> Result<Book> {
        while !self.caller.hours.are_closed() {
            let Some(link) = self.link.clone() else {
                self.bind().await?;
                continue;
            };
            match self.caller.rng.random_range(0..100) {
                0..50 => self.pay(&link, false).await?,
                50..56 => self.pay(&link, true).await?,
                56..76 => self.refund().await?,
                76..86 => self.ask().await?,
                86..91 => self.look_at_balance(&link).await?,
                91..97 => self.renew(&link).await?,
                _ => self.unbind(&link).await?,
            }
        }
        Ok(self.book)
    }

    /// Links the customer, or finds out that they are linked.
    async fn bind(&mut self) -> Result<()> {
        let wire = self.caller.wire(
            paths::BINDING,
            bodies::binding(&self.phone_no, &self.customer_id)?,
        );
        let Some(said) = self.caller.insist(wire, None).await else {
            return Ok(());
        };
        self.book.keep(&said, None);
        if !said.done {
            // A link of which we never heard: one of the codes is good.
            for code in self.codes.clone().iter().rev() {
                if self.exchange(code).await? {
                    return Ok(());
                }
            }
            return Ok(());
        }
        let code = text_in(&said.body, "/additionalInfo/authCode").context("no authCode")?;
        let page = text_in(&said.body, "/redirectUrl").context("no redirectUrl")?;
        self.codes.push(code.clone());
        let link = self.book.bindings.entry(code.clone()).or_default();
        link.customer.clone_from(&self.customer_id);
        let script = self.script.clone();
        self.visit(&page, &script).await;
        self.exchange(&code).await?;
        Ok(())
    }

    /// Exchanges a code for a token; whether it was good.
    async fn exchange(&mut self, code: &str) -> Result<bool> {
        let wire = self
            .caller
            .wire(paths::TOKEN_B2B2C, bodies::exchange(code, false)?);
        let Some(said) = self.caller.insist(wire, None).await else {
            return Ok(false);
        };
        self.book.count += 1;
        let link: &mut Link = self.book.bindings.entry(code.to_owned()).or_default();
        if !said.done {
            if link.was_active && !link.ending {
                let oddity = format!("a binding was active and then not: {} {code}", said.code);
                self.book.oddities.push(oddity);
            }
            return Ok(false);
        }
        if link.ended {
            self.book
                .oddities
                .push(format!("a binding that had ended gave a token: {code}"));
        }
        link.was_active = true;
        let text = |path| text_in(&said.body, path).context("no token");
        self.link = Some(Token {
            code: code.to_owned(),
            access: text("/accessToken")?,
            refresh: text("/refreshToken")?,
        });
        Ok(true)
    }

    async fn renew(&mut self, link: &Token) -> Result<()> {
        let wire = self
            .caller
            .wire(paths::TOKEN_B2B2C, bodies::exchange(&link.refresh, true)?);
        if let Some(said) = self.caller.insist(wire, None).await {
            self.book.count += 1;
            match (said.done, text_in(&said.body, "/accessToken")) {
                (true, Some(access)) => {
                    self.link = Some(Token {
                        access,
                        ..link.clone()
                    })
                }
                _ => self.doubt(link).await?,
            }
        }
        Ok(())
    }

    async fn pay(&mut self, link: &Token, twice_at_once: bool) -> Result<()> {
        let reference = format!("PAY{}", self.caller.fresh());
        // The sen .05 are the simulator's sign to refuse.
        let refused = self.caller.rng.random_ratio(1, 15);
        let rupiah: i64 = self.caller.rng.random_range(1_000..60_000);
        let amount = rupiah * 100 + if refused { 5 } else { 0 };
        let amount = Amount::from_sen(amount).context("no amount")?;
        self.book
            .payments
            .insert(reference.clone(), Paying::of(amount));
        let body = bodies::payment(&reference, amount)?;
        if twice_at_once {
            let (one, other) = (
                self.caller.wire(paths::PAYMENT, body.clone()),
                self.caller.wire(paths::PAYMENT, body.clone()),
            );
            let first = self.caller.clients.first().cloned();
            let last = self.caller.clients.last().cloned();
            if let (Some(first), Some(last)) = (first, last) {
                // Neither answer is looked at: what counts is what is asked for next.
                let access = Some(link.access.as_str());
                drop(tokio::join!(
                    crate::calls::send(&first, &one, access),
                    crate::calls::send(&last, &other, access)
                ));
            }
        }
        let wire = self.caller.wire(paths::PAYMENT, body);
        let Some(mut said) = self.caller.insist(wire, Some(&link.access)).await else {
            return Ok(());
        };
        // Somebody was before it.
        said.tries += u32::from(twice_at_once) * 2;
        if said.code.starts_with("401") {
            return self.doubt(link).await;
        }
        self.caller.hours.payment();
        self.book.keep(&said, Some(&link.code));
        let page = text_in(&said.body, "/webRedirectUrl");
        let payment = self
            .book
            .payments
            .get_mut(&reference)
            .context("a payment got lost here")?;
        if !said.done {
            payment.refused = Some(said.code);
            return Ok(());
        }
        payment.accepted = true;
        let page = page.context("accepted without a page")?;
        let script = match self.caller.rng.random_range(0..100) {
            0..72 => self.script.clone(),
            72..80 => Script {
                cancel: true,
                ..self.script.clone()
            },
            80..86 => Script {
                abandon: true,
                ..self.script.clone()
            },
            _ => return Ok(()),
        };
        let ending = self.visit(&page, &script).await;
        if let Some(payment) = self.book.payments.get_mut(&reference) {
            payment.seen_by_customer = ending;
        }
        self.ask_about(&reference).await
    }

    /// Plays the customer. A page that breaks is opened again, a few times.
    async fn visit(&mut self, page: &str, script: &Script) -> Option<Ending> {
        for _ in 0..VISITS {
            if let Ok(Ok(visit)) = timeout(PATIENCE, pages::complete(page, script)).await
                && visit.ending != Ending::Unknown
            {
                self.caller.hours.progress();
                return Some(visit.ending);
            }
            if self.caller.hours.are_over() {
                break;
            }
        }
        None
    }

    /// Asks about any payment.
    async fn ask(&mut self) -> Result<()> {
        let known = self.book.payments.len().max(1);
        let at = self.caller.rng.random_range(0..known);
        match self.book.payments.keys().nth(at).cloned() {
            Some(reference) => self.ask_about(&reference).await,
            None => Ok(()),
        }
    }

    async fn ask_about(&mut self, reference: &str) -> Result<()> {
        let wire = self.caller.wire(paths::STATUS, bodies::status(reference)?);
        let Some(said) = self.caller.insist(wire, None).await else {
            return Ok(());
        };
        self.book.count += 1;
        let Some(payment) = self.book.payments.get_mut(reference) else {
            return Ok(());
        };
        let status = text_in(&said.body, "/latestTransactionStatus");
        match status {
            Some(status) if said.done && payment.statuses.last() == Some(&status) => {}
            Some(status) if said.done => payment.statuses.push(status),
            _ if payment.accepted => {
                let oddity = format!("{reference} was accepted and its status is {}", said.code);
                self.book.oddities.push(oddity);
            }
            _ => {}
        }
        Ok(())
    }

    /// Refunds any payment that was paid: a part, all that is left, or too much.
    async fn refund(&mut self) -> Result<()> {
        let paid: Vec<(String, i64)> = self
            .book
            .payments
            .iter()
            .filter(|(_, payment)| payment.looks_paid() && payment.left_sen() > 0)
            .map(|(reference, payment)| (reference.clone(), payment.left_sen()))
            .collect();
        if paid.is_empty() {
            return self.ask().await;
        }
        let at = self.caller.rng.random_range(0..paid.len());
        let Some((reference, left)) = paid.get(at).cloned() else {
            return Ok(());
        };
        let sen = match self.caller.rng.random_range(0..10) {
            0..4 => left,
            4..8 => self.caller.rng.random_range(1..=left / 100) * 100,
            _ => left + 100,
        };
        let amount = Amount::from_sen(sen.max(1)).context("no amount")?;
        let number = format!("BACK{}", self.caller.fresh());
        let wire = self
            .caller
            .wire(paths::REFUND, bodies::refund(&reference, &number, amount)?);
        let said = self.caller.insist(wire, None).await;
        if let Some(said) = &said {
            self.caller.hours.refund();
            self.book.keep(said, None);
        }
        let payment = self
            .book
            .payments
            .get_mut(&reference)
            .context("a payment got lost here")?;
        payment.refunds.push(Refunding {
            number,
            amount,
            done: said.map(|said| said.done),
        });
        Ok(())
    }

    async fn look_at_balance(&mut self, link: &Token) -> Result<()> {
        let wire = self.caller.wire(paths::BALANCE, bodies::balance()?);
        if let Some(said) = self.caller.insist(wire, Some(&link.access)).await {
            self.book.count += 1;
            if said.code.starts_with("401") {
                self.doubt(link).await?;
            }
        }
        Ok(())
    }

    async fn unbind(&mut self, link: &Token) -> Result<()> {
        self.book
            .bindings
            .entry(link.code.clone())
            .or_default()
            .ending = true;
        self.link = None;
        let wire = self
            .caller
            .wire(paths::UNBINDING, bodies::unbinding(&link.access)?);
        if let Some(said) = self.caller.insist(wire, None).await {
            self.book.keep(&said, None);
            if !said.done {
                let oddity = format!("an unbinding was refused: {} {}", said.code, link.code);
                self.book.oddities.push(oddity);
            }
            self.book
                .bindings
                .entry(link.code.clone())
                .or_default()
                .ended = said.done;
        }
        Ok(())
    }

    /// A token that is refused: its code tells whether the link is still there.
    async fn doubt(&mut self, link: &Token) -> Result<()> {
        self.link = None;
        self.exchange(&link.code).await.map(drop)
    }
}
