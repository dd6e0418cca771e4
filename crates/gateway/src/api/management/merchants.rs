//! The merchants, to choose one from: all for an operator, itself for a merchant.

use serde_json::{Value, json};
use storage::merchants::{self, Merchant};

use super::{Answer, Ask, Trouble, said};

/// `GET merchants`.
pub(super) async fn list(ask: Ask) -> Result<Answer, Trouble> {
    let whose = ask.whose().map_err(Trouble::Refused)?;
    let mut all = merchants::all(&ask.app.store.reader()).await?;
    all.retain(|merchant| whose.as_ref().is_none_or(|own| merchant.id == *own));
    let shown: Vec<Value> = all.iter().map(merchant_json).collect();
    Ok(said(json!({ "merchants": shown })))
}

fn merchant_json(merchant: &Merchant) -> Value {
    json!({
        "merchantId": merchant.id.as_str(),
        "name": merchant.name,
        "state": merchant.state.as_str(),
        "notificationUrl": merchant.notification_url,
        "tokenUrl": merchant.token_url,
        "bindingNotificationUrl": merchant.binding_notification_url,
    })
}
