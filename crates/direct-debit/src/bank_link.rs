//! What a gateway knows of the bank's side of a binding.

/// A bank account as far as a gateway may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// The bank's stable, opaque name for the account.
    pub id: String,
    /// What may be shown to people.
    pub masked: String,
}

/// What is known of the link at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BankLink {
    /// The bank has none: it was never asked, or it refused.
    None,
    /// The bank was asked; there is one or may come to be one.
    Open,
    /// There may be one and nobody wants it: it is to be unlinked until the bank confirms.
    Unwanted,
    /// The bank confirmed that there is none any more.
    Gone,
}

impl BankLink {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::None, Self::Open, Self::Unwanted, Self::Gone];

    /// The word that is stored and logged.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Open => "open",
            Self::Unwanted => "unwanted",
            Self::Gone => "gone",
        }
    }
}
