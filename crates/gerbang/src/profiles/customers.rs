//! The customers that were linked from this machine, with their tokens, in a file that only its owner can
//! read. A change is made under a lock, so that two commands do not lose each other's.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use merchant_sdk::CustomerTokens;
use serde::{Deserialize, Serialize};
use snap::Secret;

use super::file::{make_private_folder, state_folder};
use crate::{files, secret_text};

/// The file of one profile.
pub struct Customers {
    folder: PathBuf,
}

/// What is in it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Kept {
    /// Linked customers; the newest comes last.
    #[serde(default)]
    pub linked: Vec<Linked>,
    /// Bindings whose customer had not finished; the newest comes last.
    #[serde(default)]
    pub begun: Vec<Begun>,
    /// The reference of the payment that was begun last.
    pub last_payment: Option<String>,
}

/// A linked customer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Linked {
    /// What the merchant calls them.
    pub customer: String,
    /// Their phone number, if it was typed here.
    pub phone_no: Option<String>,
    #[serde(with = "secret_text")]
    access_token: Secret,
    ends_at_ms: Option<i64>,
    #[serde(default, with = "secret_text::optional")]
    refresh_token: Option<Secret>,
    #[serde(default, with = "secret_text::optional")]
    auth_code: Option<Secret>,
}

/// A binding that waits for its customer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Begun {
    /// What the merchant calls them.
    pub customer: String,
    /// Their phone number.
    pub phone_no: Option<String>,
    /// Becomes a token when the customer has finished.
    #[serde(with = "secret_text")]
    pub auth_code: Secret,
}

impl Customers {
    /// Those of a profile.
    pub fn of_profile(name: &str) -> anyhow::Result<Self> {
        let folder = state_folder()?.join(name);
        Ok(Self { folder })
    }

    /// Those of a sandbox, in its data folder.
    pub fn of_sandbox(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder }
    }

    /// What is kept; nothing where nothing was.
    pub fn read(&self) -> anyhow::Result<Kept> {
        let path = self.file();
        if !path.exists() {
            return Ok(Kept::default());
        }
        serde_json::from_str(&files::read_text(&path)?)
            .with_context(|| format!("{} is damaged; delete it and bind again", path.display()))
    }

    /// Changes it, alone.
    pub fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> anyhow::Result<T> {
        make_private_folder(&self.folder)?;
        let lock = self.folder.join("customers.lock");
        let lock = File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .with_context(|| format!("{} cannot be locked", lock.display()))?;
        let mut kept = self.read()?;
        let told = change(&mut kept);
        files::write_private(&self.file(), &serde_json::to_vec_pretty(&kept)?)?;
        drop(lock);
        Ok(told)
    }

    /// Forgets all of them.
    pub fn forget(&self) -> anyhow::Result<()> {
        let path = self.file();
        if path.exists() {
            fs::remove_file(&path)
                .with_context(|| format!("{} cannot be removed", path.display()))?;
        }
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.folder.join("customers.json")
    }
}

impl Kept {
    /// The customer of this id, or the newest.
    pub fn customer(&self, id: Option<&str>) -> anyhow::Result<&Linked> {
        let mut newest_first = self.linked.iter().rev();
        match id {
            None => newest_first.next().with_context(|| match self.begun.last() {
                None => "no customer is linked yet; `gerbang bind` links one".to_owned(),
                Some(begun) => format!(
                    "no customer is linked yet; when {} has finished on the bank's page, `gerbang bind --finish`",
                    begun.customer
                ),
            }),
            Some(id) => newest_first.find(|one| one.customer == id).with_context(|| {
                let ids: Vec<&str> = self.linked.iter().map(|one| one.customer.as_str()).collect();
                match ids.as_slice() {
                    [] => format!("{id} is not linked: nobody is; `gerbang bind --customer {id}` links them"),
                    _ => format!("{id} is not linked here; there are: {}", ids.join(", ")),
                }
            }),
        }
    }

    /// The begun binding of this customer, or the newest.
    pub fn begun(&self, id: Option<&str>) -> anyhow::Result<&Begun> {
        let mut newest_first = self.begun.iter().rev();
        let found = newest_first.find(|one| id.is_none_or(|id| one.customer == id));
        found.context("no binding waits for its customer; `gerbang bind` begins one")
    }

    /// Keeps a binding until its customer has finished.
    pub fn begin(&mut self, begun: Begun) {
        self.give_up(&begun.customer);
        self.begun.push(begun);
    }

    /// Forgets a begun binding.
    pub fn give_up(&mut self, customer: &str) {
        self.begun.retain(|one| one.customer != customer);
    }

    /// Takes a customer in as the newest, in place of what was known of them.
    pub fn link(&mut self, linked: Linked) {
        self.give_up(&linked.customer);
        self.unlink(&linked.customer);
        self.linked.push(linked);
    }

    /// Replaces a customer's tokens, if they are still linked.
    pub fn renew(&mut self, renewed: Linked) {
        let mut known = self.linked.iter_mut();
        if let Some(known) = known.find(|one| one.customer == renewed.customer) {
            *known = renewed;
        }
    }

    /// Forgets a customer.
    pub fn unlink(&mut self, customer: &str) {
        self.linked.retain(|one| one.customer != customer);
    }
}

impl Linked {
    /// A customer with their tokens.
    pub fn new(customer: String, phone_no: Option<String>, tokens: CustomerTokens) -> Self {
        Self {
            customer,
            phone_no,
            access_token: tokens.access_token,
            ends_at_ms: tokens.ends_at_ms,
            refresh_token: tokens.refresh_token,
            auth_code: tokens.auth_code,
        }
    }

    /// The tokens, for the SDK.
    pub fn tokens(&self) -> CustomerTokens {
        CustomerTokens {
            access_token: self.access_token.clone(),
            ends_at_ms: self.ends_at_ms,
            refresh_token: self.refresh_token.clone(),
            auth_code: self.auth_code.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn linked(customer: &str) -> Linked {
        let tokens = CustomerTokens {
            access_token: Secret::new(format!("token of {customer}")),
            ends_at_ms: None,
            refresh_token: None,
            auth_code: None,
        };
        Linked::new(customer.to_owned(), None, tokens)
    }

    #[test]
    fn two_commands_at_once_lose_no_customer() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let customers = Customers::of_sandbox(folder.path());
                scope.spawn(move || {
                    let one = linked(&format!("cust-{number}"));
                    customers.change(|kept| kept.link(one)).unwrap();
                });
            }
        });
        let kept = Customers::of_sandbox(folder.path()).read().unwrap();
        assert_eq!(kept.linked.len(), 16);
    }

    #[test]
    fn the_newest_customer_is_meant_where_none_is_named() {
        let mut kept = Kept::default();
        assert!(kept.customer(None).is_err());
        kept.link(linked("a"));
        kept.link(linked("b"));
        kept.link(linked("a"));
        assert_eq!(kept.customer(None).unwrap().customer, "a");
        assert_eq!(kept.customer(Some("b")).unwrap().customer, "b");
        let error = kept.customer(Some("c")).err().unwrap();
        assert!(error.to_string().contains("there are: b, a"), "{error}");
        kept.unlink("a");
        kept.renew(linked("a"));
        assert_eq!(kept.customer(None).unwrap().customer, "b");
    }
}
