//! A headless Chromium with the screen of an old phone and JavaScript switched off for pages.
//!
//! WebDriver's own scripts still run, so pages can be measured that may not run any themselves.

use fantoccini::wd::{Capabilities, TimeoutConfiguration};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// More than any test needs; a browser that hangs must not hold up the others.
const LONGEST: Duration = Duration::from_secs(120);

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
    let test = tokio::spawn(tokio::time::timeout(LONGEST, test(browser.client())));
    let ended = test.await;
    browser.close().await;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(_)) => panic!("not over after {LONGEST:?}"),
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
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
        let patience = TimeoutConfiguration::new(
            Some(Duration::from_secs(5)),
            Some(Duration::from_secs(20)),
            Some(Duration::ZERO),
        );
        client.update_timeouts(patience).await.unwrap();
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
        let _ = tokio::time::timeout(Duration::from_secs(5), self.client.clone().close()).await;
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
