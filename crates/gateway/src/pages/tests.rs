//! Every state of a binding and a payment has a page with words in both languages and a way back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use axum::http::StatusCode;
use axum::response::Response;
use direct_debit::{
    BankAccount, BankLink, BankReason, Binding, BindingEnd, BindingFailure, BindingId,
    BindingState, CancelCause, FirstAnswer, MerchantId, Payment, PaymentDetails, PaymentId,
    PaymentState,
};
use http_body_util::BodyExt;
use snap::Amount;

use super::language::Language;
use super::look::{self, Showing};
use super::view::{End, View};

const MERCHANT: &str = "Toko <Senja> & \"Kawan\"";
const SUCCESS: &str = "https://toko.example/ok?order=1&next=%2Fa;b='c'";
const FAILED: &str = "tokosenja://failed?order=1&why=\"x\"";

fn binding(state: BindingState) -> Binding {
    Binding {
        id: BindingId::new("binding-1"),
        merchant: MerchantId::new("merchant-1"),
        bank: "allo".to_owned(),
        cust_id_merchant: "customer-1".to_owned(),
        channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
        phone_no: "6281234567890".to_owned(),
        reference_no: "ref-1".to_owned(),
        external_id: "1".to_owned(),
        success_url: SUCCESS.to_owned(),
        failed_url: FAILED.to_owned(),
        created_at_ms: 0,
        expires_at_ms: 1_000,
        bank_reference_no: None,
        bank_page: Some("https://bank.example/pages/1?a=1&b=2".to_owned()),
        account: Some(BankAccount {
            id: "opaque".to_owned(),
            masked: "•••• 4321".to_owned(),
        }),
        bank_link: BankLink::Open,
        state,
        version: 1,
    }
}

fn payment(state: PaymentState) -> Payment {
    Payment {
        id: PaymentId::new("payment-1"),
        merchant: MerchantId::new("merchant-1"),
        binding: BindingId::new("binding-1"),
        partner_reference_no: "INV-<1>".to_owned(),
        reference_no: "ref-2".to_owned(),
        external_id: "2".to_owned(),
        amount: Amount::from_sen(12_500_000).unwrap(),
        parts: Vec::new(),
        fee: Amount::ZERO,
        details: PaymentDetails {
            channel: "DIRECT_DEBIT_ALLO_SNAP".to_owned(),
            remarks: "<i>remarks</i>".to_owned(),
            success_url: SUCCESS.to_owned(),
            failed_url: FAILED.to_owned(),
            items: Vec::new(),
            ip_address: None,
            device_id: None,
        },
        first_answer: FirstAnswer::Accepted,
        created_at_ms: 0,
        valid_until_ms: 1_000,
        bank_reference_no: None,
        bank_page: Some("https://bank.example/pages/2".to_owned()),
        refunded: Amount::ZERO,
        refund_reserved: Amount::ZERO,
        state,
        version: 1,
    }
}

fn reason(code: &str) -> BankReason {
    BankReason {
        code: code.to_owned(),
        message: "the bank's <b>own</b> words".to_owned(),
    }
}

fn binding_states() -> Vec<(BindingState, &'static str)> {
    let failed = |failure| BindingState::Failed { failure };
    vec![
        (BindingState::Created, "unknown"),
        (BindingState::AwaitingCustomer, "open"),
        (BindingState::Unknown, "unknown"),
        (BindingState::Active, "success"),
        (BindingState::Ending, "unlinked"),
        (
            BindingState::Ended {
                cause: BindingEnd::Merchant,
            },
            "unlinked",
        ),
        (
            BindingState::Ended {
                cause: BindingEnd::Bank,
            },
            "unlinked",
        ),
        (
            failed(BindingFailure::Refused(reason("4040815"))),
            "refused",
        ),
        (failed(BindingFailure::Cancelled), "cancelled"),
        (failed(BindingFailure::Expired), "expired"),
        (failed(BindingFailure::Superseded), "superseded"),
        (failed(BindingFailure::AccountTaken), "refused"),
        (failed(BindingFailure::CodeLost), "refused"),
    ]
}

