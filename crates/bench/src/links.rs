//! Linked customers: each merchant's bindings, made by playing the customers on the real pages.

use anyhow::{Result, bail};
use merchant_sdk::pages::{self, Ending, Script};
use merchant_sdk::{Handset, Invalid, NewBinding, Os, ReturnTo, Through};
use snap::Secret;

use crate::ready::Customer;
use crate::wire::Signer;
use crate::world::{Merchant, Running};

/// A customer at a merchant, with all that a payment needs.
pub struct Link {
    /// The merchant.
    pub signer: Signer,
    /// The customer's token.
    pub customer: Secret,
}

/// Links every customer at every merchant.
pub async fn make(running: &Running, customers: &[Customer]) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    for merchant in &running.merchants {
        for customer in customers {
            links.push(link(running, merchant, customer).await?);
        }
    }
    Ok(links)
}

async fn link(running: &Running, merchant: &Merchant, customer: &Customer) -> Result<Link> {
    let client = &merchant.client;
    let bound = client.bind(&binding(&customer.phone_no)?).await?.done()?;
    let script = Script {
        inbox_url: Some(running.inbox_url.clone()),
        customers: vec![pages::Customer {
            phone_no: customer.phone_no.clone(),
            pin: Secret::new(&customer.pin),
        }],
        ..Script::default()
    };
    let visit = pages::complete(&bound.redirect_url, &script).await?;
    if visit.ending != Ending::Completed {
        bail!("the pages of a binding ended as {}", visit.ending.word());
    }
    let linked = client.exchange_code(&bound.auth_code).await?.done()?;
    Ok(Link {
        signer: Signer {
            client_id: merchant.client_id.clone(),
            secret: merchant.secret.clone(),
            token: client.b2b_token().await?,
        },
        customer: linked.tokens().await.access_token,
    })
}

fn binding(phone_no: &str) -> Result<NewBinding, Invalid> {
    let handset = Handset {
        model: "bench".to_owned(),
        os: Os::Android,
        through: Through::App,
    };
    let return_to = ReturnTo {
        success: "https://toko.example/linked".to_owned(),
        failed: "https://toko.example/not-linked".to_owned(),
    };
    NewBinding::new(phone_no, &format!("cust-{phone_no}"), &handset, &return_to)
}
