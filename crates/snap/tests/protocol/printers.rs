//! Printers as DOKU's SDKs use them, written here, and random trees for them: whatever one sends must be
//! verified under the form that its author hashed.

use proptest::prelude::*;
use snap::{BodyForm, Secret, body, signature};

/// A JSON value whose numbers are text.
#[derive(Clone, Debug)]
pub enum Tree {
    Word(&'static str),
    Number(String),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// Texts full of what printers disagree about. Control characters without a short escape are left out:
/// Jackson and PHP write their hex digits in different cases, and every such body is refused anyway.
fn texts() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just('/'),
            Just('\\'),
            Just('"'),
            Just('\''),
            Just('<'),
            Just('>'),
            Just('&'),
            Just('='),
            Just(' '),
            Just('\n'),
            Just('\t'),
            Just('\u{8}'),
            Just('\u{c}'),
            Just('\r'),
            Just('\u{7f}'),
            Just('\u{2028}'),
            Just('\u{2029}'),
            Just('\u{feff}'),
            Just('é'),
            Just('😀'),
            Just('u'),
            Just('0'),
            proptest::char::range(' ', '~'),
            proptest::char::range('\u{a0}', '\u{d7ff}'),
            proptest::char::range('\u{1_0000}', '\u{10_ffff}'),
        ],
        0..12,
    )
    .prop_map(|letters| letters.into_iter().collect())
}

/// A random object.
pub fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Word("null")),
        Just(Tree::Word("true")),
        Just(Tree::Word("false")),
        "-?(0|[1-9][0-9]{0,15})([.][0-9]{1,3})?([eE][+-]?[0-9])?".prop_map(Tree::Number),
        texts().prop_map(Tree::Text),
    ];
    let value = leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Tree::Array),
            object(inner),
        ]
    });
    object(value)
}

fn object(value: impl Strategy<Value = Tree>) -> impl Strategy<Value = Tree> {
    proptest::collection::vec((texts(), value), 0..5).prop_map(|members| {
        // Each name once, or serde_json's map would drop one.
        let named = members
            .into_iter()
            .enumerate()
            .map(|(at, (name, value))| (format!("{name}{at}"), value));
        Tree::Object(named.collect())
    })
}

/// White space between tokens, taken in turn from a random list.
pub struct Gaps {
    gaps: Vec<String>,
    next: usize,
}

impl Gaps {
    pub fn none() -> Self {
        Self {
            gaps: vec![String::new()],
            next: 0,
        }
    }

    fn of(gaps: &[String]) -> Self {
        if gaps.is_empty() {
            Self::none()
        } else {
            Self {
                gaps: gaps.to_vec(),
                next: 0,
            }
        }
    }

    fn take(&mut self) -> String {
        self.next += 1;
        self.gaps[self.next % self.gaps.len()].clone()
    }
}

type Escape = fn(char) -> Option<String>;

fn print(tree: &Tree, escape: Escape, gaps: &mut Gaps) -> String {
    let before = gaps.take();
    let printed = match tree {
        Tree::Word(word) => (*word).to_owned(),
        Tree::Number(number) => number.clone(),
        Tree::Text(text) => quoted(text, escape),
        Tree::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| print(item, escape, gaps)).collect();
            format!("[{}{}]", gaps.take(), items.join(","))
        }
        Tree::Object(members) => {
            let member = |(name, value): &(String, Tree)| {
                let name = format!("{}{}{}", gaps.take(), quoted(name, escape), gaps.take());
                format!("{name}:{}", print(value, escape, gaps))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}{}}}", members.join(","), gaps.take())
        }
    };
    format!("{before}{printed}{}", gaps.take())
}

fn quoted(text: &str, escape: Escape) -> String {
    let mut output = String::from("\"");
    for letter in text.chars() {
        match (escape(letter), letter) {
            (Some(escaped), _) => output.push_str(&escaped),
            (None, '"') => output.push_str("\\\""),
            (None, '\\') => output.push_str("\\\\"),
            (None, '\u{8}') => output.push_str("\\b"),
            (None, '\u{c}') => output.push_str("\\f"),
            (None, '\n') => output.push_str("\\n"),
            (None, '\r') => output.push_str("\\r"),
            (None, '\t') => output.push_str("\\t"),
            (None, letter) => output.push(letter),
        }
    }
    output.push('"');
    output
}

