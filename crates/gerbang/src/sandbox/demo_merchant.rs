//! The demo merchant: takes and verifies notifications, and has a page where customers come back.

use std::net::TcpListener;

use anyhow::Context as _;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use merchant_sdk::notifications::{self, Notification, Paths, Settings};
use snap::PublicKey;
use storage::merchants::Merchant;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The demo merchant's listener.
pub struct DemoMerchant {
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl DemoMerchant {
    /// Listens for notifications and customers.
    pub fn listen(
        listener: TcpListener,
        merchant: &Merchant,
        gateway_key_pem: &str,
        deliver: mpsc::Sender<Notification>,
    ) -> anyhow::Result<Self> {
        let gateway_key =
            PublicKey::from_pem(gateway_key_pem).context("the gateway's key is damaged")?;
        let settings = Settings::new(
            merchant.id.as_str(),
            gateway_key,
            merchant.inbound_secret.clone(),
        );
        let receive = notifications::to_channel(deliver);
        let router: Router = notifications::router(settings, &Paths::default(), receive)
            .route(
                "/",
                get(|| {
                    page(
                        "Toko Demo",
                        "This is the demo merchant of a Gerbang sandbox.",
                    )
                }),
            )
            .route(
                "/linked",
                get(|| page("Akun terhubung", "Your account is linked.")),
            )
            .route(
                "/paid",
                get(|| page("Terima kasih", "Your payment was received.")),
            )
            .route(
                "/failed",
                get(|| page("Belum berhasil", "That did not work. Nothing was charged.")),
            );
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            if let Err(error) = axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await
            {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "the demo merchant stopped");
            }
        });
        Ok(Self { stop, serving })
    }

    /// Stops it.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        // A browser may keep its connection open; it is not waited for.
        let deadline = std::time::Duration::from_secs(1);
        drop(tokio::time::timeout(deadline, self.serving).await);
    }
}

async fn page(title: &'static str, text: &'static str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=id><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <main style=\"font-family:system-ui,sans-serif;max-width:30rem;margin:15vh auto;padding:0 1rem\">\
         <h1>{title}</h1><p lang=en>{text}</p></main></html>"
    ))
}
