//! `gerbang merchant`: merchants added, listed and changed from a shell.

use std::process::ExitCode;

use anyhow::Context as _;
use gateway::App;
use serde_json::{Value, json};
use snap::{PublicKey, timestamp};
use storage::merchants::{Merchant, MerchantState};

use super::open::open;
use crate::cli::{MerchantAction, MerchantArgs};
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
                merchants::apply(merchant, &settings)
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
        MerchantAction::RotateSecret {
            client_id,
            notification,
            revoke,
        } => {
            rotate(app, &client_id, notification, revoke, as_json).await?;
        }
        MerchantAction::GatewayKey { bank } => {
            let key = if bank {
                app.keys.bank().public_key_pem()
            } else {
                app.keys.notify_public().to_pem()
            };
            if as_json {
                screen::json(&json!({ "public_key": key }));
            } else {
                screen::line(key.trim_end());
            }
        }
        MerchantAction::AddKey {
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
    }
    Ok(())
}

async fn rotate(
    app: &App,
    client_id: &str,
    notification: bool,
    revoke: bool,
    as_json: bool,
) -> anyhow::Result<()> {
    let now_ms = app.clock.business_now_ms();
    let rotate = |merchant: &mut Merchant| {
        if notification {
            merchants::rotate_notification_secret(merchant);
        } else {
            merchants::rotate_secret(merchant, revoke, now_ms);
        }
        Ok(())
    };
    let merchant = merchants::change(app, client_id, rotate).await?;
    let secret = if notification {
        ("notification_secret", merchant.inbound_secret.expose())
    } else {
        ("client_secret", merchant.secret.expose())
    };
    reveal(
        &format!("{client_id} has a new secret"),
        &[("client_id", client_id), secret],
        as_json,
    );
    Ok(())
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
        "settings": serde_json::to_value(&merchant.settings).unwrap_or_default(),
        "created": timestamp::format_jakarta(merchant.created_at_ms),
    })
}
