//! A browser with cookies and without scripts.

use std::collections::HashMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};

#[derive(Clone)]
pub struct Browser {
    http: reqwest::Client,
    origin: String,
    pub cookies: HashMap<String, String>,
    pub language: &'static str,
}

/// What the browser shows in the end.
pub struct Shown {
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
    /// `Set-Cookie` headers on the way.
    pub set: Vec<String>,
}

impl Shown {
    /// The value of an attribute, the first time it stands in the page.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.html.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0)
    }

    pub fn end(&self) -> Option<&str> {
        self.attribute("data-end")
    }

    pub fn code(&self) -> Option<&str> {
        self.attribute("data-code")
    }

    pub fn notice(&self) -> Option<&str> {
        self.attribute("data-notice")
    }

    /// The steps that the page offers.
    pub fn steps(&self) -> Vec<&str> {
        let mut parts = self.html.split("data-step=\"");
        parts.next();
        parts.filter_map(|part| part.split('"').next()).collect()
    }
}

impl Browser {
    pub fn new(http: reqwest::Client, origin: &str) -> Self {
        Self {
            http,
            origin: origin.to_owned(),
            cookies: HashMap::new(),
            language: "en",
        }
    }

    pub async fn get(&mut self, url: &str) -> Shown {
        let request = self.http.get(url);
        self.follow(request).await
    }

    /// Presses the button of a step, with what was typed into its field.
    pub async fn post(&mut self, page: &str, step: &str, typed: &str) -> Shown {
        let content = "application/x-www-form-urlencoded";
        let request = self
            .http
            .post(format!("{page}/{step}"))
            .header("Content-Type", content)
            .body(format!("{step}={typed}"));
        self.follow(request).await
    }

    pub async fn follow(&mut self, request: reqwest::RequestBuilder) -> Shown {
        let mut request = request;
        let mut set = Vec::new();
        loop {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let with = request
                .header(COOKIE, cookies.join("; "))
                .header("Accept-Language", self.language);
            let response = with.send().await.unwrap();
            for cookie in response.headers().get_all(SET_COOKIE) {
                let text = cookie.to_str().unwrap().to_owned();
                let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
                set.push(text);
            }
            if response.status() == 303 {
                let to = response.headers()[LOCATION].to_str().unwrap().to_owned();
                assert!(to.starts_with("/pages/"), "{to}");
                request = self.http.get(format!("{}{to}", self.origin));
                continue;
            }
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            return Shown {
                status,
                headers,
                html: response.text().await.unwrap(),
                set,
            };
        }
    }
}
