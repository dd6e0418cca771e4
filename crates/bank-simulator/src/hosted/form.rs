//! Reading what a browser posts: one short field, and nothing that is not plainly it.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// A form is a few dozen bytes; what is longer was not typed on our page.
pub(super) const MAX_BYTES: usize = 2_048;
const MAX_VALUE: usize = 64;

/// The text of a field, empty when it was not sent. `None` when the body is not a form of ours.
pub(super) fn field(headers: &HeaderMap, body: &[u8], wanted: &str) -> Option<String> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") && !body.is_empty() {
        return None;
    }
    if body.len() > MAX_BYTES || !is_well_encoded(body) {
        return None;
    }
    let mut found = None;
    for (name, value) in url::form_urlencoded::parse(body) {
        let bad = value.len() > MAX_VALUE
            || value
                .chars()
                .any(|c| c == char::REPLACEMENT_CHARACTER || c.is_control());
        if bad || name.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        if name == wanted && found.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    Some(found.unwrap_or_default())
}

/// Printable ASCII in which every `%` is followed by two hex digits.
fn is_well_encoded(body: &[u8]) -> bool {
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => {
                let mut hex = || bytes.next().is_some_and(u8::is_ascii_hexdigit);
                hex() && hex()
            }
            other => other.is_ascii_graphic(),
        };
        if !fine {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(body: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        field(&headers, body, "otp")
    }

    #[test]
    fn a_form_is_read() {
        assert_eq!(read(b"otp=123456").as_deref(), Some("123456"));
        assert_eq!(read(b"otp=123+456&other=x").as_deref(), Some("123 456"));
        assert_eq!(read(b"").as_deref(), Some(""));
    }

    #[test]
    fn what_no_form_of_ours_would_send_is_not_read() {
        for body in [
            &b"otp=%"[..],
            b"otp=%zz",
            b"otp=%ff",
            b"otp=%00",
            b"otp=1&otp=2",
            b"otp=\xff\xfe",
            b"otp=1\n",
            b"%c3%28=1",
        ] {
            assert_eq!(read(body), None, "{body:?}");
        }
        assert_eq!(read(format!("otp={}", "1".repeat(65)).as_bytes()), None);
        assert_eq!(
            read(format!("x={}", "1".repeat(MAX_BYTES)).as_bytes()),
            None
        );
        assert_eq!(field(&HeaderMap::new(), b"otp=123456", "otp"), None);
    }
}
