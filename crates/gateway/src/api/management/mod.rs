//! The management API, `/management/v1`: what happened to notifications and requests, sending again, and
//! listening for a while.
//!
//! Operators come with a key, merchants with their own token and signature, checked by the code that
//! checks their payments. A merchant sees and changes what is its own; whatever belongs to another does
//! not exist for it. Answers are SNAP-shaped, with the service code 00. Nothing here shows a secret, a
//! token or a customer's data.
//!
//! To add a question: a file with its function, and its path in [`routes`].

mod attempts;
mod caller;
mod listeners;
mod merchants;
mod notifications;
mod query;
mod requests;
mod resend;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use axum::routing::{delete, get, post};
use direct_debit::MerchantId;
use serde_json::{Map, Value};
use snap::{Case, Refusal, ResponseCode, Service};

use self::caller::Caller;
use self::query::Query;
use super::answer::Answer;
use super::router::{Call, answered};
use crate::app::App;
use crate::flows::{self, Trouble};

/// Under what every path of it begins.
pub const BASE: &str = "/management/v1";

/// One request whose caller is known.
struct Ask {
    app: Arc<App>,
    caller: Caller,
    /// The fourth part of the path, where it names something.
    id: String,
    /// The parameters: of the query, or of the body's object.
    query: Query,
}

/// The paths and who answers them.
pub fn routes() -> Router<Arc<App>> {
    macro_rules! ask {
        ($flow:path) => {
            |State(app): State<Arc<App>>, request: HttpRequest| asked(app, request, $flow)
        };
    }
    let path = |rest: &str| format!("{BASE}/{rest}");
    Router::new()
        .route(&path("notifications"), get(ask!(notifications::list)))
        .route(&path("notifications/{id}"), get(ask!(notifications::show)))
        .route(&path("notifications/{id}/resend"), post(ask!(resend::one)))
        .route(&path("notifications/resend"), post(ask!(resend::batch)))
        .route(&path("attempts"), get(ask!(attempts::list)))
        .route(&path("requests"), get(ask!(requests::list)))
        .route(&path("merchants"), get(ask!(merchants::list)))
        .route(
            &path("listeners"),
            get(ask!(listeners::list)).post(ask!(listeners::begin)),
        )
        .route(&path("listeners/{id}"), delete(ask!(listeners::end)))
        .route(&path("listeners/{id}/renew"), post(ask!(listeners::renew)))
}

async fn asked<F, Fut>(app: Arc<App>, request: HttpRequest, flow: F) -> Response
where
    F: FnOnce(Ask) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Answer, Trouble>> + Send + 'static,
{
    answered(app, Service::NONE, request, async move |mut call: Call| {
        let ask = prepared(&mut call).await;
        let answer = match ask {
            Ok(ask) => flows::answered(Service::NONE, flow(ask).await),
            Err(refusal) => Answer::refusal(Service::NONE, &refusal),
        };
        (answer, call)
    })
    .await
}

async fn prepared(call: &mut Call) -> Result<Ask, Refusal> {
    let caller = caller::of(call).await?;
    let parts = &call.parts;
    let query = if parts.method == http::Method::GET {
        Query::of_url(parts.uri.query().unwrap_or_default())?
    } else {
        Query::of_body(&call.body)?
    };
    let id = parts.uri.path().split('/').nth(4).unwrap_or_default();
    Ok(Ask {
        app: Arc::clone(&call.app),
        caller,
        id: id.to_owned(),
        query,
    })
}

impl Ask {
    /// Whose rows are asked for: a merchant's are its own; an operator names one, or means all.
    fn whose(&self) -> Result<Option<MerchantId>, Refusal> {
        let named = self.query.text("merchant")?;
        match (&self.caller, named) {
            (Caller::Merchant(own), Some(other)) if own.id() != other => Err(no_such("merchant")),
            (Caller::Merchant(own), _) => Ok(Some(own.stored.id.clone())),
            (Caller::Operator(_), named) => Ok(named.map(MerchantId::new)),
        }
    }
}

/// What does not exist, and what is somebody else's: one answer.
fn no_such(what: &str) -> Refusal {
    Refusal::with(Case::TransactionNotFound, format!("no such {what}"))
}

/// A successful answer with these members.
fn said(members: Value) -> Answer {
    let case = Case::Successful;
    let mut body = Map::from_iter([
        (
            "responseCode".to_owned(),
            ResponseCode::new(Service::NONE, case).to_string().into(),
        ),
        ("responseMessage".to_owned(), case.message().into()),
    ]);
    if let Value::Object(members) = members {
        body.extend(members);
    }
    Answer::success(Service::NONE, case, &body)
}
