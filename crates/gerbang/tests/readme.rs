//! The README tells the truth about the sandbox.

const README: &str = include_str!("../../../README.md");

#[test]
fn the_readme_lists_the_first_demo_customers_in_their_order() {
    let rows: Vec<&str> = README.lines().filter(|line| line.starts_with("| 62811")).collect();
    assert_eq!(rows.len(), 6);
    for (row, customer) in rows.iter().zip(bank_simulator::demo_customers()) {
        let begins = format!("| {} | {} |", customer.phone_no, customer.pin);
        assert!(row.starts_with(&begins), "{row} should begin with {begins}");
    }
}

#[test]
fn the_readme_names_every_member_of_sandbox_json() {
    for member in [
        "base_url",
        "client_id",
        "client_secret",
        "merchant_private_key",
        "merchant_public_key",
        "gateway_public_key",
        "notification_url",
        "token_url",
        "notification_secret",
        "bank_url",
        "inbox_url",
        "customers",
    ] {
        assert!(README.contains(&format!("`{member}`")), "{member} is missing");
    }
}