fn hex(letter: char) -> String {
    letter
        .encode_utf16(&mut [0; 2])
        .iter()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

fn non_ascii(letter: char) -> Option<String> {
    (!letter.is_ascii()).then(|| hex(letter))
}

/// `json.dumps`.
fn python(tree: &Tree, gaps: &mut Gaps) -> String {
    print(tree, non_ascii, gaps)
}

/// `json_encode`.
fn php(tree: &Tree, gaps: &mut Gaps) -> String {
    print(
        tree,
        |letter| {
            if letter == '/' {
                Some("\\/".to_owned())
            } else {
                non_ascii(letter)
            }
        },
        gaps,
    )
}

/// `json_encode` with unescaped slashes and Unicode.
fn php_unescaped(tree: &Tree) -> String {
    print(
        tree,
        |letter| matches!(letter, '\u{2028}' | '\u{2029}').then(|| hex(letter)),
        &mut Gaps::none(),
    )
}

/// Gson with its HTML escaping.
pub fn gson(tree: &Tree, gaps: &mut Gaps) -> String {
    print(
        tree,
        |letter| {
            matches!(
                letter,
                '<' | '>' | '&' | '=' | '\'' | '\u{2028}' | '\u{2029}'
            )
            .then(|| hex(letter))
        },
        gaps,
    )
}

/// Jackson's tree.
fn jackson(tree: &Tree) -> String {
    print(tree, |_| None, &mut Gaps::none())
}

/// `json.Marshal`.
fn go(tree: &Tree) -> String {
    print(
        tree,
        |letter| matches!(letter, '<' | '>' | '&' | '\u{2028}' | '\u{2029}').then(|| hex(letter)),
        &mut Gaps::none(),
    )
}

/// The form that a signature over `hashed` is found in, when `sent` arrives.
fn verified(sent: &str, hashed: &str) -> Option<BodyForm> {
    let secret = Secret::new("SK-test-secret");
    let (method, path, token, time) = ("POST", "/path", "token", "2026-01-02T03:04:05Z");
    let mac = signature::sign(&secret, method, path, token, hashed.as_bytes(), time);
    signature::verify(&secret, method, path, token, sent.as_bytes(), time, &mac)
}

fn gaps() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[ \t\r\n]{0,3}", 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn python_is_verified(tree in tree(), gaps in gaps()) {
        let hashed = python(&tree, &mut Gaps::none());
        let sent = python(&tree, &mut Gaps::of(&gaps));
        prop_assert_eq!(&body::compact(sent.as_bytes()), hashed.as_bytes());
        let expected = if sent == hashed { BodyForm::Raw } else { BodyForm::Compact };
        prop_assert_eq!(verified(&sent, &hashed), Some(expected));
    }

    #[test]
    fn php_is_verified(tree in tree(), gaps in gaps()) {
        let hashed = php_unescaped(&tree);
        let sent = php(&tree, &mut Gaps::of(&gaps));
        let found = verified(&sent, &hashed);
        prop_assert!(found.is_some());
        if sent.contains("\\/") {
            prop_assert_eq!(found, Some(BodyForm::Unescaped));
        }
    }

    #[test]
    fn java_is_verified(tree in tree(), gaps in gaps()) {
        let hashed = jackson(&tree);
        let sent = gson(&tree, &mut Gaps::of(&gaps));
        prop_assert_eq!(&body::unescaped(sent.as_bytes()), hashed.as_bytes());
        prop_assert!(verified(&sent, &hashed).is_some());
    }

    #[test]
    fn go_and_node_are_verified(tree in tree()) {
        let go = go(&tree);
        prop_assert_eq!(verified(&go, &go), Some(BodyForm::Raw));
        let node = jackson(&tree);
        prop_assert_eq!(verified(&node, &node), Some(BodyForm::Raw));
    }

    #[test]
    fn another_body_is_not_verified(tree in tree(), other in tree()) {
        let (sent, hashed) = (python(&tree, &mut Gaps::none()), jackson(&other));
        let equal = body::unescaped(sent.as_bytes()) == body::unescaped(hashed.as_bytes());
        prop_assume!(!equal);
        prop_assert_eq!(verified(&sent, &hashed), None);
    }
}
