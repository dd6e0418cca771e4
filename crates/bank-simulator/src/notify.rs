//! Telling the gateway how payments ended (56): at least once, until it has accepted with a 2xx.
//!
//! What is due lies in the database, written in the transaction that ended the payment; a restart goes on where the
//! last run stopped. The worker takes no input, is woken by a signal and by a timer, and may run twice without harm.

mod forgery;

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use snap::messages::bank::{B2bRequest, B2bResponse, BankNotifyInfo, BankNotifyRequest};
use snap::{Amount, Secret, TransactionStatus, signature, timestamp};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::bank::{Bank, Gateway};
use crate::payments::{self, Payment};
use crate::{Error, entropy};

const TIMEOUT: Duration = Duration::from_secs(15);
/// The longest sleep without looking.
const LOOK: Duration = Duration::from_secs(30);
const FIRST_RETRY_MS: i64 = 1_000;
const LAST_RETRY_MS: i64 = 300_000;
/// Notifications on their way at one time.
const AT_ONCE: i64 = 8;
/// How often, and after which pauses, a payment that is notified early looks whether it was.
const EARLY_LOOKS: u32 = 250;
const EARLY_PAUSE: Duration = Duration::from_millis(20);
/// A token is renewed this long before it dies.
const TOKEN_MARGIN_MS: i64 = 30_000;

#[derive(Debug, Clone, sqlx::FromRow)]
struct Due {
    id: String,
    payment_id: String,
    attempts: i64,
    again: i64,
}

struct Sender {
    bank: Arc<Bank>,
    client: reqwest::Client,
    /// The gateway's token for this bank, and when it dies by the wall clock.
    token: Mutex<Option<(Secret, i64)>>,
}

/// A client that goes straight to the gateway: no proxy from the environment, no redirects.
pub(crate) fn client() -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    Ok(builder.build()?)
}

/// Waits until the gateway has accepted the notification of a payment, for a while: it may be down.
pub(crate) async fn wait_for(bank: &Bank, payment_id: &str) -> Result<(), Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM notifications WHERE payment_id = $1 AND state = 'due')";
    for _ in 0..EARLY_LOOKS {
        if bank.gateway.is_none() {
            return Ok(());
        }
        let due: bool = sqlx::query_scalar(sql)
            .bind(payment_id)
            .fetch_one(bank.db.read())
            .await?;
        if !due {
            return Ok(());
        }
        tokio::time::sleep(EARLY_PAUSE).await;
    }
    Ok(())
}

