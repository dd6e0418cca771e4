//! From bytes to a request that a known merchant has signed: steps 2 to 8 of every operation.
//!
//! The order is part of the API: partner, X-TIMESTAMP, B2B token, signature, the other headers, the
//! body, the customer's token. Whatever is refused here has claimed nothing and may be sent again with
//! the same ids. Nothing here writes, and a stranger's request reads nothing but a cached merchant.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::request::Parts;
use snap::mistakes::{Known as Knowledge, Mistake, Transaction};
use snap::timestamp::Timestamp;
use snap::{Case, Refusal, Request, Rules, Service, body, signature};

use super::headers::{Headers, bearer};
use crate::app::App;
use crate::merchants::Merchant;
use crate::request_log::Trail;
use crate::tokens::Kind;

/// Where a connection came from; put into every request by the listener.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The binding that a customer's token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerToken {
    /// The binding's id.
    pub binding_id: String,
}

/// A request that its merchant has signed, read and checked up to step 8.
#[derive(Clone, Debug)]
pub struct Signed<R> {
    /// Who sent it.
    pub merchant: Arc<Merchant>,
    /// What it asks.
    pub request: R,
    /// The body in its one canonical form, for the fingerprint.
    pub canonical_body: Vec<u8>,
    /// X-EXTERNAL-ID.
    pub external_id: String,
    /// X-TIMESTAMP.
    pub timestamp: Timestamp,
    /// X-IP-ADDRESS.
    pub ip: Option<IpAddr>,
    /// X-DEVICE-ID.
    pub device_id: Option<String>,
    /// Authorization-Customer, where it was given.
    pub customer: Option<CustomerToken>,
    /// The path as it was called.
    pub path: String,
    /// The name of this request in our logs, and X-REQUEST-ID of its answer.
    pub trace_id: String,
}

/// Steps 2 to 8.
///
/// # Errors
/// The refusal of the first step that fails.
pub async fn receive<R: Request>(
    app: &App,
    parts: &Parts,
    bytes: &[u8],
    trail: &mut Trail,
) -> Result<Signed<R>, Refusal> {
    let headers = Headers::new(&parts.headers);
    let known = match authenticate(app, parts, bytes, trail).await {
        Ok(known) => known,
        Err(refusal) => return Err(app.count_stranger(peer(parts), refusal)),
    };
    let Known {
        merchant,
        timestamp,
    } = known;
    if !app.limits.merchant(merchant.id(), merchant.own_rate()) {
        return Err(Refusal::new(Case::TooManyRequests));
    }
    let strict = merchant.is_strict();
    let external_id = headers.external_id(strict)?;
    let ip = headers.ip_address(R::SERVICE, strict)?;
    let device_id = headers.device_id(R::SERVICE, strict)?;
    let request = read::<R>(app, &merchant, bytes)?;
    let customer = customer_token(app, R::SERVICE, &headers, &merchant)?;
    Ok(Signed {
        request,
        canonical_body: body::unescaped(bytes),
        external_id,
        timestamp,
        ip,
        device_id,
        customer,
        path: parts.uri.path().to_owned(),
        trace_id: trail.trace_id.clone(),
        merchant,
    })
}

/// Step 7: the body's shape, then its fields.
///
/// # Errors
/// What is wrong with the body, by the name of its first wrong field.
pub fn read<R: Request>(app: &App, merchant: &Merchant, bytes: &[u8]) -> Result<R, Refusal> {
    let rules = Rules {
        strict: merchant.is_strict(),
        allow_loopback_http: app.config.sandbox,
        url_schemes: merchant.url_schemes(),
    };
    snap::read(bytes, rules)
}

/// The address of the connection.
#[must_use]
pub fn peer(parts: &Parts) -> IpAddr {
    parts
        .extensions
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0)
}

/// X-TIMESTAMP: there, well-formed and near our wall clock.
///
/// # Errors
/// When it is not.
pub fn timestamp(app: &App, headers: &Headers<'_>) -> Result<Timestamp, Refusal> {
    const NAME: &str = "X-TIMESTAMP";
    let timestamp =
        Timestamp::parse(headers.mandatory(NAME)?).map_err(|_| Refusal::format(NAME))?;
    let away_ms = app.clock.wall_now_ms().abs_diff(timestamp.unix_ms());
    if away_ms > u64::from(app.config.clock_skew_s).saturating_mul(1_000) {
        return Err(Refusal::unauthorized("X-TIMESTAMP out of range"));
    }
    Ok(timestamp)
}

/// The one answer to an unknown partner, an inactive partner and a wrong signature.
#[must_use]
pub fn invalid_signature() -> Refusal {
    Refusal::unauthorized("Invalid Signature")
}

