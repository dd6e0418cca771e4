//! Each request has one effect: the claim on X-EXTERNAL-ID, and what a repeat hears.
//!
//! The claim is written in the transaction of the work, so there is never the one without the other.
//! Services that change nothing claim nothing, unless their merchant is strict.

use aws_lc_rs::digest;
use direct_debit::{MerchantId, Refusal as Rule};
use snap::{Case, Refusal, Service};
use storage::Session;
use storage::external_ids::{self, Claim, ClaimKey, Claimed};

use super::Trouble;
use crate::api::answer::Answer;
use crate::api::signed::Signed;
use crate::app::App;

/// One scope for all operations: how a strict merchant's ids are counted.
const EVERY_OPERATION: &str = "all";

/// One request in the eyes of idempotency.
#[derive(Clone, Debug)]
pub struct Once {
    service: Service,
    key: ClaimKey,
    fingerprint: String,
    now_ms: i64,
    in_flight_until_ms: i64,
}

/// What a claim found.
#[derive(Debug)]
pub enum Turn {
    /// Nobody was here before: do the work.
    First,
    /// Somebody was, with the same request, and never got an answer: tell what has become of it.
    Abandoned,
    /// Somebody was: this is the answer.
    Repeat(Answer),
}

impl Once {
    /// The request's key and fingerprint: operation, binding and canonical body, never a token's text.
    /// `asks_bank` tells whether its work may last as long as the bank's deadline.
    pub fn of<R>(app: &App, service: Service, signed: &Signed<R>, bank_timeout_ms: i64) -> Self {
        let merchant = &signed.merchant;
        let scope = if merchant.is_strict() {
            EVERY_OPERATION.to_owned()
        } else {
            service.to_string()
        };
        let mut context = digest::Context::new(&digest::SHA256);
        let binding = signed
            .customer
            .as_ref()
            .map_or("", |customer| customer.binding_id.as_str());
        for part in [
            service.to_string().as_bytes(),
            binding.as_bytes(),
            &signed.canonical_body,
        ] {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        let now_ms = app.clock.business_now_ms();
        Self {
            service,
            key: ClaimKey {
                merchant: MerchantId::new(merchant.id()),
                scope,
                day: signed.timestamp.jakarta_day(),
                external_id: signed.external_id.clone(),
            },
            fingerprint: hex::encode(context.finish()),
            now_ms,
            in_flight_until_ms: now_ms.saturating_add(bank_timeout_ms).saturating_add(5_000),
        }
    }

    /// Claims the id, or says what its first use came to.
    pub async fn claim(&self, s: &Session) -> Result<Turn, Trouble> {
        let claim = Claim {
            key: self.key.clone(),
            fingerprint: self.fingerprint.clone(),
            claimed_at_ms: self.now_ms,
            in_flight_until_ms: self.in_flight_until_ms,
            answer: None,
            subject: None,
        };
        let before = match external_ids::claim(s, &claim).await? {
            Claimed::First => return Ok(Turn::First),
            Claimed::Before(before) => before,
        };
        if before.fingerprint != self.fingerprint {
            return Err(Rule::ExternalIdUsed.into());
        }
        match before.answer {
            // DOKU's rule: 409, with the body of the first answer.
            Some(first) => Ok(Turn::Repeat(Answer::stored(
                Case::Conflict.http_status(),
                first.body,
            ))),
            None if before.in_flight_until_ms > self.now_ms => Err(Rule::ExternalIdUsed.into()),
            None => Ok(Turn::Abandoned),
        }
    }

    /// For services that claim nothing: a strict merchant's id may still be used only once.
    pub async fn claim_if_strict(&self, app: &App) -> Result<(), Trouble> {
        if self.key.scope != EVERY_OPERATION {
            return Ok(());
        }
        let claimed = app
            .store
            .transact("claim", |s| async move { self.claim(&s).await })
            .await?;
        match claimed {
            Turn::First => Ok(()),
            Turn::Abandoned | Turn::Repeat(_) => Err(Rule::ExternalIdUsed.into()),
        }
    }

    /// Stores the answer with what it led to, and returns the one that stands: a repeat that came when this
    /// request no longer counted as in flight may have been answered first.
    pub async fn answer(
        &self,
        s: &Session,
        answer: &Answer,
        subject: Option<&str>,
    ) -> Result<Answer, Trouble> {
        let ours = external_ids::Answer {
            status: i64::from(answer.status()),
            body: String::from_utf8_lossy(answer.body()).into_owned(),
        };
        let stands = external_ids::answer(s, &self.key, ours, subject).await?;
        let status = u16::try_from(stands.status).unwrap_or(answer.status());
        Ok(Answer::stored(status, stands.body))
    }

    /// Whether this answer is the one that is stored: how a commit whose outcome is not known is
    /// resolved. Where it is, so is everything else that was in its transaction.
    pub async fn find(&self, s: Session, answer: Answer) -> Result<Option<Answer>, Trouble> {
        let claim = external_ids::by_key(&s, &self.key).await?;
        let stored = claim
            .filter(|claim| claim.fingerprint == self.fingerprint)
            .and_then(|claim| claim.answer);
        Ok(stored
            .is_some_and(|stored| stored.body.as_bytes() == answer.body())
            .then_some(answer))
    }

    /// Whether this request's claim is stored.
    pub async fn is_claimed(&self, s: &Session) -> Result<bool, Trouble> {
        let claim = external_ids::by_key(s, &self.key).await?;
        Ok(claim.is_some_and(|claim| claim.fingerprint == self.fingerprint))
    }

    /// Refuses by a rule of step 10: the claim and the refusal stay, nothing else does.
    pub async fn refuse(&self, s: &Session, rule: Rule) -> Result<Answer, Trouble> {
        self.refuse_as(s, &crate::api::answer::snap_refusal(rule))
            .await
    }

    /// The same for a refusal that is already in SNAP's words.
    pub async fn refuse_as(&self, s: &Session, refusal: &Refusal) -> Result<Answer, Trouble> {
        self.answer(s, &Answer::refusal(self.service, refusal), None)
            .await
    }

    /// Now, on the business clock, as it was when the request came.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }
}
