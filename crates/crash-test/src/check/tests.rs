//! The checker itself: sound evidence has no findings, and each falsified piece of it is found.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use merchant_sdk::pages::Ending;
use snap::messages::status::StatusResponse;
use snap::{Amount, paths};

use super::{Findings, money, repeats, told};
use crate::book::{Book, Paying, Refunding};
use crate::calls::{Said, Wire};
use crate::ears::Heard;
use crate::idle;
use crate::rows::Rows;

/// One payment of 1000 of which 300 went back, in the gateway's books.
const GATEWAY: &str = r#"bindings: id="b-1" state="active" settle_at=null
payments: id="p-1" partner_reference_no="INV-1" state="succeeded" amount=1000 refunded=300 refund_reserved=0 settle_at=null
refunds: id="r-1" payment_id="p-1" state="succeeded" amount=300 settle_at=null
notifications: id="n-1" subject="p-1" state="delivered"
postings: entry_id="payment-p-1" account="bank" subject="p-1" amount=1000
postings: entry_id="payment-p-1" account="merchant" subject="p-1" amount=-1000
postings: entry_id="refund-r-1" account="bank" subject="r-1" amount=-300
postings: entry_id="refund-r-1" account="merchant" subject="r-1" amount=300"#;

/// The same in the bank's.
const BANK: &str = r#"{"table":"links","partner_reference_no":"b-1","state":"linked"}
{"table":"payments","id":"at-bank-1","partner_reference_no":"p-1","state":"paid","amount":1000}
{"table":"refunds","payment_id":"at-bank-1","partner_refund_no":"r-1","amount":300}
{"table":"movements","id":"m-1","kind":"payment","payment_id":"at-bank-1"}
{"table":"movements","id":"m-2","kind":"refund","payment_id":"at-bank-1"}
{"table":"postings","movement_id":"m-1","account_id":"bank:CLEARING","amount":1000}
{"table":"postings","movement_id":"m-1","account_id":"siti","amount":-1000}
{"table":"postings","movement_id":"m-2","account_id":"bank:CLEARING","amount":-300}
{"table":"postings","movement_id":"m-2","account_id":"siti","amount":300}
{"table":"accounts","id":"bank:CLEARING","balance":700}
{"table":"accounts","id":"siti","balance":-700}"#;

fn heard(statuses: &[&str]) -> Vec<Heard> {
    let one = |status: &&str| Heard {
        merchant: 0,
        reference: "INV-1".to_owned(),
        status: (*status).to_owned(),
    };
    statuses.iter().map(one).collect()
}

fn book() -> Book {
    let mut book = Book::of(0);
    let mut payment = Paying::of(Amount::from_sen(1000).unwrap());
    payment.accepted = true;
    book.payments.insert("INV-1".to_owned(), payment);
    book
}

/// What the checks of the rows find.
fn findings(gateway: &str, bank: &str, heard: &[Heard]) -> Vec<String> {
    let lines: Vec<String> = gateway.lines().map(str::to_owned).collect();
    let (gateway, bank) = (
        Rows::of_gateway(&lines).unwrap(),
        Rows::of_bank(bank).unwrap(),
    );
    let mut findings = Findings::default();
    findings.wrong.extend(idle::work_left(&gateway, &bank));
    told::references(&mut findings, &[book()], &gateway);
    told::bindings(&mut findings, &gateway, &bank);
    told::notifications(&mut findings, heard, &gateway);
    money::balanced(&mut findings, &gateway, &bank);
    money::payments(&mut findings, &gateway, &bank);
    money::refunds(&mut findings, &gateway, &bank);
    super::readable(&mut findings, &gateway, &bank);
    findings.wrong
}

/// The evidence with one text in place of another is found to be wrong, in words that hold this.
fn is_found(from: &str, to: &str, words: &str) {
    let falsified = |rows: &str| rows.replace(from, to);
    assert!(
        format!("{GATEWAY}\n{BANK}").matches(from).count() == 1,
        "{from} stands once"
    );
    let wrong = findings(&falsified(GATEWAY), &falsified(BANK), &heard(&["00"]));
    assert!(
        wrong.iter().any(|wrong| wrong.contains(words)),
        "{from} -> {to}: {wrong:?}"
    );
}

#[test]
fn sound_evidence_has_no_findings() {
    assert_eq!(
        findings(GATEWAY, BANK, &heard(&["00"])),
        Vec::<String>::new()
    );
    // A notification may come twice.
    assert_eq!(
        findings(GATEWAY, BANK, &heard(&["00", "00"])),
        Vec::<String>::new()
    );
}

