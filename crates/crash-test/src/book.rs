//! What merchants and customers were told during a run, kept where nothing is killed.

use std::collections::BTreeMap;

use merchant_sdk::pages::Ending;
use snap::Amount;

use crate::calls::Said;

/// Everything that one worker was told.
#[derive(Default)]
pub struct Book {
    /// Which merchant it works for.
    pub merchant: usize,
    /// Definite answers of operations that change something, in order.
    pub answers: Vec<Told>,
    /// Payments by the merchant's reference.
    pub payments: BTreeMap<String, Paying>,
    /// Bindings by authCode.
    pub bindings: BTreeMap<String, Link>,
    /// What must never be said to a merchant.
    pub oddities: Vec<String>,
    /// Definite answers of any kind.
    pub count: u64,
}

/// A definite answer.
pub struct Told {
    /// The answer with its request.
    pub said: Said,
    /// The authCode of the binding whose token the request carried.
    pub auth_code: Option<String>,
}

/// A payment as its merchant knows it.
pub struct Paying {
    /// How much.
    pub amount: Amount,
    /// Whether it was accepted (2005400).
    pub accepted: bool,
    /// The code of a definite no.
    pub refused: Option<String>,
    /// What the customer saw at the end of the pages.
    pub seen_by_customer: Option<Ending>,
    /// What status inquiries said, in order, without repeats.
    pub statuses: Vec<String>,
    /// Its refunds.
    pub refunds: Vec<Refunding>,
}

/// A refund as its merchant knows it.
pub struct Refunding {
    /// The merchant's number.
    pub number: String,
    /// How much.
    pub amount: Amount,
    /// Yes, no, or never heard.
    pub done: Option<bool>,
}

/// A binding as its merchant knows it.
#[derive(Default)]
pub struct Link {
    /// The merchant's name for the customer.
    pub customer: String,
    /// Whether its code was good for a token.
    pub was_active: bool,
    /// Whether its end was asked for.
    pub ending: bool,
    /// Whether its end was confirmed (2000900).
    pub ended: bool,
}

impl Book {
    /// An empty book of a merchant.
    pub fn of(merchant: usize) -> Self {
        Self {
            merchant,
            ..Self::default()
        }
    }

    /// Keeps an answer to something that changes something.
    pub fn keep(&mut self, said: &Said, auth_code: Option<&str>) {
        self.count += 1;
        self.answers.push(Told {
            said: said.clone(),
            auth_code: auth_code.map(str::to_owned),
        });
    }
}

impl Paying {
    /// A payment that was only asked for.
    pub fn of(amount: Amount) -> Self {
        Self {
            amount,
            accepted: false,
            refused: None,
            seen_by_customer: None,
            statuses: Vec::new(),
            refunds: Vec::new(),
        }
    }

    /// Whether the merchant may believe that it was paid.
    pub fn looks_paid(&self) -> bool {
        self.seen_by_customer == Some(Ending::Completed)
            || self.statuses.iter().any(|status| status == "00")
    }

    /// What is not yet asked back.
    pub fn left_sen(&self) -> i64 {
        let asked = self
            .refunds
            .iter()
            .filter(|refund| refund.done != Some(false));
        self.amount.sen() - asked.map(|refund| refund.amount.sen()).sum::<i64>()
    }
}
