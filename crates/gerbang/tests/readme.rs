//! What the README says about the demo is true.

#![allow(clippy::unwrap_used, missing_docs)]

use bank_simulator::demo_customers;

const README: &str = include_str!("../../../README.md");

#[test]
fn the_demo_customers_of_the_readme_are_the_simulators_in_their_order() {
    let told: Vec<(&str, &str)> = README
        .lines()
        .filter(|line| line.starts_with("| 62"))
        .map(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect();
    let customers = demo_customers().iter();
    let known: Vec<_> = customers.map(|one| (one.phone_no, one.pin)).collect();
    assert_eq!(told, known);
}
