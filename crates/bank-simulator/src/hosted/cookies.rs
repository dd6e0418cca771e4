//! The cookie that ties a page to one browser.
//!
//! `__Host-`: only over TLS or loopback, only this host. One cookie per page, so that two tabs with two payments do
//! not disturb each other; its name is made from the stored hash of the page's id, which opens nothing.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use cookie::{Cookie, SameSite, time::Duration};

use crate::entropy;

fn name(page_id: &str) -> String {
    let tag: String = entropy::hash(&entropy::hash(page_id))
        .chars()
        .take(12)
        .collect();
    format!("__Host-page-{tag}")
}

/// The session that the browser brings for this page.
pub(super) fn session(headers: &HeaderMap, page_id: &str) -> Option<String> {
    let name = name(page_id);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| Cookie::split_parse(text.to_owned()).flatten())
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// `Set-Cookie` for a new session.
pub(super) fn keep(page_id: &str, session: String) -> String {
    Cookie::build((name(page_id), session))
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(Duration::hours(1))
        .build()
        .to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_session_is_found_among_other_cookies_and_only_for_its_page() {
        let set = keep("page-one", "abc".into());
        assert!(set.contains("Secure") && set.contains("HttpOnly") && set.contains("SameSite=Lax"));
        assert!(set.contains("Path=/") && set.starts_with("__Host-") && !set.contains("page-one"));
        let pair = set.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_str(&format!("a=b; {pair}; c=d")).unwrap(),
        );
        assert_eq!(session(&headers, "page-one").as_deref(), Some("abc"));
        assert_eq!(session(&headers, "page-two"), None);
    }
}
