//! The list: what is broken, and by which test that is noticed.
//!
//! To add one: a text that occurs once in its file, what takes its place, and the test that must go red. What
//! comes of it must compile. A unique index that an `ON CONFLICT` names is taken away together with that clause.

mod flows;
mod guards;
mod indexes;

/// One way to break the product.
pub struct Mutant {
    /// What is broken.
    pub name: &'static str,
    /// How.
    pub edits: &'static [Edit],
    /// Who notices.
    pub test: Test,
}

/// One text in one file, and what takes its place.
pub struct Edit {
    /// Below the root.
    pub file: &'static str,
    /// What is there, once.
    pub find: &'static str,
    /// What is there instead.
    pub replace: &'static str,
}

/// One test of a file in a crate's `tests`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    /// The crate.
    pub package: &'static str,
    /// The file in its `tests`, without its ending.
    pub target: &'static str,
    /// The test with its module.
    pub name: &'static str,
}

impl std::fmt::Display for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.package, self.target, self.name)
    }
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Mutant> {
    [guards::ALL, indexes::ALL, flows::ALL]
        .into_iter()
        .flatten()
}

const fn edit(file: &'static str, find: &'static str, replace: &'static str) -> Edit {
    Edit {
        file,
        find,
        replace,
    }
}

const fn of_storage(target: &'static str, name: &'static str) -> Test {
    Test {
        package: "storage",
        target,
        name,
    }
}
