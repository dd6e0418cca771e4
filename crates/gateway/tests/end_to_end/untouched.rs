//! What a refusal says and what it leaves behind: nothing.

use std::cell::RefCell;

use merchant_sdk::Answer;
use serde_json::Value;

use super::stage::Stage;

/// Looking at all rows costs more than the refusal: one look is for so many refusals.
const LOOK_EVERY: usize = 12;

/// All rows of all tables of the gateway and the bank, as they have to stay.
///
/// No table is left out: what is refused in steps 1 to 8 neither writes nor asks the bank, so even the
/// bank's own tokens stay as they are. A test ends by [`Untouched::looked`], and calls it before anything
/// that is meant to change rows.
pub struct Untouched<'a> {
    stage: &'a Stage,
    http: reqwest::Client,
    rows: Vec<String>,
    refused: RefCell<Vec<String>>,
}

impl<'a> Untouched<'a> {
    /// What stands now has to stay.
    pub async fn since_now(stage: &'a Stage) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut untouched = Self {
            stage,
            http,
            rows: Vec::new(),
            refused: RefCell::default(),
        };
        untouched.rows = untouched.rows_now().await;
        untouched
    }

    /// The answer is exactly this refusal, and no row changes.
    pub async fn refused(&self, what: &str, answer: &Answer, code: &str, message: &str) {
        is_refusal(what, answer, code, message);
        self.refused.borrow_mut().push(what.to_owned());
        if self.refused.borrow().len() >= LOOK_EVERY {
            self.looked().await;
        }
    }

    /// No row has changed.
    pub async fn looked(&self) {
        let refused = self.refused.take();
        let now = self.rows_now().await;
        let gone: Vec<_> = self.rows.iter().filter(|row| !now.contains(row)).collect();
        let new: Vec<_> = now.iter().filter(|row| !self.rows.contains(row)).collect();
        assert!(
            self.rows == now,
            "one of these changed rows: {refused:#?}; gone: {gone:#?}, new: {new:#?}"
        );
    }

    async fn rows_now(&self) -> Vec<String> {
        let mut rows = self.stage.app().store.dump().await.unwrap();
        let url = format!("{}/control/dump", self.stage.bank.url);
        let bank = self.http.get(url).send().await.unwrap();
        assert_eq!(bank.status(), 200);
        rows.extend(bank.text().await.unwrap().lines().map(str::to_owned));
        rows
    }
}

impl Drop for Untouched<'_> {
    fn drop(&mut self) {
        let all_seen = self.refused.borrow().is_empty();
        assert!(all_seen || std::thread::panicking(), "end with looked()");
    }
}

/// Status, code and message as given, no other member, and the headers of every answer.
pub fn is_refusal(what: &str, answer: &Answer, code: &str, message: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.code().as_deref(), answer.message().as_deref()),
        (Some(code), Some(message)),
        "{what}: {body}"
    );
    assert_eq!(answer.status.to_string(), code[..3], "{what}");
    let members: Vec<_> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    if &code[3..5] == "54" {
        assert_eq!(
            members,
            ["responseCode", "responseMessage", "webRedirectUrl"],
            "{what}"
        );
        assert_eq!(body["webRedirectUrl"], Value::Null, "{what}");
    } else {
        assert_eq!(members, ["responseCode", "responseMessage"], "{what}");
    }
    assert!(message.chars().count() <= 150, "{what}");
    assert_eq!(answer.headers["content-type"], "application/json", "{what}");
    for name in ["x-timestamp", "x-request-id"] {
        assert!(answer.headers.contains_key(name), "{what}: no {name}");
    }
}
