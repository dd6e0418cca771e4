//! Where logs go: to stderr, as text for people or JSON for machines.

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Starts logging. `filter` is `--log` or `GERBANG_LOG`, if given.
pub fn start(filter: Option<&str>, otherwise: &str, form: Form) -> anyhow::Result<()> {
    let directives = filter.unwrap_or(otherwise);
    let filter = EnvFilter::try_new(directives)
        .with_context(|| format!("`--log {directives}` is not a log filter; try `--log info`"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match form {
        Form::Text => subscriber
            .with_ansi(anstream::stderr().is_terminal())
            .finish()
            .try_init(),
        Form::Json => subscriber.json().finish().try_init(),
    }
    .context("logging was started twice")
}
