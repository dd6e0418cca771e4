//! One look at the page that the browser shows: what is on it, and what a customer would trip over.

use fantoccini::Client;
use serde::Deserialize;
use std::time::{Duration, Instant};

const WIDTH: f64 = 360.0;
const SMALLEST_TARGET: f64 = 44.0;

/// Everything at once in one script, so that a page that leaves meanwhile cannot be half seen.
const SCRIPT: &str = r#"
const box = element => {
    const { width, height } = element.getBoundingClientRect();
    return { what: element.outerHTML.slice(0, 120), width, height };
};
const main = document.querySelector('[data-end]');
const back = document.querySelector('a[data-way-back]');
return {
    url: location.href,
    language: document.documentElement.lang,
    title: document.title,
    text: document.body ? document.body.innerText : '',
    steps: [...document.querySelectorAll('form[data-step]')].map(form => form.dataset.step),
    end: main ? main.dataset.end : null,
    code: main ? main.dataset.code || null : null,
    way_back: back ? back.getAttribute('href') : null,
    goes_on: document.querySelector('a[data-go-on]') !== null,
    scripts: document.scripts.length,
    content_width: document.documentElement.scrollWidth,
    targets: [...document.querySelectorAll('a, button, select, summary, input:not([type=hidden])')]
        .filter(element => element.getClientRects().length > 0).map(box),
    fields: [...document.querySelectorAll('input:not([type=hidden])')].map(field => ({
        name: field.name,
        inputmode: field.inputMode,
        autocomplete: field.autocomplete,
        labelled: field.labels.length > 0 || field.hasAttribute('aria-label'),
    })),
};
"#;

/// What a page shows.
#[derive(Clone, Debug, Deserialize)]
pub struct Look {
    /// Its address.
    pub url: String,
    /// The language that it declares.
    pub language: String,
    /// Its title.
    pub title: String,
    /// Its visible words.
    pub text: String,
    /// The steps that its forms offer.
    pub steps: Vec<String>,
    /// How it ended, if it is an end.
    pub end: Option<String>,
    /// The response code that goes with the end.
    pub code: Option<String>,
    /// Where the way back leads.
    pub way_back: Option<String>,
    /// Whether a link leads on to the bank.
    pub goes_on: bool,
    scripts: u32,
    content_width: f64,
    targets: Vec<Target>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    what: String,
    width: f64,
    height: f64,
}

#[derive(Clone, Debug, Deserialize)]
struct Field {
    name: String,
    inputmode: String,
    autocomplete: String,
    labelled: bool,
}

impl Look {
    /// Whether the page offers this step.
    pub fn offers(&self, step: &str) -> bool {
        self.steps.iter().any(|offered| offered == step)
    }

    /// Everything that would trouble a customer with a small phone; empty for a good page.
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        if self.content_width > WIDTH {
            troubles.push(format!("scrolls sideways: {} px wide", self.content_width));
        }
        for target in &self.targets {
            if target.height < SMALLEST_TARGET || target.width < SMALLEST_TARGET {
                let Target {
                    what,
                    width,
                    height,
                } = target;
                troubles.push(format!(
                    "too small for a thumb: {width}×{height} px: {what}"
                ));
            }
        }
        for field in &self.fields {
            if field.inputmode != "numeric" {
                troubles.push(format!("the field {} brings up letters", field.name));
            }
            if !field.labelled {
                troubles.push(format!("the field {} has no label", field.name));
            }
        }
        if self.offers("otp")
            && !self
                .fields
                .iter()
                .any(|field| field.autocomplete == "one-time-code")
        {
            troubles
                .push("the phone cannot offer the OTP: no autocomplete=one-time-code".to_owned());
        }
        if self.scripts > 0 {
            troubles.push(format!("carries {} script(s)", self.scripts));
        }
        if self.language.is_empty() || self.title.is_empty() {
            troubles.push("declares no language or has no title".to_owned());
        }
        troubles
    }
}

/// Looks at what the browser shows now; `None` while it is between two pages.
pub async fn look_at(browser: &Client) -> Option<Look> {
    let seen = browser.execute(SCRIPT, Vec::new()).await.ok()?;
    serde_json::from_value(seen).ok()
}

/// Looks again and again until the page is the one that is waited for.
pub async fn wait_for(browser: &Client, what: &str, is_it: impl Fn(&Look) -> bool) -> Look {
    let started = Instant::now();
    let mut last = None;
    while started.elapsed() < Duration::from_secs(20) {
        if let Some(look) = look_at(browser).await {
            if is_it(&look) {
                return look;
            }
            last = Some(look);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not come; the browser shows {last:#?}")
}
