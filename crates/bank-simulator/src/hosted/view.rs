//! The pages as HTML: server-rendered, without scripts, readable at 360×640.
//!
//! `data-step`, `data-end`, `data-code`, `data-way-back`, `data-otp-ref` and `data-account` are for programs that play
//! the customer; they say nothing that the page does not say.

use maud::{DOCTYPE, Markup, html};
use snap::{Amount, ResponseCode};

use super::language::Language;
use super::steps::PIN_TRIES;
use super::words::{self, End};
use crate::otp;
use crate::pages::{Browser, Page, Subject};

/// How to show a page: in which language, and whether that was asked for by hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub language: Language,
    /// `?lang=` was given and goes along.
    pub sticky: bool,
}

impl Look {
    pub(super) fn query(self) -> String {
        if self.sticky {
            format!("?lang={}", self.language.tag())
        } else {
            String::new()
        }
    }

    fn pick<'a>(self, indonesian: &'a str, english: &'a str) -> &'a str {
        self.language.pick(indonesian, english)
    }
}

/// Header, main, footer; `refresh` leaves by itself to an address after some seconds.
pub(crate) fn layout(
    look: Look,
    title: &str,
    refresh: Option<(u32, &str)>,
    main: &Markup,
) -> Markup {
    let other = look.language.other();
    html! {
        (DOCTYPE)
        html lang=(look.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="format-detection" content="telephone=no";
                @if let Some((seconds, url)) = refresh {
                    meta http-equiv="refresh" content=(format!("{seconds};url={url}"));
                }
                title { (title) " · Allo Bank" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(super::STYLE_PATH);
            }
            body {
                header {
                    div {
                        span.mark aria-hidden="true" { "A" }
                        strong { "Allo Bank" }
                        small { "(simulator)" }
                        a href=(format!("?lang={}", other.tag())) hreflang=(other.tag()) lang=(other.tag()) {
                            (other.pick("Indonesia", "English"))
                        }
                    }
                }
                (main)
                footer {
                    p { (look.pick(
                        "Jangan berikan OTP dan PIN kepada siapa pun.",
                        "Never share your OTP or PIN with anyone.",
                    )) }
                    p { (look.pick(
                        "Ini bank tiruan untuk uji coba. Tidak ada uang sungguhan.",
                        "A stand-in bank for testing. No real money moves.",
                    )) }
                }
            }
        }
    }
}

/// A page that the customer can go on with.
pub(super) struct Open<'a> {
    pub page: &'a Page,
    pub page_id: &'a str,
    pub browser: Browser,
    /// Names the SMS to look for.
    pub otp_reference: Option<&'a str>,
    /// Through whom the merchant reaches the bank.
    pub via: &'a str,
}

pub(super) fn open(look: Look, open: &Open<'_>) -> Markup {
    let Open {
        page,
        page_id,
        browser,
        otp_reference,
        via,
    } = *open;
    let form = Form { look, page_id };
    let step = if browser == Browser::Same {
        page.row.step.as_str()
    } else {
        "landing"
    };
    let (title, body) = match step {
        "otp" => (
            look.pick("Masukkan kode OTP", "Enter the code"),
            form.otp(page, otp_reference),
        ),
        "pin" => (look.pick("Masukkan PIN", "Enter your PIN"), form.pin()),
        _ => (landing_title(look, page), form.landing()),
    };
    let lead = match (step, &page.subject) {
        ("otp", _) => look.pick("Kami mengirim kode 6 angka lewat SMS ke ", "We sent a 6-digit code by SMS to "),
        ("pin", _) => look.pick("Masukkan 6 angka PIN Allo Bank Anda.", "Enter your 6-digit Allo Bank PIN."),
        (_, Subject::Binding(_)) => look.pick(
            "Setelah terhubung, Anda dapat membayar merchant ini dari akun Anda. Setiap pembayaran tetap meminta PIN.",
            "Once linked, you can pay this merchant from your account. Every payment still asks for your PIN.",
        ),
        (_, Subject::Payment(_)) => {
            look.pick("Periksa merchant dan jumlahnya sebelum lanjut.", "Check merchant and amount before you go on.")
        }
    };
    let main = html! {
        main data-account=(page.customer.masked_phone()) {
            section.card {
                (progress(step, page))
                h1 { (title) }
                p.lead { (lead) @if step == "otp" { strong { (page.customer.masked_phone()) } "." } }
                @if let Some(notice) = &page.row.notice { (notice_box(look, page, notice)) }
                @if step == "landing" { (summary(look, page, Some(via))) } @else { (reminder(look, page)) }
                (body)
            }
        }
    };
    layout(look, title, None, &main)
}