fn payment_states() -> Vec<(PaymentState, &'static str)> {
    let mut states = vec![
        (PaymentState::Created, "unknown"),
        (PaymentState::AwaitingCustomer, "open"),
        (PaymentState::Unknown, "unknown"),
        (PaymentState::Succeeded { paid_at_ms: 1 }, "success"),
        (PaymentState::Refunded { paid_at_ms: 1 }, "success"),
        (
            PaymentState::Failed {
                reason: reason("4035414"),
            },
            "refused",
        ),
    ];
    for cause in CancelCause::ALL {
        let hint = match cause {
            CancelCause::Customer | CancelCause::BindingEnded => "cancelled",
            CancelCause::Expired => "expired",
            CancelCause::NeverKnown | CancelCause::PageLost => "refused",
        };
        states.push((PaymentState::Cancelled { cause }, hint));
    }
    states
}

fn views(bank_answers: bool) -> Vec<(View, &'static str)> {
    let bindings = binding_states().into_iter().map(|(state, hint)| {
        (
            View::of_binding(&binding(state), MERCHANT, 0, bank_answers),
            hint,
        )
    });
    let payments = payment_states().into_iter().map(|(state, hint)| {
        let linked = binding(BindingState::Active);
        (
            View::of_payment(&payment(state), &linked, MERCHANT, bank_answers),
            hint,
        )
    });
    bindings.chain(payments).collect()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn shown(view: &View, language: Language, returning: bool) -> String {
    let schemes = ["tokosenja".to_owned()];
    let showing = Showing {
        language,
        url_schemes: &schemes,
        returning,
    };
    text(look::page(view, showing)).await
}

#[tokio::test]
async fn every_state_has_its_words_its_hint_and_a_way_back_in_both_languages() {
    for (view, hint) in views(true) {
        for language in Language::ALL {
            let page = shown(&view, language, false).await;
            assert!(
                page.contains(&format!("data-end=\"{hint}\"")),
                "{:?}: {page}",
                view.end
            );
            assert!(page.contains(&format!("<html lang=\"{}\"", language.tag())));
            assert!(
                page.contains("<h1>") && !page.contains("<h1></h1>"),
                "{:?}",
                view.end
            );
            let way_back = if view.end.is_good() { SUCCESS } else { FAILED };
            let escaped = way_back.replace('&', "&amp;").replace('"', "&quot;");
            assert!(
                page.contains(&format!("href=\"{escaped}\" data-way-back")),
                "{:?}: {page}",
                view.end
            );
        }
    }
}

#[tokio::test]
async fn the_words_of_the_two_languages_differ() {
    for (view, _) in views(true) {
        let indonesian = super::words::of_end(Language::Indonesian, view.subject, &view.end, "X");
        let english = super::words::of_end(Language::English, view.subject, &view.end, "X");
        assert_ne!(indonesian.title, english.title, "{:?}", view.end);
        assert_ne!(indonesian.meaning, english.meaning, "{:?}", view.end);
        assert_eq!(
            indonesian.advice.is_some(),
            english.advice.is_some(),
            "{:?}",
            view.end
        );
    }
}

#[tokio::test]
async fn what_comes_from_merchants_and_banks_is_escaped_and_a_banks_words_are_not_shown() {
    for (view, _) in views(true) {
        let page = shown(&view, Language::English, true).await;
        assert!(
            !page.contains("<Senja>") && page.contains("Toko &lt;Senja&gt; &amp;"),
            "{page}"
        );
        assert!(!page.contains("INV-<1>"));
        assert!(!page.contains("own</b>"));
        assert!(
            !page.contains("<script") && !page.contains("style=") && !page.contains(" onclick")
        );
        assert!(!page.contains("6281234567890"));
    }
}

#[tokio::test]
async fn an_unknown_payment_asks_not_to_pay_again_and_looks_again_by_itself() {
    let linked = binding(BindingState::Active);
    let view = View::of_payment(&payment(PaymentState::Unknown), &linked, MERCHANT, true);
    for (language, words) in [
        (Language::Indonesian, "Jangan bayar lagi"),
        (Language::English, "do not pay again"),
    ] {
        let page = shown(&view, language, true).await;
        assert!(page.contains(words));
        assert!(
            page.contains("http-equiv=\"refresh\" content=\"5\""),
            "{page}"
        );
    }
}

#[tokio::test]
async fn an_end_leads_back_by_itself_only_when_the_customer_comes_from_the_bank() {
    let view = View::of_binding(&binding(BindingState::Active), MERCHANT, 0, true);
    assert!(
        !shown(&view, Language::English, false)
            .await
            .contains("http-equiv=\"refresh\"")
    );
    let page = shown(&view, Language::English, true).await;
    let url = SUCCESS.replace('&', "&amp;");
    assert!(
        page.contains(&format!("http-equiv=\"refresh\" content=\"3;url={url}\"")),
        "{page}"
    );
}

#[tokio::test]
async fn a_link_that_runs_a_script_is_left_out() {
    let mut hostile = binding(BindingState::Active);
    hostile.success_url = "javascript:alert(1)".to_owned();
    let view = View::of_binding(&hostile, MERCHANT, 0, true);
    let page = shown(&view, Language::English, true).await;
    assert!(
        !page.contains("javascript:") && !page.contains("data-way-back"),
        "{page}"
    );
}

#[test]
fn time_alone_ends_a_binding_and_never_a_payment() {
    for state in [
        BindingState::Created,
        BindingState::AwaitingCustomer,
        BindingState::Unknown,
    ] {
        assert_eq!(
            View::of_binding(&binding(state), MERCHANT, 1_000, true).end,
            End::Expired
        );
    }
    let view = View::of_binding(&binding(BindingState::Active), MERCHANT, 9_000, true);
    assert_eq!(view.end, End::Succeeded);
}

#[test]
fn a_refusal_that_means_cancelled_or_expired_is_called_so() {
    for (code, hint) in [
        ("4040704", "cancelled"),
        ("4030800", "expired"),
        ("4030705", "refused"),
        ("", "refused"),
    ] {
        let failure = BindingFailure::Refused(reason(code));
        let view = View::of_binding(
            &binding(BindingState::Failed { failure }),
            MERCHANT,
            0,
            true,
        );
        assert_eq!(view.end.hint(), hint, "{code}");
    }
}

#[test]
fn an_open_page_of_a_bank_that_is_down_says_so() {
    for (view, hint) in views(false).into_iter().filter(|(_, hint)| *hint == "open") {
        assert_eq!((view.end.hint(), hint), ("bank-down", "open"));
    }
}

#[tokio::test]
async fn no_page_is_kept_framed_or_told_to_the_next() {
    let view = View::of_binding(&binding(BindingState::Active), MERCHANT, 0, true);
    let showing = Showing {
        language: Language::English,
        url_schemes: &[],
        returning: false,
    };
    for response in [
        look::page(&view, showing),
        look::no_page(Language::English),
        look::trouble(Language::English),
        look::see_other("https://bank.example/").unwrap(),
    ] {
        let headers = response.headers();
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("style-src 'sha256-"));
        assert!(!policy.contains("unsafe"));
    }
}

#[tokio::test]
async fn a_page_that_does_not_exist_says_so_in_both_languages() {
    for (language, words) in [
        (Language::Indonesian, "tidak ditemukan"),
        (Language::English, "not found"),
    ] {
        let response = look::no_page(language);
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let page = text(response).await;
        assert!(page.contains(words) && page.contains("data-end=\"not-found\""));
    }
}

#[test]
fn a_url_that_no_header_can_hold_is_no_redirect() {
    assert!(look::see_other("https://bank.example/\r\nx: y").is_none());
}
