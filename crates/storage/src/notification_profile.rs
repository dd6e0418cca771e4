//! When a merchant wants its notifications repeated, as a setting: `prompt`, `doku`, or pauses of its own.
//!
//! Only what can be written and stored is here; what follows from it for a try is the gateway's `schedule`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most pauses.
const MOST: usize = 32;
/// The longest pause.
const LONGEST_S: u32 = 7 * DAY_S;
const DAY_S: u32 = 24 * HOUR_S;
const HOUR_S: u32 = 60 * MINUTE_S;
const MINUTE_S: u32 = 60;

/// The units that a pause is written in, longest first.
const UNITS: [(char, u32); 4] = [('d', DAY_S), ('h', HOUR_S), ('m', MINUTE_S), ('s', 1)];

/// When a notification is tried again, and what counts as received. Stored and shown as the text that it
/// is read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum NotificationProfile {
    /// Soon and often.
    #[default]
    Prompt,
    /// As DOKU does: after 30 minutes, 6 hours and 12 hours.
    Doku,
    /// After pauses of the merchant's own.
    Own(Pauses),
}

/// 1 to 32 pauses of a second to seven days, each after the try before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pauses(Vec<u32>);

/// Why a text is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// One of the pauses.
    #[error("`{0}` is not a pause of 1s to 7d, such as 30s, 10m, 6h or 2d")]
    Pause(String),
    /// How many there are.
    #[error("there are {0} pauses; 1 to 32 can be given")]
    Count(usize),
}

impl Pauses {
    /// The pause after a number of tries, from 0.
    pub fn get_s(&self, at: usize) -> Option<u32> {
        self.0.get(at).copied()
    }
}

impl FromStr for NotificationProfile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        match text.trim() {
            "prompt" => return Ok(Self::Prompt),
            "doku" => return Ok(Self::Doku),
            _ => {}
        }
        let count = text.split(',').count();
        if count > MOST {
            return Err(ProfileError::Count(count));
        }
        let pauses = text.split(',').map(|word| {
            let word = word.trim();
            seconds(word).ok_or_else(|| ProfileError::Pause(word.chars().take(20).collect()))
        });
        Ok(Self::Own(Pauses(pauses.collect::<Result<_, _>>()?)))
    }
}

fn seconds(word: &str) -> Option<u32> {
    let (unit, each_s) = UNITS.iter().find(|(unit, _)| word.ends_with(*unit))?;
    let number = word.strip_suffix(*unit)?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = number.parse::<u32>().ok()?.checked_mul(*each_s)?;
    (digits && (1..=LONGEST_S).contains(&seconds)).then_some(seconds)
}

impl fmt::Display for NotificationProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pauses = match self {
            Self::Prompt => return f.write_str("prompt"),
            Self::Doku => return f.write_str("doku"),
            Self::Own(pauses) => pauses,
        };
        for (at, pause_s) in pauses.0.iter().enumerate() {
            let whole = UNITS.iter().find(|(_, each_s)| pause_s % each_s == 0);
            let (unit, each_s) = whole.copied().unwrap_or(('s', 1));
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}{unit}", pause_s / each_s)?;
        }
        Ok(())
    }
}

impl From<NotificationProfile> for String {
    fn from(profile: NotificationProfile) -> Self {
        profile.to_string()
    }
}

impl TryFrom<String> for NotificationProfile {
    type Error = ProfileError;

    fn try_from(text: String) -> Result<Self, ProfileError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_profile_is_a_name_or_pauses_and_reads_back_as_it_is_shown() {
        for text in ["prompt", "doku", "1s", "10s,1m,1h", "90s,2d,7d"] {
            let profile: NotificationProfile = text.parse().unwrap();
            assert_eq!(profile.to_string(), text);
            let stored = serde_json::to_string(&profile).unwrap();
            assert_eq!(stored, format!("\"{text}\""));
            let read: NotificationProfile = serde_json::from_str(&stored).unwrap();
            assert_eq!(read, profile);
        }
        let spaced: NotificationProfile = " 60s , 24h ".parse().unwrap();
        assert_eq!(spaced.to_string(), "1m,1d");
        let most = vec!["1s"; 32].join(",");
        assert!(most.parse::<NotificationProfile>().is_ok());
    }

    #[test]
    fn what_is_no_profile_is_refused_with_the_word_that_is_wrong() {
        for (text, word) in [
            ("", ""),
            ("0s", "0s"),
            ("8d", "8d"),
            ("10s,,1m", ""),
            ("10", "10"),
            ("s", "s"),
            ("+1s", "+1s"),
            ("-1s", "-1s"),
            ("1.5h", "1.5h"),
            ("10s,soon", "soon"),
            ("Prompt", "Prompt"),
            ("99999999999d", "99999999999d"),
        ] {
            let error = text.parse::<NotificationProfile>().unwrap_err();
            assert_eq!(error, ProfileError::Pause(word.to_owned()), "{text}");
        }
        let many = vec!["1s"; 33].join(",");
        let error = many.parse::<NotificationProfile>().unwrap_err();
        assert_eq!(error, ProfileError::Count(33));
    }
}
