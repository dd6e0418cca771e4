//! The demo customers.
//!
//! To add one, append to [`DEMO`]; the order of the first six is part of the sandbox's contract.

use crate::faults::{Operation, Outcome};

/// A customer that every fresh bank has.
#[derive(Debug, Clone, Copy)]
pub struct DemoCustomer {
    /// Full name.
    pub name: &'static str,
    /// Phone number, digits with country code.
    pub phone_no: &'static str,
    /// Six digits. A demo customer's PIN is no secret.
    pub pin: &'static str,
    /// What this customer is good for in a test.
    pub note: &'static str,
}

pub(crate) struct Opening {
    pub customer: DemoCustomer,
    pub state: &'static str,
    pub otp_silent: bool,
    /// Sen in BALANCE, POINT and PAYLATER.
    pub money: [i64; 3],
    /// What goes wrong with this customer.
    trouble: Option<(Operation, Outcome)>,
}

const COUNT: usize = 10;

const ORDINARY: [i64; 3] = [1_000_000_000, 5_000_000, 200_000_000];

pub(crate) const DEMO: [Opening; COUNT] = [
    Opening {
        customer: DemoCustomer {
            name: "Siti Rahmawati",
            phone_no: "6281111111101",
            pin: "246813",
            note: "ordinary, with money: Rp10.000.000 balance, Rp50.000 points, Rp2.000.000 paylater",
        },
        state: "active",
        otp_silent: false,
        money: ORDINARY,
        trouble: None,
    },
    Opening {
        customer: DemoCustomer {
            name: "Budi Santoso",
            phone_no: "6281111111102",
            pin: "135792",
            note: "ordinary, with money: Rp50.000.000 balance, Rp50.000 points, Rp2.000.000 paylater",
        },
        state: "active",
        otp_silent: false,
        money: [5_000_000_000, 5_000_000, 200_000_000],
        trouble: None,
    },
    Opening {
        customer: DemoCustomer {
            name: "Dewi Lestari",
            phone_no: "6281111111103",
            pin: "975318",
            note: "has no money: payments are refused with 4035414",
        },
        state: "active",
        otp_silent: false,
        money: [0, 0, 0],
        trouble: None,
    },
    Opening {
        customer: DemoCustomer {
            name: "Agus Pratama",
            phone_no: "6281111111104",
            pin: "864209",
            note: "blocked: binding is refused with 4030705",
        },
        state: "blocked",
        otp_silent: false,
        money: ORDINARY,
        trouble: None,
    },
    Opening {
        customer: DemoCustomer {
            name: "Ratna Wulandari",
            phone_no: "6281111111105",
            pin: "314159",
            note: "dormant: binding is refused with 4030709",
        },
        state: "dormant",
        otp_silent: false,
        money: ORDINARY,
        trouble: None,
    },
    Opening {
        customer: DemoCustomer {
            name: "Joko Widjaja",
            phone_no: "6281111111106",
            pin: "271828",
            note: "the OTP never arrives",
        },
        state: "active",
        otp_silent: true,
        money: ORDINARY,
        trouble: None,
    },
    Opening {
        customer: DemoCustomer {
            name: "Maya Anggraini",
            phone_no: "6281111111107",
            pin: "161803",
            note: "the answer to every other binding is lost, beginning with the first",
        },
        state: "active",
        otp_silent: false,
        money: ORDINARY,
        trouble: Some((Operation::Binding, Outcome::Lost)),
    },
    Opening {
        customer: DemoCustomer {
            name: "Hendra Gunawan",
            phone_no: "6281111111108",
            pin: "577215",
            note: "unbinding is left open (202) for 30 s",
        },
        state: "active",
        otp_silent: false,
        money: ORDINARY,
        trouble: Some((Operation::Unbinding, Outcome::Open)),
    },
    Opening {
        customer: DemoCustomer {
            name: "Lina Marlina",
            phone_no: "6281111111109",
            pin: "662607",
            note: "a balance inquiry is never answered",
        },
        state: "active",
        otp_silent: false,
        money: ORDINARY,
        trouble: Some((Operation::Balance, Outcome::Silent)),
    },
    Opening {
        customer: DemoCustomer {
            name: "Rizky Hidayat",
            phone_no: "6281111111110",
            pin: "602214",
            note: "refunds are left open (202) for 30 s",
        },
        state: "active",
        otp_silent: false,
        money: ORDINARY,
        trouble: Some((Operation::Refund, Outcome::Open)),
    },
];

#[allow(clippy::indexing_slicing)] // computed when compiling
const ALL: [DemoCustomer; COUNT] = {
    let mut all = [DEMO[0].customer; COUNT];
    let mut next = 1;
    while next < COUNT {
        all[next] = DEMO[next].customer;
        next += 1;
    }
    all
};

/// The demo customers, in this order: two ordinary ones with money, one without money, one blocked, one dormant, one
/// whose OTP never comes; then one each whose binding, unbinding, balance and refunds go wrong.
pub fn demo_customers() -> &'static [DemoCustomer] {
    &ALL
}

/// What goes wrong with this customer whenever this is asked for.
pub(crate) fn trouble(phone_no: &str, operation: Operation) -> Option<Outcome> {
    let opening = DEMO
        .iter()
        .find(|opening| opening.customer.phone_no == phone_no)?;
    let (of, outcome) = opening.trouble?;
    (of == operation).then_some(outcome)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_demo_customers_stand_in_the_agreed_order() {
        let all = demo_customers();
        assert_eq!(all.len(), 10);
        assert!(all[0].note.contains("ordinary") && all[1].note.contains("ordinary"));
        assert!(all[2].note.contains("no money"));
        assert!(all[3].note.contains("blocked") && all[4].note.contains("dormant"));
        assert!(all[5].note.contains("never"));
        assert!(
            all.iter()
                .all(|c| c.pin.len() == 6 && c.phone_no.starts_with("62"))
        );
    }
}
