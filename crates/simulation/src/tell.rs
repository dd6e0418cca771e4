//! The bank's notifications to the gateways (56): at some time, again until one says yes, and sometimes
//! never, twice, or first for another amount.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use snap::{Case, ResponseCode, Secret, Service, signature, timestamp};

use crate::calls::code_of;
use crate::hub::Hub;
use crate::template::{BANK_AT_GATEWAY, INBOUND_SECRET};

const TOKEN: &str = "/bank/allo/v1.0/access-token/b2b";
const NOTIFY: &str = "/bank/allo/v1.0/debit/notify";
/// The bank gives up after so many tries: the gateway asks by itself.
const TRIES: u32 = 8;

/// Begins to tell what is untold.
pub fn start(hub: &Arc<Hub>) {
    let untold = std::mem::take(&mut hub.bank().untold);
    for reference in untold {
        if hub.world.is_calm() || hub.world.strikes(150) {
            continue;
        }
        tokio::spawn(about(Arc::clone(hub), reference));
    }
}

async fn about(hub: Arc<Hub>, reference: String) {
    let world = &hub.world;
    let forged = world.strikes(world.weather().troubled / 2);
    let twice = world.strikes(world.weather().doubled);
    if forged {
        once(&hub, &reference, true).await;
    }
    for _ in 0..TRIES {
        world
            .pause(
                None,
                world.moment(20_000),
                format!("the bank tells of {reference}"),
            )
            .await;
        if once(&hub, &reference, false).await {
            break;
        }
        world
            .pause(None, 2_000, format!("the bank tells of {reference} again"))
            .await;
    }
    if twice {
        once(&hub, &reference, false).await;
    }
}

async fn once(hub: &Arc<Hub>, reference: &str, forged: bool) -> bool {
    let Some(token) = token(hub).await else {
        return false;
    };
    let Some(body) = hub.bank().notification(reference, forged) else {
        return true;
    };
    let now = timestamp::format_jakarta(hub.world.now_ms());
    let secret = Secret::new(INBOUND_SECRET);
    let signature = signature::sign(&secret, "POST", NOTIFY, &token, &body, &now);
    let external_id = format!("{}{:08}", hub.world.now_ms(), hub.world.below(100_000_000));
    let request = http::Request::post(NOTIFY)
        .header(CONTENT_TYPE, "application/json")
        .header("X-PARTNER-ID", BANK_AT_GATEWAY)
        .header("X-EXTERNAL-ID", external_id)
        .header("X-TIMESTAMP", now)
        .header("X-SIGNATURE", signature)
        .header("Authorization", format!("Bearer {token}"))
        .body(body);
    let Ok(request) = request else { return true };
    let what = format!("56 of {reference}{}", if forged { " forged" } else { "" });
    let answer = hub.ask_gateway(request, &what).await;
    if forged {
        let code = answer.as_ref().and_then(code_of).unwrap_or_default();
        let refused = code == ResponseCode::new(Service::NOTIFY, Case::InvalidAmount).to_string();
        hub.bank().forged.insert(reference.to_owned(), refused);
    }
    if answer.as_ref().is_some_and(|answer| answer.status == 401) {
        hub.bank().token = None;
    }
    answer.is_some_and(|answer| answer.status == 200)
}

/// The bank's token at the gateways, asked for when there is none.
async fn token(hub: &Arc<Hub>) -> Option<String> {
    let held = hub.bank().token.clone();
    if held.is_some() {
        return held;
    }
    let now = timestamp::format_jakarta(hub.world.now_ms());
    let request = http::Request::post(TOKEN)
        .header(CONTENT_TYPE, "application/json")
        .header("X-CLIENT-KEY", BANK_AT_GATEWAY)
        .header("X-SIGNATURE", hub.key.sign_token(BANK_AT_GATEWAY, &now))
        .header("X-TIMESTAMP", now)
        .body(Bytes::from_static(br#"{"grantType":"client_credentials"}"#))
        .ok()?;
    let answer = hub.ask_gateway(request, "73 of the bank").await?;
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let token = body.get("accessToken")?.as_str()?.to_owned();
    hub.bank().token = Some(token.clone());
    Some(token)
}
