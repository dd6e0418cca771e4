//! The three forms of a body that a signature may be made over.
//!
//! DOKU's SDKs hash what they call the minified body, and each minifies differently: the bytes as sent
//! (Node, Go), the same without white space (Python), or the text parsed and printed again by Jackson or
//! PHP (Java, PHP). This module rewrites bytes into those forms. It never parses into values, so member order
//! and the text of numbers stay; it never fails, because bytes that are not JSON match no signature anyway
//! and are refused later by [`crate::json`].

/// Which form a signature was made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyForm {
    /// The bytes as sent.
    Raw,
    /// White space outside strings removed.
    Compact,
    /// Compact, with `\/` and `\uXXXX` written as the characters they stand for.
    Unescaped,
}

/// The bytes without white space outside strings.
#[must_use]
pub fn compact(body: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(body.len());
    let mut in_string = false;
    let mut escaped = false;
    for &byte in body {
        if in_string {
            output.push(byte);
            if escaped {
                escaped = false;
            } else if byte == b'\\' {
                escaped = true;
            } else if byte == b'"' {
                in_string = false;
            }
        } else if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            output.push(byte);
            in_string = byte == b'"';
        }
    }
    output
}

/// The bytes as Jackson prints them: without white space outside strings, `\/` as `/` and `\uXXXX` as UTF-8.
///
/// What must stay escaped stays: quotes, backslashes and control characters, these in their short form where there is
/// one and else as `\u00xx` with lower-case digits (Jackson writes upper case; such a body is refused in any case).
/// Lone surrogates and anything that is not an escape are left as they stand.
#[must_use]
pub fn unescaped(body: &[u8]) -> Vec<u8> {
    let body = compact(body);
    let mut output = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'\\' {
            output.push(byte);
            rest = after;
            continue;
        }
        let taken = match after.first() {
            Some(b'/') => {
                output.push(b'/');
                1
            }
            Some(b'u') => match scalar(after) {
                Some((character, taken)) => {
                    push_character(&mut output, character);
                    taken
                }
                None => copy(&mut output, after, 1),
            },
            Some(_) => copy(&mut output, after, 1),
            None => copy(&mut output, after, 0),
        };
        rest = after.get(taken..).unwrap_or_default();
    }
    output
}

/// The unescaped form as PHP prints it, which keeps U+2028 and U+2029 escaped; `None` when there are none, so
/// that the two forms are the same.
#[must_use]
pub fn with_line_separators_escaped(unescaped: &[u8]) -> Option<Vec<u8>> {
    let mut output = Vec::with_capacity(unescaped.len() + 6);
    let mut rest = unescaped;
    let mut found = false;
    while let Some((&byte, after)) = rest.split_first() {
        let escape: Option<&[u8]> = match rest {
            [0xe2, 0x80, 0xa8, ..] => Some(b"\\u2028"),
            [0xe2, 0x80, 0xa9, ..] => Some(b"\\u2029"),
            _ => None,
        };
        if let Some(escape) = escape {
            found = true;
            output.extend_from_slice(escape);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            output.push(byte);
            rest = after;
        }
    }
    found.then_some(output)
}

/// Writes the backslash and `count` bytes after it unchanged.
fn copy(output: &mut Vec<u8>, after: &[u8], count: usize) -> usize {
    output.push(b'\\');
    output.extend_from_slice(after.get(..count).unwrap_or_default());
    count
}

/// Reads `uXXXX`, or `uXXXX\uXXXX` for a surrogate pair: the character and the bytes taken.
fn scalar(after: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(after)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 5));
    }
    let second = code_unit(after.get(5..)?.strip_prefix(b"\\")?)?;
    if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
        .map(|character| (character, 11))
}

/// Reads `uXXXX`.
fn code_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"u")?.get(..4)?;
    digits.iter().try_fold(0, |value, &digit| {
        Some(value * 16 + char::from(digit).to_digit(16)?)
    })
}

fn push_character(output: &mut Vec<u8>, character: char) {
    let short: Option<&[u8]> = match character {
        '"' => Some(b"\\\""),
        '\\' => Some(b"\\\\"),
        '\u{8}' => Some(b"\\b"),
        '\u{c}' => Some(b"\\f"),
        '\n' => Some(b"\\n"),
        '\r' => Some(b"\\r"),
        '\t' => Some(b"\\t"),
        _ => None,
    };
    match short {
        Some(escape) => output.extend_from_slice(escape),
        None if character < ' ' => {
            output.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        }
        None => output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}
