//! A copy of the working tree that is brought up to date by content: a file that is the same keeps its time, so
//! that cargo builds nothing anew for it, and one that was left broken is written again.

use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the copy as the tree is: what git tracks, and what it does not but would.
pub(super) fn refresh(tree: &Path, copy: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others"])
        .arg("--exclude-standard")
        .current_dir(tree)
        .output()
        .context("cannot start git")?;
    if !listed.status.success() {
        bail!("git cannot list the files of {}", tree.display());
    }
    let names = String::from_utf8(listed.stdout).context("a file's name is not UTF-8")?;
    // One that is deleted and not yet committed is listed too.
    let names: BTreeSet<&Path> = names
        .split_terminator('\0')
        .map(Path::new)
        .filter(|name| tree.join(name).is_file())
        .collect();
    std::fs::create_dir_all(copy)?;
    for file in files_below(copy)? {
        if !names.contains(file.strip_prefix(copy)?) {
            std::fs::remove_file(file)?;
        }
    }
    for name in names {
        let (from, to) = (std::fs::read(tree.join(name))?, copy.join(name));
        if std::fs::read(&to).is_ok_and(|there| there == from) {
            continue;
        }
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(to, from)?;
    }
    Ok(())
}

/// Every file in a folder and the folders in it.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
