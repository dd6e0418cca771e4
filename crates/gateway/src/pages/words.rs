//! The words of the hosted pages, in both languages. Every end has a title, what it means, and what to
//! do. They must never promise what the state does not say, and never show a bank's raw message.

use super::language::Language::{self, English, Indonesian};
use super::view::{End, Subject};

/// What a page says of an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The headline.
    pub title: &'static str,
    /// What it means.
    pub meaning: String,
    /// What the customer may do now.
    pub advice: Option<&'static str>,
}

/// The words for `end`; `merchant` is the merchant's name.
pub fn of_end(language: Language, subject: Subject, end: &End, merchant: &str) -> Words {
    match (subject, end) {
        (_, End::Refused { code }) => refused(language, subject, code),
        (Subject::Binding, _) => of_binding(language, end, merchant),
        (Subject::Payment, _) => of_payment(language, end, merchant),
    }
}

fn said(title: &'static str, meaning: impl Into<String>, advice: &'static str) -> Words {
    Words {
        title,
        meaning: meaning.into(),
        advice: Some(advice).filter(|advice| !advice.is_empty()),
    }
}

fn of_binding(language: Language, end: &End, merchant: &str) -> Words {
    match (language, end) {
        (Indonesian, End::Succeeded | End::Refunded) => said(
            "Rekening terhubung",
            format!("Rekening Anda sudah terhubung dengan {merchant}."),
            "Setiap pembayaran tetap Anda setujui sendiri di halaman bank.",
        ),
        (English, End::Succeeded | End::Refunded) => said(
            "Account linked",
            format!("Your account is linked with {merchant}."),
            "You still approve every payment yourself on your bank’s page.",
        ),
        (Indonesian, End::Unlinked) => said(
            "Rekening tidak lagi terhubung",
            format!("Hubungan rekening Anda dengan {merchant} sudah diakhiri."),
            "Untuk menghubungkannya lagi, mulailah dari aplikasi atau situs penjual.",
        ),
        (English, End::Unlinked) => said(
            "Account no longer linked",
            format!("The link between your account and {merchant} has ended."),
            "To link it again, start from the merchant’s app or website.",
        ),
        (Indonesian, End::Superseded) => said(
            "Ada halaman yang lebih baru",
            format!("Anda sudah memulai lagi untuk {merchant}, jadi halaman ini tidak berlaku."),
            "Lanjutkan di halaman yang terakhir dibuka.",
        ),
        (English, End::Superseded) => said(
            "There is a newer page",
            format!("You started again for {merchant}, so this page is no longer valid."),
            "Please continue on the page that was opened last.",
        ),
        (Indonesian, End::AlreadyRegistered) => said(
            "Rekening sudah terdaftar",
            format!(
                "Rekening ini, atau akun Anda di {merchant}, sudah terhubung. Tidak ada yang berubah."
            ),
            "Pakai hubungan yang sudah ada, atau putuskan dulu di penjual.",
        ),
        (English, End::AlreadyRegistered) => said(
            "Account already registered",
            format!(
                "This account, or your profile at {merchant}, is already linked. Nothing has changed."
            ),
            "Use the link you have, or ask the merchant to remove it first.",
        ),
        (Indonesian, End::Cancelled | End::BindingEnded) => said(
            "Dibatalkan",
            format!("Rekening Anda tidak dihubungkan dengan {merchant}."),
            "",
        ),
        (English, End::Cancelled | End::BindingEnded) => said(
            "Cancelled",
            format!("Your account was not linked with {merchant}."),
            "",
        ),
        (Indonesian, End::Lost) => said(
            "Belum berhasil",
            "Rekening Anda tidak jadi dihubungkan karena gangguan.".to_owned(),
            "Silakan mulai lagi dari penjual.",
        ),
        (English, End::Lost) => said(
            "That did not work",
            "Because of a disturbance your account was not linked.".to_owned(),
            "Please start again at the merchant.",
        ),
        (Indonesian, End::Unknown) => said(
            "Sedang kami periksa",
            "Kami menunggu jawaban bank tentang hubungan rekening Anda.".to_owned(),
            "Halaman ini memperbarui diri. Anda tidak perlu melakukan apa pun.",
        ),
        (English, End::Unknown) => said(
            "We are checking",
            "We are waiting for your bank’s answer about the link.".to_owned(),
            "This page refreshes itself. There is nothing you need to do.",
        ),
        (_, other) => of_journey(language, other, merchant),
    }
}

