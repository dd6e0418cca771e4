//! Checks what claims to come from the gateway.

use reqwest::header::HeaderMap;
use snap::messages::notify::{BindingNotifyRequest, NotifyRequest};
use snap::signature;
use snap::timestamp::Timestamp;
use snap::{Case, PublicKey, Refusal, Request, Rules, Secret, Service};

/// What the merchant knows about the gateway.
#[derive(Debug)]
pub struct Settings {
    /// The merchant's client id, which the gateway signs with and sends as `X-PARTNER-ID`.
    pub client_id: String,
    /// The gateway's public key, which verifies its token requests.
    pub gateway_key: PublicKey,
    /// The merchant's inbound secret, which verifies notifications.
    pub secret: Secret,
    /// How far X-TIMESTAMP may be from the merchant's clock.
    pub tolerance_s: i64,
    /// How long an issued token is good for.
    pub token_life_s: i64,
    /// Whether a notification needs a token. A merchant who gave the gateway no token URL
    /// receives notifications without one.
    pub token_required: bool,
}

impl Settings {
    /// The usual settings: 300 s of tolerance, tokens of 900 s, tokens required.
    pub fn new(client_id: impl Into<String>, gateway_key: PublicKey, secret: Secret) -> Self {
        Self {
            client_id: client_id.into(),
            gateway_key,
            secret,
            tolerance_s: 300,
            token_life_s: 900,
            token_required: true,
        }
    }
}

/// One request as it came in.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path with its query, exactly as requested.
    pub path_and_query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body's bytes.
    pub body: &'a [u8],
    /// The wall clock when it came.
    pub now_ms: i64,
}

/// A notification that was verified.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Its X-EXTERNAL-ID: the same for every try of one notification.
    pub external_id: String,
    /// What happened.
    pub event: Event,
}

/// What a notification is about.
#[derive(Debug, Clone)]
pub enum Event {
    /// A payment came to an end, or was refunded.
    Payment(Box<NotifyRequest>),
    /// A binding came to an end.
    Binding(Box<BindingNotifyRequest>),
}

impl Notification {
    /// The payment it is about, if it is about one.
    pub fn payment(&self) -> Option<&NotifyRequest> {
        match &self.event {
            Event::Payment(payment) => Some(payment),
            Event::Binding(_) => None,
        }
    }
}

/// Why a request was turned away: the service it was for and what SNAP answers.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// 73 for the token request, 56 for a payment's notification, 07 for a binding's.
    pub service: Service,
    /// What is wrong with it.
    pub refusal: Refusal,
}

/// Checks incoming requests; keeps nothing.
#[derive(Debug)]
pub struct Verifier {
    pub(super) settings: Settings,
}

impl Verifier {
    /// A verifier with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub(super) fn verify_token_request(&self, incoming: &Incoming<'_>) -> Result<(), Rejected> {
        let reject = |refusal| Rejected {
            service: Service::TOKEN_B2B,
            refusal,
        };
        let client_key = header(incoming, "X-CLIENT-KEY").map_err(reject)?;
        let timestamp = self.time(incoming).map_err(reject)?;
        let signed = header(incoming, "X-SIGNATURE").map_err(reject)?;
        let genuine = client_key == self.settings.client_id
            && (self.settings.gateway_key).verify_token(client_key, timestamp.text(), signed);
        if genuine {
            Ok(())
        } else {
            Err(reject(Refusal::unauthorized("Invalid Signature")))
        }
    }

    /// Checks a payment's notification and reads it.
    ///
    /// # Errors
    /// [`Rejected`], with the [`Rejected::reply`] to give.
    pub fn verify_notification(&self, incoming: &Incoming<'_>) -> Result<Notification, Rejected> {
        self.read(incoming, |body| Event::Payment(Box::new(body)))
    }

    /// Checks a binding's notification and reads it.
    ///
    /// # Errors
    /// [`Rejected`], with the [`Rejected::reply`] to give.
    pub fn verify_binding_notification(
        &self,
        incoming: &Incoming<'_>,
    ) -> Result<Notification, Rejected> {
        self.read(incoming, |body| Event::Binding(Box::new(body)))
    }

    fn read<B: Request>(
        &self,
        incoming: &Incoming<'_>,
        event: fn(B) -> Event,
    ) -> Result<Notification, Rejected> {
        let service = B::SERVICE;
        let reject = |refusal| Rejected { service, refusal };
        self.authentic(incoming).map_err(reject)?;
        let external_id = header(incoming, "X-EXTERNAL-ID")
            .map_err(reject)?
            .to_owned();
        let body = snap::read(incoming.body, Rules::default()).map_err(reject)?;
        Ok(Notification {
            external_id,
            event: event(body),
        })
    }

    fn authentic(&self, incoming: &Incoming<'_>) -> Result<(), Refusal> {
        let timestamp = self.time(incoming)?;
        let partner = header(incoming, "X-PARTNER-ID")?;
        let signed = header(incoming, "X-SIGNATURE")?;
        let token = self.bearer(incoming)?;
        let matches = signature::verify(
            &self.settings.secret,
            incoming.method,
            incoming.path_and_query,
            token,
            incoming.body,
            timestamp.text(),
            signed,
        );
        if matches.is_none() || partner != self.settings.client_id {
            return Err(Refusal::unauthorized("Invalid Signature"));
        }
        Ok(())
    }

    /// The token of the notification: ours and alive, or empty where none is required.
    fn bearer<'a>(&self, incoming: &'a Incoming<'_>) -> Result<&'a str, Refusal> {
        let Some(value) = incoming.headers.get("authorization") else {
            if self.settings.token_required {
                return Err(Refusal::new(Case::TokenNotFoundB2b));
            }
            return Ok("");
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "))
            .ok_or_else(|| Refusal::new(Case::InvalidTokenB2b))?;
        if self.token_is_good(token, incoming.now_ms) {
            Ok(token)
        } else {
            Err(Refusal::new(Case::InvalidTokenB2b))
        }
    }

    fn time(&self, incoming: &Incoming<'_>) -> Result<Timestamp, Refusal> {
        let text = header(incoming, "X-TIMESTAMP")?;
        let timestamp = Timestamp::parse(text).map_err(|_| Refusal::format("X-TIMESTAMP"))?;
        let distance_ms = timestamp.unix_ms().abs_diff(incoming.now_ms);
        let tolerance_ms = u64::try_from(self.settings.tolerance_s).unwrap_or(0) * 1_000;
        if distance_ms > tolerance_ms {
            return Err(Refusal::unauthorized("X-TIMESTAMP out of range"));
        }
        Ok(timestamp)
    }
}

fn header<'a>(incoming: &'a Incoming<'_>, name: &str) -> Result<&'a str, Refusal> {
    match incoming.headers.get(name).map(|value| value.to_str()) {
        None | Some(Ok("")) => Err(Refusal::mandatory(name)),
        Some(Err(_)) => Err(Refusal::format(name)),
        Some(Ok(text)) => Ok(text),
    }
}
