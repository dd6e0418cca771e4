//! `cargo xtask tidy` as an ordinary test, so that nobody has to remember to run it.

#[test]
fn the_project_keeps_its_own_rules() {
    let findings = xtask::tidy::check(&xtask::root()).unwrap();
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "\n{}\n", list.join("\n"));
}
