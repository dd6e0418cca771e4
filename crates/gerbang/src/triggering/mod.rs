//! What can be made to happen in a sandbox: events that a merchant hears of, and what a bank can do wrong.
//!
//! Nothing is made up: every event comes of the journey that leads to it, through the API, the customer's
//! pages and the bank.

mod stage;

pub use stage::Stage;

use anyhow::{Context as _, bail};
use merchant_sdk::pages::{Ending, Script};

/// One thing that can be made to happen.
pub struct Trigger {
    /// What it is asked for by.
    pub name: &'static str,
    /// What happens.
    pub happens: &'static str,
    /// What a merchant hears, as `gerbang listen` names it.
    pub hears: &'static str,
    act: Act,
}

#[derive(Clone, Copy)]
enum Act {
    Pay(Customer),
    PayAtFaultyBank { sen: i64 },
    Expire,
    Refund,
    Bind,
    CancelBinding,
    Unlink,
    Resend,
}

/// What the customer does on the bank's page.
#[derive(Clone, Copy)]
enum Customer {
    Finishes,
    MistypesThePin,
    Cancels,
    WalksAway,
}

/// A page is open for 15 minutes.
const PAST_THE_PAGE_MS: i64 = 16 * 60 * 1_000;

const fn trigger(
    name: &'static str,
    happens: &'static str,
    hears: &'static str,
    act: Act,
) -> Trigger {
    Trigger {
        name,
        happens,
        hears,
        act,
    }
}

/// All of them.
pub const TRIGGERS: &[Trigger] = &[
    trigger(
        "payment.success",
        "a customer pays Rp25.000",
        "payment.success",
        Act::Pay(Customer::Finishes),
    ),
    trigger(
        "payment.failed",
        "a customer types wrong PINs; then the bank is reset, as by `gerbang bank reset`",
        "payment.failed",
        Act::Pay(Customer::MistypesThePin),
    ),
    trigger(
        "payment.cancelled",
        "a customer presses cancel",
        "payment.cancelled",
        Act::Pay(Customer::Cancels),
    ),
    trigger(
        "payment.expired",
        "a customer walks away, and the clocks go 16 minutes forward",
        "payment.cancelled",
        Act::Expire,
    ),
    trigger(
        "refund.success",
        "a customer pays and gets all of it back",
        "payment.success, refund.success",
        Act::Refund,
    ),
    trigger(
        "binding.success",
        "a customer links an account",
        "binding.success",
        Act::Bind,
    ),
    trigger(
        "binding.failed",
        "a customer cancels the linking",
        "binding.failed",
        Act::CancelBinding,
    ),
    trigger(
        "binding.ended",
        "a customer removes the link in the bank's app",
        "binding.failed",
        Act::Unlink,
    ),
    trigger(
        "notification.repeat",
        "the latest notification is sent once more",
        "what it told",
        Act::Resend,
    ),
    trigger(
        "bank.no-funds",
        "the bank refuses a payment: no funds (4035414)",
        "payment.failed",
        Act::PayAtFaultyBank { sen: 14 },
    ),
    trigger(
        "bank.lost",
        "the bank takes a payment, and its answer is lost; the SDK finds out",
        "payment.success",
        Act::PayAtFaultyBank { sen: 52 },
    ),
    trigger(
        "bank.twice",
        "the bank notifies the gateway twice; a merchant hears it once",
        "payment.success",
        Act::PayAtFaultyBank { sen: 53 },
    ),
    trigger(
        "bank.early",
        "the bank debits at once and notifies before it answers",
        "payment.success",
        Act::PayAtFaultyBank { sen: 55 },
    ),
    trigger(
        "bank.forged",
        "somebody forges the bank's notifications; the gateway refuses them",
        "payment.success",
        Act::PayAtFaultyBank { sen: 56 },
    ),
];

impl Trigger {
    /// The one of this name.
    pub fn find(name: &str) -> anyhow::Result<&'static Self> {
        let found = TRIGGERS.iter().find(|trigger| trigger.name == name);
        found.with_context(|| {
            format!("nothing is called `{name}`; `gerbang trigger --list` shows what can happen")
        })
    }

    /// Makes it happen.
    pub async fn pull(&self, stage: &mut Stage) -> anyhow::Result<()> {
        match self.act {
            Act::Pay(customer) => {
                let page = stage.pay(0).await?;
                stage.play(&page, customer).await?;
                if matches!(customer, Customer::MistypesThePin) {
                    stage.reset_bank().await?;
                }
                Ok(())
            }
            Act::PayAtFaultyBank { sen } => stage.pay_at_faulty_bank(sen).await,
            Act::Expire => {
                let page = stage.pay(0).await?;
                stage.play(&page, Customer::WalksAway).await?;
                stage.advance(PAST_THE_PAGE_MS).await
            }
            Act::Refund => {
                let page = stage.pay(0).await?;
                stage.play(&page, Customer::Finishes).await?;
                stage.refund().await
            }
            Act::Bind => stage.bind(Customer::Finishes).await,
            Act::CancelBinding => stage.bind(Customer::Cancels).await,
            Act::Unlink => stage.unlink().await,
            Act::Resend => stage.resend().await,
        }
    }
}

impl Customer {
    /// The same for the pages.
    fn script(self, script: Script) -> Script {
        Script {
            wrong_pin: matches!(self, Self::MistypesThePin),
            cancel: matches!(self, Self::Cancels),
            abandon: matches!(self, Self::WalksAway),
            ..script
        }
    }

    /// Refuses a page that ended in another way.
    fn check(self, ending: Ending) -> anyhow::Result<()> {
        let expected = match self {
            Self::Finishes => Ending::Completed,
            Self::MistypesThePin => Ending::Refused,
            Self::Cancels => Ending::Cancelled,
            Self::WalksAway => Ending::Abandoned,
        };
        if ending != expected {
            bail!(
                "the page ended otherwise: {} instead of {}; `gerbang bank fault` shows what is armed, \
                 `gerbang bank reset` unlocks the customers",
                ending.word(),
                expected.word()
            );
        }
        Ok(())
    }
}
