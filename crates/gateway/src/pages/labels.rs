//! The small words around an end, in both languages: what stands on buttons and before values.

use super::language::Language::{self, English, Indonesian};

/// The words around an end.
#[derive(Debug, Clone, Copy)]
pub struct Labels {
    /// On the button back; the merchant's name follows.
    pub back_to: &'static str,
    /// On the button back where the merchant has no name.
    pub back: &'static str,
    /// On the button to the bank.
    pub go_on: &'static str,
    /// Before the merchant's name.
    pub merchant: &'static str,
    /// Before the masked account.
    pub account: &'static str,
    /// Before the merchant's reference.
    pub reference: &'static str,
    /// Before the bank's code.
    pub code: &'static str,
    /// That the browser will go back by itself.
    pub leaving: &'static str,
    /// Where OTP and PIN may be typed.
    pub promise: &'static str,
    /// The title of a page that does not exist.
    pub no_page: &'static str,
    /// What that may mean.
    pub no_page_meaning: &'static str,
    /// What to do then.
    pub no_page_advice: &'static str,
    /// The title when the gateway itself has trouble.
    pub trouble: &'static str,
    /// What that means.
    pub trouble_meaning: &'static str,
    /// Name of the choice of language.
    pub language: &'static str,
}

/// The words around an end in `language`.
pub fn labels(language: Language) -> &'static Labels {
    match language {
        Indonesian => &LABELS_INDONESIAN,
        English => &LABELS_ENGLISH,
    }
}

const LABELS_INDONESIAN: Labels = Labels {
    back_to: "Kembali ke",
    back: "Kembali ke penjual",
    go_on: "Lanjutkan di bank",
    merchant: "Penjual",
    account: "Rekening",
    reference: "Referensi",
    code: "Kode",
    leaving: "Anda akan kembali secara otomatis.",
    promise: "OTP dan PIN hanya diketik di halaman bank Anda, tidak pernah di sini.",
    no_page: "Halaman tidak ditemukan",
    no_page_meaning: "Tautan ini tidak lengkap, sudah dipakai, atau tidak pernah ada.",
    no_page_advice: "Buka lagi dari aplikasi atau situs penjual.",
    trouble: "Ada gangguan sebentar",
    trouble_meaning: "Halaman ini belum dapat dibuka. Jangan bayar lagi; halaman ini mencoba lagi sendiri.",
    language: "Bahasa",
};

const LABELS_ENGLISH: Labels = Labels {
    back_to: "Back to",
    back: "Back to the merchant",
    go_on: "Continue at your bank",
    merchant: "Merchant",
    account: "Account",
    reference: "Reference",
    code: "Code",
    leaving: "You will be taken back automatically.",
    promise: "OTP and PIN are typed only on your bank’s page, never here.",
    no_page: "Page not found",
    no_page_meaning: "This link is incomplete, was used already, or never existed.",
    no_page_advice: "Please open it again from the merchant’s app or website.",
    trouble: "A short disturbance",
    trouble_meaning: "This page cannot be opened right now. Do not pay again; it tries again by itself.",
    language: "Language",
};
