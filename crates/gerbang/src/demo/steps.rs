//! The steps of the walk, in order. It reads from top to bottom as a merchant's integration would.

use std::time::Instant;

use snap::messages::CHANNEL;
use snap::messages::balance::{BalanceRequest, BalanceResponse};
use snap::messages::status::StatusRequest;
use snap::messages::unbinding::UnbindingRequest;
use snap::{Amount, paths};

use super::orders;
use super::walk::{Stopped, Walk, short};
use crate::entropy;

/// The whole walk.
pub async fn all(walk: &mut Walk<'_>) -> Result<(), Stopped> {
    b2b_token(walk).await?;
    let auth_code = link(walk).await?;
    let customer_token = customer_token(walk, &auth_code).await?;
    balance(walk, &customer_token).await?;

    let order = entropy::reference("INV");
    pay(
        walk,
        &customer_token,
        &order,
        rupiah(150_000),
        "Kopi Gayo 1 kg",
    )
    .await?;
    walk.notified(&order).await?;
    status(walk, &order).await?;
    refund(walk, &order, rupiah(50_000), "partial refund", None).await?;
    refund(
        walk,
        &order,
        rupiah(100_000),
        "second refund, to the limit",
        None,
    )
    .await?;
    refund(
        walk,
        &order,
        rupiah(1),
        "a refund too much",
        Some("4045813"),
    )
    .await?;

    // The second order is paid now and refunded after the link has ended.
    let later = entropy::reference("INV");
    pay(walk, &customer_token, &later, rupiah(25_000), "Cangkir").await?;
    unbind(walk, &customer_token).await?;
    pay_after_unbinding(walk, &customer_token).await?;
    refund(
        walk,
        &later,
        rupiah(25_000),
        "refund of the past payment, after unbinding",
        None,
    )
    .await
}

async fn b2b_token(walk: &mut Walk<'_>) -> Result<(), Stopped> {
    let started = Instant::now();
    let request = request(
        "B2B token",
        paths::TOKEN_B2B,
        "signed with the merchant's RSA key",
    );
    match walk.client.b2b_token().await {
        Ok(token) => {
            walk.seen.note("B2B token", token.expose());
            walk.show(started, true, &request, "2007300 Successful, for 900 s");
            Ok(())
        }
        Err(error) => Err(walk.wrong(started, &request, &error.to_string())),
    }
}

/// Binding, and the customer on its pages.
async fn link(walk: &mut Walk<'_>) -> Result<String, Stopped> {
    let started = Instant::now();
    let message = orders::binding(&walk.customer.phone_no, &walk.merchant_url);
    let what = format!("phoneNo {}", walk.masked_phone());
    let outcome = walk.client.bind(&message).await;
    let request = request("binding", paths::BINDING, &what);
    let bound = walk.done(started, &request, outcome, |bound| {
        format!(
            "{} {}, redirectUrl for the customer",
            bound.response_code, bound.response_message
        )
    })?;
    let auth_code = bound
        .additional_info
        .and_then(|info| info.auth_code)
        .unwrap_or_default();
    walk.seen.note("authCode", &auth_code);
    let customer =
        "the customer    opens redirectUrl, reads the OTP from the inbox, types OTP and PIN";
    walk.visit(bound.redirect_url.as_deref(), customer).await?;
    Ok(auth_code)
}

async fn customer_token(walk: &mut Walk<'_>, auth_code: &str) -> Result<String, Stopped> {
    let started = Instant::now();
    let outcome = walk.client.exchange_code(auth_code).await;
    let request = request("customer token", paths::TOKEN_B2B2C, "authCode");
    let given = walk.done(started, &request, outcome, |given| {
        let until = given
            .access_token_expiry_time
            .as_deref()
            .unwrap_or("unknown");
        format!(
            "{} {}, until {until}",
            given.response_code, given.response_message
        )
    })?;
    walk.seen.note("customer token", &given.access_token);
    if let Some(refresh) = &given.refresh_token {
        walk.seen.note("refresh token", refresh);
    }
    Ok(given.access_token)
}