fn of_payment(language: Language, end: &End, merchant: &str) -> Words {
    match (language, end) {
        (Indonesian, End::Succeeded) => said(
            "Pembayaran berhasil",
            format!("Uang sudah dibayarkan kepada {merchant}."),
            "Anda tidak perlu membayar lagi.",
        ),
        (English, End::Succeeded) => said(
            "Payment complete",
            format!("The money has been paid to {merchant}."),
            "You do not need to pay again.",
        ),
        (Indonesian, End::Refunded) => said(
            "Sudah dikembalikan",
            format!(
                "Pembayaran kepada {merchant} sudah berhasil, lalu seluruhnya dikembalikan kepada Anda."
            ),
            "",
        ),
        (English, End::Refunded) => said(
            "Refunded",
            format!("The payment to {merchant} was made, and then returned to you in full."),
            "",
        ),
        (Indonesian, End::Unknown) => said(
            "Jangan bayar lagi dulu",
            format!(
                "Kami belum menerima kepastian dari bank tentang pembayaran kepada {merchant}."
            ),
            "Halaman ini memperbarui diri sampai hasilnya pasti. Bila ditutup, penjual tetap diberi tahu.",
        ),
        (English, End::Unknown) => said(
            "Please do not pay again yet",
            format!("Your bank has not yet confirmed what became of the payment to {merchant}."),
            "This page refreshes itself until it is certain. If you close it, the merchant is told all the same.",
        ),
        (Indonesian, End::Cancelled) => said(
            "Pembayaran dibatalkan",
            "Tidak ada uang yang diambil dari rekening Anda.",
            "",
        ),
        (English, End::Cancelled) => said(
            "Payment cancelled",
            "No money was taken from your account.",
            "",
        ),
        (
            Indonesian,
            End::BindingEnded | End::Unlinked | End::AlreadyRegistered | End::Superseded,
        ) => said(
            "Rekening tidak lagi terhubung",
            format!(
                "Hubungan rekening dengan {merchant} sudah diakhiri. Tidak ada uang yang diambil."
            ),
            "Hubungkan kembali rekening Anda, lalu bayar lagi.",
        ),
        (English, End::BindingEnded | End::Unlinked | End::AlreadyRegistered | End::Superseded) => {
            said(
                "Account no longer linked",
                format!("The link with {merchant} has ended. No money was taken."),
                "Link your account again, then pay.",
            )
        }
        (Indonesian, End::Lost) => said(
            "Pembayaran tidak jadi",
            "Karena gangguan, tidak ada uang yang diambil dari rekening Anda.",
            "Silakan coba lagi dari penjual.",
        ),
        (English, End::Lost) => said(
            "Payment not made",
            "Because of a disturbance no money was taken from your account.",
            "Please try again from the merchant.",
        ),
        (_, other) => of_journey(language, other, merchant),
    }
}

/// What is said alike of a binding and of a payment.
fn of_journey(language: Language, end: &End, merchant: &str) -> Words {
    match (language, end) {
        (Indonesian, End::Open { .. }) => said(
            "Belum selesai",
            format!("Permintaan dari {merchant} masih menunggu Anda di halaman bank."),
            "Lanjutkan di bank, atau kembali ke penjual.",
        ),
        (English, End::Open { .. }) => said(
            "Not finished yet",
            format!("The request from {merchant} is still waiting for you on your bank’s page."),
            "Continue at your bank, or go back to the merchant.",
        ),
        (Indonesian, End::Expired) => said(
            "Waktunya habis",
            "Halaman ini sudah tidak berlaku. Tidak ada yang diambil atau dihubungkan.",
            "Silakan mulai lagi dari penjual.",
        ),
        (English, End::Expired) => said(
            "Time is up",
            "This page is no longer valid. Nothing was taken or linked.",
            "Please start again at the merchant.",
        ),
        (Indonesian, _) => said(
            "Bank sedang sulit dihubungi",
            format!("Halaman bank untuk {merchant} belum dapat dibuka. Tidak ada yang hilang."),
            "Halaman ini mencoba lagi sendiri.",
        ),
        (English, _) => said(
            "Your bank cannot be reached",
            format!("The bank’s page for {merchant} cannot be opened right now. Nothing is lost."),
            "This page tries again by itself.",
        ),
    }
}

