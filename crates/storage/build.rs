//! Rebuilds this crate when a migration is added: the embedding macro sees only those it embedded.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
