//! The steps of the walk, in order. It reads from top to bottom as a merchant's integration would.

use std::time::Instant;

use merchant_sdk::{BalanceResponse, Binding, Customer, Outcome, Reference};
use snap::{Amount, paths, timestamp};

use super::orders;
use super::walk::{Stopped, Walk, short};

/// The whole walk.
pub async fn all(walk: &mut Walk<'_>) -> Result<(), Stopped> {
    b2b_token(walk).await?;
    let binding = link(walk).await?;
    let customer = customer_token(walk, &binding).await?;
    balance(walk, &customer).await?;

    let order = reference(walk)?;
    pay(walk, &customer, &order, rupiah(150_000), "Kopi Gayo 1 kg").await?;
    walk.notified(order.as_str()).await?;
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
    let later = reference(walk)?;
    pay(walk, &customer, &later, rupiah(25_000), "Cangkir").await?;
    unbind(walk, &customer).await?;
    pay_after_unbinding(walk, &customer).await?;
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
async fn link(walk: &mut Walk<'_>) -> Result<Binding, Stopped> {
    let started = Instant::now();
    let message = orders::binding(&walk.customer.phone_no, &walk.merchant_url);
    let what = format!("phoneNo {}", walk.masked_phone());
    let outcome = async { walk.client.bind(&message?).await }.await;
    let request = request("binding", paths::BINDING, &what);
    let bound = walk.done(started, &request, outcome, |bound| {
        format!(
            "{} Successful, redirectUrl for the customer",
            bound.response_code
        )
    })?;
    walk.seen.note("authCode", bound.auth_code.expose());
    let customer =
        "the customer    opens redirectUrl, reads the OTP from the inbox, types OTP and PIN";
    walk.visit(&bound.redirect_url, customer).await?;
    Ok(bound)
}

async fn customer_token(walk: &mut Walk<'_>, binding: &Binding) -> Result<Customer, Stopped> {
    let started = Instant::now();
    let outcome = walk.client.exchange_code(&binding.auth_code).await;
    let request = request("customer token", paths::TOKEN_B2B2C, "authCode");
    let tokens = match &outcome {
        Ok(Outcome::Done(customer)) => Some(customer.tokens().await),
        _ => None,
    };
    let ends_at_ms = tokens.as_ref().and_then(|tokens| tokens.ends_at_ms);
    let until = ends_at_ms.map_or_else(|| "unknown".to_owned(), timestamp::format_jakarta);
    let customer = walk.done(started, &request, outcome, |_| {
        format!("2007400 Successful, until {until}")
    })?;
    if let Some(tokens) = tokens {
        walk.seen
            .note("customer token", tokens.access_token.expose());
        if let Some(refresh) = tokens.refresh_token {
            walk.seen.note("refresh token", refresh.expose());
        }
    }
    Ok(customer)
}

async fn balance(walk: &mut Walk<'_>, customer: &Customer) -> Result<(), Stopped> {
    let started = Instant::now();
    let outcome = customer.balance().await;
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
    customer: &Customer,
    reference: &Reference,
    amount: Amount,
    item: &str,
) -> Result<(), Stopped> {
    let started = Instant::now();
    let message = orders::payment(reference, amount, item, &walk.merchant_url);
    let outcome = async { customer.pay(&message?).await }.await;
    let what = format!(
        "{} for {item}, reference {}",
        amount.rupiah_text(),
        short(reference.as_str())
    );
    let request = request("payment", paths::PAYMENT, &what);
    let accepted = walk.done(started, &request, outcome, |accepted| {
        format!(
            "{} Successful, webRedirectUrl for the customer",
            accepted.response_code
        )
    })?;
    let customer = "the customer    opens webRedirectUrl, types the PIN";
    walk.visit(accepted.page().unwrap_or_default(), customer)
        .await?;
    Ok(())
}

async fn status(walk: &mut Walk<'_>, reference: &Reference) -> Result<(), Stopped> {
    let started = Instant::now();
    let outcome = walk.client.status(reference).await;
    let request = request(
        "status",
        paths::STATUS,
        &format!("reference {}", short(reference.as_str())),
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
    reference: &Reference,
    amount: Amount,
    name: &str,
    refused_with: Option<&str>,
) -> Result<(), Stopped> {
    let started = Instant::now();
    let message = orders::refund(reference, amount, name);
    let outcome = async { walk.client.refund(&message?).await }.await;
    let original = short(reference.as_str());
    let what = format!("{} of {original} ({name})", amount.rupiah_text());
    let request = request("refund", paths::REFUND, &what);
    if let Some(code) = refused_with {
        return walk.refused(started, &request, outcome, code);
    }
    walk.done(started, &request, outcome, |refund| {
        let answer = &refund.answer;
        format!("{} {}", answer.response_code, answer.response_message)
    })?;
    Ok(())
}

async fn unbind(walk: &mut Walk<'_>, customer: &Customer) -> Result<(), Stopped> {
    let started = Instant::now();
    let outcome = customer.unbind().await;
    let request = request("unbinding", paths::UNBINDING, "tokenId");
    walk.done(started, &request, outcome, |ended| {
        format!("{} {}", ended.response_code, ended.response_message)
    })?;
    Ok(())
}

async fn pay_after_unbinding(walk: &mut Walk<'_>, customer: &Customer) -> Result<(), Stopped> {
    let started = Instant::now();
    let reference = reference(walk)?;
    let message = orders::payment(&reference, rupiah(10_000), "Sendok", &walk.merchant_url);
    let outcome = async { customer.pay(&message?).await }.await;
    let request = request("payment", paths::PAYMENT, "after unbinding");
    walk.refused(started, &request, outcome, "4015402")
}

fn reference(walk: &mut Walk<'_>) -> Result<Reference, Stopped> {
    orders::reference("INV")
        .map_err(|error| walk.wrong(Instant::now(), "reference", &error.to_string()))
}

fn request(name: &str, path: &str, what: &str) -> String {
    format!("{name:<15} POST {path}  {what}")
}

fn rupiah(amount: u64) -> Amount {
    Amount::from_rupiah(amount).unwrap_or(Amount::ZERO)
}
