//! Answers: exactly the members that DOKU's SDKs know go out, anything sensible comes in.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use snap::{
    Amount, Case, ErrorBody, PaymentErrorBody, RefundStatus, Refusal, Service, TransactionStatus,
    messages::{
        balance::{AccountInfo, BalanceResponse},
        bank::{BankBindingInquiryResponse, EntryType, LinkStatus, StatementResponse},
        binding::{BindingResponse, BindingResult},
        payment::PaymentResponse,
        refund::RefundResponse,
        status::{RefundHistory, StatusInfo, StatusResponse},
        token::{B2b2cResponse, B2bResponse},
        unbinding::UnbindingResponse,
    },
};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn members(answer: &impl Serialize) -> BTreeSet<String> {
    let value = serde_json::to_value(answer).unwrap();
    value.as_object().unwrap().keys().cloned().collect()
}

fn assert_only(answer: &impl Serialize, allowed: &str) {
    let allowed: BTreeSet<String> = allowed.split_whitespace().map(str::to_owned).collect();
    let members = members(answer);
    assert!(
        members.is_subset(&allowed),
        "{:?}",
        members.difference(&allowed)
    );
}

fn full_status() -> StatusResponse {
    let mut refund = RefundHistory::new("REF-1", amount("5000.00"), RefundStatus::Success);
    refund.refund_no = some("rfd-1");
    refund.refund_date = some("2026-01-02T10:04:05+07:00");
    refund.reason = some("half a bag");
    StatusResponse {
        response_code: "2005500".to_owned(),
        response_message: "Successful".to_owned(),
        original_partner_reference_no: some("INV-1"),
        original_reference_no: some("pay-1"),
        approval_code: some("1"),
        original_external_id: some("1767323045"),
        service_code: some("54"),
        latest_transaction_status: TransactionStatus::Success.code().to_owned(),
        transaction_status_desc: some(TransactionStatus::Success.description()),
        original_response_code: some("2005400"),
        original_response_message: some("Successful"),
        session_id: some("1"),
        request_id: some("1"),
        refund_no: some("rfd-1"),
        partner_refund_no: some("REF-1"),
        refund_amount: Some(amount("5000.00")),
        refund_status: some("00"),
        refund_date: some("2026-01-02T10:04:05+07:00"),
        reason: some("half a bag"),
        refund_history: vec![refund],
        trans_amount: Some(amount("15000.00")),
        fee_amount: Some(Amount::ZERO),
        paid_time: some("2026-01-02T10:04:05+07:00"),
        additional_info: Some(StatusInfo {
            device_id: some("d"),
            channel: some("c"),
        }),
    }
}

#[test]
fn no_answer_has_a_member_that_the_python_sdk_would_refuse() {
    let b2b = B2bResponse {
        access_token: "t".to_owned(),
        expires_in: 900,
        ..B2bResponse::default()
    };
    assert_only(
        &b2b,
        "responseCode responseMessage accessToken tokenType expiresIn",
    );
    let b2b2c = B2b2cResponse {
        access_token_expiry_time: some("x"),
        refresh_token: some("x"),
        refresh_token_expiry_time: some("x"),
        ..B2b2cResponse::default()
    };
    assert_only(
        &b2b2c,
        "responseCode responseMessage accessToken tokenType accessTokenExpiryTime refreshToken refreshTokenExpiryTime",
    );
    let binding = BindingResponse {
        reference_no: some("x"),
        redirect_url: some("x"),
        additional_info: Some(BindingResult::pending("cust-001", "code")),
        ..BindingResponse::default()
    };
    assert_only(
        &binding,
        "responseCode responseMessage referenceNo redirectUrl additionalInfo",
    );
    let balance = BalanceResponse {
        account_infos: vec![AccountInfo::new("BALANCE", amount("1.00"), Amount::ZERO)],
        ..BalanceResponse::default()
    };
    assert_only(&balance, "responseCode responseMessage accountInfos");
    let payment = PaymentResponse {
        web_redirect_url: some("x"),
        partner_reference_no: some("x"),
        reference_no: some("x"),
        ..PaymentResponse::default()
    };
    assert_only(
        &payment,
        "responseCode responseMessage webRedirectUrl partnerReferenceNo referenceNo",
    );
    let refund = RefundResponse {
        refund_amount: Some(Amount::ZERO),
        original_partner_reference_no: some("x"),
        original_reference_no: some("x"),
        refund_no: some("x"),
        partner_refund_no: some("x"),
        refund_time: some("x"),
        ..RefundResponse::default()
    };
    assert_only(
        &refund,
        "responseCode responseMessage refundAmount originalPartnerReferenceNo originalReferenceNo refundNo
         partnerRefundNo refundTime",
    );
    assert_only(
        &full_status(),
        "responseCode responseMessage originalPartnerReferenceNo originalReferenceNo approvalCode originalExternalId
         serviceCode latestTransactionStatus transactionStatusDesc originalResponseCode originalResponseMessage
         sessionId requestID refundNo partnerRefundNo refundAmount refundStatus refundDate reason refundHistory
         transAmount feeAmount paidTime additionalInfo",
    );
    let unbinding = UnbindingResponse {
        reference_no: some("x"),
        ..UnbindingResponse::default()
    };
    assert_only(&unbinding, "responseCode responseMessage referenceNo");
}

