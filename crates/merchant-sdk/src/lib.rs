//! A client for merchants of a SNAP direct debit gateway, and the merchant's side of its
//! notifications. It works against Gerbang and, by another base URL ([`DOKU_SANDBOX`],
//! [`DOKU_PRODUCTION`]), against DOKU's Allo Bank Direct Debit.
//!
//! # A payment from beginning to end
//!
//! A [`Client`] is the merchant. It signs and sends, fetches the B2B token itself and renews it
//! ahead of its end.
//!
//! ```no_run
//! # fn example(passphrase: merchant_sdk::Secret) -> Result<(), Box<dyn std::error::Error>> {
//! use merchant_sdk::{Client, PrivateKey, Secret};
//!
//! // PKCS#1 or PKCS#8, PEM or DER; `None` where there is no passphrase.
//! let key = PrivateKey::read(&std::fs::read("merchant.pem")?, Some(&passphrase))?;
//! let client = Client::builder("http://127.0.0.1:8700", "MCH-1", Secret::new("SK-…"), key).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! **Link** the customer's account once. They type OTP and PIN on the bank's page; the code that
//! came with the answer is then good for a [`Customer`]. What is wrong with a request is said when
//! it is made ([`Invalid`]), not by the gateway.
//!
//! ```no_run
//! # use merchant_sdk::*;
//! # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
//! let phone = Handset { model: "Pixel 9".into(), os: Os::Android, through: Through::App };
//! let back = ReturnTo {
//!     success: "https://toko.example/linked".into(),
//!     failed: "https://toko.example/not-linked".into(),
//! };
//! let request = NewBinding::new("6281111111101", "cust-1", &phone, &back)?;
//! let binding = client.bind(&request).await?.done()?;
//! // Send the customer to `binding.redirect_url`; when they are back:
//! let customer = client.exchange_code(&binding.auth_code).await?.done()?;
//! // Keep `customer.tokens().await`, encrypted. Later, in any process:
//! let customer = client.customer(customer.tokens().await);
//! # Ok(())
//! # }
//! ```
//!
//! **Pay**, as often as the customer buys. The [`Reference`] is yours: keep it with the order
//! before the call, and whatever happens, ask or repeat under the same one.
//!
//! ```no_run
//! # use merchant_sdk::*;
//! # async fn example(client: Client, customer: Customer, back: ReturnTo) -> Result<(), Box<dyn std::error::Error>> {
//! let reference = Reference::random();
//! let amount = Amount::parse("150000.00")?;
//! let items = vec![LineItem { name: "Kopi Gayo 1 kg".into(), price: amount, quantity: 1 }];
//! let order = NewPayment::new(&reference, amount, "Kopi Gayo", items, &back)?;
//! match customer.pay(&order).await? {
//!     Outcome::Done(payment) => match payment.next {
//!         Next::Page(url) => println!("send the customer to {url}"),
//!         Next::Paid(_) => println!("paid by an earlier try"),
//!     },
//!     Outcome::Refused { meaning, .. } if meaning.case == Some(Case::InsufficientFunds) => {
//!         println!("ask for another way to pay");
//!     }
//!     Outcome::Refused { code, meaning } => println!("no: {code} {meaning}"),
//!     Outcome::Unknown(unresolved) => println!("ask later, same reference: {}", unresolved.cause),
//! }
//! // The notification tells how it ended; so does the status.
//! let status = client.status(&reference).await?.done()?;
//! # Ok(())
//! # }
//! ```
//!
//! **Refund**, all or a part, and **unlink**:
//!
//! ```no_run
//! # use merchant_sdk::*;
//! # async fn example(customer: Customer, reference: Reference) -> Result<(), Box<dyn std::error::Error>> {
//! let refund = NewRefund::new(&reference, Amount::parse("50000.00")?, &Reference::random())?;
//! customer.refund(&refund.reason("one bag less")?).await?.done()?;
//! customer.unbind().await?.done()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Three answers and not two
//!
//! `Err` means that nothing was sent, or only a request for a token: the call may simply be made
//! again. Whatever was sent ends as an [`Outcome`]: done, refused, or *unknown*, when the answer is
//! missing and money may have moved. `pay` and `refund` then find out by themselves, as far as the
//! [`RetryPolicy`] goes, and report every [`Attempt`]. What is still unknown stays so until the
//! notification, the status, or the same call again under the same reference tells.
//!
//! # More
//!
//! * [`notifications`]: your token and notification endpoints, verified (feature `axum` for a
//!   router).
//! * `blocking`: the same client without an async runtime (feature `blocking`).
//! * `pages`: plays the customer on a sandbox's pages, for your tests (feature `pages`).
//! * [`Client::send_raw`]: any request, right or wrong, for tests of a gateway.
//!
//! It knows the protocol and nothing of the gateway behind it. Never here: an operation that is
//! tried again under a new reference; a customer's token that another customer could get; a secret
//! in a log, a `Debug` or an error.

#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod client;
mod clock;
mod customer;
mod entropy;
mod error;
#[cfg(doctest)]
mod misuse;
pub mod notifications;
mod operations;
mod outcome;
#[cfg(feature = "pages")]
pub mod pages;
mod requests;
mod resolving;
mod retry;
mod sending;
mod token;

pub use builder::{ClientBuilder, DOKU_PRODUCTION, DOKU_SANDBOX};
pub use client::{Client, Device};
pub use customer::{Customer, CustomerTokens};
pub use error::Error;
pub use operations::{Binding, Next, Payment, Refund};
pub use outcome::{Meaning, NotDone, Outcome, Unresolved};
pub use requests::{
    Handset, Invalid, NewBinding, NewPayment, NewRefund, Os, PaymentId, Reference, ReturnTo,
    Through,
};
pub use retry::{Attempt, RetryPolicy};
pub use sending::{Answer, Authorization, RawOptions, Signature};

pub use snap;
pub use snap::messages::balance::{AccountInfo, BalanceResponse};
pub use snap::messages::payment::LineItem;
pub use snap::messages::refund::RefundResponse;
pub use snap::messages::status::{RefundHistory, StatusResponse};
pub use snap::messages::unbinding::UnbindingResponse;
pub use snap::{
    Amount, Case, PayMethod, PrivateKey, PublicKey, RefundStatus, Secret, Service,
    TransactionStatus,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
