//! The bank: links, payments, refunds and a ledger in memory, speaking the bank port's messages.
//!
//! It is honest unless told to lie, and keeps what a bank promises: a repeat under one reference is the
//! same thing, a page ends at its time, what is unlinked stays unlinked. It checks no signatures; the
//! gateway's own tests do. What it decides by chance it decides by amount, so that a repeat hears the same.

mod answers;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;
use snap::Amount;

/// The bank's books.
#[derive(Debug, Default)]
pub struct Bank {
    /// Links by the gateway's binding id.
    pub links: BTreeMap<String, Link>,
    /// Payments by the gateway's payment id.
    pub payments: BTreeMap<String, Payment>,
    /// Refunds by the gateway's refund id.
    pub refunds: BTreeMap<String, Refund>,
    /// What moved, in sen, by payment: out of the customer's account is positive.
    pub movements: Vec<(String, i64)>,
    /// Payments whose end has to be told.
    pub untold: Vec<String>,
    /// Payments that a forged notification was about, and whether a gateway refused it for what it said.
    pub forged: BTreeMap<String, bool>,
    /// Until when no connection is accepted.
    pub down_until_ms: i64,
    /// Its one lie, for tests of the checks.
    pub lie: Lie,
    /// Its token at the gateways, while it has one.
    pub token: Option<String>,
    token_epoch: u64,
}

/// What a bank may do wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    #[default]
    None,
    /// It debits each customer twice.
    DebitsTwice,
    /// It says that it refunded and does not.
    KeepsRefunds,
}

/// A link between the gateway and a customer's account.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it stands.
    pub state: Linked,
    /// The account.
    pub account: String,
    /// The merchant's name for the customer.
    pub customer: String,
    /// Where the browser returns to.
    pub return_url: String,
    /// Whether the customer ended it in the bank's own app.
    pub left: bool,
    expires_ms: i64,
}

/// How far a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// The customer has not finished.
    Pending,
    /// It is.
    Yes,
    /// It was, or was ended before.
    NoMore,
    /// The customer said no.
    Refused,
}

/// A payment.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Where it stands.
    pub state: Paid,
    /// How much, in sen.
    pub sen: i64,
    /// What the customer reads: the merchant's reference.
    pub remarks: String,
    /// Where the browser returns to.
    pub return_url: String,
    link: String,
    expires_ms: i64,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// The page is open.
    Pending,
    /// The money moved.
    Yes,
    /// It will not.
    Cancelled,
    /// The bank said no on its page.
    Failed,
}

/// A refund.
#[derive(Clone, Debug)]
pub struct Refund {
    /// Of which payment.
    pub payment: String,
    /// How much, in sen.
    pub sen: i64,
    /// Whether the money is back.
    pub done: bool,
    asked: u32,
}

impl Bank {
    /// Empty books, and what the bank does wrong.
    pub fn telling(lie: Lie) -> Self {
        Self {
            lie,
            ..Self::default()
        }
    }

    /// What the customer does on the page of a payment; false when there is none.
    pub fn customer_pays(&mut self, reference: &str, does: Paid, now_ms: i64) -> bool {
        self.expire(reference, now_ms);
        let Some(payment) = self.payments.get_mut(reference) else {
            return false;
        };
        let linked = self.links.get(&payment.link).map(|link| link.state) == Some(Linked::Yes);
        if payment.state != Paid::Pending || does == Paid::Pending || !linked {
            return false;
        }
        payment.state = does;
        if does == Paid::Yes {
            let twice = self.lie == Lie::DebitsTwice;
            for _ in 0..(if twice { 2 } else { 1 }) {
                self.movements.push((reference.to_owned(), payment.sen));
            }
        }
        self.untold.push(reference.to_owned());
        true
    }

    /// What the customer does on the page of a link; false when there is none.
    pub fn customer_links(&mut self, reference: &str, does: Linked, now_ms: i64) -> bool {
        match self.links.get_mut(reference) {
            Some(link) if link.state == Linked::Pending && now_ms < link.expires_ms => {
                link.state = does;
                true
            }
            _ => false,
        }
    }

    /// The customer ends the link in the bank's own app.
    pub fn customer_leaves(&mut self, customer: &str) {
        let links: Vec<String> = self
            .links
            .iter()
            .filter(|(_, link)| link.customer == customer && link.state == Linked::Yes)
            .map(|(id, _)| id.clone())
            .collect();
        for id in links {
            self.unlink(&id);
            if let Some(link) = self.links.get_mut(&id) {
                link.left = true;
            }
        }
    }

    /// Ends a link and its open payments; false when there is none.
    fn unlink(&mut self, reference: &str) -> bool {
        let Some(link) = self.links.get_mut(reference) else {
            return false;
        };
        link.state = Linked::NoMore;
        let all = self.payments.iter_mut();
        for (id, payment) in all.filter(|(_, payment)| payment.link == reference) {
            if payment.state == Paid::Pending {
                payment.state = Paid::Cancelled;
                self.untold.push(id.clone());
            }
        }
        true
    }

    /// The bank's notification of a payment (56), in the amount that it says.
    pub fn notification(&self, reference: &str, forged: bool) -> Option<Bytes> {
        let payment = self.payments.get(reference)?;
        let sen = payment.sen.saturating_add(if forged { 100 } else { 0 });
        let mut info = json!({});
        if payment.state == Paid::Failed {
            info =
                json!({"originalResponseCode": "4035414", "originalResponseMessage": "No funds"});
        }
        let status = match self.code_of(reference, payment) {
            "04" => "00",
            other => other,
        };
        let body = json!({
            "originalPartnerReferenceNo": reference,
            "originalReferenceNo": format!("P-{reference}"),
            "latestTransactionStatus": status,
            "amount": {"value": rupiah(sen), "currency": "IDR"},
            "additionalInfo": info,
        });
        Some(body.to_string().into())
    }

    /// What of a payment went back.
    pub fn given_back(&self, reference: &str) -> i64 {
        self.of_payment(reference)
            .filter(|refund| refund.done)
            .map(|refund| refund.sen)
            .sum()
    }

    fn of_payment(&self, reference: &str) -> impl Iterator<Item = &Refund> {
        let mine = move |refund: &&Refund| refund.payment == reference;
        self.refunds.values().filter(mine)
    }

    fn expire(&mut self, reference: &str, now_ms: i64) {
        if let Some(payment) = self.payments.get_mut(reference)
            && payment.state == Paid::Pending
            && payment.expires_ms <= now_ms
        {
            payment.state = Paid::Cancelled;
            self.untold.push(reference.to_owned());
        }
    }

    /// SNAP's word for where a payment is.
    fn code_of(&self, reference: &str, payment: &Payment) -> &'static str {
        match payment.state {
            Paid::Pending => "02",
            Paid::Yes if self.given_back(reference) == payment.sen => "04",
            Paid::Yes => "00",
            Paid::Cancelled => "05",
            Paid::Failed => "06",
        }
    }
}

fn rupiah(sen: i64) -> String {
    Amount::from_sen(sen).unwrap_or(Amount::ZERO).to_string()
}
