//! The house rules that a machine can check, each finding with its place and what to do.
//!
//! Only rules that are exact live here: a check that is sometimes wrong teaches people to ignore it. To
//! add one: a function that adds to `Findings`, called from `check`, and its rule in `docs/style.md`.

mod dependencies;
mod edges;
mod files;
mod licence;
mod links;
mod manifests;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// One broken rule.
#[derive(Debug)]
pub struct Finding {
    place: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.place.display(), self.line, self.what)
    }
}

/// What the checks have found so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, place: &Path, line: usize, what: impl Into<String>) {
        self.0.push(Finding {
            place: place.to_path_buf(),
            line,
            what: what.into(),
        });
    }
}

/// A text file of the project.
struct Text {
    /// Relative to the root.
    path: PathBuf,
    text: String,
}

/// Prints the findings; fails if there are any.
pub fn run() -> Result<ExitCode> {
    let findings = check(&crate::root())?;
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} finding(s)", findings.len());
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Checks the project in this folder.
pub fn check(root: &Path) -> Result<Vec<Finding>> {
    let metadata = metadata(root)?;
    let texts = texts(root)?;
    let mut findings = Findings::default();
    edges::check(&metadata, root, &mut findings);
    manifests::check(&texts, &mut findings);
    dependencies::check(root, &texts, &mut findings)?;
    files::check(&texts, &mut findings);
    links::check(root, &texts, &mut findings);
    findings
        .0
        .sort_by(|a, b| (&a.place, a.line).cmp(&(&b.place, b.line)));
    Ok(findings.0)
}

/// What cargo resolved for this kind of machine; offline, because the tests must not need a network here.
fn metadata(root: &Path) -> Result<Metadata> {
    let version = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("cannot start rustc")?;
    let version = String::from_utf8(version.stdout)?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc names no host")?;
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", host].map(str::to_owned))
        .exec()
        .context("cargo metadata failed")
}

/// Every text file but what is built, kept by git, or a sandbox's data.
fn texts(root: &Path) -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default()
                .to_owned();
            if path.is_dir() {
                if !matches!(
                    name.as_str(),
                    "target" | ".git" | "gerbang-data" | "__pycache__"
                ) {
                    folders.push(path);
                }
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                texts.push(Text {
                    path: path.strip_prefix(root)?.to_path_buf(),
                    text,
                });
            }
        }
    }
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(texts)
}

/// The number of the first line that contains the words, or 1.
fn line_of(text: &str, words: &str) -> usize {
    text.lines()
        .position(|line| line.contains(words))
        .map_or(1, |index| index + 1)
}
