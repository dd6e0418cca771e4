//! How a merchant asks: signed, and again under the same reference while the answer is not definite.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use snap::{Outcome, ReceivedCode, paths, signature, timestamp};

use crate::hub::{Answer, Hub};
use crate::shop::{Shop, Told, Wire};

/// A program of a merchant.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Everybody.
    pub hub: Arc<Hub>,
    /// Which merchant.
    pub at: usize,
}

impl Caller {
    /// The merchant.
    pub fn shop(&self) -> Option<&Shop> {
        self.hub.shops.get(self.at)
    }

    /// A request that was never sent.
    pub fn wire(&self, path: &'static str, body: &Value, code: Option<&str>) -> Wire {
        self.same(path, body.to_string().into(), code)
    }

    fn same(&self, path: &'static str, body: Bytes, code: Option<&str>) -> Wire {
        Wire {
            path,
            body,
            external_id: self.fresh("8"),
            timestamp: timestamp::format_jakarta(self.hub.world.now_ms()),
            code: code.map(str::to_owned),
        }
    }

    /// An id that was never used.
    pub fn fresh(&self, prefix: &str) -> String {
        self.shop()
            .map(|shop| shop.fresh(prefix))
            .unwrap_or_default()
    }

    /// Asks until the answer is definite, for some tries. Some repeat to the byte, some begin a new
    /// request about the same reference.
    pub async fn insist(&self, mut wire: Wire) -> Option<Told> {
        let world = Arc::clone(&self.hub.world);
        for tries in 1..=6 {
            let answer = self.once(&wire).await;
            if let Some(told) = answer.and_then(|answer| definite(&wire, &answer, tries)) {
                return Some(told);
            }
            let label = format!("shop {} waits to ask again", self.at);
            world.pause(None, 500 + world.moment(8_000), label).await;
            if world.below(3) > 0 {
                wire = self.same(wire.path, wire.body, wire.code.as_deref());
            }
        }
        None
    }

    /// Asks once, with whatever tokens there are.
    pub async fn once(&self, wire: &Wire) -> Option<Answer> {
        let shop = self.shop()?;
        let asymmetric = wire.path == paths::TOKEN_B2B2C;
        let b2b = match asymmetric {
            true => String::new(),
            false => self.b2b().await?,
        };
        let customer = match &wire.code {
            None => None,
            Some(code) => Some(shop.book().bindings.get(code)?.token.clone()?),
        };
        let at = &wire.timestamp;
        let mut request = http::Request::post(wire.path)
            .header(CONTENT_TYPE, "application/json")
            .header("X-TIMESTAMP", at);
        if asymmetric {
            let signature = self.hub.key.sign_token(&shop.client_id, at);
            request = request
                .header("X-CLIENT-KEY", &shop.client_id)
                .header("X-SIGNATURE", signature);
        } else {
            let signature = signature::sign(&shop.secret, "POST", wire.path, &b2b, &wire.body, at);
            request = request
                .header("X-PARTNER-ID", &shop.client_id)
                .header("X-EXTERNAL-ID", &wire.external_id)
                .header("X-IP-ADDRESS", "203.0.113.10")
                .header("X-DEVICE-ID", "simulation")
                .header("Authorization", format!("Bearer {b2b}"))
                .header("X-SIGNATURE", signature);
        }
        if let Some(customer) = customer {
            request = request.header("Authorization-Customer", format!("Bearer {customer}"));
        }
        let request = request.body(wire.body.clone()).ok()?;
        let what = format!("shop {} {} {}", self.at, wire.path, wire.external_id);
        let answer = self.hub.ask_gateway(request, &what).await?;
        let code = code_of(&answer).unwrap_or_default();
        self.hub
            .world
            .note(&format!("{what} hears {} {code}", answer.status));
        if code.starts_with("401") && code.ends_with("01") {
            shop.book().b2b = None;
        }
        Some(answer)
    }

    /// The merchant's own token, asked for when there is none.
    async fn b2b(&self) -> Option<String> {
        let shop = self.shop()?;
        if let Some(token) = shop.book().b2b.clone() {
            return Some(token);
        }
        let now = timestamp::format_jakarta(self.hub.world.now_ms());
        let request = http::Request::post(paths::TOKEN_B2B)
            .header(CONTENT_TYPE, "application/json")
            .header("X-CLIENT-KEY", &shop.client_id)
            .header(
                "X-SIGNATURE",
                self.hub.key.sign_token(&shop.client_id, &now),
            )
            .header("X-TIMESTAMP", now)
            .body(Bytes::from_static(br#"{"grantType":"client_credentials"}"#))
            .ok()?;
        let what = format!("shop {} 73", self.at);
        let answer = self.hub.ask_gateway(request, &what).await?;
        let token = text_in(&answer.body, "/accessToken")?;
        shop.book().b2b = Some(token.clone());
        Some(token)
    }

    /// A customer's token for an authCode; true when there is one.
    pub async fn exchange(&self, code: &str) -> bool {
        let body = json!({"grantType": "authorization_code", "authCode": code});
        let wire = self.wire(paths::TOKEN_B2B2C, &body, None);
        let Some(answer) = self.once(&wire).await else {
            return false;
        };
        let Some(token) = text_in(&answer.body, "/accessToken") else {
            return false;
        };
        if let Some(shop) = self.shop()
            && let Some(link) = shop.book().bindings.get_mut(code)
        {
            link.token = Some(token);
        }
        true
    }
}

/// The answer's responseCode.
pub fn code_of(answer: &Answer) -> Option<String> {
    text_in(&answer.body, "/responseCode")
}

fn definite(wire: &Wire, answer: &Answer, tries: u32) -> Option<Told> {
    let code = code_of(answer)?;
    let done = match ReceivedCode::parse(&code)?.outcome() {
        Outcome::Done => true,
        // Our own token was refused, which says nothing about the request.
        Outcome::Refused if code.starts_with("401") && code.ends_with("01") => return None,
        Outcome::Refused => false,
        Outcome::Unknown => return None,
    };
    // A repeat under the same id hears the first answer with 409.
    (answer.status == 409 || code.starts_with(&answer.status.to_string())).then(|| Told {
        wire: wire.clone(),
        status: answer.status,
        body: answer.body.clone(),
        code,
        done,
        tries,
    })
}

/// A text in a JSON body.
pub fn text_in(body: &[u8], path: &str) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    Some(json.pointer(path)?.as_str()?.to_owned())
}