#[test]
fn refusals_have_two_members_and_a_payments_a_null_url() {
    let refusal = Refusal::mandatory("partnerReferenceNo");
    assert_eq!(
        serde_json::to_string(&ErrorBody::new(Service::BALANCE, &refusal)).unwrap(),
        r#"{"responseCode":"4001102","responseMessage":"Invalid Mandatory Field partnerReferenceNo"}"#
    );
    assert_eq!(
        serde_json::to_string(&PaymentErrorBody::new(&Refusal::new(
            Case::InsufficientFunds
        )))
        .unwrap(),
        r#"{"responseCode":"4035414","responseMessage":"Insufficient Funds","webRedirectUrl":null}"#
    );
    let waiting = PaymentResponse::default();
    assert_eq!(
        serde_json::to_value(&waiting).unwrap()["webRedirectUrl"],
        Value::Null
    );
    assert!(members(&waiting).contains("webRedirectUrl"));
}

#[test]
fn what_dokus_sdks_read_under_two_names_is_written_under_both() {
    let binding = serde_json::to_value(BindingResult::pending("c", "a")).unwrap();
    assert_eq!(
        (&binding["accountStatus"], &binding["status"]),
        (&json!("PENDING"), &json!("PENDING"))
    );
    let account =
        serde_json::to_value(AccountInfo::new("POINT", amount("10.00"), amount("4.00"))).unwrap();
    assert_eq!(account["flatAmount"], account["floatAmount"]);
    assert_eq!(account["availableBalance"]["value"], "6.00");
    let refund = RefundHistory::new("REF-1", amount("1.00"), RefundStatus::Pending);
    let refund = serde_json::to_value(refund).unwrap();
    assert_eq!(
        (&refund["partnerRefundNo"], &refund["partnerReferenceNo"]),
        (&json!("REF-1"), &json!("REF-1"))
    );
    assert_eq!(refund["refundStatus"], "03");
}

#[test]
fn the_life_of_a_token_is_written_as_a_number_and_read_either_way() {
    let written = serde_json::to_value(B2bResponse {
        expires_in: 900,
        ..B2bResponse::default()
    })
    .unwrap();
    assert_eq!(written["expiresIn"], json!(900));
    for wire in [
        json!({"expiresIn": "900"}),
        json!({"expiresIn": 900, "additionalInfo": "", "x": 1}),
    ] {
        assert_eq!(
            serde_json::from_value::<B2bResponse>(wire)
                .unwrap()
                .expires_in,
            900
        );
    }
    assert!(serde_json::from_value::<B2bResponse>(json!({"expiresIn": "soon"})).is_err());
    assert_eq!(format!("{:?}", B2bResponse::default()), "B2bResponse(…)");
}

