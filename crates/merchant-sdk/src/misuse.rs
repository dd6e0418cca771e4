//! What must not build, beside its twin that does. Only the marked line differs, so that what
//! fails is that line and nothing around it.
//!
//! # An amount from a float
//!
//! ```
//! use merchant_sdk::Amount;
//! let amount = Amount::from_rupiah(10_000);
//! ```
//!
//! ```compile_fail,E0308
//! use merchant_sdk::Amount;
//! let amount = Amount::from_rupiah(10_000.0);
//! ```
//!
//! ```
//! # use merchant_sdk::{Amount, NewRefund, Reference};
//! fn refund(order: &Reference, own: &Reference) {
//!     let half = Amount::from_rupiah(5_000).unwrap();
//!     let made = NewRefund::new(order, half, own);
//! }
//! ```
//!
//! ```compile_fail,E0308
//! # use merchant_sdk::{Amount, NewRefund, Reference};
//! fn refund(order: &Reference, own: &Reference) {
//!     let half = 0.5 * 10_000.00;
//!     let made = NewRefund::new(order, half, own);
//! }
//! ```
//!
//! ```compile_fail,E0277
//! use merchant_sdk::Amount;
//! let amount: Amount = 10_000.0.into();
//! ```
//!
//! # A payment without a customer
//!
//! ```
//! # use merchant_sdk::{Client, Customer, Error, NewPayment};
//! async fn pay(client: Client, customer: Customer, order: NewPayment) -> Result<(), Error> {
//!     let outcome = customer.pay(&order).await?;
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail,E0599
//! # use merchant_sdk::{Client, Customer, Error, NewPayment};
//! async fn pay(client: Client, customer: Customer, order: NewPayment) -> Result<(), Error> {
//!     let outcome = client.pay(&order).await?;
//!     Ok(())
//! }
//! ```
//!
//! # An outcome that is ignored
//!
//! ```
//! #![deny(unused_must_use)]
//! # use merchant_sdk::{Customer, Error, NewPayment, NotDone};
//! async fn pay(customer: Customer, order: NewPayment) -> Result<(), Box<dyn std::error::Error>> {
//!     customer.pay(&order).await?.done()?;
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail
//! #![deny(unused_must_use)]
//! # use merchant_sdk::{Customer, Error, NewPayment, NotDone};
//! async fn pay(customer: Customer, order: NewPayment) -> Result<(), Box<dyn std::error::Error>> {
//!     customer.pay(&order).await?;
//!     Ok(())
//! }
//! ```
//!
//! # An unknown outcome that is forgotten
//!
//! ```
//! # use merchant_sdk::Outcome;
//! fn tell<T>(outcome: Outcome<T>) -> &'static str {
//!     match outcome {
//!         Outcome::Done(_) => "done",
//!         Outcome::Refused { .. } => "refused",
//!         Outcome::Unknown(_) => "ask again",
//!     }
//! }
//! ```
//!
//! ```compile_fail,E0004
//! # use merchant_sdk::Outcome;
//! fn tell<T>(outcome: Outcome<T>) -> &'static str {
//!     match outcome {
//!         Outcome::Done(_) => "done",
//!         Outcome::Refused { .. } => "refused",
//!     }
//! }
//! ```
//!
//! # A customer with another's token
//!
//! ```compile_fail,E0616
//! # use merchant_sdk::Customer;
//! fn cross(siti: Customer, budi: Customer) {
//!     let token = siti.tokens;
//! }
//! ```
