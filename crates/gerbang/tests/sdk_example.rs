//! The SDK's example, run against a sandbox as its reader would; and the Rust of the merchant's guide, which
//! is this example.

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

#[test]
fn every_rust_snippet_of_the_guide_is_a_part_of_the_example() {
    let trimmed = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let example = trimmed(include_str!(
        "../../merchant-sdk/examples/link_pay_refund.rs"
    ));
    let guide = include_str!("../../../docs/merchant-guide.md");
    let snippets: Vec<String> = guide
        .split("```rust\n")
        .skip(1)
        .map(|rest| trimmed(rest.split("```").next().unwrap()))
        .collect();
    assert_eq!(snippets.len(), 5);
    for snippet in snippets {
        assert!(example.contains(&snippet), "not in the example:\n{snippet}");
    }
}
