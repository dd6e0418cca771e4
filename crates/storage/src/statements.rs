//! Every SQL text of this crate has a name and stands in a list.
//!
//! Texts are written once, in the dialect that both engines read unchanged: `TEXT` and `BIGINT`,
//! `$1` parameters, `ON CONFLICT … DO NOTHING`, guarded updates. A test prepares every one of them
//! on both engines, so none may be built at run time. To add one, put it into the `statements!`
//! of its table's file; a new file is added to [`all`].

/// A named SQL text. Only the `statements!` macro makes one.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    name: &'static str,
    text: &'static str,
}

impl Sql {
    pub(crate) const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }

    /// The statement's name, such as `payments::INSERT`.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The statement's text.
    pub fn text(self) -> &'static str {
        self.text
    }
}

macro_rules! statements {
    ($table:literal; $( $name:ident = $text:expr; )+) => {
        $( const $name: $crate::statements::Sql =
            $crate::statements::Sql::new(concat!($table, "::", stringify!($name)), $text); )+
        pub(crate) const STATEMENTS: &[$crate::statements::Sql] = &[$($name),+];
    };
}
pub(crate) use statements;

/// All statements, for the tests that prepare and explain each on both engines.
#[doc(hidden)]
pub fn all() -> Vec<Sql> {
    [
        crate::alarms::STATEMENTS,
        crate::bindings::STATEMENTS,
        crate::external_ids::STATEMENTS,
        crate::gateway_keys::STATEMENTS,
        crate::gateways::STATEMENTS,
        crate::history::STATEMENTS,
        crate::lease::STATEMENTS,
        crate::ledger::STATEMENTS,
        crate::listeners::STATEMENTS,
        crate::management_keys::STATEMENTS,
        crate::merchant_keys::STATEMENTS,
        crate::merchants::STATEMENTS,
        crate::notification_attempts::STATEMENTS,
        crate::notification_search::STATEMENTS,
        crate::notification_batches::STATEMENTS,
        crate::notification_endpoints::STATEMENTS,
        crate::notification_trials::STATEMENTS,
        crate::notifications::STATEMENTS,
        crate::payments::STATEMENTS,
        crate::postings::STATEMENTS,
        crate::refunds::STATEMENTS,
        crate::settings::STATEMENTS,
    ]
    .concat()
}
