//! Of several wrong things the one of the first step is named: size and form, partner, time, B2B token,
//! signature, the other headers, body, customer token, the request's ids, and only then the business.

use merchant_sdk::{Answer, RawOptions};
use serde_json::json;

use super::calls::*;
use super::stage::*;
use super::untouched::{Untouched, is_refusal};

const SIGNATURE: &str = "Unauthorized. [Invalid Signature]";
const NO_CUSTOMER: &str = "Customer Token Not Found";
const CUSTOMER: &str = "Invalid Customer Token";

/// A header, and what is said while it is missing: status, case, message.
type Step = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // a table
const SIGNED_STEPS: &[Step] = &[
    ("Content-Type", "415", "00", "Unsupported Media Type"),
    ("X-PARTNER-ID", "400", "02", "Invalid Mandatory Field X-PARTNER-ID"),
    ("X-TIMESTAMP", "400", "02", "Invalid Mandatory Field X-TIMESTAMP"),
    ("Authorization", "401", "03", "Token Not Found (B2B)"),
    ("X-SIGNATURE", "400", "02", "Invalid Mandatory Field X-SIGNATURE"),
    ("X-EXTERNAL-ID", "400", "02", "Invalid Mandatory Field X-EXTERNAL-ID"),
    ("X-IP-ADDRESS", "400", "02", "Invalid Mandatory Field X-IP-ADDRESS"),
    ("X-DEVICE-ID", "400", "02", "Invalid Mandatory Field X-DEVICE-ID"),
];

#[rustfmt::skip] // a table
const TOKEN_STEPS: &[Step] = &[
    ("Content-Type", "415", "00", "Unsupported Media Type"),
    ("X-CLIENT-KEY", "400", "02", "Invalid Mandatory Field X-CLIENT-KEY"),
    ("X-TIMESTAMP", "400", "02", "Invalid Mandatory Field X-TIMESTAMP"),
    ("X-SIGNATURE", "400", "02", "Invalid Mandatory Field X-SIGNATURE"),
];

/// The header is right again.
fn mend(options: &mut RawOptions, name: &str) {
    options.without.retain(|header| header != name);
    options.headers.retain(|(header, _)| header != name);
}

#[tokio::test]
async fn of_several_wrong_things_the_first_step_is_named() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for right in props.calls() {
        let steps = if TOKENS.contains(&right.service) {
            TOKEN_STEPS
        } else {
            SIGNED_STEPS
        };
        let mut call = right.clone();
        for (header, ..) in steps {
            call = call.without(header);
        }
        call.options.customer_token = None;
        let too_large = vec![b' '; 65 * 1024];
        let answer = call.send_bytes(&stage.shop, too_large).await;
        let code = call.code("413", "00");
        untouched
            .refused(
                "everything, size first",
                &answer,
                &code,
                "Payload Too Large",
            )
            .await;
        for (header, status, case, message) in steps {
            let needed = match *header {
                "X-IP-ADDRESS" => !["73", "74", "55"].contains(&right.service),
                "X-DEVICE-ID" => right.service == "07",
                _ => true,
            };
            if needed {
                let what = format!("{}: {header} and all that follows", right.service);
                let answer = call.send_bytes(&stage.shop, "{").await;
                untouched
                    .refused(&what, &answer, &call.code(status, case), message)
                    .await;
            }
            mend(&mut call.options, header);
        }
        let what = format!("{}: the body and all that follows", right.service);
        let answer = call.send_bytes(&stage.shop, "{").await;
        untouched
            .refused(&what, &answer, &call.code("400", "00"), "Bad Request")
            .await;
        if ["11", "54"].contains(&right.service) {
            let answer = call.send_bytes(&stage.shop, "{}").await;
            let field = if right.service == "11" {
                "Invalid Mandatory Field additionalInfo"
            } else {
                "Invalid Mandatory Field partnerReferenceNo"
            };
            let what = format!("{}: fields before the customer's token", right.service);
            untouched
                .refused(&what, &answer, &call.code("400", "02"), field)
                .await;
            let answer = call.send(&stage.shop).await;
            let what = format!("{}: only the customer's token", right.service);
            untouched
                .refused(&what, &answer, &call.code("401", "04"), NO_CUSTOMER)
                .await;
        }
    }
    untouched.looked().await;
}

