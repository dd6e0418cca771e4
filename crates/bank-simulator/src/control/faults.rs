//! Arming, listing and clearing faults: `/control/fault` for programs, a form for the front page.

use std::sync::Arc;

use axum::Form;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{refused, told};
use crate::Error;
use crate::bank::Bank;
use crate::faults::armed::{self, Armed, Measure, WHOLE};
use crate::faults::{self, Operation, Outcome};

const MOST_TIMES: i64 = 1_000_000;
const SHARE_IS: &str = "share must be above 0 and at most 1, such as 0.25";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    operation: String,
    outcome: String,
    times: Option<i64>,
    share: Option<f64>,
    seed: Option<i64>,
}

/// What is to be cleared; nothing named is everything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    operation: Option<String>,
    outcome: Option<String>,
}

/// The form of the front page.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    operation: String,
    outcome: String,
    times: String,
}

/// Why a wish is not granted.
enum No {
    Wrong(String),
    Broken(Error),
}

impl From<String> for No {
    fn from(why: String) -> Self {
        Self::Wrong(why)
    }
}

impl From<Error> for No {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

fn answered(result: Result<Value, No>) -> Response {
    match result {
        Ok(value) => told(Ok(value)),
        Err(No::Wrong(why)) => refused(StatusCode::BAD_REQUEST, &why),
        Err(No::Broken(error)) => told(Err(error)),
    }
}

pub(super) async fn arm(State(bank): State<Arc<Bank>>, body: Bytes) -> Response {
    let wish = async {
        let wish: Wish = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        let measure = measure(&wish)?;
        let armed = arm_one(&bank, &wish.operation, &wish.outcome, measure).await?;
        Ok(json!({ "armed": armed }))
    };
    answered(wish.await)
}

fn measure(wish: &Wish) -> Result<Measure, String> {
    match (wish.times, wish.share) {
        (Some(_), Some(_)) => Err("times or share, not both".to_owned()),
        (times, None) => {
            let times = times.unwrap_or(1);
            if !(1..=MOST_TIMES).contains(&times) {
                return Err(format!("times must be 1 to {MOST_TIMES}"));
            }
            Ok(Measure::Times(times))
        }
        (None, Some(share)) => {
            let millionths = millionths(share).ok_or(SHARE_IS)?;
            let seed = wish.seed.unwrap_or(1);
            if seed < 0 {
                return Err("seed must be zero or more".to_owned());
            }
            Ok(Measure::Share { millionths, seed })
        }
    }
}

/// A share in millionths, read from its decimal text so that nothing is cast.
fn millionths(share: f64) -> Option<i64> {
    let text = format!("{:.0}", share * 1e6);
    let millionths: i64 = text.parse().ok()?;
    (1..=WHOLE).contains(&millionths).then_some(millionths)
}

async fn arm_one(
    bank: &Bank,
    operation: &str,
    outcome: &str,
    measure: Measure,
) -> Result<Armed, No> {
    let operation = faults::operation(operation)?;
    let outcome = faults::outcome(operation, outcome)?;
    let mut write = bank.db.write().await?;
    let armed = armed::arm(&mut write, operation, outcome, measure).await?;
    write.commit().await?;
    bank.faults.set_armed(true);
    tracing::info!(operation = operation.name(), %outcome, "a fault is armed");
    Ok(armed)
}

pub(super) async fn list(State(bank): State<Arc<Bank>>) -> Response {
    let listed = async {
        let armed = armed::list(bank.db.read()).await?;
        let operations: serde_json::Map<String, Value> = Operation::ALL
            .into_iter()
            .map(|operation| (operation.name().to_owned(), operation.outcomes().into()))
            .collect();
        Ok(json!({ "faults": armed, "operations": operations }))
    };
    told(listed.await)
}

pub(super) async fn clear(State(bank): State<Arc<Bank>>, Query(which): Query<Which>) -> Response {
    let cleared = async {
        let operation = which.operation.as_deref().map(faults::operation);
        let operation = operation.transpose()?;
        let outcome = match (operation, which.outcome.as_deref()) {
            (Some(operation), Some(text)) => Some(faults::outcome(operation, text)?),
            (None, Some(_)) => {
                return Err(No::Wrong(
                    "an outcome is cleared together with its operation".to_owned(),
                ));
            }
            (_, None) => None,
        };
        let cleared = clear_some(&bank, operation, outcome).await?;
        Ok(json!({ "cleared": cleared }))
    };
    answered(cleared.await)
}

async fn clear_some(
    bank: &Bank,
    operation: Option<Operation>,
    outcome: Option<Outcome>,
) -> Result<u64, Error> {
    let mut write = bank.db.write().await?;
    let cleared = armed::clear(&mut write, operation, outcome).await?;
    let armed = !armed::list(&mut *write).await?.is_empty();
    write.commit().await?;
    bank.faults.set_armed(armed);
    Ok(cleared)
}

/// What the front page posts: armed, then back to the page.
pub(crate) async fn arm_from_page(
    State(bank): State<Arc<Bank>>,
    Form(typed): Form<Typed>,
) -> Response {
    let times = typed.times.trim().parse().ok();
    let Some(times) = times.filter(|times| (1..=MOST_TIMES).contains(times)) else {
        return refused(StatusCode::BAD_REQUEST, "times must be a number above zero");
    };
    let measure = Measure::Times(times);
    match arm_one(&bank, &typed.operation, typed.outcome.trim(), measure).await {
        Ok(_) => back(),
        Err(no) => answered(Err(no)),
    }
}

/// What the front page posts to clear everything.
pub(crate) async fn clear_from_page(State(bank): State<Arc<Bank>>) -> Response {
    match clear_some(&bank, None, None).await {
        Ok(_) => back(),
        Err(error) => told(Err(error)),
    }
}

fn back() -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, "/#faults")]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_part_of_one() {
        assert_eq!(millionths(0.25), Some(250_000));
        assert_eq!(millionths(1.0), Some(WHOLE));
        for wrong in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY, 1e-9] {
            assert_eq!(millionths(wrong), None, "{wrong}");
        }
    }
}
