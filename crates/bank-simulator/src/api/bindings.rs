//! Linking a customer: start (07), inquire (08), end (09).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use snap::messages::bank::{
    BankBindingInquiryRequest, BankBindingInquiryResponse, BankBindingRequest, BankBindingResponse,
    BankUnbindingRequest, LinkInfo, LinkStatus, UnbindingResponse,
};
use snap::{Case, PhoneNo, Refusal, Service, Timestamp};

use super::Failure;
use super::answer::successful;
use super::call::Call;
use super::faulty::answered;
use crate::bank::Bank;
use crate::faults::Operation;
use crate::links::{self, Link, Reason};
use crate::payments::{self, Ending};
use crate::{customers, entropy, pages};

pub(super) async fn start(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(&bank, Operation::Binding, &call, start_link(&bank, &call)).await
}

async fn start_link(bank: &Bank, call: &Call) -> Result<BankBindingResponse, Failure> {
    let request: BankBindingRequest = call.read(bank).await?;
    let phone_no = PhoneNo::parse(&request.phone_no)
        .ok_or_else(|| Refusal::format("phoneNo"))?
        .normalised();
    let fingerprint = entropy::hash(&format!("{phone_no}|{}", request.merchant_id));
    let mut write = bank.db.write().await?;
    if let Some(link) = links::by_reference(&mut write, &request.partner_reference_no).await? {
        // Waits for the commit of the call that made it.
        write.commit().await?;
        return if link.fingerprint == fingerprint {
            Ok(started(bank, &link))
        } else {
            Err(Case::InconsistentRequest.into())
        };
    }
    let customer = customers::by_phone(&mut *write, &phone_no)
        .await?
        .ok_or(Failure::from(Case::InvalidAccount))?;
    match customer.state.as_str() {
        "blocked" => return Err(Case::DoNotHonor.into()),
        "dormant" => return Err(Case::DormantAccount.into()),
        _ => {}
    }
    let info = request.additional_info;
    let valid_up_to = Timestamp::parse(&info.valid_up_to)
        .map_err(|_| Refusal::format("additionalInfo.validUpTo"))?;
    let link = Link {
        id: entropy::id("LK")?,
        partner_reference_no: request.partner_reference_no,
        fingerprint,
        account_no: customer.account_no,
        state: "pending".to_owned(),
        merchant_name: info.merchant_name,
        return_url: request.redirect_url,
        expires_at: valid_up_to.unix_ms(),
        created_at: bank.clock.now_ms(),
        reason_code: None,
        reason_message: None,
    };
    links::insert(&mut write, &link).await?;
    pages::insert_for_link(&mut write, &bank.page_id(&link.id), &link.id).await?;
    write.commit().await?;
    tracing::info!(reference = link.partner_reference_no, "binding started");
    Ok(started(bank, &link))
}

fn started(bank: &Bank, link: &Link) -> BankBindingResponse {
    let (response_code, response_message) = successful(Service::BINDING);
    BankBindingResponse {
        response_code,
        response_message,
        partner_reference_no: Some(link.partner_reference_no.clone()),
        reference_no: Some(link.id.clone()),
        redirect_url: Some(bank.page_url(&link.id)),
    }
}

pub(super) async fn inquire(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(
        &bank,
        Operation::BindingInquiry,
        &call,
        inquire_link(&bank, &call),
    )
    .await
}

async fn inquire_link(bank: &Bank, call: &Call) -> Result<BankBindingInquiryResponse, Failure> {
    let request: BankBindingInquiryRequest = call.read(bank).await?;
    let mut read = bank.db.read().begin().await?;
    let link = links::by_reference(&mut read, &request.original_partner_reference_no)
        .await?
        .ok_or(Failure::from(Case::TransactionNotFound))?;
    let customer = customers::by_account(&mut *read, &link.account_no).await?;
    let linked = link.is_linked();
    let link_status = match link.state.as_str() {
        "pending" if bank.clock.now_ms() >= link.expires_at => LinkStatus::Failed,
        "pending" => LinkStatus::Pending,
        "linked" => LinkStatus::Linked,
        "unlinked" => LinkStatus::Unlinked,
        _ => LinkStatus::Failed,
    };
    let mut info = LinkInfo {
        link_status,
        account_masked: linked.then(|| customer.masked_account()),
        auth_code: linked.then(|| bank.auth_code(&link.id)),
        reason_code: link.reason_code,
        reason_message: link.reason_message,
    };
    if link_status == LinkStatus::Failed && info.reason_code.is_none() {
        let reason = Reason::new(Service::BINDING, Case::TransactionExpired);
        info.reason_code = Some(reason.code);
        info.reason_message = Some(reason.message);
    }
    let (response_code, response_message) = successful(Service::BINDING_INQUIRY);
    Ok(BankBindingInquiryResponse {
        response_code,
        response_message,
        reference_no: Some(link.id),
        account_no: linked.then_some(link.account_no),
        additional_info: info,
    })
}

pub(super) async fn end(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(&bank, Operation::Unbinding, &call, end_link(&bank, &call)).await
}

/// Ends a link in whatever state; repeating it is a success. Its open payments are cancelled. One that was never
/// linked has failed.
async fn end_link(bank: &Bank, call: &Call) -> Result<UnbindingResponse, Failure> {
    let request: BankUnbindingRequest = call.read(bank).await?;
    let mut write = bank.db.write().await?;
    let now_ms = bank.clock.now_ms();
    let link = links::by_reference(&mut write, &request.link_id)
        .await?
        .ok_or_else(|| Refusal::with(Case::InvalidAccount, "Unknown Link"))?;
    let reason = Reason::new(Service::PAYMENT, Case::TransactionCancelled);
    for payment in payments::pending_of_link(&mut write, &link.id).await? {
        payments::end(&mut write, &payment.id, Ending::Cancelled, &reason, now_ms).await?;
    }
    if link.is_pending() {
        // Past its time it has expired, whether or not the sweep has been there.
        let case = match link.expires_at <= now_ms {
            true => Case::TransactionExpired,
            false => Case::TransactionCancelled,
        };
        let reason = Reason::new(Service::BINDING, case);
        links::fail(&mut write, &link.id, &reason, now_ms).await?;
    }
    links::unlink(&mut write, &link.id, now_ms).await?;
    write.commit().await?;
    bank.wake.notify_one();
    tracing::info!(reference = link.partner_reference_no, "link ended");
    let (response_code, response_message) = successful(Service::UNBINDING);
    Ok(UnbindingResponse {
        response_code,
        response_message,
        reference_no: Some(link.id),
    })
}
