//! What the pages say, in Bahasa Indonesia and English: plain, short, and never blaming the customer.

use snap::{Case, ReceivedCode};

use super::language::Language;
use crate::pages::Subject;

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    Refused,
    Cancelled,
    Expired,
    Unlinked,
    Elsewhere,
    Unknown,
    BadRequest,
    Broken,
}

impl End {
    /// What became of a link or payment; `None` while the customer may go on.
    pub fn of(subject: &Subject, now_ms: i64) -> Option<Self> {
        let (state, expires_at) = match subject {
            Subject::Binding(link) => (link.state.as_str(), link.expires_at),
            Subject::Payment(payment) => (payment.state.as_str(), payment.expires_at),
        };
        match state {
            "pending" if now_ms < expires_at => None,
            "pending" => Some(Self::Expired),
            "linked" | "paid" => Some(Self::Success),
            "unlinked" => Some(Self::Unlinked),
            _ => Some(match case(subject) {
                Some(Case::TransactionExpired) => Self::Expired,
                Some(Case::TransactionCancelled) => Self::Cancelled,
                _ => Self::Refused,
            }),
        }
    }

    /// For machines that walk the pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Unlinked => "unlinked",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
            Self::BadRequest => "bad-request",
            Self::Broken => "broken",
        }
    }
}

/// Why a link or payment ended as it did.
fn case(subject: &Subject) -> Option<Case> {
    subject
        .reason_code()
        .and_then(ReceivedCode::parse)
        .and_then(ReceivedCode::case)
}

/// Title and explanation, in one language.
type Words = (&'static str, &'static str);

/// Title and explanation of an end.
pub(super) fn end(language: Language, end: End, subject: Option<&Subject>) -> Words {
    let (indonesian, english) = match (end, subject) {
        (End::Refused, _) => return refused(language, subject.and_then(case)),
        (_, Some(Subject::Binding(_))) => of_binding(end),
        (_, Some(Subject::Payment(_))) => of_payment(end),
        (_, None) => of_neither(end),
    };
    match language {
        Language::Indonesian => indonesian,
        Language::English => english,
    }
}

fn of_binding(end: End) -> (Words, Words) {
    match end {
        End::Success => (
            (
                "Akun terhubung",
                "Akun Anda sudah terhubung. Anda tidak perlu melakukan apa pun lagi di halaman ini.",
            ),
            (
                "Account linked",
                "Your account is linked. There is nothing more to do on this page.",
            ),
        ),
        End::Cancelled => (
            ("Dibatalkan", "Akun Anda tidak dihubungkan."),
            ("Cancelled", "Your account has not been linked."),
        ),
        End::Expired => (
            (
                "Waktu habis",
                "Halaman ini sudah tidak berlaku dan akun Anda tidak dihubungkan. Silakan mulai lagi.",
            ),
            (
                "Time is up",
                "This page has expired and your account has not been linked. Please start again.",
            ),
        ),
        End::Unlinked => (
            (
                "Akun sudah diputus",
                "Akun Anda tidak lagi terhubung dengan merchant ini.",
            ),
            (
                "Account unlinked",
                "Your account is no longer linked with this merchant.",
            ),
        ),
        other => of_neither(other),
    }
}

fn of_payment(end: End) -> (Words, Words) {
    match end {
        End::Success => (
            (
                "Pembayaran berhasil",
                "Pembayaran ini sudah lunas. Jangan membayar lagi.",
            ),
            (
                "Payment successful",
                "This payment has been made. Do not pay again.",
            ),
        ),
        End::Cancelled => (
            ("Pembayaran dibatalkan", "Uang Anda tidak berkurang."),
            ("Payment cancelled", "No money has been taken."),
        ),
        End::Expired => (
            (
                "Waktu habis",
                "Halaman ini sudah tidak berlaku. Uang Anda tidak berkurang. Silakan mulai lagi.",
            ),
            (
                "Time is up",
                "This page has expired. No money has been taken. Please start again.",
            ),
        ),
        other => of_neither(other),
    }
}

fn of_neither(end: End) -> (Words, Words) {
    match end {
        End::Elsewhere => (
            (
                "Dibuka di browser lain",
                "Anda sudah melanjutkan di browser atau perangkat lain. Selesaikan di sana.",
            ),
            (
                "Open in another browser",
                "You have already continued in another browser or device. Please finish there.",
            ),
        ),
        End::Unknown => (
            (
                "Halaman tidak ditemukan",
                "Periksa kembali tautannya, atau kembali ke merchant dan mulai lagi.",
            ),
            (
                "Page not found",
                "Check the link, or go back to the merchant and start again.",
            ),
        ),
        End::BadRequest => (
            (
                "Isian tidak dapat dibaca",
                "Silakan kembali ke halaman sebelumnya dan coba lagi.",
            ),
            (
                "We could not read that",
                "Please go back to the previous page and try again.",
            ),
        ),
        _ => (
            (
                "Layanan sedang terganggu",
                "Kami tidak tahu apakah langkah terakhir tercatat. Muat ulang halaman ini.",
            ),
            (
                "Something went wrong",
                "We cannot tell whether the last step was recorded. Please reload this page.",
            ),
        ),
    }
}

