//! The gateway's side of listening: it is told where notifications go for now, reminded of it, and told
//! when that is over.

use std::time::Duration;

use anyhow::Context as _;
use merchant_sdk::notifications::Paths;
use serde_json::{Value, json};

use crate::management::{Management, Refused, said};
use crate::screen;

/// A listener lives for a minute.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// A listener that the gateway knows.
pub struct Registration {
    gateway: Management,
    id: String,
}

impl Registration {
    /// Has the merchant's notifications sent to the URLs with this base.
    pub async fn begin(gateway: Management, base: &str, paths: &Paths) -> anyhow::Result<Self> {
        let urls = json!({
            "notificationUrl": format!("{base}{}", paths.notification),
            "tokenUrl": format!("{base}{}", paths.token),
            "bindingNotificationUrl": format!("{base}{}", paths.binding_notification),
        });
        let begun = gateway.post("listeners", &urls).await.and_then(said);
        let body = begun.map_err(explain)?;
        let id = body.pointer("/listener/id").and_then(Value::as_str);
        let id = id.context("the gateway's answer names no listener; is it an older one?")?;
        if body.get("tookOver").and_then(Value::as_bool) == Some(true) {
            screen::aside("another `gerbang listen` of this merchant listened; it ends now");
        }
        Ok(Self {
            id: id.to_owned(),
            gateway,
        })
    }

    /// Renews it for as long as the gateway knows it; returns why it is over.
    pub async fn keep(&self) -> String {
        let mut is_silent = false;
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let path = format!("listeners/{}/renew", self.id);
            let renewed = self.gateway.post(&path, &json!({})).await.and_then(said);
            match renewed {
                Ok(_) => is_silent = false,
                Err(error) if Refused::status_of(&error) == Some(404) => {
                    return "the gateway sends this merchant's notifications elsewhere: another `gerbang listen` \
                            took over, or the gateway was set up anew"
                        .to_owned();
                }
                Err(error) if !is_silent => {
                    is_silent = true;
                    screen::aside(format!("not renewed, trying again: {error:#}"));
                }
                Err(_) => {}
            }
        }
    }

    /// Has them sent where they went before.
    pub async fn end(&self) {
        let path = format!("listeners/{}", self.id);
        if let Err(error) = self.gateway.delete(&path).await
            && Refused::status_of(&error) != Some(404)
        {
            screen::aside(format!(
                "the gateway could not be told that this is over; it notices within a minute: {error:#}"
            ));
        }
    }
}

fn explain(error: anyhow::Error) -> anyhow::Error {
    let hint = match Refused::status_of(&error) {
        Some(403) => {
            "this gateway takes no listeners; its operator may set management.listeners = true, or have the \
             merchant's URLs lead here (`gerbang merchant set`) for `gerbang listen --no-register`"
        }
        Some(400) => {
            "the gateway may not send to this machine; give an https address that leads here with --public-url"
        }
        _ => return error,
    };
    error.context(hint)
}
