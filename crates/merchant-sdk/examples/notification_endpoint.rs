//! A merchant's notification endpoint: verifies, keeps, answers.
//!
//! ```text
//! notification_endpoint GATEWAY_PUBLIC_KEY.pem NOTIFICATION_SECRET_FILE CLIENT_ID
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use merchant_sdk::notifications::{Event, Notification, Paths, Settings, router};
use merchant_sdk::{PublicKey, Secret};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, key, secret, client_id] = arguments.as_slice() else {
        return Err("give the gateway's key, the file of the secret, and the client id".into());
    };
    let gateway_key = PublicKey::from_pem(&std::fs::read_to_string(key)?)?;
    let secret = Secret::new(std::fs::read_to_string(secret)?.trim());
    let endpoints = router(
        Settings::new(client_id, gateway_key, secret),
        &Paths::default(),
        keep,
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, endpoints).await?)
}

/// Put it into your database here, under its external id, and return `Ok` when it is there.
async fn keep(notification: Notification) -> Result<(), std::io::Error> {
    match &notification.event {
        Event::Payment(payment) => println!(
            "{}: {} {}",
            payment.original_partner_reference_no,
            payment.latest_transaction_status,
            payment.amount.rupiah_text()
        ),
        Event::Binding(binding) => println!("binding {}", binding.additional_info.status),
    }
    Ok(())
}
