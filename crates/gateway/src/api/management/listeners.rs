//! Listeners: a merchant has its notifications sent elsewhere for a minute, renews that, and ends it.
//!
//! Who listens and dies is over with its minute. A merchant has one listener; the latest takes over, and
//! renewing the one before is answered like what does not exist.

use serde_json::{Value, json};
use snap::timestamp::format_jakarta;
use snap::{Case, Refusal};
use storage::Session;
use storage::listeners::{self, Listener};

use super::query::is_id;
use super::{Answer, Ask, Trouble, no_such, said};

/// How long a listener lives unless it is renewed.
const LIFE_MS: i64 = 60_000;
/// Rows that are looked through for live ones.
const MOST: i64 = 1_000;

/// `GET listeners`: those that live.
pub(super) async fn list(ask: Ask) -> Result<Answer, Trouble> {
    allowed(&ask).map_err(Trouble::Refused)?;
    let whose = ask.whose().map_err(Trouble::Refused)?;
    let wall_now_ms = ask.app.clock.wall_now_ms();
    let s = ask.app.store.reader();
    let mut found = match whose {
        Some(merchant) => listeners::some(&s, &[merchant]).await?,
        None => listeners::all(&s, MOST).await?,
    };
    found.retain(|listener| listener.is_live(wall_now_ms));
    let shown: Vec<Value> = found.iter().map(listener_json).collect();
    Ok(said(json!({ "listeners": shown })))
}

/// `POST listeners`.
pub(super) async fn begin(ask: Ask) -> Result<Answer, Trouble> {
    let listener = wished(&ask).map_err(Trouble::Refused)?;
    let created_at_ms = listener.created_at_ms;
    let new = &listener;
    let replaced = ask
        .app
        .store
        .transact("management: begin a listener", |s| async move {
            if storage::merchants::by_id(&s, &new.merchant)
                .await?
                .is_none()
            {
                return Err(Trouble::Refused(no_such("merchant")));
            }
            let before = listeners::some(&s, std::slice::from_ref(&new.merchant)).await?;
            listeners::put(&s, new).await?;
            Ok(before.iter().any(|one| one.is_live(created_at_ms)))
        })
        .await?;
    tracing::info!(
        by = ask.caller.name(), merchant = %listener.merchant, listener = listener.id, replaced,
        "notifications go to a listener"
    );
    Ok(said(json!({
        "listener": listener_json(&listener),
        "tookOver": replaced,
    })))
}

/// `POST listeners/{id}/renew`.
pub(super) async fn renew(ask: Ask) -> Result<Answer, Trouble> {
    let expires_at_ms = ask.app.clock.wall_now_ms().saturating_add(LIFE_MS);
    let whole = &ask;
    let listener = ask
        .app
        .store
        .transact("management: renew a listener", |s| async move {
            let mut listener = find(whole, &s).await?;
            listener.expires_at_ms = expires_at_ms;
            if listeners::renew(&s, &listener.merchant, &listener.id, expires_at_ms).await? {
                Ok(listener)
            } else {
                Err(Trouble::Refused(none()))
            }
        })
        .await?;
    Ok(said(json!({ "listener": listener_json(&listener) })))
}

/// `DELETE listeners/{id}`.
pub(super) async fn end(ask: Ask) -> Result<Answer, Trouble> {
    let whole = &ask;
    let listener = ask
        .app
        .store
        .transact("management: end a listener", |s| async move {
            let listener = find(whole, &s).await?;
            if listeners::end(&s, &listener.merchant, &listener.id).await? {
                Ok(listener)
            } else {
                Err(Trouble::Refused(none()))
            }
        })
        .await?;
    tracing::info!(
        by = ask.caller.name(), merchant = %listener.merchant, listener = listener.id,
        "a listener ended"
    );
    Ok(said(json!({ "ended": listener.id })))
}

/// The listener that a merchant or an operator asks for.
fn wished(ask: &Ask) -> Result<Listener, Refusal> {
    allowed(ask)?;
    ask.caller.demand_change()?;
    let merchant = ask.whose()?.ok_or_else(|| Refusal::mandatory("merchant"))?;
    let url = |name: &str| {
        let text = ask.query.text(name)?;
        text.map(|text| match ask.app.notifier.policy().check(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(forbidden) => {
                let why = format!("{name}: {forbidden}");
                Err(Refusal::with(Case::InvalidFieldFormat, why))
            }
        })
        .transpose()
    };
    let notification_url =
        url("notificationUrl")?.ok_or_else(|| Refusal::mandatory("notificationUrl"))?;
    let wall_now_ms = ask.app.clock.wall_now_ms();
    Ok(Listener {
        id: ask.app.entropy.id(wall_now_ms),
        merchant,
        token_url: url("tokenUrl")?,
        binding_notification_url: url("bindingNotificationUrl")?
            .unwrap_or_else(|| notification_url.clone()),
        notification_url,
        created_at_ms: wall_now_ms,
        expires_at_ms: wall_now_ms.saturating_add(LIFE_MS),
    })
}

/// The caller's listener with the id of the path.
async fn find(ask: &Ask, s: &Session) -> Result<Listener, Trouble> {
    allowed(ask).map_err(Trouble::Refused)?;
    ask.caller.demand_change().map_err(Trouble::Refused)?;
    let whose = ask.whose().map_err(Trouble::Refused)?;
    let found = if is_id(&ask.id) {
        listeners::by_id(s, &ask.id).await?
    } else {
        None
    };
    found
        .filter(|listener| whose.is_none_or(|own| own == listener.merchant))
        .ok_or_else(|| Trouble::Refused(none()))
}

fn allowed(ask: &Ask) -> Result<(), Refusal> {
    if ask.app.config.management.listeners {
        Ok(())
    } else {
        let why = "this gateway takes no listeners: management.listeners is off";
        Err(Refusal::with(Case::FeatureNotAllowed, why))
    }
}

fn none() -> Refusal {
    no_such("listener, or another one took over")
}

fn listener_json(listener: &Listener) -> Value {
    json!({
        "id": listener.id,
        "merchantId": listener.merchant.as_str(),
        "notificationUrl": listener.notification_url,
        "tokenUrl": listener.token_url,
        "bindingNotificationUrl": listener.binding_notification_url,
        "createdAt": format_jakarta(listener.created_at_ms),
        "expiresAt": format_jakarta(listener.expires_at_ms),
    })
}
