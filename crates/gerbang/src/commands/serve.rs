//! `gerbang serve`: runs the gateway with a configuration file.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use gateway::config::LogFormat;
use gateway::{Config, Given};

use super::start_error::explained;
use crate::cli::ServeArgs;
use crate::logs;
use crate::stopping::Signals;

/// Runs it until it is told to stop.
pub async fn run(args: ServeArgs, log: Option<&str>) -> anyhow::Result<ExitCode> {
    let config = Config::load(Some(&args.config))
        .with_context(|| format!("the configuration {} cannot be used", args.config.display()))?;
    let form = match config.log.format {
        LogFormat::Json => logs::Form::Json,
        LogFormat::Text => logs::Form::Text,
    };
    logs::start(log, &config.log.filter, form)?;
    let mut signals = Signals::listen()?;
    let database = config.database.clone();
    let mut gateway = gateway::start(config, Given::default())
        .await
        .map_err(|error| explained(error, &database))
        .context("the gateway cannot start")?;
    tokio::select! {
        () = signals.wait() => {}
        // A process that listens no more must not look alive to whoever supervises it.
        () = gateway.wait() => bail!("the gateway has stopped accepting connections"),
    }
    tracing::info!("stopping");
    gateway.stop().await;
    Ok(ExitCode::SUCCESS)
}