#[tokio::test]
async fn a_wrong_value_of_an_earlier_step_is_named_before_a_missing_header_of_a_later_one() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let untouched = Untouched::since_now(&stage).await;
    for right in props.calls() {
        let (partner, token) = match right.service {
            "73" | "74" => ("X-CLIENT-KEY", None),
            _ => ("X-PARTNER-ID", Some("Authorization")),
        };
        let mut wrong = right.clone().with(partner, "nobody").without("X-TIMESTAMP");
        let expected = [
            (partner, "401", "00", SIGNATURE),
            (
                "X-TIMESTAMP",
                "400",
                "01",
                "Invalid Field Format X-TIMESTAMP",
            ),
        ];
        for (header, status, case, message) in expected {
            let answer = wrong.send(&stage.shop).await;
            let what = format!("{}: {header}", right.service);
            untouched
                .refused(&what, &answer, &wrong.code(status, case), message)
                .await;
            mend(&mut wrong.options, header);
            mend(&mut wrong.options, "X-TIMESTAMP");
            wrong = wrong
                .with("X-TIMESTAMP", "yesterday")
                .without("X-SIGNATURE");
        }
        if let Some(token) = token {
            let wrong = right
                .clone()
                .with(token, "Bearer forged")
                .with("X-SIGNATURE", "forged")
                .without("X-EXTERNAL-ID");
            let answer = wrong.send(&stage.shop).await;
            let code = wrong.code("401", "01");
            untouched
                .refused(
                    "a forged token first",
                    &answer,
                    &code,
                    "Invalid Token (B2B)",
                )
                .await;
            let wrong = right
                .clone()
                .with("X-SIGNATURE", "forged")
                .without("X-EXTERNAL-ID");
            let answer = wrong.send(&stage.shop).await;
            let code = wrong.code("401", "00");
            untouched
                .refused("a forged signature first", &answer, &code, SIGNATURE)
                .await;
        }
    }
    untouched.looked().await;
}

/// The request under an external id.
async fn under(call: &Call, id: &str, shop: &Shop) -> Answer {
    let mut call = call.clone();
    call.options.external_id = Some(id.to_owned());
    call.send(shop).await
}

#[tokio::test]
async fn what_is_wrong_in_itself_is_named_before_a_used_id() {
    let stage = patient_stage().await;
    let props = Props::on(&stage).await;
    let shop = &stage.shop;
    let (conflict, usd) = ("Conflict", || Some(json!("USD")));
    let pay = props.call("54");
    let refund = props.call("58");
    let bind = props.call("07");
    for (call, id) in [(&pay, "1"), (&refund, "2"), (&bind, "3")] {
        is_done(call.service, &under(call, id, shop).await);
    }
    let untouched = Untouched::since_now(&stage).await;
    let nobody = {
        let mut call = pay.clone();
        call.options.customer_token = None;
        call
    };
    let forged = pay.clone().with("Authorization-Customer", "forged");
    let foreign = refund.clone().with("Authorization-Customer", "forged");
    let other_amount = pay.clone().changed("/amount/value", Some(json!("1.00")));
    let other_reason = refund.clone().changed("/reason", Some(json!("another")));
    let unpaid = refund
        .clone()
        .changed("/originalPartnerReferenceNo", Some(json!("nothing")));
    let too_much = refund
        .clone()
        .changed("/refundAmount/value", Some(json!("99999999.00")));
    let registered = bind
        .clone()
        .changed("/additionalInfo/custIdMerchant", Some(json!("cust-1")));
    let unknown = bind
        .clone()
        .changed("/phoneNo", Some(json!("6289999999999")));
    let no_address = pay.clone().without("X-IP-ADDRESS");
    #[rustfmt::skip] // a table
    let refused = [
        ("1", &no_address, "4005402", "Invalid Mandatory Field X-IP-ADDRESS"),
        ("1", &pay.clone().changed("/amount/currency", usd()), "4005401", "Invalid Field Format amount.currency"),
        ("1", &nobody, "4015404", NO_CUSTOMER),
        ("1", &forged, "4015402", CUSTOMER),
        ("1", &other_amount, "4095400", conflict),
        ("2", &refund.clone().changed("/refundAmount/currency", usd()), "4005801", "Invalid Field Format refundAmount.currency"),
        ("2", &foreign, "4015802", CUSTOMER),
        ("2", &other_reason, "4095800", conflict),
        ("2", &unpaid, "4095800", conflict),
        ("2", &too_much, "4095800", conflict),
        ("3", &bind.clone().changed("/phoneNo", Some(json!("1"))), "4000701", "Invalid Field Format phoneNo"),
        ("3", &registered, "4090700", conflict),
        ("3", &unknown, "4090700", conflict),
    ];
    for (id, call, code, message) in refused {
        let answer = under(call, id, shop).await;
        let what = format!("{} under {id}: {}", call.service, call.body);
        untouched.refused(&what, &answer, code, message).await;
    }
    // A repeat of the same hears the first answer again, and that leaves nothing behind, either.
    for (call, id) in [(&pay, "1"), (&refund, "2"), (&bind, "3")] {
        let answer = under(call, id, shop).await;
        assert_eq!(answer.status, 409, "{}", call.service);
        assert_eq!(answer.code(), Some(call.code("200", "00")));
    }
    untouched.looked().await;

    // A used reference is named before what the bank would say of the money.
    let dear = pay
        .clone()
        .changed("/amount/value", Some(json!("900000000.00")));
    let answer = under(&dear, "4", shop).await;
    is_refusal(
        "a used reference",
        &answer,
        "4045418",
        "Inconsistent Request",
    );
    let answer = under(&too_much, "5", shop).await;
    is_refusal("a used number", &answer, "4045818", "Inconsistent Request");

    // The customer is gone: that is told before that the id was used.
    is_done("unbinding", &props.call("09").send(shop).await);
    let untouched = Untouched::since_now(&stage).await;
    let answer = under(&pay, "1", shop).await;
    untouched
        .refused("the customer is gone", &answer, "4015402", CUSTOMER)
        .await;
    untouched.looked().await;
}
