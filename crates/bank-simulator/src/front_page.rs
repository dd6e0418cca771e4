//! The bank's front page, for developers: who the customers are and what they have, and what is to go wrong.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::REFERRER_POLICY;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::html;
use snap::Amount;

use crate::bank::Bank;
use crate::control::faults;
use crate::faults::armed::{self, Armed};
use crate::faults::magic::MAGIC;
use crate::faults::{Operation, Outcome};
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
    Router::new()
        .route("/", get(page))
        .route("/faults/arm", post(faults::arm_from_page))
        .route("/faults/clear", post(faults::clear_from_page))
        .layer(guard)
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
    let read =
        async { Ok::<_, Error>((customers(&bank).await?, armed::list(bank.db.read()).await?)) };
    let (shown, armed) = match read.await {
        Ok(read) => read,
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
            (fault_section(look, &armed))
        }
    };
    let mut response = hosted::html(StatusCode::OK, hosted::layout(look, title, None, &main));
    // Without a referrer a browser would not say that the forms below are ours.
    let policy = HeaderValue::from_static("same-origin");
    response.headers_mut().insert(REFERRER_POLICY, policy);
    response
}

/// What is armed, two forms, and what amounts ask for.
fn fault_section(look: Look, armed: &[Armed]) -> maud::Markup {
    let pick = |indonesian, english| look.language.pick(indonesian, english);
    let how_long = |fault: &Armed| match (fault.times, fault.share) {
        (Some(times), _) => format!("{times} ×"),
        // In tenths of a per mille, so that nothing is rounded away that somebody typed.
        (None, Some(share)) => format!("{}.{:04} %", share / 10_000, share % 10_000),
        (None, None) => String::new(),
    };
    html! {
        section.card.faults id="faults" {
            h2 { (pick("Gangguan", "Faults")) }
            @if armed.is_empty() {
                p.lead { (pick("Tidak ada yang dipasang.", "None is armed.")) }
            } @else {
                dl {
                    @for fault in armed {
                        div data-fault=(fault.id) {
                            dt { (fault.operation) " " b.mono { (fault.outcome) } }
                            dd { (how_long(fault)) " · " (fault.hits) "/" (fault.seen) }
                        }
                    }
                }
                form method="post" action="/faults/clear" {
                    button.quiet type="submit" { (pick("Hapus semua", "Clear all")) }
                }
            }
            form method="post" action="/faults/arm" {
                label for="operation" { (pick("Operasi", "Operation")) }
                select id="operation" name="operation" {
                    @for operation in Operation::ALL {
                        option value=(operation.name()) { (operation.name()) }
                    }
                }
                label for="outcome" { (pick("Hasil", "Outcome")) }
                input.plain id="outcome" name="outcome" required maxlength="16" placeholder="lost" autocomplete="off";
                label for="times" { (pick("Berapa kali", "How many times")) }
                input.plain id="times" name="times" required inputmode="numeric" value="1" autocomplete="off";
                div.gap {}
                button type="submit" { (pick("Pasang", "Arm")) }
            }
            dl {
                @for operation in Operation::ALL {
                    div {
                        dt.mono { (operation.name()) }
                        dd { (operation.outcomes().join(", ")) }
                    }
                }
            }
            h2 { (pick("Lewat jumlah", "By amount")) }
            dl {
                @for (sen, operation, outcome) in MAGIC {
                    div {
                        dt.mono { (format!("….{sen:02}")) }
                        dd { (by_amount(operation, outcome)) }
                    }
                }
            }
        }
    }
}

fn by_amount(operation: Operation, outcome: Outcome) -> String {
    match operation {
        Operation::Notify => format!("notify {outcome}"),
        _ => format!("payment, refund {outcome}"),
    }
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
