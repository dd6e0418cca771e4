//! Which URLs a customer's browser may be sent to. The text is only judged, never changed.

use url::{Host, Url};

use crate::Rules;

/// The longest URL, in characters.
pub(crate) const LENGTH_MAX: usize = 2048;

/// Schemes that run or read something in the browser: never allowed, whatever a list says.
const NEVER: [&str; 8] = [
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "javascript",
    "vbscript",
    "view-source",
];

/// https anywhere, http to this machine where allowed, or a scheme on the merchant's list; no user name.
pub(crate) fn is_acceptable(text: &str, rules: Rules<'_>) -> bool {
    let Some(url) = parse(text) else { return false };
    match url.scheme() {
        "https" => url.has_host(),
        "http" => rules.allow_loopback_http && is_loopback(&url),
        scheme if NEVER.contains(&scheme) => false,
        scheme => rules
            .url_schemes
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(scheme)),
    }
}

/// http or https to any host: between the gateway and a bank, where configuration decides what is spoken.
pub(crate) fn is_http(text: &str) -> bool {
    parse(text).is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Parses what needs no repair: the `url` crate forgives white space, backslashes and missing slashes, browsers
/// forgive them differently.
fn parse(text: &str) -> Option<Url> {
    let fits = (1..=LENGTH_MAX).contains(&text.chars().count());
    if !fits
        || text.contains(|letter: char| {
            letter.is_whitespace() || letter.is_control() || letter == '\\'
        })
    {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    match text.split_once("://") {
        Some((_, after)) => {
            let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
            if authority.contains('@') || (is_web && authority.is_empty()) {
                return None;
            }
        }
        None if is_web => return None,
        None => {}
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
