//! Tokens: for the gateway itself (73) and for one linked customer (74).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use snap::messages::token::{B2b2cRequest, B2b2cResponse, B2bRequest, B2bResponse};
use snap::{Refusal, Service, timestamp};

use super::Failure;
use super::answer::successful;
use super::call::Call;
use super::faulty::answered;
use crate::bank::Bank;
use crate::faults::Operation;
use crate::links::{self, Link};
use crate::{entropy, tokens};

pub(super) async fn b2b(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(&bank, Operation::Token, &call, issue_b2b(&bank, &call)).await
}

async fn issue_b2b(bank: &Bank, call: &Call) -> Result<B2bResponse, Failure> {
    let _: B2bRequest = call.read_for_token(bank)?;
    let mut write = bank.db.write().await?;
    let now_ms = bank.clock.now_ms();
    let token = tokens::issue(&mut write, "b2b", None, now_ms + tokens::B2B_LIFE).await?;
    write.commit().await?;
    let (response_code, response_message) = successful(Service::TOKEN_B2B);
    Ok(B2bResponse {
        response_code,
        response_message,
        access_token: token,
        token_type: "Bearer".to_owned(),
        expires_in: u64::try_from(tokens::B2B_LIFE / 1_000).unwrap_or_default(),
    })
}

pub(super) async fn b2b2c(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(
        &bank,
        Operation::CustomerToken,
        &call,
        issue_b2b2c(&bank, &call),
    )
    .await
}

async fn issue_b2b2c(bank: &Bank, call: &Call) -> Result<B2b2cResponse, Failure> {
    let request: B2b2cRequest = call.read_for_token(bank)?;
    let mut write = bank.db.write().await?;
    let now_ms = bank.clock.now_ms();
    let link = match (&request.auth_code, &request.refresh_token) {
        (Some(code), _) => by_auth_code(bank, &mut write, code).await?,
        (None, Some(token)) => tokens::link(&mut write, "refresh", token, now_ms).await?,
        (None, None) => None,
    };
    let link = link.ok_or_else(|| Refusal::unauthorized("Invalid Auth Code"))?;
    let expires = now_ms + tokens::CUSTOMER_LIFE;
    let access_token = tokens::issue(&mut write, "customer", Some(&link.id), expires).await?;
    // A refresh token is good until it expires, however often it is used.
    let (refresh_token, refresh_expires) = match request.refresh_token {
        Some(token) => (token, None),
        None => {
            let until = now_ms + tokens::REFRESH_LIFE;
            (
                tokens::issue(&mut write, "refresh", Some(&link.id), until).await?,
                Some(until),
            )
        }
    };
    write.commit().await?;
    tracing::info!(
        reference = link.partner_reference_no,
        "customer token issued"
    );
    let (response_code, response_message) = successful(Service::TOKEN_B2B2C);
    Ok(B2b2cResponse {
        response_code,
        response_message,
        access_token,
        token_type: "Bearer".to_owned(),
        access_token_expiry_time: Some(timestamp::format_jakarta(expires)),
        refresh_token: Some(refresh_token),
        refresh_token_expiry_time: refresh_expires.map(timestamp::format_jakarta),
    })
}

/// An authCode is good as long as its link is linked.
async fn by_auth_code(
    bank: &Bank,
    conn: &mut sqlx::SqliteConnection,
    code: &str,
) -> Result<Option<Link>, Failure> {
    let Some((link_id, _)) = code.split_once('.') else {
        return Ok(None);
    };
    if !entropy::same(&bank.auth_code(link_id), code) {
        return Ok(None);
    }
    Ok(Some(links::by_id(conn, link_id).await?).filter(Link::is_linked))
}
