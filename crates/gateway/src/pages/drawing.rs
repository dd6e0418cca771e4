//! The small drawings of the pages, as SVG in the page itself: nothing is fetched.

use maud::{Markup, html};

use super::view::End;

/// What is drawn above the headline.
#[derive(Debug, Clone, Copy)]
pub enum Drawing {
    /// Done.
    Check,
    /// Gone back, or gone elsewhere.
    Back,
    /// Being waited for; it turns.
    Waiting,
    /// A clock.
    Hourglass,
    /// Ended without anything.
    Cross,
    /// An exclamation mark.
    Stop,
    /// A question mark.
    Question,
}

/// The drawing of an end.
pub fn drawing(end: &End) -> Drawing {
    match end {
        End::Succeeded => Drawing::Check,
        End::Refunded | End::Superseded => Drawing::Back,
        End::Unknown | End::BankDown { .. } => Drawing::Waiting,
        End::Open { .. } | End::Expired => Drawing::Hourglass,
        End::Cancelled | End::BindingEnded | End::Unlinked => Drawing::Cross,
        End::Refused { .. } | End::AlreadyRegistered | End::Lost => Drawing::Stop,
    }
}

/// The sign above the headline; the headline says the same, so it is hidden from screen readers.
pub fn sign(drawing: Drawing) -> Markup {
    let (class, paths): (&str, &[&str]) = match drawing {
        Drawing::Check => ("", &["M5 12.5l4.5 4.5L19 7.5"]),
        Drawing::Back => ("", &["M9 6L4 11l5 5", "M4 11h10a6 6 0 0 1 6 6v1"]),
        Drawing::Waiting => ("turn", &["M20 12a8 8 0 1 1-2.6-5.9", "M20.4 2.8v4.4H16"]),
        Drawing::Hourglass => (
            "",
            &[
                "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 1 1 0-17",
                "M12 8v4.4l3 1.8",
            ],
        ),
        Drawing::Cross => ("", &["M7 7l10 10", "M17 7L7 17"]),
        Drawing::Stop => ("", &["M12 5.5v8", "M12 18.2v.1"]),
        Drawing::Question => (
            "",
            &[
                "M9 9a3 3 0 1 1 4.4 2.6c-.9.5-1.4 1.1-1.4 2.4",
                "M12 18.2v.1",
            ],
        ),
    };
    html! {
        div.sign aria-hidden="true" {
            svg viewBox="0 0 24 24" class=(class) {
                @for path in paths { path d=(path) {} }
            }
        }
    }
}

/// A small lock, beside what is promised.
pub fn lock() -> Markup {
    html! {
        svg viewBox="0 0 24 24" aria-hidden="true" {
            path d="M6 11h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z" {}
            path d="M8 11V8a4 4 0 0 1 8 0v3" {}
        }
    }
}