fn refused(language: Language, case: Option<Case>) -> Words {
    let (indonesian, english) = match case {
        Some(Case::OtpBlocked) => (
            (
                "OTP diblokir",
                "Terlalu banyak kode diminta atau salah dimasukkan. Silakan coba lagi nanti.",
            ),
            (
                "OTP blocked",
                "Too many codes were requested or mistyped. Please try again later.",
            ),
        ),
        Some(Case::InsufficientFunds) => (
            (
                "Saldo tidak cukup",
                "Pembayaran ditolak dan uang Anda tidak berkurang.",
            ),
            (
                "Insufficient funds",
                "The payment was refused. No money has been taken.",
            ),
        ),
        Some(Case::InvalidOtp) => (
            (
                "Kode OTP salah",
                "Kode salah dimasukkan tiga kali, jadi halaman ini ditutup demi keamanan Anda.",
            ),
            (
                "Wrong code",
                "The code was wrong three times, so this page was closed for your safety.",
            ),
        ),
        other => of_account(other),
    };
    match language {
        Language::Indonesian => indonesian,
        Language::English => english,
    }
}

fn of_account(case: Option<Case>) -> (Words, Words) {
    match case {
        Some(Case::ActivityCountLimitExceeded) => (
            (
                "PIN terkunci",
                "PIN salah tiga kali, jadi akun dikunci demi keamanan. Hubungi bank untuk membukanya.",
            ),
            (
                "PIN locked",
                "Three wrong PINs have locked the account for its safety. Ask the bank to unlock it.",
            ),
        ),
        Some(Case::DoNotHonor) => (
            (
                "Akun diblokir",
                "Akun ini tidak dapat dipakai. Silakan hubungi bank.",
            ),
            (
                "Account blocked",
                "This account cannot be used. Please contact the bank.",
            ),
        ),
        Some(Case::DormantAccount) => (
            (
                "Akun tidak aktif",
                "Akun ini sudah lama tidak dipakai. Hubungi bank untuk mengaktifkannya.",
            ),
            (
                "Account dormant",
                "This account has not been used for long. Ask the bank to activate it.",
            ),
        ),
        Some(Case::InvalidCustomerToken) => (
            (
                "Akun sudah diputus",
                "Akun Anda tidak lagi terhubung. Pembayaran ditolak dan uang Anda tidak berkurang.",
            ),
            (
                "Account unlinked",
                "Your account is no longer linked. The payment was refused; no money has been taken.",
            ),
        ),
        _ => (
            (
                "Ditolak",
                "Permintaan ini ditolak oleh bank. Uang Anda tidak berkurang.",
            ),
            (
                "Refused",
                "The bank has refused this request. No money has been taken.",
            ),
        ),
    }
}

/// What a notice on an open page says, and the SNAP case it stands for, if any.
pub(super) fn notice(language: Language, notice: &str, tries_left: i64) -> (String, Option<Case>) {
    let left = tries_left.max(0);
    let text = |indonesian: String, english: String| match language {
        Language::Indonesian => indonesian,
        Language::English => english,
    };
    match notice.split_once(':') {
        Some(("wait", seconds)) => {
            let seconds: u32 = seconds.parse().unwrap_or(60);
            let words = text(
                format!("Kode sudah dikirim. Kode berikutnya dapat diminta {seconds} detik lagi."),
                format!("A code has been sent. You can ask for another one in {seconds} seconds."),
            );
            (words, None)
        }
        _ => match notice {
            "wrong_otp" => (
                text(
                    format!("Kode salah. Sisa percobaan: {left}."),
                    format!("That code is wrong. Tries left: {left}."),
                ),
                Some(Case::InvalidOtp),
            ),
            "wrong_pin" => (
                text(
                    format!("PIN salah. Sisa percobaan sebelum akun dikunci: {left}."),
                    format!("That PIN is wrong. Tries left before the account is locked: {left}."),
                ),
                None,
            ),
            "otp_expired" => (
                text(
                    "Kode sudah kedaluwarsa. Silakan minta kode baru.".to_owned(),
                    "That code has expired. Please ask for a new one.".to_owned(),
                ),
                Some(Case::OtpExpired),
            ),
            "too_many" => (
                text(
                    "Terlalu banyak kode diminta. Silakan coba lagi nanti.".to_owned(),
                    "Too many codes have been requested. Please try again later.".to_owned(),
                ),
                Some(Case::OtpBlocked),
            ),
            "sent" => (
                text(
                    "Kode baru sudah dikirim.".to_owned(),
                    "A new code is on its way.".to_owned(),
                ),
                None,
            ),
            _ => (
                text(
                    "Masukkan enam angka.".to_owned(),
                    "Please type six digits.".to_owned(),
                ),
                None,
            ),
        },
    }
}
