//! The table of what the bank's statement and the journal can come to.
#![allow(clippy::unwrap_used)]

use direct_debit::MerchantId;
use direct_debit::reconcile::{
    Difference as D, Direction, Line, Ours, Standing as S, Verdict, judge,
};

const NOW_MS: i64 = 1_000_000;
const WINDOW_MS: i64 = 60_000;
const OLD: i64 = NOW_MS - WINDOW_MS;
const YOUNG: i64 = NOW_MS - WINDOW_MS + 1;

fn ours(direction: Direction, standing: S, at_ms: i64) -> Option<Ours> {
    Some(Ours {
        merchant: MerchantId::new("M"),
        reference: "P".to_owned(),
        direction,
        amount_sen: 100,
        standing,
        at_ms,
    })
}

fn line(direction: Direction, amount_sen: i64, at_ms: i64) -> Line {
    Line {
        direction,
        reference: Some("P".to_owned()),
        bank_reference: None,
        amount_sen,
        at_ms,
    }
}

#[test]
fn every_pair_of_what_is_here_and_there_has_its_verdict() {
    use Direction::{Credit, Debit};
    use Verdict::{Agrees, Differs, InFlight, Returned};
    let one = |direction, at_ms| vec![line(direction, 100, at_ms)];
    let table = [
        // (here, there, verdict)
        (None, vec![], Agrees),
        (None, one(Debit, OLD), Differs(D::MissingHere)),
        (None, one(Debit, YOUNG), InFlight),
        (None, one(Credit, OLD), Differs(D::RefundMissingHere)),
        (ours(Debit, S::Moved, OLD), one(Debit, OLD), Agrees),
        (
            ours(Debit, S::Moved, OLD),
            vec![],
            Differs(D::MissingAtBank),
        ),
        (ours(Debit, S::Moved, YOUNG), vec![], InFlight),
        (ours(Credit, S::Moved, OLD), one(Credit, OLD), Agrees),
        (
            ours(Credit, S::Moved, OLD),
            vec![],
            Differs(D::RefundMissingAtBank),
        ),
        (ours(Credit, S::Moved, YOUNG), vec![], InFlight),
        (
            ours(Debit, S::Moved, OLD),
            vec![line(Debit, 101, OLD)],
            Differs(D::AmountDiffers),
        ),
        (
            ours(Credit, S::Moved, OLD),
            vec![line(Credit, 99, YOUNG)],
            Differs(D::AmountDiffers),
        ),
        (
            ours(Debit, S::Moved, OLD),
            vec![line(Debit, 100, OLD), line(Debit, 100, YOUNG)],
            Differs(D::DebitedTwice),
        ),
        (
            ours(Credit, S::Moved, OLD),
            vec![line(Credit, 100, OLD), line(Credit, 100, OLD)],
            Differs(D::RefundedTwice),
        ),
        (ours(Debit, S::Open, OLD), vec![], Agrees),
        (ours(Debit, S::Open, OLD), one(Debit, YOUNG), InFlight),
        (
            ours(Debit, S::Open, OLD),
            one(Debit, OLD),
            Differs(D::StillOpenHere),
        ),
        (
            ours(Credit, S::Open, OLD),
            one(Credit, OLD),
            Differs(D::StillOpenHere),
        ),
        (ours(Debit, S::Ended, OLD), vec![], Agrees),
        (
            ours(Debit, S::Ended, OLD),
            one(Debit, OLD),
            Differs(D::LateDebitNotBooked),
        ),
        (ours(Debit, S::Ended, OLD), one(Debit, YOUNG), InFlight),
        (ours(Credit, S::Ended, OLD), vec![], Agrees),
        (
            ours(Credit, S::Ended, OLD),
            one(Credit, OLD),
            Differs(D::RefundedThoughRefused),
        ),
        (
            ours(Debit, S::LateReturning, OLD),
            one(Debit, OLD),
            Differs(D::LateDebitNotReturned),
        ),
        (
            ours(Debit, S::LateReturning, YOUNG),
            one(Debit, OLD),
            InFlight,
        ),
        (ours(Debit, S::LateReturned, OLD), one(Debit, OLD), Returned),
        (
            ours(Debit, S::LateReturned, OLD),
            vec![],
            Differs(D::MissingAtBank),
        ),
        (
            ours(Debit, S::LateReturning, OLD),
            vec![],
            Differs(D::MissingAtBank),
        ),
    ];
    for (here, there, verdict) in table {
        assert_eq!(
            judge(here.as_ref(), &there, NOW_MS, WINDOW_MS),
            verdict,
            "{here:?} {there:?}"
        );
    }
}

#[test]
fn every_difference_says_what_it_means_and_what_to_do() {
    for difference in D::ALL {
        for text in [difference.meaning(), difference.remedy()] {
            assert!(text.ends_with('.'), "{difference:?}: {text}");
        }
        let same_name = D::ALL
            .iter()
            .filter(|other| other.name() == difference.name());
        assert_eq!(same_name.count(), 1);
    }
}
