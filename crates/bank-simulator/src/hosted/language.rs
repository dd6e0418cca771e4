//! Which language a reader gets.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// The languages of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Indonesian,
    English,
}

impl Language {
    /// `?lang=` wins, then the browser's first known language, then Bahasa Indonesia.
    pub fn choose(query: Option<&str>, headers: &HeaderMap) -> Self {
        let asked = query.and_then(|query| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "lang")
                .map(|(_, value)| value)
        });
        if let Some(known) = asked.and_then(|tag| Self::known(&tag)) {
            return known;
        }
        let accepted = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        accepted
            .split(',')
            .find_map(Self::known)
            .unwrap_or(Self::Indonesian)
    }

    fn known(tag: &str) -> Option<Self> {
        match tag
            .trim()
            .split(['-', ';'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "id" | "in" | "ms" => Some(Self::Indonesian),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    pub fn tag(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Indonesian => Self::English,
            Self::English => Self::Indonesian,
        }
    }

    /// The one of two texts that is in this language.
    pub fn pick<'a>(self, indonesian: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Indonesian => indonesian,
            Self::English => english,
        }
    }
}
