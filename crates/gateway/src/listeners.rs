//! Listeners: a place that hears a merchant's notifications for a while instead of the merchant's own URLs,
//! such as a developer's machine. Where the operator does not allow them, nothing is looked up.
//!
//! Only the URLs change. What is sent, with which signature, how often, and what is recorded of it stay as
//! they are, and so do the rules for URLs.

use storage::merchants::Merchant;
use storage::{Error, Session, listeners};

use crate::app::App;

/// Puts the URLs of live listeners in the place of their merchants' own.
pub async fn stand_in(app: &App, s: &Session, merchants: &mut [Merchant]) -> Result<(), Error> {
    if !app.config.management.listeners || merchants.is_empty() {
        return Ok(());
    }
    let wall_now_ms = app.clock.wall_now_ms();
    let ids: Vec<_> = merchants
        .iter()
        .map(|merchant| merchant.id.clone())
        .collect();
    for listener in listeners::some(s, &ids).await? {
        let of_it = merchants
            .iter_mut()
            .find(|merchant| merchant.id == listener.merchant);
        if let Some(merchant) = of_it
            && listener.is_live(wall_now_ms)
        {
            merchant.notification_url = Some(listener.notification_url);
            merchant.binding_notification_url = Some(listener.binding_notification_url);
            merchant.token_url = listener.token_url;
        }
    }
    Ok(())
}
