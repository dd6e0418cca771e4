//! Who asks: an operator by its key, or a merchant by its token and signature.

use std::sync::Arc;

use snap::{Case, Refusal};
use storage::management_keys::{KeyScope, ManagementKey};

use crate::api::headers::{Headers, bearer};
use crate::api::router::Call;
use crate::api::signed::{authenticate, peer};
use crate::management_keys::PREFIX;
use crate::merchants::Merchant;

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// Somebody with a key.
    Operator(ManagementKey),
    /// A merchant, for itself.
    Merchant(Arc<Merchant>),
}

impl Caller {
    /// By what this caller is counted.
    pub fn name(&self) -> String {
        match self {
            Self::Operator(key) => format!("key {}", key.id),
            Self::Merchant(merchant) => merchant.id().to_owned(),
        }
    }

    /// Refuses who may only look.
    pub fn demand_change(&self) -> Result<(), Refusal> {
        match self {
            Self::Operator(key) if key.scope == KeyScope::ReadOnly => Err(Refusal::with(
                Case::FeatureNotAllowed,
                "this key may only read",
            )),
            Self::Operator(_) | Self::Merchant(_) => Ok(()),
        }
    }
}

/// Who sent this request.
pub(super) async fn of(call: &mut Call) -> Result<Caller, Refusal> {
    let app = Arc::clone(&call.app);
    let caller = match known(call).await {
        Ok(caller) => caller,
        Err(refusal) => return Err(app.count_stranger(peer(&call.parts), refusal)),
    };
    let own_rate = match &caller {
        Caller::Operator(_) => None,
        Caller::Merchant(merchant) => merchant.own_rate(),
    };
    if app.limits.merchant(&caller.name(), own_rate) {
        Ok(caller)
    } else {
        Err(Refusal::new(Case::TooManyRequests))
    }
}

async fn known(call: &mut Call) -> Result<Caller, Refusal> {
    let app = Arc::clone(&call.app);
    let headers = Headers::new(&call.parts.headers);
    let authorization = headers.optional("Authorization")?;
    let key = authorization
        .and_then(bearer)
        .filter(|token| token.starts_with(PREFIX));
    if let Some(key) = key {
        let found = app.management_keys.find(&app, key).await.map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the management keys could not be read");
            Refusal::new(Case::InternalServerError)
        })?;
        return found
            .map(Caller::Operator)
            .ok_or_else(|| Refusal::unauthorized("Unknown or revoked management key"));
    }
    if authorization.is_none() && headers.optional("X-PARTNER-ID")?.is_none() {
        return Err(Refusal::unauthorized(
            "Give a management key, or sign as a merchant",
        ));
    }
    let known = authenticate(&app, &call.parts, &call.body, &mut call.trail).await?;
    Ok(Caller::Merchant(known.merchant))
}