fn landing_title(look: Look, page: &Page) -> &'static str {
    match (&page.subject, look.language) {
        (Subject::Binding(_), Language::Indonesian) => "Hubungkan akun Anda?",
        (Subject::Binding(_), Language::English) => "Link your account?",
        (Subject::Payment(_), Language::Indonesian) => "Konfirmasi pembayaran",
        (Subject::Payment(_), Language::English) => "Confirm payment",
    }
}

fn progress(step: &str, page: &Page) -> Markup {
    let with_otp = page.row.otp_accepted || step != "pin";
    let (done, of) = match step {
        "otp" => (2, 3),
        "pin" if with_otp => (3, 3),
        "pin" => (2, 2),
        _ => (1, 3),
    };
    html! {
        ol.steps aria-hidden="true" {
            @for number in 1..=of { li.done[number <= done] {} }
        }
    }
}

fn notice_box(look: Look, page: &Page, notice: &str) -> Markup {
    let left = match notice {
        "wrong_pin" => PIN_TRIES - page.customer.wrong_pins,
        _ => otp::TRIES - page.row.wrong_otps,
    };
    let (text, case) = words::notice(look.language, notice, left);
    let code = case.map(|case| ResponseCode::new(page.subject.service(), case).to_string());
    html! { p.note role="alert" data-notice=(notice) data-code=[code] { (text) } }
}

/// Who gets what from which account, in full.
fn summary(look: Look, page: &Page, via: Option<&str>) -> Markup {
    let merchant = page.subject.merchant_name();
    html! {
        @if let Subject::Payment(payment) = &page.subject {
            p.sum { (rupiah(payment.amount)) }
        }
        dl {
            div { dt { "Merchant" } dd { (merchant) } }
            @if let Some(via) = via.filter(|via| *via != merchant) {
                div { dt { (look.pick("Melalui", "Via")) } dd { (via) } }
            }
            div { dt { (look.pick("Akun", "Account")) } dd { (page.customer.masked_account()) } }
            @for part in page.parts.iter().filter(|part| page.parts.len() > 1 || part.kind != "BALANCE") {
                div { dt { (source(look, &part.kind)) } dd { (rupiah(part.amount)) } }
            }
            @if let Subject::Payment(payment) = &page.subject {
                div { dt { (look.pick("Keterangan", "For")) } dd { (payment.remarks) } }
            }
        }
    }
}

/// The same in two lines, so that the field below is in sight on a small phone.
fn reminder(look: Look, page: &Page) -> Markup {
    html! {
        dl {
            div { dt { "Merchant" } dd { (page.subject.merchant_name()) } }
            @if let Subject::Payment(payment) = &page.subject {
                div { dt { (look.pick("Jumlah", "Amount")) } dd { (rupiah(payment.amount)) } }
            } @else {
                div { dt { (look.pick("Akun", "Account")) } dd { (page.customer.masked_account()) } }
            }
        }
    }
}

fn source(look: Look, kind: &str) -> &'static str {
    match (kind, look.language) {
        ("POINT", Language::Indonesian) => "Dari poin",
        ("POINT", Language::English) => "From points",
        ("PAYLATER", Language::Indonesian) => "Dari paylater",
        ("PAYLATER", Language::English) => "From paylater",
        (_, Language::Indonesian) => "Dari saldo",
        (_, Language::English) => "From balance",
    }
}

struct Form<'a> {
    look: Look,
    page_id: &'a str,
}

