//! What else may have been hashed instead of the body.

use super::Mistake;
use crate::{body, json};

/// The accepted forms and the mistaken ones.
pub fn forms(sent: &[u8]) -> Vec<(Option<Mistake>, Vec<u8>)> {
    let compact = body::compact(sent);
    let unescaped = body::unescaped(sent);
    let php = body::with_line_separators_escaped(&unescaped);
    let lf = without_cr(sent);
    let trimmed = sent.trim_ascii().to_vec();
    let squeezed = sent.iter().copied();
    let squeezed = squeezed
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let mut forms = vec![
        (None, sent.to_vec()),
        (None, compact.clone()),
        (None, unescaped.clone()),
        (Some(Mistake::EMPTY_BODY), Vec::new()),
        (Some(Mistake::EMPTY_BODY), b"{}".to_vec()),
        (Some(Mistake::BODY_LINE_END), [sent, b"\n"].concat()),
        (Some(Mistake::BODY_LINE_END), [sent, b"\r\n"].concat()),
        (Some(Mistake::BODY_LINE_END), trimmed),
        (Some(Mistake::CRLF), with_crlf(&lf)),
        (Some(Mistake::CRLF), lf),
        (Some(Mistake::SQUEEZED_BODY), squeezed),
        (Some(Mistake::ESCAPED_SLASHES), escaped(&unescaped, slashes)),
        (
            Some(Mistake::ESCAPED_UNICODE),
            escaped(&unescaped, non_ascii),
        ),
        (
            Some(Mistake::ESCAPED_SLASHES),
            escaped(&escaped(&unescaped, non_ascii), slashes),
        ),
        (Some(Mistake::ESCAPED_HTML), escaped(&unescaped, go_html)),
        (Some(Mistake::ESCAPED_HTML), escaped(&unescaped, gson_html)),
    ];
    forms.extend(php.map(|form| (None, form)));
    for form in [&compact, &unescaped, &escaped(&unescaped, non_ascii)] {
        forms.push((Some(Mistake::SPACED_BODY), spaced(form)));
        forms.push((Some(Mistake::PRETTY_BODY), pretty(form, 2)));
        forms.push((Some(Mistake::PRETTY_BODY), pretty(form, 4)));
    }
    if let Ok(node) = json::parse(sent) {
        let mut sorted = String::new();
        write(&node, true, &mut sorted);
        forms.push((Some(Mistake::SORTED_BODY), sorted.into_bytes()));
        let mut again = String::new();
        write(&node, false, &mut again);
        forms.push((Some(Mistake::REWRITTEN_NUMBERS), again.into_bytes()));
    }
    forms
}

fn without_cr(body: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(body)
        .replace("\r\n", "\n")
        .into_bytes()
}

fn with_crlf(body: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(body)
        .replace('\n', "\r\n")
        .into_bytes()
}

/// Rewrites the characters inside strings for which there is an escape.
fn escaped(compact: &[u8], escape: fn(char) -> Option<String>) -> Vec<u8> {
    let text = String::from_utf8_lossy(compact);
    let mut output = String::with_capacity(text.len());
    for letter in text.chars() {
        match escape(letter) {
            Some(escape) => output.push_str(&escape),
            None => output.push(letter),
        }
    }
    output.into_bytes()
}

fn slashes(letter: char) -> Option<String> {
    (letter == '/').then(|| "\\/".to_owned())
}

fn non_ascii(letter: char) -> Option<String> {
    if letter.is_ascii() {
        return None;
    }
    let mut units = [0; 2];
    let units = letter.encode_utf16(&mut units).iter();
    Some(units.map(|unit| format!("\\u{unit:04x}")).collect())
}

fn go_html(letter: char) -> Option<String> {
    matches!(letter, '<' | '>' | '&').then(|| format!("\\u{:04x}", u32::from(letter)))
}

fn gson_html(letter: char) -> Option<String> {
    matches!(letter, '<' | '>' | '&' | '=' | '\'').then(|| format!("\\u{:04x}", u32::from(letter)))
}

/// As Python prints it: a space behind every comma and colon.
fn spaced(compact: &[u8]) -> Vec<u8> {
    rewritten(compact, |byte, _, output| {
        output.push(byte);
        if matches!(byte, b',' | b':') {
            output.push(b' ');
        }
    })
}

/// One member or item a line.
fn pretty(compact: &[u8], indent: usize) -> Vec<u8> {
    let mut depth = 0_usize;
    let mut before = b' ';
    rewritten(compact, |byte, next, output| {
        let line = |output: &mut Vec<u8>, depth: usize| {
            output.push(b'\n');
            output.resize(output.len() + depth * indent, b' ');
        };
        match byte {
            b'{' | b'[' => {
                output.push(byte);
                depth += 1;
                if !matches!(next, Some(b'}' | b']')) {
                    line(output, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(before, b'{' | b'[') {
                    line(output, depth);
                }
                output.push(byte);
            }
            b',' => {
                output.push(byte);
                line(output, depth);
            }
            b':' => output.extend_from_slice(b": "),
            _ => output.push(byte),
        }
        before = byte;
    })
}

/// Hands the bytes outside strings, with the one after, to `outside`; the others stay.
fn rewritten(compact: &[u8], mut outside: impl FnMut(u8, Option<u8>, &mut Vec<u8>)) -> Vec<u8> {
    let mut output = Vec::with_capacity(compact.len() * 2);
    let (mut in_string, mut after_backslash) = (false, false);
    for (index, &byte) in compact.iter().enumerate() {
        if in_string {
            output.push(byte);
            in_string = after_backslash || byte != b'"';
            after_backslash = !after_backslash && byte == b'\\';
        } else {
            in_string = byte == b'"';
            outside(byte, compact.get(index + 1).copied(), &mut output);
        }
    }
    output
}

/// Prints a value again, compact; numbers as most parsers keep them.
fn write(node: &json::Node, sorted: bool, output: &mut String) {
    match node {
        json::Node::Null => output.push_str("null"),
        json::Node::Bool(value) => output.push_str(if *value { "true" } else { "false" }),
        json::Node::Number(text) => output.push_str(&as_a_float(text)),
        json::Node::String(text) => output.push_str(&quoted(text)),
        json::Node::Array(items) => {
            output.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    output.push(',');
                }
                write(item, sorted, output);
            }
            output.push(']');
        }
        json::Node::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            if sorted {
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
            }
            output.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    output.push(',');
                }
                output.push_str(&quoted(name));
                output.push(':');
                write(value, sorted, output);
            }
            output.push('}');
        }
    }
}

/// A whole number as it is, any other as the shortest text of the nearest double.
fn as_a_float(number: &str) -> String {
    let whole = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    match number.parse::<f64>() {
        Ok(float) if !whole => float.to_string(),
        _ => number.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
