//! What the walk met that no log may show, kept for the test that searches the logs.

use std::path::Path;

use serde_json::{Value, json};

use crate::files;

/// Secrets, each with what it is.
#[derive(Default)]
pub struct Seen(Vec<(&'static str, String)>);

impl Seen {
    /// Keeps one.
    pub fn note(&mut self, what: &'static str, secret: &str) {
        self.0.push((what, secret.to_owned()));
    }

    /// Writes them all, readable by the owner only.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let all: Vec<Value> = self
            .0
            .iter()
            .map(|(what, secret)| json!({ "what": what, "secret": secret }))
            .collect();
        files::write_private(file, &serde_json::to_vec_pretty(&all)?)
    }
}
