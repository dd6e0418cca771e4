//! The SDK's example, run against a sandbox as its reader would.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    missing_docs
)]

mod shell;

#[path = "../../merchant-sdk/examples/link_pay_refund.rs"]
mod link_pay_refund;

use shell::Sandbox;

#[tokio::test]
async fn the_example_links_pays_and_refunds() {
    let sandbox = Sandbox::start(&[]);
    let file = sandbox.folder.join("sandbox.json");
    link_pay_refund::run(file.to_str().unwrap()).await.unwrap();
}
