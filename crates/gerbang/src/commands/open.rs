//! Opening a gateway's database from a shell, beside a running gateway or without one.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use gateway::{App, Config, Given};

use super::start_error::explained;
use crate::sandbox;

/// The configuration that a file or a sandbox's folder holds.
pub fn configuration(config: Option<&Path>, data: Option<&Path>) -> anyhow::Result<Config> {
    match (config, data) {
        (Some(file), _) => Config::load(Some(file))
            .with_context(|| format!("the configuration {} cannot be used", file.display())),
        (None, data) => sandbox::configuration_of(data.unwrap_or("gerbang-data".as_ref())),
    }
}

/// The gateway's parts, not serving.
pub async fn open(config: Option<&Path>, data: Option<&Path>) -> anyhow::Result<Arc<App>> {
    open_as(configuration(config, data)?).await
}

/// The same for a configuration that was read.
pub async fn open_as(config: Config) -> anyhow::Result<Arc<App>> {
    let database = config.database.clone();
    gateway::open(config, Given::default())
        .await
        .map_err(|error| explained(error, &database))
        .context("the gateway's database cannot be opened")
}
