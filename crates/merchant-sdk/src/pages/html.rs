//! Reads what a customer needs from a page: its forms, whether it is an end, and the way on.

use html5gum::{HtmlString, StartTag, Token, Tokenizer};

/// A page, as far as playing the customer goes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The forms, in order.
    pub forms: Vec<Form>,
    /// `data-end` of the page, and its `data-code`.
    pub end: Option<(String, Option<String>)>,
    /// The address of the link marked `data-way-back`, exactly as written.
    pub way_back: Option<String>,
    /// The address of the link marked `data-go-on`, exactly as written.
    pub go_on: Option<String>,
    /// The address of a meta refresh, exactly as written, and its seconds.
    pub refresh: Option<(u64, String)>,
    /// What is readable on it.
    pub text: String,
}

/// One form of a page.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub(super) struct Form {
    /// Its `data-step`.
    pub step: String,
    /// Where it goes, as written; empty for the page's own address.
    pub action: String,
    /// Its inputs by name, with their values.
    pub fields: Vec<Field>,
}

/// One input of a form.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub(super) struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether a customer types into it.
    pub typed: bool,
}

impl Page {
    /// The form of this step, if the page has one.
    pub fn form(&self, step: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.step == step)
    }

    /// Whether the page shows this number masked: its last four digits after a mask.
    pub fn shows_end_of(&self, number: &str) -> bool {
        let Some((_, end)) = number.split_at_checked(number.len().saturating_sub(4)) else {
            return false;
        };
        self.text.match_indices(end).any(|(at, _)| {
            let before = self.text.get(..at).unwrap_or_default();
            let before = before.trim_end_matches([' ', '-', '\u{a0}']);
            before.ends_with(['*', '•', '·', '∙', '●', '…', 'x', 'X', '.'])
        })
    }

    /// Whether anything on the page is marked as ours.
    pub fn is_hosted(&self) -> bool {
        !self.forms.is_empty() || self.end.is_some() || self.way_back.is_some()
    }
}

/// Reads a page. Whatever is not understood is skipped, as a browser does.
pub(super) fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut open: Option<Form> = None;
    for token in Tokenizer::new(text) {
        match token {
            Ok(Token::StartTag(tag)) => start(&tag, &mut page, &mut open),
            Ok(Token::EndTag(tag)) if *tag.name == *b"form" => {
                page.forms
                    .extend(open.take().filter(|form| !form.step.is_empty()));
            }
            Ok(Token::String(text)) => page.text.push_str(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    page.forms.extend(open.filter(|form| !form.step.is_empty()));
    page
}

fn start(tag: &StartTag<()>, page: &mut Page, open: &mut Option<Form>) {
    if let Some(kind) = attribute(tag, "data-end") {
        page.end = Some((
            kind,
            attribute(tag, "data-code").filter(|code| !code.is_empty()),
        ));
    }
    if attribute(tag, "data-way-back").is_some() {
        page.way_back = attribute(tag, "href");
    }
    if attribute(tag, "data-go-on").is_some() {
        page.go_on = attribute(tag, "href");
    }
    match tag.name.as_slice() {
        b"form" => {
            *open = Some(Form {
                step: attribute(tag, "data-step").unwrap_or_default(),
                action: attribute(tag, "action").unwrap_or_default(),
                fields: Vec::new(),
            });
        }
        b"input" | b"button" => {
            if let (Some(form), Some(name)) = (open.as_mut(), attribute(tag, "name")) {
                let kind = attribute(tag, "type").unwrap_or_default();
                form.fields.push(Field {
                    name,
                    value: attribute(tag, "value").unwrap_or_default(),
                    typed: tag.name.as_slice() == b"input" && is_typed(&kind),
                });
            }
        }
        b"meta" => {
            let refresh = attribute(tag, "http-equiv")
                .is_some_and(|name| name.eq_ignore_ascii_case("refresh"));
            if refresh {
                page.refresh = attribute(tag, "content").and_then(|text| read_refresh(&text));
            }
        }
        _ => {}
    }
}

fn is_typed(kind: &str) -> bool {
    !matches!(kind, "hidden" | "submit" | "button" | "checkbox" | "radio")
}

/// `0; url=https://…`, or only a number of seconds for the page itself.
fn read_refresh(content: &str) -> Option<(u64, String)> {
    let (seconds, rest) = content.split_once([';', ',']).unwrap_or((content, ""));
    let seconds = seconds.trim().parse().ok()?;
    let rest = rest.trim_start();
    let address = match rest.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("url=") => rest.get(4..).unwrap_or_default(),
        _ => rest,
    };
    let address = address.trim().trim_matches(['\'', '"']);
    Some((seconds, address.to_owned()))
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value: &HtmlString = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_form_is_read_with_its_step_its_address_and_its_inputs() {
        let page = read(
            r#"<form data-step="otp" method="post" action="/pages/1/otp?a=1&amp;b=2">
               <input type="hidden" name="seal" value="x&quot;y"><input name="otp" inputmode="numeric">
               </form><form data-step="cancel" action="/pages/1/cancel"><button>No</button></form>"#,
        );
        let form = page.form("otp").unwrap();
        assert_eq!(form.action, "/pages/1/otp?a=1&b=2");
        assert_eq!(form.fields[0].value, "x\"y");
        assert!(!form.fields[0].typed && form.fields[1].typed);
        assert!(page.form("cancel").is_some());
    }

    #[test]
    fn an_end_is_read_with_its_code_and_the_way_back() {
        let page = read(
            r#"<meta http-equiv="refresh" content="2; url=https://m.example/ok?x=1&amp;y=2">
               <main data-end="refused" data-code="4035414">
               <a data-way-back href="https://m.example/ok?x=1&amp;y=2">back</a></main>"#,
        );
        let end = ("refused".to_owned(), Some("4035414".to_owned()));
        assert_eq!(page.end, Some(end));
        assert_eq!(page.way_back.unwrap(), "https://m.example/ok?x=1&y=2");
        assert_eq!(
            page.refresh.unwrap(),
            (2, "https://m.example/ok?x=1&y=2".to_owned())
        );
    }

    #[test]
    fn a_masked_number_is_recognised_by_its_end() {
        let page = read("<p>Kode dikirim ke <b>+62 811-••••-1102</b></p>");
        assert!(page.shows_end_of("6281111111102"));
        assert!(!page.shows_end_of("6281111111101"));
        assert!(!read("<p>Rp1102</p>").shows_end_of("6281111111102"));
    }

    #[test]
    fn a_merchants_own_page_is_not_taken_for_a_hosted_one() {
        let page = read("<form action=/buy><input name=q></form><a href=/>home</a>");
        assert!(!page.is_hosted());
    }
}
