//! Linked customers: each merchant's bindings, made by playing the customers on the real pages.

use anyhow::{Context as _, Result, bail};
use merchant_sdk::pages::{self, Ending, Script};
use snap::Secret;
use snap::messages::CHANNEL;
use snap::messages::binding::{BindingInfo, BindingRequest};

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
    let bound = client.bind(&binding(&customer.phone_no)).await?;
    let bound = bound.done().context("a binding was refused")?;
    let page = bound.redirect_url.context("a binding without a page")?;
    let code = bound.additional_info.and_then(|info| info.auth_code);
    let script = Script {
        inbox_url: Some(running.inbox_url.clone()),
        customers: vec![pages::Customer {
            phone_no: customer.phone_no.clone(),
            pin: Secret::new(&customer.pin),
        }],
        ..Script::default()
    };
    let visit = pages::complete(&page, &script).await?;
    if visit.ending != Ending::Completed {
        bail!("the pages of a binding ended as {}", visit.ending.word());
    }
    let code = code.context("a binding without an authCode")?;
    let token = client.exchange_code(&code).await?;
    let token = token.done().context("an authCode was refused")?;
    Ok(Link {
        signer: Signer {
            client_id: merchant.client_id.clone(),
            secret: merchant.secret.clone(),
            token: client.b2b_token().await?,
        },
        customer: Secret::new(token.access_token),
    })
}

fn binding(phone_no: &str) -> BindingRequest {
    BindingRequest {
        phone_no: phone_no.to_owned(),
        additional_info: BindingInfo {
            channel: CHANNEL.to_owned(),
            cust_id_merchant: format!("cust-{phone_no}"),
            customer_name: None,
            email: None,
            id_card: None,
            country: None,
            address: None,
            date_of_birth: None,
            success_registration_url: "https://toko.example/linked".to_owned(),
            failed_registration_url: "https://toko.example/not-linked".to_owned(),
            device_model: "bench".to_owned(),
            os_type: "android".to_owned(),
            channel_id: "app".to_owned(),
        },
    }
}