#[test]
fn a_payment_debited_twice_is_found() {
    let debit = r#"{"table":"movements","id":"m-1","kind":"payment","payment_id":"at-bank-1"}"#;
    let twice = format!("{debit}\n{}", debit.replace("m-1", "m-3"));
    is_found(debit, &twice, "debited 2 times");
}

#[test]
fn a_payment_debited_although_it_was_cancelled_is_found() {
    is_found(
        r#"state="succeeded" amount=1000"#,
        r#"state="cancelled" amount=1000"#,
        "debited 1 times",
    );
}

#[test]
fn a_payment_that_was_never_debited_is_found() {
    is_found(
        r#""kind":"payment","payment_id":"at-bank-1"}"#,
        r#""kind":"other","payment_id":"at-bank-1"}"#,
        "debited 0 times",
    );
}

#[test]
fn a_payment_of_which_one_side_knows_nothing_is_found() {
    is_found(
        r#""partner_reference_no":"p-1""#,
        r#""partner_reference_no":"p-9""#,
        "does not know: p-9",
    );
    is_found(r#""INV-1""#, r#""INV-2""#, "INV-1 is there 0 times");
}

#[test]
fn a_reference_that_names_two_payments_is_found() {
    let payment = GATEWAY.lines().nth(1).unwrap();
    let twice = format!("{payment}\n{}", payment.replace("p-1", "p-2"));
    is_found(payment, &twice, "INV-1 is there 2 times");
}

#[test]
fn books_that_do_not_balance_or_agree_are_found() {
    is_found(
        r#"account="merchant" subject="p-1" amount=-1000"#,
        r#"account="merchant" subject="p-1" amount=-999"#,
        "entry payment-p-1 is off by 1",
    );
    is_found(
        r#""movement_id":"m-1","account_id":"siti","amount":-1000"#,
        r#""movement_id":"m-1","account_id":"siti","amount":-999"#,
        "movement m-1 is off by 1",
    );
    is_found(r#""balance":700"#, r#""balance":701"#, "holds 701");
    is_found(
        r#"account="bank" subject="p-1" amount=1000"#,
        r#"account="bank" subject="p-1" amount=900"#,
        "the journal says 600 and the bank 700",
    );
}

#[test]
fn refunds_that_differ_or_are_too_much_are_found() {
    is_found(
        r#""partner_refund_no":"r-1","amount":300"#,
        r#""partner_refund_no":"r-1","amount":1001"#,
        "1001 went back of 1000",
    );
    is_found(
        r#""partner_refund_no":"r-1""#,
        r#""partner_refund_no":"r-2""#,
        "r-2, which is not known",
    );
    is_found(
        r#"payment_id="p-1" state="succeeded""#,
        r#"payment_id="p-1" state="failed""#,
        "is failed, and the bank gave back",
    );
    is_found("refunded=300", "refunded=200", "says 200 refunded");
    is_found("refund_reserved=0", "refund_reserved=5", "5 reserved");
}

#[test]
fn a_link_that_only_one_side_has_is_found() {
    is_found(
        r#""state":"linked""#,
        r#""state":"unlinked""#,
        "linked at the bank: false",
    );
    is_found(
        r#"state="active""#,
        r#"state="ended""#,
        "linked at the bank: true",
    );
    is_found(
        r#""partner_reference_no":"b-1""#,
        r#""partner_reference_no":"b-9""#,
        "a linked link that the gateway does not know: b-9",
    );
}

#[test]
fn a_column_that_is_not_there_is_found() {
    is_found(
        "refund_reserved=0",
        "reserved=0",
        "gateway: payments has no column refund_reserved",
    );
    is_found(
        r#""balance":700"#,
        r#""balance":null"#,
        "bank: accounts has no number balance",
    );
}

#[test]
fn a_notification_that_is_missing_wrong_or_about_nothing_is_found() {
    for (statuses, words) in [
        (&[][..], "was told []"),
        (&["05"], "was told [\"05\"]"),
        (&["05", "00"], "was told [\"05\", \"00\"]"),
    ] {
        let wrong = findings(GATEWAY, BANK, &heard(statuses));
        assert!(wrong.len() == 1 && wrong[0].contains(words), "{wrong:?}");
    }
    let mut foreign = heard(&["00", "00"]);
    foreign[1].reference = "INV-9".to_owned();
    let wrong = findings(GATEWAY, BANK, &foreign);
    assert!(wrong.len() == 1 && wrong[0].contains("INV-9"), "{wrong:?}");
}

#[test]
fn work_that_is_left_is_found() {
    is_found(
        r#"refund_reserved=0 settle_at=null"#,
        "refund_reserved=0 settle_at=5",
        "and due",
    );
    is_found(
        r#"state="delivered""#,
        r#"state="due""#,
        "notification n-1 is due",
    );
    is_found(
        r#""state":"paid""#,
        r#""state":"pending""#,
        "p-1 is pending",
    );
}

fn said(status: u16, body: &str, tries: u32) -> Said {
    Said {
        wire: Wire {
            path: paths::PAYMENT,
            body: Vec::new(),
            external_id: "1".to_owned(),
            timestamp: String::new(),
        },
        status,
        body: body.as_bytes().to_vec(),
        code: String::new(),
        done: status == 200,
        tries,
    }
}

#[test]
fn an_answer_that_changed_is_found() {
    let wrong = |said: &Said, again: Option<(u16, &str)>| {
        let mut findings = Findings::default();
        let again = again.map(|(status, body)| (status, body.as_bytes().to_vec()));
        repeats::stands(&mut findings, said, again);
        findings.wrong.len()
    };
    let (yes, no) = (said(200, "yes", 1), said(403, "no", 1));
    assert_eq!(wrong(&yes, Some((409, "yes"))), 0);
    // Not repeated, another body, done again under the same id, no answer at all.
    for again in [
        Some((409, "conflict")),
        Some((200, "yes")),
        Some((500, "broken")),
        None,
    ] {
        assert_eq!(wrong(&yes, again), 1, "{again:?}");
    }
    assert_eq!(
        wrong(&no, Some((409, "no"))) + wrong(&no, Some((403, "no"))),
        0
    );
    for again in [Some((200, "yes")), Some((403, "another no")), None] {
        assert_eq!(wrong(&no, again), 1, "{again:?}");
    }
}

#[test]
fn a_reference_that_is_answered_otherwise_is_found() {
    let wrong = |said: &Said, status: u16, body: &str, code: &str| {
        let mut findings = Findings::default();
        let again = Some((status, body.as_bytes().to_vec()));
        repeats::names_the_same(&mut findings, said, again, Some(code));
        findings.wrong.len()
    };
    assert_eq!(wrong(&said(200, "yes", 1), 200, "yes", "2005400"), 0);
    assert_eq!(wrong(&said(200, "yes", 1), 200, "another", "2005400"), 1);
    assert_eq!(wrong(&said(200, "yes", 1), 403, "ended", "4035400"), 1);
    // Who may have missed the first answer hears what is true now.
    assert_eq!(wrong(&said(200, "yes", 2), 403, "ended", "4035400"), 0);
    assert_eq!(wrong(&said(200, "yes", 2), 404, "unknown", "4045418"), 1);
}

#[test]
fn a_status_that_went_back_or_against_what_was_said_is_found() {
    let amount = Amount::from_sen(1000).unwrap();
    let wrong = |status: &str, sen: i64, change: fn(&mut Paying)| {
        let mut payment = Paying::of(amount);
        change(&mut payment);
        let now = StatusResponse {
            latest_transaction_status: status.to_owned(),
            trans_amount: Amount::from_sen(sen),
            ..StatusResponse::default()
        };
        let mut findings = Findings::default();
        told::one_payment(&mut findings, "INV-1", &payment, &now);
        findings.wrong.len()
    };
    let was_paid = |payment: &mut Paying| payment.statuses = vec!["02".to_owned(), "00".to_owned()];
    assert_eq!(wrong("00", 1000, was_paid) + wrong("04", 1000, was_paid), 0);
    assert_eq!(wrong("05", 1000, was_paid), 1);
    assert_eq!(wrong("03", 1000, |_| {}), 1);
    assert_eq!(wrong("05", 999, |_| {}), 1);
    assert_eq!(
        wrong("00", 1000, |payment| payment.refused =
            Some("4035414".to_owned())),
        1
    );
    assert_eq!(
        wrong("05", 1000, |payment| payment.seen_by_customer =
            Some(Ending::Completed)),
        1
    );
    assert_eq!(
        wrong("00", 1000, |payment| payment.seen_by_customer =
            Some(Ending::Cancelled)),
        1
    );
    let told_refund = |payment: &mut Paying| {
        payment.refunds.push(Refunding {
            number: "RF-1".to_owned(),
            amount: Amount::from_sen(300).unwrap(),
            done: Some(true),
        });
    };
    assert_eq!(wrong("00", 1000, told_refund), 1, "a refund is missing");
}