#[test]
fn other_peoples_answers_are_read_leniently() {
    let binding: BindingResponse = serde_json::from_value(
        json!({"responseCode": 2_000_700, "additionalInfo": {"status": "PENDING"}}),
    )
    .unwrap();
    assert_eq!(binding.response_code, "2000700");
    assert_eq!(binding.additional_info.unwrap().state(), Some("PENDING"));
    let php: BindingResponse =
        serde_json::from_value(json!({"responseCode": "4000700", "additionalInfo": []})).unwrap();
    assert_eq!(php.additional_info, None);

    let balance: BalanceResponse = serde_json::from_value(json!({"responseCode": "2001100", "accountInfos": [
        {"balanceType": "CASH", "amount": {"value": 10000, "currency": "IDR"}, "floatAmount": {}, "ledgerBalance": 1}
    ]}))
    .unwrap();
    let account = balance.account_infos[0].clone().with_both_spellings();
    assert_eq!(
        (account.amount, account.flat_amount),
        (Some(amount("10000.00")), None)
    );

    let status: StatusResponse = serde_json::from_value(json!({
        "responseCode": "2005500", "latestTransactionStatus": "03", "requestId": "r", "amount": {}, "transAmount": {},
        "refundHistory": [{"partnerReferenceNo": "REF-1", "refundStatus": "00", "refundAmount": {"value": "1.00"}}],
        "additionalInfo": {"acquirer": {"id": "x"}}, "serviceCode": 54,
    }))
    .unwrap();
    assert_eq!(status.status(), Some(TransactionStatus::Pending));
    assert_eq!(status.request_id.as_deref(), Some("r"));
    assert_eq!(status.service_code.as_deref(), Some("54"));
    assert_eq!(status.refund_history[0].partner_refund_no(), Some("REF-1"));
    assert_eq!(
        status.refund_history[0].status(),
        Some(RefundStatus::Success)
    );
    let odd: StatusResponse =
        serde_json::from_value(json!({"latestTransactionStatus": "42", "refundHistory": null}))
            .unwrap();
    assert_eq!(odd.status(), None);
    assert!(
        serde_json::from_value::<StatusResponse>(
            json!({"transAmount": {"value": "1.00", "currency": "USD"}})
        )
        .is_err()
    );
}

#[test]
fn what_is_written_is_read_again() {
    let status = full_status();
    let wire = serde_json::to_string(&status).unwrap();
    assert_eq!(
        serde_json::from_str::<StatusResponse>(&wire).unwrap(),
        status
    );
    let payment = PaymentResponse {
        web_redirect_url: some("https://x"),
        ..PaymentResponse::default()
    };
    let wire = serde_json::to_string(&payment).unwrap();
    assert_eq!(
        serde_json::from_str::<PaymentResponse>(&wire).unwrap(),
        payment
    );
}

#[test]
fn a_link_that_we_do_not_understand_is_unknown() {
    let link: BankBindingInquiryResponse = serde_json::from_value(json!({
        "responseCode": "2000800", "accountNo": "acc-1",
        "additionalInfo": {"linkStatus": "LINKED", "authCode": "a", "accountMasked": "****1234"},
    }))
    .unwrap();
    assert_eq!(link.additional_info.link_status, LinkStatus::Linked);
    assert_eq!(
        serde_json::to_value(&link).unwrap()["additionalInfo"]["linkStatus"],
        "LINKED"
    );
    for wire in [
        json!({}),
        json!({"additionalInfo": {"linkStatus": "SLEEPING"}}),
        json!({"additionalInfo": null}),
    ] {
        let link: BankBindingInquiryResponse = serde_json::from_value(wire).unwrap();
        assert_eq!(link.additional_info.link_status, LinkStatus::Unknown);
    }
}

#[test]
fn a_statement_tells_which_way_money_went() {
    let wire = json!({"responseCode": "2001400", "pageNumber": "1", "totalPages": 1, "detailData": [
        {"amount": {"value": "1.00", "currency": "IDR"}, "type": "DEBIT", "transactionDate": "2026-01-02T10:04:05+07:00",
         "partnerReferenceNo": "pay-1"}
    ]});
    let statement: StatementResponse = serde_json::from_value(wire).unwrap();
    assert_eq!(statement.detail_data[0].kind, EntryType::Debit);
    assert_eq!(
        serde_json::to_value(&statement).unwrap()["detailData"][0]["type"],
        "DEBIT"
    );
}
