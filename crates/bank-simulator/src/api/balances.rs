//! Balances of a linked customer (11).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use snap::messages::bank::{AccountInfo, BalanceResponse, BankBalanceRequest};
use snap::{Amount, Case, PayMethod, Service};

use super::Failure;
use super::answer::successful;
use super::call::Call;
use super::faulty::answered;
use crate::bank::Bank;
use crate::faults::Operation;
use crate::{Error, ledger};

pub(super) async fn inquire(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(&bank, Operation::Balance, &call, balances(&bank, &call)).await
}

async fn balances(bank: &Bank, call: &Call) -> Result<BalanceResponse, Failure> {
    let request: BankBalanceRequest = call.read(bank).await?;
    let mut read = bank.db.read().begin().await?;
    let link = call.customer(&mut read, bank).await?;
    if request
        .account_no
        .is_some_and(|account_no| account_no != link.account_no)
    {
        return Err(Case::InvalidAccount.into());
    }
    let mut account_infos = Vec::new();
    for method in PayMethod::ALL {
        let sen = ledger::balance(&mut *read, &link.account_no, method.as_str()).await?;
        let amount = Amount::from_sen(sen)
            .ok_or_else(|| Error::Corrupt("accounts", link.account_no.clone()))?;
        account_infos.push(AccountInfo::new(method.as_str(), amount, Amount::ZERO));
    }
    let (response_code, response_message) = successful(Service::BALANCE);
    Ok(BalanceResponse {
        response_code,
        response_message,
        account_infos,
    })
}
