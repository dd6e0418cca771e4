//! `gerbang management-key`: operators' keys, made, listed and revoked in the gateway's database.

use std::process::ExitCode;

use anyhow::ensure;
use gateway::{App, management_keys};
use serde_json::{Value, json};
use snap::{Secret, timestamp};
use storage::management_keys::{KeyScope, ManagementKey, all, insert, revoke};

use super::open::open;
use crate::cli::{ManagementKeyAction, ManagementKeyArgs};
use crate::screen;

/// Does what is asked.
pub async fn run(args: ManagementKeyArgs) -> anyhow::Result<ExitCode> {
    let app = open(args.place.config.as_deref(), args.place.data.as_deref()).await?;
    let done = act(&app, args.action, args.place.json).await;
    app.store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

/// Makes a key that everything may be done with; the text is nowhere else.
pub async fn add(
    app: &App,
    name: &str,
    scope: KeyScope,
) -> anyhow::Result<(ManagementKey, Secret)> {
    let fits = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    ensure!(fits, "--name is 1 to 64 characters that can be shown");
    let now_ms = app.clock.business_now_ms();
    let (key, text) = management_keys::make(&app.entropy, name, scope, now_ms);
    let added = app
        .store
        .transact("add management key", |s| {
            let key = &key;
            async move { insert(&s, key).await }
        })
        .await?;
    ensure!(added, "the new key's id is taken already; try again");
    Ok((key, text))
}

async fn act(app: &App, action: ManagementKeyAction, as_json: bool) -> anyhow::Result<()> {
    match action {
        ManagementKeyAction::Add { name, read_only } => {
            let scope = if read_only {
                KeyScope::ReadOnly
            } else {
                KeyScope::Operator
            };
            let (key, text) = add(app, &name, scope).await?;
            if as_json {
                let key = json!({ "id": key.id, "management_key": text.expose() });
                screen::json(&key);
                return Ok(());
            }
            screen::good(format!("{name} has a key"));
            screen::value("id", &key.id);
            screen::value("management_key", text.expose());
            screen::note("It is not shown again.");
        }
        ManagementKeyAction::List => list(&all(&app.store.reader()).await?, as_json),
        ManagementKeyAction::Revoke { id } => {
            let now_ms = app.clock.business_now_ms();
            let revoked = app
                .store
                .transact("revoke management key", |s| {
                    let id = &id;
                    async move { revoke(&s, id, now_ms).await }
                })
                .await?;
            ensure!(
                revoked,
                "there is no key {id} to revoke; `gerbang management-key list` shows them all"
            );
            if as_json {
                screen::json(&json!({ "id": id }));
            } else {
                screen::good(format!("{id} is refused from now on"));
            }
        }
    }
    Ok(())
}

fn list(keys: &[ManagementKey], as_json: bool) {
    let time = |at_ms: Option<i64>| at_ms.map(timestamp::format_jakarta);
    if as_json {
        let keys: Vec<Value> = keys
            .iter()
            .map(|key| {
                json!({
                    "id": key.id,
                    "name": key.name,
                    "scope": key.scope.as_str(),
                    "created": time(Some(key.created_at_ms)),
                    "last_used": time(key.last_used_at_ms),
                    "revoked": time(key.revoked_at_ms),
                })
            })
            .collect();
        screen::json(&Value::Array(keys));
        return;
    }
    let text = |at_ms| time(at_ms).unwrap_or_else(|| "-".to_owned());
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| {
            vec![
                key.id.clone(),
                key.name.clone(),
                key.scope.as_str().to_owned(),
                text(Some(key.created_at_ms)),
                text(key.last_used_at_ms),
                text(key.revoked_at_ms),
            ]
        })
        .collect();
    screen::table(
        &["id", "name", "scope", "created", "last used", "revoked"],
        &rows,
    );
}
