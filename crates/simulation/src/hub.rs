//! Everybody who takes part, and every message between them: lost, late, doubled, overtaken.
//!
//! A message is a task of its own, so that it arrives even when its sender has died. A gateway's answers
//! stop with its life. To let something else go wrong, do it here or in `gateways.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use gateway::network::{Cut, Incoming, Network, Outgoing};
use snap::PrivateKey;
use tokio::sync::oneshot;
use tower::ServiceExt as _;

use crate::bank::Bank;
use crate::gateways::Gateways;
use crate::shop::Shop;
use crate::tell;
use crate::world::{Life, World};

/// What a gateway waits for a bank, and for a merchant.
const BANK_MS: u64 = 10_000;
const SHOP_MS: u64 = 30_000;
/// The longest that a message may be on its way: less than the bank's window for "not found", from which
/// the time goes that a gateway takes before it asks.
const LONGEST_WAY_MS: u64 = 15_000;
/// No answer of ours is longer.
const LONGEST_ANSWER: usize = 1 << 20;

/// Everybody.
#[derive(Debug)]
pub struct Hub {
    /// The clock and the die.
    pub world: Arc<World>,
    /// The gateways.
    pub gateways: Gateways,
    /// The merchants.
    pub shops: Vec<Shop>,
    /// With which merchants and the bank sign.
    pub key: Arc<PrivateKey>,
    bank: Mutex<Bank>,
}

/// An answer as its receiver sees it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// What becomes of one message and its answer.
struct Fate {
    there_ms: u64,
    back_ms: u64,
    lost_there: bool,
    lost_back: bool,
}

impl Hub {
    /// Everybody, before anything has happened.
    pub fn new(
        world: Arc<World>,
        gateways: Gateways,
        shops: Vec<Shop>,
        key: Arc<PrivateKey>,
        bank: Bank,
    ) -> Arc<Self> {
        Arc::new(Self {
            world,
            gateways,
            shops,
            key,
            bank: Mutex::new(bank),
        })
    }

    /// The bank's books.
    pub fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self) -> Fate {
        let weather = self.world.weather();
        let way = || {
            if self.world.strikes(weather.slow) {
                self.world.below(LONGEST_WAY_MS)
            } else {
                1 + self.world.below(25)
            }
        };
        Fate {
            there_ms: way(),
            back_ms: way(),
            lost_there: self.world.strikes(weather.lost / 2),
            lost_back: self.world.strikes(weather.lost),
        }
    }

    /// Sends a request to a gateway that listens, any of them. None when no answer came; it may have
    /// arrived all the same.
    pub async fn ask_gateway(
        self: &Arc<Self>,
        request: http::Request<Bytes>,
        what: &str,
    ) -> Option<Answer> {
        let (router, life) = self.gateways.any(&self.world)?;
        let fate = self.fate();
        let (tx, rx) = oneshot::channel();
        let (hub, label) = (Arc::clone(self), what.to_owned());
        let hangs_up_ms = if self.world.strikes(self.world.weather().lost) {
            self.world.below(400)
        } else {
            20_000
        };
        let served = tokio::spawn(async move {
            let world = &hub.world;
            world
                .pause(None, fate.there_ms, format!("{label} to {}", life.name))
                .await;
            if fate.lost_there || life.is_over() {
                return world.note(&format!("{label} is lost"));
            }
            let answer = answered(router, request).await;
            world
                .pause(None, fate.back_ms, format!("{label} answer"))
                .await;
            if fate.lost_back || life.is_over() {
                return world.note(&format!("{label} answer is lost"));
            }
            let _ = tx.send(answer);
        });
        let answer = async {
            match rx.await {
                Ok(answer) => answer,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.world.pause(None, hangs_up_ms, format!("{what} hangs up")) => {
                served.abort();
                None
            }
        }
    }

    /// Lets a message of a gateway arrive at the bank or at a merchant.
    fn received(self: &Arc<Self>, request: &Outgoing) -> Incoming {
        let host = request.url.host_str().unwrap_or_default();
        if let Some(shop) = self.shops.iter().find(|shop| shop.host == host) {
            return shop.hear(&self.world, request);
        }
        let answer = self.bank().answer(&self.world, request);
        tell::start(self);
        answer
    }
}

