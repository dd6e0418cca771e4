//! A binding: the link between a merchant's customer and the customer's bank account.
//!
//! Besides its own state a binding remembers what is known of the link at the bank, because the
//! bank may hold a link that nobody wants: those are unlinked until the bank confirms.

use crate::{BankAccount, BankLink, BankReason, BindingId, Impossible, MerchantId, Step};

/// A binding with everything that its rules need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Our id, and the reference at the bank.
    pub id: BindingId,
    /// Whose customer it is.
    pub merchant: MerchantId,
    /// The bank that holds the account, as configured.
    pub bank: String,
    /// The merchant's name for the customer (1–64 characters).
    pub cust_id_merchant: String,
    /// The channel, such as `DIRECT_DEBIT_ALLO_SNAP`.
    pub channel: String,
    /// The customer's phone number in international form without `+` (9–16 digits).
    pub phone_no: String,
    /// Our reference, told to the merchant.
    pub reference_no: String,
    /// The `X-EXTERNAL-ID` of the request that started it.
    pub external_id: String,
    /// Where the customer goes when the account is linked.
    pub success_url: String,
    /// Where the customer goes when it is not.
    pub failed_url: String,
    /// When it was started, in Unix milliseconds.
    pub created_at_ms: i64,
    /// Until when the customer may finish, in Unix milliseconds.
    pub expires_at_ms: i64,
    /// The bank's reference, once known.
    pub bank_reference_no: Option<String>,
    /// The bank's page, once known.
    pub bank_page: Option<String>,
    /// The bank account, once linked.
    pub account: Option<BankAccount>,
    /// What is known of the link at the bank.
    pub bank_link: BankLink,
    /// Where it stands.
    pub state: BindingState,
    /// Grows by one with every stored change, and with every payment that starts.
    pub version: i64,
}

/// Where a binding stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingState {
    /// Written down; the bank has not been asked or has not answered.
    Created,
    /// The bank's page is open to the customer.
    AwaitingCustomer,
    /// The bank was asked and the answer is missing.
    Unknown,
    /// Linked: payments may be started.
    Active,
    /// Being unlinked: no new payments, its tokens are dead.
    Ending,
    /// Unlinked.
    Ended {
        /// Who ended it.
        cause: BindingEnd,
    },
    /// Never linked.
    Failed {
        /// Why.
        failure: BindingFailure,
    },
}

/// Who ended a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingEnd {
    /// The merchant asked.
    Merchant,
    /// The customer unlinked in the bank's own app.
    Bank,
}

impl BindingEnd {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Merchant, Self::Bank];

    /// The word that is stored and logged.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Bank => "bank",
        }
    }
}

/// Why a binding was never linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingFailure {
    /// The bank refused, at the start or on its page.
    Refused(BankReason),
    /// The customer cancelled.
    Cancelled,
    /// The customer did not finish in time.
    Expired,
    /// The merchant's customer started again.
    Superseded,
    /// The account was linked to another customer of the merchant, or the customer to another
    /// account, before this one was finished.
    AccountTaken,
    /// The bank linked, but its authorization code could not be had.
    CodeLost,
}

impl BindingFailure {
    /// The word that is stored and logged.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::AccountTaken => "account taken",
            Self::CodeLost => "code lost",
        }
    }

    /// The failure with this name; `reason` belongs to `refused`.
    pub fn from_parts(name: &str, reason: Option<BankReason>) -> Option<Self> {
        match (name, reason) {
            ("refused", Some(reason)) => Some(Self::Refused(reason)),
            ("cancelled", None) => Some(Self::Cancelled),
            ("expired", None) => Some(Self::Expired),
            ("superseded", None) => Some(Self::Superseded),
            ("account taken", None) => Some(Self::AccountTaken),
            ("code lost", None) => Some(Self::CodeLost),
            _ => None,
        }
    }

    /// The bank said no itself, so there is no link left behind.
    fn is_the_banks_word(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Cancelled)
    }
}

/// The states by name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingStateName {
    /// See [`BindingState::Created`].
    Created,
    /// See [`BindingState::AwaitingCustomer`].
    AwaitingCustomer,
    /// See [`BindingState::Unknown`].
    Unknown,
    /// See [`BindingState::Active`].
    Active,
    /// See [`BindingState::Ending`].
    Ending,
    /// See [`BindingState::Ended`].
    Ended,
    /// See [`BindingState::Failed`].
    Failed,
}

impl BindingStateName {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::AwaitingCustomer,
        Self::Unknown,
        Self::Active,
        Self::Ending,
        Self::Ended,
        Self::Failed,
    ];

    /// The word that is stored, logged and documented.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::AwaitingCustomer => "awaiting customer",
            Self::Unknown => "unknown",
            Self::Active => "active",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }
}

impl BindingState {
    /// The state's name without its data.
    pub fn name(&self) -> BindingStateName {
        match self {
            Self::Created => BindingStateName::Created,
            Self::AwaitingCustomer => BindingStateName::AwaitingCustomer,
            Self::Unknown => BindingStateName::Unknown,
            Self::Active => BindingStateName::Active,
            Self::Ending => BindingStateName::Ending,
            Self::Ended { .. } => BindingStateName::Ended,
            Self::Failed { .. } => BindingStateName::Failed,
        }
    }
}

