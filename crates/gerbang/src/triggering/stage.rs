//! A sandbox with a merchant and a customer, who do as they are told.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use merchant_sdk::pages::{self, Script};
use merchant_sdk::{
    Amount, Case, Handset, LineItem, NewBinding, NewPayment, NewRefund, Next, Os, Outcome, Payment,
    Reference, ReturnTo, Secret, Through,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Customer;
use crate::cli::ProfileArgs;
use crate::commands::control::Control;
use crate::management::{Management, said};
use crate::profiles::{Linked, Profile};
use crate::sandbox::{self, Addresses};
use crate::{entropy, screen};

/// What is paid.
const RUPIAH: i64 = 25_000;
/// A refund is refused until the gateway knows that the payment succeeded.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);
const ASK_EVERY: Duration = Duration::from_millis(200);

/// Who acts, and what came of it.
pub struct Stage {
    profile: Profile,
    sandbox: Addresses,
    control: Control,
    data: PathBuf,
    quiet: bool,
    /// The payment that it was about.
    pub reference: Option<String>,
}

impl Stage {
    /// A running sandbox. `quiet` prints no steps.
    pub fn open(args: &ProfileArgs, quiet: bool) -> anyhow::Result<Self> {
        let profile = Profile::chosen(args)?;
        profile.refuse_doku(
            "trigger",
            "DOKU's sandbox has a page that plays the customer",
        )?;
        let sandbox = profile.sandbox.clone().context(
            "only in a sandbox can things be made to happen; `gerbang sandbox` starts one",
        )?;
        let data = args.data.clone();
        Ok(Self {
            control: Control::at(&sandbox.bank_url, None)?,
            data: data.unwrap_or_else(|| PathBuf::from("gerbang-data")),
            profile,
            sandbox,
            quiet,
            reference: None,
        })
    }

    /// Begins a payment with so many sen; the customer's page.
    pub(super) async fn pay(&mut self, sen: i64) -> anyhow::Result<String> {
        match self.asked(sen).await? {
            Outcome::Done(Payment {
                next: Next::Page(page),
                ..
            }) => Ok(page),
            Outcome::Done(_) => bail!("it was paid without a page"),
            Outcome::Refused { code, meaning } => {
                bail!(
                    "the payment was refused: {code} {meaning}; `gerbang bank reset` gives the money back"
                )
            }
            Outcome::Unknown(lost) => {
                bail!(
                    "whether the payment was taken is not known: {}; `gerbang status` asks",
                    lost.cause
                )
            }
        }
    }

    /// Pays where the bank does something wrong, and tells what the merchant sees.
    pub(super) async fn pay_at_faulty_bank(&mut self, sen: i64) -> anyhow::Result<()> {
        match self.asked(sen).await? {
            Outcome::Done(payment) => {
                for attempt in &payment.attempts {
                    self.did(format!("{}: {}", attempt.service.name(), attempt.heard));
                }
                match payment.next {
                    Next::Page(page) => self.play(&page, Customer::Finishes).await,
                    Next::Paid(_) => Ok(()),
                }
            }
            Outcome::Refused { code, meaning } => {
                self.did(format!("refused: {code} {meaning}"));
                Ok(())
            }
            Outcome::Unknown(lost) => {
                self.did(format!("not known: {}; `gerbang status` asks", lost.cause));
                Ok(())
            }
        }
    }

    /// The customer on a page.
    pub(super) async fn play(&self, page: &str, customer: Customer) -> anyhow::Result<()> {
        let known = self.sandbox.customers.iter().map(|one| pages::Customer {
            phone_no: one.phone_no.clone(),
            pin: one.pin.clone(),
        });
        let script = customer.script(Script {
            inbox_url: Some(self.sandbox.inbox_url.clone()),
            customers: known.collect(),
            ..Script::default()
        });
        let visit = pages::complete(page, &script).await?;
        self.did(format!("the customer's page: {}", visit.ending.word()));
        customer.check(visit.ending)
    }

    /// Gives all of the payment back.
    pub(super) async fn refund(&self) -> anyhow::Result<()> {
        let payment = Reference::new(self.reference.clone().unwrap_or_default())?;
        let amount = amount(0)?;
        let refund = NewRefund::new(&payment, amount, &Reference::random())?;
        let client = self.profile.client();
        let deadline = Instant::now() + SETTLED_WITHIN;
        loop {
            match client.refund(&refund).await {
                Ok(Outcome::Done(_)) => {
                    self.did(format!("{} given back", amount.rupiah_text()));
                    return Ok(());
                }
                Ok(Outcome::Refused { meaning, .. })
                    if meaning.case == Some(Case::InvalidTransactionStatus)
                        && Instant::now() < deadline =>
                {
                    tokio::time::sleep(ASK_EVERY).await;
                }
                Ok(Outcome::Refused { code, meaning }) => {
                    bail!("the refund was refused: {code} {meaning}")
                }
                Ok(Outcome::Unknown(lost)) => {
                    bail!("whether it was given back is not known: {}", lost.cause)
                }
                Err(error) => return Err(self.profile.explain(error)),
            }
        }
    }

    /// A customer who is not linked begins to link an account.
    pub(super) async fn bind(&self, customer: Customer) -> anyhow::Result<()> {
        let handset = Handset {
            model: "gerbang".to_owned(),
            os: Os::Android,
            through: Through::Web,
        };
        let mut free = self.free()?;
        if free.is_empty() {
            let newest = self.profile.customers.read()?.customer(None)?.clone();
            self.end_link(newest).await?;
            free = self.free()?;
        }
        let last = free.len().saturating_sub(1);
        for (at, one) in free.into_iter().enumerate() {
            let is_last = at == last;
            let id = entropy::customer_id();
            let request = NewBinding::new(&one.phone_no, &id, &handset, &return_to())?;
            let outcome = self.profile.client().bind(&request).await;
            let binding = match outcome.map_err(|error| self.profile.explain(error))? {
                Outcome::Done(binding) => binding,
                Outcome::Refused { meaning, .. }
                    if meaning.case == Some(Case::TransactionNotPermitted) =>
                {
                    continue;
                }
                other => {
                    other.done()?;
                    continue;
                }
            };
            let played = self.play(&binding.redirect_url, customer).await;
            if played.is_err() && !is_last {
                // The bank says on its page that the account is linked already.
                continue;
            }
            played?;
            if matches!(customer, Customer::Finishes) {
                self.link(&binding.auth_code, id, &one.phone_no).await?;
            }
            return Ok(());
        }
        bail!(
            "{0} and the next demo customer are linked already; `gerbang bank unlink {0}` ends a link",
            self.sandbox
                .customers
                .first()
                .map_or("the first", |one| &one.phone_no)
        )
    }

    async fn link(&self, code: &Secret, id: String, phone_no: &str) -> anyhow::Result<()> {
        let exchanged = self.profile.client().exchange_code(code).await;
        let exchanged = exchanged.map_err(|error| self.profile.explain(error))?;
        let tokens = exchanged.done()?.tokens().await;
        let linked = Linked::new(id.clone(), Some(phone_no.to_owned()), tokens);
        self.profile.customers.change(|kept| kept.link(linked))?;
        self.did(format!("{id} is linked"));
        Ok(())
    }

    /// The customer ends the link at the bank.
    pub(super) async fn unlink(&self) -> anyhow::Result<()> {
        let linked = self.linked().await?;
        self.end_link(linked).await
    }

    async fn end_link(&self, linked: Linked) -> anyhow::Result<()> {
        let phone_no = linked.phone_no.clone().context(
            "the customer's phone number is not known here; `gerbang bank unlink PHONE` ends the link",
        )?;
        let body = json!({ "phone_no": phone_no });
        self.control.post("/control/unlink", &body).await?;
        let id = &linked.customer;
        self.profile.customers.change(|kept| kept.unlink(id))?;
        self.did(format!("{id} removed the link in the bank's app"));
        // The gateway learns of it when the customer's token is used.
        let customer = self.profile.client().customer(linked.tokens());
        drop(customer.balance().await);
        Ok(())
    }

    /// The latest notification is due again.
    pub(super) async fn resend(&self) -> anyhow::Result<()> {
        let gateway = Management::of_merchant(&self.profile)?;
        let query = [("state", "delivered".to_owned()), ("limit", "1".to_owned())];
        let found = gateway.get("notifications", &query).await?;
        let id = found.pointer("/notifications/0/id").and_then(Value::as_str);
        let id = id.context(
            "no notification was delivered yet; `gerbang trigger payment.success` makes one",
        )?;
        let path = format!("notifications/{id}/resend");
        said(gateway.post(&path, &json!({})).await?)?;
        self.did(format!("{id} is due now"));
        Ok(())
    }

    /// Moves the bank's clock and the gateway's.
    pub(super) async fn advance(&self, by_ms: i64) -> anyhow::Result<()> {
        let body = json!({ "advance_ms": by_ms });
        let moved = self.control.post("/control/clock", &body).await?;
        let offset_ms = moved.get("offset_ms").and_then(Value::as_i64);
        sandbox::wait_for_gateway_clock(&self.data, offset_ms.unwrap_or_default()).await?;
        self.did(format!("{} minutes passed", by_ms / 60_000));
        Ok(())
    }

    /// Unlocks the customers.
    pub(super) async fn reset_bank(&self) -> anyhow::Result<()> {
        self.control.post("/control/reset", &json!({})).await?;
        self.did("the bank unlocked the customers and gave their money back".to_owned());
        Ok(())
    }

    async fn asked(&mut self, sen: i64) -> anyhow::Result<Outcome<Payment>> {
        let linked = self.linked().await?;
        let customer = self.profile.client().customer(linked.tokens());
        let (reference, amount) = (Reference::random(), amount(sen)?);
        let item = LineItem {
            name: "Kopi Gayo".to_owned(),
            price: amount,
            quantity: 1,
        };
        let order = NewPayment::new(&reference, amount, "Kopi Gayo", vec![item], &return_to())?;
        let text = reference.to_string();
        let keep = |kept: &mut crate::profiles::Kept| kept.last_payment = Some(text.clone());
        self.profile.customers.change(keep)?;
        self.did(format!("payment {text} of {}", amount.rupiah_text()));
        self.reference = Some(text);
        let outcome = customer.pay(&order).await;
        self.keep(&linked, &customer).await?;
        outcome.map_err(|error| self.profile.explain(error))
    }

    /// The customers who are not linked as far as is known here, of the first two: they have nothing special
    /// about them.
    fn free(&self) -> anyhow::Result<Vec<&crate::sandbox::Customer>> {
        let kept = self.profile.customers.read()?;
        let is_free = |one: &&crate::sandbox::Customer| {
            let mut linked = kept.linked.iter();
            !linked.any(|linked| linked.phone_no.as_deref() == Some(&one.phone_no))
        };
        Ok(self
            .sandbox
            .customers
            .iter()
            .take(2)
            .filter(is_free)
            .collect())
    }

    /// The customer who was linked last and still is, or a new one.
    async fn linked(&self) -> anyhow::Result<Linked> {
        if let Ok(linked) = self.profile.customers.read()?.customer(None) {
            let customer = self.profile.client().customer(linked.tokens());
            if let Ok(Outcome::Done(_) | Outcome::Unknown(_)) = customer.balance().await {
                return self.keep(linked, &customer).await;
            }
            self.profile
                .customers
                .change(|kept| kept.unlink(&linked.customer))?;
        }
        self.bind(Customer::Finishes).await?;
        Ok(self.profile.customers.read()?.customer(None)?.clone())
    }

    /// The customer with the tokens as they are now.
    async fn keep(
        &self,
        linked: &Linked,
        customer: &merchant_sdk::Customer,
    ) -> anyhow::Result<Linked> {
        let (id, phone_no) = (linked.customer.clone(), linked.phone_no.clone());
        let renewed = Linked::new(id, phone_no, customer.tokens().await);
        let kept = renewed.clone();
        self.profile.customers.change(|all| all.renew(kept))?;
        Ok(renewed)
    }

    fn did(&self, what: String) {
        if !self.quiet {
            screen::good(what);
        }
    }
}

fn amount(sen: i64) -> anyhow::Result<Amount> {
    Amount::from_sen(RUPIAH * 100 + sen).context("the amount cannot be paid")
}

fn return_to() -> ReturnTo {
    ReturnTo {
        success: "https://merchant.example/done".to_owned(),
        failed: "https://merchant.example/not-done".to_owned(),
    }
}
