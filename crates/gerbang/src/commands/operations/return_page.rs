//! A page on this machine where the customer's browser comes back, so that a command can wait for it. That
//! somebody came proves nothing: it is only the moment to ask the gateway.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use merchant_sdk::ReturnTo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long a browser is waited for that has not come back although all is over.
const STRAGGLER: Duration = Duration::from_secs(2);

/// How the customer came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// By the address for success.
    Well,
    /// By the other one.
    Badly,
}

/// The page, for as long as it is listened for.
pub struct ReturnPage {
    base: String,
    came: mpsc::Receiver<Came>,
    seen: bool,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl ReturnPage {
    /// Listens on a free port.
    pub async fn listen() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener =
            listener.context("no port of this machine is free for the customer's return")?;
        let base = format!("http://{}", listener.local_addr()?);
        let (tell, came) = mpsc::channel(4);
        let router = Router::new()
            .route("/done", get(done))
            .route("/failed", get(failed))
            .with_state(tell);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            let served = axum::serve(listener, router).with_graceful_shutdown(stopped);
            if let Err(error) = served.await {
                tracing::error!(%error, "the customer's return is not listened for");
            }
        });
        Ok(Self {
            base,
            came,
            seen: false,
            stop,
            serving,
        })
    }

    /// Where the customer is to be sent.
    pub fn return_to(&self) -> ReturnTo {
        ReturnTo {
            success: format!("{}/done", self.base),
            failed: format!("{}/failed", self.base),
        }
    }

    /// Stops when the customer has the whole page: the gateway may know the end before the browser comes
    /// back. A browser that comes late, or keeps its connection, is not waited for.
    pub async fn stop(mut self) {
        if !self.seen {
            drop(tokio::time::timeout(STRAGGLER, self.came.recv()).await);
        }
        let _ = self.stop.send(());
        drop(tokio::time::timeout(Duration::from_secs(1), self.serving).await);
    }
}

/// Waits until the customer comes back; for ever where there is no page.
pub async fn came_back(page: &mut Option<ReturnPage>) -> Came {
    let came = match page {
        Some(page) => {
            let came = page.came.recv().await;
            page.seen |= came.is_some();
            came
        }
        None => None,
    };
    match came {
        Some(came) => came,
        None => std::future::pending().await,
    }
}

async fn done(State(tell): State<mpsc::Sender<Came>>) -> Html<String> {
    // A full channel has the news already.
    let _ = tell.try_send(Came::Well);
    page(
        "Selesai",
        "That is done. You can close this window and go back to the terminal.",
    )
}

async fn failed(State(tell): State<mpsc::Sender<Came>>) -> Html<String> {
    let _ = tell.try_send(Came::Badly);
    page(
        "Belum berhasil",
        "That did not work. The terminal says why.",
    )
}

fn page(title: &str, text: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=id><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <main style=\"font-family:system-ui,sans-serif;max-width:30rem;margin:15vh auto;padding:0 1rem\">\
         <h1>{title}</h1><p lang=en>{text}</p></main></html>"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use super::*;

    #[tokio::test]
    async fn a_customer_who_comes_back_is_noticed_and_gets_a_page() {
        let mut page = Some(ReturnPage::listen().await.unwrap());
        let return_to = page.as_ref().unwrap().return_to();
        for (url, came, words) in [
            (return_to.failed, Came::Badly, "did not work"),
            (return_to.success, Came::Well, "close this window"),
        ] {
            let html = reqwest::get(url).await.unwrap().text().await.unwrap();
            assert!(html.contains(words), "{html}");
            assert_eq!(came_back(&mut page).await, came);
        }
        page.unwrap().stop().await;
    }
}