/// Runs until the bank stops.
pub(crate) async fn run(bank: Arc<Bank>, client: reqwest::Client) {
    let sender = Arc::new(Sender {
        bank: Arc::clone(&bank),
        client,
        token: Mutex::new(None),
    });
    loop {
        let sleep = match round(&sender).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::error!(error = error.chain(), "notifications could not be read");
                LOOK
            }
        };
        tokio::select! {
            () = bank.wake.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Sends what is due; tells when to look again.
async fn round(sender: &Arc<Sender>) -> Result<Duration, Error> {
    let bank = &sender.bank;
    forgery::send(sender).await?;
    let due: Vec<Due> = sqlx::query_as(
        "SELECT id, payment_id, attempts, again FROM notifications WHERE state = 'due' AND due_at <= $1 \
         AND payment_id NOT IN (SELECT payment_id FROM forgeries) ORDER BY due_at, id LIMIT $2",
    )
    .bind(bank.clock.now_ms())
    .bind(AT_ONCE)
    .fetch_all(bank.db.read())
    .await?;
    let mut tries = JoinSet::new();
    for due in due {
        let sender = Arc::clone(sender);
        tries.spawn(async move { sender.deliver(&due).await });
    }
    while let Some(done) = tries.join_next().await {
        done.map_err(|_| Error::Stopped)??;
    }
    let next: Option<i64> =
        sqlx::query_scalar("SELECT MIN(due_at) FROM notifications WHERE state = 'due'")
            .fetch_one(bank.db.read())
            .await?;
    let wait = next.map_or(LOOK, |next| {
        Duration::from_millis(u64::try_from(next - bank.clock.now_ms()).unwrap_or_default())
    });
    Ok(wait.min(LOOK))
}

impl Sender {
    /// One try, and what became of it.
    async fn deliver(&self, due: &Due) -> Result<(), Error> {
        let Some(gateway) = &self.bank.gateway else {
            return Ok(());
        };
        let mut read = self.bank.db.read().acquire().await?;
        let payment = payments::by_id(&mut read, &due.payment_id).await?;
        drop(read);
        let body = serde_json::to_vec(&message(&payment)?).map_err(|_| Error::Stopped)?;
        let accepted = match self.post(gateway, &body).await {
            Ok(status) => status.is_success(),
            Err(error) => {
                tracing::debug!(
                    error = %error,
                    "the gateway was not reached"
                );
                false
            }
        };
        let now_ms = self.bank.clock.now_ms();
        let (state, due_at, again) = match (accepted, due.again) {
            (true, 0) => ("delivered", now_ms, 0),
            (true, again) => ("due", now_ms, again - 1),
            (false, again) => ("due", now_ms + retry_after(due.attempts), again),
        };
        let mut write = self.bank.db.write().await?;
        sqlx::query("UPDATE notifications SET state = $2, attempts = attempts + 1, due_at = $3, again = $4 WHERE id = $1")
            .bind(&due.id)
            .bind(state)
            .bind(due_at)
            .bind(again)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        tracing::info!(
            reference = payment.partner_reference_no,
            attempt = due.attempts + 1,
            accepted,
            "notified"
        );
        Ok(())
    }

    /// Signs and posts; a token that the gateway no longer knows is renewed once.
    async fn post(&self, gateway: &Gateway, body: &[u8]) -> Result<StatusCode, reqwest::Error> {
        let secret = &gateway.endpoint.secret;
        let first = self.post_once(gateway, body, secret).await?;
        if first != StatusCode::UNAUTHORIZED {
            return Ok(first);
        }
        *self.token.lock().await = None;
        self.post_once(gateway, body, secret).await
    }

    async fn post_once(
        &self,
        gateway: &Gateway,
        body: &[u8],
        secret: &Secret,
    ) -> Result<StatusCode, reqwest::Error> {
        let token = match self.token(gateway).await? {
            Ok(token) => token,
            Err(status) => return Ok(status),
        };
        let endpoint = &gateway.endpoint;
        let now = timestamp::format_jakarta(self.bank.clock.wall_ms());
        let path = &gateway.notify_path;
        let signed = signature::sign(secret, "POST", path, token.expose(), body, &now);
        let response = self
            .client
            .post(&endpoint.notify_url)
            .header(CONTENT_TYPE, "application/json")
            .header("X-TIMESTAMP", now)
            .header("X-SIGNATURE", signed)
            .header("X-PARTNER-ID", &endpoint.client_id)
            .header("X-EXTERNAL-ID", entropy::digits(20).unwrap_or_default())
            .header("CHANNEL-ID", "ALLOB")
            .bearer_auth(token.expose())
            .body(body.to_vec())
            .send()
            .await?;
        Ok(response.status())
    }

    /// The cached token, or a new one; the gateway's status when it gives none.
    async fn token(&self, gateway: &Gateway) -> Result<Result<Secret, StatusCode>, reqwest::Error> {
        let mut cached = self.token.lock().await;
        let wall_ms = self.bank.clock.wall_ms();
        if let Some((token, dies_ms)) = cached.as_ref().filter(|(_, dies_ms)| wall_ms < *dies_ms) {
            tracing::trace!(dies_ms, "token still good");
            return Ok(Ok(token.clone()));
        }
        let endpoint = &gateway.endpoint;
        let now = timestamp::format_jakarta(wall_ms);
        let response = self
            .client
            .post(&endpoint.token_url)
            .header("X-CLIENT-KEY", &endpoint.client_id)
            .header(
                "X-SIGNATURE",
                gateway.private_key.sign_token(&endpoint.client_id, &now),
            )
            .header("X-TIMESTAMP", now)
            .json(&B2bRequest::default())
            .send()
            .await?;
        if !response.status().is_success() {
            return Ok(Err(response.status()));
        }
        let answer: B2bResponse = response.json().await?;
        let token = Secret::new(answer.access_token);
        let life_ms = i64::try_from(answer.expires_in)
            .unwrap_or_default()
            .saturating_mul(1_000);
        *cached = Some((token.clone(), wall_ms + life_ms - TOKEN_MARGIN_MS));
        Ok(Ok(token))
    }
}

/// 1 s, doubled up to five minutes.
fn retry_after(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or_default();
    FIRST_RETRY_MS
        .saturating_mul(2i64.saturating_pow(doublings))
        .min(LAST_RETRY_MS)
}

fn message(payment: &Payment) -> Result<BankNotifyRequest, Error> {
    let status = match payment.state.as_str() {
        "paid" => TransactionStatus::Success,
        "cancelled" => TransactionStatus::Cancelled,
        "failed" => TransactionStatus::Failed,
        _ => return Err(Error::Corrupt("payments", payment.id.clone())),
    };
    let amount = Amount::from_sen(payment.amount)
        .ok_or_else(|| Error::Corrupt("payments", payment.id.clone()))?;
    let paid = status == TransactionStatus::Success;
    Ok(BankNotifyRequest {
        original_partner_reference_no: payment.partner_reference_no.clone(),
        original_reference_no: Some(payment.id.clone()),
        latest_transaction_status: status.code().to_owned(),
        transaction_status_desc: Some(status.description().to_owned()),
        amount: amount.into(),
        additional_info: BankNotifyInfo {
            original_response_code: payment.reason_code.clone(),
            original_response_message: payment.reason_message.clone(),
            paid_time: payment
                .ended_at
                .filter(|_| paid)
                .map(timestamp::format_jakarta),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_slow_down_and_never_stop() {
        assert_eq!(
            [0, 1, 2, 8, 9, 400].map(retry_after),
            [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]
        );
    }
}