async fn balance(walk: &mut Walk<'_>, customer_token: &str) -> Result<(), Stopped> {
    let started = Instant::now();
    let message = BalanceRequest {
        channel: CHANNEL.to_owned(),
    };
    let outcome = walk.client.balance(&message, customer_token).await;
    let request = request("balance", paths::BALANCE, "customer token");
    walk.done(started, &request, outcome, |told| {
        format!(
            "{} {}: {}",
            told.response_code,
            told.response_message,
            balances(told)
        )
    })?;
    Ok(())
}

fn balances(told: &BalanceResponse) -> String {
    let each: Vec<String> = told
        .account_infos
        .iter()
        .map(|account| {
            let amount = account
                .available_balance
                .or(account.amount)
                .unwrap_or(Amount::ZERO);
            format!("{} {}", account.balance_type, amount.rupiah_text())
        })
        .collect();
    each.join(", ")
}

/// Payment, and the customer on its page.
async fn pay(
    walk: &mut Walk<'_>,
    customer_token: &str,
    reference: &str,
    amount: Amount,
    item: &str,
) -> Result<(), Stopped> {
    let started = Instant::now();
    let message = orders::payment(reference, amount, item, &walk.merchant_url);
    let outcome = walk.client.pay(&message, customer_token).await;
    let what = format!(
        "{} for {item}, reference {}",
        amount.rupiah_text(),
        short(reference)
    );
    let request = request("payment", paths::PAYMENT, &what);
    let accepted = walk.done(started, &request, outcome, |accepted| {
        format!(
            "{} {}, webRedirectUrl for the customer",
            accepted.response_code, accepted.response_message
        )
    })?;
    let customer = "the customer    opens webRedirectUrl, types the PIN";
    walk.visit(accepted.web_redirect_url.as_deref(), customer)
        .await?;
    Ok(())
}

async fn status(walk: &mut Walk<'_>, reference: &str) -> Result<(), Stopped> {
    let started = Instant::now();
    let outcome = walk.client.status(&StatusRequest::of(reference)).await;
    let request = request(
        "status",
        paths::STATUS,
        &format!("reference {}", short(reference)),
    );
    walk.done(started, &request, outcome, |told| {
        let status = &told.latest_transaction_status;
        let words = told.transaction_status_desc.as_deref().unwrap_or_default();
        format!(
            "{} {}: status {status} {words}",
            told.response_code, told.response_message
        )
    })?;
    Ok(())
}

async fn refund(
    walk: &mut Walk<'_>,
    reference: &str,
    amount: Amount,
    name: &str,
    refused_with: Option<&str>,
) -> Result<(), Stopped> {
    let started = Instant::now();
    let outcome = walk
        .client
        .refund(&orders::refund(reference, amount, name), None)
        .await;
    let what = format!("{} of {} ({name})", amount.rupiah_text(), short(reference));
    let request = request("refund", paths::REFUND, &what);
    if let Some(code) = refused_with {
        return walk.refused(started, &request, outcome, code);
    }
    walk.done(started, &request, outcome, |refunded| {
        format!("{} {}", refunded.response_code, refunded.response_message)
    })?;
    Ok(())
}

async fn unbind(walk: &mut Walk<'_>, customer_token: &str) -> Result<(), Stopped> {
    let started = Instant::now();
    let message = UnbindingRequest {
        token_id: customer_token.to_owned(),
        channel: CHANNEL.to_owned(),
    };
    let outcome = walk.client.unbind(&message).await;
    let request = request("unbinding", paths::UNBINDING, "tokenId");
    walk.done(started, &request, outcome, |ended| {
        format!("{} {}", ended.response_code, ended.response_message)
    })?;
    Ok(())
}

async fn pay_after_unbinding(walk: &mut Walk<'_>, customer_token: &str) -> Result<(), Stopped> {
    let started = Instant::now();
    let reference = entropy::reference("INV");
    let message = orders::payment(&reference, rupiah(10_000), "Sendok", &walk.merchant_url);
    let outcome = walk.client.pay(&message, customer_token).await;
    let request = request("payment", paths::PAYMENT, "after unbinding");
    walk.refused(started, &request, outcome, "4015402")
}

fn request(name: &str, path: &str, what: &str) -> String {
    format!("{name:<15} POST {path}  {what}")
}

fn rupiah(amount: u64) -> Amount {
    Amount::from_rupiah(amount).unwrap_or(Amount::ZERO)
}
