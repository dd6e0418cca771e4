//! When a notification is tried again: a pure function of the merchant's profile and what happened.

use storage::merchants::NotificationProfile;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The pauses of the `prompt` profile, each after the try before it.
const PROMPT: [i64; 9] = [
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
];

/// DOKU's times, each after the first try.
const DOKU: [i64; 3] = [30 * MINUTE, 6 * HOUR, 12 * HOUR];

/// The jitter is a number below this: 0 is 20 % sooner, the middle is on time, the end 20 % later.
pub const JITTER: u64 = 401;

/// A merchant cannot put a try off longer than this.
const LONGEST_WISH_MS: i64 = 24 * HOUR;

/// A try that failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// How many tries failed since the notification became due, this one included.
    pub tries: i64,
    /// When the first of them began, in Unix milliseconds of business time.
    pub first_at_ms: i64,
    /// Now, likewise.
    pub now_ms: i64,
    /// What the merchant asked for with `Retry-After`.
    pub retry_after_ms: Option<i64>,
    /// Random, below [`JITTER`].
    pub jitter: u64,
}

/// When to try again; `None` when the schedule is exhausted.
#[must_use]
pub fn next_try(profile: &NotificationProfile, failed: &Failed) -> Option<i64> {
    let at = usize::try_from(failed.tries.saturating_sub(1)).ok()?;
    match profile {
        NotificationProfile::Prompt => Some(after_pause(*PROMPT.get(at)?, failed)),
        NotificationProfile::Own(pauses) => {
            let pause = i64::from(pauses.get_s(at)?).saturating_mul(SECOND);
            Some(after_pause(pause, failed))
        }
        NotificationProfile::Doku => {
            let planned = failed.first_at_ms.saturating_add(*DOKU.get(at)?);
            // A gateway that was down for hours does not use up what is left at once.
            let first_pause = DOKU.first().copied().unwrap_or(0);
            let soonest = if at == 0 {
                0
            } else {
                failed.now_ms.saturating_add(first_pause)
            };
            Some(planned.max(soonest).max(failed.now_ms))
        }
    }
}

/// The pause, a little longer or shorter by chance, or what the merchant asked for if that is longer.
fn after_pause(pause: i64, failed: &Failed) -> i64 {
    let per_mille = 800_i64.saturating_add(i64::try_from(failed.jitter % JITTER).unwrap_or(0));
    let pause = pause.saturating_mul(per_mille) / 1_000;
    let wish = failed.retry_after_ms.unwrap_or(0).min(LONGEST_WISH_MS);
    failed.now_ms.saturating_add(pause.max(wish))
}

/// What `Retry-After` asks for, in milliseconds from now by the wall clock; nothing when it is neither
/// seconds nor a date.
#[must_use]
pub fn retry_after_ms(value: &str, wall_now_ms: i64) -> Option<i64> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(i64::from(seconds).saturating_mul(SECOND));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let at_ms = at.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
    let wait_ms = i64::try_from(at_ms).ok()?.saturating_sub(wall_now_ms);
    Some(wait_ms.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationProfile::{Doku, Prompt};

    const FIRST: i64 = 1_700_000_000_000;

    fn failed(tries: i64, now_ms: i64) -> Failed {
        Failed {
            tries,
            first_at_ms: FIRST,
            now_ms,
            retry_after_ms: None,
            jitter: 200,
        }
    }

    #[test]
    fn prompt_pauses_grow_from_five_seconds_to_a_day_and_then_it_rests() {
        let mut now_ms = FIRST;
        let mut pauses = Vec::new();
        for tries in 1.. {
            let Some(at_ms) = next_try(&Prompt, &failed(tries, now_ms)) else {
                break;
            };
            pauses.push((at_ms - now_ms) / SECOND);
            now_ms = at_ms;
        }
        assert_eq!(
            pauses,
            [5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400]
        );
    }

    #[test]
    fn prompt_pauses_vary_by_a_fifth_at_most() {
        for (jitter, pause) in [(0, 8_000), (200, 10_000), (400, 12_000)] {
            let tenth = Failed {
                jitter,
                ..failed(2, FIRST)
            };
            assert_eq!(next_try(&Prompt, &tenth), Some(FIRST + pause * 3));
        }
        for jitter in 0..2 * JITTER {
            let at_ms = next_try(
                &Prompt,
                &Failed {
                    jitter,
                    ..failed(1, FIRST)
                },
            )
            .unwrap();
            assert!((4_000..=6_000).contains(&(at_ms - FIRST)));
        }
    }

    #[test]
    fn prompt_respects_retry_after_within_a_day() {
        let asked = |retry_after_ms| Failed {
            retry_after_ms,
            ..failed(1, FIRST)
        };
        assert_eq!(
            next_try(&Prompt, &asked(Some(120_000))),
            Some(FIRST + 120_000)
        );
        assert_eq!(next_try(&Prompt, &asked(Some(0))), Some(FIRST + 5_000));
        assert_eq!(
            next_try(&Prompt, &asked(Some(i64::MAX))),
            Some(FIRST + 24 * HOUR)
        );
        assert_eq!(
            next_try(
                &Prompt,
                &Failed {
                    retry_after_ms: Some(1),
                    ..failed(10, FIRST)
                }
            ),
            None
        );
    }

    #[test]
    fn a_list_of_the_merchants_own_is_followed_and_then_it_rests() {
        let own: NotificationProfile = "10s,1m,7d".parse().unwrap();
        let mut now_ms = FIRST;
        let mut pauses = Vec::new();
        for tries in 1.. {
            let Some(at_ms) = next_try(&own, &failed(tries, now_ms)) else {
                break;
            };
            pauses.push((at_ms - now_ms) / SECOND);
            now_ms = at_ms;
        }
        assert_eq!(pauses, [10, 60, 7 * 86_400]);
        let asked = Failed {
            retry_after_ms: Some(HOUR),
            jitter: 0,
            ..failed(1, FIRST)
        };
        assert_eq!(next_try(&own, &asked), Some(FIRST + HOUR));
        let unasked = Failed {
            retry_after_ms: None,
            ..asked
        };
        assert_eq!(next_try(&own, &unasked), Some(FIRST + 8_000));
    }

    #[test]
    fn doku_counts_from_the_first_try_whatever_the_tries_took() {
        assert_eq!(
            next_try(&Doku, &failed(1, FIRST + 30_000)),
            Some(FIRST + 30 * MINUTE)
        );
        assert_eq!(
            next_try(&Doku, &failed(2, FIRST + 31 * MINUTE)),
            Some(FIRST + 6 * HOUR)
        );
        assert_eq!(
            next_try(&Doku, &failed(3, FIRST + 6 * HOUR)),
            Some(FIRST + 12 * HOUR)
        );
        assert_eq!(next_try(&Doku, &failed(4, FIRST + 12 * HOUR)), None);
    }

    #[test]
    fn doku_tries_that_were_missed_are_not_made_up_for_at_once() {
        let late = FIRST + 20 * HOUR;
        assert_eq!(next_try(&Doku, &failed(2, late)), Some(late + 30 * MINUTE));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wall_ms = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(retry_after_ms(" 120 ", wall_ms), Some(120_000));
        assert_eq!(
            retry_after_ms("Sun, 06 Nov 1994 08:50:37 GMT", wall_ms),
            Some(60_000)
        );
        assert_eq!(
            retry_after_ms("Sun, 06 Nov 1994 08:40:37 GMT", wall_ms),
            Some(0)
        );
        for wrong in ["", "soon", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(retry_after_ms(wrong, wall_ms), None, "{wrong}");
        }
    }
}