impl Form<'_> {
    fn action(&self, step: &str) -> String {
        format!("/pages/{}/{step}{}", self.page_id, self.look.query())
    }

    fn landing(&self) -> Markup {
        html! {
            form method="post" action=(self.action("start")) data-step="start" {
                button type="submit" { (self.look.pick("Lanjutkan", "Continue")) }
            }
            (self.cancel(self.look.pick("Bukan saya, batalkan", "Not me, cancel")))
        }
    }

    fn otp(&self, page: &Page, reference: Option<&str>) -> Markup {
        let too_many = page.row.notice.as_deref() == Some("too_many");
        html! {
            form method="post" action=(self.action("otp")) data-step="otp" data-otp-ref=[reference] {
                label for="otp" { (self.look.pick("Kode OTP", "Code")) }
                input #otp name="otp" type="text" inputmode="numeric" pattern="[0-9 ]*" maxlength="7"
                    autocomplete="one-time-code" required autofocus;
                @if let Some(reference) = reference {
                    p.code { (self.look.pick("Cocokkan dengan SMS: Ref ", "Matches the SMS: Ref ")) (reference) }
                }
                div.gap {}
                button type="submit" { (self.look.pick("Periksa kode", "Check the code")) }
            }
            div.pair {
                @if !too_many {
                    form method="post" action=(self.action("resend")) data-step="resend" {
                        button.quiet type="submit" { (self.look.pick("Kirim ulang", "Send again")) }
                    }
                }
                (self.cancel(self.look.pick("Batalkan", "Cancel")))
            }
        }
    }

    fn pin(&self) -> Markup {
        html! {
            form method="post" action=(self.action("pin")) data-step="pin" {
                label for="pin" { "PIN" }
                input #pin name="pin" type="password" inputmode="numeric" pattern="[0-9]*" maxlength="6"
                    autocomplete="off" required autofocus;
                div.gap {}
                button type="submit" { (self.look.pick("Setuju", "Agree")) }
            }
            (self.cancel(self.look.pick("Batalkan", "Cancel")))
        }
    }

    fn cancel(&self, words: &str) -> Markup {
        html! {
            form method="post" action=(self.action("cancel")) data-step="cancel" {
                button.quiet type="submit" { (words) }
            }
        }
    }
}

/// A page that leads nowhere but back to where its reader came from; `again` is the page to try again.
pub(super) fn astray(look: Look, end: End, again: Option<&str>) -> Markup {
    let (title, words) = words::end(look.language, end, None);
    let main = html! {
        main data-end=(end.name()) {
            section.card.ended {
                div.badge.(end.name()) aria-hidden="true" { (if end == End::Unknown { "?" } else { "!" }) }
                h1 { (title) }
                p.lead { (words) }
                @if let Some(again) = again {
                    a.button href=(again) { (look.pick("Kembali ke halaman", "Back to the page")) }
                }
            }
        }
    };
    layout(look, title, None, &main)
}

/// A page with nothing left to do but to go back. `leave` goes there by itself.
pub(super) fn ended(look: Look, end: End, page: &Page, leave: bool) -> Markup {
    let subject = &page.subject;
    let (title, words) = words::end(look.language, end, Some(subject));
    let back = subject.return_url();
    let code = match end {
        End::Refused | End::Cancelled | End::Expired => subject.reason_code(),
        _ => None,
    };
    let sign = match end {
        End::Success => "✓",
        End::Refused => "!",
        End::Cancelled => "×",
        _ => "i",
    };
    let seconds = if end == End::Success { 3 } else { 8 };
    let main = html! {
        main data-end=(end.name()) data-code=[code] {
            section.card.ended {
                div.badge.(end.name()) aria-hidden="true" { (sign) }
                h1 { (title) }
                p.lead { (words) }
                (summary(look, page, None))
                a.button data-way-back href=(back) {
                    (look.pick("Kembali ke ", "Back to ")) (subject.merchant_name())
                }
                @if leave {
                    p.code { (look.pick(
                        "Anda akan kembali secara otomatis.",
                        "You will be taken back automatically.",
                    )) }
                }
                @if let Some(code) = code { p.code { (look.pick("Kode ", "Code ")) (code) } }
            }
        }
    };
    layout(look, title, Some((seconds, back)).filter(|_| leave), &main)
}

fn rupiah(sen: i64) -> String {
    Amount::from_sen(sen).unwrap_or_default().rupiah_text()
}
