//! `gerbang merchant`: merchants added, listed and changed from a shell.

use std::process::ExitCode;

use anyhow::Context as _;
use gateway::App;
use serde_json::{Value, json};
use snap::{PublicKey, Secret, timestamp};
use storage::merchants::{Merchant, MerchantState};
use storage::notification_endpoints;

use super::open::open;
use crate::cli::{KeyAction, MerchantAction, MerchantArgs};
use crate::{files, merchants, screen};

/// Does what is asked, on the database that the folder or the configuration names.
pub async fn run(args: MerchantArgs) -> anyhow::Result<ExitCode> {
    let app = open(args.config.as_deref(), args.data.as_deref()).await?;
    let done = act(&app, args.action, args.json).await;
    app.store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(app: &App, action: MerchantAction, as_json: bool) -> anyhow::Result<()> {
    match action {
        MerchantAction::Add {
            name,
            public_key,
            settings,
        } => {
            let key = read_key(&public_key)?;
            let made = merchants::add(app, &name, &key, &settings).await?;
            let secrets = [
                ("client_id", made.client_id.as_str()),
                ("client_secret", made.client_secret.expose()),
                ("notification_secret", made.notification_secret.expose()),
            ];
            reveal(&format!("{name} was added"), &secrets, as_json);
        }
        MerchantAction::List => list(&merchants::list(app).await?, as_json),
        MerchantAction::Show { client_id } => show(app, &client_id, as_json).await?,
        MerchantAction::Set {
            client_id,
            name,
            enable,
            settings,
        } => {
            let change = |merchant: &mut Merchant| {
                if let Some(name) = &name {
                    merchants::rename(merchant, name)?;
                }
                if enable {
                    merchant.state = MerchantState::Active;
                }
                merchants::apply(&app.notifier, merchant, &settings)
            };
            merchants::change(app, &client_id, change).await?;
            changed(&client_id, "was changed", as_json);
        }
        MerchantAction::Disable { client_id } => {
            let disable = |merchant: &mut Merchant| {
                merchants::disable(merchant);
                Ok(())
            };
            merchants::change(app, &client_id, disable).await?;
            changed(&client_id, "is disabled", as_json);
        }
        MerchantAction::Keys(action) => keys(app, action, as_json).await?,
    }
    Ok(())
}

async fn keys(app: &App, action: KeyAction, as_json: bool) -> anyhow::Result<()> {
    let now_ms = app.clock.business_now_ms();
    match action {
        KeyAction::RotateSecret { client_id, revoke } => {
            let rotate = |merchant: &mut Merchant| {
                merchants::rotate_secret(merchant, revoke, now_ms);
                Ok(())
            };
            let merchant = merchants::change(app, &client_id, rotate).await?;
            new_secret("client_secret", &merchant, &merchant.secret, as_json);
        }
        KeyAction::RotateNotificationSecret { client_id, revoke } => {
            let rotate = |merchant: &mut Merchant| {
                merchants::rotate_notification_secret(merchant, revoke, now_ms);
                Ok(())
            };
            let merchant = merchants::change(app, &client_id, rotate).await?;
            let secret = &merchant.inbound_secret;
            new_secret("notification_secret", &merchant, secret, as_json);
        }
        KeyAction::GatewayKey { all: true, .. } => gateway_keys(app, as_json),
        KeyAction::GatewayKey { bank, .. } => {
            let key = if bank {
                app.keys.bank().public_key_pem()
            } else {
                app.keys.notify_public_pem(now_ms)
            };
            public_key(&key, as_json);
        }
        KeyAction::RotateGatewayKey { overlap } => {
            let key = gateway::rotate_notify_key(&app.store, &app.entropy, now_ms, overlap).await?;
            public_key(&key.to_pem(), as_json);
        }
        KeyAction::AddPublicKey {
            client_id,
            public_key,
        } => {
            merchants::add_key(app, &client_id, &read_key(&public_key)?).await?;
            changed(
                &client_id,
                "has another key; the earlier ones stay good",
                as_json,
            );
        }
        KeyAction::RemovePublicKey {
            client_id,
            fingerprint,
        } => {
            merchants::remove_key(app, &client_id, &fingerprint).await?;
            changed(&client_id, "is no longer believed with this key", as_json);
        }
    }
    Ok(())
}

fn public_key(pem: &str, as_json: bool) {
    if as_json {
        screen::json(&json!({ "public_key": pem }));
    } else {
        screen::line(pem.trim_end());
    }
}

/// Every key that may sign the gateway's calls to merchants, the one that does first.
fn gateway_keys(app: &App, as_json: bool) {
    let (keys, now_ms) = (app.keys.notify(), app.clock.business_now_ms());
    let shown: Vec<Value> = gateway::order(&keys, now_ms)
        .map(|key| {
            json!({
                "fingerprint": key.public.fingerprint(),
                "signs_from": timestamp::format_jakarta(key.signs_from_ms),
                "public_key": key.public.to_pem(),
            })
        })
        .collect();
    if as_json {
        screen::json(&json!(shown));
        return;
    }
    for key in &shown {
        let text = |member| key.get(member).map(plain).unwrap_or_default();
        screen::value("fingerprint", text("fingerprint"));
        screen::value("signs from", text("signs_from"));
        screen::line(text("public_key").trim_end());
    }
}

fn new_secret(name: &str, merchant: &Merchant, secret: &Secret, as_json: bool) {
    let id = merchant.id.as_str();
    reveal(
        &format!("{id} has a new secret"),
        &[("client_id", id), (name, secret.expose())],
        as_json,
    );
}

fn read_key(path: &std::path::Path) -> anyhow::Result<PublicKey> {
    PublicKey::from_pem(&files::read_text(path)?)
        .with_context(|| format!("{} is not a public key that can be used", path.display()))
}

/// Secrets are shown here and never again.
fn reveal(done: &str, values: &[(&str, &str)], as_json: bool) {
    if as_json {
        let object: serde_json::Map<String, Value> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        screen::json(&Value::Object(object));
        return;
    }
    screen::good(done);
    for (name, value) in values {
        screen::value(name, value);
    }
    screen::note("Secrets are not shown again.");
}

fn changed(client_id: &str, what: &str, as_json: bool) {
    if as_json {
        screen::json(&json!({ "client_id": client_id }));
    } else {
        screen::good(format!("{client_id} {what}"));
    }
}

fn list(merchants: &[Merchant], as_json: bool) {
    if as_json {
        screen::json(&merchants.iter().map(public).collect());
        return;
    }
    let rows: Vec<Vec<String>> = merchants
        .iter()
        .map(|merchant| {
            vec![
                merchant.id.as_str().to_owned(),
                merchant.name.clone(),
                merchant.state.as_str().to_owned(),
                merchant.notification_url.clone().unwrap_or_default(),
            ]
        })
        .collect();
    screen::table(&["client id", "name", "state", "notification URL"], &rows);
}

async fn show(app: &App, client_id: &str, as_json: bool) -> anyhow::Result<()> {
    let (merchant, keys) = merchants::show(app, client_id).await?;
    let mut shown = public(&merchant);
    let fingerprints: Vec<Value> = keys
        .iter()
        .map(|key| json!({ "fingerprint": key.key_id, "state": key.state.as_str() }))
        .collect();
    if let Value::Object(members) = &mut shown {
        members.insert("public_keys".to_owned(), json!(fingerprints));
        members.insert("endpoints".to_owned(), endpoints(app, &merchant).await?);
    }
    if as_json {
        screen::json(&shown);
        return Ok(());
    }
    for (name, value) in shown.as_object().into_iter().flatten() {
        match value {
            Value::Object(members) => {
                members
                    .iter()
                    .for_each(|(member, value)| screen::value(member, plain(value)));
            }
            Value::Array(endpoints) if name == "endpoints" => endpoints.iter().for_each(|one| {
                let text = |member| one.get(member).map(plain).unwrap_or_default();
                let line = ["url", "breaker", "since", "probe_at", "reason"].map(text);
                screen::value("endpoint", line.join(" "));
            }),
            Value::Array(keys) => keys.iter().for_each(|key| {
                let text = |member| key.get(member).map(plain).unwrap_or_default();
                screen::value(
                    "public key",
                    format!("{} {}", text("fingerprint"), text("state")),
                );
            }),
            other => screen::value(name, plain(other)),
        }
    }
    Ok(())
}

/// The endpoints that were tried, with what their breakers do as the gateways last told.
async fn endpoints(app: &App, merchant: &Merchant) -> anyhow::Result<Value> {
    let told = notification_endpoints::of_merchant(&app.store.reader(), &merchant.id).await?;
    let shown = told.iter().map(|one| {
        json!({
            "url": one.url,
            "breaker": one.state.as_str(),
            "failures": one.failures,
            "since": timestamp::format_jakarta(one.since_ms),
            "probe_at": one.probe_at_ms.map(timestamp::format_jakarta),
            "reason": one.reason,
        })
    });
    Ok(shown.collect())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A merchant without its secrets.
fn public(merchant: &Merchant) -> Value {
    json!({
        "client_id": merchant.id.as_str(),
        "name": merchant.name,
        "state": merchant.state.as_str(),
        "notification_url": merchant.notification_url,
        "token_url": merchant.token_url,
        "binding_notification_url": merchant.binding_notification_url,
        "extra_ca": merchant.extra_ca.is_some(),
        "settings": serde_json::to_value(&merchant.settings).unwrap_or_default(),
        "created": timestamp::format_jakarta(merchant.created_at_ms),
    })
}
