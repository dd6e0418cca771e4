//! Links a customer, takes a payment and refunds it, against a sandbox on this machine.
//!
//! Start `gerbang sandbox`, then run this; it finds the addresses in `gerbang-data/sandbox.json`, or
//! in the file that you name. In your shop the customer opens the pages; here they are played.
#![allow(clippy::print_stdout, reason = "an example prints")]

use merchant_sdk::pages::{self, Script};
use merchant_sdk::{
    Amount, Client, Handset, LineItem, NewBinding, NewPayment, NewRefund, Os, PrivateKey,
    Reference, ReturnTo, Secret, Through,
};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let file = std::env::args().nth(1);
    run(file.as_deref().unwrap_or("gerbang-data/sandbox.json")).await
}

/// The whole story.
pub async fn run(sandbox_json: &str) -> Result<(), Failure> {
    let sandbox: Value = serde_json::from_str(&std::fs::read_to_string(sandbox_json)?)?;
    let key = std::fs::read_to_string(text(&sandbox, "/merchant_private_key"))?;
    let client = Client::builder(
        text(&sandbox, "/base_url"),
        text(&sandbox, "/client_id"),
        Secret::new(text(&sandbox, "/client_secret")),
        PrivateKey::from_pem(&key)?,
    )
    .build()?;
    let back = ReturnTo {
        success: "https://toko.example/done".to_owned(),
        failed: "https://toko.example/failed".to_owned(),
    };
    let phone = Handset {
        model: "Pixel 9".to_owned(),
        os: Os::Android,
        through: Through::App,
    };

    // Link: the customer types OTP and PIN on the bank's page.
    let request = NewBinding::new(
        text(&sandbox, "/customers/0/phone_no"),
        "cust-1",
        &phone,
        &back,
    )?;
    let binding = client.bind(&request).await?.done()?;
    play(&sandbox, &binding.redirect_url).await?;
    let customer = client.exchange_code(&binding.auth_code).await?.done()?;
    println!("linked; keep the tokens: {:?}", customer.tokens().await);

    // Pay: keep the reference with the order before the call.
    let amount = Amount::from_rupiah(150_000).ok_or("too much")?;
    let kopi = LineItem {
        name: "Kopi Gayo 1 kg".to_owned(),
        price: amount,
        quantity: 1,
    };
    let order = Reference::random();
    let request = NewPayment::new(&order, amount, "Kopi Gayo", vec![kopi], &back)?;
    let payment = customer.pay(&request).await?.done()?;
    if let Some(page) = payment.page() {
        play(&sandbox, page).await?;
    }
    let status = client.status(&order).await?.done()?;
    println!("paid: status {}", status.latest_transaction_status);

    // Refund a part, and end the link.
    let part = Amount::from_rupiah(50_000).ok_or("too much")?;
    let request = NewRefund::new(&order, part, &Reference::random())?.reason("one bag less")?;
    let refund = customer.refund(&request).await?.done()?;
    println!("refunded: {}", refund.answer.response_message);
    let ended = customer.unbind().await?.done()?;
    println!("unlinked: {}", ended.response_message);
    Ok(())
}

/// Plays the first demo customer on a page.
async fn play(sandbox: &Value, page: &str) -> Result<(), Failure> {
    let script = Script {
        inbox_url: Some(text(sandbox, "/inbox_url").to_owned()),
        customers: vec![pages::Customer {
            phone_no: text(sandbox, "/customers/0/phone_no").to_owned(),
            pin: Secret::new(text(sandbox, "/customers/0/pin")),
        }],
        ..Script::default()
    };
    let visit = pages::complete(page, &script).await?;
    println!("the customer: {}", visit.ending.word());
    Ok(())
}

fn text<'a>(sandbox: &'a Value, path: &str) -> &'a str {
    let value = sandbox.pointer(path).and_then(Value::as_str);
    value.unwrap_or_default()
}
