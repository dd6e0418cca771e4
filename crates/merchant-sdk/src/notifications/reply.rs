//! What the merchant answers, ready to be written by any HTTP framework.

use serde_json::{Value, json};
use snap::{Case, ResponseCode, Service, timestamp};

use super::{Event, Incoming, Notification, Rejected, Verifier};

/// An answer to the gateway, to be written as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON.
    pub body: String,
}

impl Verifier {
    /// Answers a token request: verifies that it is the gateway's and gives it a token.
    ///
    /// # Errors
    /// [`Rejected`], with the [`Rejected::reply`] to give instead.
    pub fn give_token(&self, incoming: &Incoming<'_>) -> Result<Reply, Rejected> {
        self.verify_token_request(incoming)?;
        let code = ResponseCode::new(Service::TOKEN_B2B, Case::Successful);
        let body = json!({
            "responseCode": code.to_string(),
            "responseMessage": Case::Successful.message(),
            "accessToken": self.issue_token(incoming.now_ms),
            "tokenType": "Bearer",
            "expiresIn": self.settings.token_life_s,
        });
        let mut reply = Reply::new(Case::Successful, &body, incoming.now_ms);
        let client_key = self.settings.client_id.clone();
        reply.headers.push(("X-CLIENT-KEY", client_key));
        Ok(reply)
    }
}

impl Notification {
    /// The answer that it is kept: it is not sent again. For a repeat too.
    #[must_use]
    pub fn taken(&self, now_ms: i64) -> Reply {
        let code = ResponseCode::new(self.service(), Case::Successful);
        let body = json!({
            "responseCode": code.to_string(),
            "responseMessage": "Request has been processed successfully",
        });
        Reply::new(Case::Successful, &body, now_ms)
    }

    /// The answer that it could not be kept now: it is sent again later.
    #[must_use]
    pub fn not_taken(&self, now_ms: i64) -> Reply {
        let refusal = snap::Refusal::new(Case::GeneralError);
        let service = self.service();
        Rejected { service, refusal }.reply(now_ms)
    }

    fn service(&self) -> Service {
        match self.event {
            Event::Payment(_) => Service::NOTIFY,
            Event::Binding(_) => Service::BINDING,
        }
    }
}

impl Rejected {
    /// The answer that says what is wrong.
    #[must_use]
    pub fn reply(&self, now_ms: i64) -> Reply {
        let code = ResponseCode::new(self.service, self.refusal.case);
        let body = json!({
            "responseCode": code.to_string(),
            "responseMessage": self.refusal.message(),
        });
        Reply::new(self.refusal.case, &body, now_ms)
    }
}

impl Reply {
    fn new(case: Case, body: &Value, now_ms: i64) -> Self {
        Self {
            status: case.http_status(),
            headers: vec![
                ("Content-Type", "application/json".to_owned()),
                ("X-TIMESTAMP", timestamp::format_jakarta(now_ms)),
            ],
            body: body.to_string(),
        }
    }
}

impl std::fmt::Debug for Reply {
    /// Without the body: it may hold a token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
