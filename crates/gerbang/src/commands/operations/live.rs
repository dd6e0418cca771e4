//! The line that says what is waited for, on a terminal's stderr; elsewhere nothing.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shown while it lives.
pub struct Live(ProgressBar);

impl Live {
    /// Begins to show it.
    pub fn show(text: impl Into<String>) -> anyhow::Result<Self> {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template(
            "{spinner:.cyan} {msg}  {elapsed:.dim}",
        )?);
        bar.enable_steady_tick(Duration::from_millis(100));
        bar.set_message(text.into());
        Ok(Self(bar))
    }

    /// Says something else.
    pub fn say(&self, text: impl Into<String>) {
        self.0.set_message(text.into());
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
