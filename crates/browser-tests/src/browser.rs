//! A headless Chromium with the screen of an old phone and JavaScript switched off for pages.
//!
//! WebDriver's own scripts still run, so pages can be measured that may not run any themselves.

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// One browser with a fresh profile.
pub struct Browser {
    driver: Child,
    client: Client,
    _profile: TempDir,
}

/// Runs a test in a browser of its own, and ends the browser however the test ends.
pub async fn in_a_phone<F, T>(test: T)
where
    T: FnOnce(Client) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let browser = Browser::start().await;
    let ended = tokio::spawn(test(browser.client())).await;
    browser.close().await;
    if let Err(failure) = ended {
        std::panic::resume_unwind(failure.into_panic());
    }
}

impl Browser {
    /// Starts ChromeDriver on a free port and one browser under it.
    pub async fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is in PATH; `cargo xtask test` installs it");
        let port = port_said_by(&mut driver);
        let profile = tempfile::tempdir().unwrap();
        let mut capabilities = Capabilities::new();
        capabilities.insert(
            "goog:chromeOptions".to_owned(),
            json!({
                "args": [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--disable-dev-shm-usage",
                    "--lang=id-ID",
                    format!("--user-data-dir={}", profile.path().display()),
                ],
                "mobileEmulation": {
                    "deviceMetrics": { "width": 360, "height": 640, "pixelRatio": 2.0, "touch": true },
                },
                "prefs": { "profile.managed_default_content_settings.javascript": 2 },
            }),
        );
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver opens a browser");
        Self {
            driver,
            client,
            _profile: profile,
        }
    }

    /// The way to steer it.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Ends the browser and its driver.
    pub async fn close(mut self) {
        // A browser that a failing test has broken may not answer; its driver ends all the same.
        let _ = self.client.clone().close().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn port_said_by(driver: &mut Child) -> u16 {
    let said = BufReader::new(driver.stdout.take().unwrap());
    said.lines()
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        })
        .expect("chromedriver says its port")
}