/// Whether the cause of a wrong signature may be looked for: it costs a thousand MACs.
#[must_use]
pub fn may_guess(app: &App, merchant: &Merchant) -> bool {
    app.config.sandbox || app.limits.guess(merchant.id())
}

/// Mistakes as the request log tells them.
#[must_use]
pub fn told(mistakes: Option<Vec<Mistake>>) -> Option<String> {
    let told: Vec<&str> = mistakes?.iter().map(|mistake| mistake.what()).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Who has signed a request, and when.
#[derive(Debug)]
pub(super) struct Known {
    pub merchant: Arc<Merchant>,
    pub timestamp: Timestamp,
}

/// Steps 2 to 5.
pub(super) async fn authenticate(
    app: &App,
    parts: &Parts,
    bytes: &[u8],
    trail: &mut Trail,
) -> Result<Known, Refusal> {
    let headers = Headers::new(&parts.headers);
    let partner = headers.mandatory("X-PARTNER-ID")?;
    let Some(merchant) = app.merchants.find(app, partner, peer(parts)).await? else {
        // The same work as for a known partner, so that the time does not tell them apart.
        let secret = app.keys.nobody_secret();
        let _ = signature::verify(
            secret,
            "POST",
            parts.uri.path(),
            "",
            bytes,
            "",
            NO_SIGNATURE,
        );
        trail.finding = Some("unknown or inactive X-PARTNER-ID".to_owned());
        return Err(invalid_signature());
    };
    trail.is_from(merchant.id());
    let timestamp = timestamp(app, &headers)?;
    let token = b2b_token(app, &headers, &merchant, trail)?;
    let signature = headers.mandatory("X-SIGNATURE")?;
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let method = parts.method.as_str();
    let verifies = |secret: &snap::Secret| {
        signature::verify(
            secret,
            method,
            target,
            token,
            bytes,
            timestamp.text(),
            signature,
        )
        .is_some()
    };
    if !merchant.secrets(app.clock.business_now_ms()).any(verifies) {
        let request = Transaction {
            method,
            target,
            token,
            body: bytes,
            timestamp: timestamp.text(),
            signature,
        };
        trail.string_to_sign = Some(request.shown());
        if may_guess(app, &merchant) {
            trail.finding = told(
                request.mistakes(&Knowledge {
                    secret: Some(merchant.secret()),
                    other_secrets: &[merchant.notification_secret()],
                    public_keys: merchant.public_keys(),
                    base_url: Some(&app.config.public_url),
                    customer_token: headers
                        .optional("Authorization-Customer")
                        .ok()
                        .flatten()
                        .map(snap::headers::customer_token),
                }),
            );
        }
        return Err(invalid_signature());
    }
    Ok(Known {
        merchant,
        timestamp,
    })
}

/// Base64 of 64 zero bytes: as long as a real signature, and never one.
const NO_SIGNATURE: &str =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// Step 4.
fn b2b_token<'a>(
    app: &App,
    headers: &Headers<'a>,
    merchant: &Merchant,
    trail: &mut Trail,
) -> Result<&'a str, Refusal> {
    let value = headers
        .optional("Authorization")?
        .ok_or_else(|| Refusal::new(Case::TokenNotFoundB2b))?;
    let token = bearer(value).ok_or_else(|| Refusal::new(Case::InvalidTokenB2b))?;
    let now_ms = app.clock.business_now_ms();
    match app
        .tokens
        .verify(Kind::B2b, token, merchant.id(), merchant.epoch(), now_ms)
    {
        Ok(_) => Ok(token),
        Err(error) => {
            trail.finding = Some(error.to_string());
            Err(Refusal::new(Case::InvalidTokenB2b))
        }
    }
}

/// Step 8: alive for a balance and a payment; for a refund only one of ours, if it is there at all.
fn customer_token(
    app: &App,
    service: Service,
    headers: &Headers<'_>,
    merchant: &Merchant,
) -> Result<Option<CustomerToken>, Refusal> {
    let must_live = service == Service::BALANCE || service == Service::PAYMENT;
    if !must_live && service != Service::REFUND {
        return Ok(None);
    }
    let Some(value) = headers.optional("Authorization-Customer")? else {
        return if must_live {
            Err(Refusal::new(Case::CustomerTokenNotFound))
        } else {
            Ok(None)
        };
    };
    let token = snap::headers::customer_token(value);
    let claims = if must_live {
        let now_ms = app.clock.business_now_ms();
        app.tokens
            .verify(Kind::B2b2c, token, merchant.id(), merchant.epoch(), now_ms)
    } else {
        app.tokens
            .verify_ended_too(Kind::B2b2c, token, merchant.id())
    };
    let binding_id = claims.ok().and_then(|claims| claims.binding_id);
    binding_id
        .map(|binding_id| Some(CustomerToken { binding_id }))
        .ok_or_else(|| Refusal::new(Case::InvalidCustomerToken))
}
