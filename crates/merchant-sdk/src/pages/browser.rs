//! The least of a browser: GET, POST of a form, cookies. It follows nothing by itself, so that
//! whoever drives it sees every step.
//!
//! Its cookies are kept here and not by the HTTP client, because `__Host-` cookies are Secure,
//! and browsers send those to loopback over http while cookie jars do not.

use std::time::Duration;

use reqwest::header::{COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE};
use url::Url;

use super::Error;
use super::html::{self, Page};
use crate::outcome::cause_of;

/// A browser that has visited nothing yet.
pub(super) struct Browser {
    http: reqwest::Client,
    cookies: Vec<Cookie>,
}

struct Cookie {
    host: String,
    name: String,
    value: String,
}

/// What came back for one request.
pub(super) struct Visited {
    /// The address of the page.
    pub url: Url,
    /// Where a 3xx points, exactly as written.
    pub location: Option<String>,
    /// What is on the page.
    pub page: Page,
}

impl Browser {
    pub fn new() -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("gerbang-customer/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(Error::Setup)?;
        Ok(Self {
            http,
            cookies: Vec::new(),
        })
    }

    /// Opens an address.
    pub async fn get(&mut self, url: &Url) -> Result<Visited, Error> {
        let request = self.http.get(url.clone());
        self.send(url, request).await
    }

    /// Submits a form's fields to an address.
    pub async fn post(&mut self, url: &Url, fields: &[(&str, &str)]) -> Result<Visited, Error> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .http
            .post(url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", url.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin")
            .body(body);
        self.send(url, request).await
    }

    /// Reads JSON, without cookies: the inbox is not one of the customer's pages.
    pub async fn json(&self, url: &Url) -> Result<serde_json::Value, Error> {
        let lost = |error: reqwest::Error| Error::Inbox(cause_of(&error));
        let answer = self.http.get(url.clone()).send().await.map_err(lost)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(lost)?;
        if !status.is_success() {
            return Err(Error::Inbox(format!("HTTP {status}")));
        }
        serde_json::from_slice(&body).map_err(|error| Error::Inbox(error.to_string()))
    }

    async fn send(
        &mut self,
        url: &Url,
        mut request: reqwest::RequestBuilder,
    ) -> Result<Visited, Error> {
        let lost = |error: reqwest::Error| Error::Page {
            origin: url.origin().ascii_serialization(),
            cause: cause_of(&error),
        };
        if let Some(cookies) = self.cookies_for(url) {
            request = request.header(COOKIE, cookies);
        }
        let answer = request.send().await.map_err(lost)?;
        self.keep_cookies(url, answer.headers());
        let location = answer
            .status()
            .is_redirection()
            .then(|| answer.headers().get(LOCATION))
            .flatten()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let body = answer.bytes().await.map_err(lost)?;
        Ok(Visited {
            url: url.clone(),
            location,
            page: html::read(&String::from_utf8_lossy(&body)),
        })
    }

    fn cookies_for(&self, url: &Url) -> Option<HeaderValue> {
        let host = url.host_str()?;
        let ours: Vec<String> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.host == host)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        let mut value = HeaderValue::from_str(&ours.join("; ")).ok()?;
        value.set_sensitive(true);
        (!ours.is_empty()).then_some(value)
    }

    /// Cookies belong to a host whatever its port, as in a browser.
    fn keep_cookies(&mut self, url: &Url, headers: &HeaderMap) {
        let Some(host) = url.host_str() else { return };
        for line in headers.get_all(SET_COOKIE) {
            let line = String::from_utf8_lossy(line.as_bytes()).into_owned();
            let mut parts = line.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            self.cookies
                .retain(|cookie| cookie.host != host || cookie.name != name);
            let ended = parts.any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
            if !ended {
                self.cookies.push(Cookie {
                    host: host.to_owned(),
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
            }
        }
    }
}
