//! One request on the wire: signed over exactly the bytes that are sent, with one reading of the
//! clock. Typed operations and tests with deliberately wrong requests share this path.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use snap::{Secret, signature, timestamp};

use crate::{Client, Error, clock, entropy};

/// Which B2B token a request carries.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Authorization {
    /// The client's own, fetched when needed.
    #[default]
    Cached,
    /// This text, whatever it is.
    Token(String),
    /// No `Authorization` header, and an empty token in the string to sign.
    Absent,
}

/// How a request is signed.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Signature {
    /// HMAC-SHA512 over method, path, token, body and time: every operation.
    #[default]
    Symmetric,
    /// RSA over client id and time: the token requests. They carry `X-CLIENT-KEY` instead of
    /// `X-PARTNER-ID` and neither token nor external id.
    Asymmetric,
    /// This text instead of a signature.
    Text(String),
}

/// What a raw request does differently from an ordinary one.
#[derive(Clone, Default)]
pub struct RawOptions {
    /// Which B2B token it carries.
    pub authorization: Authorization,
    /// How it is signed.
    pub signature: Signature,
    /// `Authorization-Customer`, with `Bearer ` put in front.
    pub customer_token: Option<String>,
    /// `X-EXTERNAL-ID`; a fresh one if none.
    pub external_id: Option<String>,
    /// `X-TIMESTAMP` as text, signed as given; now, in Jakarta's time, if none.
    pub timestamp: Option<String>,
    /// Headers set after signing, replacing what stands there under the same name.
    pub headers: Vec<(String, String)>,
    /// Headers sent a second time, after everything else.
    pub repeated: Vec<(String, String)>,
    /// Headers left out, whatever set them.
    pub without: Vec<String>,
}

/// An answer as it came.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, or null.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `responseCode`, if the body has one.
    pub fn code(&self) -> Option<String> {
        self.text("responseCode")
    }

    /// `responseMessage`, if the body has one.
    pub fn message(&self) -> Option<String> {
        self.text("responseMessage")
    }

    fn text(&self, member: &str) -> Option<String> {
        let text = self.json().get(member)?.as_str()?.to_owned();
        Some(text)
    }
}

impl std::fmt::Debug for RawOptions {
    /// Nothing of it: the tokens are secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawOptions(…)")
    }
}

impl std::fmt::Debug for Answer {
    /// The code and no more: an answer may hold tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("code", &self.code())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Sends these bytes to this path (with its query, if any), signed as the options say. For
    /// tests that need a request no typed call would make; [`Error::NoAnswer`] if none came.
    pub async fn send_raw(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
        options: &RawOptions,
    ) -> Result<Answer, Error> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Error::Request(format!("the method `{method}`")))?;
        let now_ms = clock::now_ms();
        let token = match (&options.signature, &options.authorization) {
            (Signature::Asymmetric, _) | (_, Authorization::Absent) => None,
            (_, Authorization::Token(text)) => Some(Secret::new(text)),
            (_, Authorization::Cached) => Some(self.b2b_token_at(now_ms).await?),
        };
        let token = token.as_ref().map(Secret::expose);
        self.send_at(now_ms, method, path, token, body, options)
            .await
    }

    /// Sends under this reading of the clock, which is the only one of the whole call.
    pub(crate) async fn send_at(
        &self,
        now_ms: i64,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Vec<u8>,
        options: &RawOptions,
    ) -> Result<Answer, Error> {
        let headers = self.headers(now_ms, &method, path, token, &body, options)?;
        let url = format!("{}{path}", self.shared.base_url);
        let answer = self
            .shared
            .http
            .request(method, url)
            .headers(headers)
            .body(body)
            .send()
            .await
            .map_err(sent_or_not)?;
        tracing::debug!(path, status = answer.status().as_u16(), "answered");
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let body = answer.bytes().await.map_err(sent_or_not)?.to_vec();
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    fn headers(
        &self,
        now_ms: i64,
        method: &Method,
        path: &str,
        token: Option<&str>,
        body: &[u8],
        options: &RawOptions,
    ) -> Result<HeaderMap, Error> {
        let timestamp = match &options.timestamp {
            Some(text) => text.clone(),
            None => timestamp::format_jakarta(now_ms),
        };
        let client_id = &self.shared.client_id;
        let mut headers = HeaderMap::new();
        set(&mut headers, "content-type", "application/json")?;
        set(&mut headers, "x-timestamp", &timestamp)?;
        if options.signature == Signature::Asymmetric {
            let signed = self.shared.private_key.sign_token(client_id, &timestamp);
            set(&mut headers, "x-client-key", client_id)?;
            set(&mut headers, "x-signature", &signed)?;
        } else {
            let secret = &self.shared.secret;
            let signed = match &options.signature {
                Signature::Text(text) => text.clone(),
                Signature::Symmetric | Signature::Asymmetric => signature::sign(
                    secret,
                    method.as_str(),
                    path,
                    token.unwrap_or_default(),
                    body,
                    &timestamp,
                ),
            };
            let external_id = options
                .external_id
                .clone()
                .unwrap_or_else(|| entropy::external_id(now_ms));
            set(&mut headers, "x-signature", &signed)?;
            set(&mut headers, "x-partner-id", client_id)?;
            set(&mut headers, "x-external-id", &external_id)?;
            set(&mut headers, "x-ip-address", &self.device.ip_address)?;
            set(&mut headers, "x-device-id", &self.device.device_id)?;
            set(&mut headers, "channel-id", "DH")?;
        }
        if let Some(token) = token {
            set(&mut headers, "authorization", &format!("Bearer {token}"))?;
        }
        if let Some(token) = &options.customer_token {
            let bearer = format!("Bearer {token}");
            set(&mut headers, "authorization-customer", &bearer)?;
        }
        change(&mut headers, options)?;
        Ok(headers)
    }
}

/// Lets a test put its wrong headers over the right ones.
fn change(headers: &mut HeaderMap, options: &RawOptions) -> Result<(), Error> {
    for (name, value) in &options.headers {
        set(headers, name, value)?;
    }
    for name in &options.without {
        headers.remove(name.as_str());
    }
    for (name, value) in &options.repeated {
        headers.append(header_name(name)?, header_value(name, value)?);
    }
    Ok(())
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Error> {
    headers.insert(header_name(name)?, header_value(name, value)?);
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Error::Request(format!("the header name `{name}`")))
}

/// A header's value is never part of the error: it may be a token. It is marked sensitive so that
/// no layer below prints it either.
fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| Error::Request(format!("the value of the header `{name}`")))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A request that could not even be built has certainly not arrived.
fn sent_or_not(error: reqwest::Error) -> Error {
    if error.is_builder() {
        Error::Request("the URL or a header cannot be put on the wire".to_owned())
    } else {
        Error::NoAnswer(error.without_url())
    }
}
