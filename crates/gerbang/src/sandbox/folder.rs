//! The sandbox's data folder: who may use it, and what in it is ours.
//!
//! Never here: deleting anything that a sandbox did not make.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The file that marks a folder as a sandbox's and holds what was made once for it.
const MADE_ONCE: &str = "made-once.json";
/// The file that scripts read while the sandbox runs.
const ADDRESSES: &str = "sandbox.json";
/// What a sandbox makes in its folder, all of it.
const OURS: &[&str] = &[
    ADDRESSES,
    "gateway.db",
    "gateway.db-wal",
    "gateway.db-shm",
    "bank.db",
    "bank.db-wal",
    "bank.db-shm",
    "customers.json",
    "customers.lock",
    "keys",
    MADE_ONCE,
];
/// What may stand in a fresh folder: the lock, and a demo's folder.
const HARMLESS: &[&str] = &["lock", "demo"];

/// A data folder that this process alone uses, for as long as this value lives.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes or opens the folder, takes it for this process, and empties it if `start_over`.
    pub fn open(path: &Path, start_over: bool) -> anyhow::Result<Self> {
        let shown = path.display();
        check(path, start_over)?;
        fs::create_dir_all(path.join("keys"))
            .with_context(|| format!("the data folder {shown} cannot be made"))?;
        let path = fs::canonicalize(path)?;
        let lock = File::create(path.join("lock"))
            .with_context(|| format!("the data folder {shown} cannot be written"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another sandbox is using the data folder {shown}; stop it, or give another folder with --data"
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{shown} cannot be locked"));
            }
        }
        let folder = Self { path, _lock: lock };
        if start_over {
            folder.empty()?;
        } else {
            folder.remove(ADDRESSES)?;
        }
        Ok(folder)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where scripts find the addresses.
    pub fn addresses(&self) -> PathBuf {
        self.path.join(ADDRESSES)
    }

    /// Takes the addresses away when they are no longer true.
    pub fn withdraw_addresses(&self) -> anyhow::Result<()> {
        self.remove(ADDRESSES)
    }

    fn empty(&self) -> anyhow::Result<()> {
        for name in OURS {
            self.remove(name)?;
        }
        fs::create_dir_all(self.path.join("keys"))?;
        Ok(())
    }

    fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        let removed = match fs::symlink_metadata(&path) {
            Err(_) => return Ok(()),
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
        };
        removed.with_context(|| format!("{} cannot be removed", path.display()))
    }
}

/// Where a folder keeps what was made once.
pub fn made_once(folder: &Path) -> PathBuf {
    folder.join(MADE_ONCE)
}

/// Where a running sandbox's addresses are.
pub fn addresses(folder: &Path) -> PathBuf {
    folder.join(ADDRESSES)
}

/// Refuses a folder that belongs to something else.
fn check(path: &Path, start_over: bool) -> anyhow::Result<()> {
    let shown = path.display();
    if made_once(path).is_file() || !path.exists() {
        return Ok(());
    }
    let entries =
        fs::read_dir(path).with_context(|| format!("{shown} is not a folder that can be read"))?;
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let foreign = !HARMLESS.contains(&name.as_ref());
        if start_over && foreign {
            bail!(
                "{shown} is not a sandbox's data folder, so nothing in it is deleted; give another with --data"
            );
        }
        if foreign && OURS.contains(&name.as_ref()) && !is_empty_folder(&path.join(&*name)) {
            bail!("{shown} holds `{name}`, which no sandbox made; give another folder with --data");
        }
    }
    Ok(())
}

/// `keys` is left empty by a sandbox that was stopped at its very beginning.
fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn starting_over_deletes_nothing_in_a_folder_that_no_sandbox_made() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        let error = Folder::open(folder.path(), true).err().unwrap();
        assert!(error.to_string().contains("nothing in it is deleted"));
        assert!(folder.path().join("thesis.txt").exists());
    }

    #[test]
    fn starting_over_keeps_what_the_sandbox_did_not_make() {
        let folder = tempfile::tempdir().unwrap();
        for name in [MADE_ONCE, "gateway.db", "notes.txt"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        drop(Folder::open(folder.path(), true).unwrap());
        assert!(!folder.path().join("gateway.db").exists());
        assert!(folder.path().join("notes.txt").exists());
    }

    #[test]
    fn a_folder_is_used_by_one_sandbox_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Folder::open(folder.path(), false).unwrap();
        let error = Folder::open(folder.path(), false).err().unwrap();
        assert!(error.to_string().contains("another sandbox"));
        drop(first);
        assert!(Folder::open(folder.path(), false).is_ok());
    }
}
