//! One of the two databases of a copy.

use super::{CopyError, marks};
use crate::cipher::MasterKeys;
use crate::engine::Pools;
use crate::{Error, Settings, Store, gateways, settings};

/// An open database, and what it is called.
pub(super) struct Side {
    pub(super) name: &'static str,
    pub(super) store: Store,
    pub(super) place: String,
}

impl Side {
    pub(super) async fn open(name: &'static str, settings: &Settings) -> Result<Self, CopyError> {
        let failed = |source| CopyError::Store { side: name, source };
        let store = Store::open(settings, MasterKeys::none())
            .await
            .map_err(failed)?;
        let place = Pools::place(settings).map_err(failed)?;
        Ok(Self { name, store, place })
    }

    pub(super) fn heard<T>(&self, result: Result<T, Error>) -> Result<T, CopyError> {
        result.map_err(|source| CopyError::Store {
            side: self.name,
            source,
        })
    }

    pub(super) async fn say_read(&self, at_ms: i64) -> Result<(), CopyError> {
        let said = self.store.transact(
            "copy: read",
            |s| async move { marks::read_at(&s, at_ms).await },
        );
        self.heard(said.await)
    }

    pub(super) async fn gateways(&self) -> Result<Vec<gateways::Gateway>, CopyError> {
        self.heard(gateways::all(&self.store.reader()).await)
    }

    /// Fails while a gateway runs here or has claimed work.
    pub(super) async fn refuse_gateways(
        &self,
        now_ms: i64,
    ) -> Result<Vec<gateways::Gateway>, CopyError> {
        let seen = self.gateways().await?;
        if let Some(alive) = seen.iter().find(|gateway| gateway.is_alive(now_ms)) {
            return Err(CopyError::GatewayRuns {
                side: self.name,
                name: alive.name.clone(),
            });
        }
        let reader = self.store.reader();
        let ahead_ms = self.heard(marks::number(&reader, settings::CLOCK_OFFSET).await)?;
        let business_now_ms = now_ms.saturating_add(ahead_ms.unwrap_or(0));
        let claimed = gateways::claimed(&reader, business_now_ms).await;
        match self.heard(claimed)? {
            Some(table) => Err(CopyError::Leased {
                side: self.name,
                table,
            }),
            None => Ok(seen),
        }
    }
}