/// A refusal in human words. Codes are read by their case, since the service differs with the place
/// where the bank refused.
fn refused(language: Language, subject: Subject, code: &str) -> Words {
    let title = match (language, subject) {
        (Indonesian, Subject::Binding) => "Rekening tidak dapat dihubungkan",
        (English, Subject::Binding) => "The account could not be linked",
        (Indonesian, Subject::Payment) => "Pembayaran ditolak",
        (English, Subject::Payment) => "Payment declined",
    };
    let (meaning, advice) = reason(language, code);
    said(title, meaning, advice)
}

fn reason(language: Language, code: &str) -> (&'static str, &'static str) {
    let key = (
        code.get(..3).unwrap_or_default(),
        code.get(5..7).unwrap_or_default(),
    );
    let [indonesian, english] = match key {
        ("403", "14") => [
            (
                "Saldo tidak mencukupi.",
                "Isi saldo Anda, lalu coba lagi dari penjual.",
            ),
            (
                "There is not enough money in the account.",
                "Top up, then try again from the merchant.",
            ),
        ],
        ("403", "02" | "20" | "23") => [
            (
                "Jumlahnya melebihi batas rekening Anda.",
                "Coba jumlah yang lebih kecil, atau hubungi bank.",
            ),
            (
                "The amount is above your account’s limit.",
                "Try a smaller amount, or ask your bank.",
            ),
        ],
        ("403", "04" | "11") => [
            (
                "Terlalu banyak percobaan.",
                "Tunggu beberapa saat sebelum mencoba lagi.",
            ),
            (
                "Too many attempts were made.",
                "Wait a while before you try again.",
            ),
        ],
        ("403", "00" | "12") => [
            (
                "Waktunya habis sebelum selesai.",
                "Silakan mulai lagi dari penjual.",
            ),
            (
                "Time ran out before it was finished.",
                "Please start again at the merchant.",
            ),
        ],
        ("404", "15") => [
            (
                "Kode OTP atau PIN salah.",
                "Silakan mulai lagi dari penjual dengan kode yang benar.",
            ),
            (
                "The OTP or PIN was wrong.",
                "Please start again with the right code.",
            ),
        ],
        ("403", "09") => [
            (
                "Rekening Anda tidak aktif (dorman).",
                "Aktifkan dahulu melalui bank Anda.",
            ),
            (
                "Your account is dormant.",
                "Please reactivate it with your bank first.",
            ),
        ],
        ("403", "03" | "05" | "07" | "16" | "18") => [
            (
                "Bank tidak mengizinkan rekening ini dipakai saat ini.",
                "Hubungi bank Anda.",
            ),
            (
                "Your bank does not allow this account to be used now.",
                "Please contact your bank.",
            ),
        ],
        ("404", "11") => [
            (
                "Bank tidak mengenal nomor ini.",
                "Periksa nomor telepon Anda di penjual.",
            ),
            (
                "The bank does not know this number.",
                "Check your phone number at the merchant.",
            ),
        ],
        _ => [
            (
                "Bank menolak permintaan ini.",
                "Hubungi bank atau penjual dengan menyebut kode di bawah.",
            ),
            (
                "Your bank declined the request.",
                "Contact your bank or the merchant and name the code below.",
            ),
        ],
    };
    match language {
        Indonesian => indonesian,
        English => english,
    }
}
