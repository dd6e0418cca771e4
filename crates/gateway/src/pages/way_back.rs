//! Whether a merchant's URL may become a link. It was checked when it came in; it is checked again
//! here, because a link that runs a script would run it as us.

/// Schemes that never become a link, whatever a merchant's allow-list says.
const NEVER: [&str; 10] = [
    "about",
    "blob",
    "content",
    "data",
    "file",
    "filesystem",
    "intent",
    "javascript",
    "vbscript",
    "view-source",
];

/// The URL exactly as given, if a browser may follow it: http, https, or one of `custom_schemes`.
pub fn safe_link<'a>(url: &'a str, custom_schemes: &[String]) -> Option<&'a str> {
    if url.len() > 2_048
        || url
            .chars()
            .any(|character| character.is_control() || character == ' ')
    {
        return None;
    }
    let parsed = url::Url::parse(url).ok()?;
    let scheme = parsed.scheme();
    // The parser is lenient with what stands before the scheme; a browser's may be in another way.
    let begins_so = url
        .get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if !begins_so || !parsed.username().is_empty() || parsed.password().is_some() {
        return None;
    }
    let allowed = match scheme {
        "http" | "https" => parsed.has_host(),
        never if NEVER.contains(&never) => false,
        custom => custom_schemes
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(custom)),
    };
    allowed.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_a_browser_may_follow_pass_and_they_pass_unchanged() {
        let schemes = [
            "tokoapp".to_owned(),
            "javascript".to_owned(),
            "data".to_owned(),
        ];
        for good in [
            "https://toko.example/ok?a=1&b=%20#x",
            "HTTPS://toko.example",
            "http://127.0.0.1:8080/back",
            "tokoapp://paid?order=1",
            "TokoApp:done",
        ] {
            assert_eq!(safe_link(good, &schemes), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\nscript:alert(1)",
            " https://toko.example",
            "\u{1}javascript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "otherapp://x",
            "//toko.example",
            "/relative",
            "",
            "https://",
            "https://user:pass@toko.example/",
            "https://toko.example/a b",
        ] {
            assert_eq!(safe_link(bad, &schemes), None, "{bad:?}");
        }
    }
}
