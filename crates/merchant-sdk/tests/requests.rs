//! What a request must be is enforced when it is made, by the rules of the gateway's own reader.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use merchant_sdk::{
    Amount, Handset, Invalid, LineItem, NewBinding, NewPayment, NewRefund, Os, PayMethod,
    Reference, ReturnTo, Through,
};

fn rupiah(amount: u64) -> Amount {
    Amount::from_rupiah(amount).unwrap()
}

fn return_to(success: &str) -> ReturnTo {
    ReturnTo {
        success: success.to_owned(),
        failed: "https://toko.example/failed".to_owned(),
    }
}

fn bind(phone_no: &str, customer_id: &str, model: &str, url: &str) -> Result<NewBinding, Invalid> {
    let handset = Handset {
        model: model.to_owned(),
        os: Os::Ios,
        through: Through::App,
    };
    NewBinding::new(phone_no, customer_id, &handset, &return_to(url))
}

fn pay(amount: Amount, remarks: &str, item: &str, quantity: u64) -> Result<NewPayment, Invalid> {
    let items = vec![LineItem {
        name: item.to_owned(),
        price: amount,
        quantity,
    }];
    let url = "https://toko.example/paid?a=1&b=<é>";
    NewPayment::new(
        &Reference::random(),
        amount,
        remarks,
        items,
        &return_to(url),
    )
}

const HTTPS: &str = "https://toko.example/linked";

#[test]
fn a_binding_is_made_within_the_rules() {
    let long = "x".repeat(64);
    let binding = bind("628111111111", &long, &long, HTTPS).unwrap();
    let binding = binding.customer_name("Siti Rahmawati").unwrap();
    let binding = binding.email("siti@example.com").unwrap();
    let binding = binding.id_card("3171234567890123").unwrap();
    let binding = binding.country("Indonesia").unwrap();
    let binding = binding.address("Jl. Merdeka 1").unwrap();
    assert!(binding.date_of_birth("19990101").is_ok());
    assert!(bind("081111111", "1", "m", "http://127.0.0.1:8702/linked").is_ok());
    assert!(bind("081111111", "1", "m", "tokokopi://linked").is_ok());
}

#[test]
fn what_is_wrong_with_a_binding_is_named() {
    let long = "x".repeat(65);
    for (made, field) in [
        (bind("12345678", "1", "m", HTTPS), "phoneNo"),
        (bind("+6281111111", "1", "m", HTTPS), "phoneNo"),
        (bind("081111111", "", "m", HTTPS), "custIdMerchant"),
        (bind("081111111", &long, "m", HTTPS), "custIdMerchant"),
        (bind("081111111", "1", "", HTTPS), "deviceModel"),
        (bind("081111111", "1", &long, HTTPS), "deviceModel"),
        (bind("081111111", "1", "m", ""), "successRegistrationUrl"),
        (
            bind("081111111", "1", "m", "http://toko.example"),
            "successRegistrationUrl",
        ),
        (
            bind("081111111", "1", "m", "javascript:alert(1)"),
            "successRegistrationUrl",
        ),
        (
            bind("081111111", "1", "m", "https://user:word@toko.example"),
            "successRegistrationUrl",
        ),
    ] {
        let invalid = made.unwrap_err();
        let last = invalid.field.rsplit('.').next().unwrap();
        assert_eq!(last, field, "{invalid}");
        assert!(invalid.to_string().contains(" must "), "{invalid}");
        assert!(!invalid.to_string().contains("word@"), "{invalid}");
    }
    let binding = || bind("081111111", "1", "m", HTTPS).unwrap();
    assert!(binding().customer_name(&"x".repeat(71)).is_err());
    assert!(binding().email(&"x".repeat(257)).is_err());
    assert!(binding().id_card(&"x".repeat(21)).is_err());
    assert!(binding().country(&"x".repeat(61)).is_err());
    assert!(binding().address(&"x".repeat(256)).is_err());
    assert!(binding().date_of_birth("19990231").is_err());
}

#[test]
fn what_is_wrong_with_a_payment_is_named() {
    assert!(pay(rupiah(1), &"x".repeat(40), &"x".repeat(32), 1).is_ok());
    for (made, field) in [
        (pay(Amount::ZERO, "kopi", "kopi", 1), "amount.value"),
        (pay(rupiah(1), "", "kopi", 1), "additionalInfo.remarks"),
        (
            pay(rupiah(1), &"x".repeat(41), "kopi", 1),
            "additionalInfo.remarks",
        ),
        (
            pay(rupiah(1), "kopi", &"x".repeat(33), 1),
            "additionalInfo.lineItems[0].name",
        ),
        (
            pay(rupiah(1), "kopi", "kopi", 0),
            "additionalInfo.lineItems[0].quantity",
        ),
        (
            pay(rupiah(1), "ko\u{0}pi", "kopi", 1),
            "additionalInfo.remarks",
        ),
    ] {
        let invalid = made.unwrap_err();
        assert_eq!(invalid.field, field, "{invalid}");
        assert!(invalid.to_string().contains(" must "), "{invalid}");
    }
    let url = return_to("https://toko.example/paid");
    let none = NewPayment::new(&Reference::random(), rupiah(1), "kopi", Vec::new(), &url);
    assert_eq!(none.unwrap_err().field, "additionalInfo.lineItems");
}

#[test]
fn the_sources_of_a_payment_add_up_and_each_is_named_once() {
    let payment = || pay(rupiah(100), "kopi", "kopi", 1).unwrap();
    let split = [
        (PayMethod::Balance, rupiah(60)),
        (PayMethod::Point, rupiah(40)),
    ];
    assert!(payment().from_sources(&split).is_ok());
    for sources in [
        &split[..1],
        &[],
        &[(PayMethod::Balance, rupiah(101))],
        &[
            (PayMethod::Balance, rupiah(60)),
            (PayMethod::Balance, rupiah(40)),
        ],
        &[
            (
                PayMethod::Balance,
                Amount::from_sen(i64::MAX / 100).unwrap(),
            ),
            (PayMethod::Point, Amount::from_sen(i64::MAX / 100).unwrap()),
        ],
    ] {
        let invalid = payment().from_sources(sources).unwrap_err();
        assert!(invalid.field.starts_with("payOptionDetails"), "{invalid}");
    }
}

#[test]
fn references_have_the_length_that_allo_wants() {
    assert!(Reference::new("x".repeat(32)).is_ok());
    assert!(Reference::new("x".repeat(64)).is_ok());
    for wrong in [
        String::new(),
        "x".repeat(31),
        "x".repeat(65),
        "\n".repeat(32),
    ] {
        let invalid = Reference::new(wrong).unwrap_err();
        assert_eq!(
            invalid.to_string(),
            "`partnerReferenceNo` must have 32 to 64 characters"
        );
    }
    assert_eq!(Reference::random().as_str().len(), 32);
    assert_ne!(Reference::random(), Reference::random());
}

#[test]
fn a_refund_is_made_within_the_rules() {
    let (order, own) = (Reference::random(), Reference::random());
    let refund = NewRefund::new(&order, rupiah(1), &own).unwrap();
    assert_eq!(refund.reference(), own.as_str());
    assert!(refund.clone().reason(&"x".repeat(256)).is_ok());
    assert_eq!(refund.reason(&"x".repeat(257)).unwrap_err().field, "reason");
    let nothing = NewRefund::new(&order, Amount::ZERO, &own).unwrap_err();
    assert_eq!(nothing.field, "refundAmount.value");
}
