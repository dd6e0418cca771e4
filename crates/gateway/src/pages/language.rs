//! Which of the two languages a page speaks: the customer's choice, else the browser's, else
//! Bahasa Indonesia.

/// A language of the hosted pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Bahasa Indonesia.
    Indonesian,
    /// English.
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Indonesian, Self::English];

    /// From `?lang=` and Accept-Language, each as received.
    pub fn choose(asked: Option<&str>, accept_language: Option<&str>) -> Self {
        asked
            .and_then(Self::from_tag)
            .or_else(|| accept_language.and_then(Self::preferred))
            .unwrap_or(Self::Indonesian)
    }

    /// The tag for `lang` attributes and links.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }

    /// The language in its own words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Indonesian => "Bahasa Indonesia",
            Self::English => "English",
        }
    }

    fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
        match primary.as_str() {
            // "in" is how old Android devices still call Bahasa Indonesia; Malay readers read it too.
            "id" | "in" | "ms" => Some(Self::Indonesian),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The known language with the highest weight; the first named wins a tie.
    fn preferred(header: &str) -> Option<Self> {
        let mut best: Option<(Self, u16)> = None;
        for part in header.split(',').take(16) {
            let mut pieces = part.split(';');
            let Some(language) = pieces.next().and_then(Self::from_tag) else {
                continue;
            };
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q="))
                .map_or(1_000, thousandths);
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// `0.8` as 800; what is no weight counts as none.
fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("1", Ok(_)) => 1_000,
        ("0" | "", Ok(thousandths)) => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Indonesian};

    #[test]
    fn the_customers_choice_wins_then_the_browsers_then_indonesian() {
        let table = [
            (Some("en"), Some("id"), English),
            (Some("id"), Some("en"), Indonesian),
            (Some("fr"), Some("en-GB,en;q=0.9"), English),
            (
                None,
                Some("id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7"),
                Indonesian,
            ),
            (None, Some("en-US,en;q=0.9,id;q=0.8"), English),
            (None, Some("fr;q=1, en;q=0.3, id;q=0.4"), Indonesian),
            (None, Some("in-ID"), Indonesian),
            (None, Some("en;q=0, id;q=0.1"), Indonesian),
            (None, Some("en;q=junk"), Indonesian),
            (None, Some("*"), Indonesian),
            (None, Some(""), Indonesian),
            (None, None, Indonesian),
        ];
        for (asked, accept, expected) in table {
            assert_eq!(
                Language::choose(asked, accept),
                expected,
                "{asked:?} {accept:?}"
            );
        }
    }
}
