//! The bank's front page, for developers: who the customers are and what they have.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{middleware, routing::get};
use maud::html;
use snap::Amount;

use crate::bank::Bank;
use crate::hosted::{self, Look};
use crate::{Error, demo_customers, loopback};

#[derive(sqlx::FromRow)]
struct Shown {
    phone_no: String,
    name: String,
    note: String,
    state: String,
    pin_locked: bool,
    balance: i64,
    point: i64,
    paylater: i64,
}

pub(crate) fn routes(bank: Arc<Bank>) -> Router<Arc<Bank>> {
    let guard = middleware::from_fn_with_state(bank, loopback::only_testers);
    Router::new().route("/", get(page)).layer(guard)
}

async fn customers(bank: &Bank) -> Result<Vec<Shown>, Error> {
    let sql = "SELECT c.phone_no, c.name, c.note, c.state, c.pin_locked, \
               b.balance AS balance, p.balance AS point, l.balance AS paylater FROM customers c \
               JOIN accounts b ON b.account_no = c.account_no AND b.kind = 'BALANCE' \
               JOIN accounts p ON p.account_no = c.account_no AND p.kind = 'POINT' \
               JOIN accounts l ON l.account_no = c.account_no AND l.kind = 'PAYLATER' ORDER BY c.position";
    Ok(sqlx::query_as(sql).fetch_all(bank.db.read()).await?)
}

async fn page(
    State(bank): State<Arc<Bank>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let look = Look::choose(query.as_deref(), &headers);
    let shown = match customers(&bank).await {
        Ok(shown) => shown,
        Err(error) => {
            tracing::error!(error = error.chain(), "the customers could not be read");
            return (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the customers could not be read\n",
            )
                .into_response();
        }
    };
    let pick = |indonesian, english| look.language.pick(indonesian, english);
    let title = pick("Pelanggan demo", "Demo customers");
    let main = html! {
        main.wide {
            section.card {
                h1 { (title) }
                p.lead {
                    (pick("SMS untuk mereka tiba di ", "SMS for them arrive in the ")) a href="/inbox" { (pick("kotak masuk", "inbox")) } "."
                }
            }
            div.people { @for customer in &shown { (card(customer)) } }
        }
    };
    hosted::html(StatusCode::OK, hosted::layout(look, title, None, &main))
}

fn card(customer: &Shown) -> maud::Markup {
    let pin = demo_customers()
        .iter()
        .find(|demo| demo.phone_no == customer.phone_no)
        .map_or("", |demo| demo.pin);
    let money = |sen| Amount::from_sen(sen).unwrap_or_default().rupiah_text();
    html! {
        section.card data-phone=(customer.phone_no) {
            h2 { (customer.name) }
            a.mono href=(format!("/inbox?phone={}", customer.phone_no)) { (customer.phone_no) }
            " · PIN " span.mono { (pin) }
            @if customer.state != "active" { " " span.tag.bad { (customer.state) } }
            @if customer.pin_locked { " " span.tag.bad { "PIN locked" } }
            dl {
                div { dt { "BALANCE" } dd { (money(customer.balance)) } }
                div { dt { "POINT" } dd { (money(customer.point)) } }
                div { dt { "PAYLATER" } dd { (money(customer.paylater)) } }
            }
            p { (customer.note) }
        }
    }
}
