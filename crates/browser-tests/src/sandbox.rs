//! A sandbox of the test's own on free ports, and the demo merchant's side of the API.

use crate::{Customer, Shop};
use merchant_sdk::{Client, RawOptions, Signature};
use serde_json::{Value, json};
use snap::{PrivateKey, Secret, paths};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CHANNEL: &str = "DIRECT_DEBIT_ALLO_SNAP";

/// A running sandbox; stopped on drop.
pub struct Sandbox {
    program: Child,
    merchant: Client,
    description: Value,
    references: AtomicU32,
    data: TempDir,
}

impl Sandbox {
    /// Starts one and waits until it is ready.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let log = File::create(data.path().join("log")).unwrap();
        let mut program = Command::new(gerbang())
            .args(["sandbox", "--port", "0", "--relaxed-otp", "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("the gerbang binary is beside the tests: run them with --workspace");
        let description = wait_until_ready(&mut program, data.path()).await;
        let key = fs::read_to_string(data.path().join(text(&description, "merchant_private_key")));
        let merchant = Client::builder(
            text(&description, "base_url"),
            text(&description, "client_id"),
            Secret::new(text(&description, "client_secret")),
            PrivateKey::from_pem(&key.unwrap()).unwrap(),
        )
        .build()
        .unwrap();
        Self {
            program,
            merchant,
            description,
            references: AtomicU32::new(0),
            data,
        }
    }

    /// A demo customer, by place in `sandbox.json`.
    pub fn customer(&self, place: usize) -> Customer {
        let customer = &self.description["customers"][place];
        Customer {
            phone_no: text(customer, "phone_no"),
            pin: text(customer, "pin"),
            inbox_url: text(&self.description, "inbox_url"),
        }
    }

    /// Begins a binding; gives the page for the customer and the code for the merchant.
    pub async fn bind(&self, customer: &Customer, shop: &Shop) -> (String, String) {
        let body = json!({
            "phoneNo": customer.phone_no,
            "additionalInfo": {
                "channel": CHANNEL,
                "custIdMerchant": "customer-1",
                "successRegistrationUrl": shop.page("linked"),
                "failedRegistrationUrl": shop.page("not-linked"),
                "deviceModel": "Pixel 9",
                "osType": "android",
                "channelId": "web",
            },
        });
        let answer = self.ask(paths::BINDING, body, RawOptions::default()).await;
        (
            text(&answer, "redirectUrl"),
            text(&answer["additionalInfo"], "authCode"),
        )
    }

    /// The customer token for a finished binding.
    pub async fn customer_token(&self, auth_code: &str) -> String {
        let body = json!({ "grantType": "authorization_code", "authCode": auth_code });
        let signed = RawOptions {
            signature: Signature::Asymmetric,
            ..RawOptions::default()
        };
        text(
            &self.ask(paths::TOKEN_B2B2C, body, signed).await,
            "accessToken",
        )
    }

    /// Begins a payment; gives its reference and the page for the customer.
    pub async fn pay(&self, customer_token: &str, value: &str, shop: &Shop) -> (String, String) {
        let place = self.references.fetch_add(1, Ordering::Relaxed);
        let reference = format!("browser-test-{place:019}");
        let body = json!({
            "partnerReferenceNo": reference,
            "amount": { "value": value, "currency": "IDR" },
            "additionalInfo": {
                "channel": CHANNEL,
                "remarks": "Kopi susu",
                "successPaymentUrl": shop.page("paid"),
                "failedPaymentUrl": shop.page("not-paid"),
                "lineItems": [{ "name": "Kopi susu", "price": value, "quantity": "1" }],
            },
        });
        let options = RawOptions {
            customer_token: Some(customer_token.to_owned()),
            ..RawOptions::default()
        };
        let answer = self.ask(paths::PAYMENT, body, options).await;
        (reference, text(&answer, "webRedirectUrl"))
    }

    /// Asks for a payment's status until it is this one.
    pub async fn wait_for_status(&self, reference: &str, wanted: &str) {
        let started = Instant::now();
        let body = json!({
            "originalPartnerReferenceNo": reference,
            "serviceCode": "55",
            "additionalInfo": { "channel": CHANNEL },
        });
        loop {
            let answer = self
                .ask(paths::STATUS, body.clone(), RawOptions::default())
                .await;
            let status = text(&answer, "latestTransactionStatus");
            if status == wanted {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "status {status}, not {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Moves gateway and bank forward in time.
    pub fn advance(&self, time: &str) {
        let moved = Command::new(gerbang())
            .args(["bank", "clock", "--advance", time, "--data"])
            .arg(self.data.path())
            .output()
            .unwrap();
        assert!(
            moved.status.success(),
            "{}",
            String::from_utf8_lossy(&moved.stderr)
        );
    }

    async fn ask(&self, path: &str, body: Value, options: RawOptions) -> Value {
        let body = serde_json::to_vec(&body).unwrap();
        let answer = self
            .merchant
            .send_raw("POST", path, body, &options)
            .await
            .unwrap();
        let answer = answer.json();
        let code = text(&answer, "responseCode");
        assert!(
            code.starts_with("200"),
            "{path}: {answer}\n{}",
            log(self.data.path())
        );
        answer
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Tests are built into `target/…/deps`, the program beside that folder.
fn gerbang() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("gerbang")
}

async fn wait_until_ready(program: &mut Child, data: &Path) -> Value {
    let started = Instant::now();
    loop {
        let written = fs::read(data.join("sandbox.json")).unwrap_or_default();
        if let Ok(description) = serde_json::from_slice(&written) {
            return description;
        }
        let ended = program.try_wait().unwrap();
        assert!(
            ended.is_none(),
            "the sandbox ended with {ended:?}:\n{}",
            log(data)
        );
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "no sandbox.json:\n{}",
            log(data)
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn log(data: &Path) -> String {
    fs::read_to_string(data.join("log")).unwrap_or_default()
}

fn text(object: &Value, member: &str) -> String {
    object[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {object}"))
        .to_owned()
}
