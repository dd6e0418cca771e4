//! A merchant's operations from a shell, through the SDK: link a customer, look at the balance, take a
//! payment, give it back, end the link. One file per noun, as in the SDK.
//!
//! Never here: a token or an auth code in what is printed; a new reference for something that may have
//! happened.
//!
//! To add one: its flags in `cli/operations.rs`, its story in a file here, and the endings through `ended`.

mod amounts;
mod balances;
mod bindings;
mod ended;
mod live;
mod pages;
mod payments;
mod refunds;
mod return_page;
mod statuses;
mod unbindings;

pub use balances::run as balance;
pub use bindings::run as bind;
pub use payments::run as pay;
pub use refunds::run as refund;
pub use statuses::run as status;
pub use unbindings::run as unbind;

use merchant_sdk::{Customer, Error};

use crate::cli::{OperationArgs, ProfileArgs};
use crate::profiles::{Kept, Linked, Profile};
use crate::screen;

/// One command: who acts where, and how it is told.
struct Session {
    profile: Profile,
    json: bool,
    /// What was typed to choose the profile, for commands that are shown.
    flags: String,
}

impl Session {
    fn open(args: &OperationArgs) -> anyhow::Result<Self> {
        Ok(Self {
            profile: Profile::chosen(&args.profile)?,
            json: args.json,
            flags: flags(&args.profile),
        })
    }

    /// Shows a command to type next, for the same merchant.
    fn next(&self, arguments: &str) {
        if !self.json {
            screen::command(format!("{arguments}{}", self.flags));
        }
    }

    fn kept(&self) -> anyhow::Result<Kept> {
        self.profile.customers.read()
    }

    /// The customer who is meant, and the handle that acts for them.
    fn customer(&self, id: Option<&str>) -> anyhow::Result<(Linked, Customer)> {
        let linked = self.kept()?.customer(id)?.clone();
        let customer = self.profile.client().customer(linked.tokens());
        Ok((linked, customer))
    }

    /// Keeps the tokens if the operation renewed them.
    async fn keep(&self, linked: &Linked, customer: &Customer) -> anyhow::Result<()> {
        let tokens = customer.tokens().await;
        if tokens == linked.tokens() {
            return Ok(());
        }
        let renewed = Linked::new(linked.customer.clone(), linked.phone_no.clone(), tokens);
        self.profile.customers.change(|kept| kept.renew(renewed))
    }

    fn explain(&self, error: Error) -> anyhow::Error {
        self.profile.explain(error)
    }
}

fn flags(profile: &ProfileArgs) -> String {
    let data = profile.data.as_ref().map(|data| data.display().to_string());
    let flag =
        |name, value: Option<&String>| value.map(|value| format!(" --{name} {}", quoted(value)));
    let flags = [
        flag("profile", profile.profile.as_ref()),
        flag("data", data.as_ref()),
    ];
    flags.into_iter().flatten().collect()
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), |quoted| quoted.into_owned())
}

/// Enough of a phone number for its owner to know it.
fn masked(phone_no: &str) -> String {
    let digits: Vec<char> = phone_no.chars().collect();
    let hidden = digits.len().saturating_sub(4);
    let last: String = digits.iter().skip(hidden).collect();
    format!("••••{last}")
}