/// What can happen to a binding from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingCommand {
    /// The bank took the request and opened its page.
    OpenPage {
        /// The bank's reference.
        bank_reference_no: Option<String>,
        /// The bank's page for the customer.
        bank_page: String,
    },
    /// The bank's answer is missing.
    LoseSight,
    /// The bank says that the customer linked the account.
    Link {
        /// The account.
        account: BankAccount,
    },
    /// It will not be linked.
    Fail {
        /// Why.
        failure: BindingFailure,
    },
    /// The merchant asks to unlink.
    End,
    /// The bank has no link any more.
    Finish {
        /// Who ended it.
        cause: BindingEnd,
    },
}

impl BindingCommand {
    /// The command's word in messages and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OpenPage { .. } => "open page",
            Self::LoseSight => "lose sight",
            Self::Link { .. } => "link",
            Self::Fail { .. } => "fail",
            Self::End => "end",
            Self::Finish { .. } => "finish",
        }
    }
}

impl Binding {
    /// Applies what the bank, the customer or the merchant did. A state never goes back.
    pub fn apply(self, command: BindingCommand) -> Result<Step<Self>, Impossible> {
        match command {
            BindingCommand::OpenPage {
                bank_reference_no,
                bank_page,
            } => Ok(self.open_page(bank_reference_no, bank_page)),
            BindingCommand::LoseSight => Ok(self.lose_sight()),
            BindingCommand::Link { account } => self.link(account),
            BindingCommand::Fail { failure } => self.fail(failure),
            BindingCommand::End => self.end(),
            BindingCommand::Finish { cause } => Ok(self.finish(cause)),
        }
    }

    fn open_page(mut self, reference: Option<String>, page: String) -> Step<Self> {
        match self.state.name() {
            BindingStateName::Created | BindingStateName::Unknown => {
                self.bank_reference_no = reference;
                self.bank_page = Some(page);
                self.bank_link = BankLink::Open;
                self.become_state(BindingState::AwaitingCustomer)
            }
            // The answer came after we gave up: the bank has a page that nobody wants.
            BindingStateName::Failed if self.bank_link != BankLink::Unwanted => {
                self.bank_link = BankLink::Unwanted;
                Step::Changed(self)
            }
            _ => Step::Unchanged(self),
        }
    }

    fn lose_sight(mut self) -> Step<Self> {
        match self.state.name() {
            BindingStateName::Created => {
                self.bank_link = BankLink::Open;
                self.become_state(BindingState::Unknown)
            }
            _ => Step::Unchanged(self),
        }
    }

    fn link(mut self, account: BankAccount) -> Result<Step<Self>, Impossible> {
        match self.state.name() {
            BindingStateName::Created
            | BindingStateName::AwaitingCustomer
            | BindingStateName::Unknown => {
                self.account = Some(account);
                self.bank_link = BankLink::Open;
                Ok(self.become_state(BindingState::Active))
            }
            BindingStateName::Active | BindingStateName::Ending | BindingStateName::Ended => {
                Ok(Step::Unchanged(self))
            }
            BindingStateName::Failed if self.bank_link == BankLink::Unwanted => {
                Ok(Step::Unchanged(self))
            }
            BindingStateName::Failed => {
                self.bank_link = BankLink::Unwanted;
                Ok(Step::Changed(self))
            }
        }
    }

    fn fail(mut self, failure: BindingFailure) -> Result<Step<Self>, Impossible> {
        match self.state.name() {
            BindingStateName::Created
            | BindingStateName::AwaitingCustomer
            | BindingStateName::Unknown => {
                self.bank_link = match self.bank_link {
                    _ if failure.is_the_banks_word() => BankLink::Gone,
                    BankLink::None if self.state == BindingState::Created => BankLink::Unwanted,
                    BankLink::Open => BankLink::Unwanted,
                    other => other,
                };
                Ok(self.become_state(BindingState::Failed { failure }))
            }
            BindingStateName::Failed => Ok(Step::Unchanged(self)),
            BindingStateName::Active | BindingStateName::Ending | BindingStateName::Ended => {
                Err(self.impossible("fail"))
            }
        }
    }

    fn end(self) -> Result<Step<Self>, Impossible> {
        match self.state.name() {
            BindingStateName::Active => Ok(self.become_state(BindingState::Ending)),
            BindingStateName::Ending | BindingStateName::Ended => Ok(Step::Unchanged(self)),
            BindingStateName::Created
            | BindingStateName::AwaitingCustomer
            | BindingStateName::Unknown
            | BindingStateName::Failed => Err(self.impossible("end")),
        }
    }

    fn finish(mut self, cause: BindingEnd) -> Step<Self> {
        match self.state.name() {
            BindingStateName::Active => {
                self.bank_link = BankLink::Gone;
                self.become_state(BindingState::Ended { cause })
            }
            BindingStateName::Ending => {
                self.bank_link = BankLink::Gone;
                self.become_state(BindingState::Ended {
                    cause: BindingEnd::Merchant,
                })
            }
            BindingStateName::Failed if self.bank_link != BankLink::Gone => {
                self.bank_link = BankLink::Gone;
                Step::Changed(self)
            }
            BindingStateName::Created
            | BindingStateName::AwaitingCustomer
            | BindingStateName::Unknown
            | BindingStateName::Ended
            | BindingStateName::Failed => Step::Unchanged(self),
        }
    }

    fn become_state(mut self, state: BindingState) -> Step<Self> {
        self.state = state;
        Step::Changed(self)
    }

    fn impossible(&self, command: &'static str) -> Impossible {
        Impossible {
            noun: "binding",
            id: self.id.to_string(),
            state: self.state.name().as_str(),
            command,
        }
    }
}
