//! What the demo merchant asks for, made from a few values.

use merchant_sdk::{
    Handset, Invalid, LineItem, NewBinding, NewPayment, NewRefund, Os, Reference, ReturnTo, Through,
};
use snap::Amount;

use crate::entropy;

/// The linking of a customer's account.
pub fn binding(phone_no: &str, merchant_url: &str) -> Result<NewBinding, Invalid> {
    let handset = Handset {
        model: "Pixel 9".to_owned(),
        os: Os::Android,
        through: Through::App,
    };
    let customer_id = entropy::reference("cust-");
    NewBinding::new(
        phone_no,
        &customer_id,
        &handset,
        &back_to(merchant_url, "linked"),
    )
}

/// The payment of an order.
pub fn payment(
    reference: &Reference,
    amount: Amount,
    item: &str,
    merchant_url: &str,
) -> Result<NewPayment, Invalid> {
    let items = vec![LineItem {
        name: item.to_owned(),
        price: amount,
        quantity: 1,
    }];
    NewPayment::new(
        reference,
        amount,
        item,
        items,
        &back_to(merchant_url, "paid"),
    )
}

/// The refund of an order, or of a part of it.
pub fn refund(original: &Reference, amount: Amount, reason: &str) -> Result<NewRefund, Invalid> {
    NewRefund::new(original, amount, &reference("REF")?)?.reason(reason)
}

/// A new reference.
pub fn reference(prefix: &str) -> Result<Reference, Invalid> {
    Reference::new(entropy::reference(prefix))
}

fn back_to(merchant_url: &str, success: &str) -> ReturnTo {
    ReturnTo {
        success: format!("{merchant_url}/{success}"),
        failed: format!("{merchant_url}/failed"),
    }
}
