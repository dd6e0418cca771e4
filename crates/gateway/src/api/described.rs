//! The API's own description: `GET /openapi.json`, and the same as a page at `GET /openapi`.
//!
//! Both come from `snap::openapi`. The page is made once, has no script, and its style sheet is allowed
//! by its hash alone. Nothing of a request is read.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

const STYLE: &str = include_str!("described.css");

static DOCUMENT: LazyLock<Value> = LazyLock::new(snap::openapi::document);
static JSON: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", *DOCUMENT));
static PAGE: LazyLock<String> = LazyLock::new(|| page(&DOCUMENT).into_string());
static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

/// The document.
pub async fn json() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], JSON.as_str()).into_response()
}

/// The page.
pub async fn html_page() -> Response {
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY.clone(),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (headers, Html(PAGE.as_str())).into_response()
}

fn page(document: &Value) -> Markup {
    let info = at(document, "info");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (text(info, "title")) " API" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (text(info, "title")) " " small { (text(info, "version")) } }
                    p { (text(info, "summary")) ". " a href="/openapi.json" { "openapi.json" } }
                    @for paragraph in text(info, "description").split("\n\n") { p { (paragraph) } }
                    nav { ul {
                        @for (path, item) in members(at(document, "paths")) {
                            li { a href={ "#" (id(item)) } { (path) } " " (text(at(item, "post"), "summary")) }
                        }
                        @for (name, _) in members(at(document, "webhooks")) {
                            li { a href={ "#webhook-" (name) } { "webhook: " (name) } }
                        }
                    } }
                    @for (path, item) in members(at(document, "paths")) {
                        (operation(document, id(item), &format!("POST {path}"), at(item, "post")))
                    }
                    @for (name, item) in members(at(document, "webhooks")) {
                        (operation(document, &format!("webhook-{name}"), &format!("Webhook: {name}"), at(item, "post")))
                    }
                }
            }
        }
    }
}

fn operation(document: &Value, id: &str, title: &str, operation: &Value) -> Markup {
    let content = |of: &Value| at(at(of, "content"), "application/json").clone();
    let request = content(at(operation, "requestBody"));
    html! {
        section id=(id) {
            h2 { (title) }
            @if let Some(summary) = at(operation, "summary").as_str() { p { strong { (summary) } } }
            p { (text(operation, "description")) }
            h3 { "Headers" }
            table { @for parameter in items(at(operation, "parameters")) {
                @let parameter = resolved(document, parameter);
                tr {
                    td { code { (text(parameter, "name")) } (mark(at(parameter, "required") == true)) }
                    td { (text(parameter, "description")) }
                }
            } }
            h3 { "Body" }
            (schema(document, at(&request, "schema")))
            details { summary { "Example" } pre { (format!("{:#}", at(&request, "example"))) } }
            h3 { "Answers" }
            @for (status, answer) in members(at(operation, "responses")) {
                @let content = content(answer);
                details open[status.starts_with('2')] {
                    summary { (status) }
                    ul { @for line in text(answer, "description").lines() {
                        li { (line.trim_start_matches("- ")) }
                    } }
                    pre { (format!("{:#}", at(&content, "example"))) }
                }
            }
        }
    }
}

/// The members of a schema; of each alternative, where there are several.
fn schema(document: &Value, of: &Value) -> Markup {
    let of = resolved(document, of);
    let alternatives: Vec<&Value> = items(at(of, "oneOf")).collect();
    html! {
        @if alternatives.is_empty() {
            table { (rows(document, of, "")) }
        } @else {
            @for alternative in alternatives { table { (rows(document, alternative, "")) } }
        }
    }
}

fn rows(document: &Value, of: &Value, prefix: &str) -> Markup {
    let required: Vec<&str> = items(at(of, "required"))
        .filter_map(Value::as_str)
        .collect();
    html! { @for (name, member) in members(at(of, "properties")) {
        @let path = format!("{prefix}{name}");
        @let form = resolved(document, member);
        tr {
            td { code { (path) } (mark(required.contains(&name.as_str()))) }
            td {
                (at(member, "description").as_str().unwrap_or_default()) " "
                span.form { (form_of(member)) }
            }
        }
        @if member.get("$ref").is_none() {
            (rows(document, form, &format!("{path}.")))
            (rows(document, at(form, "items"), &format!("{path}[].")))
        }
    } }
}

/// The rest of a schema in one line.
fn form_of(member: &Value) -> String {
    let known = ["description", "properties", "items", "required", "type"];
    let mut words: Vec<String> = members(member)
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    words.sort();
    words
        .join(", ")
        .replace("\"#/components/schemas/Money\"", "Money")
        .replace("$ref ", "")
}

fn mark(required: bool) -> Markup {
    html! { @if required { span.must title="mandatory" { " *" } } }
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = at(value, "$ref")
        .as_str()
        .and_then(|name| name.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

fn id(item: &Value) -> &str {
    text(at(item, "post"), "operationId")
}

/// A member; null when there is none.
fn at<'a>(value: &'a Value, name: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    value.get(name).unwrap_or(&NULL)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    at(value, name).as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
