//! The list of `cargo xtask mutants` against the tree and the document, so that it does not rot between its runs.

#[test]
fn every_mutant_has_its_text_once_and_its_test_and_every_unique_index_a_mutant() {
    let stale = xtask::mutants::stale(&xtask::root()).unwrap();
    assert!(stale.is_empty(), "\n{}\n", stale.join("\n"));
}

#[test]
fn the_document_shows_the_mutants() {
    let path = xtask::root().join("docs/reliability.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- mutants -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /mutants -->\n").unwrap();
    let table = xtask::mutants::table();
    let right = format!("{before}<!-- mutants -->\n{table}<!-- /mutants -->\n{after}");
    #[allow(
        clippy::disallowed_methods,
        reason = "a switch for the person who updates the document"
    )]
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &right).unwrap();
    }
    assert!(
        text == right,
        "the list has changed: run this test with UPDATE_DOCS=1"
    );
}
