//! The simulator's inbox, where the SMS with the OTP arrives.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::Error;
use super::browser::Browser;

/// How often and how long to look for a new message.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 30;

/// One customer's messages.
pub(super) struct Inbox {
    address: Url,
    seen: Vec<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Message {
    id: String,
    otp: String,
}

/// Newest first.
#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

impl Inbox {
    /// The inbox at this address, for this phone number.
    pub fn new(inbox_url: &str, phone_no: &str) -> Result<Self, Error> {
        let unreadable = || Error::Inbox(format!("`{inbox_url}` is not an address"));
        let json = format!("{}.json", inbox_url.trim_end_matches('/'));
        let mut address = Url::parse(&json).map_err(|_| unreadable())?;
        address.query_pairs_mut().append_pair("phone", phone_no);
        Ok(Self {
            address,
            seen: Vec::new(),
        })
    }

    /// Remembers what is there, so that an older OTP is not taken for the new one.
    pub async fn remember(&mut self, browser: &Browser) -> Result<(), Error> {
        self.seen = self.messages(browser).await?;
        Ok(())
    }

    /// The newest OTP that was not there before. If none comes, the newest that was: a bank sends
    /// no second one while the first is good. None if the inbox is empty.
    pub async fn otp(&self, browser: &Browser) -> Result<Option<String>, Error> {
        for _ in 0..LOOKS {
            let messages = self.messages(browser).await?;
            let newest = messages
                .into_iter()
                .find(|message| !self.seen.contains(message));
            if let Some(message) = newest {
                return Ok(Some(message.otp));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(self.seen.first().map(|message| message.otp.clone()))
    }

    async fn messages(&self, browser: &Browser) -> Result<Vec<Message>, Error> {
        let json = browser.json(&self.address).await?;
        let messages: Messages =
            serde_json::from_value(json).map_err(|error| Error::Inbox(error.to_string()))?;
        Ok(messages.messages)
    }
}
