//! What the bank logs at the most talkative level: ids and codes, and nothing that opens anything.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use snap::paths;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{SITI, TestBank, phone, pin, unique};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_and_no_phone_number_is_ever_logged() {
    let log = Log::default();
    let everything = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone());
    tracing::subscriber::set_global_default(everything.finish()).unwrap();
    let bank = TestBank::open().await;
    let (_, page) = bank.bind(SITI).await;
    let mut browser = bank.browser();
    browser.post(&page, "start", "").await;
    let otp = bank.otp(SITI).await.unwrap();
    browser.post(&page, "otp", "000000").await;
    bank.advance(61_000).await;
    browser.post(&page, "cancel", "").await;
    let linked = bank.link(SITI).await;
    let (_, payment) = bank.started(&linked, "2000000.00").await;
    browser.post(&payment, "start", "").await;
    let second = bank.otp(SITI).await.unwrap();
    browser.post(&payment, "otp", &second).await;
    browser.post(&payment, "pin", "999999").await;
    browser.post(&payment, "pin", pin(SITI)).await;
    let unbind = json!({ "partnerReferenceNo": unique("unbind"), "linkId": linked.binding, "tokenId": linked.token });
    bank.call(paths::BANK_UNBINDING, &unbind, None).await;
    bank.exchange(&linked.auth_code).await;
    let b2b = bank.b2b().await;
    let cookies: Vec<String> = browser.cookies.values().cloned().collect();
    bank.running.unwrap().stop().await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("payment made") && text.contains("account linked"),
        "the log is listening"
    );
    let ours: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("hyper") && !line.contains("reqwest"))
        .collect();
    let ours = ours.join("\n");
    let secrets = [&b2b, &linked.token, &linked.auth_code];
    for secret in secrets
        .into_iter()
        .chain(&cookies)
        .map(String::as_str)
        .chain([pin(SITI), phone(SITI)])
    {
        assert!(!text.contains(secret), "{secret}");
    }
    for code in [&otp, &second] {
        assert!(!ours.contains(&format!("\"{code}\"")) && !ours.contains(&format!("={code}")));
        assert!(!ours.contains(&format!(" {code} ")));
    }
}
