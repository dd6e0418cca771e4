//! What we may depend on, as `deny.toml` says, checked without a network: banned crates, licences, and
//! nothing from outside the registry.

use super::{Findings, Text, licence, line_of};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

pub(super) fn check(root: &Path, texts: &[Text], findings: &mut Findings) -> Result<()> {
    let rules = texts
        .iter()
        .find(|text| text.path == Path::new("deny.toml"))
        .context("no deny.toml")?;
    let lock = texts
        .iter()
        .find(|text| text.path == Path::new("Cargo.lock"))
        .context("no Cargo.lock")?;
    let allowed = list(&rules.text, "allow");
    let banned = list(&rules.text, "deny");
    let excepted = list(&rules.text, "exceptions");
    for used in used(root)? {
        let (package, terms) = used.split_once('|').unwrap_or((&used, ""));
        let name = package.split(' ').next().unwrap_or_default();
        let allowed = if excepted.contains(&name) {
            &[terms]
        } else {
            allowed.as_slice()
        };
        if let Some(complaint) = complaint(package, name, terms, allowed, &banned) {
            findings.add(
                &lock.path,
                line_of(&lock.text, &format!("name = \"{name}\"")),
                complaint,
            );
        }
    }
    Ok(())
}

/// What is really built here, as `name vX.Y.Z (where from)|licence`. `cargo metadata` also lists what a
/// feature that is off would bring; `cargo tree` does not.
fn used(root: &Path) -> Result<BTreeSet<String>> {
    let output = Command::new("cargo")
        .args([
            "tree",
            "--workspace",
            "--locked",
            "--edges=normal,build,dev",
            "--prefix=none",
        ])
        .arg("--format={p}|{l}")
        .current_dir(root)
        .output()
        .context("cannot start cargo tree")?;
    if !output.status.success() {
        bail!(
            "cargo tree failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    Ok(lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}

fn complaint(
    package: &str,
    name: &str,
    terms: &str,
    allowed: &[&str],
    banned: &[&str],
) -> Option<String> {
    if banned.contains(&name) {
        return Some(format!(
            "{name} is banned (deny.toml says why): `cargo tree -i {name}` shows who brings it"
        ));
    }
    if package.contains("://") {
        return Some(format!(
            "{package} comes from outside the registry: use a published version"
        ));
    }
    let fits = licence::allows(terms, allowed);
    (!fits).then(|| format!("{name} has the licence `{terms}`, which deny.toml does not allow"))
}

/// The quoted words, or the quoted `name`s, of a list of deny.toml.
fn list<'a>(rules: &'a str, key: &str) -> Vec<&'a str> {
    let opening = format!("{key} = [");
    rules
        .lines()
        .skip_while(|line| *line != opening)
        .skip(1)
        .take_while(|line| *line != "]")
        .filter_map(|line| line.split('"').nth(1))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_kinds_of_list_are_read() {
        let rules = "[licenses]\nallow = [\n    \"MIT\",\n    \"ISC\",\n]\n[bans]\ndeny = [\n    { name = \"ring\", reason = \"x\" },\n]\n";
        assert_eq!(super::list(rules, "allow"), ["MIT", "ISC"]);
        assert_eq!(super::list(rules, "deny"), ["ring"]);
    }
}
