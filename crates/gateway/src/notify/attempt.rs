//! One try to send one notification: its token, its headers, its signature, and what came back.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use snap::{Secret, signature};
use storage::merchants::{Merchant, NotificationProfile};
use storage::notifications::{NotificationKind, StoredNotification};
use tokio::time::Instant;

use super::policy::Target;
use super::receipt::{Receipt, Said};
use super::schedule::retry_after_ms;
use super::sending::{Heard, Reach, Silence};
use super::tokens::Lent;
use crate::app::App;
use crate::derive;

/// As much of an answer is kept.
const ANSWER_KEPT: usize = 4 * 1024;

/// What came of a try, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The merchant has it.
    Delivered,
    /// The merchant says that it had it before, which is for the record of tries to judge.
    Repeated,
    /// The merchant answered otherwise.
    Refused,
    /// It may have arrived; no whole answer came.
    Lost,
    /// It may have arrived; no answer came in time.
    Late,
    /// No connection.
    NotSent,
    /// The merchant gave no token.
    NoToken,
    /// The URL or its address is not allowed.
    Forbidden,
    /// There is no URL to send it to.
    NoUrl,
}

/// A try and everything that is recorded of it.
#[derive(Debug)]
pub(super) struct Tried {
    pub outcome: Outcome,
    pub http_status: Option<u16>,
    pub detail: Option<String>,
    pub address: Option<String>,
    pub key_id: Option<String>,
    pub answer: Option<String>,
    pub retry_after_ms: Option<i64>,
}

impl Outcome {
    /// The word that is stored, logged and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Repeated => "repeated",
            Self::Refused => "refused",
            Self::Lost => "lost",
            Self::Late => "late",
            Self::NotSent => "not-sent",
            Self::NoToken => "no-token",
            Self::Forbidden => "forbidden",
            Self::NoUrl => "no-url",
        }
    }

    /// Whether a try with this word may have reached the merchant.
    pub fn may_have_arrived(word: &str) -> bool {
        ![Self::NotSent, Self::NoToken, Self::Forbidden, Self::NoUrl]
            .iter()
            .any(|outcome| outcome.as_str() == word)
    }
}

impl Tried {
    /// Whether the endpoint answered as one that works; nothing where that cannot be told.
    pub fn endpoint_is_alive(&self) -> Option<bool> {
        match self.outcome {
            Outcome::Delivered | Outcome::Repeated => Some(true),
            // It understood and said no, which may be about this one notification.
            Outcome::Refused => Some(
                self.http_status
                    .is_some_and(|status| status < 500 && status != 429),
            ),
            Outcome::Lost
            | Outcome::Late
            | Outcome::NotSent
            | Outcome::NoToken
            | Outcome::Forbidden => Some(false),
            Outcome::NoUrl => None,
        }
    }

    /// The outcome with what was said.
    pub fn in_words(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{}: {detail}", self.outcome.as_str()),
            None => self.outcome.as_str().to_owned(),
        }
    }

    fn without_answer(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            http_status: None,
            detail: Some(detail.into()),
            address: None,
            key_id: None,
            answer: None,
            retry_after_ms: None,
        }
    }
}

/// Where a merchant hears of this kind of thing.
pub(super) fn url_of(merchant: &Merchant, kind: NotificationKind) -> Option<&str> {
    match kind {
        NotificationKind::Payment | NotificationKind::Refund => {
            merchant.notification_url.as_deref()
        }
        NotificationKind::Binding => merchant.binding_notification_url.as_deref(),
    }
}

/// Sends a notification once, with a token renewed at most once, all before `deadline`.
pub(super) async fn send(
    app: &App,
    merchant: Option<&Merchant>,
    stored: &StoredNotification,
    deadline: Instant,
) -> Tried {
    let Some(merchant) = merchant else {
        return Tried::without_answer(Outcome::NoUrl, "there is no such merchant");
    };
    let Some(url) = url_of(merchant, stored.kind) else {
        return Tried::without_answer(Outcome::NoUrl, "the merchant has no URL for it");
    };
    let target = match app.notifier.policy().check(url) {
        Ok(target) => target,
        Err(forbidden) => return Tried::without_answer(Outcome::Forbidden, forbidden.to_string()),
    };
    let letter = Letter {
        app,
        merchant,
        stored,
        target: &target,
    };
    letter.deliver(deadline).await
}

/// A notification with all that its requests are made of.
struct Letter<'a> {
    app: &'a App,
    merchant: &'a Merchant,
    stored: &'a StoredNotification,
    target: &'a Target,
}

