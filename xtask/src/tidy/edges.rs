//! Which crate may know which. Arrows point down only, so that whoever reads a crate need not know those
//! above it, and the protocol and the rules stay free of IO.

use super::{Findings, line_of};
use cargo_metadata::{Dependency, DependencyKind, Metadata};
use std::path::Path;

/// Everything that makes up the product, for what starts or measures it as a whole.
const PRODUCT: &[&str] = &[
    "gerbang",
    "gateway",
    "storage",
    "direct-debit",
    "snap",
    "bank-simulator",
    "merchant-sdk",
];

/// Each crate with the crates it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("snap", &[]),
    ("direct-debit", &["snap"]),
    ("storage", &["direct-debit", "snap"]),
    ("gateway", &["storage", "direct-debit", "snap"]),
    ("bank-simulator", &["snap"]),
    ("merchant-sdk", &["snap"]),
    ("gerbang", PRODUCT),
    ("browser-tests", PRODUCT),
    ("bench", PRODUCT),
    ("crash-test", PRODUCT),
    (
        "simulation",
        &["gateway", "storage", "direct-debit", "snap"],
    ),
    ("xtask", &[]),
];

/// What only the tests of a crate may use beside that.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] = &[("gateway", &["bank-simulator", "merchant-sdk"])];

/// Crates without IO, and what would bring it in.
const PURE: &[&str] = &["snap", "direct-debit"];
const IMPURE: &[&str] = &[
    "tokio",
    "sqlx",
    "axum",
    "hyper",
    "reqwest",
    "rand",
    "async-trait",
    "futures",
    "tracing",
];

pub(super) fn check(metadata: &Metadata, root: &Path, findings: &mut Findings) {
    let members = metadata.workspace_packages();
    for member in &members {
        let name = member.name.as_str();
        let manifest = member.manifest_path.as_std_path();
        let place = manifest.strip_prefix(root).unwrap_or(manifest);
        let text = std::fs::read_to_string(manifest).unwrap_or_default();
        if list(ALLOWED, name).is_none() {
            findings.add(
                place,
                1,
                format!("the crate {name} has no place in xtask/src/tidy/edges.rs: decide what it may use"),
            );
        }
        for dependency in &member.dependencies {
            let line = line_of(&text, &format!("{}.workspace", dependency.name));
            let ours = members
                .iter()
                .any(|other| other.name.as_str() == dependency.name);
            if ours && !may_use(name, dependency) {
                findings.add(
                    place,
                    line,
                    format!(
                        "{name} must not use {}: the arrows between crates point down only (ARCHITECTURE.md)",
                        dependency.name
                    ),
                );
            }
            let pure = PURE.contains(&name) && dependency.kind == DependencyKind::Normal;
            if pure && IMPURE.contains(&dependency.name.as_str()) {
                findings.add(
                    place,
                    line,
                    format!(
                        "{name} must stay free of IO, clock and randomness: move what needs {} up to gateway",
                        dependency.name
                    ),
                );
            }
        }
    }
}

fn may_use(name: &str, dependency: &Dependency) -> bool {
    let used = dependency.name.as_str();
    let in_tests = dependency.kind == DependencyKind::Development;
    // A crate may name itself in its tests, to switch something on.
    list(ALLOWED, name).is_some_and(|allowed| allowed.contains(&used))
        || in_tests
            && (used == name
                || list(ALLOWED_IN_TESTS, name).is_some_and(|allowed| allowed.contains(&used)))
}

fn list<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table
        .iter()
        .find(|(crate_name, _)| *crate_name == name)
        .map(|(_, allowed)| *allowed)
}
