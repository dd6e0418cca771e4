//! Versions and features stand once, in the root Cargo.toml, so that all members share one build and an
//! upgrade is one line.

use super::{Findings, Text};
use std::path::Path;

/// Whether a dependency is optional is the member's own to say.
fn is_inherited(line: &str) -> bool {
    let line = line.replace(' ', "");
    line.ends_with(".workspace=true") || line.ends_with("={workspace=true,optional=true}")
}

pub(super) fn check(texts: &[Text], findings: &mut Findings) {
    let members = texts.iter().filter(|text| {
        text.path
            .file_name()
            .is_some_and(|name| name == "Cargo.toml")
            && text.path != Path::new("Cargo.toml")
    });
    for Text { path, text } in members {
        let mut in_dependencies = false;
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
                if line.contains("dependencies.") {
                    findings.add(
                        path,
                        index + 1,
                        "write `name.workspace = true`, one line for each dependency",
                    );
                }
            } else if in_dependencies && !line.is_empty() && !is_inherited(line) {
                findings.add(path, index + 1, "versions and features stand only in the root Cargo.toml: write `name.workspace = true` here");
            }
        }
        if !text.contains("[lints]\nworkspace = true") {
            findings.add(
                path,
                1,
                "add `[lints]` with `workspace = true`: every crate keeps the same lints",
            );
        }
    }
}
