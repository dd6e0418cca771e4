//! The look of the hosted pages: one quiet card, made on the server, without any script.
//!
//! Every text goes through maud, which escapes it. The style sheet is allowed by its hash alone, so a
//! page can hold no other. It must never take anything from the request but the language.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::drawing::{Drawing, drawing, lock, sign};
use super::labels::{self, Labels};
use super::language::Language;
use super::view::{End, View};
use super::way_back::safe_link;
use super::words;

const STYLE: &str = include_str!("style.css");
/// How soon an open outcome is looked at again, in seconds.
const LOOK_AGAIN_S: u32 = 5;
/// How long the last words stand before the browser goes back to the merchant, in seconds.
const LEAVE_S: u32 = 3;

static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

/// How a page is to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Showing<'a> {
    /// The language.
    pub language: Language,
    /// The custom schemes that this merchant's URLs may have.
    pub url_schemes: &'a [String],
    /// Whether the customer has just come back from the bank, so that the page leads on by itself.
    pub returning: bool,
}

/// The page of a view.
pub fn page(view: &View, showing: Showing<'_>) -> Response {
    answer(StatusCode::OK, &markup(view, showing))
}

/// A page for a link that names nothing.
pub fn no_page(language: Language) -> Response {
    let labels = labels::labels(language);
    let body = html! {
        main.calm data-end="not-found" {
            section.card {
                (sign(Drawing::Question))
                h1 { (labels.no_page) }
                p { (labels.no_page_meaning) }
                p.advice { (labels.no_page_advice) }
            }
        }
    };
    answer(
        StatusCode::NOT_FOUND,
        &frame(language, labels.no_page, None, None, &body),
    )
}

/// A page for when the gateway itself cannot look.
pub fn trouble(language: Language) -> Response {
    let labels = labels::labels(language);
    let body = html! {
        main.wait data-end="unavailable" {
            section.card {
                (sign(Drawing::Waiting))
                h1 { (labels.trouble) }
                p { (labels.trouble_meaning) }
            }
        }
    };
    let again = LOOK_AGAIN_S.to_string();
    answer(
        StatusCode::SERVICE_UNAVAILABLE,
        &frame(language, labels.trouble, Some(&again), None, &body),
    )
}

/// A redirect that keeps the page's secrecy. 303: the next request is a GET whatever this one was.
pub fn see_other(url: &str) -> Option<Response> {
    let location = HeaderValue::from_str(url).ok()?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    protect(&mut response);
    Some(response)
}

fn markup(view: &View, showing: Showing<'_>) -> Markup {
    let labels = labels::labels(showing.language);
    let said = words::of_end(
        showing.language,
        view.subject,
        &view.end,
        &view.merchant_name,
    );
    let way_back = view
        .way_back
        .as_deref()
        .and_then(|url| safe_link(url, showing.url_schemes));
    let leaving = way_back.filter(|_| showing.returning && view.end.is_final());
    let refresh = match leaving {
        // Everything after "url=" is the URL, so nothing in it needs quoting beyond HTML's own.
        Some(url) => Some(format!("{LEAVE_S};url={url}")),
        None if !view.end.is_final() && !matches!(view.end, End::Open { .. }) => {
            Some(LOOK_AGAIN_S.to_string())
        }
        None => None,
    };
    let body = html! {
        main.(tone(&view.end)) data-end=(view.end.hint()) data-code=[view.end.code()] {
            section.card {
                (sign(drawing(&view.end)))
                h1 { (said.title) }
                p { (said.meaning) }
                @if let Some(advice) = said.advice {
                    p.advice { (advice) }
                }
                @if let Some(amount) = view.amount {
                    p.sum { (amount.rupiah_text()) }
                }
                (details(view, labels))
                (ways(view, way_back, labels))
                @if leaving.is_some() {
                    p.leaving { (labels.leaving) }
                }
            }
        }
    };
    let promise =
        matches!(view.end, End::Open { .. } | End::BankDown { .. }).then_some(labels.promise);
    frame(
        showing.language,
        said.title,
        refresh.as_deref(),
        promise,
        &body,
    )
}

fn details(view: &View, labels: &Labels) -> Markup {
    html! {
        dl {
            div { dt { (labels.merchant) } dd { (view.merchant_name) } }
            @if let Some(account) = &view.account_masked {
                div { dt { (labels.account) } dd { (account) } }
            }
            @if let Some(reference) = &view.reference {
                div { dt { (labels.reference) } dd.long { (reference) } }
            }
            @if let Some(code) = view.end.code() {
                div { dt { (labels.code) } dd { (code) } }
            }
        }
    }
}

fn ways(view: &View, way_back: Option<&str>, labels: &Labels) -> Markup {
    let bank_page = match &view.end {
        End::Open { bank_page } => Some(bank_page),
        End::BankDown { bank_page } => bank_page.as_ref(),
        _ => None,
    };
    let bank_page = bank_page.and_then(|url| safe_link(url, &[]));
    html! {
        @if bank_page.is_some() || way_back.is_some() {
            div.ways {
                @if let Some(url) = bank_page {
                    a.way.first href=(url) data-go-on { (labels.go_on) }
                }
                @if let Some(url) = way_back {
                    a.way.first[bank_page.is_none() && view.end.is_final()] href=(url) data-way-back {
                        @if view.merchant_name.is_empty() {
                            (labels.back)
                        } @else {
                            (labels.back_to) " " (view.merchant_name)
                        }
                    }
                }
            }
        }
    }
}

fn frame(
    language: Language,
    title: &str,
    refresh: Option<&str>,
    promise: Option<&str>,
    body: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                meta name="format-detection" content="telephone=no";
                @if let Some(refresh) = refresh {
                    meta http-equiv="refresh" content=(refresh);
                }
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                footer {
                    @if let Some(promise) = promise {
                        p { (lock()) span { (promise) } }
                    }
                    (languages(language))
                }
            }
        }
    }
}

fn languages(current: Language) -> Markup {
    html! {
        nav aria-label=(labels::labels(current).language) {
            @for language in Language::ALL {
                @if language == current {
                    span aria-current="true" { (language.name()) }
                } @else {
                    a href=(format!("?lang={}", language.tag())) lang=(language.tag()) hreflang=(language.tag()) {
                        (language.name())
                    }
                }
            }
        }
    }
}

fn tone(end: &End) -> &'static str {
    match end {
        End::Succeeded | End::Refunded => "good",
        End::Open { .. } | End::BankDown { .. } | End::Unknown => "wait",
        End::Refused { .. } | End::AlreadyRegistered | End::Lost => "stop",
        End::Unlinked | End::Expired | End::Superseded | End::Cancelled | End::BindingEnded => {
            "calm"
        }
    }
}

fn answer(status: StatusCode, markup: &Markup) -> Response {
    let mut response = (status, Html(markup.0.clone())).into_response();
    protect(&mut response);
    response
}

/// Nothing of these pages is kept, framed, or told to the next page.
fn protect(response: &mut Response) {
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        CONTENT_SECURITY_POLICY.clone(),
    );
}
