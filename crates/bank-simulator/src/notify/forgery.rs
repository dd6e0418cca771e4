//! False notifications, for gateways that believe too much: that a payment which has only begun is paid. One bears
//! a signature that is not the bank's, the other one names an amount that is not the payment's.

use std::sync::Arc;

use snap::messages::bank::{BankNotifyInfo, BankNotifyRequest};
use snap::{Amount, Secret, TransactionStatus, timestamp};

use super::Sender;
use crate::payments::{self, Payment};
use crate::{Error, entropy};

/// Sends those that are due, once, whatever the gateway says to them.
pub(super) async fn send(sender: &Arc<Sender>) -> Result<(), Error> {
    let bank = &sender.bank;
    let Some(gateway) = &bank.gateway else {
        return Ok(());
    };
    let forged: Vec<String> =
        sqlx::query_scalar("SELECT payment_id FROM forgeries ORDER BY due_at, payment_id")
            .fetch_all(bank.db.read())
            .await?;
    for payment_id in forged {
        let mut read = bank.db.read().acquire().await?;
        let payment = payments::by_id(&mut read, &payment_id).await?;
        drop(read);
        let strangers = Secret::new(entropy::secret()?);
        for (amount, secret) in [
            (payment.amount, &strangers),
            (payment.amount + 1, &gateway.endpoint.secret),
        ] {
            let body = message(&payment, amount, bank.clock.now_ms())?;
            match sender.post_once(gateway, &body, secret).await {
                Ok(status) => tracing::info!(
                    reference = payment.partner_reference_no,
                    status = status.as_u16(),
                    "notified falsely"
                ),
                Err(error) => tracing::debug!(error = %error, "the gateway was not reached"),
            }
        }
        let mut write = bank.db.write().await?;
        sqlx::query("DELETE FROM forgeries WHERE payment_id = $1")
            .bind(&payment_id)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
    }
    Ok(())
}

fn message(payment: &Payment, sen: i64, now_ms: i64) -> Result<Vec<u8>, Error> {
    let corrupt = || Error::Corrupt("payments", payment.id.clone());
    let status = TransactionStatus::Success;
    let request = BankNotifyRequest {
        original_partner_reference_no: payment.partner_reference_no.clone(),
        original_reference_no: Some(payment.id.clone()),
        latest_transaction_status: status.code().to_owned(),
        transaction_status_desc: Some(status.description().to_owned()),
        amount: Amount::from_sen(sen).ok_or_else(corrupt)?.into(),
        additional_info: BankNotifyInfo {
            original_response_code: None,
            original_response_message: None,
            paid_time: Some(timestamp::format_jakarta(now_ms)),
        },
    };
    serde_json::to_vec(&request).map_err(|_| Error::Stopped)
}