impl Letter<'_> {
    /// With another token where the merchant no longer knows ours, and with the secret before where one
    /// replaces the other and the merchant does not believe the new one; each at most once.
    async fn deliver(&self, deadline: Instant) -> Tried {
        let mut token = match self.token(deadline).await {
            Ok(token) => token,
            Err(why) => {
                return Tried {
                    key_id: Some(self.key_id(&self.merchant.inbound_secret, None)),
                    ..Tried::without_answer(Outcome::NoToken, why)
                };
            }
        };
        let mut secret = &self.merchant.inbound_secret;
        let mut said = self.post(secret, token.as_ref(), deadline).await;
        if let Some(stale) = &token
            && matches!(&said, Ok((_, said)) if said.is_stale_token())
        {
            stale.forget();
            // Without a new token, the merchant's answer tells more than that there is none.
            if let Ok(new) = self.token(deadline).await {
                token = new;
                said = self.post(secret, token.as_ref(), deadline).await;
            }
        }
        if let Some(previous) = self.previous_secret()
            && matches!(&said, Ok((_, said)) if said.is_wrong_signature())
        {
            secret = previous;
            said = self.post(secret, token.as_ref(), deadline).await;
        }
        Tried {
            key_id: Some(self.key_id(secret, token.as_ref())),
            ..self.tried(said)
        }
    }

    /// The secret that is being replaced.
    fn previous_secret(&self) -> Option<&Secret> {
        let now_ms = self.app.clock.business_now_ms();
        let previous = self.merchant.previous_inbound_secret.as_ref();
        previous
            .filter(|previous| now_ms < previous.until_ms)
            .map(|previous| &previous.secret)
    }

    async fn token(&self, deadline: Instant) -> Result<Option<Lent>, String> {
        let Some(url) = &self.merchant.token_url else {
            return Ok(None);
        };
        let tokens = self.app.notifier.tokens();
        tokens
            .get(self.app, self.merchant, url, deadline)
            .await
            .map(Some)
    }

    async fn post(
        &self,
        secret: &Secret,
        token: Option<&Lent>,
        deadline: Instant,
    ) -> Result<(Heard, Said), Silence> {
        let body = Bytes::copy_from_slice(self.stored.body.as_bytes());
        let sending = self.app.notifier.sending();
        let headers = self.headers(secret, token);
        let authority = self.merchant.extra_ca.as_deref();
        let heard = sending
            .post(self.target, authority, headers, body, deadline)
            .await?;
        let said = Said::read(heard.status, &heard.body);
        Ok((heard, said))
    }

    /// Never the customer's token. A value that cannot stand in a header is left out.
    fn headers(&self, secret: &Secret, token: Option<&Lent>) -> HeaderMap {
        let client_id = self.merchant.id.as_str();
        let token = token.map_or("", |token| token.text().expose());
        let timestamp = snap::timestamp::format_jakarta(self.app.clock.wall_now_ms());
        let signature = signature::sign(
            secret,
            "POST",
            &self.target.path_and_query,
            token,
            self.stored.body.as_bytes(),
            &timestamp,
        );
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("content-type", "application/json");
        put("x-partner-id", client_id);
        put("x-client-key", client_id);
        put("x-external-id", &self.stored.external_id);
        put("x-timestamp", &timestamp);
        put("x-signature", &signature);
        if let Some(address) = &self.stored.ip_address {
            put("x-ip-address", address);
        }
        if let Some(device) = &self.stored.device_id {
            put("x-device-id", device);
        }
        if !token.is_empty()
            && let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            bearer.set_sensitive(true);
            headers.insert(http::header::AUTHORIZATION, bearer);
        }
        headers
    }

    fn tried(&self, heard: Result<(Heard, Said), Silence>) -> Tried {
        let (heard, said) = match heard {
            Ok(heard) => heard,
            Err(silence) => return without_answer(silence),
        };
        let receipt = said.receipt(self.profile());
        let outcome = match receipt {
            Receipt::Confirmed | Receipt::Doubtful => Outcome::Delivered,
            Receipt::Repeated => Outcome::Repeated,
            Receipt::Refused => Outcome::Refused,
        };
        if receipt == Receipt::Doubtful {
            tracing::warn!(
                merchant = %self.merchant.id,
                notification = %self.stored.notification.id,
                "a 2xx that carries an error counts as received in this merchant's profile"
            );
        }
        let wall_now_ms = self.app.clock.wall_now_ms();
        let wish = heard
            .retry_after
            .as_deref()
            .and_then(|text| retry_after_ms(text, wall_now_ms));
        Tried {
            outcome,
            http_status: Some(said.status),
            detail: (receipt != Receipt::Confirmed).then(|| said.to_string()),
            address: heard.address,
            key_id: None,
            answer: kept(&heard.body),
            retry_after_ms: wish,
        }
    }

    fn profile(&self) -> &NotificationProfile {
        &self.merchant.settings.notification_profile
    }

    /// Which secret signed, and which key the request for the token, told by names that say nothing about
    /// them.
    fn key_id(&self, secret: &Secret, token: Option<&Lent>) -> String {
        let derive = self.app.keys.derive();
        let name = derive::keyed_hash(derive, "inbound", secret.expose());
        let name = name.get(..8).unwrap_or_default();
        match token {
            None => format!("hmac:{name}"),
            Some(token) => format!("hmac:{name} rsa:{}", token.asked_with()),
        }
    }
}

fn without_answer(silence: Silence) -> Tried {
    let outcome = match silence.reach {
        Reach::Forbidden => Outcome::Forbidden,
        Reach::NotSent => Outcome::NotSent,
        Reach::Lost => Outcome::Lost,
        Reach::Late => Outcome::Late,
    };
    Tried {
        http_status: silence.status,
        address: silence.address,
        ..Tried::without_answer(outcome, silence.why)
    }
}

/// The beginning of an answer as text that any database keeps.
fn kept(body: &[u8]) -> Option<String> {
    let beginning = body.get(..ANSWER_KEPT).unwrap_or(body);
    let text = String::from_utf8_lossy(beginning).replace('\0', "\u{fffd}");
    (!text.is_empty()).then_some(text)
}
