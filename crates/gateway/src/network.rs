//! The way out of this process, where something else than the machine's network is to be used: the
//! simulation of everything in one thread gives its own. In production there is none, and requests are
//! sent where `bank/wire.rs` and `notify/sending.rs` send them.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::HeaderMap;
use url::Url;

/// A POST that leaves.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub url: Url,
    /// All headers that matter to the receiver.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Its answer.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
}

/// How far a request came that brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// No byte of it has left.
    NotSent,
    /// It may have arrived.
    Lost,
    /// It may have arrived, and there was no time left to wait.
    Late,
}

/// Another network than the machine's. It keeps the deadlines too: a request that takes too long is
/// [`Cut::Late`].
pub trait Network: Debug + Send + Sync {
    /// Posts and waits for the answer.
    fn post(
        &self,
        request: Outgoing,
    ) -> Pin<Box<dyn Future<Output = Result<Incoming, Cut>> + Send>>;
}
