//! Files: their size, their first words, their names, and words that must not be in them.

use super::{Findings, Text};
use std::path::Path;

/// Lines of a source file without the tests at its end.
const MOST_LINES: usize = 400;

/// A file with such a name has no subject yet.
const NAMES_WITHOUT_A_SUBJECT: &[&str] = &[
    "util", "common", "manager", "service", "handler", "helper", "misc",
];

/// The one word of these that SNAP itself uses for something.
const SNAPS_OWN: &str = "crates/snap/src/service.rs";

/// Words that stand for unfinished or unreliable work, and what to do instead. Split, so that this file
/// does not find itself.
const FORBIDDEN: &[(&str, &str)] = &[
    (
        concat!("#[ig", "nore"),
        "a test either runs on every change or is deleted",
    ),
    (
        concat!("to", "do!("),
        "finish it, or write an issue and return a refusal",
    ),
    (
        concat!("unim", "plemented!("),
        "finish it, or write an issue and return a refusal",
    ),
];

/// Hosts of package registries: whoever builds may use a mirror, so nothing may depend on them by name.
const REGISTRIES: &[&str] = &[
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("pypi", ".org"),
    concat!("files.pythonhosted", ".org"),
    concat!("registry.npmjs", ".org"),
    concat!("deb.debian", ".org"),
];

pub(super) fn check(texts: &[Text], findings: &mut Findings) {
    for file in texts {
        registries(file, findings);
        if file
            .path
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            size(file, findings);
            first_words(file, findings);
            name(file, findings);
            words(file, findings);
            sleeps(file, findings);
        }
    }
}

fn size(file: &Text, findings: &mut Findings) {
    let lines = before_tests(&file.text);
    if is_test(&file.path) || lines <= MOST_LINES {
        return;
    }
    let what = format!(
        "{lines} lines without tests, {MOST_LINES} at most: find the second subject and give it its own file"
    );
    findings.add(&file.path, MOST_LINES, what);
}

fn first_words(file: &Text, findings: &mut Findings) {
    if !file.text.starts_with("//!") {
        findings.add(
            &file.path,
            1,
            "begin with `//!`: what this is for, what it must never do",
        );
    }
}

fn name(file: &Text, findings: &mut Findings) {
    if file.path == Path::new(SNAPS_OWN) {
        return;
    }
    for part in file.path.with_extension("").components() {
        let part = part.as_os_str().to_string_lossy();
        if NAMES_WITHOUT_A_SUBJECT.contains(&part.trim_end_matches('s')) {
            findings.add(
                &file.path,
                1,
                format!("`{part}` has no subject: name the file after what it is about"),
            );
        }
    }
}

fn words(file: &Text, findings: &mut Findings) {
    for (index, line) in file.text.lines().enumerate() {
        for (word, instead) in FORBIDDEN {
            if line.contains(word) && !line.trim_start().starts_with("//") {
                findings.add(
                    &file.path,
                    index + 1,
                    format!("`{word}` is not allowed: {instead}"),
                );
            }
        }
    }
}

/// In tests a sleep may stand in a function that asks again and again until a deadline, and says so in its
/// name. Any other, such as that of a peer that is slow on purpose, needs a comment before it.
fn sleeps(file: &Text, findings: &mut Findings) {
    let first_test_line = if is_test(&file.path) {
        0
    } else {
        before_tests(&file.text)
    };
    let mut polling = false;
    let mut explained = false;
    for (index, line) in file.text.lines().enumerate() {
        if let Some((_, name)) = line.split_once("fn ") {
            polling = ["wait", "until", "poll", "eventually"]
                .iter()
                .any(|start| name.starts_with(start));
        }
        let comment = line.trim_start().starts_with("//");
        let sleeps = line.contains("sleep(") && !comment;
        if index >= first_test_line && sleeps && !polling && !explained {
            findings.add(
                &file.path,
                index + 1,
                "a test must not sleep to wait: poll with a deadline, in a function named wait_…, until_… \
                 or poll_…; if it plays a slow peer, say so in a comment before this line",
            );
        }
        explained = comment;
    }
}

fn registries(file: &Text, findings: &mut Findings) {
    for (index, line) in file.text.lines().enumerate() {
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(*host)) {
            findings.add(
                &file.path,
                index + 1,
                format!("names the registry {host}: whoever builds may use a mirror"),
            );
        }
    }
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
}

/// The lines before the module of tests at the end of the file.
fn before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let starts = |pair: &[&str]| matches!(pair, [attribute, module] if attribute.starts_with("#[cfg(test)]") && module.starts_with("mod "));
    lines.windows(2).position(starts).unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::super::{Findings, Text};
    use std::path::PathBuf;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        super::check(
            &[Text {
                path: PathBuf::from(path),
                text: text.to_owned(),
            }],
            &mut findings,
        );
        findings.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_without_module_docs_or_subject_is_found() {
        let found = findings("crates/x/src/helpers.rs", "fn f() {}\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/x/src/helpers.rs:1: "));
    }

    #[test]
    fn tests_at_the_end_do_not_count_as_size() {
        let long = format!("//! Long.\n{}", "fn f() {}\n".repeat(400));
        assert_eq!(findings("crates/x/src/a.rs", &long).len(), 1);
        let tested = format!(
            "//! Short.\n#[cfg(test)]\nmod tests {{\n{}}}\n",
            "fn f() {}\n".repeat(400)
        );
        assert_eq!(findings("crates/x/src/a.rs", &tested), [""; 0]);
    }

    #[test]
    fn a_sleep_in_a_test_is_found_unless_it_polls() {
        let sleeping = "//! Tests.\nasync fn pays() {\n    tokio::time::sl\u{65}ep(x).await;\n}\n";
        assert_eq!(findings("crates/x/tests/a.rs", sleeping).len(), 1);
        assert_eq!(findings("crates/x/src/a.rs", sleeping), [""; 0]);
        let explained = sleeping.replace("{\n", "{\n    // A slow bank.\n");
        assert_eq!(findings("crates/x/tests/a.rs", &explained), [""; 0]);
        let polling = sleeping.replace("pays", "wait_for_payment");
        assert_eq!(findings("crates/x/tests/a.rs", &polling), [""; 0]);
    }
}
