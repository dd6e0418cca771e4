//! URLs that a customer's browser may be sent to.

use serde_json::json;
use snap::{Rules, messages::binding::BindingRequest};

use crate::{LENIENT, merchant_requests::binding, verdict, with};

fn accepted(url: &str, rules: Rules<'_>) -> bool {
    let pointer = "/additionalInfo/successRegistrationUrl";
    let body = with(&binding(), pointer, json!(url));
    match verdict::<BindingRequest>(&body, rules).as_str() {
        "ok" => {
            let read: BindingRequest = crate::read(&body, rules).unwrap();
            assert_eq!(
                read.additional_info.success_registration_url, url,
                "kept exactly as given"
            );
            true
        }
        "Invalid Field Format additionalInfo.successRegistrationUrl" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn https_is_accepted_anywhere() {
    for url in [
        "https://shop.example",
        "https://shop.example/ok?x=1&y=2#z",
        "HTTPS://Shop.Example:8443/%2F",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:444/a",
        "https://shop.example/kopi/é",
        "https://shop.example/?next=https://other.example/@user",
        "https://localhost/",
    ] {
        assert!(accepted(url, LENIENT), "{url}");
    }
}

#[test]
fn everything_else_is_refused() {
    for url in [
        "http://shop.example/",
        "http://127.0.0.1/",
        "ftp://shop.example/",
        "//shop.example/",
        "/ok",
        "shop.example",
        "https:shop.example",
        "https:/shop.example",
        "https:///shop.example",
        "https://",
        "https://user@shop.example/",
        "https://user:secret@shop.example/",
        "https://@shop.example/",
        "https://shop.example\\@evil.example/",
        "https:\\\\shop.example",
        " https://shop.example/",
        "https://shop.example/ ",
        "https://shop.example/a b",
        "https://shop.example/\u{a0}",
        "https://shop.example:99999/",
        "https://[::1",
        "https://exa mple/",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "myapp://done",
    ] {
        assert!(!accepted(url, LENIENT), "{url}");
    }
    let longest = format!("https://shop.example/{}", "a".repeat(2048 - 21));
    assert!(accepted(&longest, LENIENT));
    assert!(!accepted(&format!("{longest}a"), LENIENT));
}

#[test]
fn the_sandbox_allows_http_to_this_machine_only() {
    let sandbox = Rules {
        allow_loopback_http: true,
        ..LENIENT
    };
    for url in [
        "http://127.0.0.1:8080/ok",
        "http://127.9.9.9/",
        "http://localhost:3000",
        "http://shop.localhost/",
        "http://[::1]:80/",
    ] {
        assert!(accepted(url, sandbox), "{url}");
    }
    for url in [
        "http://shop.example/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://user@localhost/",
        "http://localhost@evil.example/",
    ] {
        assert!(!accepted(url, sandbox), "{url}");
    }
}

#[test]
fn a_merchants_own_schemes_are_allowed_but_never_dangerous_ones() {
    let schemes: Vec<String> = ["myapp", "javascript", "data", "file", "vbscript"]
        .map(str::to_owned)
        .to_vec();
    let rules = Rules {
        url_schemes: &schemes,
        ..LENIENT
    };
    for url in [
        "myapp://pay/done?x=1",
        "MyApp://done",
        "myapp:///done",
        "myapp:done",
    ] {
        assert!(accepted(url, rules), "{url}");
    }
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "otherapp://done",
        "myapp://user@done",
    ] {
        assert!(!accepted(url, rules), "{url}");
    }
}