async fn answered(router: axum::Router, request: http::Request<Bytes>) -> Option<Answer> {
    let response = router.oneshot(request.map(Body::from)).await.ok()?;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), LONGEST_ANSWER).await.ok()?;
    Some(Answer { status, body })
}

/// The network as one gateway process sees it.
#[derive(Debug)]
pub struct Line {
    /// Everybody, once they are there.
    pub hub: Arc<OnceLock<Weak<Hub>>>,
    /// The process.
    pub life: Arc<Life>,
}

impl Network for Line {
    fn post(
        &self,
        request: Outgoing,
    ) -> Pin<Box<dyn Future<Output = Result<Incoming, Cut>> + Send>> {
        let hub = self.hub.get().and_then(Weak::upgrade);
        let life = Arc::clone(&self.life);
        Box::pin(async move {
            match hub {
                Some(hub) => post(&hub, &life, request).await,
                None => Err(Cut::NotSent),
            }
        })
    }
}

async fn post(hub: &Arc<Hub>, life: &Arc<Life>, request: Outgoing) -> Result<Incoming, Cut> {
    let world = &hub.world;
    let to_bank = request.url.host_str() == Some("bank");
    let patience_ms = if to_bank { BANK_MS } else { SHOP_MS };
    let label = label_of(&request);
    if to_bank && world.now_ms() < hub.bank().down_until_ms {
        world
            .pause(Some(life), 3, format!("{label} is refused"))
            .await;
        return Err(Cut::NotSent);
    }
    let fate = hub.fate();
    let cut_ms = if world.below(2) == 0 {
        patience_ms
    } else {
        fate.there_ms + 200
    };
    let late_is = if cut_ms == patience_ms {
        Cut::Late
    } else {
        Cut::Lost
    };
    let lost = fate.lost_there || fate.lost_back;
    if world.strikes(world.weather().doubled) {
        let copy = (
            Arc::clone(hub),
            request.clone(),
            hub.fate(),
            format!("{label} copy"),
        );
        tokio::spawn(async move {
            let (hub, request, fate, label) = copy;
            hub.world.pause(None, fate.there_ms, label).await;
            hub.received(&request);
        });
    }
    let (tx, rx) = oneshot::channel();
    let (there, sent) = (Arc::clone(hub), label.clone());
    tokio::spawn(async move {
        there.world.pause(None, fate.there_ms, sent.clone()).await;
        if fate.lost_there {
            return there.world.note(&format!("{sent} is lost"));
        }
        let answer = there.received(&request);
        there
            .world
            .note(&format!("{sent} is answered {}", answer.status));
        if fate.lost_back {
            return;
        }
        there
            .world
            .pause(None, fate.back_ms, format!("{sent} answer"))
            .await;
        let _ = tx.send(answer);
    });
    let answer = async {
        match rx.await {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    };
    let waits_ms = if lost { cut_ms } else { patience_ms };
    tokio::select! {
        biased;
        answer = answer => Ok(answer),
        () = world.pause(Some(life), waits_ms, format!("{label} brings no answer")) => {
            Err(if lost { late_is } else { Cut::Late })
        }
    }
}

/// A request in the log: its path and what it is about.
fn label_of(request: &Outgoing) -> String {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let about = ["originalPartnerReferenceNo", "linkId", "partnerReferenceNo"]
        .iter()
        .find_map(|name| body.get(name)?.as_str())
        .unwrap_or_default();
    let host = request.url.host_str().unwrap_or_default();
    format!("{host}{} {about}", request.url.path())
}
